//! Apps that carry no PIN, on the real service: they ask, their user finds the request in the account and types the PIN
//! on the signing page, and the app gets its SAD, in the answer it waits for or by its handle.

use data_encoding::BASE64;
use harness::api::signatures;
use harness::channel::{Device, pinned};
use harness::verify::Sha;
use harness::{Algorithm, Answer, Browser, Hash, Pieces, Session, User, Wanted, shared};
use rsign_api::channel::wire::State;
use serde_json::{Value, json};

use crate::common::Outsider;

const QUICK: Wanted = Wanted { mode: "implicit", ..Wanted::QUICK };
const CHECK: &str = "v2/credentials/authorizeCheck";

/// A person whose apps wait for them, and their browser.
struct Owner {
    who: Outsider,
    browser: Browser,
}

impl Owner {
    async fn enrol(name: &str, wanted: Wanted) -> Self {
        let who = Outsider::enrol(name, wanted).await;
        let mut browser = Browser::new(&shared().ready.oauth2, shared().ready.tls_ca.as_deref().unwrap());
        assert_eq!(browser.sign_in(&who.user).await.location(), "/account");
        Self { who, browser }
    }

    /// Says yes to what comes next, and types the PIN.
    async fn approve(&mut self) -> String {
        let handle = self.browser.wait_for_request().await;
        let mut device = self.begin(&handle).await;
        assert_eq!(device.approve(&self.who.credential.pin).await, ("done".to_owned(), State::Done));
        let back = self.browser.come_back(&device).await.location().to_owned();
        assert!(back.contains(&format!("/account/waiting/{handle}?tx=")), "{back}");
        handle
    }

    /// Up to the PIN.
    async fn begin(&mut self, handle: &str) -> Device {
        let gone = self.browser.decide(handle, "continue").await;
        assert!(gone.starts_with(shared().ready.sign.as_deref().unwrap()), "{gone}");
        Device::follow(&shared().api(), &gone, &pinned(&shared().folder)).await
    }

    fn asked(&self, hashes: &[Hash]) -> Value {
        let list: Vec<_> = hashes.iter().map(Hash::base64).collect();
        json!({ "credentialID": self.who.credential.id, "numSignatures": hashes.len(), "hashes": list,
            "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1", "authData": [{ "id": "PIN" }] })
    }

    async fn handle(&self, session: &Session, hashes: &[Hash]) -> String {
        let heard = session.call("v2/credentials/authorize", self.asked(hashes)).await;
        assert_eq!(heard.status, 202, "{}", heard.json);
        heard.json["handle"].as_str().unwrap().to_owned()
    }
}

/// What is secret of a signature that is approved in the account: the PIN, the token of the signing page, the SAD.
pub(crate) async fn approved(pieces: &Pieces, user: &User, browser: &mut Browser, app: &Session) -> [String; 3] {
    let key = pieces.operator().enrol(&user.id, QUICK);
    let ask = json!({ "credentialID": key.id, "numSignatures": 1, "hashes": [Hash::of("approved").base64()] });
    let handle = app.call("v2/credentials/authorize", ask).await.json["handle"].as_str().unwrap().to_owned();
    let gone = browser.decide(&handle, "continue").await;
    let mut device = Device::follow(&pieces.api(), &gone, &pinned(&pieces.folder)).await;
    assert_eq!(device.approve(&key.pin).await.0, "done");
    let sad = check(app, &handle).await.ok()["SAD"].as_str().unwrap().to_owned();
    [key.pin, device.token, sad]
}

async fn check(session: &Session, handle: &str) -> Answer {
    session.call(CHECK, json!({ "handle": handle })).await
}

/// Methics laverca-csc-client 1.2.0: no PIN anywhere; a new login for each thing it wants; the SAD is kept and used again.
#[tokio::test]
async fn kind_2i_laverca() {
    let mut owner = Owner::enrol("laverca", QUICK).await;
    let id = owner.who.credential.id.clone();
    let user = owner.who.user.clone();
    let api = shared().api();
    let basic = format!("Basic {}", BASE64.encode(format!("{}:{}", user.username, user.password).as_bytes()));
    let remember = json!({ "rememberMe": true }).to_string();
    let first = api.post("/csc/v1/auth/login", &[("authorization", &basic)], remember).await.ok();
    let again = json!({ "rememberMe": true, "refresh_token": first["refresh_token"] });
    let second = api.post("/csc/v1/auth/login", &[], again.to_string()).await.ok();
    let session = api.with(second["access_token"].as_str().unwrap());
    let listed = session.call("v1/credentials/list", json!({ "maxResults": 20 })).await.ok();
    assert_eq!(listed["credentialIDs"], json!([id]));
    let ask = json!({ "credentialID": id, "certificates": "single", "certInfo": false, "authInfo": false });
    let info = session.call("v1/credentials/info", ask).await.ok();
    assert_eq!((&info["authMode"], &info["SCAL"]), (&json!("implicit"), &json!("2")));
    let (hash, algorithm) = (Hash::of("laverca"), Algorithm::usual("P-256"));
    let ask = json!({ "credentialID": id, "numSignatures": 1, "hash": [hash.base64()] });
    let (heard, handle) = tokio::join!(session.call("v1/credentials/authorize", ask), owner.approve());
    let granted = heard.ok();
    let page = owner.browser.get(&format!("/account/waiting/{handle}")).await;
    assert!(page.html.contains("You approved it"), "{}", page.html);
    let sign = |hash: &Hash| {
        json!({ "credentialID": id, "SAD": granted["SAD"], "hash": [hash.base64()],
            "hashAlgo": "2.16.840.1.101.3.4.2.1", "signAlgo": algorithm.sign_algo })
    };
    let signed = session.call("v1/signatures/signHash", sign(&hash)).await.ok();
    owner.who.verifies(&algorithm, &hash, &signatures(&signed)[0]);
    // To its second address after a failure: the same signature.
    assert_eq!(session.call("v1/signatures/signHash", sign(&hash)).await.ok(), signed);
    // The SAD it kept is for no other hash (SCAL 2).
    let heard = session.call("v1/signatures/signHash", sign(&Hash::of("other"))).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Hash is not authorized by the SAD."));
    let ask = json!({ "token": second["refresh_token"], "token_type_hint": "refresh_token" });
    assert_eq!(session.call("v1/auth/revoke", ask).await.status, 204);
}

/// SSL.com's eSigner as jsign 7.5 speaks it: a one-time password and no PIN, which only its own service can judge.
#[tokio::test]
async fn kind_2k_jsigns_esigner_with_a_one_time_password_only() {
    let mut owner = Owner::enrol("esigner-otp", Wanted { key: "RSA-3072", ..QUICK }).await;
    let (id, api, token) = {
        let session = &owner.who.session;
        (owner.who.credential.id.clone(), session.api.clone(), session.token.clone())
    };
    let session = api.with(&token);
    let listed = session.call("v0/credentials/list", json!({ "clientData": "EVCS" })).await.ok();
    assert_eq!(listed["credentialIDs"], json!([id]));
    let info = session.call("v0/credentials/info", json!({ "credentialID": id, "certificates": "chain" })).await;
    assert_eq!(info.status, 200);
    assert_eq!(api.post_with("/scan/settings", &token, &json!({ "credential_id": id })).await.status, 200);
    let (hash, algorithm) = (Hash::of("esigner"), Algorithm::pkcs1(Sha::Sha256));
    let ask = json!({ "credentialID": id, "numSignatures": 1, "hash": [hash.base64()], "OTP": "492039" });
    let (heard, _) = tokio::join!(session.call("v0/credentials/authorize", ask), owner.approve());
    let sad = heard.ok()["SAD"].clone();
    let ask = json!({ "credentialID": id, "SAD": sad, "hash": [hash.base64()], "signAlgo": algorithm.sign_algo });
    let signed = signatures(&session.call("v0/signatures/signHash", ask).await.ok());
    owner.who.verifies(&algorithm, &hash, &signed[0]);
}

#[tokio::test]
async fn version_two_is_given_a_handle_and_asks_what_became_of_it() {
    let mut owner = Owner::enrol("handle", QUICK).await;
    let client = shared().ready.client("legacy", "sealed");
    let session = shared().api().client(client).await;
    let (hashes, algorithm) = (Hash::many("handle", 3), Algorithm::usual("P-256"));
    let handle = owner.handle(&session, &hashes).await;
    let pending = check(&session, &handle).await;
    assert_eq!((pending.status, &pending.json), (202, &json!({ "handle": handle })));
    assert_eq!(owner.handle(&session, &hashes).await, handle, "asked again, it waits for the same approval");
    // to nobody else.
    let other = shared().api().client(shared().ready.client("legacy", "clear")).await;
    for stranger in [&other, &owner.who.session] {
        assert_eq!(check(stranger, &handle).await.error(), (400, "invalid_request", "Invalid parameter handle"));
    }
    assert_eq!(owner.approve().await, handle);
    let granted = check(&session, &handle).await.ok();
    let sad = granted["SAD"].as_str().unwrap();
    assert!(sad.starts_with("sad_") && (290..=300).contains(&granted["expiresIn"].as_u64().unwrap()));
    assert_eq!(check(&session, &handle).await.ok()["SAD"], *sad, "an answer may get lost");
    let made = session.sign(&owner.who.credential, sad, &algorithm, &hashes).await;
    for (hash, signature) in hashes.iter().zip(&made) {
        owner.who.verifies(&algorithm, hash, signature);
    }
    // It is the app's own, as any SAD is.
    let heard = other.try_sign(&owner.who.credential, sad, &algorithm, &hashes[..1]).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter SAD"));
    // The owner finds it in the history, with the app's name.
    let history = owner.browser.get("/account/history").await;
    assert!(history.html.contains(&client.client_id), "{}", history.html);
    // neither the PIN nor the SAD is in what the gateway keeps.
    for entry in std::fs::read_dir(shared().folder.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && path.file_name().unwrap().to_string_lossy().contains("gateway.sqlite") {
            let octets = std::fs::read(&path).unwrap();
            let has = |needle: &str| octets.windows(needle.len()).any(|window| window == needle.as_bytes());
            assert!(!has(sad) && !has(&owner.who.credential.pin), "{}", path.display());
        }
    }
}

#[tokio::test]
async fn who_refuses_or_does_not_know_the_pin_signs_nothing() {
    let mut owner = Owner::enrol("refuses", QUICK).await;
    let client = shared().ready.client("legacy", "clear");
    let session = shared().api().client(client).await;
    let hashes = [Hash::of("refused")];
    let handle = owner.handle(&session, &hashes).await;
    assert_eq!(owner.browser.decide(&handle, "refuse").await, format!("/account/waiting/{handle}"));
    let refused = (400, "invalid_authentication_data", "The authentication data is invalid");
    assert_eq!(check(&session, &handle).await.error(), refused);
    // A PIN that the app sends all the same is judged by nobody.
    let mut ask = owner.asked(&[Hash::of("with pin")]);
    ask["authData"] = json!([{ "id": "PIN", "value": owner.who.credential.pin }]);
    let heard = session.call("v2/credentials/authorize", ask).await;
    assert_eq!(heard.status, 202, "{}", heard.json);
    let handle = heard.json["handle"].as_str().unwrap().to_owned();
    // Wrong PINs lock, and the app hears it.
    let mut device = owner.begin(&handle).await;
    for _ in 0..3 {
        assert_eq!(device.approve("00000000").await.1, State::Open);
    }
    let heard = device.approve(&owner.who.credential.pin).await;
    assert_eq!(heard.1, State::Open, "three wrong PINs are all that one client has (A-22): {}", heard.0);
    assert_eq!(check(&session, &handle).await.status, 202, "another app's requests can still be approved");
    // Blocked: nothing more of this app comes before its user.
    assert_eq!(owner.browser.decide(&handle, "block").await, "/account/apps");
    assert_eq!(check(&session, &handle).await.error(), refused);
    let heard = session.call("v2/credentials/authorize", owner.asked(&[Hash::of("again")])).await;
    assert_eq!(heard.error(), refused);
    assert!(owner.browser.waiting().await.is_empty());
}

/// Who is slower than 25 seconds is not asked again: the same request waits for the same approval.
#[tokio::test]
async fn version_one_waits_for_a_while_and_then_says_so() {
    let mut owner = Owner::enrol("slow", QUICK).await;
    let session = shared().api().client(shared().ready.client("legacy", "clear")).await;
    let (hash, algorithm) = (Hash::of("slow"), Algorithm::usual("P-256"));
    let ask = json!({ "credentialID": owner.who.credential.id, "numSignatures": 1, "hash": [hash.base64()] });
    let began = std::time::Instant::now();
    let late = session.call("v1/credentials/authorize", ask.clone()).await;
    let waited = began.elapsed().as_secs();
    assert_eq!(late.error().1, "access_denied");
    assert!(late.error().2.starts_with("The user has not approved the request in time."), "{}", late.json);
    assert!((23..=40).contains(&waited), "{waited}");
    owner.approve().await;
    let sad = session.call("v1/credentials/authorize", ask).await.ok()["SAD"].clone();
    let made =
        session.sign(&owner.who.credential, sad.as_str().unwrap(), &algorithm, std::slice::from_ref(&hash)).await;
    owner.who.verifies(&algorithm, &hash, &made[0]);
    assert!(owner.browser.waiting().await.is_empty());
}

/// Nobody is asked until they give in.
#[tokio::test]
async fn a_few_requests_wait_and_no_more() {
    let mut owner = Owner::enrol("bombed", QUICK).await;
    let session = shared().api().client(shared().ready.client("legacy", "clear")).await;
    let hashes = Hash::many("bomb", 30);
    let mut heard = Vec::new();
    for hash in hashes.chunks(1) {
        heard.push(session.call("v2/credentials/authorize", owner.asked(hash)).await.status);
    }
    assert_eq!(heard.iter().filter(|status| **status == 202).count(), 3);
    assert_eq!(heard.iter().filter(|status| **status == 429).count(), 27);
    assert_eq!(owner.browser.waiting().await.len(), 3);
    // Each that is refused counts: after ten in an hour it is over.
    let mut asked = 3;
    for hash in hashes.chunks(1).skip(3) {
        for handle in owner.browser.waiting().await {
            owner.browser.decide(&handle, "refuse").await;
        }
        let again = session.call("v2/credentials/authorize", owner.asked(hash)).await;
        if again.status == 429 {
            let wait: u64 = again.headers["retry-after"].to_str().unwrap().parse().unwrap();
            assert!(wait > 3000, "{wait}");
            break;
        }
        asked += 1;
    }
    assert_eq!(asked, 10);
}
