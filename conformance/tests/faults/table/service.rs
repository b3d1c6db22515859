//! What may be wrong with `info` and with getting in.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Fault, answer, drop_member, push, request};
use crate::proxy::Told;

pub(super) static FAULTS: &[Fault] = &[
    // --- info ---
    answer("info.answers", "wants a token for info", |asked, told, _| {
        if asked.is("info") {
            *told = Told::error(401, "invalid_token", "");
        }
    }),
    member!("info.required", "leaves lang out", "info", |info| drop_member(info, "lang")),
    member!("info.format", "has specs of two numbers", "info", |info| info["specs"] = json!("1.0")),
    member!("info.oauth2", "does not say where OAuth is", "info", |info| drop_member(info, "oauth2")),
    member!("info.methods.names", "makes a method up", "info", |info| push(
        &mut info["methods"],
        json!("signatures/signOTP")
    )),
    member!("info.methods", "names a method it lacks", "info", |info| push(
        &mut info["methods"],
        json!("signatures/unbuilt")
    )),
    answer("info.lang", "refuses an unknown language", |asked, told, _| {
        if asked.is("info") && asked.says("lang") {
            *told = Told::error(400, "invalid_request", "");
        }
    }),
    member!("info.algorithms", "names algorithms by words", "info", |info| {
        push(&mut info["signAlgorithms"]["algos"], json!("sha256WithRSA"));
    }),
    member!("info.algorithms.keys", "names one algorithm only", "info", |info| {
        info["signAlgorithms"]["algos"] = json!(["1.2.840.113549.1.1.11"]);
    }),
    member!("info.nulls", "writes null", "info", |info| info["oauth2Issuer"] = Value::Null),
    answer("info.logo", "answers a page for its logo", |asked, told, _| {
        if asked.is("logo.png") {
            told.header("content-type", "text/html");
        }
    }),
    request("info.tolerant", "takes no GET", |asked, _| {
        (asked.is("info") && asked.verb == Method::GET).then(|| Told::error(405, "invalid_request", ""))
    }),
    // --- authorization of the service ---
    member!("auth.login", "gives a token that opens nothing", "auth/login", |body| body["access_token"] =
        json!("nonsense")),
    answer("auth.login.errors", "answers a wrong password with 401", |asked, told, _| {
        if asked.is("auth/login") && told.json()["error"] == "authentication_error" {
            told.status = 401;
        }
    }),
    words!("auth.login.sentences", "auth/login"),
    request("auth.login.remember", "does not know its refresh tokens", |asked, _| {
        (asked.is("auth/login") && asked.says("refresh_token"))
            .then(|| Told::error(400, "invalid_request", "Invalid refresh_token"))
    }),
    not_revoked!("auth.revoke", "auth/revoke"),
    request("auth.revoke.access", "forgets the refresh token too", |asked, memory| {
        let revoked = memory.before.iter().any(|(asked, _)| asked.is("auth/revoke"));
        (revoked && asked.says("refresh_token"))
            .then(|| Told::error(400, "invalid_grant", "Invalid parameter refresh_token"))
    }),
    not_revoked!("auth.revoke.refresh", "auth/revoke"),
    code!("auth.revoke.errors", "auth/revoke"),
    words!("auth.revoke.sentences", "auth/revoke"),
    not_revoked!("auth.revoke.sad", "auth/revoke"),
    // --- OAuth 2.0 ---
    member!("oauth.token", "gives tokens of another type", "oauth2/token", |body| body["token_type"] = json!("mac")),
    request("oauth.token.body", "takes the secret in a header only", |asked, _| {
        (asked.is("oauth2/token") && asked.says("client_secret")).then(|| Told::error(401, "invalid_client", ""))
    }),
    answer("oauth.token.cache", "lets tokens be stored", |asked, told, _| {
        if asked.is("oauth2/token") {
            told.headers.remove("cache-control");
        }
    }),
    request("oauth.token.get", "gives tokens for GET", |asked, _| {
        if asked.is("oauth2/token") && asked.verb == Method::GET {
            let path = asked.path.clone();
            let (path, query) = path.split_once('?').unwrap();
            asked.verb = Method::POST;
            asked.headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
            (asked.path, asked.body) = (path.to_owned(), query.as_bytes().to_vec());
        }
        None
    }),
    answer("oauth.token.errors", "uses RFC 6749's codes", |asked, told, _| {
        if asked.is("oauth2/token") && told.json()["error_description"] == "Invalid parameter client_secret" {
            told.edit(|body| body["error"] = json!("invalid_client"));
        }
    }),
    words!("oauth.token.sentences", "oauth2/token"),
    request("oauth.token.grants", "gives credential tokens to clients", |asked, _| {
        if asked.is("oauth2/token") && asked.says("scope=credential") {
            asked.body = b"grant_type=client_credentials".to_vec();
        }
        None
    }),
    answer("oauth.token.refresh", "renews into tokens that open nothing", |asked, told, _| {
        if asked.is("oauth2/token") && asked.says("grant_type=refresh_token") && told.status == 200 {
            told.edit(|body| body["access_token"] = json!("nonsense"));
        }
    }),
    not_revoked!("oauth.revoke", "oauth2/revoke"),
    not_revoked!("oauth.revoke.refresh", "oauth2/revoke"),
    code!("oauth.revoke.errors", "oauth2/revoke"),
    words!("oauth.revoke.sentences", "oauth2/revoke"),
    member!("oauth.metadata", "names another issuer", ".well-known/oauth-authorization-server", |body| {
        body["issuer"] = json!("https://another.example");
    }),
    request("oauth.authorize.redirect", "sends browsers anywhere", |asked, _| {
        if !asked.is("oauth2/authorize") {
            return None;
        }
        let url = url::Url::parse(&format!("http://x{}", asked.path)).unwrap();
        let target = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
        let mut told = Told::json_body(302, &json!({}));
        told.header("location", &format!("{target}?error=invalid_request"));
        Some(told)
    }),
    answer("oauth.authorize.errors", "loses the state", |asked, told, _| {
        if let Some(location) = told.headers.get("location").filter(|_| asked.is("oauth2/authorize")) {
            let location = location.to_str().unwrap().replace("state=", "stat=");
            told.header("location", &location);
        }
    }),
    answer("oauth.par", "answers 200 for 201", |asked, told, _| {
        if asked.is("oauth2/pushed_authorize") && told.status == 201 {
            told.status = 200;
        }
    }),
    answer("oauth.par.errors", "takes requests of anybody", |asked, told, memory| {
        let first =
            memory.before.iter().find(|(asked, told)| asked.is("oauth2/pushed_authorize") && told.status == 201);
        if let (true, true, Some((_, first))) = (asked.is("oauth2/pushed_authorize"), told.is_error(), first) {
            *told = first.clone();
        }
    }),
    member!("oauth.code", "gives credential tokens of another type", "oauth2/token", |body| body["token_type"] =
        json!("mac")),
    request("oauth.code.once", "takes a code twice", |asked, memory| {
        let first = memory.before.iter().find(|(before, told)| told.status == 200 && before.body == asked.body);
        first.filter(|_| asked.is("oauth2/token") && asked.says("code=")).map(|(_, told)| told.clone())
    }),
    answer("oauth.code.verifier", "takes any verifier", |asked, told, _| {
        if asked.is("oauth2/token") && told.is_error() {
            *told = Told::json_body(200, &json!({ "access_token": "token", "token_type": "Bearer" }));
        }
    }),
];
