//! A person, their browser, and whoever would like to be in between: the rows of the attack table about the pages and
//! the authorization code, on the real service. The browser has no screen; the device is the client's end of `api`.

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
async fn a_06_a_45_every_page_and_answer_is_under_its_guard() {
    let mut scene = Scene::set("guarded").await;
    let approve = scene.browser.ask(&borrowed(&scene.signing(&[Hash::of("guarded")]))).await;
    let id = scene.who.credential.id.clone();
    let mut seen = vec![("approve".to_owned(), approve)];
    for path in [
        "/account",
        "/account/keys/new",
        &format!("/account/keys/{id}"),
        &format!("/account/keys/{id}/delete"),
        "/account/history",
        "/account/apps",
        "/account/me",
        "/account/sign-in?again=yes",
        "/account/sign-up",
        "/account/nowhere",
        "/account/approve?request=ar_none",
        "/oauth2/authorize?client_id=nobody",
        "/oauth2/return?tx=none",
    ] {
        seen.push((path.to_owned(), scene.browser.get(path).await));
    }
    for (path, seen) in &seen {
        let policy = seen.field("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(seen.field(name), value, "{path} {}", seen.status);
        }
        assert!(!seen.html.contains("<script") && !seen.html.contains("http://"), "{path}");
    }
    // Where a code or a token passes: neither kept nor told to the next page.
    let device = scene.type_pin(&[Hash::of("guarded too")]).await;
    let back = scene.browser.come_back(&device).await;
    assert_eq!((back.field("cache-control"), back.field("referrer-policy")), ("no-store", "no-referrer"));
    let answer = scene.redeem(&parameter(back.location(), "code").unwrap()).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    let told = scene.api.get_with(&format!("/rch/{}", device.tx), &device.token).await;
    assert_eq!(told.headers["cache-control"], "no-store");
    // The signing page, which is the signer's.
    let mut at_signer = Browser::new(
        shared().ready.sign.as_deref().unwrap().trim_end_matches('/'),
        shared().ready.tls_ca.as_deref().unwrap(),
    );
    let page = at_signer.get("/").await;
    let policy = page.field("content-security-policy");
    assert!(page.status == 200 && policy.contains("default-src 'none'"), "{policy}");
    for needed in ["frame-ancestors 'none'", "require-trusted-types-for 'script'"] {
        assert!(policy.contains(needed), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    assert_eq!((page.field("referrer-policy"), page.field("x-frame-options")), ("no-referrer", "DENY"));
    assert!(page.field("set-cookie").is_empty() && page.field("cache-control").contains("no-"), "{:?}", page.headers);
}

#[tokio::test]
async fn a_28_nothing_leads_to_where_we_never_said() {
    let mut scene = Scene::set("redirects").await;
    for next in
        ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\thttps://evil.example"]
    {
        let mut browser = browser();
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let page = browser.get(&format!("/account/sign-in?{query}")).await;
        let mut form: Vec<_> = page.hidden("/account/sign-in").into_iter().filter(|(name, _)| name != "next").collect();
        let typed = [("next", next), ("username", &scene.who.user.username), ("password", &scene.who.user.password)];
        form.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        assert_eq!(browser.post("/account/sign-in", &form).await.location(), "/account", "{next}");
    }
    // A redirect URI that is not registered: a page, and no redirect, whatever else is wrong.
    for uri in [
        "https://evil.example/callback",
        "http://127.0.0.1:7777/callback/",
        "http://127.0.0.1:7777/callback?x=1",
        "http://127.0.0.1:7777/callback#x",
        "http://127.0.0.1:7777/Callback",
        "http://localhost:7777/callback",
        "http://127.0.0.1:7777@evil.example/callback",
        "http://127.0.0.1.evil.example:7777/callback",
        "https://127.0.0.1:7777/callback",
        "http://127.0.0.1:7777/%63allback",
    ] {
        let mut asked = scene.service();
        asked[2].1 = uri.to_owned();
        let seen = scene.browser.authorize(&borrowed(&asked)).await;
        assert!(
            seen.status == 400 && seen.field("location").is_empty(),
            "{uri}: {} {}",
            seen.status,
            seen.field("location")
        );
    }
    // A request that nobody pushed, or somebody else did.
    let pushed = {
        let other = shared().operator().add_client(&format!("pusher-{}", scene.app.client_id), "sealed", false);
        let basic = (other.client_id.as_str(), other.client_secret.as_deref().unwrap());
        let form = [("response_type", "code"), ("client_id", basic.0), ("redirect_uri", CALLBACK)];
        let answer = scene.api.form("/oauth2/pushed_authorize", Some(basic), &form).await;
        assert_eq!(answer.status, 201, "{}", answer.json);
        answer.json["request_uri"].as_str().unwrap().to_owned()
    };
    for uri in ["https://evil.example/request", "urn:ietf:params:oauth:request_uri:none", &pushed] {
        let seen = scene.browser.authorize(&[("client_id", &scene.app.client_id), ("request_uri", uri)]).await;
        assert!([400, 410].contains(&seen.status) && seen.field("location").is_empty(), "{uri}: {}", seen.status);
    }
}

#[tokio::test]
async fn a_29_nothing_breaks_out_of_a_header() {
    let mut scene = Scene::set("crlf").await;
    let evil = "a\r\nSet-Cookie: evil=1\r\nLocation: https://evil.example";
    for name in ["state", "clientData", "lang", "description", "account_token", "credentialID", "redirect_uri"] {
        let mut asked = scene.service();
        asked.retain(|(known, _)| *known != name);
        asked.push((name, evil.to_owned()));
        let seen = scene.browser.authorize(&borrowed(&asked)).await;
        assert!(
            !seen.headers.values().any(|value| value.to_str().is_ok_and(|value| value.contains("evil=1"))),
            "{name}"
        );
        assert!(seen.headers.get_all("location").iter().count() <= 1);
        assert!(!scene.browser.cookies.contains_key("evil"), "{name}");
        if let Some(location) = seen.headers.get("location") {
            let location = location.to_str().unwrap();
            if name == "state" {
                assert_eq!(parameter(location, "error").as_deref(), Some("invalid_request"), "{location}");
                assert_eq!(parameter(location, "state"), None, "a state that was refused is not given back");
            }
        }
    }
    // What may stand there comes back octet by octet.
    for state in ["s t%æ", "a&b=c#d?e+f%20", "\"<>\\^`{|}~", &"x".repeat(1024)] {
        let mut asked = scene.service();
        asked[3].1 = state.to_owned();
        let back = scene.browser.say_yes(&borrowed(&asked)).await;
        assert_eq!(parameter(&back, "state").as_deref(), Some(state), "{back}");
    }
}

/// What an app calls itself and its documents is text: no markup, and nothing that makes it read as something else.
#[tokio::test]
async fn a_30_what_apps_write_is_text_on_every_page() {
    let mut scene = Scene::set("markup").await;
    let evil = "<img src=x onerror=alert(1)>\u{202e}fdp.exe\u{2066}\"'--></bdi><script>alert(2)</script>";
    let digests = json!([{ "hash": Hash::of("markup").base64(), "label": evil }]);
    let details = json!([{ "type": "https://cloudsignatureconsortium.org/2025/credential", "numSignatures": 1,
        "credentialID": scene.who.credential.id, "documentDigests": digests, "hashAlgorithmOID": SHA256 }]);
    let mut asked = scene.service();
    asked.extend([("authorization_details", details.to_string()), ("description", evil.to_owned())]);
    let page = scene.browser.ask(&borrowed(&asked)).await;
    assert!(page.html.contains("alert(1)"), "the label is shown: {}", page.html);
    let gone = scene.browser.submit(&page, "/account/approve", &[("decision", "continue")]).await;
    let mut device = Device::follow(&scene.api, gone.location(), &pinned(&shared().folder)).await;
    let told = scene.api.get_with(&format!("/rch/{}", device.tx), &device.token).await.ok();
    assert!(!told.to_string().contains(['\u{202e}', '\u{2066}']), "{told}");
    assert_eq!(device.approve(&scene.who.credential.pin).await.1, State::Done);
    let history = scene.browser.get("/account/history").await;
    assert!(history.html.contains("alert(1)"), "{}", history.html);
    let query = "%3Cscript%3Ealert(1)%3C/script%3E";
    let wrong =
        scene.browser.get(&format!("/oauth2/authorize?client_id={query}&redirect_uri={query}&state={query}")).await;
    for seen in [&page, &history, &wrong] {
        assert!(!seen.html.contains("<img") && !seen.html.contains("<script"), "{}", seen.html);
        assert!(!seen.html.contains(['\u{202e}', '\u{2066}']), "{}", seen.html);
    }
}

#[tokio::test]
async fn a_31_what_stands_there_twice_is_refused_everywhere() {
    let mut scene = Scene::set("twice").await;
    let id = scene.app.client_id.clone();
    let basic = Some((id.as_str(), scene.app.client_secret.as_deref().unwrap()));
    for (name, value) in [("scope", "credential"), ("response_type", "code"), ("state", "other"), ("clientData", "x")] {
        let mut asked = scene.signing(&[Hash::of("twice")]);
        asked.push((name, value.to_owned()));
        if name == "clientData" {
            asked.push((name, value.to_owned()));
        }
        let seen = scene.browser.authorize(&borrowed(&asked)).await;
        let location = seen.location();
        assert_eq!(parameter(location, "error").as_deref(), Some("invalid_request"), "{name}: {location}");
        if name == "state" {
            assert_eq!(parameter(location, "state"), None, "neither of the two");
        }
        let heard = scene.api.form("/oauth2/pushed_authorize", basic, &borrowed(&asked)).await;
        assert_eq!((heard.error().0, heard.error().1), (400, "invalid_request"), "{name}");
    }
    // Whose app it is, and where it goes, is not to be guessed: no redirect at all.
    for (name, value) in [("client_id", id.as_str()), ("redirect_uri", CALLBACK)] {
        let mut asked = scene.service();
        asked.push((name, value.to_owned()));
        let seen = scene.browser.authorize(&borrowed(&asked)).await;
        assert!(seen.status == 400 && seen.field("location").is_empty(), "{name}: {}", seen.status);
    }
    let asked = scene.service();
    let back = scene.browser.say_yes(&borrowed(&asked)).await;
    let code = parameter(&back, "code").unwrap();
    let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK), ("code", &code)];
    assert_eq!(scene.api.form("/oauth2/token", basic, &form).await.error().1, "invalid_request");
    assert_eq!(scene.redeem(&code).await.status, 200, "that was no use of it");
    // In JSON.
    let body = format!("{{\"credentialID\":\"{0}\",\"credentialID\":\"{0}\"}}", scene.who.credential.id);
    let bearer = format!("Bearer {}", scene.who.session.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    assert_eq!(scene.api.post("/csc/v2/credentials/info", &headers, body).await.error().0, 400);
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
