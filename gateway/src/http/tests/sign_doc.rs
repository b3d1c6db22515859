//! `signatures/signDoc`: every row of its table, in its order, and what becomes of the signer's answers.

mod refused;
mod waiting;

use axum::body::Body;
use axum::http::Request;
use rsign_api::bytes::Bytes;
use rsign_api::signer::{DocumentSubject, KnownDocument, Refusal};
use serde_json::{Value, json};

use super::{Bench, HASH, Heard, until};
use crate::domain::client::{PinTransport, Reach};
use crate::service::documents::MUCH;

const RSA: &str = "1.2.840.113549.1.1.11";
const BARE: &str = "1.2.840.113549.1.1.1";
const PSS: &str = "1.2.840.113549.1.1.10";

struct Scene {
    bench: Bench,
    token: String,
    credential: String,
}

impl Scene {
    async fn with(auth: &str, limits: &str) -> Self {
        let bench = Bench::with(auth, limits).await;
        let credential = bench.credential(&bench.ann, rsign_api::signer::Scal::Two).await;
        let token = bench.login("ann").await;
        Self { bench, token, credential }
    }

    async fn set() -> Self {
        Self::with("basic = true\n[timestamp]\nurl = \"https://tsa.example\"", "").await
    }

    fn body(&self, content: Value) -> Value {
        let mut body = content;
        body["credentialID"] = json!(self.credential);
        body["SAD"] = json!("sad_one");
        body
    }

    async fn call(&self, body: Value) -> Heard {
        self.raw(body.to_string()).await
    }

    async fn raw(&self, body: String) -> Heard {
        self.bench.raw("/csc/v2/signatures/signDoc", &self.token, &body).await
    }
}

fn digest() -> Value {
    json!({ "hashes": [HASH], "signature_format": "C", "signAlgo": RSA })
}

fn with(name: &str, value: Value) -> Value {
    let mut entry = digest();
    entry[name] = value;
    json!({ "documentDigests": [entry] })
}

fn document(name: &str, value: Value) -> Value {
    let mut entry = json!({ "document": "AQID", "signature_format": "C", "signAlgo": RSA });
    entry[name] = value;
    json!({ "documents": [entry] })
}

#[tokio::test]
async fn every_row_has_its_sentence() {
    let scene = Scene::set().await;
    let without = |name: &str| {
        let mut body = scene.body(with("x", Value::Null));
        body[name] = Value::Null;
        body
    };
    let changed = |name: &str, value: Value| {
        let mut body = scene.body(with("x", Value::Null));
        body[name] = value;
        body
    };
    let bare = with("signAlgo", json!(BARE));
    let rows: Vec<(Value, &str)> = vec![
        (without("SAD"), "Missing (or invalid type) string parameter SAD"),
        (changed("SAD", json!(7)), "Missing (or invalid type) string parameter SAD"),
        (changed("SAD", json!("dummy")), "Invalid parameter SAD"),
        (changed("signatureQualifier", json!(7)), "Invalid parameter signatureQualifier"),
        (changed("signatureQualifier", json!("eu_eidas_qes")), "Invalid parameter signatureQualifier"),
        (without("credentialID"), "Missing (or invalid type) string parameter credentialID"),
        (changed("credentialID", json!("other")), "Invalid parameter credentialID"),
        (scene.body(json!({ "documentDigests": "x" })), "Invalid object parameter documentDigests"),
        (scene.body(json!({ "documentDigests": digest() })), "Invalid object parameter documentDigests"),
        (scene.body(with("hashes", json!([]))), "Invalid object parameter documentDigests"),
        (scene.body(json!({ "documents": {} })), "Invalid array parameter documents"),
        (scene.body(document("document", Value::Null)), "Invalid array parameter documents"),
        (scene.body(json!({})), "Empty documentDigests and documents objects"),
        (changed("documents", json!([{}])), "Both documentDigests and documents parameters passed"),
        (scene.body(with("hashes", json!(["?"]))), "Invalid Base64 hashes string parameter"),
        (scene.body(document("document", json!("?"))), "Invalid Base64 documents string parameter"),
        (
            scene.body(with("signature_format", Value::Null)),
            "Missing (or invalid type) string parameter signature_format",
        ),
        (scene.body(with("signature_format", json!("Z"))), "Invalid parameter signature_format"),
        (scene.body(with("signature_format", json!("Q"))), "Invalid parameter signature_format"),
        (scene.body(with("conformance_level", json!("AdES-B-X"))), "Invalid parameter conformance_level"),
        (scene.body(with("conformance_level", json!(7))), "Invalid parameter conformance_level"),
        (scene.body(with("signAlgo", Value::Null)), "Missing (or invalid type) string parameter signAlgo"),
        (scene.body(with("signAlgo", json!(PSS))), "Missing (or invalid type) string parameter signAlgoParams"),
        (scene.body(bare.clone()), "Missing (or invalid type) string parameter hashAlgorithmOID"),
        (
            scene.body(with("hashAlgorithmOID", json!("1.3.14.3.2.26"))),
            "Invalid parameter hashAlgorithmOID",
        ),
        (
            scene.body(with("hashAlgorithmOID", json!("2.16.840.1.101.3.4.2.3"))),
            "String parameter hashAlgorithmOID contradicts with signAlgo parameter",
        ),
        (
            changed("hashAlgorithmOID", json!("2.16.840.1.101.3.4.2.2")),
            "String parameter hashAlgorithmOID contradicts with signAlgo parameter",
        ),
        (scene.body(with("signAlgo", json!("1.2.840.10045.4.3.2"))), "Invalid parameter signAlgo"),
        (
            scene.body(with("signed_props", json!([{ "attribute_name": "colour", "attribute_value": "BQA=" }, { "attribute_name": "<i>", "attribute_value": "BQA=" }]))),
            "Invalid parameter signed_props (colour, i)",
        ),
        (
            scene.body(with("signed_props", json!([{ "attribute_name": "mime-type" }]))),
            "Invalid parameter signed_props (mime-type)",
        ),
        (scene.body(with("signed_props", json!("mime-type"))), "Invalid parameter signed_props"),
        (scene.body(with("signed_envelope_property", json!("Attached"))), "Invalid parameter signed_envelope_property"),
        (scene.body(document("signed_envelope_property", json!("x"))), "Invalid parameter signed_envelope_property"),
        (scene.body(with("hashes", json!("AAAA"))), "Invalid digest value length"),
        (changed("operationMode", json!("B")), "Invalid parameter operationMode"),
    ];
    for (body, sentence) in rows {
        assert_eq!(scene.call(body.clone()).await.error(), (400, "invalid_request", sentence), "{body}");
    }
    assert!(scene.bench.signer.documents.lock().unwrap().is_empty(), "the signer heard nothing of it");
    // Earlier rows come first.
    let wrong = json!({ "documentDigests": [{ "hashes": ["?"], "signature_format": 7 }], "SAD": "dummy" });
    assert_eq!(scene.call(wrong).await.error().2, "Invalid parameter SAD");
}

#[tokio::test]
async fn what_is_right_reaches_the_signer_and_comes_back_in_its_list() {
    let scene = Scene::set().await;
    let heard = scene.call(scene.body(with("hashes", json!(HASH)))).await;
    assert_eq!(heard.status, 200, "{}", heard.json);
    assert_eq!(heard.json["SignatureObject"].as_array().unwrap().len(), 1);
    assert!(heard.json.get("DocumentWithSignature").is_none());
    let heard = scene.call(scene.body(document("conformance_level", json!("Ades-B-T")))).await;
    assert_eq!(heard.status, 200, "{}", heard.json);
    assert_eq!(heard.json["DocumentWithSignature"].as_array().unwrap().len(), 1);
    let asked = scene.bench.signer.documents.lock().unwrap();
    let subjects: Vec<_> = asked.iter().map(|ask| ask.documents[0].subject.clone()).collect();
    assert_eq!(subjects[0], DocumentSubject::Digest(Bytes(vec![0; 32])));
    assert_eq!(subjects[1], DocumentSubject::Document(vec![1, 2, 3].into()));
    assert!(asked.iter().all(|ask| ask.chain.len() == 2 && ask.user.as_ref() == Some(&scene.bench.ann)));
}

/// Nothing that needs a parser is done here: the signer is handed what has to be known of the document, and no more.
#[tokio::test]
async fn what_is_foreign_is_the_signers_to_complete() {
    let scene = Scene::set().await;
    let handed = async |content: Value| {
        let heard = scene.call(scene.body(content)).await;
        assert_eq!(heard.status, 200, "{}", heard.json);
        let asked: Vec<_> = scene.bench.signer.completed.lock().unwrap().drain(..).collect();
        let completed = heard.json.to_string().contains("Y29tcGxldGVk");
        assert_eq!(completed, !asked.is_empty(), "what it gives is the answer");
        asked.into_iter().map(|asked| (asked.subject, asked.stamp.is_some(), asked.evidence.is_some())).next()
    };
    let level = |mut content: Value, list: &str, level: &str| {
        content[list][0]["conformance_level"] = json!(level);
        content
    };
    assert_eq!(handed(with("x", Value::Null)).await, None);
    assert_eq!(handed(document("x", Value::Null)).await, None);
    let digest = KnownDocument::Elsewhere { length: None, digest: Some(Bytes(vec![0; 32])) };
    let heard = handed(level(with("x", Value::Null), "documentDigests", "AdES-B-T")).await;
    assert_eq!(heard, Some((digest, true, false)));
    let length = KnownDocument::Elsewhere { length: Some(3), digest: None };
    assert_eq!(handed(level(document("x", Value::Null), "documents", "AdES-B-T")).await, Some((length, true, false)));
    let whole = || KnownDocument::Document(vec![1, 2, 3].into());
    let beside = || document("signed_envelope_property", json!("Parallel"));
    assert_eq!(handed(beside()).await, Some((whole(), false, false)));
    assert_eq!(handed(level(beside(), "documents", "AdES-B-T")).await, Some((whole(), true, false)));
    let mut json = beside();
    json["documents"][0]["signature_format"] = json!("J");
    assert_eq!(handed(json).await, Some((whole(), false, false)));
}

#[tokio::test]
async fn refusals_of_the_signer_speak_of_documents() {
    let scene = Scene::set().await;
    let not_authorized = "documentDigests or documents are not authorized by the SAD";
    let mismatch = "Document or documentDigest does not match authorized hash";
    for (refusal, expected) in [
        (Refusal::HashNotAuthorized, (400, "invalid_request", not_authorized)),
        (Refusal::ForeignDocument, (403, "invalid_hash", mismatch)),
        (Refusal::SadExpired, (400, "invalid_request", "SAD expired")),
        (Refusal::InvalidSad, (400, "invalid_request", "Invalid parameter SAD")),
        (Refusal::CertificateExpired, (400, "invalid_request", "Signing certificate is expired")),
        (Refusal::Format, (400, "invalid_request", "Invalid parameter signature_format")),
        (Refusal::Envelope, (400, "invalid_request", "Invalid parameter signed_envelope_property")),
        (Refusal::Document, (400, "invalid_request", "Invalid array parameter documents")),
        (Refusal::Property, (400, "invalid_request", "Invalid parameter signed_props")),
    ] {
        *scene.bench.signer.refusal.lock().unwrap() = Some(refusal);
        let body = scene.body(with("x", Value::Null));
        assert_eq!(scene.call(body.clone()).await.error(), expected, "{refusal:?}");
        // In mode A too, within the patience of an answer.
        let mut later = body;
        later["operationMode"] = "A".into();
        assert_eq!(scene.call(later).await.error(), expected, "{refusal:?}");
    }
}

#[tokio::test]
async fn its_bodies_may_be_longer_than_others() {
    let scene = Scene::with("basic = true", "documents = 4000000").await;
    let long = |octets: usize| document("document", json!(data_encoding::BASE64.encode(&vec![7; octets])));
    assert_eq!(scene.call(scene.body(long(1_000_000))).await.status, 200);
    assert_eq!(scene.call(scene.body(long(4_000_000))).await.status, 413);
    let body = scene.body(long(1_000_000)).to_string();
    assert_eq!(scene.bench.raw("/csc/v2/signatures/signHash", &scene.token, &body).await.status, 413);
}

#[tokio::test]
async fn a_stranger_learns_nothing() {
    let scene = Scene::set().await;
    let other = scene.bench.client_token("other", PinTransport::Clear, Reach::Linked).await;
    let heard = scene.bench.call("/csc/v2/signatures/signDoc", &other, scene.body(with("x", Value::Null))).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter credentialID"));
}

#[tokio::test]
async fn a_26_time_stamps_count_like_calls() {
    let timestamp = "basic = true\n[timestamp]\nurl = \"https://tsa.example\"";
    let scene = Scene::with(timestamp, "client_calls_per_second = 20").await;
    let mut entry = digest();
    entry["conformance_level"] = json!("AdES-B-T");
    entry["hashes"] = json!(vec![HASH; 8]);
    let body = || scene.body(json!({ "documentDigests": [entry.clone()] }));
    for _ in 0..2 {
        assert_eq!(scene.call(body()).await.status, 200);
    }
    let heard = scene.call(body()).await;
    assert_eq!((heard.status, heard.headers["retry-after"].to_str().unwrap()), (429, "1"), "{}", heard.json);
    assert_eq!(scene.bench.signer.documents.lock().unwrap().len(), 2, "nothing was signed");
    assert_eq!(scene.call(scene.body(json!({ "documentDigests": [digest()] }))).await.status, 200, "a call alone fits");
}

#[tokio::test]
async fn what_a_pdf_is_to_hold_comes_beside_a_signature_of_its_digest_or_not_at_all() {
    let scene = Scene::set().await;
    let of = |level: &str, validation: bool| {
        let mut entry = digest();
        (entry["signature_format"], entry["conformance_level"]) = (json!("P"), json!(level));
        scene.body(json!({ "documentDigests": [entry], "returnValidationInfo": validation }))
    };
    let refused = (400, "invalid_request", "Invalid parameter conformance_level");
    for (level, validation) in [("AdES-B-LT", false), ("AdES-B-LTA", false), ("AdES-B-LTA", true)] {
        assert_eq!(scene.call(of(level, validation)).await.error(), refused, "{level}");
    }
    assert!(scene.bench.signer.documents.lock().unwrap().is_empty());
    // The signer's CA is none that could be validated here: that is seen before anything is signed, and after the SAD.
    assert_eq!(scene.call(of("AdES-B-LT", true)).await.status, 500);
    let mut later = of("AdES-B-LT", true);
    later["operationMode"] = json!("A");
    assert_eq!(scene.call(later).await.status, 500);
    assert!(scene.bench.signer.documents.lock().unwrap().is_empty());
    let mut bogus = of("AdES-B-LT", true);
    bogus["SAD"] = json!("sad_none");
    assert_eq!(scene.call(bogus).await.error(), (400, "invalid_request", "Invalid parameter SAD"));
}

/// The documents of a call, longer than what is sent along without a question.
fn long() -> String {
    data_encoding::BASE64.encode(&vec![7; usize::try_from(MUCH).unwrap() + 1])
}

/// How it is refused.
const NO_SAD: (u16, &str, &str) = (400, "invalid_request", "Invalid parameter SAD");

#[tokio::test]
async fn a_25_a_sad_that_is_none_is_refused_before_its_documents_are_kept() {
    let scene = Scene::set().await;
    let (bench, id) = (&scene.bench, &scene.credential);
    let (arriving, pieces) = tokio::sync::mpsc::channel::<String>(1);
    let pieces = futures_util::stream::unfold(pieces, |mut pieces| async {
        pieces.recv().await.map(|piece| (Ok::<_, std::convert::Infallible>(piece), pieces))
    });
    let request = Request::post("/csc/v2/signatures/signDoc")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {}", scene.token));
    let request = request.body(Body::from_stream(pieces)).unwrap();
    let call = async {
        let heard = bench.exchange(request).await;
        assert_eq!(heard.error(), NO_SAD);
    };
    let sending = async {
        let head = format!(r#"{{"SAD":"sad_none","credentialID":"{id}","documents":[{{"document":"{}"#, long());
        arriving.send(head).await.unwrap();
        let is_refused = || bench.signer.checked.lock().unwrap().len() == 1 && bench.site.app.spool.kept() == 0;
        until("it is refused, and nothing kept", || is_refused().then_some(())).await;
        // It is listened to, so that it hears why, and no more is kept.
        for _ in 0..4 {
            arriving.send(long()).await.unwrap();
            assert_eq!(bench.site.app.spool.kept(), 0);
        }
        arriving.send(r#"","signature_format":"C","signAlgo":"1.2.840.113549.1.1.11"}]}"#.to_owned()).await.unwrap();
        drop(arriving);
    };
    tokio::join!(call, sending);
    let checked = bench.signer.checked.lock().unwrap();
    assert_eq!((checked[0].credential.as_deref(), checked[0].user.as_ref()), (Some(id.as_str()), Some(&bench.ann)));
    assert!(bench.signer.documents.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_25_a_sad_that_comes_last_is_looked_at_before_its_documents_are_sent() {
    let scene = Scene::set().await;
    let (bench, id) = (&scene.bench, &scene.credential);
    let entry = |document: &str| format!(r#"{{"document":"{document}","signature_format":"C","signAlgo":"{RSA}"}}"#);
    let last = |sad: &str, document: &str| {
        let entry = entry(document);
        scene.raw(format!(r#"{{"documents":[{entry}],"credentialID":"{id}","SAD":"{sad}"}}"#))
    };
    let asked = || {
        let (checked, documents) = (bench.signer.checked.lock().unwrap().len(), bench.signer.documents.lock().unwrap());
        (checked, documents.len())
    };
    assert_eq!(last("sad_none", &long()).await.error(), NO_SAD);
    assert_eq!(asked(), (1, 0));
    assert_eq!(last("sad_one", &long()).await.status, 200);
    assert_eq!(asked(), (2, 1));
    // Where it comes first it is looked at then, and not again.
    let first = format!(r#"{{"SAD":"sad_one","credentialID":"{id}","documents":[{}]}}"#, entry(&long()));
    assert_eq!(scene.raw(first).await.status, 200);
    assert_eq!(asked(), (3, 2));
    // What is short goes along with its SAD.
    assert_eq!(last("sad_one", "AQID").await.status, 200);
    assert_eq!(asked(), (3, 3));
}
