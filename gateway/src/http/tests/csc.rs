use axum::body::Body;
use axum::http::Request;
use rsign_api::signer::{Refusal, Scal, State};
use serde_json::{Value, json};

use super::{Bench, HASH};
use crate::domain::client::{PinTransport, Reach};
use crate::port::fake_signer::PIN;

const LONG: &str = "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.";

#[tokio::test]
async fn the_whole_way_in_either_version_and_spelling() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let token = bench.login("ann").await;
    for (version, hash, pin) in [
        ("v0", "hash", json!({ "PIN": PIN })),
        ("v1", "hashes", json!({ "authData": [{ "id": "PIN", "value": PIN }] })),
        ("v2", "hash", json!({ "PIN": PIN, "OTP": null })),
        ("v2", "hashes", json!({ "authData": [{ "id": "PIN", "value": PIN }] })),
    ] {
        let path = |method: &str| format!("/csc/{version}/{method}");
        let listed = bench.call(&path("credentials/list"), &token, json!({ "userID": null })).await;
        assert_eq!(listed.json, json!({ "credentialIDs": [id] }));
        let mut ask = json!({ "credentialID": id, "numSignatures": 1, hash: [HASH], "unknown": [{}] });
        ask.as_object_mut().unwrap().extend(pin.as_object().unwrap().clone());
        let authorized = bench.call(&path("credentials/authorize"), &token, ask).await;
        assert_eq!(authorized.json, json!({ "SAD": "sad_one", "expiresIn": 300 }));
        let sign = json!({ "credentialID": id, "SAD": "sad_one", hash: [HASH], "signAlgo": "1.2.840.113549.1.1.11" });
        let signed = bench.call(&path("signatures/signHash"), &token, sign).await;
        assert_eq!(signed.json, json!({ "signatures": [HASH] }));
        let extend = json!({ "credentialID": id, "SAD": "sad_one", hash: [HASH] });
        let extended = bench.call(&path("credentials/extendTransaction"), &token, extend).await;
        assert_eq!(extended.json["SAD"], "sad_two");
    }
    let asked = bench.signer.signed.lock().unwrap();
    assert!(asked.iter().all(|ask| ask.user.as_deref() == Some(bench.ann.as_str()) && ask.client == "basic"));
}

#[tokio::test]
async fn info_answers_everybody() {
    let bench = Bench::new().await;
    let posted = bench.send("/csc/v1/info", None, "application/json", "").await;
    assert_eq!((posted.status, posted.json["specs"].as_str()), (200, Some("1.0.4.0")));
    assert_eq!(posted.json["oauth2"], "https://rsign.example");
    assert!(!posted.json.as_object().unwrap().values().any(Value::is_null));
    for path in ["/csc/v2/info", "/csc/v2/info/", "/elsewhere/csc/v2/info"] {
        let got = bench.exchange(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(got.json["specs"], "2.0.0.2", "{path}");
        // What both versions have, and what came with the second.
        let names = |json: &Value| -> Vec<String> { serde_json::from_value(json["methods"].clone()).unwrap() };
        assert!(names(&posted.json).iter().all(|name| names(&got.json).contains(name)));
        let polling = "signatures/signPolling".to_owned();
        assert!(names(&got.json).contains(&polling) && !names(&posted.json).contains(&polling));
    }
}

#[tokio::test]
async fn authorize_checks_in_the_order_of_its_rows() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let token = bench.login("ann").await;
    let many = vec![HASH; 1001];
    for (body, sentence) in [
        (json!({}), "Missing (or invalid type) string parameter credentialID"),
        (json!({ "credentialID": 7 }), "Missing (or invalid type) string parameter credentialID"),
        (json!({ "credentialID": "x/y z" }), "Invalid parameter credentialID"),
        (json!({ "credentialID": id }), "Missing (or invalid type) integer parameter numSignatures"),
        (json!({ "credentialID": id, "numSignatures": 0 }), "Invalid value for parameter numSignatures"),
        (json!({ "credentialID": id, "numSignatures": 11, "hash": 1 }), "Numbers of signatures is too high"),
        (json!({ "credentialID": id, "numSignatures": 1 }), "Missing (or invalid type) array parameter hash"),
        (json!({ "credentialID": id, "numSignatures": 1, "hash": [] }), "Empty hash array"),
        (json!({ "credentialID": id, "numSignatures": 1, "hash": ["?"] }), "Invalid Base64 hash string parameter"),
        (json!({ "credentialID": id, "numSignatures": 1, "hash": many }), LONG),
        (
            json!({ "credentialID": id, "numSignatures": 2, "hash": [HASH] }),
            "Invalid value for parameter numSignatures",
        ),
        (json!({ "credentialID": id, "numSignatures": 1, "hash": ["AAAA"] }), "Invalid digest value length"),
        (json!({ "credentialID": id, "numSignatures": 1, "hash": [HASH] }), "The PIN is invalid"),
        (json!({ "credentialID": id, "numSignatures": 1, "hash": [HASH], "PIN": 1 }), "The PIN is invalid"),
        (json!({ "credentialID": id, "numSignatures": 1, "hash": [HASH], "PIN": "1" }), "The PIN is invalid"),
    ] {
        let heard = bench.call("/csc/v1/credentials/authorize", &token, body.clone()).await;
        assert_eq!((heard.error().0, heard.error().2), (400, sentence), "{body}");
    }
    // Only the last one had a PIN to be judged.
    assert_eq!(*bench.signer.pins.lock().unwrap(), ["1"]);
}

#[tokio::test]
async fn a_disabled_credential_is_said_before_what_else_is_wrong() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let token = bench.login("ann").await;
    let path = "/csc/v2/credentials/authorize";
    assert!(bench.call(path, &token, json!({ "credentialID": id })).await.error().2.contains("numSignatures"));
    *bench.signer.state.lock().unwrap() = State::Blocked;
    let heard = bench.call(path, &token, json!({ "credentialID": id })).await;
    assert_eq!(heard.error(), (400, "invalid_request", "The credential identified by credentialID is disabled"));
}

#[tokio::test]
async fn refusals_of_the_signer_in_both_versions() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let token = bench.login("ann").await;
    // Known to be active from here on.
    bench.call("/csc/v1/credentials/info", &token, json!({ "credentialID": id })).await;
    let sign = json!({ "credentialID": id, "SAD": "sad_one", "hash": [HASH], "signAlgo": "1.2.840.113549.1.1.11" });
    for (refusal, v1, v2) in [
        (Refusal::InvalidSad, "Invalid parameter SAD", "Invalid parameter SAD"),
        (Refusal::SadExpired, "SAD expired", "SAD expired"),
        (Refusal::HashNotAuthorized, "Hash is not authorized by the SAD.", "Hash is not authorized by the SAD"),
        (
            Refusal::CertificateExpired,
            "Signing certificate 'O=ACME, Lda,CN=Ann Lee' is expired.",
            "Signing certificate is expired",
        ),
    ] {
        *bench.signer.refusal.lock().unwrap() = Some(refusal);
        for (version, sentence) in [("v1", v1), ("v2", v2)] {
            let heard = bench.call(&format!("/csc/{version}/signatures/signHash"), &token, sign.clone()).await;
            assert_eq!(heard.error(), (400, "invalid_request", sentence));
        }
    }
}

#[tokio::test]
async fn a_busy_or_dead_signer_is_503_with_retry_after() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let token = bench.login("ann").await;
    bench.call("/csc/v1/credentials/info", &token, json!({ "credentialID": id })).await;
    let sign = json!({ "credentialID": id, "SAD": "sad_one", "hash": [HASH], "signAlgo": "1.2.840.113549.1.1.11" });
    *bench.signer.refusal.lock().unwrap() = Some(Refusal::Busy);
    let busy = bench.call("/csc/v1/signatures/signHash", &token, sign.clone()).await;
    assert_eq!((busy.error().0, busy.error().1), (503, "temporarily_unavailable"));
    assert_eq!(busy.headers["retry-after"], "1");
    *bench.signer.away.lock().unwrap() = true;
    let away = bench.call("/csc/v2/signatures/signHash", &token, sign).await;
    assert_eq!(away.error().0, 503);
}

#[tokio::test]
async fn credentials_info_is_the_union() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let token = bench.login("ann").await;
    let brief = bench.call("/csc/v1/credentials/info", &token, json!({ "credentialID": id })).await.json;
    assert_eq!(brief["authMode"], "explicit");
    assert_eq!(brief["auth"], json!({ "mode": "explicit", "objects": [] }));
    assert_eq!((&brief["SCAL"], &brief["multisign"]), (&json!("2"), &json!(10)));
    assert_eq!(brief["key"]["algo"][0], "1.2.840.113549.1.1.11");
    assert_eq!(brief["cert"]["certificates"].as_array().unwrap().len(), 1);
    assert_eq!(brief["cert"]["subjectDN"], "CN=Ann Lee,O=ACME\\, Lda");
    assert_eq!(brief["cert"]["validTo"].as_str().unwrap().len(), 15);
    assert!(brief.get("PIN").is_none());
    let ask = json!({ "credentialID": id, "certificates": "chain", "authInfo": true });
    let full = bench.call("/csc/v2/credentials/info", &token, ask).await.json;
    assert_eq!(full["cert"]["certificates"].as_array().unwrap().len(), 2);
    assert_eq!((&full["PIN"]["presence"], &full["OTP"]["presence"]), (&json!("true"), &json!("false")));
    assert_eq!((&full["auth"]["expression"], &full["auth"]["objects"][0]["id"]), (&json!("PIN"), &json!("PIN")));
    let none = json!({ "credentialID": id, "certificates": "none" });
    let none = bench.call("/csc/v2/credentials/info", &token, none).await.json;
    assert!(none["cert"].get("certificates").is_none() && none["cert"]["status"] == "valid");
    // A client whose PINs come sealed sends its user to the signing page: no object of the explicit mode is offered.
    let sealed = bench.client_token("sealed", PinTransport::Sealed, Reach::All).await;
    let ask = json!({ "credentialID": id, "authInfo": true });
    let told = bench.call("/csc/v2/credentials/info", &sealed, ask).await.json;
    assert_eq!(
        (&told["authMode"], &told["auth"]),
        (&json!("oauth2code"), &json!({ "mode": "oauth2code", "objects": [] }))
    );
    assert!(told.get("PIN").is_none() && told.get("OTP").is_none());
    let bad = json!({ "credentialID": id, "certificates": "some" });
    let bad = bench.call("/csc/v1/credentials/info", &token, bad).await;
    assert_eq!(bad.error().2, "Invalid parameter certificates");
}

#[tokio::test]
async fn lists_come_in_pages_and_with_descriptions() {
    let bench = Bench::new().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(bench.credential(&bench.ann, Scal::Two).await);
    }
    ids.sort();
    let token = bench.login("ann").await;
    let path = "/csc/v1/credentials/list";
    let first = bench.call(path, &token, json!({ "maxResults": 2 })).await.json;
    assert_eq!(first["credentialIDs"], json!(ids[..2]));
    let second = json!({ "maxResults": 2, "pageToken": first["nextPageToken"] });
    let second = bench.call(path, &token, second).await.json;
    assert_eq!(second, json!({ "credentialIDs": [ids[2]] }));
    let odd = bench.call(path, &token, json!({ "maxResults": -1 })).await.json;
    assert_eq!(odd["credentialIDs"], json!(ids));
    assert_eq!(bench.call(path, &token, json!({ "pageToken": "x" })).await.error().2, "Invalid parameter pageToken");
    assert_eq!(bench.call(path, &token, json!({ "userID": "x" })).await.error().2, "userID parameter MUST be null");
    let ask = json!({ "credentialInfo": true, "onlyValid": true, "lang": null, "clientData": null });
    let told = bench.call("/csc/v2/credentials/list", &token, ask.clone()).await.json;
    assert_eq!(told["credentialInfos"][0]["credentialID"], ids[0]);
    assert_eq!((&told["onlyValid"], &told["credentialInfos"][0]["key"]["len"]), (&json!(true), &json!(2048)));
    *bench.signer.state.lock().unwrap() = State::Suspended;
    assert_eq!(bench.call("/csc/v2/credentials/list", &token, ask).await.json["credentialIDs"], json!([]));
}

#[tokio::test]
async fn malformed_bodies_and_headers() {
    let bench = Bench::new().await;
    let token = bench.login("ann").await;
    let path = "/csc/v2/credentials/info";
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(20), "]".repeat(20));
    for body in ["{", "[]", "\"x\"", r#"{"credentialID":"a","credentialID":"b"}"#, deep.as_str()] {
        assert_eq!(bench.raw(path, &token, body).await.error(), (400, "invalid_request", LONG), "{body}");
    }
    let large = format!("{{\"clientData\":\"{}\"}}", "x".repeat(600 * 1024));
    let heard = bench.raw(path, &token, &large).await;
    assert_eq!(heard.error(), (413, "invalid_request", "The body is longer than 512 KiB"));
    let bare = |path: &'static str| bench.send(path, None, "application/json", "{}");
    assert_eq!(bare(path).await.error(), (400, "invalid_request", "Malformed authorization header"));
    assert_eq!(bare("/csc/v1/credentials/info").await.error().2, LONG);
    assert!(bare("/csc/v1/auth/revoke").await.error().2.contains("a REQUIRED parameter"));
    for wrong in ["st_unknown", "rt_x", "sad_x", "x"] {
        assert_eq!(bench.raw(path, wrong, "{}").await.error().1, "invalid_token");
    }
}

#[tokio::test]
async fn unknown_methods_are_501_once_authorized() {
    let bench = Bench::new().await;
    let token = bench.login("ann").await;
    let path = "/csc/v2/credentials/renew";
    assert_eq!(bench.raw(path, &token, "{}").await.error().0, 501);
    assert_eq!(bench.raw(path, &token, "{}").await.error().1, "not_implemented");
    assert_eq!(bench.raw(path, "st_x", "{}").await.error().0, 401);
    assert_eq!(bench.send(path, None, "application/json", "{}").await.error().0, 400);
    assert_eq!(bench.send("/nowhere", None, "application/json", "{}").await.status, 404);
    let wrong_verb = Request::get("/csc/v1/credentials/list").body(Body::empty()).unwrap();
    let heard = bench.exchange(wrong_verb).await;
    assert_eq!(heard.error(), (405, "invalid_request", "Wrong HTTP method: use POST"));
    let elsewhere = Request::get("/oauth2/token").body(Body::empty()).unwrap();
    assert!(bench.exchange(elsewhere).await.error().2.contains("Allow"));
}

#[tokio::test]
async fn a_credential_that_needs_a_code_says_so_in_both_versions() {
    let bench = Bench::new().await;
    let id = bench.credential_with_code(&bench.ann).await;
    let token = bench.client_token("app", PinTransport::Clear, Reach::All).await;
    let ask = json!({ "credentialID": id, "authInfo": true });
    let told = bench.call("/csc/v1/credentials/info", &token, ask.clone()).await.json;
    let about = "Six digits from your authenticator app, a new code every 30 seconds";
    assert_eq!(
        told["OTP"],
        json!({ "presence": "true", "type": "offline", "format": "N", "label": "Code", "description": about,
                "ID": "OTP", "provider": "totp" })
    );
    assert_eq!(told["PIN"]["presence"], "true");
    let told = bench.call("/csc/v2/credentials/info", &token, ask).await.json;
    assert_eq!(told["auth"]["expression"], "PIN AND OTP");
    assert_eq!(
        told["auth"]["objects"][1],
        json!({ "type": "Password", "id": "OTP", "format": "N", "generator": "totp", "label": "Code",
                "description": about })
    );
    assert!(told["auth"]["objects"][0].get("generator").is_none());
    let list = json!({ "credentialInfo": true, "authInfo": true, "userID": bench.ann });
    let listed = bench.call("/csc/v2/credentials/list", &token, list).await.json;
    assert_eq!(listed["credentialInfos"][0]["auth"]["expression"], "PIN AND OTP", "{listed}");
}

#[tokio::test]
async fn a_missing_code_is_said_before_a_wrong_pin_and_a_right_one_goes_on_to_the_signer() {
    let bench = Bench::new().await;
    let id = bench.credential_with_code(&bench.ann).await;
    let plain = bench.credential(&bench.ann, Scal::Two).await;
    let token = bench.client_token("app", PinTransport::Clear, Reach::All).await;
    let ask = |version: &str, id: &str, more: serde_json::Value| {
        let mut body = json!({ "credentialID": id, "numSignatures": 1, "hashes": [HASH] });
        if version == "v1" {
            body = json!({ "credentialID": id, "numSignatures": 1, "hash": [HASH] });
        }
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let call = async |version: &str, id: &str, more| {
        bench.call(&format!("/csc/{version}/credentials/authorize"), &token, ask(version, id, more)).await
    };
    for more in [json!({ "PIN": PIN }), json!({}), json!({ "PIN": PIN, "OTP": 123_456 })] {
        let heard = call("v1", &id, more).await;
        assert_eq!(heard.error(), (400, "invalid_otp", "The OTP is invalid"));
    }
    let objects = |otp: Option<&str>| {
        let pin = json!({ "id": "PIN", "value": PIN });
        let otp = otp.map(|otp| json!({ "id": "OTP", "value": otp }));
        let objects: Vec<_> = std::iter::once(pin).chain(otp).collect();
        json!({ "authData": objects, "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1" })
    };
    let invalid = (400, "invalid_authentication_data", "The authentication data is invalid");
    assert_eq!(call("v2", &id, objects(None)).await.error(), invalid);
    assert!(bench.signer.pins.lock().unwrap().is_empty(), "the signer was not asked");
    for (refusal, v1, v2) in [
        (Refusal::WrongFactor, ("invalid_otp", "The OTP is invalid"), invalid),
        (Refusal::FactorLocked, ("invalid_request", "OTP locked"), (400, "invalid_request", "Credential locked")),
    ] {
        *bench.signer.refusal.lock().unwrap() = Some(refusal);
        let heard = call("v1", &id, json!({ "PIN": PIN, "OTP": "123456" })).await;
        assert_eq!(heard.error(), (400, v1.0, v1.1));
        assert_eq!(call("v2", &id, objects(Some("123456"))).await.error(), v2);
    }
    *bench.signer.refusal.lock().unwrap() = None;
    bench.signer.codes.lock().unwrap().clear();
    assert_eq!(call("v1", &id, json!({ "PIN": PIN, "OTP": "123456" })).await.status, 200);
    assert_eq!(call("v2", &id, objects(Some("654321"))).await.status, 200);
    // Some clients send a member for what there is not.
    assert_eq!(call("v1", &plain, json!({ "PIN": PIN, "OTP": "" })).await.status, 200);
    let codes = bench.signer.codes.lock().unwrap().clone();
    assert_eq!(codes, [Some("123456".to_owned()), Some("654321".to_owned()), None]);
}
