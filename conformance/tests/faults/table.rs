//! A fault for every check: one thing a wrong service might do.

use axum::http::Method;
use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::proxy::{After, Asked, Before, Layer, Memory, Told};

/// What is wrong with the service.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The check that notices.
    pub(crate) check: &'static str,
    /// What the service does.
    pub(crate) what: &'static str,
    pub(crate) layer: Layer,
}

const fn answer(check: &'static str, what: &'static str, after: After) -> Fault {
    Fault { check, what, layer: Layer { after, ..Layer::NONE } }
}

const fn request(check: &'static str, what: &'static str, before: Before) -> Fault {
    Fault { check, what, layer: Layer { before, ..Layer::NONE } }
}

/// An error of this method has another code.
macro_rules! code {
    ($check:literal, $method:literal) => {
        answer($check, "answers errors with another code", |asked, told, _| {
            if asked.is($method) && told.is_error() {
                told.edit(|body| body["error"] = json!("wrong_thing"));
            }
        })
    };
}

/// An error of this method has another sentence.
macro_rules! words {
    ($check:literal, $method:literal) => {
        answer($check, "answers errors in other words", |asked, told, _| {
            if asked.is($method) && told.is_error() {
                told.edit(|body| body["error_description"] = json!("Something went wrong"));
            }
        })
    };
}

/// A member of this method's answer is changed.
macro_rules! member {
    ($check:literal, $what:literal, $method:literal, $change:expr) => {
        answer($check, $what, |asked, told, _| {
            if asked.is($method) && told.status == 200 {
                let change: fn(&mut Value) = $change;
                told.edit(change);
            }
        })
    };
}

/// Whatever is revoked here stays as it was.
macro_rules! not_revoked {
    ($check:literal, $method:literal) => {
        request($check, "says that it has revoked, and has not", |asked, _| asked.is($method).then(Told::nothing))
    };
}

fn push(list: &mut Value, item: Value) {
    list.as_array_mut().unwrap().push(item);
}

fn drop_member(object: &mut Value, name: &str) {
    object.as_object_mut().unwrap().remove(name);
}

/// The signatures of an answer with one bit of the one at this place turned.
fn turn(told: &mut Told, at: usize) {
    told.edit(|body| {
        let mut octets = BASE64.decode(body["signatures"][at].as_str().unwrap().as_bytes()).unwrap();
        *octets.last_mut().unwrap() ^= 1;
        body["signatures"][at] = json!(BASE64.encode(&octets));
    });
}

/// Puts the hashes that were authorized last in the place of those that are asked for.
fn authorized_hashes(asked: &mut Asked, memory: &Memory, method: &str) {
    if let Some((authorized, _)) = memory.last(method)
        && asked.is("signatures/signHash")
    {
        let list = authorized.hashes();
        asked.edit(|body| {
            let name = if body["hash"].is_null() { "hashes" } else { "hash" };
            body[name] = list;
        });
    }
}

/// Whoever asks, asks in the name of whom the SAD was given to.
fn owner(asked: &mut Asked, memory: &Memory) -> Option<Told> {
    if asked.is("signatures/signHash")
        && let Some((authorized, _)) = memory.last("credentials/authorize")
    {
        asked.headers.insert("authorization", authorized.headers["authorization"].clone());
    }
    None
}

const SAD: &str = "sad_of_a_service_that_gives_them_to_everybody";

fn given() -> Told {
    Told::json_body(200, &json!({ "SAD": SAD, "expiresIn": 300 }))
}

pub(crate) static FAULTS: &[Fault] = &[
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
    // --- credentials ---
    member!("list.answers", "leaves a credential out", "credentials/list", |body| {
        body["credentialIDs"].as_array_mut().unwrap().pop();
    }),
    member!("list.paging", "forgets that there are more pages", "credentials/list", |body| drop_member(
        body,
        "nextPageToken"
    )),
    answer("list.max_results", "refuses odd sizes", |asked, told, _| {
        if asked.is("credentials/list") && asked.json()["maxResults"].is_string() {
            *told = Told::error(400, "invalid_request", "Invalid parameter maxResults");
        }
    }),
    answer("list.errors", "has a status of its own", |asked, told, _| {
        if asked.is("credentials/list") && told.status == 400 {
            told.status = 422;
        }
    }),
    words!("list.sentences", "credentials/list"),
    answer("list.infos", "describes keys otherwise in the list", |asked, told, _| {
        if asked.is("credentials/list") && told.json()["credentialInfos"].is_array() {
            told.edit(|body| body["credentialInfos"][0]["key"]["len"] = json!(1));
        }
    }),
    answer("list.only_valid", "lists what cannot sign", |asked, told, _| {
        if asked.is("credentials/list") && told.json()["onlyValid"] == true {
            told.edit(|body| body["credentialInfos"][0]["key"]["status"] = json!("disabled"));
        }
    }),
    member!("credential.required", "writes multisign as a string", "credentials/info", |body| body["multisign"] =
        json!("1000")),
    request("credential.certificates", "does not know none", |asked, _| {
        if asked.is("credentials/info") && asked.json()["certificates"] == "none" {
            asked.edit(|body| body["certificates"] = json!("single"));
        }
        None
    }),
    member!("credential.cert_info", "says another serial number", "credentials/info", |body| {
        body["cert"]["serialNumber"] = json!("0102");
    }),
    member!(
        "credential.cert_info.default",
        "says more of the certificate than was asked",
        "credentials/info",
        |body| {
            body["cert"]["subjectDN"] = json!("CN=Everybody");
        }
    ),
    member!(
        "credential.auth_info",
        "writes presence as a boolean, and a type of its own",
        "credentials/info",
        |body| {
            body["PIN"] = json!({ "presence": true, "format": "N" });
            if body["auth"]["objects"].as_array().is_some_and(|objects| !objects.is_empty()) {
                body["auth"]["objects"][0]["type"] = json!("pin");
            }
        }
    ),
    member!("credential.key", "says another length", "credentials/info", |body| body["key"]["len"] = json!(1024)),
    member!("credential.enabled", "has an enabled key under an expired certificate", "credentials/info", |body| {
        body["cert"]["status"] = json!("expired");
    }),
    member!("credential.weak", "offers SHA-1", "credentials/info", |body| {
        push(&mut body["key"]["algo"], json!("1.2.840.113549.1.1.5"));
    }),
    code!("credential.errors", "credentials/info"),
    words!("credential.sentences", "credentials/info"),
    // --- authorization of signatures ---
    member!("authorize.answers", "writes expiresIn as a string", "credentials/authorize", |body| body["expiresIn"] =
        json!("300")),
    answer("authorize.different", "gives the same SAD again", |asked, told, memory| {
        if let (true, Some((_, first))) = (asked.is("credentials/authorize"), memory.last("credentials/authorize")) {
            *told = first.clone();
        }
    }),
    code!("authorize.errors", "credentials/authorize"),
    words!("authorize.sentences", "credentials/authorize"),
    request("authorize.factors", "gives a SAD without a PIN", |asked, _| {
        let bare = asked.json()["PIN"].is_null() && !asked.says("value");
        (asked.is("credentials/authorize") && bare).then(given)
    }),
    request("authorize.scal2", "gives a SAD without hashes", |asked, _| {
        let bare = asked.hashes().as_array().is_none_or(Vec::is_empty);
        (asked.is("credentials/authorize") && bare).then(given)
    }),
    member!("authorize.check", "delivers nothing", "credentials/authorizeCheck", |body| drop_member(body, "SAD")),
    code!("authorize.check.errors", "credentials/authorizeCheck"),
    words!("authorize.check.sentences", "credentials/authorizeCheck"),
    member!("implicit.announced", "wants a PIN all the same", "credentials/info", |body| {
        body["authMode"] = json!("explicit");
        body["auth"]["objects"] = json!([{ "type": "Password", "id": "PIN" }]);
    }),
    request("implicit.unapproved", "gives a SAD that nobody approved", |asked, _| {
        asked.is("credentials/authorize").then(given)
    }),
    answer("implicit.waits", "delivers a SAD that nobody approved", |asked, told, _| {
        if asked.is("credentials/authorizeCheck") && told.status == 202 {
            *told = given();
        }
    }),
    request("implicit.foreign", "gives handles to whoever asks", |asked, memory| {
        let announced = |(asked, told): &&(Asked, Told)| asked.is("credentials/authorize") && told.status == 202;
        if asked.is("credentials/authorizeCheck")
            && let Some((authorized, _)) = memory.before.iter().rev().find(announced)
        {
            asked.headers.insert("authorization", authorized.headers["authorization"].clone());
        }
        None
    }),
    answer("implicit.delivers", "signs something else", |asked, told, _| {
        if asked.is("signatures/signHash") && told.status == 200 {
            turn(told, 0);
        }
    }),
    answer("challenge.answers", "gives no challenge", |asked, told, _| {
        if asked.is("credentials/getChallenge") {
            *told = Told::json_body(200, &json!({}));
        }
    }),
    code!("challenge.errors", "credentials/getChallenge"),
    words!("challenge.sentences", "credentials/getChallenge"),
    answer("otp.send", "answers 200 for 204", |asked, told, _| {
        if asked.is("credentials/sendOTP") {
            *told = Told::json_body(200, &json!({}));
        }
    }),
    code!("otp.send.errors", "credentials/sendOTP"),
    words!("otp.send.sentences", "credentials/sendOTP"),
    answer("extend.answers", "gives the old SAD again", |asked, told, _| {
        if asked.is("credentials/extendTransaction") && told.status == 200 {
            told.edit(|body| body["SAD"] = asked.json()["SAD"].clone());
        }
    }),
    request("extend.binds", "signs any hash after an extension", |asked, memory| {
        authorized_hashes(asked, memory, "credentials/extendTransaction");
        None
    }),
    code!("extend.errors", "credentials/extendTransaction"),
    // --- signatures ---
    answer("sign.algorithms", "makes one algorithm's signatures wrong", |asked, told, _| {
        if told.status == 200 && asked.is("signatures/signHash") && asked.json()["signAlgo"] == "1.2.840.10045.4.3.3" {
            turn(told, 0);
        }
    }),
    answer("sign.algorithms", "makes wrong signatures with RSASSA-PSS", |asked, told, _| {
        if told.status == 200 && asked.is("signatures/signHash") && asked.json()["signAlgo"] == "1.2.840.113549.1.1.10"
        {
            turn(told, 0);
        }
    }),
    answer("sign.algorithms", "makes wrong signatures with PKCS#1", |asked, told, _| {
        if told.status == 200 && asked.is("signatures/signHash") && asked.json()["signAlgo"] == "1.2.840.113549.1.1.1" {
            turn(told, 0);
        }
    }),
    member!("sign.hash.batch", "mixes the order up", "signatures/signHash", |body| {
        body["signatures"].as_array_mut().unwrap().swap(3, 4);
    }),
    member!("sign.hash.batch", "answers a signature too few", "signatures/signHash", |body| {
        body["signatures"].as_array_mut().unwrap().pop();
    }),
    member!("sign.ecdsa.der", "writes r and s side by side", "signatures/signHash", |body| {
        body["signatures"][0] = json!(BASE64.encode(&[7; 64]));
    }),
    answer("sign.hash.errors", "has a code of its own for bad Base64", |asked, told, _| {
        if asked.is("signatures/signHash") && told.json()["error_description"] == "Invalid Base64 hash string parameter"
        {
            told.edit(|body| body["error"] = json!("invalid_hash"));
        }
    }),
    words!("sign.hash.sentences", "signatures/signHash"),
    request("misuse.no_sad", "signs for whoever has a token", |asked, memory| {
        if let (true, Some((_, given))) = (asked.is("signatures/signHash"), memory.last("credentials/authorize")) {
            let sad = given.json()["SAD"].clone();
            asked.edit(|body| body["SAD"] = sad);
        }
        None
    }),
    request("misuse.other_hash", "signs other hashes", |asked, memory| {
        authorized_hashes(asked, memory, "credentials/authorize");
        None
    }),
    request("misuse.too_many", "signs more than was authorized", |asked, memory| {
        authorized_hashes(asked, memory, "credentials/authorize");
        None
    }),
    answer("misuse.spent", "makes a second signature of a spent SAD", |asked, told, memory| {
        if asked.is("signatures/signHash") && told.status == 200 && memory.last("signatures/signHash").is_some() {
            turn(told, 0);
        }
    }),
    request("misuse.other_credential", "does not look for which credential a SAD is", |asked, memory| {
        if let (true, Some((authorized, _))) = (asked.is("signatures/signHash"), memory.last("credentials/authorize")) {
            let id = authorized.json()["credentialID"].clone();
            asked.edit(|body| body["credentialID"] = id);
        }
        None
    }),
    request("misuse.other_client", "does not look whose client's SAD it is", owner),
    request("misuse.other_user", "does not look whose SAD it is", owner),
    request("misuse.expired", "signs with expired SADs", |asked, _| {
        asked.headers.insert("x-ignores-expiry", "yes".parse().unwrap());
        None
    }),
    answer("async.delivers", "delivers wrong signatures", |asked, told, _| {
        if asked.is("signatures/signPolling") && told.status == 200 {
            turn(told, 0);
        }
    }),
    request("async.refused", "signs at once though it was asked for mode A", |asked, _| {
        if asked.is("signatures/signHash") {
            asked.edit(|body| drop_member(body, "operationMode"));
        }
        None
    }),
    request("async.errors", "takes any validity_period", |asked, _| {
        if asked.is("signatures/signHash") {
            asked.edit(|body| drop_member(body, "validity_period"));
        }
        None
    }),
    words!("async.sentences", "signatures/signHash"),
    request("async.inside", "calls addresses inside", |asked, _| {
        if asked.is("signatures/signHash") {
            asked.edit(|body| drop_member(body, "response_uri"));
        }
        None
    }),
    code!("async.polling.errors", "signatures/signPolling"),
    words!("async.polling.sentences", "signatures/signPolling"),
    answer("documents.cades", "signs wrongly", |asked, told, _| {
        if asked.is("signatures/signDoc") && told.status == 200 {
            told.edit(|body| {
                let list = if body["SignatureObject"].is_null() { "DocumentWithSignature" } else { "SignatureObject" };
                let mut object = BASE64.decode(body[list][0].as_str().unwrap().as_bytes()).unwrap();
                *object.last_mut().unwrap() ^= 1;
                body[list][0] = json!(BASE64.encode(&object));
            });
        }
    }),
    answer("documents.cades", "puts a signature in the other list", |asked, told, _| {
        if asked.is("signatures/signDoc") && told.status == 200 {
            told.edit(|body| {
                let moved = body["SignatureObject"].take();
                drop_member(body, "SignatureObject");
                body["DocumentWithSignature"] = moved;
            });
        }
    }),
    request("documents.foreign", "signs whatever digest it is given", |asked, memory| {
        if let Some((authorized, _)) = memory.last("credentials/authorize")
            && asked.is("signatures/signDoc")
        {
            let list = authorized.hashes();
            asked.edit(|body| body["documentDigests"][0]["hashes"] = list);
        }
        None
    }),
    code!("documents.errors", "signatures/signDoc"),
    words!("documents.sentences", "signatures/signDoc"),
    request("timestamp.token", "stamps something else", |asked, _| {
        if asked.is("signatures/timestamp") {
            asked.edit(|body| body["hash"] = json!(BASE64.encode(&[7; 32])));
        }
        None
    }),
    request("timestamp.token", "leaves the nonce out", |asked, _| {
        if asked.is("signatures/timestamp") {
            asked.edit(|body| drop_member(body, "nonce"));
        }
        None
    }),
    answer("timestamp.token", "signs wrongly", |asked, told, _| {
        if asked.is("signatures/timestamp") && told.status == 200 {
            told.edit(|body| {
                let mut token = BASE64.decode(body["timestamp"].as_str().unwrap().as_bytes()).unwrap();
                *token.last_mut().unwrap() ^= 1;
                body["timestamp"] = json!(BASE64.encode(&token));
            });
        }
    }),
    request("timestamp.no_nonce", "stamps something else", |asked, _| {
        if asked.is("signatures/timestamp") {
            asked.edit(|body| body["hash"] = json!(BASE64.encode(&[7; 32])));
        }
        None
    }),
    code!("timestamp.errors", "signatures/timestamp"),
    words!("timestamp.sentences", "signatures/timestamp"),
    request("create.refused", "makes a credential for anybody", |asked, _| {
        asked.is("credentials/create").then(|| Told::json_body(201, &json!({ "credentialID": "new" })))
    }),
    request("delete.refused", "deletes whatever it is told to", |asked, _| {
        asked.is("credentials/delete").then(Told::nothing)
    }),
    // --- errors, header fields, limits ---
    answer("errors.form", "wraps errors up", |_, told, _| {
        if told.is_error() {
            told.edit(|body| *body = json!({ "errors": [body.take()] }));
        }
    }),
    answer("errors.described", "does not say what is wrong", |_, told, _| {
        if told.is_error() {
            told.edit(|body| drop_member(body, "error_description"));
        }
    }),
    answer("errors.malformed", "breaks on what is no JSON", |asked, told, _| {
        if asked.is("credentials/info") && serde_json::from_slice::<Value>(&asked.body).is_err() {
            *told = Told::error(500, "server_error", "");
        }
    }),
    answer("errors.unimplemented", "answers 404 for 501", |_, told, _| {
        if told.status == 501 {
            told.status = 404;
        }
    }),
    answer("errors.unimplemented.code", "calls it a server error", |_, told, _| {
        if told.status == 501 {
            told.edit(|body| body["error"] = json!("server_error"));
        }
    }),
    answer("errors.unknown_members", "refuses strays", |asked, told, _| {
        if asked.says("unknownMember") {
            *told = Told::error(400, "invalid_request", "");
        }
    }),
    answer("errors.authorization.missing", "lists for anybody", |asked, told, _| {
        if asked.is("credentials/list") && !asked.headers.contains_key("authorization") {
            *told = Told::json_body(200, &json!({ "credentialIDs": [] }));
        }
    }),
    answer("errors.authorization.malformed", "answers 401 for a malformed header", |asked, told, _| {
        if asked.headers.get("authorization").is_some_and(|value| value == "Bearer") {
            told.status = 401;
        }
    }),
    answer("errors.authorization.sentence", "says it otherwise", |asked, told, _| {
        if asked.headers.get("authorization").is_some_and(|value| value == "Bearer") {
            told.edit(|body| body["error_description"] = json!("No token"));
        }
    }),
    answer("errors.authorization.unknown", "answers 400 for an unknown token", |_, told, _| {
        if told.status == 401 {
            told.status = 400;
        }
    }),
    answer("headers.content_type", "says that JSON is text", |_, told, _| told.header("content-type", "text/plain")),
    answer("headers.cache", "lets answers about people be cached", |_, told, _| {
        told.headers.remove("cache-control");
    }),
    answer("headers.cache.sad", "lets SADs be stored", |asked, told, _| {
        if asked.is("credentials/authorize") {
            told.header("cache-control", "max-age=60");
        }
    }),
    answer("headers.verb", "does not say what is allowed", |_, told, _| {
        told.headers.remove("allow");
    }),
    request("limits.body", "takes bodies of any size", |asked, _| {
        (asked.body.len() > 1 << 20).then(|| Told::json_body(200, &json!({})))
    }),
    answer("limits.depth", "breaks on deep nesting", |asked, told, _| {
        if asked.says("[[[[[[[[[[[[[[[[[[") {
            *told = Told::error(500, "server_error", "");
        }
    }),
    answer("limits.hashes", "breaks on long lists", |asked, told, _| {
        if asked.is("signatures/signHash") && asked.body.len() > 100_000 {
            *told = Told::error(503, "temporarily_unavailable", "");
        }
    }),
];
