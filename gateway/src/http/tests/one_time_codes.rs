//! Codes that are sent: who may ask for one, how it comes, and what is said of the credential.

use std::sync::atomic::Ordering;

use rsign_api::signer::{Refusal, Scal, State};
use serde_json::{Value, json};

use super::{Bench, HASH, Heard, Registration, registration};
use crate::domain::client::{PinTransport, Reach};
use crate::port::fake_signer::{CODE, PIN};

const SEND: &str = "/csc/v1/credentials/sendOTP";
const CHALLENGE: &str = "/csc/v2/credentials/getChallenge";
const OTP: &str = "basic = true\n[otp.email]\nhost = \"mail.example\"\nfrom = \"rsign@example.org\"";

impl Bench {
    async fn that_sends() -> Self {
        Self::with(OTP, "").await
    }

    fn post(&self) -> Vec<(String, String)> {
        self.courier.post.lock().unwrap().clone()
    }

    async fn ask_for_code(&self, path: &str, token: &str, id: &str) -> Heard {
        self.call(path, token, json!({ "credentialID": id, "authObjectID": "OTP" })).await
    }
}

#[tokio::test]
async fn a_code_goes_to_the_owner_and_not_to_the_app() {
    let bench = Bench::that_sends().await;
    let id = bench.credential_with_sent_code(&bench.ann).await;
    let token = bench.client_token("app", PinTransport::Clear, Reach::All).await;
    for path in [SEND, "/csc/v0/credentials/sendOTP", "/csc/v2/credentials/sendOTP", CHALLENGE] {
        let heard = bench.ask_for_code(path, &token, &id).await;
        assert_eq!((heard.status, &heard.json), (204, &Value::Null), "{path}");
        let post = bench.post();
        let (to, text) = post.last().unwrap();
        assert!(to == "ann@example.org" && text.contains(CODE) && text.contains("app") && text.contains("5 minutes"));
    }
    assert_eq!(bench.post().len(), 4);
    assert_eq!(*bench.signer.drawn_for.lock().unwrap(), ["app"; 4], "it is the client's that asked");
    for (version, brought) in [
        ("v1", json!({ "PIN": PIN, "OTP": CODE, "hash": [HASH] })),
        (
            "v2",
            json!({ "authData": [{ "id": "PIN", "value": PIN }, { "id": "OTP", "value": CODE }], "hashes": [HASH] }),
        ),
    ] {
        let mut body = json!({ "credentialID": id, "numSignatures": 1 });
        body.as_object_mut().unwrap().extend(brought.as_object().unwrap().clone());
        assert_eq!(bench.call(&format!("/csc/{version}/credentials/authorize"), &token, body).await.status, 200);
    }
    assert_eq!(*bench.signer.codes.lock().unwrap(), [Some(CODE.to_owned()), Some(CODE.to_owned())]);
}

#[tokio::test]
async fn the_credential_says_that_its_code_is_sent() {
    let bench = Bench::that_sends().await;
    let id = bench.credential_with_sent_code(&bench.ann).await;
    let token = bench.client_token("app", PinTransport::Clear, Reach::All).await;
    let ask = json!({ "credentialID": id, "authInfo": true });
    let told = bench.call("/csc/v1/credentials/info", &token, ask.clone()).await.json;
    let about = "Six digits that are sent to you when an app asks for them";
    assert_eq!(
        told["OTP"],
        json!({ "presence": "true", "type": "online", "format": "N", "label": "Code", "description": about,
                "ID": "OTP", "provider": "email" })
    );
    assert_eq!(told["auth"]["expression"], "PIN AND OTP");
    assert_eq!(
        told["auth"]["objects"][1],
        json!({ "type": "ChallengeResponse", "id": "OTP", "format": "N", "label": "Code", "description": about })
    );
    assert!(!told.to_string().contains("ann@example.org"), "apps do not learn where it goes");
}

#[tokio::test]
async fn each_row_of_both_methods() {
    let bench = Bench::that_sends().await;
    let id = bench.credential_with_sent_code(&bench.ann).await;
    let totp = bench.credential_with_code(&bench.ann).await;
    let plain = bench.credential(&bench.ann, Scal::Two).await;
    let ben = bench.user("ben").await;
    let foreign = bench.credential_with_sent_code(&ben).await;
    let token = bench.login("ann").await;
    let headless = async |path: &str| bench.send(path, None, "application/json", "{}").await;
    let malformed = |sentence| (400, "invalid_request", sentence);
    assert_eq!(headless(SEND).await.error(), malformed("Malformed authroization header."));
    assert_eq!(headless(CHALLENGE).await.error(), malformed("Malformed authorization header"));
    let missing = "Missing (or invalid type) string parameter credentialID";
    let (unknown, object) = ("Invalid parameter credentialID", "Invalid parameter authObjectID");
    for (path, body, sentence) in [
        (SEND, json!({}), missing),
        (SEND, json!({ "credentialID": 1 }), missing),
        (SEND, json!({ "credentialID": "nobody's" }), unknown),
        (SEND, json!({ "credentialID": foreign }), unknown),
        // No code of theirs is ever sent.
        (SEND, json!({ "credentialID": totp }), unknown),
        (SEND, json!({ "credentialID": plain }), unknown),
        (CHALLENGE, json!({}), unknown),
        (CHALLENGE, json!({ "credentialID": foreign, "authObjectID": "OTP" }), unknown),
        (CHALLENGE, json!({ "credentialID": id }), object),
        (CHALLENGE, json!({ "credentialID": id, "authObjectID": 1 }), object),
        (CHALLENGE, json!({ "credentialID": id, "authObjectID": "PIN" }), object),
        (CHALLENGE, json!({ "credentialID": totp, "authObjectID": "OTP" }), object),
        (CHALLENGE, json!({ "credentialID": plain, "authObjectID": "OTP" }), object),
    ] {
        let heard = bench.call(path, &token, body.clone()).await;
        assert_eq!(heard.error(), malformed(sentence), "{path} {body}");
    }
    *bench.signer.refusal.lock().unwrap() = Some(Refusal::FactorLocked);
    assert_eq!(bench.ask_for_code(SEND, &token, &id).await.error(), malformed("OTP locked"));
    assert_eq!(bench.ask_for_code(CHALLENGE, &token, &id).await.error(), malformed("Credential locked"));
    *bench.signer.refusal.lock().unwrap() = Some(Refusal::Disabled);
    let disabled = "The credential identified by credentialID is disabled";
    assert_eq!(bench.ask_for_code(SEND, &token, &id).await.error(), malformed(disabled));
    *bench.signer.refusal.lock().unwrap() = None;
    assert_eq!(bench.post(), []);
    *bench.signer.state.lock().unwrap() = State::Active;
}

#[tokio::test]
async fn too_many_are_told_to_wait_and_what_nobody_takes_is_said() {
    let bench = Bench::that_sends().await;
    let id = bench.credential_with_sent_code(&bench.ann).await;
    let token = bench.login("ann").await;
    *bench.signer.wait.lock().unwrap() = Some(42);
    let heard = bench.ask_for_code(SEND, &token, &id).await;
    assert_eq!((heard.error().0, heard.error().1), (429, "temporarily_unavailable"));
    assert_eq!(heard.headers["retry-after"], "42");
    *bench.signer.wait.lock().unwrap() = None;
    bench.courier.is_away.store(true, Ordering::Relaxed);
    assert_eq!(bench.ask_for_code(SEND, &token, &id).await.error().0, 503);
    bench.courier.is_away.store(false, Ordering::Relaxed);
    // Who has no address any more gets nothing, and nothing is drawn.
    assert!(bench.parts.repositories.users.set_contact(&bench.ann, None).await.unwrap());
    let drawn = bench.signer.drawn_for.lock().unwrap().len();
    assert_eq!(bench.ask_for_code(SEND, &token, &id).await.error().0, 503);
    assert_eq!(bench.signer.drawn_for.lock().unwrap().len(), drawn);
    assert_eq!(bench.post(), []);
}

/// Setasign's module takes nothing but 200 (clients.md 2h).
#[tokio::test]
async fn a_client_that_needs_200_hears_200() {
    let bench = Bench::that_sends().await;
    let id = bench.credential_with_sent_code(&bench.ann).await;
    let mut wanted = Registration { sends_otp_with_ok: true, ..registration("php") };
    (wanted.pin_transport, wanted.reach) = (PinTransport::Clear, Reach::All);
    let secret = bench.register(wanted).await;
    let form =
        [("grant_type", "client_credentials"), ("client_id", "php"), ("client_secret", &secret), ("scope", "service")];
    let token = bench.token(&form).await.json["access_token"].as_str().unwrap().to_owned();
    let heard = bench.ask_for_code(SEND, &token, &id).await;
    assert_eq!((heard.status, &heard.json), (200, &json!({})));
    assert_eq!(bench.ask_for_code(CHALLENGE, &token, &id).await.status, 204, "that one has its 204 from the standard");
}

#[tokio::test]
async fn without_a_way_to_people_the_methods_are_not_there() {
    let bench = Bench::new().await;
    let token = bench.login("ann").await;
    for path in [SEND, CHALLENGE] {
        let heard = bench.call(path, &token, json!({})).await;
        assert_eq!((heard.status, &heard.json["error"]), (501, &json!("not_implemented")), "{path}");
    }
    let info = bench.send("/csc/v2/info", None, "application/json", "{}").await.json;
    assert!(!info["methods"].to_string().contains("sendOTP"));
}

/// A sealed client registers a transaction; whoever holds it has a code sent, for that client.
#[tokio::test]
async fn who_holds_a_transaction_has_a_code_sent_for_its_client() {
    let bench = Bench::that_sends().await;
    let id = bench.credential_with_sent_code(&bench.ann).await;
    let plain = bench.credential(&bench.ann, Scal::Two).await;
    let app = bench.client_token("app", PinTransport::Sealed, Reach::All).await;
    let register = async |id: &str| {
        let ask = json!({ "credentialID": id, "numSignatures": 1, "hashes": [HASH] });
        let started = bench.call("/rch", &app, ask).await.json;
        let member = |name: &str| started[name].as_str().unwrap().to_owned();
        (member("tx"), member("token"))
    };
    let (tx, token) = register(&id).await;
    assert_eq!(bench.described(&tx, &token).await["factor"], "online");
    let heard = bench.relay(&tx, &token, "code", json!({})).await;
    assert_eq!((heard.status, &heard.json), (200, &json!({})));
    assert_eq!(*bench.signer.drawn_for.lock().unwrap(), ["app"]);
    assert!(bench.post()[0].1.contains(CODE));
    // Not without its token, not where no code is wanted, and not too often.
    assert_eq!(bench.relay(&tx, &app, "code", json!({})).await.status, 404);
    let (other, held) = register(&plain).await;
    assert_eq!(bench.relay(&other, &held, "code", json!({})).await.status, 409);
    *bench.signer.wait.lock().unwrap() = Some(42);
    let heard = bench.relay(&tx, &token, "code", json!({})).await;
    assert_eq!((heard.status, &heard.json["error"]), (503, &json!("busy")));
    bench.wait(10 * 60_000);
    assert_eq!(bench.relay(&tx, &token, "code", json!({})).await.status, 410);
    assert_eq!(bench.post().len(), 1);
}
