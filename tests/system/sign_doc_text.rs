//! `signatures/signDoc` in the formats that are text, JAdES and XAdES, through the whole service; judged by EU DSS.

use std::path::Path;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use harness::dss::{self, Job};
use harness::verify::Sha;
use harness::{Algorithm, Hash, Wanted, shared};
use rsign_api::algorithm::HashAlgorithm;
use serde_json::{Value, json};

use crate::common::Outsider;
use crate::sign_doc::{entry_of, objects, sign_doc};

const DOCUMENT: &str = "<order>12 \u{20ac}</order>\r\n";

/// What the signature calls a document whose digest was given: nobody else named it.
pub(crate) fn name(algorithm: &Algorithm, document: &str) -> String {
    let hash = Hash::with(algorithm.sha, document).digest;
    let function = match algorithm.sha {
        Sha::Sha256 => HashAlgorithm::Sha256,
        Sha::Sha384 => HashAlgorithm::Sha384,
        Sha::Sha512 => HashAlgorithm::Sha512,
    };
    rsign_ades::name(function, &hash)
}

/// The request's list and entry, and the answer's list.
fn asked(format: &str, algorithm: &Algorithm, level: &str, envelope: &str) -> (Value, &'static str) {
    let digest = || json!({ "hashes": [Hash::with(algorithm.sha, DOCUMENT).base64()] });
    let document = || json!({ "document": BASE64.encode(DOCUMENT.as_bytes()), "signed_envelope_property": envelope });
    match envelope {
        "" => (json!({ "documentDigests": [entry_of(format, algorithm, level, digest())] }), "SignatureObject"),
        "Detached" => (json!({ "documents": [entry_of(format, algorithm, level, document())] }), "SignatureObject"),
        _ => (json!({ "documents": [entry_of(format, algorithm, level, document())] }), "DocumentWithSignature"),
    }
}

/// The time-stamp on all of it would be over the document, too.
#[tokio::test]
async fn of_a_digest_alone_there_is_no_b_lta() {
    let who = Outsider::enrol("sign-text-lta", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let sad = who.session.authorize(&who.credential, &[Hash::of(DOCUMENT)]).await;
    for format in ["J", "X"] {
        let (body, _) = asked(format, &algorithm, "AdES-B-LTA", "");
        let heard = sign_doc(&who, &sad, body).await;
        assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter conformance_level"), "{format}");
    }
}

#[tokio::test]
async fn formats_are_mixed_in_one_call() {
    let who = Outsider::enrol("sign-mix", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let hashes = Hash::many("mixed", 3);
    let sad = who.session.authorize(&who.credential, &hashes).await;
    let formats = ["J", "C", "X"];
    let one =
        |(format, hash): (&&str, &Hash)| entry_of(format, &algorithm, "AdES-B-B", json!({ "hashes": [hash.base64()] }));
    let body = json!({ "documentDigests": formats.iter().zip(&hashes).map(one).collect::<Vec<_>>() });
    let answer = sign_doc(&who, &sad, body).await.ok();
    let (folder, root) = (tempfile::tempdir().unwrap(), Path::new(&shared().ready.signing_ca));
    let mut jobs = Vec::new();
    for (at, object) in objects(&answer, "SignatureObject").iter().enumerate() {
        let (file, content) = (folder.path().join(format!("{at}.sig")), folder.path().join(format!("{at}.bin")));
        std::fs::write(&file, object).unwrap();
        std::fs::write(&content, &hashes[at].message).unwrap();
        let named = name(&algorithm, &format!("mixed {at}"));
        jobs.push(Job::new(&file, root).detached(&content, &named).without_revocation());
    }
    assert_eq!(jobs.len(), 3);
    let Some(said) = dss::judge(&jobs) else { return };
    for (format, verdicts) in ["JAdES", "CAdES", "XAdES"].into_iter().zip(said) {
        verdicts.unwrap()[0].passes_as(&format!("{format}-BASELINE-B"));
    }
}

#[tokio::test]
async fn json_and_xml_repeat_what_they_said() {
    let who = Outsider::enrol("sign-text-again", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    for (format, envelope) in [("J", "Attached"), ("X", "Enveloping"), ("X", "Enveloped")] {
        let sad = who.session.authorize(&who.credential, &[Hash::of(DOCUMENT)]).await;
        let (body, list) = asked(format, &algorithm, "AdES-B-B", envelope);
        let first = sign_doc(&who, &sad, body.clone()).await.ok();
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        assert_eq!(sign_doc(&who, &sad, body).await.ok(), first, "though the signing time would be another");
        let (stamped, _) = asked(format, &algorithm, "AdES-B-LTA", envelope);
        let stamped = String::from_utf8(objects(&sign_doc(&who, &sad, stamped).await.ok(), list)[0].clone()).unwrap();
        let first = String::from_utf8(objects(&first, list)[0].clone()).unwrap();
        let value = match format {
            "J" => first.rsplit('.').next().unwrap().to_owned(),
            _ => first.split("</ds:SignatureValue>").next().unwrap().rsplit('>').next().unwrap().to_owned(),
        };
        assert!(value.len() > 80 && stamped.contains(&value), "signed once");
    }
}

#[tokio::test]
async fn properties_stand_in_what_is_signed() {
    let who = Outsider::enrol("sign-text-props", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let (folder, root) = (tempfile::tempdir().unwrap(), Path::new(&shared().ready.signing_ca));
    let xades =
        |name: &str, content: &str| format!("<{name} xmlns='http://uri.etsi.org/01903/v1.3.2#'>{content}</{name}>");
    let json = [
        ("sigPl", r#"{"addressLocality":"Porto"}"#.to_owned()),
        ("srAts", r#"{"claimed":[{"mediaType":"text/plain","encoding":"utf-8","qVals":["Owner"]}]}"#.to_owned()),
    ];
    let xml = [
        ("SignatureProductionPlaceV2", xades("SignatureProductionPlaceV2", "<City>Porto</City>")),
        ("SignerRoleV2", xades("SignerRoleV2", "<ClaimedRoles><ClaimedRole>Owner</ClaimedRole></ClaimedRoles>")),
    ];
    let mut jobs = Vec::new();
    for (format, envelope, said) in [("J", "Attached", &json), ("X", "Enveloped", &xml)] {
        let said = said
            .iter()
            .map(|(name, value)| json!({ "attribute_name": name, "attribute_value": BASE64.encode(value.as_bytes()) }));
        let sad = who.session.authorize(&who.credential, &[Hash::of(DOCUMENT)]).await;
        let (mut body, list) = asked(format, &algorithm, "AdES-B-B", envelope);
        body["documents"][0]["signed_props"] = said.collect();
        let answer = sign_doc(&who, &sad, body.clone()).await.ok();
        let file = folder.path().join(format);
        std::fs::write(&file, &objects(&answer, list)[0]).unwrap();
        jobs.push(Job::new(&file, root).without_revocation());
        // One approval, one signature: nothing else is said with it.
        body["documents"][0]["signed_props"] = json!([]);
        let heard = sign_doc(&who, &sad, body).await;
        let sentence = "documentDigests or documents are not authorized by the SAD";
        assert_eq!(heard.error(), (400, "invalid_request", sentence), "{format}");
    }
    for verdicts in dss::judge(&jobs).into_iter().flatten() {
        let verdict = &verdicts.unwrap()[0];
        assert_eq!(
            (verdict.indication.as_str(), &verdict.said[..]),
            ("TOTAL_PASSED", &["place Porto".to_owned(), "role Owner".to_owned()][..])
        );
    }
}

#[tokio::test]
async fn what_json_and_xml_cannot_say_is_refused_and_nothing_is_spent() {
    let who = Outsider::enrol("sign-text-no", Wanted { key: "RSA-2048", ..Wanted::QUICK }).await;
    let usual = Algorithm::pkcs1(Sha::Sha256);
    let salt = Algorithm::pss(Sha::Sha256, 20);
    let sad = who.session.authorize(&who.credential, &[Hash::of(DOCUMENT)]).await;
    for format in ["J", "X"] {
        let (body, _) = asked(format, &salt, "AdES-B-B", "");
        let heard = sign_doc(&who, &sad, body).await;
        assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter signAlgo"), "{format}");
        let (mut body, _) = asked(format, &usual, "AdES-B-B", "");
        body["documentDigests"][0]["signed_props"] = json!([{ "attribute_name": "x", "attribute_value": "eA==" }]);
        let heard = sign_doc(&who, &sad, body).await;
        assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter signed_props (x)"), "{format}");
    }
    for (format, envelope) in [("J", "Certification"), ("X", "Attached")] {
        let (body, _) = asked(format, &usual, "AdES-B-B", envelope);
        let heard = sign_doc(&who, &sad, body).await;
        assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter signed_envelope_property"), "{format}");
    }
    let (body, list) = asked("J", &usual, "AdES-B-B", "Attached");
    let jws = String::from_utf8(objects(&sign_doc(&who, &sad, body).await.ok(), list)[0].clone()).unwrap();
    let payload = jws.split('.').nth(1).unwrap();
    assert_eq!(BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap(), DOCUMENT.as_bytes());
}

/// What is not to be read, or takes no signature inside, is refused before anything is spent.
#[tokio::test]
async fn foreign_xml_is_refused_and_nothing_is_spent() {
    let who = Outsider::enrol("sign-xml-no", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let entities = "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>";
    let signed = "<a><s:Signature xmlns:s='http://www.w3.org/2000/09/xmldsig#'/></a>";
    let deep = ["<a>".repeat(300), "</a>".repeat(300)].concat();
    for document in [entities, signed, &deep, "no XML", "<a>", "<?xml version='1.0' encoding='ISO-8859-1'?><a/>"] {
        let sad = who.session.authorize(&who.credential, &[Hash::of(document)]).await;
        let entry = |envelope: &str| {
            let content =
                json!({ "document": BASE64.encode(document.as_bytes()), "signed_envelope_property": envelope });
            json!({ "documents": [entry_of("X", &algorithm, "AdES-B-B", content)] })
        };
        let heard = sign_doc(&who, &sad, entry("Enveloped")).await;
        assert_eq!(heard.error(), (400, "invalid_request", "Invalid array parameter documents"), "{document:.60}");
        // As octets it can be signed, with the same authorization.
        let _ = sign_doc(&who, &sad, entry("Enveloping")).await.ok();
    }
}
