//! Codes and the tokens that come of them, A-14 (security.md 2.3), and which bearer fits (DESIGN 4).

use rsign_api::signer::Scal;
use serde_json::json;

use super::flow::{SHA256, VERIFIER, parameter};
use super::{Bench, HASH, Heard, registration};
use crate::service::clients::Registration;

struct App {
    bench: Bench,
    secret: String,
}

impl App {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let secret = bench.register(registration("app")).await;
        Self { bench, secret }
    }

    async fn redeem(&self, code: &str, more: &[(&str, &str)]) -> Heard {
        let form = [("grant_type", "authorization_code"), ("code", code), ("client_id", "app")];
        self.bench.token(&[&form[..], &[("client_secret", &self.secret)], more].concat()).await
    }

    /// The token of scope `credential`, which is this SAD.
    async fn sad(&self, credential: &str, sad: &str) -> Heard {
        let code = self.credential_code(credential, sad).await;
        self.redeem(&code, &[]).await
    }

    async fn credential_code(&self, credential: &str, sad: &str) -> String {
        let asked = [
            ("response_type", "code"),
            ("client_id", "app"),
            ("scope", "credential"),
            ("credentialID", credential),
            ("hashes", HASH),
            ("hashAlgorithmOID", SHA256),
        ];
        let accepted = self.bench.authorize(&asked).await;
        parameter(&self.bench.answer(accepted.request(), sad).await, "code").unwrap()
    }
}

const EXPIRED: (u16, &str, &str) = (400, "invalid_grant", "Authorization code is invalid or expired");

#[tokio::test]
async fn a_03_a_code_is_good_for_a_minute_and_once() {
    let app = App::new().await;
    let code = app.bench.code("app").await;
    app.bench.wait(60_000);
    assert_eq!(app.redeem(&code, &[]).await.error(), EXPIRED);
    let code = app.bench.code("app").await;
    let first = app.redeem(&code, &[]).await;
    let alive = async || app.bench.call("/csc/v1/credentials/list", &first.token(), json!({})).await;
    assert_eq!(alive().await.status, 200);
    assert_eq!(app.redeem(&code, &[]).await.error(), EXPIRED);
    // Two parties had the code: what came of it ends, the refresh token with it.
    assert_eq!(alive().await.error().1, "expired_token");
    let refresh = first.json["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("client_id", "app")];
    let heard = app.bench.token(&[&form[..], &[("client_secret", &app.secret)]].concat()).await;
    assert_eq!(heard.error().1, "invalid_grant");
    assert_eq!(app.redeem("x", &[]).await.error(), (400, "invalid_grant", "Invalid parameter code"));
}

#[tokio::test]
async fn a_03_a_replayed_code_ends_its_sad_at_the_signer() {
    let app = App::new().await;
    let id = app.bench.credential(&app.bench.ann, Scal::Two).await;
    let code = app.credential_code(&id, "sad_one").await;
    let token = app.redeem(&code, &[]).await.token();
    let info = async || app.bench.call("/csc/v2/credentials/info", &token, json!({ "credentialID": id })).await;
    assert_eq!(info().await.status, 200);
    assert_eq!(app.redeem(&code, &[]).await.error(), EXPIRED);
    assert_eq!(*app.bench.signer.ended.lock().unwrap(), ["sad_one"]);
    assert_eq!(info().await.error().1, "expired_token");
}

#[tokio::test]
async fn a_03_of_many_at_once_at_most_one_has_tokens_and_they_end() {
    let app = std::sync::Arc::new(App::new().await);
    let code = app.bench.code("app").await;
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let (app, code) = (std::sync::Arc::clone(&app), code.clone());
            tokio::spawn(async move { app.redeem(&code, &[]).await })
        })
        .collect();
    let mut won = Vec::new();
    for heard in tries {
        let heard = heard.await.unwrap();
        if heard.status == 200 {
            won.push(heard.token());
        }
    }
    assert!(won.len() <= 1);
    for token in won {
        assert_eq!(app.bench.call("/csc/v1/credentials/list", &token, json!({})).await.error().1, "expired_token");
    }
}

#[tokio::test]
async fn a_08_a_code_is_its_clients_and_its_redirect_uris() {
    let app = App::new().await;
    let other = app.bench.register(registration("other")).await;
    let code = app.bench.code("app").await;
    let stolen = [("grant_type", "authorization_code"), ("code", code.as_str()), ("client_id", "other")];
    let stolen = app.bench.token(&[&stolen[..], &[("client_secret", &other)]].concat()).await;
    let unknown = app.redeem("ac_unknown", &[]).await;
    assert_eq!((stolen.error(), unknown.error()), (EXPIRED, EXPIRED));
    let elsewhere = app.redeem(&code, &[("redirect_uri", "https://other.example/cb")]).await;
    assert_eq!(elsewhere.error().1, "invalid_grant");
    assert!(elsewhere.error().2.starts_with("redirect_uri parameter does not match"));
    // None of that spent it.
    assert_eq!(app.redeem(&code, &[("redirect_uri", "https://app.example/cb")]).await.status, 200);
    // What the request named the token request has to name too.
    let named = [("response_type", "code"), ("client_id", "app"), ("redirect_uri", "https://app.example/cb")];
    let accepted = app.bench.authorize(&named).await;
    let code = parameter(&app.bench.answer(accepted.request(), "").await, "code").unwrap();
    assert_eq!(app.redeem(&code, &[]).await.error().1, "invalid_grant");
}

#[tokio::test]
async fn a_04_a_verifier_that_was_never_announced() {
    let app = App::new().await;
    let code = app.bench.code("app").await;
    let heard = app.redeem(&code, &[("code_verifier", VERIFIER)]).await;
    assert_eq!(heard.error(), (400, "invalid_grant", "Invalid parameter code_verifier"));
}

#[tokio::test]
async fn a_14_tokens_of_one_kind_are_none_of_another() {
    let app = App::new().await;
    let id = app.bench.credential(&app.bench.ann, Scal::Two).await;
    let code = app.bench.code("app").await;
    let service = app.redeem(&code, &[]).await.token();
    let sad = app.sad(&id, "sad_one").await;
    assert!(sad.json.get("refresh_token").is_none(), "no refresh for scope credential");
    let sad = sad.token();
    let sign = json!({ "credentialID": id, "hashes": [HASH], "signAlgo": "1.2.840.113549.1.1.11" });
    let path = "/csc/v2/signatures/signHash";
    // A service token is no SAD, and no bearer of one without it.
    assert_eq!(
        app.bench.call(path, &service, sign.clone()).await.error().2,
        "Missing (or invalid type) string parameter SAD"
    );
    let mut confused = sign.clone();
    confused["SAD"] = json!(service);
    assert_eq!(app.bench.call(path, &service, confused).await.error().2, "Invalid parameter SAD");
    // A credential's token is no service token.
    for method in ["credentials/list", "credentials/authorize", "credentials/extendTransaction", "auth/revoke"] {
        let heard =
            app.bench.call(&format!("/csc/v2/{method}"), &sad, json!({ "credentialID": id, "token": sad })).await;
        assert_eq!((heard.error().0, heard.error().1), (401, "invalid_token"), "{method}");
    }
    // Neither handle nor code nor refresh token opens anything.
    for token in [code.as_str(), "pr_x", "ar_x", "rt_x"] {
        assert_eq!(app.bench.raw(path, token, "{}").await.error().1, "invalid_token");
    }
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", sad.as_str()), ("client_id", "app")];
    let heard = app.bench.token(&[&refresh[..], &[("client_secret", &app.secret)]].concat()).await;
    assert_eq!(heard.error().1, "invalid_grant");
}

#[tokio::test]
async fn which_bearer_fits() {
    let app = App::new().await;
    let (bench, ann) = (&app.bench, app.bench.ann.clone());
    let (id, other) = (bench.credential(&ann, Scal::Two).await, bench.credential(&ann, Scal::Two).await);
    let service = app.redeem(&bench.code("app").await, &[]).await.token();
    let sad = app.sad(&id, "sad_one").await.token();
    let path = "/csc/v2/signatures/signHash";
    let sign = |credential: &str, sad: Option<&str>| {
        let ask =
            json!({ "credentialID": credential, "hashes": [HASH], "signAlgo": "1.2.840.113549.1.1.11", "SAD": sad });
        ask
    };
    assert_eq!(bench.call(path, &sad, sign(&id, None)).await.status, 200, "alone");
    assert_eq!(bench.call(path, &sad, sign(&id, Some("sad_one"))).await.status, 200, "both, equal");
    assert_eq!(bench.call(path, &service, sign(&id, Some("sad_one"))).await.status, 200, "v1");
    assert_eq!(bench.call(path, &sad, sign(&id, Some("sad_two"))).await.error().2, "Invalid parameter SAD");
    assert_eq!(bench.call(path, &sad, sign(&other, None)).await.error().2, "Invalid parameter credentialID");
    let asked = bench
        .signer
        .signed
        .lock()
        .unwrap()
        .iter()
        .map(|ask| (ask.client.clone(), ask.user.clone()))
        .collect::<Vec<_>>();
    assert_eq!(asked, vec![("app".to_owned(), Some(ann.clone())); 3]);
    // info stays open to it until it expires (clients.md 2c).
    let info = async |id: &str| bench.call("/csc/v2/credentials/info", &sad, json!({ "credentialID": id })).await;
    assert_eq!(info(&id).await.status, 200);
    assert_eq!(info(&other).await.error().2, "Invalid parameter credentialID");
    bench.wait(300_000);
    assert_eq!(info(&id).await.error().1, "expired_token");
}

#[tokio::test]
async fn a_credential_token_is_renewed_and_revoked() {
    let app = App::new().await;
    let bench = &app.bench;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let service = app.redeem(&bench.code("app").await, &[]).await.token();
    let sad = app.sad(&id, "sad_one").await.token();
    let renew = json!({ "credentialID": id, "SAD": sad, "hashes": [HASH] });
    let renewed = bench.call("/csc/v2/credentials/extendTransaction", &service, renew).await;
    assert_eq!(renewed.json["SAD"], "sad_two");
    // What took its place is as good a bearer.
    let info = async |token: &str| bench.call("/csc/v2/credentials/info", token, json!({ "credentialID": id })).await;
    assert_eq!(info("sad_two").await.status, 200);
    let other = bench.register(registration("other")).await;
    let end = |client: &str, secret: &str| format!("token=sad_one&client_id={client}&client_secret={secret}");
    assert_eq!(bench.form("/oauth2/revoke", &end("app", &app.secret), None).await.status, 204);
    assert_eq!(*bench.signer.ended.lock().unwrap(), ["sad_one"]);
    assert_eq!(info("sad_one").await.error().1, "expired_token");
    let sign = json!({ "credentialID": id, "SAD": "sad_one", "hash": [HASH], "signAlgo": "1.2.840.113549.1.1.11" });
    assert_eq!(bench.call("/csc/v1/signatures/signHash", &service, sign).await.error().2, "Invalid parameter SAD");
    let unknown = format!("token=sad_other&client_id=other&client_secret={other}");
    assert_eq!(bench.form("/oauth2/revoke", &unknown, None).await.error().2, "Invalid string parameter token");
}

#[tokio::test]
async fn a_public_client_has_its_verifier_and_nothing_else() {
    let bench = Bench::new().await;
    bench.register(Registration { public: true, secret: false, ..registration("native") }).await;
    let heard = bench.token(&[("grant_type", "client_credentials"), ("client_id", "native")]).await;
    assert_eq!((heard.error().0, heard.error().1), (400, "unauthorized_client"));
    let asked = [
        ("response_type", "code"),
        ("client_id", "native"),
        ("code_challenge", super::flow::CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let accepted = bench.authorize(&asked).await;
    let code = parameter(&bench.answer(accepted.request(), "").await, "code").unwrap();
    let redeem = [("grant_type", "authorization_code"), ("code", code.as_str()), ("client_id", "native")];
    assert_eq!(bench.token(&redeem).await.error().1, "invalid_grant");
    assert_eq!(bench.token(&[&redeem[..], &[("code_verifier", VERIFIER)]].concat()).await.status, 200);
}
