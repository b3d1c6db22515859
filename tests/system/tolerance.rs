//! What real clients send and no standard has: tolerated where it costs nothing, behind a switch of the client where it
//! does (clients.md 2m).

use data_encoding::BASE64;
use harness::api::{authorize, sign_hash, signatures};
use harness::{Algorithm, Api, Client, Hash, Pieces, Wanted, shared};
use serde_json::{Value, json};

use crate::common::Outsider;

/// A client of the test's own with these settings.
fn client(name: &str, more: &[&str]) -> Client {
    shared().operator().add_client_with(&format!("{name}-{}", std::process::id()), more)
}

fn secret(client: &Client) -> &str {
    client.client_secret.as_deref().unwrap()
}

/// `oauth2/token` with this path, content type and body; with Basic where a client is named.
async fn token(api: &Api, path: &str, basic: Option<&Client>, kind: &str, body: &str) -> harness::Answer {
    let value = basic.map(|client| {
        format!("Basic {}", BASE64.encode(format!("{}:{}", client.client_id, secret(client)).as_bytes()))
    });
    let mut headers = vec![("content-type", kind)];
    headers.extend(value.as_deref().map(|value| ("authorization", value)));
    api.post(path, &headers, body).await
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

#[tokio::test]
async fn token_parameters_in_json_only_from_clients_that_are_registered_so() {
    let api = shared().api();
    let (odd, usual) = (client("json", &["--token-request", "json"]), client("no-json", &[]));
    let body = |client: &Client, grant: &str| {
        json!({ "client_id": client.client_id, "client_secret": secret(client), "grant_type": grant, "scope": null })
            .to_string()
    };
    let answer = token(&api, "/oauth2/token", None, JSON, &body(&odd, "client_credentials")).await.ok();
    assert!(answer["access_token"].is_string() && answer["expires_in"].is_u64());
    let heard = token(&api, "/oauth2/token", None, JSON, &body(&usual, "client_credentials")).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Missing parameter client_id"));
    // The query string is another switch, and forms go on to work.
    let query = "/oauth2/token?grant_type=client_credentials";
    let heard = token(&api, query, Some(&odd), FORM, "").await;
    assert_eq!(heard.error(), (400, "invalid_request", "Missing parameter grant_type"));
    let answer = token(&api, "/oauth2/token", Some(&odd), FORM, "grant_type=client_credentials").await;
    assert_eq!(answer.status, 200);
    // jsign 7.5: whoever asks with a user's password is refused, in JSON and in a form.
    let mut asked: Value = serde_json::from_str(&body(&odd, "password")).unwrap();
    (asked["username"], asked["password"]) = (json!("ana"), json!(shared().ready.users[0].password));
    let heard = token(&api, "/oauth2/token", None, JSON, &asked.to_string()).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter grant_type"));
    let form = "grant_type=password&username=ana&password=x";
    let heard = token(&api, "/oauth2/token", Some(&usual), FORM, form).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter grant_type"));
    // a member that stands there twice.
    let twice = body(&odd, "client_credentials").replacen('{', "{\"grant_type\":\"refresh_token\",", 1);
    assert_eq!(token(&api, "/oauth2/token", None, JSON, &twice).await.error().0, 400);
}

#[tokio::test]
async fn token_parameters_in_the_query_string_only_from_clients_that_are_registered_so() {
    let api = shared().api();
    let (odd, usual) = (client("query", &["--token-request", "query"]), client("no-query", &[]));
    let query = "/oauth2/token?grant_type=client_credentials&scope=service";
    for kind in [FORM, "text/plain"] {
        let answer = token(&api, query, Some(&odd), kind, "").await.ok();
        assert!(answer["access_token"].is_string());
    }
    let heard = token(&api, query, Some(&usual), FORM, "").await;
    assert_eq!(heard.error(), (400, "invalid_request", "Missing parameter grant_type"));
    // a secret there is none, whatever the switch says.
    let path = format!("{query}&client_id={}&client_secret={}", odd.client_id, secret(&odd));
    let heard = token(&api, &path, None, FORM, "").await;
    assert_eq!(heard.error().2, "Client authorization required");
    // With a body it is the body that counts.
    let heard = token(&api, query, Some(&odd), FORM, "grant_type=password").await;
    assert_eq!(heard.error().2, "Invalid parameter grant_type");
}

#[tokio::test]
async fn a_revocation_is_204_or_200_as_the_client_wants_it() {
    let api = shared().api();
    for (client, status) in [(client("csc", &[]), 204), (client("arctic", &["--revoke-with-200"]), 200)] {
        let basic = Some((client.client_id.as_str(), secret(&client)));
        let form = [("grant_type", "client_credentials")];
        let tokens = api.form("/oauth2/token", basic, &form).await.ok();
        let access = tokens["access_token"].as_str().unwrap();
        let ended = api.form("/oauth2/revoke", basic, &[("token", access)]).await;
        assert_eq!((ended.status, ended.json), (status, Value::Null));
        assert_eq!(api.with(access).call("v1/credentials/list", json!({})).await.status, 401);
        let heard = api.form("/oauth2/revoke", basic, &[("token", "st_unknown")]).await;
        assert_eq!(heard.error(), (400, "invalid_request", "Invalid string parameter token"));
    }
}

#[tokio::test]
async fn capital_letters_a_slash_at_the_end_and_v0() {
    let who = Outsider::enrol("capitals", Wanted::QUICK).await;
    let (hash, algorithm) = ([Hash::of("capitals")], Algorithm::usual("P-256"));
    let ask = authorize(&who.credential, &who.credential.pin, &hash);
    let sad = who.session.call("v1/Credentials/authorize", ask).await.ok()["SAD"].as_str().unwrap().to_owned();
    let body = sign_hash(&who.credential, &sad, &algorithm, &hash);
    let first = signatures(&who.session.call("v0/Signatures/SignHash/", body.clone()).await.ok());
    who.verifies(&algorithm, &hash[0], &first[0]);
    assert_eq!(signatures(&who.session.call("v2/signatures/signhash", body).await.ok()), first);
    // The rows are those of the version, capitals or not.
    let heard = who.session.call("v0/Credentials/Info", json!({})).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Missing (or invalid type) string parameter credentialID"));
    let heard = who.session.api.post("/csc/v2/Credentials/Info", &[], "{}").await;
    assert_eq!(heard.error().2, "Malformed authorization header");
}

#[tokio::test]
async fn everything_below_a_prefix_too() {
    let mut pieces = Pieces::seeded();
    pieces.configure("gateway.toml", |config| {
        config["listen"].as_table_mut().unwrap().insert("prefix".to_owned(), "/adss/service/ras".into());
    });
    pieces.start_signer();
    pieces.start_gateway();
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "prefix", Wanted::QUICK).await;
    let (hash, algorithm) = ([Hash::of("prefix")], Algorithm::usual("P-256"));
    let call = |method: &str, body: Value| {
        let (api, token) = (who.session.api.clone(), who.session.token.clone());
        let path = format!("/adss/service/ras/csc/{method}");
        async move { api.post_with(&path, &token, &body).await }
    };
    let authorized = call("v1/credentials/authorize", authorize(&who.credential, &who.credential.pin, &hash)).await;
    let sad = authorized.ok()["SAD"].as_str().unwrap().to_owned();
    let signed = call("v1/Signatures/signHash", sign_hash(&who.credential, &sad, &algorithm, &hash)).await;
    who.verifies(&algorithm, &hash[0], &signatures(&signed.ok())[0]);
}

#[tokio::test]
async fn other_verbs_hear_405_and_which_are_taken() {
    let (api, session) = (shared().api(), shared().api().login(&shared().ready.users[0]).await);
    let info = session.call("v2/info", json!({})).await.ok();
    let named = info["methods"].as_array().unwrap().iter().map(|name| format!("/csc/v2/{}", name.as_str().unwrap()));
    let mut paths: Vec<(String, &str)> = named.map(|path| (path, "POST")).collect();
    paths.extend(
        ["/csc/v1/auth/login", "/csc/v1/credentials/list/", "/csc/v0/nothing/here"]
            .map(|path| (path.to_owned(), "POST")),
    );
    paths.extend(
        ["/oauth2/token", "/oauth2/revoke", "/oauth2/pushed_authorize", "/rch", "/scan/settings"]
            .map(|path| (path.to_owned(), "POST")),
    );
    paths.push(("/csc/v1/info".to_owned(), "GET,HEAD,POST"));
    paths.push(("/.well-known/oauth-authorization-server".to_owned(), "GET,HEAD"));
    paths.push(("/oauth2/authorize".to_owned(), "GET,HEAD,POST"));
    for (path, allowed) in paths {
        for verb in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            if allowed.contains(verb) {
                continue;
            }
            let heard = api.send(verb, &path).await;
            assert_eq!(heard.status, 405, "{verb} {path} {}", heard.json);
            assert_eq!((heard.error().0, heard.error().1), (405, "invalid_request"));
            let mut allow: Vec<&str> = heard.headers["allow"].to_str().unwrap().split(',').map(str::trim).collect();
            allow.sort_unstable();
            assert_eq!(allow.join(","), allowed, "{verb} {path}");
        }
    }
}

#[tokio::test]
async fn what_jsign_asks_before_it_signs() {
    let who = Outsider::enrol("scan", Wanted::QUICK).await;
    let body = json!({ "credential_id": who.credential.id });
    let heard = who.session.api.post_with("/scan/settings", &who.session.token, &body).await.ok();
    assert_eq!(heard, json!({ "malware_scan_enabled": false }));
    assert_eq!(who.session.api.post("/scan/settings", &[], "{}").await.error().0, 400);
}
