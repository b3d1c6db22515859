//! `signatures/signDoc` beside signatures that are there already (Parallel), judged by openssl and EU DSS: all of them are
//! good afterwards, and the earlier ones are the octets they were.

use std::path::{Path, PathBuf};
use std::process::Command;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use harness::dss::{self, Job};
use harness::verify::Sha;
use harness::{Algorithm, Answer, Hash, Wanted, command, shared};
use serde_json::{Value, json};

use crate::common::Outsider;
use crate::sign_doc::{entry_of, objects, sign_doc};

const DOCUMENT: &[u8] = b"first line\nsecond line\r\n\0the end";

/// Authorizes a document and has it signed beside what it has.
async fn beside(who: &Outsider, format: &str, algorithm: &Algorithm, level: &str, document: &[u8]) -> Answer {
    let sad = who.session.authorize(&who.credential, &[Hash::with(algorithm.sha, document)]).await;
    sign_doc(who, &sad, parallel(format, algorithm, level, document)).await
}

fn parallel(format: &str, algorithm: &Algorithm, level: &str, document: &[u8]) -> Value {
    let content = json!({ "document": BASE64.encode(document), "signed_envelope_property": "Parallel" });
    json!({ "documents": [entry_of(format, algorithm, level, content)] })
}

fn only(answer: &Value) -> Vec<u8> {
    assert_eq!(answer.as_object().unwrap().len(), 1, "nothing but DocumentWithSignature");
    let [object] = &objects(answer, "DocumentWithSignature")[..] else { panic!("{answer}") };
    object.clone()
}

/// Somebody else's CMS around a document, and their certificate, made by openssl.
fn foreign(folder: &Path, extra: &str) -> (Vec<u8>, PathBuf) {
    std::fs::write(folder.join("document"), DOCUMENT).unwrap();
    let openssl = |line: &str| command(Command::new("openssl").current_dir(folder).args(line.split(' '))).unwrap();
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out c.pem -days 9 -subj /CN=Rui \
         -addext keyUsage=critical,nonRepudiation,digitalSignature",
    );
    openssl(&format!(
        "cms -sign -binary -cades {extra} -md sha384 -in document -signer c.pem -inkey k -outform DER -out cms"
    ));
    (std::fs::read(folder.join("cms")).unwrap(), folder.join("c.pem"))
}

/// Every signature of a CMS verifies, with its chain, and the document comes out.
fn openssl(folder: &Path, object: &[u8], roots: &Path) {
    std::fs::write(folder.join("object"), object).unwrap();
    let mut verify = Command::new("openssl");
    verify.current_dir(folder).args(["cms", "-verify", "-binary", "-cades", "-purpose", "any", "-inform", "DER"]);
    verify.args(["-in", "object", "-out", "said", "-CAfile"]).arg(roots);
    command(&mut verify).unwrap();
    assert_eq!(std::fs::read(folder.join("said")).unwrap(), DOCUMENT);
}

/// The `SignerInfo`s of a CMS, each as it stands there.
fn infos(folder: &Path, object: &[u8]) -> Vec<Vec<u8>> {
    std::fs::write(folder.join("object"), object).unwrap();
    let said = command(Command::new("openssl").current_dir(folder).args("asn1parse -inform DER -in object".split(' ')));
    let rows: Vec<_> = said.unwrap().lines().map(row).collect();
    // The last SET directly in the SignedData.
    let set = rows.iter().rposition(|(_, depth, _, kind)| *depth == 3 && kind == "SET").unwrap();
    let one = |(start, depth, length, _): &(usize, usize, usize, String)| {
        (*depth == 4).then(|| object[*start..start + length].to_vec())
    };
    rows[set + 1..].iter().filter_map(one).collect()
}

/// Offset, depth, whole length and kind of a line like `  12:d=3  hl=4 l= 345 cons: SEQUENCE          `.
fn row(line: &str) -> (usize, usize, usize, String) {
    let (offset, rest) = line.split_once(":d=").unwrap();
    let (depth, rest) = rest.split_once("hl=").unwrap();
    let (header, rest) = rest.split_once(" l=").unwrap();
    let (length, rest) = rest.trim_start().split_once(' ').unwrap();
    // In BER a length may not be said: `inf`.
    let number = |text: &str| text.trim().parse::<usize>().unwrap_or_default();
    let kind = rest.split_once(':').unwrap().1.split_whitespace().next().unwrap_or_default();
    (number(offset), number(depth), number(header) + number(length), kind.to_owned())
}

#[tokio::test]
async fn one_more_signature_goes_into_a_cms() {
    let folder = tempfile::tempdir().unwrap();
    let ours = std::fs::read_to_string(&shared().ready.signing_ca).unwrap();
    let (mut jobs, mut wanted) = (Vec::new(), Vec::new());
    for (key, algorithm, kind) in [
        ("RSA-2048", Algorithm::pkcs1(Sha::Sha256), "-nodetach"),
        // BER, the content in pieces, lengths that are not said.
        ("RSA-2048", Algorithm::pss(Sha::Sha512, 64), "-nodetach -stream"),
        ("P-256", Algorithm::ecdsa(Sha::Sha256), "-nodetach"),
    ] {
        let (mut object, theirs) = foreign(folder.path(), kind);
        assert_eq!(object[1] == 0x80, kind.contains("stream"));
        let roots = folder.path().join(format!("roots{}.pem", jobs.len()));
        std::fs::write(&roots, ours.clone() + &std::fs::read_to_string(&theirs).unwrap()).unwrap();
        let who = Outsider::enrol("sign-beside", Wanted { key, ..Wanted::QUICK }).await;
        let mut levels = vec!["B"];
        for level in ["AdES-B-B", "AdES-B-T", "AdES-B-LT", "AdES-B-LTA", "AdES-B-B"] {
            let before = infos(folder.path(), &object);
            object = only(&beside(&who, "C", &algorithm, level, &object).await.ok());
            openssl(folder.path(), &object, &roots);
            let after = infos(folder.path(), &object);
            assert_eq!(after.len(), before.len() + 1);
            assert!(before.iter().all(|one| after.contains(one)), "they are the octets they were");
            levels.push(level.trim_start_matches("AdES-B-"));
            let file = folder.path().join(format!("{}.p7s", jobs.len()));
            std::fs::write(&file, &object).unwrap();
            jobs.push(Job::new(&file, &roots).without_revocation());
            wanted.push(levels.clone());
        }
    }
    let Some(said) = dss::judge(&jobs) else { return };
    for (levels, verdicts) in wanted.into_iter().zip(said) {
        let verdicts = verdicts.unwrap();
        assert_eq!(verdicts.len(), levels.len());
        let mut formats: Vec<_> = verdicts.iter().map(|verdict| verdict.format.clone()).collect();
        for (verdict, format) in verdicts.iter().zip(&formats) {
            verdict.passes_as(format);
        }
        // Revocation data stand beside all signatures: those with a time-stamp have what LT wants as soon as one has it.
        let lasting = levels.contains(&"LT");
        let reported = |level: &str| if lasting && level == "T" { "LT".to_owned() } else { level.to_owned() };
        let mut expected: Vec<_> = levels.iter().map(|level| format!("CAdES-BASELINE-{}", reported(level))).collect();
        formats.sort();
        expected.sort();
        assert_eq!(formats, expected);
    }
}

#[tokio::test]
async fn one_more_signature_goes_into_a_jws() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(&shared().ready.signing_ca);
    let ana = Outsider::enrol("sign-jws-first", Wanted { key: "RSA-2048", ..Wanted::QUICK }).await;
    let (mut jobs, mut wanted) = (Vec::new(), Vec::new());
    for (key, algorithm) in [
        ("RSA-2048", Algorithm::pkcs1(Sha::Sha512)),
        ("RSA-2048", Algorithm::pss(Sha::Sha256, 32)),
        ("P-256", Algorithm::ecdsa(Sha::Sha256)),
    ] {
        let pss = Algorithm::pss(Sha::Sha256, 32);
        let sad = ana.session.authorize(&ana.credential, &[Hash::of(DOCUMENT)]).await;
        let attached = entry_of("J", &pss, "AdES-B-B", json!({ "document": BASE64.encode(DOCUMENT) }));
        let mut object = only(&sign_doc(&ana, &sad, json!({ "documents": [attached] })).await.ok());
        let mut before = vec![compact(&object)];
        let who = Outsider::enrol("sign-jws-beside", Wanted { key, ..Wanted::QUICK }).await;
        let mut levels = vec!["B"];
        for level in ["AdES-B-B", "AdES-B-T", "AdES-B-LT", "AdES-B-LTA"] {
            object = only(&beside(&who, "J", &algorithm, level, &object).await.ok());
            let general: Value = serde_json::from_slice(&object).unwrap();
            assert_eq!(general["payload"], BASE64URL_NOPAD.encode(DOCUMENT));
            let after = general["signatures"].as_array().unwrap();
            assert_eq!(after[..after.len() - 1], before);
            before.clone_from(after);
            levels.push(level.trim_start_matches("AdES-B-"));
        }
        let file = folder.path().join(format!("{}.json", jobs.len()));
        std::fs::write(&file, &object).unwrap();
        jobs.push(Job::new(&file, root).without_revocation());
        wanted.push(levels);
    }
    let Some(said) = dss::judge(&jobs) else { return };
    for (levels, verdicts) in wanted.into_iter().zip(said) {
        let verdicts = verdicts.unwrap();
        assert_eq!(verdicts.len(), levels.len());
        for (verdict, level) in verdicts.iter().zip(levels) {
            verdict.passes_as(&format!("JAdES-BASELINE-{level}"));
        }
    }
}

/// The signature of a compact JWS as the general serialisation has it.
fn compact(jws: &[u8]) -> Value {
    let parts: Vec<_> = std::str::from_utf8(jws).unwrap().split('.').collect();
    json!({ "protected": parts[0], "signature": parts[2] })
}

/// Asked again, at another level, it is the same signature; what others said in words of their own stays as it was.
#[tokio::test]
async fn a_repeated_call_signs_nothing_twice() {
    let who = Outsider::enrol("sign-beside-again", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let odd =
        r#"{ "payload":"aGVsbG8", "signatures":[ {"header":{"alg":"none","x":1.10e1,"y":"\u0041"},"signature":""} ] }"#;
    let sad = who.session.authorize(&who.credential, &[Hash::of(odd)]).await;
    let asked = |level| parallel("J", &algorithm, level, odd.as_bytes());
    let first = sign_doc(&who, &sad, asked("AdES-B-B")).await.ok();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(sign_doc(&who, &sad, asked("AdES-B-B")).await.ok(), first, "though the signing time would be another");
    let lasting = String::from_utf8(only(&sign_doc(&who, &sad, asked("AdES-B-LTA")).await.ok())).unwrap();
    let first: Value = serde_json::from_slice(&only(&first)).unwrap();
    assert!(lasting.contains(first["signatures"][1]["signature"].as_str().unwrap()), "signed once");
    assert!(lasting.contains(r#"{"header":{"alg":"none","x":1.10e1,"y":"\u0041"},"signature":""}"#), "{lasting}");
}

#[tokio::test]
async fn what_no_signature_goes_beside_is_refused_and_nothing_is_spent() {
    let folder = tempfile::tempdir().unwrap();
    let who = Outsider::enrol("sign-beside-no", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let (attached, _) = foreign(folder.path(), "-nodetach");
    let (detached, _) = foreign(folder.path(), "-binary");
    let cut = &attached[..attached.len() - 1];
    let header = BASE64URL_NOPAD.encode(br#"{"alg":"ES256","b64":false,"crit":["b64"]}"#);
    let raw = format!("{header}.aGVsbG8.AQ");
    let documents: [(&str, &[u8]); 8] = [
        ("C", b"a document"),
        ("C", &detached),
        ("C", cut),
        ("C", b"{}"),
        ("J", b"a document"),
        ("J", &attached),
        ("J", br#"{"payload":"aGVsbG8","signatures":[]}"#),
        ("J", raw.as_bytes()),
    ];
    for (format, document) in documents {
        let sad = who.session.authorize(&who.credential, &[Hash::of(document)]).await;
        let heard = sign_doc(&who, &sad, parallel(format, &algorithm, "AdES-B-B", document)).await;
        let sentence = (400, "invalid_request", "Invalid array parameter documents");
        assert_eq!(heard.error(), sentence, "{format} {}", String::from_utf8_lossy(document));
        // By itself it can be signed, with the same authorization.
        let content = json!({ "document": BASE64.encode(document) });
        let attached = entry_of(format, &algorithm, "AdES-B-B", content);
        let _ = sign_doc(&who, &sad, json!({ "documents": [attached] })).await.ok();
    }
    let sentence = (400, "invalid_request", "Invalid parameter signed_envelope_property");
    let sad = who.session.authorize(&who.credential, &[Hash::of(&attached)]).await;
    for format in ["P", "X"] {
        let heard = sign_doc(&who, &sad, parallel(format, &algorithm, "AdES-B-B", &attached)).await;
        assert_eq!(heard.error(), sentence, "{format}");
    }
    for format in ["C", "J"] {
        let content = json!({ "hashes": [Hash::of(&attached).base64()], "signed_envelope_property": "Parallel" });
        let of_digest = json!({ "documentDigests": [entry_of(format, &algorithm, "AdES-B-B", content)] });
        assert_eq!(sign_doc(&who, &sad, of_digest).await.error(), sentence, "{format}");
    }
}
