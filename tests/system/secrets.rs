//! what is secret stands where it must and nowhere else. A run with known secrets, then a search through all
//! that was printed and stored.

mod processes;

use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use harness::channel::{self, Device};
use harness::{Algorithm, Credential, Hash, Pieces, Sandbox, User, Version, Wanted, parameter};
use rsign_api::channel::body::{ChangePin, Request};
use rustix::process::Signal;
use serde_json::json;

use crate::common::Outsider;

/// A string nobody but its owner may see, and what it is.
struct Secret(String, &'static str);

/// Everything a careless program might turn it into.
fn disguises(secret: &str) -> Vec<Vec<u8>> {
    // Without the two letters of its kind; elsewhere in it a dash below stands for nothing.
    let bare = secret.split_once('_').filter(|(kind, _)| kind.len() <= 4).map_or(secret, |(_, rest)| rest);
    [secret, bare]
        .into_iter()
        .flat_map(|text| [text.to_owned(), HEXLOWER.encode(text.as_bytes()), BASE64.encode(text.as_bytes())])
        .map(String::into_bytes)
        .collect()
}

/// Whether a file or an output holds it in any form.
#[track_caller]
fn holds_none(place: &str, content: &[u8], secrets: &[Secret]) {
    for Secret(secret, what) in secrets {
        for form in disguises(secret) {
            let found = content.windows(form.len()).any(|window| window == form);
            assert!(!found, "{place} holds {what}");
        }
    }
}

/// Every file of a folder, at any depth.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let found = entries.flat_map(|entry| match entry.file_type().unwrap() {
        kind if kind.is_dir() => files(&entry.path()),
        kind if kind.is_file() => vec![entry.path()],
        _ => Vec::new(),
    });
    found.collect()
}

/// Uses every secret there is: rightly, wrongly, and in requests that are refused.
async fn use_all(who: &Outsider, client: &harness::Client) -> Vec<Secret> {
    let secret = |text: &str, what| Secret(text.to_owned(), what);
    let (session, credential) = (&who.session, &who.credential);
    let api = &session.api;
    let mut secrets = vec![
        secret(&credential.pin, "a PIN"),
        secret(&who.user.password, "a password"),
        secret(&session.token, "a token"),
        secret(client.client_secret.as_deref().unwrap(), "a client secret"),
        secret("wrong-pin-4711", "a wrong PIN"),
        secret("wrong-password-4711", "a wrong password"),
        secret("wrong-secret-4711", "a wrong client secret"),
        secret("st_wrong-token-4711", "a wrong token"),
        secret("sad_wrong-sad-4711", "a wrong SAD"),
    ];
    let (hashes, algorithm) = (Hash::many("secret document", 2), Algorithm::usual("P-256"));
    let sad = session.authorize(credential, &hashes).await;
    session.sign(credential, &sad, &algorithm, &hashes[..1]).await;
    let ask = json!({ "credentialID": credential.id, "SAD": sad, "hash": [hashes[1].base64()] });
    let extended = session.call("v1/credentials/extendTransaction", ask).await.ok()["SAD"].as_str().unwrap().to_owned();
    session.sign(credential, &extended, &algorithm, &hashes[1..]).await;
    secrets.extend([secret(&sad, "a SAD"), secret(&extended, "an extended SAD")]);

    let basic = (client.client_id.as_str(), client.client_secret.as_deref().unwrap());
    let tokens = api.form("/oauth2/token", Some(basic), &[("grant_type", "client_credentials")]).await.ok();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let renewed = api.form("/oauth2/token", Some(basic), &form).await.ok();
    // Used twice: an incident that is logged.
    assert_eq!(api.form("/oauth2/token", Some(basic), &form).await.status, 400);
    for (tokens, what) in [(&tokens, "a token of a client"), (&renewed, "a renewed token")] {
        secrets.push(secret(tokens["access_token"].as_str().unwrap(), what));
        secrets.push(secret(tokens["refresh_token"].as_str().unwrap(), what));
    }

    // Refusals quote nothing.
    let hash = json!([hashes[0].base64()]);
    let ask = json!({ "credentialID": credential.id, "numSignatures": 1, "hash": hash, "PIN": "wrong-pin-4711" });
    let wrong_pin = session.call("v1/credentials/authorize", ask).await;
    let ask = json!({ "credentialID": "none", "numSignatures": 1, "hash": hash, "PIN": credential.pin });
    let wrong_credential = session.call("v1/credentials/authorize", ask).await;
    let ask =
        json!({ "credentialID": credential.id, "numSignatures": "1", "hash": hash, "PIN": credential.pin, "SAD": sad });
    let wrong_type = session.call("v1/credentials/authorize", ask).await;
    let ask = json!({ "credentialID": credential.id, "SAD": "sad_wrong-sad-4711", "hash": hash, "signAlgo": "1.2.840.10045.4.3.2" });
    let wrong_sad = session.call("v2/signatures/signHash", ask).await;
    let foreign = Hash::of("another document");
    let foreign = session.try_sign(credential, &sad, &algorithm, &[foreign]).await;
    let wrong_token = api.with("st_wrong-token-4711").call("v1/credentials/list", json!({})).await;
    let bearer = format!("Bearer {}", session.token);
    let body = format!("{{\"PIN\":\"{}\",\"SAD\":\"{sad}\",", credential.pin);
    let malformed = api.post("/csc/v1/credentials/authorize", &[("authorization", &bearer)], body).await;
    let bare = api.post("/csc/v1/credentials/list", &[("authorization", &session.token)], "{}").await;
    let wrong_secret =
        api.form("/oauth2/token", Some((basic.0, "wrong-secret-4711")), &[("grant_type", "client_credentials")]).await;
    let encoded = BASE64.encode(format!("{}:wrong-password-4711", who.user.username).as_bytes());
    let login = [("authorization", format!("Basic {encoded}"))];
    let login: Vec<_> = login.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let wrong_password = api.post("/csc/v1/auth/login", &login, "{}").await;
    for heard in [
        wrong_pin,
        wrong_credential,
        wrong_type,
        wrong_sad,
        foreign,
        wrong_token,
        malformed,
        bare,
        wrong_secret,
        wrong_password,
    ] {
        assert!(heard.status >= 400, "{}", heard.json);
        holds_none("an error answer", format!("{} {:?}", heard.json, heard.headers).as_bytes(), &secrets);
    }
    secrets
}

#[tokio::test]
async fn a_32_no_secret_is_logged_or_stored() {
    // An operator who looks for a fault turns everything on: that must be safe too.
    const LEVEL: &str = "trace";
    let mut pieces = Pieces::seeded();
    pieces.environment = vec![("RSIGN_LOG", LEVEL), ("RUST_LOG", LEVEL)];
    pieces.start_signer();
    pieces.start_gateway();
    let operator = pieces.operator();
    let who = Outsider::enrol_on(&operator, &pieces.api(), "discreet", Wanted::QUICK).await;
    let client = operator.add_client("discreet", "clear", true);
    let secrets = use_all(&who, &client).await;

    let search = |pieces: &Pieces| {
        let mut places = 0;
        for file in files(&pieces.folder.data()) {
            // The sandbox keeps what the ready file tells in here, mode 0600; the services have no business with it.
            if file.file_name().unwrap() != "seed.json" {
                holds_none(&file.display().to_string(), &std::fs::read(&file).unwrap(), &secrets);
                places += 1;
            }
        }
        for log in ["signer", "gateway"] {
            let said = std::fs::read(pieces.log(log)).unwrap();
            assert!(String::from_utf8_lossy(&said).contains("TRACE"), "the {log} logged too little to be searched");
            holds_none(&format!("the {log}'s log"), &said, &secrets);
        }
        assert!(places > 10);
    };
    // While all is in the WAL, and after it was moved to the database.
    assert!(files(&pieces.folder.data()).iter().any(|file| file.to_string_lossy().ends_with("signer.sqlite-wal")));
    search(&pieces);
    pieces.stop_gateway();
    pieces.stop_signer();
    search(&pieces);
    holds_none("the audit trail", pieces.trail().text.as_bytes(), &secrets);
    assert!(pieces.trail().text.contains(&who.credential.id));
}

/// Signs in, chooses a PIN, approves from the pages and from an app, mistypes, and changes the PIN: what the user, their
/// browser, their device and the app had of it.
async fn use_pages_and_channel(pieces: &Pieces) -> Vec<Secret> {
    let secret = |text: &str, what| Secret(text.to_owned(), what);
    let (api, pinned) = (pieces.api(), channel::pinned(&pieces.folder));
    let user = pieces.operator().add_user("paged");
    let client = pieces.operator().add_client("paged", "sealed", true);
    let basic = (client.client_id.as_str(), client.client_secret.as_deref().unwrap());
    let (pin, wrong, next) = ("marked-pin-one-4711", "marked-pin-wrong-4711", "marked-pin-two-4711");
    let mut secrets = vec![
        secret(&user.password, "an account's password"),
        secret("marked-wrong-password-4711", "a wrong password"),
        secret(basic.1, "a client secret"),
        secret(pin, "a chosen PIN"),
        secret(wrong, "a wrong PIN"),
        secret(next, "a changed PIN"),
    ];
    let mut browser = crate::memory::browser(pieces);
    let mistyped = User { password: "marked-wrong-password-4711".to_owned(), ..user.clone() };
    assert_eq!(browser.sign_in(&mistyped).await.status, 400);
    assert_eq!(browser.sign_in(&user).await.location(), "/account");
    secrets.extend(browser.cookies.values().map(|cookie| secret(cookie, "a cookie")));

    let form = browser.get("/account/keys/new").await;
    secrets.extend(form.hidden("/account/keys/new").iter().map(|(_, value)| secret(value, "a form's token")));
    let gone = browser.submit(&form, "/account/keys/new", &[("kind", "P-256"), ("password", &user.password)]).await;
    let mut device = Device::follow(&api, gone.location(), &pinned).await;
    device.enrol(pin).await;
    secrets.push(secret(&device.token, "a transaction's token"));
    browser.come_back(&device).await;
    let id = device.context.credential.clone();
    let credential = Credential { id: id.clone(), key: "P-256".to_owned(), scal: "2".to_owned(), pin: String::new() };

    let callback = "http://127.0.0.1:7777/callback";
    let asked = [("response_type", "code"), ("client_id", basic.0), ("redirect_uri", callback)];
    let hash = Hash::of("paged");
    let digest = data_encoding::BASE64URL_NOPAD.encode(&hash.digest);
    let redeem = async |back: &str, secrets: &mut Vec<Secret>| {
        let code = parameter(back, "code").unwrap_or_else(|| panic!("no code in {back}"));
        let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", callback)];
        let tokens = api.form("/oauth2/token", Some(basic), &form).await.ok();
        secrets.push(secret(&code, "a code"));
        for name in ["access_token", "refresh_token"] {
            secrets.extend(tokens[name].as_str().map(|token| secret(token, name_of(name))));
        }
        (code, tokens["access_token"].as_str().unwrap().to_owned())
    };
    let back = browser.say_yes(&asked).await;
    let (_, service) = redeem(&back, &mut secrets).await;
    let (signing, more) = ([("scope", "credential"), ("credentialID", &id)], [("hash", digest.as_str())]);
    let gone = browser.say_yes(&[&asked[..], &signing, &more].concat()).await;
    let mut device = Device::follow(&api, &gone, &pinned).await;
    assert!(device.approve(wrong).await.0.contains("WrongPin"));
    assert_eq!(device.approve(pin).await.0, "done");
    secrets.push(secret(&device.token, "a transaction's token"));
    let back = browser.come_back(&device).await.location().to_owned();
    let (code, sad) = redeem(&back, &mut secrets).await;
    api.with(&service).sign(&credential, &sad, &Algorithm::usual("P-256"), std::slice::from_ref(&hash)).await;

    let app = api.client(&client).await;
    let members = crate::channel::members(&credential, std::slice::from_ref(&hash));
    let mut device = Device::register(&app, &members, &pinned).await;
    assert_eq!(device.approve(pin).await.0, "done");
    secrets.extend([secret(&app.token, "a service token"), secret(&device.token, "a transaction's token")]);
    let heard = crate::channel::authorize(&app, Version::V2, &members, &format!("rch1:{}", device.tx)).await.ok();
    secrets.push(secret(heard["SAD"].as_str().unwrap(), "a SAD"));

    let [other_pin, token, sad] = crate::implicit::approved(pieces, &user, &mut browser, &app).await;
    secrets.extend([secret(&other_pin, "a PIN"), secret(&token, "a transaction's token"), secret(&sad, "a SAD")]);

    let page = browser.get(&format!("/account/keys/{id}")).await;
    let gone = browser.submit(&page, &format!("/account/keys/{id}/pin"), &[]).await;
    let mut device = Device::follow(&api, gone.location(), &pinned).await;
    let asked = ChangePin { pin: channel::secret(pin), new_pin: channel::secret(next), factor: None };
    assert_eq!(channel::word(&device.ask(&Request::ChangePin(asked)).await.0), "done");
    browser.come_back(&device).await;

    // What is refused and logged: a code a second time, a PIN in clear, wrong tokens, a PIN where none belongs.
    let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", callback)];
    let replayed = api.form("/oauth2/token", Some(basic), &form).await;
    let clear = crate::channel::authorize(&app, Version::V1, &members, next).await;
    let body = json!({ "record": "AAAA", "pin": next });
    let stray = api.post_with(&format!("/rch/{}/record", device.tx), &device.token, &body).await;
    let stranger = api.get_with(&format!("/rch/{}", device.tx), &sad).await;
    let path = format!("/oauth2/authorize?client_id={}&access_token={service}&code={code}", basic.0);
    let in_query = browser.get(&path).await;
    assert!(in_query.status >= 300);
    holds_none("a page", format!("{} {:?}", in_query.html, in_query.headers).as_bytes(), &secrets);
    let returned = api.get_with(&format!("/oauth2/return?tx={}", device.tx), &device.token).await;
    for heard in [replayed, clear, stray, stranger, returned] {
        assert!(heard.status >= 300, "{}", heard.json);
        holds_none("an answer to what was refused", format!("{} {:?}", heard.json, heard.headers).as_bytes(), &secrets);
    }
    secrets
}

fn name_of(member: &str) -> &'static str {
    if member == "refresh_token" { "a refresh token" } else { "an access token" }
}

#[tokio::test]
async fn a_32_no_secret_of_the_pages_and_the_channel_is_logged_or_stored() {
    const LEVEL: &str = "trace";
    let mut pieces = Pieces::seeded();
    pieces.environment = vec![("RSIGN_LOG", LEVEL), ("RUST_LOG", LEVEL)];
    pieces.start_signer();
    pieces.start_gateway();
    let secrets = use_pages_and_channel(&pieces).await;
    assert!(secrets.len() > 15, "{} secrets", secrets.len());
    let search = |pieces: &Pieces| {
        let stored = files(&pieces.folder.data()).into_iter().filter(|file| !file.ends_with("seed.json"));
        for file in stored {
            holds_none(&file.display().to_string(), &std::fs::read(&file).unwrap(), &secrets);
        }
        for log in ["signer", "gateway"] {
            let said = std::fs::read(pieces.log(log)).unwrap();
            assert!(String::from_utf8_lossy(&said).contains("TRACE"), "the {log} logged too little to be searched");
            holds_none(&format!("the {log}'s log"), &said, &secrets);
        }
    };
    search(&pieces);
    pieces.stop_gateway();
    pieces.stop_signer();
    search(&pieces);
    let trail = pieces.trail();
    holds_none("the audit trail", trail.text.as_bytes(), &secrets);
    assert!(trail.of("authorized", "success").count() >= 2);
}

#[tokio::test]
async fn a_32_the_sandbox_tells_secrets_in_its_ready_file_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::own();
    let mode = |file: &Path| std::fs::metadata(file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&sandbox.ready_file()), 0o600);
    assert_eq!(mode(&sandbox.folder.data()), 0o700);
    let open: Vec<_> = files(&sandbox.folder.data()).into_iter().filter(|file| mode(file) & 0o077 != 0).collect();
    let harmless = ["lock", "rsign-sandbox", "signer.ready", "gateway.ready", "page.ready"];
    let open: Vec<_> =
        open.iter().filter(|file| !harmless.contains(&file.file_name().unwrap().to_str().unwrap())).collect();
    assert!(open.is_empty(), "others may read {open:?}");

    let (user, client) = (&sandbox.ready.users[0], sandbox.ready.client("legacy", "clear"));
    let session = sandbox.api().login(user).await;
    let app = sandbox.api().client(client).await;
    let (credential, hash) = (user.credential("P-256"), [Hash::of("sandbox")]);
    let sad = app.authorize(credential, &hash).await;
    app.sign(credential, &sad, &Algorithm::usual("P-256"), &hash).await;
    let mut secrets: Vec<Secret> = Vec::new();
    let mut add = |text: &str, what| secrets.push(Secret(text.to_owned(), what));
    sandbox
        .ready
        .clients
        .iter()
        .filter_map(|client| client.client_secret.as_deref())
        .for_each(|secret| add(secret, "a client secret"));
    for user in &sandbox.ready.users {
        add(&user.password, "a password");
        user.totp_secret.iter().for_each(|secret| add(secret, "the secret of a second factor"));
        user.credentials.iter().for_each(|credential| add(&credential.pin, "a PIN"));
    }
    [(&session.token, "a token"), (&app.token, "a token"), (&sad, "a SAD")]
        .iter()
        .for_each(|(text, what)| add(text, what));
    let file = sandbox.ready_file();
    holds_none("standard output", sandbox.service.said().as_bytes(), &secrets);
    holds_none("the audit trail", sandbox.trail().text.as_bytes(), &secrets);
    for name in ["gateway.sqlite", "gateway.sqlite-wal", "signer.sqlite", "signer.sqlite-wal"] {
        holds_none(name, &std::fs::read(sandbox.folder.file(name)).unwrap(), &secrets);
    }
    let _ = sandbox.stop(Signal::TERM);
    assert!(!file.exists());
}
