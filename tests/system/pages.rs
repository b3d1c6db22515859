//! A person, their browser, and whoever would like to be in between: the rows of the attack table about the pages and
//! the authorization code, on the real service. The browser has no screen; the device is the client's end of `api`.

mod guard;

use data_encoding::BASE64URL_NOPAD;
use harness::channel::{Device, pinned};
use harness::{Algorithm, Answer, Api, Browser, Client, Hash, Seen, Wanted, api, parameter, shared};
use rsign_api::channel::wire::State;
use serde_json::{Value, json};

use crate::common::Outsider;

pub(crate) const CALLBACK: &str = "http://127.0.0.1:7777/callback";
pub(crate) const SHA256: &str = "2.16.840.1.101.3.4.2.1";

fn browser() -> Browser {
    Browser::new(&shared().ready.oauth2, shared().ready.tls_ca.as_deref().unwrap())
}

/// A person with a key, their browser in which they are signed in, and an app.
pub(crate) struct Scene {
    pub(crate) who: Outsider,
    pub(crate) browser: Browser,
    pub(crate) app: Client,
    pub(crate) api: Api,
}

impl Scene {
    pub(crate) async fn set(name: &str) -> Self {
        let who = Outsider::enrol(name, Wanted::QUICK).await;
        let app = shared().operator().add_client(&format!("app-{}", who.user.username), "sealed", false);
        let mut browser = browser();
        assert_eq!(browser.sign_in(&who.user).await.location(), "/account");
        Self { who, browser, app, api: shared().api() }
    }

    pub(crate) fn service(&self) -> Vec<(&'static str, String)> {
        let (client, callback) = (self.app.client_id.clone(), CALLBACK.to_owned());
        let code = "code".to_owned();
        vec![("response_type", code), ("client_id", client), ("redirect_uri", callback), ("state", "s t%æ".to_owned())]
    }

    pub(crate) fn signing(&self, hashes: &[Hash]) -> Vec<(&'static str, String)> {
        let list: Vec<_> = hashes.iter().map(|hash| BASE64URL_NOPAD.encode(&hash.digest)).collect();
        let more = [
            ("scope", "credential".to_owned()),
            ("credentialID", self.who.credential.id.clone()),
            ("numSignatures", hashes.len().to_string()),
            ("hashes", list.join(",")),
            ("hashAlgorithmOID", SHA256.to_owned()),
        ];
        self.service().into_iter().chain(more).collect()
    }

    /// Where the person's browser is sent after all of it: they say yes, type their PIN, and come back.
    pub(crate) async fn approve(&mut self, hashes: &[Hash]) -> String {
        let device = self.type_pin(hashes).await;
        self.browser.come_back(&device).await.location().to_owned()
    }

    /// Up to the PIN.
    pub(crate) async fn type_pin(&mut self, hashes: &[Hash]) -> Device {
        let asked = self.signing(hashes);
        let gone = self.browser.say_yes(&borrowed(&asked)).await;
        assert!(gone.starts_with(shared().ready.sign.as_deref().unwrap()), "{gone}");
        let mut device = Device::follow(&self.api, &gone, &pinned(&shared().folder)).await;
        assert_eq!(device.approve(&self.who.credential.pin).await, ("done".to_owned(), State::Done));
        device
    }

    pub(crate) async fn redeem(&self, code: &str) -> Answer {
        redeem(&self.api, &self.app, code).await
    }

    pub(crate) async fn sign_with(&self, token: &str, hashes: &[Hash]) -> Answer {
        let list: Vec<_> = hashes.iter().map(Hash::base64).collect();
        let ask = json!({ "credentialID": self.who.credential.id, "hashes": list, "hashAlgorithmOID": SHA256,
            "signAlgo": Algorithm::usual("P-256").sign_algo });
        self.api.with(token).call("v2/signatures/signHash", ask).await
    }
}

pub(crate) fn borrowed<'a>(parameters: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    parameters.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

pub(crate) async fn redeem(api: &Api, app: &Client, code: &str) -> Answer {
    let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
    api.form("/oauth2/token", Some((&app.client_id, app.client_secret.as_deref().unwrap())), &form).await
}

pub(crate) fn token(answer: Answer) -> String {
    answer.ok()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_03_a_code_that_comes_twice_ends_what_came_of_it_at_the_signer_too() {
    let mut scene = Scene::set("code-replay").await;
    let hashes = Hash::many("code replay", 2);
    let back = scene.approve(&hashes).await;
    assert!(back.starts_with(CALLBACK), "{back}");
    assert_eq!(parameter(&back, "state").as_deref(), Some("s t%æ"));
    assert_eq!(parameter(&back, "iss").as_deref(), Some(shared().ready.oauth2.as_str()), "A-02");
    let code = parameter(&back, "code").unwrap();
    // Stolen by another app: nothing, and nothing is spent.
    let thief = shared().operator().add_client(&format!("thief-{}", scene.app.client_id), "sealed", true);
    assert_eq!(redeem(&scene.api, &thief, &code).await.error().1, "invalid_grant", "A-08");
    let sad = token(scene.redeem(&code).await);
    let signed = scene.sign_with(&sad, &hashes[..1]).await.ok();
    scene.who.verifies(&Algorithm::usual("P-256"), &hashes[0], &api::signatures(&signed)[0]);
    // Two parties have the code: what the first one got ends.
    let again = scene.redeem(&code).await;
    assert_eq!(again.error(), (400, "invalid_grant", "Authorization code is invalid or expired"));
    let heard = scene.sign_with(&sad, &hashes[1..]).await;
    assert_eq!(heard.error().0, 401, "{}", heard.json);
    // Not at the gateway alone: beside a token of the app for this user it is as good as none.
    let asked = scene.service();
    let back = scene.browser.say_yes(&borrowed(&asked)).await;
    let first = scene.redeem(&parameter(&back, "code").unwrap()).await.ok();
    let service = scene.api.with(first["access_token"].as_str().unwrap());
    let heard = service.try_sign(&scene.who.credential, &sad, &Algorithm::usual("P-256"), &hashes[1..]).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter SAD"));
    let trail = shared().trail();
    let signed = trail.of("signed", "success").filter(|entry| entry["credential"] == *scene.who.credential.id);
    assert_eq!(signed.count(), 1);
    // The same for scope service, refresh token included.
    assert_eq!(service.call("v2/credentials/list", json!({})).await.status, 200);
    assert_eq!(scene.redeem(&parameter(&back, "code").unwrap()).await.error().1, "invalid_grant");
    assert_eq!(service.call("v2/credentials/list", json!({})).await.error().0, 401);
    if let Some(refresh) = first["refresh_token"].as_str() {
        let basic = (scene.app.client_id.as_str(), scene.app.client_secret.as_deref().unwrap());
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        assert_eq!(scene.api.form("/oauth2/token", Some(basic), &form).await.error().1, "invalid_grant");
    }
}

#[tokio::test]
async fn a_05_only_the_session_that_began_gets_the_code() {
    let mut scene = Scene::set("login-csrf").await;
    let hashes = [Hash::of("csrf")];
    let device = scene.type_pin(&hashes).await;
    let other = Outsider::enrol("csrf-other", Wanted::QUICK).await;
    let (mut foreign, mut elsewhere, mut nobody) = (browser(), browser(), browser());
    foreign.sign_in(&other.user).await;
    elsewhere.sign_in(&scene.who.user).await;
    for browser in [&mut foreign, &mut elsewhere, &mut nobody] {
        let seen = browser.come_back(&device).await;
        assert!(seen.status == 403 && seen.field("location").is_empty(), "{} {:?}", seen.status, seen.headers);
        assert!(!seen.html.contains("ac_"));
    }
    // Nor does the token of the transaction, which the page has, give the code.
    let path = format!("/oauth2/return?tx={}", device.tx);
    assert_eq!(scene.api.get_with(&path, &device.token).await.status, 403);
    let back = scene.browser.come_back(&device).await;
    assert!(parameter(back.location(), "code").is_some());
    let again = scene.browser.come_back(&device).await;
    assert!(!again.field("location").contains("code="), "once");
}

#[tokio::test]
async fn a_05_no_form_counts_that_is_not_from_our_page_in_its_session() {
    let mut scene = Scene::set("form-csrf").await;
    let asked = scene.service();
    let (page, second) = (scene.browser.ask(&borrowed(&asked)).await, scene.browser.ask(&borrowed(&asked)).await);
    let yes = |page: &Seen| {
        let mut form = page.hidden("/account/approve");
        form.push(("decision".to_owned(), "continue".to_owned()));
        form
    };
    let good = yes(&page);
    let field = |form: &[(String, String)], name: &str, value: &str| {
        let change = |(known, old): &(String, String)| {
            (known.clone(), if known == name { value.to_owned() } else { old.clone() })
        };
        form.iter().map(change).collect::<Vec<_>>()
    };
    let of_second = yes(&second).into_iter().find(|(name, _)| name == "form_token").unwrap().1;
    let other = Outsider::enrol("form-other", Wanted::QUICK).await;
    let mut foreign = browser();
    foreign.sign_in(&other.user).await;
    let refused = |seen: &Seen| seen.status == 403 && seen.field("location").is_empty();
    for token in ["", "x", &of_second] {
        assert!(refused(&scene.browser.post("/account/approve", &field(&good, "form_token", token)).await), "{token}");
    }
    assert!(refused(&foreign.post("/account/approve", &good).await), "another session");
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")]
    {
        scene.browser.fields = vec![(name, value.to_owned())];
        assert!(refused(&scene.browser.post("/account/approve", &good).await), "{name}: {value}");
    }
    scene.browser.fields = vec![("sec-fetch-site", "same-origin".to_owned())];
    // Nobody is signed in by a form of somebody else's.
    let mut attacker = browser();
    let mut form = attacker.get("/account/sign-in").await.hidden("/account/sign-in");
    form.extend([("username".to_owned(), other.user.username), ("password".to_owned(), other.user.password)]);
    let mut victim = browser();
    victim.get("/account/sign-in").await;
    assert!(refused(&victim.post("/account/sign-in", &form).await));
    assert!(!victim.cookies.contains_key("__Host-rsign"));
    // None of that answered the request.
    let back = scene.browser.post("/account/approve", &good).await;
    assert!(parameter(back.location(), "code").is_some());
}

#[tokio::test]
async fn a_07_signing_in_makes_a_session_that_was_not_there_before() {
    let who = Outsider::enrol("fixation", Wanted::QUICK).await;
    let mut victim = browser();
    let planted = "planted-by-somebody-else-0123456789012345678".to_owned();
    victim.cookies.insert("__Host-rsign".to_owned(), planted.clone());
    victim.sign_in(&who.user).await;
    let first = victim.cookies["__Host-rsign"].clone();
    assert_ne!(first, planted);
    let mut attacker = browser();
    attacker.cookies.insert("__Host-rsign".to_owned(), planted);
    assert!(attacker.get("/account").await.location().contains("/account/sign-in"));
    victim.sign_in(&who.user).await;
    assert_ne!(victim.cookies["__Host-rsign"], first);
    attacker.cookies.insert("__Host-rsign".to_owned(), first);
    assert!(attacker.get("/account").await.location().contains("/account/sign-in"), "the one before is over");
    assert_eq!(victim.get("/account").await.status, 200);
}

#[tokio::test]
async fn a_43_a_key_that_was_deleted_never_comes_back_and_takes_its_tokens_along() {
    let mut scene = Scene::set("recreated").await;
    let hashes = Hash::many("recreated", 2);
    let back = scene.approve(&hashes).await;
    let credential_token = token(scene.redeem(&parameter(&back, "code").unwrap()).await);
    assert_eq!(scene.sign_with(&credential_token, &hashes[..1]).await.status, 200);
    let sad = scene.who.session.authorize(&scene.who.credential, &hashes).await;
    // The code of an approval that waits.
    let waiting = scene.approve(&[Hash::of("waiting")]).await;
    let delete = format!("/account/keys/{}/delete", scene.who.credential.id);
    let password = scene.who.user.password.clone();
    let page = scene.browser.get(&delete).await;
    let done = scene.browser.submit(&page, &delete, &[("password", &password)]).await;
    assert!(done.location().starts_with("/account"), "{}", done.location());
    let new = shared().operator().enrol(&scene.who.user.id, Wanted::QUICK);
    assert_ne!(new.id, scene.who.credential.id);
    assert!(new.id.len() >= 22, "128 random bits: {}", new.id);
    // By the old id there is nothing, and what was for it is for nothing else.
    let listed = scene.who.session.call("v2/credentials/list", json!({})).await.ok();
    assert_eq!(listed["credentialIDs"], json!([new.id]));
    let algorithm = Algorithm::usual("P-256");
    assert!(scene.sign_with(&credential_token, &hashes[1..]).await.status >= 400);
    let renamed = json!({ "credentialID": new.id, "hashes": [hashes[1].base64()], "hashAlgorithmOID": SHA256,
        "signAlgo": algorithm.sign_algo });
    let heard = scene.api.with(&credential_token).call("v2/signatures/signHash", renamed).await;
    assert!(heard.status >= 400, "{}", heard.json);
    for credential in [&scene.who.credential, &new] {
        let heard = scene.who.session.try_sign(credential, &sad, &algorithm, &hashes).await;
        assert!(heard.status == 400 && heard.json["signatures"] == Value::Null, "{}", heard.json);
    }
    let heard = scene.redeem(&parameter(&waiting, "code").unwrap()).await;
    if heard.status == 200 {
        let heard = scene.sign_with(&token(heard), &[Hash::of("waiting")]).await;
        assert!(heard.status >= 400, "{}", heard.json);
    }
    let heard = scene.who.session.try_authorize(&scene.who.credential, &hashes).await;
    assert_eq!(heard.error().0, 400);
    // A name is never given twice: neither an account's nor an app's.
    let taken = scene.who.user.username.clone();
    let mut stranger = browser();
    let form = stranger.get("/account/sign-up").await;
    let typed = [
        ("given_name", "Eve"),
        ("surname", "Eve"),
        ("country", "PT"),
        ("document", ""),
        ("number", ""),
        ("username", taken.as_str()),
        ("password", "a long enough secret"),
        ("repeated", "a long enough secret"),
    ];
    let seen = stranger.submit(&form, "/account/sign-up", &typed).await;
    assert!(seen.status >= 400 && !stranger.cookies.contains_key("__Host-rsign"), "{}", seen.status);
}
