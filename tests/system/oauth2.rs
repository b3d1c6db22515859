//! `oauth2/token` and `oauth2/revoke`, by the rows of their tables (csc.md 3.3 and 3.4).

use data_encoding::BASE64;
use harness::{Api, Client, shared};
use serde_json::{Value, json};

fn app() -> (Api, &'static Client, &'static str) {
    let client = shared().ready.client("legacy", "clear");
    (shared().api(), client, client.client_secret.as_deref().unwrap())
}

#[tokio::test]
async fn token_by_header_and_by_body() {
    let (api, client, secret) = app();
    let id = client.client_id.as_str();
    let grant = ("grant_type", "client_credentials");
    for (basic, form) in [
        (Some((id, secret)), vec![grant]),
        // Some repeat the client_id, some send the secret in the body.
        (Some((id, secret)), vec![grant, ("client_id", id), ("scope", "service")]),
        (None, vec![grant, ("client_id", id), ("client_secret", secret), ("clientData", "x")]),
    ] {
        let answer = api.form("/oauth2/token", basic, &form).await;
        assert_eq!(answer.headers["cache-control"], "no-store", "A-45");
        let answer = answer.ok();
        assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(3600)));
        let listed = api.with(answer["access_token"].as_str().unwrap());
        let listed = listed.call("v2/credentials/list", json!({ "userID": shared().ready.users[0].id })).await.ok();
        assert_eq!(listed["credentialIDs"].as_array().unwrap().len(), 4);
    }
}

#[tokio::test]
async fn token_answers_by_its_rows() {
    let (api, client, secret) = app();
    let id = client.client_id.as_str();
    let grant = ("grant_type", "client_credentials");
    let refresh = ("grant_type", "refresh_token");
    let other = shared().ready.client("legacy", "sealed").client_id.as_str();
    let keyed = shared().ready.client("hardened", "clear").client_id.as_str();
    type Row<'a> = (Option<(&'a str, &'a str)>, Vec<(&'a str, &'a str)>, &'a [u16], &'a str, &'a str);
    let rows: Vec<Row<'_>> = vec![
        (None, vec![grant], &[400], "invalid_request", "Missing parameter client_id"),
        (None, vec![], &[400], "invalid_request", "Missing parameter client_id"),
        (None, vec![grant, ("client_id", "")], &[400], "invalid_request", "Missing parameter client_id"),
        (Some((id, secret)), vec![], &[400], "invalid_request", "Missing parameter grant_type"),
        (
            Some((id, secret)),
            vec![("grant_type", "password")],
            &[400],
            "invalid_request",
            "Invalid parameter grant_type",
        ),
        (Some((id, secret)), vec![refresh], &[400], "invalid_request", "Missing parameter refresh_token"),
        (
            Some((id, secret)),
            vec![refresh, ("refresh_token", "x")],
            &[400],
            "invalid_grant",
            "Invalid parameter refresh_token",
        ),
        (
            Some((id, secret)),
            vec![refresh, ("refresh_token", "rt_x")],
            &[400],
            "invalid_grant",
            "Invalid parameter refresh_token",
        ),
        (Some(("nobody", secret)), vec![grant], &[400], "invalid_request", "Invalid parameter client_id"),
        (
            Some((id, secret)),
            vec![grant, ("client_id", other)],
            &[400],
            "invalid_request",
            "Invalid parameter client_id",
        ),
        (None, vec![grant, ("client_id", id)], &[400, 401], "invalid_request", "Client authorization required"),
        (Some((id, "wrong")), vec![grant], &[400], "invalid_request", "Invalid parameter client_secret"),
        (Some((id, "")), vec![grant], &[400], "invalid_request", "Invalid parameter client_secret"),
        (Some((other, secret)), vec![grant], &[400], "invalid_request", "Invalid parameter client_secret"),
        // A client that authenticates with a key has no secret that could be guessed.
        (Some((keyed, "")), vec![grant], &[400], "invalid_request", "Invalid parameter client_secret"),
    ];
    for (basic, form, statuses, error, sentence) in rows {
        let heard = api.form("/oauth2/token", basic, &form).await;
        let (status, code, said) = heard.error();
        assert!(statuses.contains(&status), "{status} for {form:?}");
        assert_eq!((code, said), (error, sentence), "{form:?}");
    }
    // there is no credential token without its owner.
    let heard = api.form("/oauth2/token", Some((id, secret)), &[grant, ("scope", "credential")]).await;
    assert_eq!(heard.error().1, "invalid_scope");
    // what is said twice is refused.
    let heard =
        api.form("/oauth2/token", Some((id, secret)), &[grant, ("scope", "service"), ("scope", "credential")]).await;
    assert_eq!((heard.error().0, heard.error().1), (400, "invalid_request"));
    // secrets in the query string end up in logs.
    let path = format!("/oauth2/token?grant_type=client_credentials&client_id={id}&client_secret={secret}");
    assert_eq!(api.post(&path, &[], "").await.error().0, 400);
}

/// Tokens of a client of the test's own.
async fn tokens(name: &str) -> (Api, Client, Value) {
    let client = shared().operator().add_client(&format!("{name}-{}", std::process::id()), "clear", true);
    let api = shared().api();
    let basic = (client.client_id.as_str(), client.client_secret.as_deref().unwrap());
    let tokens = api.form("/oauth2/token", Some(basic), &[("grant_type", "client_credentials")]).await.ok();
    (api, client, tokens)
}

async fn is_alive(api: &Api, token: &Value) -> bool {
    let ask = json!({ "userID": shared().ready.users[0].id });
    api.with(token.as_str().unwrap()).call("v1/credentials/list", ask).await.status == 200
}

#[tokio::test]
async fn a_refresh_token_is_replaced_and_its_second_use_ends_all() {
    let (api, client, first) = tokens("refreshed").await;
    let basic = (client.client_id.as_str(), client.client_secret.as_deref().unwrap());
    let refresh = |tokens: &Value| {
        let (api, token) = (api.clone(), tokens["refresh_token"].as_str().unwrap().to_owned());
        async move {
            api.form("/oauth2/token", Some(basic), &[("grant_type", "refresh_token"), ("refresh_token", &token)]).await
        }
    };
    let second = refresh(&first).await.ok();
    assert!(is_alive(&api, &second["access_token"]).await);
    // of another client it is as good as none.
    let (_, other, secret) = app();
    let form = [("grant_type", "refresh_token"), ("refresh_token", second["refresh_token"].as_str().unwrap())];
    let heard = api.form("/oauth2/token", Some((&other.client_id, secret)), &form).await;
    assert_eq!(heard.error(), (400, "invalid_grant", "Invalid parameter refresh_token"));
    let third = refresh(&second).await.ok();
    assert_eq!(refresh(&second).await.error(), (400, "invalid_grant", "Invalid parameter refresh_token"));
    assert!(!is_alive(&api, &third["access_token"]).await);
    assert_eq!(refresh(&third).await.error().1, "invalid_grant");
}

#[tokio::test]
async fn revoke_ends_what_it_names_and_answers_by_its_rows() {
    let (api, client, tokens) = tokens("revoking").await;
    let basic = (client.client_id.as_str(), client.client_secret.as_deref().unwrap());
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let (_, other, secret) = app();
    type Row<'a> = (Option<(&'a str, &'a str)>, Vec<(&'a str, &'a str)>, &'a [u16], &'a str, &'a str);
    let rows: Vec<Row<'_>> = vec![
        (Some(basic), vec![], &[400], "invalid_request", "Missing parameter token"),
        (
            Some(basic),
            vec![("token", access), ("token_type_hint", "x")],
            &[400],
            "invalid_request",
            "Invalid parameter token_type_hint",
        ),
        (Some(basic), vec![("token", "st_x")], &[400], "invalid_request", "Invalid string parameter token"),
        (None, vec![("token", access)], &[400, 401], "invalid_request", "Missing parameter client_id"),
        (
            None,
            vec![("token", access), ("client_id", "nobody"), ("client_secret", "x")],
            &[400],
            "invalid_request",
            "Invalid parameter client_id",
        ),
        (
            None,
            vec![("token", access), ("client_id", basic.0)],
            &[400, 401],
            "invalid_request",
            "Client authorization required",
        ),
        (
            Some((basic.0, "wrong")),
            vec![("token", access)],
            &[400],
            "invalid_request",
            "Invalid parameter client_secret",
        ),
        // of another client it is unknown.
        (
            Some((&other.client_id, secret)),
            vec![("token", access)],
            &[400],
            "invalid_request",
            "Invalid string parameter token",
        ),
    ];
    for (basic, form, statuses, error, sentence) in rows {
        let heard = api.form("/oauth2/revoke", basic, &form).await;
        let (status, code, said) = heard.error();
        assert!(statuses.contains(&status), "{status} for {form:?}");
        assert_eq!((code, said), (error, sentence), "{form:?}");
    }
    let heard = api.post("/oauth2/revoke", &[("authorization", "Bearer x")], format!("token={access}")).await;
    assert_eq!(heard.error(), (401, "invalid_client", "Invalid authorization header"));
    assert!(is_alive(&api, &tokens["access_token"]).await, "no refusal ended anything");

    let form = [("token", access), ("token_type_hint", "access_token")];
    assert_eq!(api.form("/oauth2/revoke", Some(basic), &form).await.status, 204);
    assert!(!is_alive(&api, &tokens["access_token"]).await);
    let renew = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let renewed = api.form("/oauth2/token", Some(basic), &renew).await.ok();
    assert!(is_alive(&api, &renewed["access_token"]).await);
    let form = [("token", renewed["refresh_token"].as_str().unwrap())];
    assert_eq!(api.form("/oauth2/revoke", Some(basic), &form).await.status, 204);
    assert!(!is_alive(&api, &renewed["access_token"]).await, "all that came of it ends with it");
}

/// By the commands, beside the service that runs.
#[tokio::test]
async fn an_operator_puts_an_app_and_a_person_out() {
    let (api, client, first) = tokens("put-out").await;
    let operator = shared().operator();
    let id = client.client_id.as_str();
    let ask = async |secret: &str| {
        api.form("/oauth2/token", Some((id, secret)), &[("grant_type", "client_credentials")]).await
    };
    assert!(is_alive(&api, &first["access_token"]).await);
    // Its secret leaked.
    let renewed = operator.gateway(&["client", "secret", "--id", id]);
    let (old, new) = (client.client_secret.as_deref().unwrap(), renewed["client_secret"].as_str().unwrap());
    assert!(renewed["ended"]["tokens"].as_u64().unwrap() >= 1, "{renewed}");
    assert!(!is_alive(&api, &first["access_token"]).await);
    assert_eq!(ask(old).await.error().2, "Invalid parameter client_secret");
    let second = ask(new).await.ok();
    // It is not wanted any more.
    operator.gateway(&["client", "disable", "--id", id]);
    assert!(!is_alive(&api, &second["access_token"]).await);
    assert_eq!(ask(new).await.error().2, "Invalid parameter client_id");
    let listed = operator.gateway_lines(&["client", "list"]);
    let line = listed.iter().find(|line| line["client_id"] == id).unwrap();
    assert_eq!((&line["disabled"], &line["authentication"]), (&json!(true), &json!(["secret"])));
    operator.gateway(&["client", "enable", "--id", id]);
    let third = ask(new).await.ok();
    assert!(is_alive(&api, &third["access_token"]).await);

    let person = operator.add_user("put-out");
    let login = async |password: &str| {
        let basic = format!("Basic {}", BASE64.encode(format!("{}:{password}", person.username).as_bytes()));
        api.post("/csc/v1/auth/login", &[("authorization", &basic)], "{}").await.status
    };
    assert_eq!(login(&person.password).await, 200);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "another one 4711\n").unwrap();
    let path = file.path().display().to_string();
    let ended = operator.gateway(&["user", "password", "--id", &person.id, "--password-file", &path]);
    assert_eq!(ended["ended"]["tokens"], 1);
    assert_eq!((login(&person.password).await, login("another one 4711").await), (400, 200));
    operator.gateway(&["user", "disable", "--id", &person.id]);
    assert_eq!(login("another one 4711").await, 400);
    let listed = operator.gateway_lines(&["user", "list"]);
    assert!(listed.iter().any(|line| line["userID"] == person.id.as_str() && line["disabled"] == true));
    operator.gateway(&["user", "enable", "--id", &person.id]);
    assert_eq!(login("another one 4711").await, 200);
}
