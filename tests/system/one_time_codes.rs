//! Codes that are sent: by e-mail through a real mail server (aiosmtpd), to the sandbox's telephone through its webhook.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use harness::verify::PublicKey;
use harness::{
    Algorithm, Answer, Browser, Credential, Hash, Pieces, Sandbox, Session, User, Wanted, demanded, repository,
};
use rustix::process::Signal;
use serde_json::{Value, json};
use toml::{Table, Value as Toml};

use crate::common::without_pids;

/// A mail server, and what it is sent.
struct MailServer {
    server: Child,
    port: u16,
    mails: Receiver<Value>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl MailServer {
    /// `None` where there is no Python environment.
    fn start(options: &[&str]) -> Option<Self> {
        let python = demanded("RSIGN_PYTHON", "target/venv/bin/python", "aiosmtpd, a mail server")?;
        let mut command = Command::new(python);
        command.arg(repository("tests/clients/mail_sink.py")).args(options).stdout(Stdio::piped());
        let mut server = command.spawn().unwrap();
        let lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let (tell, mails) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let Ok(()) = tell.send(serde_json::from_str(&line).unwrap()) else { return };
            }
        });
        let first: Value = mails.recv_timeout(Duration::from_secs(30)).expect("the mail server starts");
        let port = first["port"].as_u64().unwrap().try_into().unwrap();
        Some(Self { server, port, mails })
    }

    fn mail(&self) -> Value {
        self.mails.recv_timeout(Duration::from_secs(10)).expect("a mail")
    }

    fn got_nothing(&self) -> bool {
        self.mails.try_recv().is_err()
    }
}

fn code_of(mail: &Value) -> String {
    let text = mail["text"].as_str().unwrap();
    let code: String = text.chars().take_while(char::is_ascii_digit).collect();
    assert_eq!(code.len(), 6, "{text}");
    code
}

/// Has the gateway send mails there.
fn mail_through(pieces: &mut Pieces, port: u16, security: &str, more: &[(&str, &str)]) {
    let mut email = Table::new();
    for (name, value) in [("host", "127.0.0.1"), ("security", security), ("from", "rsign@example.org")] {
        email.insert(name.to_owned(), value.into());
    }
    email.insert("port".to_owned(), i64::from(port).into());
    email.insert("timeout_seconds".to_owned(), 5.into());
    for (name, value) in more {
        email.insert((*name).to_owned(), (*value).into());
    }
    pieces.configure("gateway.toml", |config| {
        let otp = config.entry("otp").or_insert_with(|| Toml::Table(Table::new()));
        otp.as_table_mut().unwrap().insert("email".to_owned(), email.into());
    });
    pieces.start_gateway();
}

/// Somebody whose key needs a code by e-mail.
fn enrol(pieces: &Pieces) -> (User, Credential) {
    let operator = pieces.operator();
    let user = operator.add_user("mailed");
    operator.set_contact(&user.id, "ann.lee@example.org");
    let credential = operator.enrol_with(&user.id, Wanted::QUICK, &["--factor", "online"]);
    (user, credential)
}

async fn send(session: &Session, credential: &Credential) -> Answer {
    session.call("v1/credentials/sendOTP", json!({ "credentialID": credential.id })).await
}

async fn authorize(session: &Session, credential: &Credential, pin: &str, code: &str, hash: &Hash) -> Answer {
    let mut ask = harness::api::authorize(credential, pin, std::slice::from_ref(hash));
    ask["OTP"] = json!(code);
    session.call("v1/credentials/authorize", ask).await
}

/// The whole way: a code that is sent, a SAD, a signature that is verified.
async fn sign_with(session: &Session, credential: &Credential, code: &str) {
    let (hash, algorithm) = (Hash::of("with a code that was sent"), Algorithm::usual("P-256"));
    let sad =
        authorize(session, credential, &credential.pin, code, &hash).await.ok()["SAD"].as_str().unwrap().to_owned();
    let key = PublicKey::of("P-256", &session.certificate(credential).await);
    let signatures = session.sign(credential, &sad, &algorithm, std::slice::from_ref(&hash)).await;
    assert!(key.verifies(&algorithm, &hash, &signatures[0]));
}

#[tokio::test]
async fn a_mailed_code_signs_over_every_kind_of_connection() {
    let Some(plain) = MailServer::start(&["plain"]) else { return };
    let mut pieces = Pieces::seeded();
    pieces.start_signer();
    let (certificate, key) = (pieces.folder.file("gateway.pem"), pieces.folder.file("gateway.key"));
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    let ca = pieces.folder.file("tls-ca.pem").display().to_string();
    let password = pieces.folder.file("mail-password");
    std::fs::write(&password, "open-sesame\n").unwrap();
    let password = password.display().to_string();
    let tls = ["--certificate", &certificate, "--key", &key, "--user", "rsign", "--password", "open-sesame"];
    let trusted = [("ca", ca.as_str()), ("username", "rsign"), ("password_file", &password)];

    mail_through(&mut pieces, plain.port, "plain", &[]);
    let (user, credential) = enrol(&pieces);
    let session = pieces.api().login(&user).await;
    assert_eq!(send(&session, &credential).await.status, 204);
    let mail = plain.mail();
    assert_eq!((&mail["to"], &mail["from"]), (&json!(["ann.lee@example.org"]), &json!("rsign@example.org")));
    assert_eq!((&mail["automatic"], &mail["tls"]), (&json!("auto-generated"), &json!(false)));
    assert!(mail["hello"] == "example.org" && mail["subject"] == "rsign sandbox: your signing code", "{mail}");
    assert!(!mail["subject"].as_str().unwrap().contains(&code_of(&mail)));
    sign_with(&session, &credential, &code_of(&mail)).await;

    for security in ["starttls", "tls"] {
        let server = MailServer::start(&[&[security], &tls[..]].concat()).unwrap();
        mail_through(&mut pieces, server.port, security, &trusted);
        let session = pieces.api().login(&user).await;
        let challenge = json!({ "credentialID": credential.id, "authObjectID": "OTP" });
        assert_eq!(session.call("v2/credentials/getChallenge", challenge).await.status, 204, "{security}");
        let mail = server.mail();
        assert_eq!((&mail["tls"], &mail["user"]), (&json!(true), &json!("rsign")), "{security}");
        sign_with(&session, &credential, &code_of(&mail)).await;
        // A server whose certificate comes from nobody we know gets nothing.
        mail_through(&mut pieces, server.port, security, &trusted[1..]);
        let session = pieces.api().login(&user).await;
        assert!(send(&session, &credential).await.is_away(), "{security}");
        assert!(server.got_nothing(), "{security}");
    }
    // Nor one that does not speak TLS, whatever it says.
    mail_through(&mut pieces, plain.port, "starttls", &trusted);
    let session = pieces.api().login(&user).await;
    assert!(send(&session, &credential).await.is_away() && plain.got_nothing());
    // Nor one that is not there.
    mail_through(&mut pieces, harness::free_port(), "plain", &[]);
    assert!(send(&pieces.api().login(&user).await, &credential).await.is_away());
}

#[tokio::test]
async fn wrong_codes_lock_codes_and_no_pin() {
    let Some(server) = MailServer::start(&["plain"]) else { return };
    let mut pieces = Pieces::seeded();
    pieces.start_signer();
    mail_through(&mut pieces, server.port, "plain", &[]);
    let (user, credential) = enrol(&pieces);
    let (_, other) = enrol(&pieces);
    let session = pieces.api().login(&user).await;
    let hash = Hash::of("guessed");
    let invalid = (400, "invalid_otp", "The OTP is invalid");
    assert_eq!(authorize(&session, &credential, &credential.pin, "123456", &hash).await.error(), invalid);
    // Of another credential: sent to the same person through another app's eyes.
    let client = pieces.clear_client().clone();
    let app = pieces.api().client(&client).await;
    assert_eq!(send(&app, &other).await.status, 204);
    let theirs = code_of(&server.mail());
    assert_eq!(authorize(&app, &credential, &credential.pin, &theirs, &hash).await.error(), invalid);

    assert_eq!(send(&session, &credential).await.status, 204);
    let first = code_of(&server.mail());
    assert_eq!(send(&session, &credential).await.status, 204);
    let right = code_of(&server.mail());
    if first != right {
        assert_eq!(authorize(&session, &credential, &credential.pin, &first, &hash).await.error(), invalid, "replaced");
    }
    sign_with(&session, &credential, &right).await;
    assert_eq!(authorize(&session, &credential, &credential.pin, &right, &hash).await.error(), invalid, "spent");

    // 200 at once, all wrong: three are judged, the rest meet the lock; PINs are not.
    assert_eq!(send(&session, &credential).await.status, 204);
    let right = code_of(&server.mail());
    let wrong = format!("{:06}", (right.parse::<u32>().unwrap() + 1) % 1_000_000);
    let guesses = (0..200).map(|_| {
        let (session, credential, wrong, hash) = (session.clone(), credential.clone(), wrong.clone(), hash.clone());
        tokio::spawn(async move { authorize(&session, &credential, "no-such-PIN", &wrong, &hash).await })
    });
    let mut judged = 0;
    for guess in guesses.collect::<Vec<_>>() {
        match guess.await.unwrap().error() {
            (400, "invalid_otp", _) => judged += 1,
            heard => assert_eq!(heard, (400, "invalid_request", "OTP locked")),
        }
    }
    assert_eq!(judged, 3);
    let locked = (400, "invalid_request", "OTP locked");
    assert_eq!(authorize(&session, &credential, &credential.pin, &right, &hash).await.error(), locked);
    assert_eq!(send(&session, &credential).await.error(), locked);
    let challenge = json!({ "credentialID": credential.id, "authObjectID": "OTP" });
    let heard = session.call("v2/credentials/getChallenge", challenge).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Credential locked"));
    // The lock is that client's. Another one has its own codes, and all of the PIN's tries.
    for _ in 0..2 {
        assert_eq!(send(&app, &credential).await.status, 204);
        let code = code_of(&server.mail());
        let heard = authorize(&app, &credential, "no-such-PIN", &code, &hash).await;
        assert_eq!(heard.error(), (400, "invalid_pin", "The PIN is invalid"));
    }
    assert_eq!(send(&app, &credential).await.status, 204);
    let last = code_of(&server.mail());
    sign_with(&app, &credential, &last).await;

    // no code is written down anywhere.
    let told = ["gateway", "signer"].map(|name| std::fs::read_to_string(pieces.log(name)).unwrap()).concat();
    let told = without_pids(&told) + &pieces.trail().text;
    let stored = ["gateway.sqlite", "gateway.sqlite-wal", "signer.sqlite", "signer.sqlite-wal"]
        .map(|file| std::fs::read(pieces.folder.file(file)).unwrap_or_default())
        .concat();
    for code in [&first, &right, &last, &theirs] {
        for form in [format!("\"{code}\""), format!("={code}"), format!(" {code} ")] {
            assert!(!told.contains(&form) && memchr::memmem::find(&stored, form.as_bytes()).is_none(), "{form}");
        }
    }
}

#[tokio::test]
async fn doras_key_signs_with_the_code_on_the_sandboxs_telephone() {
    let sandbox = Sandbox::own();
    let dora = sandbox.ready.coded_user.as_ref().unwrap();
    let credential = &dora.credentials[0];
    let session = sandbox.api().login(dora).await;
    let info =
        session.call("v1/credentials/info", json!({ "credentialID": credential.id, "authInfo": true })).await.ok();
    assert_eq!((&info["OTP"]["type"], &info["OTP"]["provider"]), (&json!("online"), &json!("phone")));
    let telephone = sandbox.ready.codes.as_deref().unwrap();
    let codes = async || reqwest::get(telephone).await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(codes().await, json!([]));
    for place in 1..=2 {
        assert_eq!(send(&session, credential).await.status, 204);
        let shown = codes().await;
        assert_eq!(shown.as_array().unwrap().len(), place);
        assert_eq!(shown[0]["to"], "+12025550143");
        sign_with(&session, credential, shown[0]["code"].as_str().unwrap()).await;
    }
    // Nobody else rings there, and nobody reads who does not know the address.
    let forged = json!({ "to": "+12025550143", "code": "111111", "expires_in": 300, "text": "" });
    let client = reqwest::Client::new();
    assert_eq!(client.post(telephone).json(&forged).send().await.unwrap().status(), 401);
    let elsewhere = telephone.rsplit_once('/').unwrap().0;
    assert_eq!(client.get(elsewhere).send().await.unwrap().status(), 404);
    assert_eq!(codes().await.as_array().unwrap().len(), 2);
    assert!(!sandbox.service.said().contains(codes().await[0]["code"].as_str().unwrap()));
    let _ = sandbox.stop(Signal::TERM);
}

#[tokio::test]
async fn people_say_where_they_are_reached_and_hear_of_what_waits() {
    let sandbox = Sandbox::own();
    let eva = sandbox.ready.implicit_user.as_ref().unwrap();
    let telephone = sandbox.ready.codes.as_deref().unwrap();
    let messages = async || reqwest::get(telephone).await.unwrap().json::<Value>().await.unwrap();
    let mut browser = Browser::new(&sandbox.ready.oauth2, sandbox.ready.tls_ca.as_deref().unwrap());
    assert_eq!(browser.sign_in(eva).await.location(), "/account");
    let (form, confirm) = ("/account/contact", "/account/contact/code");
    let page = browser.get(form).await;
    let typed = [("address", "+1 202 555 0145"), ("password", eva.password.as_str())];
    assert_eq!(browser.submit(&page, form, &typed).await.location(), confirm);
    let sent = messages().await[0].clone();
    assert_eq!(sent["to"], "+12025550145");
    let page = browser.get(confirm).await;
    let code = sent["code"].as_str().unwrap();
    assert_eq!(browser.submit(&page, confirm, &[("code", code)]).await.location(), "/account/me");
    let told = messages().await[0].clone();
    assert_eq!((&told["to"], &told["code"]), (&json!("+12025550144"), &Value::Null), "the one before is told");

    let session = sandbox.api().login(eva).await;
    let ask = json!({ "credentialID": eva.credentials[0].id, "numSignatures": 1, "authData": [],
        "hashes": [Hash::of("waits").base64()], "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1" });
    assert_eq!(session.call("v2/credentials/authorize", ask).await.status, 202);
    for _ in 0..50 {
        // It goes out beside the answer.
        let word = messages().await[0].clone();
        if word["to"] == "+12025550145" && word["code"].is_null() {
            let text = word["text"].as_str().unwrap();
            assert!(text.contains("asks for a signature") && !text.contains("://"), "{text}");
            let _ = sandbox.stop(Signal::TERM);
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no word came: {}", messages().await);
}
