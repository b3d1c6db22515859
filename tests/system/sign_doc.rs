//! `signatures/signDoc`: signed documents, judged by openssl, by pyHanko and octet by octet.

use std::process::Command;

use data_encoding::BASE64;
use harness::{Algorithm, Answer, Hash, Pieces, Wanted, command, demanded, repository, shared};
use serde_json::{Value, json};

use crate::common::{Outsider, fetched};

const DOCUMENT: &str = "first line\nsecond line\r\n\u{0}the end";

/// An entry of `documentDigests` or `documents`.
fn entry(algorithm: &Algorithm, level: &str, content: Value) -> Value {
    entry_of("C", algorithm, level, content)
}

/// Of this format.
pub(crate) fn entry_of(format: &str, algorithm: &Algorithm, level: &str, content: Value) -> Value {
    let mut entry = content;
    entry["signature_format"] = format.into();
    entry["conformance_level"] = level.into();
    entry["signAlgo"] = algorithm.sign_algo.into();
    if let Some(params) = &algorithm.params {
        entry["signAlgoParams"] = params.as_str().into();
    }
    entry
}

fn of_digest(algorithm: &Algorithm, level: &str, document: &str) -> Value {
    let hash = Hash::with(algorithm.sha, document).base64();
    json!({ "documentDigests": [entry(algorithm, level, json!({ "hashes": [hash] }))] })
}

fn of_document(algorithm: &Algorithm, level: &str, document: &str, envelope: Option<&str>) -> Value {
    let mut content = json!({ "document": BASE64.encode(document.as_bytes()) });
    if let Some(envelope) = envelope {
        content["signed_envelope_property"] = envelope.into();
    }
    json!({ "documents": [entry(algorithm, level, content)] })
}

pub(crate) async fn sign_doc(who: &Outsider, sad: &str, mut body: Value) -> Answer {
    body["credentialID"] = who.credential.id.as_str().into();
    body["SAD"] = sad.into();
    who.session.call("v2/signatures/signDoc", body).await
}

/// The objects of one of the answer's lists, decoded.
pub(crate) fn objects(answer: &Value, list: &str) -> Vec<Vec<u8>> {
    let texts = answer[list].as_array().unwrap_or_else(|| panic!("no {list} in {answer}"));
    texts.iter().map(|text| BASE64.decode(text.as_str().unwrap().as_bytes()).unwrap()).collect()
}

/// What openssl says of a signature over the document; attached ones give it back.
pub(crate) fn openssl(object: &[u8], document: &str, attached: bool) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("object"), object).unwrap();
    std::fs::write(folder.path().join("document"), document).unwrap();
    let mut verify = Command::new("openssl");
    verify.current_dir(folder.path()).args(["cms", "-verify", "-binary", "-cades", "-purpose", "any"]);
    verify.args(["-inform", "DER", "-in", "object", "-out", "said", "-CAfile", &shared().ready.signing_ca]);
    if !attached {
        verify.args(["-content", "document"]);
    }
    command(&mut verify).unwrap();
    assert_eq!(std::fs::read(folder.path().join("said")).unwrap(), document.as_bytes());
}

/// What pyHanko says of a signature over the document, and asn1crypto of its structure.
fn pyhanko(object: &[u8], document: &str) -> Option<Value> {
    let python = demanded("RSIGN_PYTHON", "target/venv/bin/python", "pyHanko, an outsider's judgement")?;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, octets: &[u8]| {
        let file = folder.path().join(name);
        std::fs::write(&file, octets).unwrap();
        file
    };
    let pair = json!([[write("object", object), write("document", document.as_bytes())]]);
    let mut judge = Command::new(python);
    judge.arg(repository("tests/clients/cades_verdict.py")).args(["--root", &shared().ready.signing_ca]);
    let said = command(judge.arg(write("pairs", pair.to_string().as_bytes()))).unwrap_or_else(|said| panic!("{said}"));
    let verdicts: Vec<Value> = serde_json::from_str(&said).unwrap();
    verdicts.into_iter().next()
}

#[tokio::test]
async fn a_detached_signature_of_a_document_and_several_hashes_in_one_call() {
    let who = Outsider::enrol("sign-docs", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let (hashes, document) = (Hash::many("several", 3), "one document");
    let list: Vec<String> = hashes.iter().map(Hash::base64).collect();
    let sad = who.session.authorize(&who.credential, &[&hashes[..], &[Hash::of(document)]].concat()).await;
    let whole = of_document(&algorithm, "AdES-B-B", document, Some("detached"));
    let object = &objects(&sign_doc(&who, &sad, whole).await.ok(), "SignatureObject")[0];
    openssl(object, document, false);
    let body = json!({ "documentDigests": [
        entry(&algorithm, "AdES-B-T", json!({ "hashes": &list[..2] })),
        entry(&algorithm, "AdES-B", json!({ "hashes": list[2] })),
    ] });
    let answer = sign_doc(&who, &sad, body).await.ok();
    let three = objects(&answer, "SignatureObject");
    for (number, object) in three.iter().enumerate() {
        openssl(object, &format!("several {number}"), false);
    }
    assert!(three[1].len() > three[2].len() + 500, "only the first two are stamped");
}

#[tokio::test]
async fn properties_stand_in_what_is_signed() {
    let who = Outsider::enrol("sign-props", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let sad = who.session.authorize(&who.credential, &[Hash::of(DOCUMENT)]).await;
    let mut body = of_digest(&algorithm, "AdES-B-B", DOCUMENT);
    // UTF8String, and proof of origin (EN 319 122-1, 5.2.3).
    let mime = json!({ "attribute_name": "mime-type", "attribute_value": "DAp0ZXh0L3BsYWlu" });
    let commitment =
        json!({ "attribute_name": "1.2.840.113549.1.9.16.2.16", "attribute_value": "MA0GCyqGSIb3DQEJEAYB" });
    body["documentDigests"][0]["signed_props"] = json!([mime, commitment]);
    let object = &objects(&sign_doc(&who, &sad, body).await.ok(), "SignatureObject")[0];
    openssl(object, DOCUMENT, false);
    if let Some(verdict) = pyhanko(object, DOCUMENT) {
        let signed: Vec<&str> = verdict["signed"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(signed.contains(&"mime_type") && signed.contains(&"commitment_type"), "{signed:?}");
    }
}

#[tokio::test]
async fn a_repeated_call_brings_the_same_octets_and_another_level_the_same_signature() {
    let who = Outsider::enrol("sign-again", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let sad = who.session.authorize(&who.credential, &[Hash::of(DOCUMENT)]).await;
    let plain = || of_digest(&algorithm, "AdES-B-B", DOCUMENT);
    let first = sign_doc(&who, &sad, plain()).await.ok();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(sign_doc(&who, &sad, plain()).await.ok(), first, "though signing-time would be another");
    let stamped = sign_doc(&who, &sad, of_digest(&algorithm, "AdES-B-T", DOCUMENT)).await.ok();
    let (first, stamped) = (&objects(&first, "SignatureObject")[0], &objects(&stamped, "SignatureObject")[0]);
    // The signer's part ends with the signature value, and the unsigned attributes follow.
    let value = &first[first.len() - 64..];
    assert!(stamped.windows(64).any(|window| window == value), "signed once");
    openssl(stamped, DOCUMENT, false);
}

#[tokio::test]
async fn what_was_approved_for_one_method_is_not_spent_by_the_other() {
    let who = Outsider::enrol("sign-cross", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let hashes = Hash::many("cross", 2);
    let sad = who.session.authorize(&who.credential, &hashes).await;
    who.session.sign(&who.credential, &sad, &algorithm, &hashes[..1]).await;
    let refused = (400, "invalid_request", "documentDigests or documents are not authorized by the SAD");
    assert_eq!(sign_doc(&who, &sad, of_digest(&algorithm, "AdES-B-B", "cross 0")).await.error(), refused);
    let _ = sign_doc(&who, &sad, of_digest(&algorithm, "AdES-B-B", "cross 1")).await.ok();
    let heard = who.session.try_sign(&who.credential, &sad, &algorithm, &hashes[1..]).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Hash is not authorized by the SAD."));
    let foreign = sign_doc(&who, &sad, of_digest(&algorithm, "AdES-B-B", "cross 2")).await;
    assert_eq!(foreign.error(), (403, "invalid_hash", "Document or documentDigest does not match authorized hash"));
    let foreign = sign_doc(&who, &sad, of_document(&algorithm, "AdES-B-B", "cross 2", None)).await;
    assert_eq!(foreign.error().0, 403);
}

#[tokio::test]
async fn documents_are_fetched_later() {
    let who = Outsider::enrol("sign-later", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let sad = who.session.authorize(&who.credential, &[Hash::of(DOCUMENT)]).await;
    let mut body = of_document(&algorithm, "AdES-B-T", DOCUMENT, None);
    body["operationMode"] = "A".into();
    let id = sign_doc(&who, &sad, body).await.ok()["responseID"].as_str().unwrap().to_owned();
    let fetched = fetched(&who.session, &id).await.ok();
    openssl(&objects(&fetched, "DocumentWithSignature")[0], DOCUMENT, true);
}

#[tokio::test]
async fn what_is_validated_with_comes_beside_where_that_is_asked_for() {
    let who = Outsider::enrol("sign-info", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let sad = who.session.authorize(&who.credential, &[Hash::of(DOCUMENT)]).await;
    // The CA, its responder, the signer, and from B-T on who stamps; an answer about each of the last two.
    for (level, certificates, answers) in [("AdES-B-B", 3, 1), ("AdES-B-T", 4, 2), ("AdES-B-LT", 4, 2)] {
        let mut body = of_digest(&algorithm, level, DOCUMENT);
        body["returnValidationInfo"] = true.into();
        let answer = sign_doc(&who, &sad, body).await.ok();
        let info = &answer["validationInfo"];
        assert_eq!(info["certificates"].as_array().unwrap().len(), certificates, "{level}");
        assert_eq!(info["ocsp"].as_array().unwrap().len(), answers, "{level}");
        assert!(info["crl"].is_null(), "an answer is enough");
    }
}

/// The time-stamping authority is away when it is needed; afterwards the same call brings what was missing.
#[tokio::test]
async fn after_a_time_stamp_failure_nothing_is_signed_twice() {
    let mut pieces = Pieces::seeded();
    pieces.start_signer();
    pieces.configure("gateway.toml", |config| {
        config["timestamp"]["url"] = format!("http://127.0.0.1:{}/tsa", harness::free_port()).into();
    });
    pieces.start_gateway();
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "stampless", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let sad = who.session.authorize(&who.credential, &[Hash::of(DOCUMENT)]).await;
    let stamped = || of_digest(&algorithm, "AdES-B-T", DOCUMENT);
    assert!(sign_doc(&who, &sad, stamped()).await.is_away());
    let plain = sign_doc(&who, &sad, of_digest(&algorithm, "AdES-B-B", DOCUMENT)).await.ok();
    // The shared sandbox's authority serves this gateway too.
    pieces.stop_gateway();
    pieces.configure("gateway.toml", |config| {
        config["timestamp"]["url"] = shared().ready.tsa.clone().unwrap().into();
    });
    pieces.start_gateway();
    let session = pieces.api().login(&who.user).await;
    let who = Outsider { session, ..who };
    let late = sign_doc(&who, &sad, stamped()).await.ok();
    let (plain, late) = (&objects(&plain, "SignatureObject")[0], &objects(&late, "SignatureObject")[0]);
    let value = &plain[plain.len() - 64..];
    assert!(late.windows(64).any(|window| window == value), "another signature");
    assert!(late.len() > plain.len() + 500);
}

#[tokio::test]
async fn without_an_authority_there_is_no_level_t() {
    let mut pieces = Pieces::seeded();
    pieces.start_signer();
    pieces.configure("gateway.toml", |config| {
        config.remove("timestamp");
    });
    pieces.start_gateway();
    let info = pieces.api().post("/csc/v2/info", &[], "{}").await.ok();
    assert_eq!(info["conformance_levels"], json!(["AdES-B-B"]));
    let with = shared().api().post("/csc/v2/info", &[], "{}").await.ok();
    assert_eq!(with["conformance_levels"], json!(["AdES-B-B", "AdES-B-T", "AdES-B-LT", "AdES-B-LTA"]));
    assert_eq!(with["signature_formats"]["formats"], json!(["C", "P", "X", "J"]));
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "levelless", Wanted::QUICK).await;
    let sad = who.session.authorize(&who.credential, &[Hash::of(DOCUMENT)]).await;
    let heard = sign_doc(&who, &sad, of_digest(&Algorithm::usual("P-256"), "AdES-B-T", DOCUMENT)).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter conformance_level"));
}
