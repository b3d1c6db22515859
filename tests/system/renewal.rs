//! `rsign-gateway renew`: documents of B-LTA get newer time-stamps, and EU DSS still says what they are.

mod whose;

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use data_encoding::BASE64;
use harness::dss::{Job, judge};
use harness::verify::Sha;
use harness::{Algorithm, Hash, Wanted, command, demanded, paper, program, repository, shared};
use serde_json::{Value, json};

use crate::common::Outsider;
use crate::foreign_tsa::{self, Foreign};
use crate::sign_doc::{entry_of, objects, sign_doc};
use crate::sign_doc_text::name;

/// The lines it printed, and whether it was content.
pub(crate) fn renew(config: &Path, words: &[&str], paths: &[&Path]) -> (bool, Vec<Value>) {
    run(Command::new(program("rsign-gateway")), config, words, paths)
}

fn run(mut command: Command, config: &Path, words: &[&str], paths: &[&Path]) -> (bool, Vec<Value>) {
    command.arg("--config").arg(config).arg("renew").args(words).args(paths);
    let output = command.output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.success(), lines)
}

pub(crate) fn outcomes(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["outcome"].as_str().unwrap()).collect()
}

/// What stays outside of detached signatures.
const TEXT: &[u8] = b"what is to last";

/// A signature of this person.
async fn signed(who: &Outsider, format: &str, level: &str, envelope: &str, document: &[u8]) -> Vec<u8> {
    let algorithm = Algorithm::usual(&who.credential.key);
    let sad = who.session.authorize(&who.credential, &[Hash::with(algorithm.sha, document)]).await;
    let mut entry = entry_of(format, &algorithm, level, json!({ "document": BASE64.encode(document) }));
    entry["signed_envelope_property"] = envelope.into();
    let answer = sign_doc(who, &sad, json!({ "documents": [entry] })).await.ok();
    objects(&answer, if envelope == "Detached" { "SignatureObject" } else { "DocumentWithSignature" }).remove(0)
}

/// Every way in which a document lasts: the file, what DSS calls it, and how many signatures it has.
const LASTING: [(&str, &str, usize); 11] = [
    ("attached.json", "JAdES", 1),
    ("attached.p7m", "CAdES", 1),
    ("enveloped.xml", "XAdES", 1),
    ("enveloping.xml", "XAdES", 1),
    ("loose.p7m", "CAdES", 1),
    ("paper.pdf", "PAdES", 1),
    ("text.txt.json", "JAdES", 1),
    ("text.txt.p7s", "CAdES", 1),
    ("text.txt.xml", "XAdES", 1),
    ("two.json", "JAdES", 2),
    ("two.p7m", "CAdES", 2),
];

/// A folder with those, and with what does not last: a PDF at B-LT, text, JSON and XML that nobody signed.
async fn folder(who: &Outsider) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, octets: &[u8]| std::fs::write(folder.path().join(name), octets).unwrap();
    let (pdf, xml, json) =
        (paper::pdf(&[0]), "<order n='1'>12 \u{20ac}\r\n</order>\r\n".as_bytes(), br#"{"order": 1}"#);
    let ways: [(&str, &str, &str, &str, &[u8]); 9] = [
        ("paper.pdf", "P", "AdES-B-LTA", "Certification", &pdf),
        ("short.pdf", "P", "AdES-B-LT", "Certification", &pdf),
        ("attached.p7m", "C", "AdES-B-LTA", "Attached", TEXT),
        ("text.txt.p7s", "C", "AdES-B-LTA", "Detached", TEXT),
        ("attached.json", "J", "AdES-B-LTA", "Attached", json),
        ("text.txt.json", "J", "AdES-B-LTA", "Detached", TEXT),
        ("enveloped.xml", "X", "AdES-B-LTA", "Enveloped", xml),
        ("enveloping.xml", "X", "AdES-B-LTA", "Enveloping", xml),
        ("text.txt.xml", "X", "AdES-B-LTA", "Detached", TEXT),
    ];
    for (name, format, level, envelope, document) in ways {
        put(name, &signed(who, format, level, envelope, document).await);
    }
    for (name, format, first) in [("two.p7m", "C", "attached.p7m"), ("two.json", "J", "attached.json")] {
        let first = std::fs::read(folder.path().join(first)).unwrap();
        put(name, &signed(who, format, "AdES-B-LTA", "Parallel", &first).await);
    }
    put("loose.p7m", &loosened(&std::fs::read(folder.path().join("attached.p7m")).unwrap()));
    put("text.txt", TEXT);
    put("settings.json", b"{\"colour\": [1, 2]}");
    put("feed.xml", b"<feed><entry/></feed>");
    folder
}

/// The same CMS, the lengths of its three outermost values not said (X.690, 8.1.3.6).
fn loosened(der: &[u8]) -> Vec<u8> {
    /// Octets of tag and length.
    fn head(value: &[u8]) -> usize {
        if value[1] < 0x80 { 2 } else { 2 + usize::from(value[1] & 0x7f) }
    }
    let inside = &der[head(der)..];
    // The type, then [0] with the signed data in it.
    let (kind, content) = inside.split_at(2 + usize::from(inside[1]));
    let signed = &content[head(content)..];
    let members = &signed[head(signed)..];
    [&[0x30, 0x80], kind, &[0xa0, 0x80, 0x30, 0x80], members, &[0; 6]].concat()
}

#[tokio::test]
async fn documents_get_newer_time_stamps_and_stay_what_they_are() {
    let who = Outsider::enrol("renew", Wanted::QUICK).await;
    let algorithm = Algorithm::usual(&who.credential.key);
    assert_eq!(algorithm.sha, Sha::Sha256);
    let folder = folder(&who).await;
    let config = shared().folder.file("gateway.toml");
    let file = |name: &str| folder.path().join(name);
    let others = ["feed.xml", "settings.json", "short.pdf", "text.txt"];
    let word = |name: &str| if name == "short.pdf" { "not_lasting" } else { "not_signed" };
    // Whose they are, and who may read them.
    for name in ["paper.pdf", "attached.p7m", "enveloped.xml", "attached.json"] {
        std::fs::set_permissions(file(name), std::fs::Permissions::from_mode(0o640)).unwrap();
        if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
            std::os::unix::fs::chown(file(name), Some(12_345), Some(54_321)).unwrap();
        }
    }
    let mut names: Vec<&str> = LASTING.iter().map(|(name, ..)| *name).chain(others).collect();
    names.sort_unstable();
    let read = || names.iter().map(|name| std::fs::read(file(name)).unwrap()).collect::<Vec<_>>();
    // Text is nothing that is looked at.
    let expected = |lasting: &'static str| -> Vec<&str> {
        let looked_at = names.iter().filter(|name| **name != "text.txt");
        looked_at.map(|name| if others.contains(name) { word(name) } else { lasting }).collect()
    };
    let whose = || -> Vec<_> {
        let found = names.iter().map(|name| std::fs::metadata(file(name)).unwrap());
        found.map(|found| (found.uid(), found.gid(), found.mode())).collect()
    };
    let (before, owners) = (read(), whose());
    // The certificate lasts two years.
    let (good, lines) = renew(&config, &["--before", "30"], &[folder.path()]);
    assert!(good, "{lines:?}");
    assert_eq!(outcomes(&lines), expected("not_due"), "{lines:?}");
    assert!(read() == before);
    // As a timer would in two years; once more whatever the date; and once more where it is.
    let mut until = lines[0]["until"].clone();
    for words in [&["--before", "10000"][..], &["--always"], &["--always"]] {
        let (good, lines) = renew(&config, words, &[folder.path()]);
        assert!(good, "{lines:?}");
        assert_eq!(outcomes(&lines), expected("renewed"), "{lines:?}");
        assert!(lines[0]["until"].as_u64().unwrap() > 1_800_000_000);
        assert_eq!(lines[0]["was_until"], until, "{lines:?}");
        until = lines[0]["until"].clone();
    }
    let (_, lines) = renew(&config, &["--before", "30"], &[folder.path()]);
    assert_eq!((&lines[0]["until"], &lines[0]["was_until"]), (&until, &Value::Null), "{lines:?}");
    for ((name, before), after) in names.iter().zip(before).zip(read()) {
        match others.contains(name) {
            true => assert!(before == after, "{name}"),
            // What was signed stays octet by octet.
            false if name.ends_with(".pdf") => assert!(after.starts_with(&before)),
            false => assert!(after.len() > before.len(), "{name}"),
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), names.len(), "no drafts are left");
    assert_eq!(whose(), owners, "they stay whose they were");
    others_judge(folder.path());
    let root = PathBuf::from(&shared().ready.signing_ca);
    let called = self::name(&algorithm, std::str::from_utf8(TEXT).unwrap());
    let job = |(name, ..): &(&str, &str, usize)| {
        let job = Job::new(&file(name), &root);
        if name.starts_with("text.txt.") { job.detached(&file("text.txt"), &called) } else { job }
    };
    let Some(verdicts) = judge(&LASTING.iter().map(job).collect::<Vec<_>>()) else { return };
    for (verdicts, (name, format, count)) in verdicts.iter().zip(LASTING) {
        let verdicts = verdicts.as_ref().unwrap();
        assert_eq!(verdicts.len(), count, "{name}");
        for verdict in verdicts {
            verdict.passes_as(&format!("{format}-BASELINE-LTA"));
            // One on the signature, four on everything.
            assert_eq!(verdict.timestamps.len(), 5, "{name}: {:?}", verdict.timestamps);
            assert!(verdict.warnings.is_empty() && verdict.structure.is_empty(), "{name}: {verdict:#?}");
        }
    }
}

/// openssl for CMS, pyHanko with its long-term validation, pdfsig and qpdf for the PDF, xmlsec1 for XML.
fn others_judge(folder: &Path) {
    let root = &shared().ready.signing_ca;
    for name in ["attached.p7m", "loose.p7m", "two.p7m", "text.txt.p7s"] {
        let mut verify = Command::new("openssl");
        verify.current_dir(folder).args(["cms", "-verify", "-binary", "-cades", "-purpose", "any", "-inform", "DER"]);
        verify.args(["-in", name, "-CAfile", root, "-out", "/dev/null", "-content", "text.txt"]);
        command(&mut verify).unwrap_or_else(|said| panic!("{name}: {said}"));
    }
    for name in ["enveloped.xml", "enveloping.xml"] {
        let mut verify = Command::new("xmlsec1");
        verify.current_dir(folder).args(["--verify", "--enabled-key-data", "x509", "--trusted-pem", root]);
        verify.args(["--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties", name]);
        command(&mut verify).unwrap_or_else(|said| panic!("{name}: {said}"));
    }
    let Some(python) = demanded("RSIGN_PYTHON", "target/venv/bin/python", "pyHanko, a validator of PDFs") else {
        return;
    };
    let original = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(original.path(), paper::pdf(&[0])).unwrap();
    let case = json!({
        "original": original.path(), "signed": folder.join("paper.pdf"), "signatures": 1, "stamps": 4,
        "signer": "Test renew", "time_stamped": true, "lasting": "LTA",
    });
    let cases = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(cases.path(), json!([case]).to_string()).unwrap();
    let said = command(Command::new(python).arg(repository("tests/pdf/judge.py")).arg(root).arg(cases.path()));
    let verdicts: Vec<Value> = serde_json::from_str(&said.unwrap_or_else(|said| panic!("{said}"))).unwrap();
    assert_eq!((&verdicts[0]["faults"], &verdicts[0]["unreadable"]), (&json!([]), &Value::Null), "{verdicts:?}");
}

#[tokio::test]
async fn what_cannot_be_renewed_is_said_and_left_alone() {
    let who = Outsider::enrol("renew-not", Wanted::QUICK).await;
    let folder = folder(&who).await;
    let file = |name: &str| folder.path().join(name);
    let config = shared().folder.file("gateway.toml");
    // Nothing of these, one octet changed in each of those; what detached ones sign is another file than it was.
    std::fs::write(file("rubbish.pdf"), b"%PDF-1.7 but not really").unwrap();
    std::fs::write(file("rubbish.p7m"), b"no CMS").unwrap();
    std::fs::write(file("rubbish.json"), b"{no JSON").unwrap();
    std::fs::write(file("rubbish.xml"), b"<no>XML").unwrap();
    std::fs::write(file("text.txt"), b"what is to pass").unwrap();
    let change = |name: &str, what: &[u8], by: &[u8]| {
        let mut octets = std::fs::read(file(name)).unwrap();
        let place = octets.windows(what.len()).position(|window| window == what);
        let place = place.unwrap_or_else(|| panic!("{name} has no such octets"));
        octets[place..place + by.len()].copy_from_slice(by);
        std::fs::write(file(name), octets).unwrap();
    };
    change("attached.p7m", TEXT, b"What");
    change("loose.p7m", TEXT, b"What");
    change("enveloped.xml", b">12 ", b">13 ");
    change("two.p7m", TEXT, b"What");
    change("paper.pdf", b"%PDF-1.7", b"%PDF-1.6");
    let payload = BASE64.encode(br#"{"order": 1}"#);
    for name in ["attached.json", "two.json"] {
        change(name, &payload.as_bytes()[..8], BASE64.encode(br#"{"ordf"#).as_bytes());
    }
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<PathBuf> = names.collect();
    names.sort();
    let read = || names.iter().map(|name| std::fs::read(name).unwrap()).collect::<Vec<_>>();
    let before = read();
    let (good, lines) = renew(&config, &["--always"], &[folder.path()]);
    assert!(!good, "a timer hears of it");
    let something_else = "its newest archive time-stamp is over something else than what is there";
    for line in &lines {
        let name = Path::new(line["path"].as_str().unwrap()).file_name().unwrap().to_str().unwrap();
        let reason = match name {
            "enveloping.xml" => {
                assert_eq!(line["outcome"], "renewed", "{line}");
                continue;
            }
            "feed.xml" | "settings.json" => {
                assert_eq!(line["outcome"], "not_signed", "{line}");
                continue;
            }
            "short.pdf" => {
                assert_eq!(line["outcome"], "not_lasting", "{line}");
                continue;
            }
            "rubbish.p7m" => "it is no PDF, CMS, JSON or XML that can be read",
            "rubbish.json" => "it is no JSON",
            "rubbish.xml" => "it is no XML that is read here: ",
            "rubbish.pdf" => "the PDF is damaged: ",
            _ => something_else,
        };
        assert_eq!(line["outcome"], "failed", "{line}");
        assert!(line["reason"].as_str().unwrap().contains(reason), "{line}");
    }
    assert_eq!(lines.len(), LASTING.len() + 3 + 4);
    for ((name, before), after) in names.iter().zip(before).zip(read()) {
        assert_eq!(before == after, !name.ends_with("enveloping.xml"), "{}", name.display());
    }
    // A path that is not there has its line, and keeps no other from being looked at; nor does a link, which is named.
    std::os::unix::fs::symlink(file("enveloping.xml"), file("link.xml")).unwrap();
    let missing = file("missing");
    let (good, lines) = renew(&config, &["--before", "30"], &[&missing, &file("feed.xml"), folder.path()]);
    assert!(!good, "{lines:?}");
    let of = |name: &str| {
        let found = lines.iter().filter(|line| line["path"].as_str() == file(name).to_str());
        found
            .map(|line| (line["outcome"].as_str().unwrap(), line["reason"].as_str().unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    assert_eq!(of("feed.xml"), [("not_signed", "")], "once, though it is named twice");
    assert_eq!(of("enveloping.xml"), [("not_due", "")]);
    assert_eq!(of("missing").iter().map(|line| line.0).collect::<Vec<_>>(), ["failed"]);
    assert_eq!(of("link.xml").iter().map(|line| line.0).collect::<Vec<_>>(), ["passed_over"]);
    let (good, lines) = renew(&config, &["--always"], &[&file("link.xml")]);
    assert!(good && outcomes(&lines) == ["renewed"], "{lines:?}");
    assert!(file("link.xml").is_symlink(), "what it leads to is replaced");
    std::fs::remove_file(file("link.xml")).unwrap();
    // What a detached one signs is gone.
    std::fs::remove_file(file("text.txt")).unwrap();
    for name in ["text.txt.p7s", "text.txt.json", "text.txt.xml"] {
        let (good, lines) = renew(&config, &["--always"], &[&file(name)]);
        assert!(!good && lines[0]["reason"].as_str().unwrap().contains("what it signs is not beside it"), "{lines:?}");
    }
    // An authority that is away changes nothing.
    let elsewhere = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(&config).unwrap();
    let mut changed: toml::Table = text.parse().unwrap();
    changed["timestamp"]["url"] = format!("http://127.0.0.1:{}/", harness::free_port()).into();
    let config = elsewhere.path().join("gateway.toml");
    std::fs::write(&config, changed.to_string()).unwrap();
    let before = std::fs::read(file("enveloping.xml")).unwrap();
    let (good, lines) = renew(&config, &["--always"], &[&file("enveloping.xml")]);
    assert!(!good && lines[0]["reason"].as_str().unwrap().contains("not available"), "{lines:?}");
    assert_eq!(std::fs::read(file("enveloping.xml")).unwrap(), before);
}

// The authority runs here, while the command is waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renewal_passes_a_revoked_authority_over_and_takes_no_stamp_of_one() {
    let mut foreign = Foreign::start().await;
    foreign.start_responder().await;
    let mut pieces = foreign_tsa::pieces(&foreign, true);
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "renewal", Wanted::QUICK).await;
    let pdf = paper::pdf(&[0]);
    let documents: [(&str, &str, &[u8]); 4] =
        [("a.pdf", "P", &pdf), ("b.p7m", "C", b"stamped"), ("c.json", "J", b"{}"), ("d.xml", "X", b"<a/>")];
    let (folder, config) = (tempfile::tempdir().unwrap(), pieces.folder.file("gateway.toml"));
    let file = |name: &str| folder.path().join(name);
    let sign_all = async |who: &Outsider| {
        for (name, format, document) in documents {
            let answer = foreign_tsa::sign(who, format, "AdES-B-LTA", document).await.ok();
            std::fs::write(file(name), &objects(&answer, "DocumentWithSignature")[0]).unwrap();
        }
    };
    let read = || documents.map(|(name, ..)| std::fs::read(file(name)).unwrap());
    sign_all(&who).await;
    let (good, lines) = renew(&config, &["--always"], &[folder.path()]);
    assert!(good, "{lines:?}");
    assert_eq!(outcomes(&lines), ["renewed"; 4], "{lines:?}");
    // It is revoked: what it stamped is renewed no more.
    foreign.index('R');
    foreign.start_responder().await;
    let before = read();
    let (good, lines) = renew(&config, &["--always"], &[folder.path()]);
    assert!(!good);
    for line in &lines {
        let reason = "no evidence for its newest time-stamp: the certificate is revoked";
        assert_eq!((&line["outcome"], line["reason"].as_str()), (&json!("failed"), Some(reason)), "{line}");
    }
    assert!(read() == before, "left alone");
    // One that is good stamps; then it is the second, behind the revoked one: for documents that are signed, and renewed.
    let ours: toml::Table = std::fs::read_to_string(shared().folder.file("gateway.toml")).unwrap().parse().unwrap();
    let (ours, mut theirs) = (ours["timestamp"].clone(), toml::Value::Boolean(false));
    pieces.stop_gateway();
    pieces.configure("gateway.toml", |config| {
        theirs = config["timestamp"].clone();
        config["timestamp"] = vec![theirs.clone(), ours].into();
    });
    pieces.start_gateway();
    let who = Outsider { session: pieces.api().login(&who.user).await, ..who };
    sign_all(&who).await;
    let (good, lines) = renew(&config, &["--always"], &[folder.path()]);
    assert!(good, "{lines:?}");
    assert_eq!(outcomes(&lines), ["renewed"; 4], "{lines:?}");
    let root = PathBuf::from(&shared().ready.signing_ca);
    let verdicts = judge(&documents.map(|(name, ..)| Job::new(&file(name), &root))).unwrap_or_default();
    for (verdict, format) in verdicts.iter().zip(["PAdES", "CAdES", "JAdES", "XAdES"]) {
        let [verdict] = &verdict.as_ref().unwrap()[..] else { panic!("one signature: {verdict:?}") };
        verdict.passes_as(&format!("{format}-BASELINE-LTA"));
        assert_eq!(verdict.timestamps.len(), 3, "{verdict:#?}");
    }
}
