//! `rsign_refused`: which entries of signDoc are refused, and why; beside the standard's sentence, and never in its place.

use rsign_ades::{cms, jws, pdf, xml};
use rsign_api::objection::{Array, Detail, Member, Objection, Place, Reason};
use rsign_api::signer::RefusedDocument;

use super::*;
use crate::domain::client::BASIC;
use crate::domain::job::{Failure, Job, Progress};

const DOCUMENTS: (u16, &str, &str) = (400, "invalid_request", "Invalid array parameter documents");

fn refused(refused: &[(u32, Reason)]) -> Vec<RefusedDocument> {
    refused.iter().map(|(place, reason)| RefusedDocument { place: *place, reason: *reason }).collect()
}

fn told(array: &str, index: usize, property: Option<&str>, reason: Reason) -> Value {
    let mut told = json!({ "array": array, "index": index, "reason": reason, "explanation": reason.explanation() });
    if let Some(property) = property {
        told["property"] = json!(property);
    }
    if let Some(member) = reason.member() {
        told["member"] = json!(member);
    }
    told
}

fn with(mut told: Value, name: &str, value: Value) -> Value {
    told[name] = value;
    told
}

/// Entries of PDFs, each of other octets.
fn documents(count: u8) -> Value {
    let one = |octet| {
        let document = data_encoding::BASE64.encode(&[octet]);
        json!({ "document": document, "signature_format": "P", "signAlgo": RSA })
    };
    json!({ "documents": (0..count).map(one).collect::<Vec<_>>() })
}

#[tokio::test]
async fn the_signers_reasons_stand_beside_the_sentence_with_their_places() {
    let scene = Scene::set().await;
    let body = scene.body(documents(4));
    for (reasons, sentence, expected) in [
        (
            &[(1, Reason::Encrypted), (3, Reason::Damaged)][..],
            "Invalid array parameter documents",
            json!([told("documents", 1, None, Reason::Encrypted), told("documents", 3, None, Reason::Damaged)]),
        ),
        (
            &[(0, Reason::NotFirst)],
            "Invalid parameter signed_envelope_property",
            json!([told("documents", 0, None, Reason::NotFirst)]),
        ),
        (
            &[(2, Reason::OffPage), (3, Reason::OffPage), (3, Reason::Hybrid)],
            "Invalid parameter signed_props (Rect)",
            json!([
                told("documents", 2, Some("Rect"), Reason::OffPage),
                told("documents", 3, Some("Rect"), Reason::OffPage),
                told("documents", 3, None, Reason::Hybrid)
            ]),
        ),
        (
            &[(0, Reason::Algorithm)],
            "Invalid parameter signAlgo",
            json!([told("documents", 0, None, Reason::Algorithm)]),
        ),
    ] {
        *scene.bench.signer.refused.lock().unwrap() = refused(reasons);
        let heard = scene.call(body.clone()).await;
        assert_eq!(heard.error(), (400, "invalid_request", sentence), "{reasons:?}");
        assert_eq!(heard.json["rsign_refused"], expected);
        // In mode A too, within the patience of an answer.
        let mut later = body.clone();
        later["operationMode"] = "A".into();
        let heard = scene.call(later).await;
        assert_eq!((heard.error().2, &heard.json["rsign_refused"]), (sentence, &expected));
    }
    *scene.bench.signer.refused.lock().unwrap() = refused(&[(2, Reason::NotApproved)]);
    let heard = scene.call(body.clone()).await;
    let mismatch = "Document or documentDigest does not match authorized hash";
    assert_eq!(heard.error(), (403, "invalid_hash", mismatch));
    assert_eq!(heard.json["rsign_refused"], json!([told("documents", 2, None, Reason::NotApproved)]));
    // What is spent, or not there to be spent, has the sentence of its own that signDoc has for it.
    for reason in [Reason::Spent, Reason::Reserved, Reason::ApprovedOtherwise, Reason::TooManySignatures] {
        *scene.bench.signer.refused.lock().unwrap() = refused(&[(1, reason)]);
        for mode in ["S", "A"] {
            let mut body = body.clone();
            body["operationMode"] = mode.into();
            let heard = scene.call(body).await;
            let sentence = "documentDigests or documents are not authorized by the SAD";
            assert_eq!(heard.error(), (400, "invalid_request", sentence), "{reason:?}");
            assert_eq!(heard.json["rsign_refused"], json!([told("documents", 1, None, reason)]));
        }
    }
    // Documents that nobody sent are no reason to say anything of others.
    *scene.bench.signer.refused.lock().unwrap() = refused(&[(4, Reason::Encrypted)]);
    let heard = scene.call(body).await;
    assert_eq!((heard.error().0, heard.json.get("rsign_refused")), (503, None));
}

#[tokio::test]
async fn an_entry_of_several_hashes_is_one_place() {
    let scene = Scene::set().await;
    let mut several = digest();
    several["hashes"] = json!([HASH, HASH, HASH]);
    *scene.bench.signer.refused.lock().unwrap() =
        refused(&[(1, Reason::TooLongTogether), (2, Reason::TooLongTogether), (3, Reason::TooLongTogether)]);
    let heard = scene.call(scene.body(json!({ "documentDigests": [several, digest()] }))).await;
    let each = |index| told("documentDigests", index, None, Reason::TooLongTogether);
    assert_eq!(heard.json["rsign_refused"], json!([each(0), each(1)]));
}

#[tokio::test]
async fn properties_are_named_with_what_is_wrong_with_them() {
    let scene = Scene::set().await;
    let heard = async |mut entry: Value, array: &str, said: &[(&str, Option<&str>)]| {
        let one = |(name, value): &(&str, Option<&str>)| json!({ "attribute_name": name, "attribute_value": value });
        entry["signed_props"] = said.iter().map(one).collect();
        let heard = scene.call(scene.body(json!({ array: [entry] }))).await;
        let (status, error, sentence) = heard.error();
        assert_eq!((status, error), (400, "invalid_request"));
        (sentence.to_owned(), heard.json["rsign_refused"].clone())
    };
    let pdf = || documents(1)["documents"][0].clone();
    let sentence = |names: &str| format!("Invalid parameter signed_props ({names})");
    let wrong = [
        ("Reason", Some("a")),
        ("Reason", Some("b")),
        ("Text", Some("x")),
        ("Page", Some("none")),
        ("Colour", Some("red")),
        ("Name", None),
    ];
    let expected = [
        ("Reason", Reason::SaidTwice),
        ("Page", Reason::BadValue),
        ("Colour", Reason::UnknownProperty),
        ("Name", Reason::NoValue),
        ("Text", Reason::NoPlace),
    ];
    let mut expected: Vec<Value> = expected.map(|(name, reason)| told("documents", 0, Some(name), reason)).to_vec();
    expected[1]["expected"] = json!("a number from 1");
    let names = sentence("Reason, Page, Colour, Name, Text");
    assert_eq!(heard(pdf(), "documents", &wrong).await, (names, json!(expected)));
    // What would be seen is judged before anybody reads the document.
    let at = ("Rect", Some("0 0 99 99"));
    for (text, expected) in [
        (None, told("documents", 0, Some("Text"), Reason::NoText)),
        (Some(""), told("documents", 0, Some("Text"), Reason::NoText)),
        (
            Some("Signed by \u{141}ukasz"),
            with(told("documents", 0, Some("Text"), Reason::Character), "character", json!("U+0141")),
        ),
    ] {
        let said: Vec<_> = std::iter::once(at).chain(text.map(|text| ("Text", Some(text)))).collect();
        assert_eq!(heard(pdf(), "documents", &said).await, (sentence("Text"), json!([expected])), "{text:?}");
    }
    // What stands in a document is not said of its digest.
    let mut of_digest = digest();
    of_digest["signature_format"] = json!("P");
    let commitment = ("signature-policy-identifier", Some("MAA="));
    let said_of_digest = [("Location", Some("Porto")), commitment, ("Rect", Some("0 0 99 99"))];
    let each = |name| told("documentDigests", 0, Some(name), Reason::NeedsDocument);
    let expected = (sentence("Location, Rect"), json!([each("Location"), each("Rect")]));
    assert_eq!(heard(of_digest, "documentDigests", &said_of_digest).await, expected);
    assert!(scene.bench.signer.documents.lock().unwrap().is_empty(), "the signer heard nothing of it");
    // Where the operator lets apps say nothing it is all of them.
    *scene.bench.signer.refused.lock().unwrap() = refused(&[(0, Reason::NotTaken)]);
    let each = |name| told("documents", 0, Some(name), Reason::NotTaken);
    let expected = (sentence("Reason, Name"), json!([each("Reason"), each("Name")]));
    assert_eq!(heard(pdf(), "documents", &[("Reason", Some("a")), ("Name", Some("b"))]).await, expected);
}

#[tokio::test]
async fn an_entry_that_is_wrong_is_named_before_anything_is_asked() {
    let scene = Scene::set().await;
    let whole = |document: Value| json!({ "document": document, "signature_format": "C", "signAlgo": RSA });
    let said = |reason| told("documents", 1, None, reason);
    let of = |member: Member, reason| with(said(reason), "member", json!(member));
    let plain = |name: &str, value: &str| {
        let mut entry = whole(json!("AQID"));
        entry[name] = json!(value);
        entry
    };
    for (entry, sentence, expected) in [
        (whole(Value::Null), "Invalid array parameter documents", said(Reason::Entry)),
        (json!(7), "Invalid array parameter documents", said(Reason::Entry)),
        (whole(json!("AQ\nID")), "Invalid Base64 documents string parameter", of(Member::Document, Reason::NoBase64)),
        (
            json!({ "document": "AQID" }),
            "Missing (or invalid type) string parameter signature_format",
            of(Member::SignatureFormat, Reason::Missing),
        ),
        (plain("signature_format", "PDF"), "Invalid parameter signature_format", said(Reason::UnknownFormat)),
        (plain("conformance_level", "LT"), "Invalid parameter conformance_level", said(Reason::UnknownLevel)),
        (plain("signAlgo", "1.2.840.10045.4.3.2"), "Invalid parameter signAlgo", said(Reason::KeyAlgorithm)),
        (
            plain("signed_envelope_property", "Enveloped"),
            "Invalid parameter signed_envelope_property",
            said(Reason::UnknownEnvelope),
        ),
    ] {
        let heard = scene.call(scene.body(json!({ "documents": [whole(json!("AQID")), entry] }))).await;
        assert_eq!(heard.error(), (400, "invalid_request", sentence));
        assert_eq!(heard.json["rsign_refused"], json!([expected]));
    }
    // Without a time-stamping authority there is the lowest level alone.
    let plain_scene = Scene::with("basic = true", "").await;
    let mut entry = whole(json!("AQID"));
    entry["conformance_level"] = json!("AdES-B-T");
    let heard = plain_scene.call(plain_scene.body(json!({ "documents": [entry] }))).await;
    assert_eq!(heard.error().2, "Invalid parameter conformance_level");
    assert_eq!(heard.json["rsign_refused"], json!([told("documents", 0, None, Reason::LevelNotOffered)]));
    // What is no entry's has no place.
    let heard = scene.call(scene.body(json!({ "documents": "x" }))).await;
    assert_eq!((heard.error(), heard.json.get("rsign_refused")), (DOCUMENTS, None));
}

#[tokio::test]
async fn a_signature_that_cannot_be_completed_is_named_too() {
    let scene = Scene::set().await;
    *scene.bench.signer.incomplete.lock().unwrap() = Some(Reason::Unreadable);
    let [plain, mut stamped] = ["AQID", "AQIE"].map(|text| document("document", json!(text))["documents"][0].clone());
    stamped["conformance_level"] = json!("AdES-B-T");
    let heard = scene.call(scene.body(json!({ "documents": [plain, stamped] }))).await;
    assert_eq!(heard.error(), DOCUMENTS);
    assert_eq!(heard.json["rsign_refused"], json!([told("documents", 1, None, Reason::Unreadable)]));
}

#[tokio::test]
async fn a_document_that_is_too_long_is_named_before_it_is_signed() {
    let scene = Scene::with("basic = true", "documents = 40000000").await;
    let long = data_encoding::BASE64.encode(&vec![7; (16 << 20) + 1]);
    let entry = |document: &str| json!({ "document": document, "signature_format": "J", "signAlgo": RSA, "signed_envelope_property": "Attached" });
    let heard = scene.call(scene.body(json!({ "documents": [entry("AQID"), entry(&long)] }))).await;
    assert_eq!(heard.error(), DOCUMENTS);
    let long = with(told("documents", 1, None, Reason::TooLong), "limit", json!(16 << 20));
    assert_eq!(heard.json["rsign_refused"], json!([long]));
    assert!(scene.bench.signer.documents.lock().unwrap().is_empty());
}

const LONG: (u16, &str, &str) = (413, "invalid_request", "The body, or a document in it or made of it, is too long");

#[tokio::test]
async fn what_is_too_long_for_the_call_says_which_entry_and_how_long_it_may_be() {
    let scene = Scene::with("basic = true", "documents = 40000000").await;
    let entry = |octets: usize, envelope: &str| {
        let document = data_encoding::BASE64.encode(&vec![7; octets]);
        json!({ "document": document, "signature_format": "C", "signAlgo": RSA, "signed_envelope_property": envelope })
    };
    // What waits to be fetched has to fit into a row of the store, in Base64.
    let mut later = scene.body(json!({ "documents": [entry(10, "Detached"), entry(9_000_000, "Attached")] }));
    later["operationMode"] = json!("A");
    let heard = scene.call(later.clone()).await;
    assert_eq!(heard.error(), LONG);
    let too_long = with(told("documents", 1, None, Reason::TooLongToWait), "limit", json!(8 << 20));
    assert_eq!(heard.json["rsign_refused"], json!([too_long]));
    assert!(scene.bench.signer.documents.lock().unwrap().is_empty(), "nothing was signed");
    later["operationMode"] = json!("S");
    assert_eq!(scene.call(later).await.status, 200);
}

#[tokio::test]
async fn who_polls_hears_the_same() {
    let scene = Scene::set().await;
    let place = Place { array: Array::Documents, index: 2 };
    let objection = Objection::new(place, Reason::Locked).with(Detail::Limit(7));
    let job = Job {
        client: BASIC.to_owned(),
        user: scene.bench.ann.clone(),
        eras: None,
        credential: scene.credential.clone(),
        documents: true,
        progress: Progress::Failed(Failure::Documents(vec![objection])),
        expires_at: scene.bench.parts.clock.now() + 3_600_000,
    };
    assert!(scene.bench.parts.repositories.jobs.store("a-job", job).await.unwrap());
    let poll = json!({ "requestID": "a-job" });
    let heard = scene.bench.call("/csc/v2/signatures/signPolling", &scene.token, poll).await;
    assert_eq!(heard.error(), DOCUMENTS);
    let expected = with(told("documents", 2, None, Reason::Locked), "limit", json!(7));
    assert_eq!(heard.json["rsign_refused"], json!([expected]));
}

/// What the document shows of `signed_props` is taken, and it leaves no name out.
#[tokio::test]
async fn the_document_shows_every_property() {
    let scene = Scene::set().await;
    let document = rsign_openapi::Document::parse(rsign_openapi::CSC_V2).unwrap();
    let operation = document.find("post", "/csc/v2/signatures/signDoc").unwrap().value;
    let examples = operation.pointer("/requestBody/content/application~1json/examples").unwrap().as_object().unwrap();
    let mut formats = Vec::new();
    for (name, example) in examples {
        let mut body = scene.body(example["value"].clone());
        let Some(entry) = body["documents"].get_mut(0).filter(|entry| entry.get("signed_props").is_some()) else {
            continue;
        };
        entry["signAlgo"] = json!(RSA);
        formats.push(entry["signature_format"].as_str().unwrap().to_owned());
        let _ = scene.call(body.clone()).await;
        let heard: Vec<_> = scene.bench.signer.documents.lock().unwrap().drain(..).collect();
        let said = |property: &Value| property["attribute_name"].as_str().unwrap().to_owned();
        let wanted: Vec<String> = body["documents"][0]["signed_props"].as_array().unwrap().iter().map(said).collect();
        let names: Vec<String> = heard[0].documents[0].properties.iter().map(|one| one.name.clone()).collect();
        assert_eq!(names, wanted, "{name}");
    }
    formats.sort();
    assert_eq!(formats, ["C", "J", "P", "P", "X"]);
    let description = operation["description"].as_str().unwrap();
    let cms = cms::NAMES.map(|(name, _)| name);
    for name in [&cms[..], &jws::NAMES, &xml::NAMES, &pdf::ENTRIES, &pdf::PLACES].concat() {
        assert!(description.contains(&format!("`{name}`")), "{name}");
    }
}
