//! Documents that are too long to hold, and many at once: signed with little memory, and bounded.

use std::path::{Path, PathBuf};
use std::process::Command;

use data_encoding::{BASE64, HEXUPPER};
use harness::verify::Sha;
use harness::{Algorithm, Answer, Hash, Pieces, Wanted, command, paper, shared};
use rsign_api::algorithm::HashAlgorithm;
use serde_json::{Value, json};

use crate::common::{Outsider, until};
use crate::refused::refused;
use crate::renewal::{outcomes, renew};
use crate::sign_doc::{entry_of, objects, sign_doc};

/// What a document of 100 MB may add to the memory of a service, KiB.
const GROWTH: u64 = 64 << 10;

/// A line of `/proc/PID/status`, KiB.
fn memory(pid: u32, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let found = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
    found.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or_else(|| panic!("no {line}"))
}

/// Both services, and what they had before.
struct Watch([(&'static str, u32, u64); 2]);

impl Watch {
    fn begin(pieces: &Pieces) -> Self {
        let pids =
            [("gateway", pieces.gateway.as_ref().unwrap().pid()), ("signer", pieces.signer.as_ref().unwrap().pid())];
        Self(pids.map(|(name, pid)| {
            // The peak is counted from now on.
            let _ = std::fs::write(format!("/proc/{pid}/clear_refs"), "5");
            (name, pid, memory(pid, "VmRSS"))
        }))
    }

    fn end(self, what: &str) {
        for (name, pid, before) in self.0 {
            let growth = memory(pid, "VmHWM").saturating_sub(before);
            println!("{what}: {name} had {before} KiB and grew by {growth} KiB at most");
            assert!(growth < GROWTH, "{what}: the {name} grew by {growth} KiB");
        }
    }
}

fn pseudo_random(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..length).map(next).collect()
}

/// A PDF whose page has so many octets beside what a page has.
fn long_pdf(length: usize) -> Vec<u8> {
    let text = paper::pdf(&[0]);
    let table = text.windows(5).position(|window| window == b"xref\n").unwrap();
    let (objects, rest) = text.split_at(table);
    // A comment: nothing that a hexadecimal digit can end.
    let filler = format!("%{}\n", HEXUPPER.encode(&pseudo_random(length / 2)));
    let rest = String::from_utf8(rest.to_vec()).unwrap();
    let rest = rest.replace(&format!("startxref\n{table}\n"), &format!("startxref\n{}\n", table + filler.len()));
    [objects, filler.as_bytes(), rest.as_bytes()].concat()
}

fn hash(document: &[u8]) -> Hash {
    Hash { message: Vec::new(), digest: rsign_ades::digest(HashAlgorithm::Sha256, document) }
}

fn of(format: &str, envelope: &str, document: &[u8]) -> Value {
    let content = json!({ "document": BASE64.encode(document), "signed_envelope_property": envelope });
    entry_of(format, &Algorithm::ecdsa(Sha::Sha256), "AdES-B-B", content)
}

/// What openssl says of a signature over these octets, which are in a file.
fn openssl(object: &[u8], content: &[u8], attached: bool, root: &Path) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("object"), object).unwrap();
    std::fs::write(folder.path().join("content"), content).unwrap();
    let mut verify = Command::new("openssl");
    verify.current_dir(folder.path()).args(["cms", "-verify", "-binary", "-purpose", "any", "-inform", "DER"]);
    verify.args(["-in", "object", "-out", "said", "-CAfile"]).arg(root);
    if !attached {
        verify.args(["-content", "content"]);
    }
    command(&mut verify).unwrap();
    assert!(std::fs::read(folder.path().join("said")).unwrap() == content);
}

/// The CMS in a signed PDF, and what its `/ByteRange` covers.
fn taken_apart(signed: &[u8], original: usize) -> (Vec<u8>, Vec<u8>) {
    let update = String::from_utf8_lossy(&signed[original..]).into_owned();
    let numbers = update.split_once("/ByteRange [").unwrap().1.split_once(']').unwrap().0;
    let numbers: Vec<usize> = numbers.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let [0, before, after, rest] = numbers[..] else { panic!("{numbers:?}") };
    assert_eq!(after + rest, signed.len());
    let hexadecimal = &signed[before + 1..after - 1];
    let padded = HEXUPPER.decode(hexadecimal.to_ascii_uppercase().as_slice()).unwrap();
    // 30 82: two octets of length follow.
    let length = 4 + usize::from(padded[2]) * 256 + usize::from(padded[3]);
    (padded[..length].to_vec(), [&signed[..before], &signed[after..]].concat())
}

/// The certificate that the signer's is from, in a file.
async fn root(who: &Outsider, pieces: &Pieces) -> PathBuf {
    let asked = json!({ "credentialID": who.credential.id, "certificates": "chain" });
    let answer = who.session.call("v2/credentials/info", asked).await.ok();
    let root = answer["cert"]["certificates"].as_array().unwrap().last().unwrap().as_str().unwrap();
    let file = pieces.folder.beside("root.pem");
    std::fs::write(&file, format!("-----BEGIN CERTIFICATE-----\n{root}\n-----END CERTIFICATE-----\n")).unwrap();
    file
}

#[tokio::test]
async fn a_100_mb_document_takes_less_than_64_mib() {
    let pieces = Pieces::running();
    let wanted = Wanted { key: "P-256", multisign: 100, ..Wanted::QUICK };
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "long", wanted).await;
    let root = root(&who, &pieces).await;
    let long = [("P", "Revision"), ("C", "Attached"), ("C", "Detached")];
    for (length, watched) in [(1_000_000, false), (100_000_000, true)] {
        for (format, envelope) in long {
            let document = if format == "P" { long_pdf(length) } else { pseudo_random(length) };
            assert!(document.len() >= length);
            let sad = who.session.authorize(&who.credential, &[hash(&document)]).await;
            let body = json!({ "documents": [of(format, envelope, &document)] });
            let watch = watched.then(|| Watch::begin(&pieces));
            let answer = sign_doc(&who, &sad, body).await.ok();
            if let Some(watch) = watch {
                watch.end(&format!("{format} {envelope}"));
            }
            if envelope == "Detached" {
                openssl(&objects(&answer, "SignatureObject")[0], &document, false, &root);
                continue;
            }
            let signed = &objects(&answer, "DocumentWithSignature")[0];
            if format == "P" {
                assert!(signed.starts_with(&document), "the original stays as it was");
                let (cms, covered) = taken_apart(signed, document.len());
                openssl(&cms, &covered, false, &root);
            } else {
                openssl(signed, &document, true, &root);
            }
        }
    }
    // Nothing of it stays. The last answer may have been read before it was put away.
    for service in [&pieces.gateway, &pieces.signer] {
        let folder = format!("/proc/{}/fd", service.as_ref().unwrap().pid());
        let deleted = |entry: std::io::Result<std::fs::DirEntry>| {
            let link = std::fs::read_link(entry.ok()?.path()).ok()?;
            link.to_string_lossy().contains("(deleted)").then_some(link)
        };
        until("no deleted file is open", || std::fs::read_dir(&folder).unwrap().find_map(deleted).is_none());
    }
}

#[tokio::test]
async fn a_hundred_documents_go_through_one_sad() {
    let wanted = Wanted { key: "P-256", multisign: 100, ..Wanted::QUICK };
    let who = Outsider::enrol("hundred", wanted).await;
    let documents: Vec<Vec<u8>> = (0..100)
        .map(|number| match number % 5 {
            0 => long_pdf(20_000 + number * 100),
            _ => pseudo_random(10_000 + number * 1000),
        })
        .collect();
    let hashes: Vec<Hash> = documents.iter().map(|document| hash(document)).collect();
    let sad = who.session.authorize(&who.credential, &hashes).await;
    let entries = documents.iter().enumerate().map(|(number, document)| match number % 5 {
        0 => of("P", "Certification", document),
        1 => of("C", "Detached", document),
        _ => of("C", "Attached", document),
    });
    let answer = sign_doc(&who, &sad, json!({ "documents": entries.collect::<Vec<_>>() })).await.ok();
    let (held, apart) = (objects(&answer, "DocumentWithSignature"), objects(&answer, "SignatureObject"));
    assert_eq!((held.len(), apart.len()), (80, 20));
    let root = Path::new(&harness::shared().ready.signing_ca);
    let whole = documents.iter().enumerate().filter(|(number, _)| number % 5 != 1);
    for ((number, document), signed) in whole.zip(&held).step_by(7) {
        if number % 5 == 0 {
            let (cms, covered) = taken_apart(signed, document.len());
            openssl(&cms, &covered, false, root);
        } else {
            openssl(signed, document, true, root);
        }
    }
    openssl(&apart[3], &documents[16], false, root);
}

#[tokio::test]
async fn what_is_too_long_or_too_much_is_refused() {
    let mut pieces = Pieces::seeded();
    for (name, most) in [("gateway.toml", 40_000_000), ("signer.toml", 60_000_000)] {
        pieces.configure(name, |config| {
            let bounds = format!("document = 30000000\nrequest = 35000000\nclient = {most}\nall = {most}");
            config.insert("spool".to_owned(), bounds.parse::<toml::Table>().unwrap().into());
        });
    }
    pieces.start_signer();
    pieces.start_gateway();
    let wanted = Wanted { key: "P-256", multisign: 100, ..Wanted::QUICK };
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "bounded", wanted).await;
    let document = |length: usize| pseudo_random(length);
    let ask = async |format: &str, envelope: &str, lengths: &[usize], mode: &str| {
        let documents: Vec<Vec<u8>> = lengths.iter().map(|length| document(*length)).collect();
        let hashes: Vec<Hash> = documents.iter().map(|document| hash(document)).collect();
        let sad = who.session.authorize(&who.credential, &hashes).await;
        let entries: Vec<Value> = documents.iter().map(|document| of(format, envelope, document)).collect();
        sign_doc(&who, &sad, json!({ "documents": entries, "operationMode": mode })).await
    };
    let long = "The body, or a document in it or made of it, is too long";
    let told = |heard: &Answer| {
        let all = refused(heard);
        assert_eq!((heard.error(), all.len()), ((413, "invalid_request", long), 1));
        (all[0].0, all[0].1.to_owned(), heard.json["rsign_refused"][0]["limit"].as_u64().unwrap())
    };
    let heard = ask("C", "Detached", &[9, 30_000_001], "S").await;
    assert_eq!(told(&heard), (1, "too_long".to_owned(), 30_000_000));
    let heard = ask("C", "Detached", &[18_000_000, 17_000_001], "S").await;
    assert_eq!(told(&heard), (1, "too_much".to_owned(), 35_000_000));
    assert_eq!(ask("C", "Detached", &[18_000_000, 17_000_000], "S").await.status, 200);
    // What is text around its document has to fit into memory.
    let unfit = (400, "invalid_request", "Invalid array parameter documents");
    for (format, envelope) in [("J", "Attached"), ("X", "Enveloping"), ("X", "Enveloped")] {
        assert_eq!(ask(format, envelope, &[(16 << 20) + 1], "S").await.error(), unfit, "{format}");
    }
    assert_eq!(ask("J", "Detached", &[(16 << 20) + 1], "S").await.status, 200);
    // What has to wait has to fit into a row.
    let heard = ask("C", "Attached", &[9_000_000], "A").await;
    assert_eq!(told(&heard), (0, "too_long_to_wait".to_owned(), 8 << 20));
    assert_eq!(ask("C", "Attached", &[2_000_000], "A").await.status, 200);
    assert_eq!(ask("C", "Detached", &[9_000_000], "A").await.status, 200);
    // Two at once are more than there is room for; afterwards there is room again.
    let calls = (0..4).map(|_| ask("C", "Attached", &[29_000_000], "S"));
    let heard = futures_util::future::join_all(calls).await;
    let full: Vec<_> = heard.iter().filter(|answer| answer.status != 200).collect();
    assert!(!full.is_empty() && full.len() < heard.len(), "{}", full.len());
    for answer in full {
        assert_eq!((answer.error().0, answer.error().1), (503, "temporarily_unavailable"));
        assert_eq!(answer.headers["retry-after"], "1");
    }
    assert_eq!(ask("C", "Attached", &[29_000_000], "S").await.status, 200);
}

/// Services with room for one document of 29 MB of a client, and little patience.
fn cramped() -> Pieces {
    let mut pieces = Pieces::seeded();
    for name in ["gateway.toml", "signer.toml"] {
        pieces.configure(name, |config| {
            let bounds = "document = 30000000\nrequest = 35000000\nclient = 40000000\nall = 40000000";
            config.insert("spool".to_owned(), bounds.parse::<toml::Table>().unwrap().into());
            if name == "gateway.toml" {
                let limits = "answer_timeout_seconds = 10".parse::<toml::Table>().unwrap();
                config.insert("limits".to_owned(), limits.into());
            }
        });
    }
    pieces.start_signer();
    pieces.start_gateway();
    pieces
}

#[tokio::test]
async fn a_26_an_answer_that_nobody_reads_holds_no_room_for_long() {
    let pieces = cramped();
    let wanted = Wanted { key: "P-256", multisign: 100, ..Wanted::QUICK };
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "unread", wanted).await;
    let document = pseudo_random(29_000_000);
    let mut body = json!({ "documents": [of("C", "Attached", &document)] });
    body["credentialID"] = who.credential.id.as_str().into();
    body["SAD"] = who.session.authorize(&who.credential, &[hash(&document)]).await.into();
    let root = std::fs::read(pieces.folder.file("tls-ca.pem")).unwrap();
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([reqwest::Certificate::from_pem(&root).unwrap()]);
    let http = http.build().unwrap();
    let ask = async || {
        let request =
            http.post(format!("{}/csc/v2/signatures/signDoc", who.session.api.base())).bearer_auth(&who.session.token);
        request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap()
    };
    // Its head comes, and no more of it is wanted.
    let unread = ask().await;
    assert_eq!(unread.status().as_u16(), 200);
    assert_eq!(ask().await.status().as_u16(), 503, "there is no room beside it");
    let began = std::time::Instant::now();
    let read = loop {
        let answer = ask().await;
        if answer.status().as_u16() == 200 {
            break answer;
        }
        assert!(began.elapsed().as_secs() < 60, "it holds its room for good");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    };
    // Who reads has all of it.
    let heard: Value = serde_json::from_slice(&read.bytes().await.unwrap()).unwrap();
    assert!(objects(&heard, "DocumentWithSignature")[0].len() > document.len());
    assert!(unread.bytes().await.is_err(), "it broke off");
}

#[tokio::test]
async fn a_25_a_long_document_is_not_sent_for_a_sad_that_is_none() {
    let pieces = cramped();
    let wanted = Wanted { key: "P-256", multisign: 100, ..Wanted::QUICK };
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "in-vain", wanted).await;
    let other = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "in-vain-other", wanted).await;
    let document = pseudo_random(20_000_000);
    let body = || json!({ "documents": [of("C", "Detached", &document)] });
    let foreign = other.session.authorize(&other.credential, &[hash(&document)]).await;
    let sad = who.session.authorize(&who.credential, &[hash(&document)]).await;
    // What the signer wrote into files: all of a document that it is sent.
    let written = || {
        let io = std::fs::read_to_string(format!("/proc/{}/io", pieces.signer.as_ref().unwrap().pid())).unwrap();
        io.lines().find_map(|line| line.strip_prefix("wchar: ")).unwrap().parse::<u64>().unwrap()
    };
    for (bogus, may_come) in [(foreign.as_str(), false), ("sad_none", false), (sad.as_str(), true)] {
        let before = written();
        let answer = sign_doc(&who, bogus, body()).await;
        let came = written() - before > 10_000_000;
        assert_eq!(came, may_come, "{}", answer.status);
        if may_come {
            assert_eq!(answer.status, 200);
        } else {
            assert_eq!(answer.error(), (400, "invalid_request", "Invalid parameter SAD"));
        }
    }
}

#[tokio::test]
async fn a_long_pdf_is_renewed_up_to_the_bound_of_the_signer() {
    let mut pieces = Pieces::seeded();
    pieces.start_signer();
    let ours: toml::Table = std::fs::read_to_string(shared().folder.file("gateway.toml")).unwrap().parse().unwrap();
    pieces.configure("gateway.toml", |config| config["timestamp"] = ours["timestamp"].clone());
    pieces.start_gateway();
    let wanted = Wanted { key: "P-256", ..Wanted::QUICK };
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "long-renew", wanted).await;
    let document = long_pdf(30_000_000);
    let sad = who.session.authorize(&who.credential, &[hash(&document)]).await;
    let mut entry = of("P", "Revision", &document);
    entry["conformance_level"] = "AdES-B-LTA".into();
    let answer = sign_doc(&who, &sad, json!({ "documents": [entry] })).await.ok();
    let (folder, config) = (tempfile::tempdir().unwrap(), pieces.folder.file("gateway.toml"));
    let file = folder.path().join("long.pdf");
    std::fs::write(&file, &objects(&answer, "DocumentWithSignature")[0]).unwrap();
    let length = || std::fs::metadata(&file).unwrap().len();
    // One octet more than the signer takes; then just as much; and then it has grown.
    for (bound, outcome) in [(length() - 1, "failed"), (length(), "renewed"), (length(), "failed")] {
        pieces.stop_signer();
        pieces.configure("signer.toml", |config| {
            let spool: toml::Table = format!("document = {bound}").parse().unwrap();
            config.insert("spool".to_owned(), spool.into());
        });
        pieces.start_signer();
        let before = std::fs::read(&file).unwrap();
        let (good, lines) = renew(&config, &["--always"], &[&file]);
        assert_eq!((good, outcomes(&lines)), (outcome == "renewed", vec![outcome]), "{lines:?}");
        let after = std::fs::read(&file).unwrap();
        assert!(after.starts_with(&before) && (after.len() > before.len()) == good);
        if !good {
            assert_eq!(lines[0]["reason"], "it is longer than the signer takes", "{lines:?}");
        }
    }
}
