//! Attacks on `oauth2/authorize` and `oauth2/pushed_authorize`, each named after its row in security.md 2.3.

use axum::body::Body;
use axum::http::{Request, header};

use super::flow::{CHALLENGE, VERIFIER, encode, parameter};
use super::{Bench, PUBLIC, registration};
use crate::domain::client::{Constraint, Profile};
use crate::service::clients::Registration;
use crate::service::oauth::requests::LIFETIME;

const BASE: [(&str, &str); 2] = [("response_type", "code"), ("client_id", "app")];

async fn bench() -> (Bench, String) {
    let bench = Bench::new().await;
    let redirect_uris = vec!["https://app.example/cb".to_owned(), "http://127.0.0.1/callback".to_owned()];
    let secret = bench.register(Registration { redirect_uris, ..registration("app") }).await;
    (bench, secret)
}

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&BASE[..], &[("redirect_uri", "https://app.example/cb")], more].concat()
}

/// What an app hears by redirect.
async fn refused(bench: &Bench, parameters: &[(&str, &str)]) -> (String, String) {
    let visited = bench.authorize(parameters).await;
    assert_eq!(visited.status, 302, "{parameters:?}");
    assert!(visited.location().starts_with("https://app.example/cb?"), "{parameters:?}: {}", visited.location());
    let said = |name| parameter(visited.location(), name).unwrap_or_default();
    assert!(parameter(visited.location(), "iss").is_some(), "A-02");
    (said("error"), said("error_description"))
}

#[tokio::test]
async fn a_01_a_redirect_uri_matches_or_nobody_is_redirected() {
    let (bench, _) = bench().await;
    for uri in [
        "https://app.example/cb/",
        "https://app.example/cb?x=1",
        "https://app.example/cb#f",
        "https://app.example:8443/cb",
        "https://APP.example/cb",
        "https://app.example/%63b",
        "https://app.example/%2fcb",
        "https://app.example%2fcb",
        "https://app.example/x/../cb",
        "https://app.example/cb/..;/cb",
        "https://app.example/cb%00",
        "https://app.example\\cb",
        "https://app.example./cb",
        "http://app.example/cb",
        "https://user@app.example/cb",
        "https://app.example@evil.example/cb",
        "https://app.example.evil.example/cb",
        "http://[::1]:4000/callback",
        "http://127.1:4000/callback",
        "http://127.0.0.2:4000/callback",
        "http://2130706433:4000/callback",
        "http://127.0.0.1.:4000/callback",
        "http://127.0.0.1:4000/callback?x",
        "http://127.0.0.1:x/callback",
        "http://127.0.0.1:4000@evil.example/callback",
        "https://127.0.0.1:4000/callback",
        "http://localhost:4000/callback",
        "http://127.0.0.1:4000/callback/x",
        "https://evil.example/cb",
        "javascript:alert(1)",
    ] {
        let visited = bench.authorize(&[&BASE[..], &[("redirect_uri", uri)]].concat()).await;
        assert_eq!((visited.status, visited.location()), (400, ""), "{uri}");
        assert_eq!(visited.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert!(!visited.text.contains("evil.example") && !visited.text.contains("alert(1)"));
    }
    for uri in ["https://app.example/cb", "http://127.0.0.1/callback", "http://127.0.0.1:4000/callback"] {
        let visited = bench.authorize(&[&BASE[..], &[("redirect_uri", uri)]].concat()).await;
        assert!(visited.request().starts_with("ar_"), "{uri}");
    }
    // Of two registered ones none is the default; unknown clients and doubled parameters have no redirect URI at all.
    for parameters in [
        BASE.to_vec(),
        vec![("response_type", "code"), ("client_id", "nobody"), ("redirect_uri", "https://app.example/cb")],
        with(&[("redirect_uri", "https://evil.example/cb")]),
        with(&[("client_id", "app")]),
    ] {
        let visited = bench.authorize(&parameters).await;
        assert_eq!((visited.status, visited.location()), (400, ""), "{parameters:?}");
    }
}

/// Mix-up: whatever the answer is, it says whose it is, and the metadata promise that it does (RFC 9207).
#[tokio::test]
async fn a_02_every_answer_says_whose_it_is() {
    let (bench, _) = bench().await;
    let metadata = bench.exchange(Request::get("/.well-known/oauth-authorization-server").body(Body::empty()).unwrap());
    let metadata = metadata.await.json;
    assert_eq!(metadata["issuer"], PUBLIC);
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    let (_, session) = bench.browser(&bench.ann).await;
    let yes = bench.authorize(&with(&[])).await;
    let yes = bench.answer(yes.request(), "").await;
    let asked = bench.authorize(&with(&[])).await;
    let no = bench.site.app.requests.deny(asked.request(), &session).await.unwrap();
    let wrong = bench.authorize(&with(&[("scope", "openid")])).await;
    let twice = bench.authorize(&with(&[("scope", "service"), ("scope", "service")])).await;
    for (url, word) in
        [(yes.as_str(), "code"), (&no, "error"), (wrong.location(), "error"), (twice.location(), "error")]
    {
        assert!(parameter(url, word).is_some(), "{url}");
        assert_eq!(parameter(url, "iss").as_deref(), Some(PUBLIC), "{url}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_to_the_app() {
    let (bench, _) = bench().await;
    let invalid = |sentence: &str| ("invalid_request".to_owned(), sentence.to_owned());
    assert_eq!(
        refused(&bench, &[("client_id", "app"), ("redirect_uri", "https://app.example/cb")]).await,
        invalid("Missing parameter response_type")
    );
    let implicit = [("response_type", "token"), ("client_id", "app"), ("redirect_uri", "https://app.example/cb")];
    assert_eq!(refused(&bench, &implicit).await.0, "unsupported_response_type");
    for (more, error) in [
        (("scope", "service credential"), "invalid_scope"),
        (("scope", "openid"), "invalid_scope"),
        (("response_mode", "form_post"), "invalid_request"),
        (("request", "e30.e30."), "request_not_supported"),
        (("authorization_details", "[]"), "invalid_authorization_details"),
        (("authorization_details", r#"[{"type":"payment"}]"#), "invalid_authorization_details"),
        (("account_token", "x"), "invalid_request"),
        (("numSignatures", "1"), "invalid_request"),
        (("signatureQualifier", "za_ecta_aes"), "invalid_request"),
    ] {
        assert_eq!(refused(&bench, &with(&[more])).await.0, error, "{more:?}");
    }
}

#[tokio::test]
async fn a_04_a_hardened_or_public_client_cannot_leave_pkce_out() {
    let (bench, secret) = bench().await;
    bench.register(Registration { public: true, secret: false, ..registration("native") }).await;
    let base = [("response_type", "code"), ("client_id", "native")];
    for (more, sentence) in [
        (vec![], "Missing parameter code_challenge"),
        (vec![("code_challenge", VERIFIER)], "Invalid parameter code_challenge_method"),
        (
            vec![("code_challenge", VERIFIER), ("code_challenge_method", "plain")],
            "Invalid parameter code_challenge_method",
        ),
        (vec![("code_challenge", "short"), ("code_challenge_method", "S256")], "Invalid parameter code_challenge"),
        (vec![("code_challenge_method", "S256")], "Missing parameter code_challenge"),
    ] {
        let visited = bench.authorize(&[&base[..], &more].concat()).await;
        assert_eq!(parameter(visited.location(), "error_description").as_deref(), Some(sentence), "{more:?}");
    }
    // A pushed request is taken as it was pushed: the challenge cannot be stripped or swapped beside its handle.
    let client = [("client_id", "app"), ("client_secret", secret.as_str())];
    let pushed = [("response_type", "code"), ("redirect_uri", "https://app.example/cb"), ("code_challenge", CHALLENGE)];
    let form = encode(&[&pushed[..], &client, &[("code_challenge_method", "S256")]].concat());
    let heard = bench.form("/oauth2/pushed_authorize", &form, None).await;
    let uri = heard.json["request_uri"].as_str().unwrap();
    let asked = [
        ("client_id", "app"),
        ("request_uri", uri),
        ("code_challenge", VERIFIER),
        ("code_challenge_method", "plain"),
        ("redirect_uri", "https://evil.example/cb"),
        ("state", "stripped"),
    ];
    let accepted = bench.authorize(&asked).await;
    let url = bench.answer(accepted.request(), "").await;
    assert!(url.starts_with("https://app.example/cb?") && parameter(&url, "state").is_none());
    let code = parameter(&url, "code").unwrap();
    let redeem = [("grant_type", "authorization_code"), ("code", code.as_str()), pushed[1]];
    assert_eq!(bench.token(&[&redeem[..], &client].concat()).await.error().1, "invalid_grant");
    let verified = [&redeem[..], &client, &[("code_verifier", VERIFIER)]].concat();
    assert_eq!(bench.token(&verified).await.status, 200);
}

#[tokio::test]
async fn a_08_a_pushed_request_is_its_clients_once_and_soon() {
    let (bench, secret) = bench().await;
    bench.register(registration("other")).await;
    let push = async || {
        let form = [("response_type", "code"), ("redirect_uri", "https://app.example/cb"), ("client_id", "app")];
        let form = encode(&[&form[..], &[("client_secret", &secret)]].concat());
        let heard = bench.form("/oauth2/pushed_authorize", &form, None).await;
        heard.json["request_uri"].as_str().unwrap().to_owned()
    };
    let over = async |client: &str, uri: &str| {
        let visited = bench.authorize(&[("client_id", client), ("request_uri", uri)]).await;
        assert_eq!(visited.location(), "");
        visited.status == 410
    };
    let uri = push().await;
    assert!(over("other", &uri).await, "another client's");
    bench.authorize(&[("client_id", "app"), ("request_uri", &uri)]).await.request();
    assert!(over("app", &uri).await, "twice");
    let uri = push().await;
    bench.wait(90_000);
    assert!(over("app", &uri).await, "late");
    for made_up in ["urn:ietf:params:oauth:request_uri:pr_x", "https://evil.example/request", "pr_x"] {
        assert!(over("app", made_up).await, "{made_up}");
    }
    // Nobody pushes for a client without being it.
    let form = encode(&[("response_type", "code"), ("client_id", "app"), ("redirect_uri", "https://app.example/cb")]);
    assert_eq!(bench.form("/oauth2/pushed_authorize", &form, None).await.error().0, 401);
}

#[tokio::test]
async fn a_16_a_token_in_the_query_string_is_none() {
    let (bench, _) = bench().await;
    let token = bench.login("ann").await;
    let path = format!("/csc/v2/credentials/list?access_token={token}");
    let heard = bench.send(&path, None, "application/json", "{}").await;
    assert_eq!(heard.error(), (400, "invalid_request", "Malformed authorization header"));
    let form = format!("access_token={token}");
    assert_eq!(bench.form("/csc/v2/credentials/list", &form, None).await.error().0, 400);
}

#[tokio::test]
async fn a_29_what_could_break_out_of_a_header_is_refused() {
    let (bench, _) = bench().await;
    let long = "x".repeat(1025);
    for (name, value) in [
        ("state", "a\r\nSet-Cookie: x=1"),
        ("state", "a\0"),
        ("state", long.as_str()),
        ("clientData", "a\nb"),
        ("lang", "en\r\n"),
        ("credentialID", "a\r\nb"),
    ] {
        let (error, sentence) = refused(&bench, &with(&[(name, value)])).await;
        assert_eq!(error, "invalid_request");
        assert!(sentence.contains(name), "{sentence}");
        let visited = bench.authorize(&with(&[(name, value)])).await;
        assert!(visited.headers.get(header::SET_COOKIE).is_none());
        assert!(parameter(visited.location(), "state").is_none(), "never a state that was refused");
    }
    // What is no UTF-8 could not be given back octet by octet.
    let raw = format!("/oauth2/authorize?{}&state=%ff", encode(&with(&[])));
    let visited = bench.visit(Request::get(raw).body(Body::empty()).unwrap()).await;
    assert_eq!(parameter(visited.location(), "error_description").as_deref(), Some("Invalid parameter state"));
}

#[tokio::test]
async fn a_31_nothing_stands_there_twice() {
    let (bench, secret) = bench().await;
    let (error, _) = refused(&bench, &with(&[("scope", "service"), ("scope", "credential")])).await;
    assert_eq!(error, "invalid_request");
    assert_eq!(refused(&bench, &with(&[("x", "1"), ("x", "2")])).await.0, "invalid_request");
    // A state that stands there twice is neither of the two.
    let visited = bench.authorize(&with(&[("state", "a"), ("state", "b")])).await;
    assert_eq!(parameter(visited.location(), "state"), None);
    let form = encode(&with(&[("client_secret", &secret), ("scope", "service"), ("scope", "credential")]));
    let heard = bench.form("/oauth2/pushed_authorize", &form, None).await;
    assert_eq!((heard.error().0, heard.error().1), (400, "invalid_request"));
}

#[tokio::test]
async fn a_form_is_answered_with_303() {
    let (bench, _) = bench().await;
    let request = Request::post("/oauth2/authorize").body(Body::from(encode(&with(&[])))).unwrap();
    let visited = bench.visit(request).await;
    assert_eq!(visited.status, 303);
    assert!(visited.request().starts_with("ar_"));
    assert_eq!(visited.headers[header::CACHE_CONTROL], "no-store", "A-45");
}

#[tokio::test]
async fn a_hardened_client_has_to_push() {
    let (bench, _) = bench().await;
    let key = rcgen::KeyPair::generate().unwrap();
    let hardened = Registration {
        profile: Profile::Hardened,
        secret: false,
        public_key: Some(key.public_key_pem()),
        constraint: Constraint::Dpop,
        ..registration("wallet")
    };
    bench.register(hardened).await;
    let asked = [("response_type", "code"), ("client_id", "wallet"), ("code_challenge", CHALLENGE)];
    let visited = bench.authorize(&[&asked[..], &[("code_challenge_method", "S256")]].concat()).await;
    let said = parameter(visited.location(), "error_description");
    assert_eq!(said.as_deref(), Some("This client must use oauth2/pushed_authorize"));
}

#[tokio::test]
async fn a_26_strangers_fill_no_disk() {
    let bench = Bench::new().await;
    bench.register(registration("app")).await;
    bench.register(Registration { public: true, secret: false, ..registration("public") }).await;
    let form = |length: usize| {
        let state = [("response_type", "code"), ("client_id", "app"), ("scope", "service")];
        format!("{}&more={}", encode(&state), "x".repeat(length))
    };
    let post = async |body: String| {
        let request = Request::post("/oauth2/authorize").body(Body::from(body)).unwrap();
        bench.visit(request).await
    };
    assert_eq!(post(form(60_000)).await.status, 303);
    let refused = post(form(66_000)).await;
    assert!(refused.status == 413 && refused.text.contains("RFC 9126"), "{}", refused.text);
    // Who need not show who they are may push no more than that.
    let push = async |client: &str, length: usize| {
        let challenge = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256"), ("client_id", client)];
        let body = format!("{}&{}", form(length).replace("client_id=app&", ""), encode(&challenge));
        bench.form("/oauth2/pushed_authorize", &body, None).await.status
    };
    assert_eq!((push("public", 100).await, push("public", 66_000).await), (201, 413));
    // So much waits for its users and no more; others are not hampered, and it does not last.
    while bench.site.app.room.take("app", None, 1024 * 1024).is_ok() {}
    while bench.site.app.room.take("app", None, 1).is_ok() {}
    assert_eq!(post(form(10)).await.status, 503);
    assert_eq!(push("public", 100).await, 201);
    while bench.site.app.room.take("public", None, 1024 * 1024).is_ok() {}
    while bench.site.app.room.take("public", None, 1).is_ok() {}
    assert_eq!(push("public", 100).await, 503);
    while bench.site.app.room.take("", None, 1024 * 1024).is_ok() {}
    while bench.site.app.room.take("", None, 1).is_ok() {}
    let elsewhere = || Request::get("/account/oidc/idp").body(Body::empty()).unwrap();
    assert_eq!(bench.visit(elsewhere()).await.status, 503);
    bench.wait(2 * LIFETIME);
    bench.site.app.housekeeping.round().await;
    assert_eq!((post(form(10)).await.status, push("public", 100).await), (303, 201));
    assert_eq!(bench.visit(elsewhere()).await.status, 303);
}
