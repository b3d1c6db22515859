//! `signatures/timestamp` and the sandbox's own time-stamping authority, judged by the openssl program.

use std::path::Path;
use std::process::Command;

use data_encoding::BASE64;
use harness::verify::Sha;
use harness::{Answer, Hash, Pieces, Session, Version, Wanted, shared};
use serde_json::{Value, json};

use crate::common::Outsider;
use crate::rows::{ask, row};

/// Runs `openssl ts` in a folder; what it said.
fn openssl(folder: &Path, words: &[&str]) -> Result<String, String> {
    let output = Command::new("openssl").arg("ts").args(words).current_dir(folder).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}

fn hex(octets: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(octets)
}

async fn stamp(session: &Session, version: Version, body: Value) -> Answer {
    session.call(&format!("{}/signatures/timestamp", version.segment()), body).await
}

#[tokio::test]
async fn a_time_stamp_is_what_openssl_takes_for_one() {
    let session = shared().api().login(&shared().ready.users[0]).await;
    let folder = tempfile::tempdir().unwrap();
    for (sha, nonce) in [(Sha::Sha256, Some("00c0ffee")), (Sha::Sha384, None), (Sha::Sha512, Some("123"))] {
        for version in Version::BOTH {
            let hash = Hash::with(sha, "stamped");
            let body = json!({ "hash": hash.base64(), "hashAlgo": sha.oid(), "nonce": nonce, "clientData": "x" });
            let answer = stamp(&session, version, body).await.ok();
            let token = BASE64.decode(answer["timestamp"].as_str().unwrap().as_bytes()).unwrap();
            std::fs::write(folder.path().join("token"), token).unwrap();
            let ca = &shared().ready.signing_ca;
            let verify = |digest: &str| {
                openssl(folder.path(), &["-verify", "-token_in", "-in", "token", "-CAfile", ca, "-digest", digest])
            };
            assert!(verify(&hex(&hash.digest)).unwrap().contains("Verification: OK"));
            let other = Hash::with(sha, "something else");
            assert!(verify(&hex(&other.digest)).is_err(), "a stamp on one hash is none on another");
            let text = openssl(folder.path(), &["-reply", "-token_in", "-in", "token", "-token_out", "-text"]).unwrap();
            match nonce {
                Some("123") => assert!(text.contains("Nonce: 0x0123"), "{text}"),
                Some(_) => assert!(text.contains("Nonce: 0xC0FFEE"), "{text}"),
                None => assert!(text.contains("Nonce: 0x"), "drawn by the gateway: {text}"),
            }
        }
    }
}

#[tokio::test]
async fn timestamp_answers_by_its_rows() {
    let session = shared().api().login(&shared().ready.users[0]).await;
    let right = json!({ "hash": Hash::of("rows").base64(), "hashAlgo": Sha::Sha256.oid(), "nonce": "1f" });
    let but = |name: &str, value: Value| {
        let mut body = right.clone();
        body[name] = value;
        body
    };
    let missing = "Missing (or invalid type) string parameter hash";
    let algorithm = "Invalid parameter hashAlgo";
    let nonce = "Invalid parameter nonce";
    let rows = vec![
        (but("hash", Value::Null), missing),
        (but("hash", json!(7)), missing),
        (but("hash", json!([Hash::of("rows").base64()])), missing),
        (but("hash", json!("")), "Empty hash parameter"),
        (but("hash", json!("not Base64")), "Invalid Base64 hash string parameter"),
        (but("hash", json!("AAAA")), "Invalid digest value length"),
        (but("hashAlgo", json!(Sha::Sha512.oid())), "Invalid digest value length"),
        (but("hashAlgo", Value::Null), algorithm),
        (but("hashAlgo", json!("SHA-256")), algorithm),
        (but("hashAlgo", json!("1.3.14.3.2.26")), algorithm),
        (but("nonce", json!(31)), nonce),
        (but("nonce", json!("")), nonce),
        (but("nonce", json!("0x1f")), nonce),
        (but("nonce", json!("-1")), nonce),
        (but("nonce", json!("1".repeat(65))), nonce),
    ];
    for (body, sentence) in rows {
        for version in Version::BOTH {
            let heard = stamp(&session, version, body.clone()).await;
            assert_eq!(heard.error(), (400, "invalid_request", sentence), "{body}");
        }
    }
    ask(&session, "signatures/timestamp", vec![row(json!({}), missing)]).await;
    assert_eq!(stamp(&session, Version::V1, right).await.status, 200);
}

#[tokio::test]
async fn the_sandboxs_authority_answers_by_the_rfc() {
    let url = shared().ready.tsa.clone().unwrap();
    let (http, folder) = (reqwest::Client::builder().no_proxy().build().unwrap(), tempfile::tempdir().unwrap());
    let send = |query: Vec<u8>, kind: &'static str| {
        let request = http.post(&url).header("content-type", kind).body(query);
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.bytes().await.unwrap())
        }
    };
    let query = |words: &[&str]| {
        openssl(folder.path(), &[&["-query", "-out", "query"], words].concat()).unwrap();
        std::fs::read(folder.path().join("query")).unwrap()
    };
    let digest = hex(&Hash::of("rfc").digest);
    let stamped = query(&["-digest", &digest, "-sha256", "-cert"]);
    let (status, reply) = send(stamped.clone(), "application/timestamp-query").await;
    assert_eq!(status, 200);
    std::fs::write(folder.path().join("reply"), &reply).unwrap();
    let ca = shared().ready.signing_ca.as_str();
    let verified = openssl(folder.path(), &["-verify", "-queryfile", "query", "-in", "reply", "-CAfile", ca]);
    assert!(verified.unwrap().contains("Verification: OK"));
    // Without -cert the certificate is left out, and openssl needs it from elsewhere.
    let (_, reply) = send(query(&["-digest", &digest, "-sha256"]), "application/timestamp-query").await;
    std::fs::write(folder.path().join("reply"), &reply).unwrap();
    assert!(openssl(folder.path(), &["-verify", "-queryfile", "query", "-in", "reply", "-CAfile", ca]).is_err());
    let tsa = shared().folder.file("tsa.pem").display().to_string();
    let words = ["-verify", "-queryfile", "query", "-in", "reply", "-CAfile", ca, "-untrusted", &tsa];
    assert!(openssl(folder.path(), &words).unwrap().contains("Verification: OK"));
    // What it does not do it says in the words of the RFC.
    let sha1 = query(&["-digest", &digest[..40], "-sha1", "-cert"]);
    let policy = query(&["-digest", &digest, "-sha256", "-tspolicy", "1.2.3.4"]);
    for (query, failure) in [
        (sha1, "unrecognized or unsupported algorithm"),
        (policy, "the requested TSA policy is not supported"),
        (b"no request".to_vec(), "the data submitted has the wrong format"),
    ] {
        let (status, reply) = send(query, "application/timestamp-query").await;
        assert_eq!(status, 200);
        std::fs::write(folder.path().join("reply"), &reply).unwrap();
        let text = openssl(folder.path(), &["-reply", "-in", "reply", "-text"]).unwrap();
        assert!(text.contains("Status: Rejected") && text.contains(failure), "{text}");
    }
    assert_eq!(send(stamped, "application/octet-stream").await.0, 415);
    assert_eq!(http.get(&url).send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn without_an_authority_the_method_is_not_there_and_an_absent_one_is_away() {
    let mut pieces = Pieces::seeded();
    pieces.start_signer();
    // The address that stands in the file was the first sandbox's own; nobody is there now.
    pieces.configure("gateway.toml", |config| {
        config["timestamp"]["url"] = format!("http://127.0.0.1:{}/tsa", harness::free_port()).into();
    });
    pieces.start_gateway();
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "stampless", Wanted::QUICK).await;
    let body = json!({ "hash": Hash::of("away").base64(), "hashAlgo": Sha::Sha256.oid() });
    assert!(stamp(&who.session, Version::V1, body.clone()).await.is_away());
    pieces.stop_gateway();
    pieces.configure("gateway.toml", |config| {
        config.remove("timestamp");
    });
    pieces.start_gateway();
    let session = pieces.api().login(&who.user).await;
    let heard = stamp(&session, Version::V1, body).await;
    assert_eq!((heard.error().0, heard.error().1), (501, "not_implemented"));
    let info = session.call("v1/info", json!({})).await.ok();
    assert!(!info["methods"].as_array().unwrap().contains(&json!("signatures/timestamp")));
}

#[tokio::test]
async fn the_second_authority_stamps_when_the_first_is_away() {
    let mut pieces = Pieces::seeded();
    pieces.start_signer();
    pieces.configure("gateway.toml", |config| {
        let dead = format!("http://127.0.0.1:{}/tsa", harness::free_port());
        let two = [dead, shared().ready.tsa.clone().unwrap()]
            .map(|url| toml::Value::from(toml::Table::from_iter([("url".to_owned(), toml::Value::from(url))])));
        config.insert("timestamp".to_owned(), two.to_vec().into());
    });
    pieces.start_gateway();
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "second", Wanted::QUICK).await;
    for version in Version::BOTH {
        let body = json!({ "hash": Hash::of("twice").base64(), "hashAlgo": Sha::Sha256.oid() });
        assert!(stamp(&who.session, version, body).await.ok()["timestamp"].is_string());
    }
    let log = std::fs::read_to_string(pieces.log("gateway")).unwrap();
    assert_eq!(log.matches("a time-stamping authority failed").count(), 1, "the second call asks the second at once");
}
