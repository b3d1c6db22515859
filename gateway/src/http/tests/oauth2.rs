use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Bench, Heard};
use crate::domain::client::{PinTransport, Reach};

#[tokio::test]
async fn clients_authenticate_by_header_or_body() {
    let bench = Bench::new().await;
    let secret = bench.client("app", PinTransport::Clear, Reach::All).await;
    let basic = format!("Basic {}", BASE64.encode(format!("app:{secret}").as_bytes()));
    let ask = "grant_type=client_credentials&scope=service";
    for form in [ask.to_owned(), format!("{ask}&client_id=app")] {
        let heard = bench.form("/oauth2/token", &form, Some(&basic)).await;
        assert_eq!(
            (heard.json["token_type"].as_str(), heard.json["expires_in"].as_i64()),
            (Some("Bearer"), Some(3600))
        );
        assert!(heard.json["refresh_token"].as_str().unwrap().starts_with("rt_"));
    }
    let in_body = format!("{ask}&client_id=app&client_secret={secret}");
    assert_eq!(bench.form("/oauth2/token", &in_body, None).await.status, 200);
}

#[tokio::test]
async fn token_errors_in_the_order_of_their_rows() {
    let bench = Bench::new().await;
    let secret = bench.client("app", PinTransport::Clear, Reach::All).await;
    let basic = format!("Basic {}", BASE64.encode(format!("app:{secret}").as_bytes()));
    let bad = format!("client_id=app&client_secret={secret}&grant_type=refresh_token&refresh_token=rt_x");
    for (form, header, expected) in [
        ("", None, (400, "invalid_request", "Missing parameter client_id")),
        ("client_id=x", None, (400, "invalid_request", "Missing parameter grant_type")),
        ("client_id=x&grant_type=password", None, (400, "invalid_request", "Invalid parameter grant_type")),
        ("client_id=x&grant_type=refresh_token", None, (400, "invalid_request", "Missing parameter refresh_token")),
        ("client_id=x&grant_type=client_credentials", None, (400, "invalid_request", "Invalid parameter client_id")),
        (
            "client_id=app&grant_type=client_credentials",
            None,
            (401, "invalid_request", "Client authorization required"),
        ),
        (
            "client_id=app&grant_type=client_credentials&client_secret=x",
            None,
            (400, "invalid_request", "Invalid parameter client_secret"),
        ),
        (
            "client_id=x&grant_type=client_credentials",
            Some(&basic),
            (400, "invalid_request", "Invalid parameter client_id"),
        ),
        (&bad, None, (400, "invalid_grant", "Invalid parameter refresh_token")),
    ] {
        let heard = bench.form("/oauth2/token", form, header.map(String::as_str)).await;
        assert_eq!(heard.error(), expected, "{form}");
    }
    let scope = bench.form("/oauth2/token", "grant_type=client_credentials&scope=credential", Some(&basic)).await;
    assert_eq!(scope.error().1, "invalid_scope");
    // A-16: a query string is not read. A-31: nothing twice.
    let query = format!("/oauth2/token?grant_type=client_credentials&client_id=app&client_secret={secret}");
    assert_eq!(bench.form(&query, "", None).await.error().2, "Missing parameter client_id");
    let twice = bench.form("/oauth2/token", "grant_type=client_credentials&scope=a&scope=b", Some(&basic)).await;
    assert_eq!((twice.error().0, twice.error().1), (400, "invalid_request"));
}

#[tokio::test]
async fn revocation_is_for_ones_own() {
    let bench = Bench::new().await;
    let (app, other) = (
        bench.client("app", PinTransport::Clear, Reach::All).await,
        bench.client("other", PinTransport::Clear, Reach::All).await,
    );
    let issue = format!("grant_type=client_credentials&client_id=app&client_secret={app}");
    let token = bench.form("/oauth2/token", &issue, None).await.token();
    let end = |id: &str, secret: &str| format!("token={token}&client_id={id}&client_secret={secret}");
    let stranger = bench.form("/oauth2/revoke", &end("other", &other), None).await;
    assert_eq!(stranger.error(), (400, "invalid_request", "Invalid string parameter token"));
    assert_eq!(bench.form("/oauth2/revoke", "token=x&client_id=app", None).await.error().0, 401);
    assert_eq!(bench.form("/oauth2/revoke", "client_id=app", None).await.error().2, "Missing parameter token");
    assert_eq!(bench.form("/oauth2/revoke", &end("app", &app), None).await.status, 204);
    let after = bench.call("/csc/v1/credentials/list", &token, json!({})).await;
    assert_eq!(after.error().1, "expired_token");
}

#[tokio::test]
async fn login_remembers_and_renews() {
    let bench = Bench::new().await;
    let path = "/csc/v1/auth/login";
    assert!(bench.login_with("ann", "hunter22", json!({})).await.json.get("refresh_token").is_none());
    let heard = bench.login_with("ANN", "hunter22", json!({ "rememberMe": true })).await;
    let refresh = heard.json["refresh_token"].as_str().unwrap();
    let body = json!({ "refresh_token": refresh }).to_string();
    let renewed = bench.send(path, None, "application/json", &body).await;
    assert_eq!(renewed.status, 200);
    let again = bench.send(path, None, "application/json", &body).await;
    assert_eq!(again.error(), (400, "invalid_request", "Invalid refresh_token"));
    let odd = bench.send(path, None, "application/json", r#"{"refresh_token":1}"#).await;
    assert_eq!(odd.error().2, "Invalid string parameter: refresh_token");
}

#[tokio::test]
async fn login_errors_do_not_tell_user_from_password() {
    let bench = Bench::new().await;
    let failed = (400, "authentication_error", "An error occurred during authentication process");
    assert_eq!(bench.login_with("ann", "wrong", json!({})).await.error(), failed);
    assert_eq!(bench.login_with("nobody", "hunter22", json!({})).await.error(), failed);
    // Who goes on is slowed down, whether there is such a user or not (CSC: 429 is temporarily_unavailable).
    for name in ["ann", "nobody"] {
        for _ in 0..50 {
            bench.login_with(name, "wrong", json!({})).await;
        }
        let slowed = bench.login_with(name, "wrong", json!({})).await;
        assert_eq!((slowed.status, slowed.json["error"].as_str()), (429, Some("temporarily_unavailable")));
        assert_eq!(slowed.headers[axum::http::header::RETRY_AFTER], "2");
    }
    let malformed = bench.send("/csc/v1/auth/login", None, "application/json", "{}").await;
    assert_eq!(malformed.error(), (401, "invalid_request", "Malformed authentication parameter."));
    let no_colon = format!("Basic {}", BASE64.encode(b"ann"));
    let no_colon = bench.send("/csc/v2/auth/login", Some(&no_colon), "application/json", "{}").await;
    assert_eq!(no_colon.error(), (400, "invalid_request", "Malformed username-password"));
}

#[tokio::test]
async fn auth_revoke_ends_tokens_and_sads() {
    let bench = Bench::new().await;
    let token = bench.login("ann").await;
    let path = "/csc/v1/auth/revoke";
    for (body, sentence) in [
        (json!({}), "Missing (or invalid type) string parameter token"),
        (json!({ "token": "x", "token_type_hint": "id_token" }), "Invalid string parameter token_type_hint"),
        (json!({ "token": "x" }), "Invalid string parameter token"),
        (json!({ "token": "sad_other" }), "Invalid string parameter token"),
    ] {
        assert_eq!(bench.call(path, &token, body).await.error(), (400, "invalid_request", sentence));
    }
    assert_eq!(bench.call(path, &token, json!({ "token": "sad_one" })).await.status, 204);
    let own = json!({ "token": token, "token_type_hint": "access_token" });
    assert_eq!(bench.call(path, &token, own.clone()).await.status, 204);
    assert_eq!(bench.call(path, &token, own).await.error().1, "expired_token");
}

/// Asks for a token from 192.0.2.`last`.
async fn ask_from(bench: &Bench, last: u8, path: &str, id: &str, secret: &str) -> Heard {
    let form = format!("grant_type=client_credentials&token=x&client_id={id}&client_secret={secret}");
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let from = ConnectInfo(SocketAddr::from(([192, 0, 2, last], 1)));
    bench.exchange(request.extension(from).body(Body::from(form)).unwrap()).await
}

#[tokio::test]
async fn a_44_who_guesses_client_secrets_waits_and_who_knows_one_does_not() {
    let bench = Bench::new().await;
    let secret = bench.client("app", PinTransport::Clear, Reach::All).await;
    let token = "/oauth2/token";
    for tries in 0..50 {
        let heard = ask_from(&bench, 1, token, "app", &format!("guess{tries}")).await;
        assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter client_secret"));
    }
    // Every door that takes a secret counts with the others.
    for path in [token, "/oauth2/revoke", "/oauth2/pushed_authorize"] {
        let slowed = ask_from(&bench, 1, path, "app", "guess").await;
        assert_eq!((slowed.error().0, slowed.error().1), (429, "temporarily_unavailable"), "{path}");
        assert_eq!(slowed.headers[header::RETRY_AFTER], "2", "{path}");
    }
    // Neither the app at another address nor one that shares the guesser's is kept out.
    for last in [1, 2] {
        assert_eq!(ask_from(&bench, last, token, "app", &secret).await.status, 200, "{last}");
    }
    bench.wait(1_000);
    assert_eq!(ask_from(&bench, 1, token, "app", "guess").await.error().0, 400, "judged once more");
    assert_eq!(ask_from(&bench, 1, token, "app", "guess").await.error().0, 429, "and no more than once");
    // Names that nobody has count for their address.
    for number in 0..300 {
        let heard = ask_from(&bench, 3, token, &format!("nobody{number}"), "guess").await;
        assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter client_id"), "{number}");
    }
    assert_eq!(ask_from(&bench, 3, token, "app", "guess").await.error().0, 429);
    assert_eq!(ask_from(&bench, 3, token, "app", &secret).await.status, 200);
    // What cannot be a name is one that nobody has, however often it is another.
    let odd = async |number: usize| ask_from(&bench, 4, token, &"x".repeat(1000 + number), "guess").await.error().0;
    for number in 0..50 {
        assert_eq!(odd(number).await, 400);
    }
    assert_eq!(odd(50).await, 429);
}

#[tokio::test]
async fn a_44_client_secrets_have_256_bits_and_are_stored_hashed_twice() {
    let bench = Bench::new().await;
    let secret = bench.client("app", PinTransport::Clear, Reach::All).await;
    assert_ne!(secret, bench.client("other", PinTransport::Clear, Reach::All).await);
    assert_eq!(BASE64URL_NOPAD.decode(secret.as_bytes()).unwrap().len(), 32);
    let (once, twice) = (Sha256::digest(&secret), Sha256::digest(Sha256::digest(&secret)));
    let mut stored = Vec::new();
    for file in std::fs::read_dir(bench.directory.path()).unwrap() {
        stored.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |needle: &str| stored.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(holds(&HEXLOWER.encode(&twice)));
    for kept in [secret.clone(), HEXLOWER.encode(&once), BASE64.encode(&once), BASE64URL_NOPAD.encode(&once)] {
        assert!(!holds(&kept), "the store has what account tokens are made with");
    }
    assert!(!stored.windows(32).any(|window| window == once.as_slice()));
}
