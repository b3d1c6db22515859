//! `rsign-gateway renew`: documents of B-LTA get newer time-stamps, and EU DSS still says what they are.

use std::path::{Path, PathBuf};
use std::process::Command;

use data_encoding::BASE64;
use harness::dss::{Job, judge};
use harness::verify::Sha;
use harness::{Algorithm, Hash, Wanted, paper, program, shared};
use serde_json::{Value, json};

use crate::common::Outsider;
use crate::sign_doc::{entry_of, objects, sign_doc};

/// The lines it printed, and whether it was content.
fn renew(config: &Path, words: &[&str], paths: &[&Path]) -> (bool, Vec<Value>) {
    let mut command = Command::new(program("rsign-gateway"));
    command.arg("--config").arg(config).arg("renew").args(words).args(paths);
    let output = command.output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.success(), lines)
}

fn outcomes(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["outcome"].as_str().unwrap()).collect()
}

/// A folder with documents of one signer: PDF, attached and detached CAdES at B-LTA, and a PDF at B-LT.
async fn folder(who: &Outsider) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let algorithm = Algorithm::usual(&who.credential.key);
    let (pdf, text) = (paper::pdf(&[0]), b"what is to last");
    for (name, format, level, envelope, document) in [
        ("paper.pdf", "P", "AdES-B-LTA", "Certification", pdf.as_slice()),
        ("short.pdf", "P", "AdES-B-LT", "Certification", pdf.as_slice()),
        ("text.p7m", "C", "AdES-B-LTA", "Attached", text.as_slice()),
        ("text.txt.p7s", "C", "AdES-B-LTA", "Detached", text.as_slice()),
    ] {
        let digest = rsign_ades::digest(rsign_api::algorithm::HashAlgorithm::Sha256, document);
        let sad = who.session.authorize(&who.credential, &[Hash { message: document.to_vec(), digest }]).await;
        let content = json!({ "document": BASE64.encode(document), "signed_envelope_property": envelope });
        let body = json!({ "documents": [entry_of(format, &algorithm, level, content)] });
        let answer = sign_doc(who, &sad, body).await.ok();
        let list = if envelope == "Detached" { "SignatureObject" } else { "DocumentWithSignature" };
        std::fs::write(folder.path().join(name), &objects(&answer, list)[0]).unwrap();
    }
    std::fs::write(folder.path().join("text.txt"), text).unwrap();
    folder
}

#[tokio::test]
async fn documents_get_newer_time_stamps_and_stay_what_they_are() {
    let who = Outsider::enrol("renew", Wanted::QUICK).await;
    assert_eq!(Algorithm::usual(&who.credential.key).sha, Sha::Sha256);
    let folder = folder(&who).await;
    let config = shared().folder.file("gateway.toml");
    let file = |name: &str| folder.path().join(name);
    let names = ["paper.pdf", "short.pdf", "text.p7m", "text.txt.p7s"];
    let read = || names.map(|name| std::fs::read(file(name)).unwrap());
    let before = read();
    // The certificate lasts two years.
    let (good, lines) = renew(&config, &["--before", "30"], &[folder.path()]);
    assert!(good);
    assert_eq!(outcomes(&lines), ["not_due", "not_lasting", "not_due", "not_due"], "{lines:?}");
    assert!(read() == before);
    // As a timer would in two years; once more whatever the date; and once more where it is.
    for words in [&["--before", "10000"][..], &["--always"], &["--always"]] {
        let (good, lines) = renew(&config, words, &[folder.path()]);
        assert!(good, "{lines:?}");
        assert_eq!(outcomes(&lines), ["renewed", "not_lasting", "renewed", "renewed"], "{lines:?}");
        assert!(lines[0]["until"].as_u64().unwrap() > 1_800_000_000);
    }
    let after = read();
    assert!(after[0].starts_with(&before[0]), "what was signed stays octet by octet");
    assert_eq!(after[1], before[1]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 5, "no drafts are left");
    let root = PathBuf::from(&shared().ready.signing_ca);
    let jobs = [
        Job::new(&file("paper.pdf"), &root),
        Job::new(&file("text.p7m"), &root),
        Job::new(&file("text.txt.p7s"), &root).detached(&file("text.txt"), "text.txt"),
    ];
    let Some(verdicts) = judge(&jobs) else { return };
    for (verdict, format) in verdicts.iter().zip(["PAdES", "CAdES", "CAdES"]) {
        let [verdict] = &verdict.as_ref().unwrap()[..] else { panic!("one signature: {verdict:?}") };
        verdict.passes_as(&format!("{format}-BASELINE-LTA"));
        // One on the signature, four on everything.
        assert_eq!(verdict.timestamps.len(), 5, "{:?}", verdict.timestamps);
        assert_eq!(verdict.warnings, Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_cannot_be_renewed_is_said_and_left_alone() {
    let who = Outsider::enrol("renew-not", Wanted::QUICK).await;
    let folder = folder(&who).await;
    let file = |name: &str| folder.path().join(name);
    std::fs::remove_file(file("text.txt")).unwrap();
    std::fs::write(file("rubbish.pdf"), b"%PDF-1.7 but not really").unwrap();
    std::fs::write(file("rubbish.p7m"), b"no CMS").unwrap();
    let config = shared().folder.file("gateway.toml");
    let (good, lines) = renew(&config, &["--always"], &[folder.path()]);
    assert!(!good, "a timer hears of it");
    let expected = ["renewed", "failed", "failed", "not_lasting", "renewed", "failed"];
    assert_eq!(outcomes(&lines), expected, "{lines:?}");
    assert!(lines[5]["reason"].as_str().unwrap().contains("what it signs is not beside it"), "{lines:?}");
    assert_eq!(std::fs::read(file("rubbish.p7m")).unwrap(), b"no CMS");
    // An authority that is away changes nothing.
    let elsewhere = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(&config).unwrap();
    let mut changed: toml::Table = text.parse().unwrap();
    changed["timestamp"]["url"] = format!("http://127.0.0.1:{}/", harness::free_port()).into();
    let config = elsewhere.path().join("gateway.toml");
    std::fs::write(&config, changed.to_string()).unwrap();
    let before = std::fs::read(file("paper.pdf")).unwrap();
    let (good, lines) = renew(&config, &["--always"], &[&file("paper.pdf")]);
    assert!(!good && lines[0]["reason"].as_str().unwrap().contains("not available"), "{lines:?}");
    assert_eq!(std::fs::read(file("paper.pdf")).unwrap(), before);
}
