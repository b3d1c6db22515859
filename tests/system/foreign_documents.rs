//! Documents that are made to hurt whoever reads them, where the signature stands in them or beside others and at the highest
//! level: the standard's error is heard, nothing is spent, and both services stay as they were.

use data_encoding::BASE64;
use harness::{Algorithm, Answer, Hash, Pieces, Wanted, alive, shared};
use serde_json::{Value, json};

use crate::common::Outsider;
use crate::renewal::{outcomes, renew};
use crate::sign_doc::{entry_of, objects, sign_doc};

const REFUSED: (u16, &str, &str) = (400, "invalid_request", "Invalid array parameter documents");

fn asked(format: &str, envelope: &str, level: &str, document: &[u8]) -> Value {
    let content = json!({ "document": BASE64.encode(document), "signed_envelope_property": envelope });
    json!({ "documents": [entry_of(format, &Algorithm::usual("P-256"), level, content)] })
}

async fn sign(who: &Outsider, format: &str, envelope: &str, document: &[u8]) -> Answer {
    let sad = who.session.authorize(&who.credential, &[Hash::of(document)]).await;
    let heard = sign_doc(who, &sad, asked(format, envelope, "AdES-B-LTA", document)).await;
    // By itself it can be signed, with the same authorization.
    let _ = sign_doc(who, &sad, asked(format, "Detached", "AdES-B-B", document)).await.ok();
    heard
}

/// A service of its own, whose helpers have little memory, and somebody on it.
async fn service(helper_memory: i64) -> (Pieces, Outsider) {
    let mut pieces = Pieces::seeded();
    pieces.configure("signer.toml", |config| {
        let documents = config.entry("documents").or_insert_with(|| toml::Table::new().into());
        documents.as_table_mut().unwrap().insert("helper_memory".to_owned(), helper_memory.into());
    });
    pieces.configure("gateway.toml", |config| {
        config["timestamp"]["url"] = shared().ready.tsa.clone().unwrap().into();
    });
    pieces.start_signer();
    pieces.start_gateway();
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "hostile", Wanted::QUICK).await;
    (pieces, who)
}

fn pids(pieces: &Pieces) -> [u32; 2] {
    [&pieces.gateway, &pieces.signer].map(|service| service.as_ref().unwrap().pid())
}

/// Both services are the processes they were.
fn well(pieces: &Pieces, before: [u32; 2]) {
    assert_eq!(pids(pieces), before);
    assert!(before.into_iter().all(alive));
}

#[tokio::test]
async fn hostile_documents_end_their_helper_and_nothing_else() {
    let (pieces, who) = service(1 << 30).await;
    let pids = pids(&pieces);
    let deep = |open: &str, close: &str, times: usize| [open.repeat(times), close.repeat(times)].concat().into_bytes();
    let laughs = "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><a>&b;</a>";
    let names: String = (0..20_000).map(|at| format!("<a xmlns:n{at}='u'>")).collect();
    let nested = [b"\x30\x80".repeat(500_000), b"\0\0".repeat(500_000)].concat();
    let signatures =
        format!(r#"{{"payload":"aA","signatures":[{}]}}"#, vec![r#"{"signature":"AQ"}"#; 50_000].join(","));
    let folder = tempfile::tempdir().unwrap();
    for (number, (format, envelope, document)) in [
        ("X", "Enveloped", deep("<a>", "</a>", 500_000)),
        ("X", "Enveloped", laughs.as_bytes().to_vec()),
        ("X", "Enveloped", names.into_bytes()),
        ("J", "Parallel", deep("[", "]", 500_000)),
        ("J", "Parallel", signatures.into_bytes()),
        ("C", "Parallel", nested),
    ]
    .into_iter()
    .enumerate()
    {
        let kind = match format {
            "X" => "xml",
            "J" => "json",
            _ => "p7m",
        };
        std::fs::write(folder.path().join(format!("{number}.{kind}")), &document).unwrap();
        let heard = sign(&who, format, envelope, &document).await;
        assert_eq!(heard.error(), REFUSED, "{format} {}", String::from_utf8_lossy(&document[..40]));
    }
    who.can_sign().await;
    well(&pieces, pids);
    // Nor does a process parse them that is pointed at them: each is one for a helper, and has its line.
    let pdf = String::from_utf8_lossy(&harness::paper::pdf(&[0])).into_owned();
    std::fs::write(folder.path().join("6.pdf"), pdf.replace("/MediaBox", &format!("/X {}", "[".repeat(40_000))))
        .unwrap();
    let (good, lines) = renew(&pieces.folder.file("gateway.toml"), &["--always"], &[folder.path()]);
    assert!(!good, "{lines:?}");
    // Brackets in brackets are JSON, and nobody signed it.
    let expected = ["failed", "failed", "failed", "not_signed", "failed", "failed", "failed"];
    assert_eq!(outcomes(&lines), expected, "{lines:?}");
    let said = |line: &Value| line["reason"].as_str().is_some_and(|reason| !reason.is_empty() && reason.len() < 300);
    assert!(lines.iter().all(|line| said(line) || line["outcome"] == "not_signed"), "{lines:?}");
    who.can_sign().await;
    well(&pieces, pids);
}

/// The signature is there when its helper ends: the same call again, or one at another level, signs nothing twice.
#[tokio::test]
async fn a_helper_that_ends_while_a_signature_is_completed_takes_nothing_along() {
    let (pieces, who) = service(32 << 20).await;
    let pids = pids(&pieces);
    let document = vec![b'x'; 15 << 20];
    for (format, envelope) in [("X", "Enveloping"), ("J", "Detached")] {
        let sad = who.session.authorize(&who.credential, &[Hash::of(&document)]).await;
        let level = |level| asked(format, envelope, level, &document);
        if format == "X" {
            for _ in 0..2 {
                assert_eq!(sign_doc(&who, &sad, level("AdES-B-LTA")).await.error(), REFUSED);
            }
        }
        let list = if envelope == "Detached" { "SignatureObject" } else { "DocumentWithSignature" };
        let value = |answer: &Value| {
            let text = String::from_utf8(objects(answer, list)[0].clone()).unwrap();
            match format {
                "X" => text.split("</ds:SignatureValue>").next().unwrap().rsplit('>').next().unwrap().to_owned(),
                _ => match serde_json::from_str::<Value>(&text) {
                    Ok(json) => json["signature"].as_str().unwrap().to_owned(),
                    Err(_) => text.rsplit('.').next().unwrap().to_owned(),
                },
            }
        };
        let stamped = value(&sign_doc(&who, &sad, level("AdES-B-T")).await.ok());
        assert_eq!(value(&sign_doc(&who, &sad, level("AdES-B-B")).await.ok()), stamped, "signed once");
    }
    who.can_sign().await;
    well(&pieces, pids);
}
