//! Signs a hash with a sealed PIN and without a browser: what a native app does (openapi/channel.yaml, 2).
//!
//!     cargo run -p rsign-api --example sealed_authorize -- target/sandbox/ready.json
//!
//! The PIN goes end to end to the signer; the gateway, which carries it, learns only that something was approved. The
//! signer's identity key is pinned from a file, `identity.pem` in the sandbox's data folder or the second argument:
//! never from the gateway.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail, ensure};
use data_encoding::BASE64;
use der::Decode as _;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::channel::body::{Answer, Authorize, Request};
use rsign_api::channel::client::Greeting;
use rsign_api::channel::context::Context;
use rsign_api::channel::identity::Pinned;
use rsign_api::channel::list::{Entry, List, short_code};
use rsign_api::channel::wire::{HelloAnswer, HelloRequest, RecordAnswer, State};
use rsign_api::channel::{Ephemeral, Failure, Operation, Secret};
use rsign_api::signer::EntryType;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const ECDSA_WITH_SHA256: &str = "1.2.840.10045.4.3.2";

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let ready = arguments.next().context("usage: sealed_authorize READY_FILE [IDENTITY_PEM]")?;
    let ready: Value = serde_json::from_slice(&std::fs::read(ready)?)?;
    let (app, user) = (find(&ready["clients"], "client_id", "sandbox-legacy-sealed")?, &ready["users"][0]);
    let credential = find(&user["credentials"], "key", "P-256")?;
    let tls_ca = Path::new(text(&ready, "tls_ca")?);
    let pinned = pin(&arguments.next().unwrap_or_else(|| tls_ca.with_file_name("identity.pem")))?;
    let mut gateway = Gateway::new(text(&ready, "oauth2")?, tls_ca)?;
    gateway.token(text(app, "client_id")?, text(app, "client_secret")?).await?;

    // What is to be signed. The list's short code is what the user would compare.
    let digest = Sha256::digest("Hello from a native app");
    let hash = BASE64.encode(&digest);
    let entry = Entry { r#type: EntryType::Untyped, hash: digest.to_vec(), label: None };
    let list = List::new(HashAlgorithm::Sha256, vec![entry]).map_err(channel)?.digest();
    println!("approving {}", short_code(&list));

    // The app registers what it will ask for, without the PIN.
    let members = json!({ "credentialID": text(credential, "credentialID")?, "numSignatures": 1, "hash": [hash] });
    let registered = gateway.post("/rch", &members).await?;
    let (tx, opener) = (text(&registered, "tx")?.to_owned(), text(&registered, "token")?);

    // The device computes the context from what it knows, and asks only for what it cannot know.
    let told = gateway.told(&tx, opener).await?;
    let context = Context {
        operation: Operation::Authorize,
        tx: tx.clone(),
        tenant: text(&told, "tenant")?.to_owned(),
        user: text(user, "userID")?.to_owned(),
        client: text(app, "client_id")?.to_owned(),
        credential: text(credential, "credentialID")?.to_owned(),
        key_version: u32::try_from(told["keyVersion"].as_u64().context("no keyVersion")?)?,
        list_digest: Some(list),
    };
    let greeting = Greeting::start(context.purpose().map_err(channel)?, ephemeral()?, random()?).map_err(channel)?;
    let hello = HelloRequest { hello: greeting.hello().to_vec().into() };
    let answer = gateway.relay(&tx, opener, "hello", &serde_json::to_value(hello)?).await?;
    let answer: HelloAnswer = serde_json::from_value(answer)?;
    let ready = greeting.receive(&answer, &pinned, now()?).map_err(channel)?;

    // The PIN, sealed for the signer alone.
    let pin = Secret::new(text(credential, "pin")?.as_bytes().to_vec());
    let request = Request::Authorize(Authorize { pin, factor: None, list_digest: Some(list), signatures: 1 });
    let (waiting, record) = ready.seal(&request, random()?, now()?).map_err(channel)?;
    let carried = gateway.relay(&tx, opener, "record", &serde_json::to_value(record)?).await?;
    let carried: RecordAnswer = serde_json::from_value(carried)?;
    match waiting.open(&carried.record, now()?).map_err(channel)?.0 {
        Answer::Done => ensure!(carried.state == State::Done, "the gateway does not know of it: {:?}", carried.state),
        Answer::Refused(reason) => bail!("the signer refused: {reason:?}"),
        _ => bail!("the signer answered something else"),
    }

    // From here on it is CSC as ever; the PIN's value is the transaction's name.
    let mut authorize = members;
    authorize["PIN"] = format!("rch1:{tx}").into();
    let authorized = gateway.post("/csc/v1/credentials/authorize", &authorize).await?;
    let sign = json!({
        "credentialID": text(credential, "credentialID")?, "SAD": text(&authorized, "SAD")?,
        "hash": [hash], "signAlgo": ECDSA_WITH_SHA256,
    });
    let signed = gateway.post("/csc/v1/signatures/signHash", &sign).await?;
    let signature = BASE64.decode(signed["signatures"][0].as_str().context("no signature")?.as_bytes())?;

    let key = gateway.key(text(credential, "credentialID")?).await?;
    key.verify_prehash(&digest, &Signature::from_der(&signature)?).context("the signature does not verify")?;
    println!("verified: {}", BASE64.encode(&signature));
    Ok(())
}

/// The service, as an app with a token calls it.
struct Gateway {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Gateway {
    fn new(base: &str, tls_ca: &Path) -> anyhow::Result<Self> {
        let root = reqwest::Certificate::from_pem(&std::fs::read(tls_ca)?)?;
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([root]).build()?;
        Ok(Self { http, base: base.to_owned(), token: String::new() })
    }

    async fn token(&mut self, id: &str, secret: &str) -> anyhow::Result<()> {
        let request = self.http.post(format!("{}/oauth2/token", self.base)).basic_auth(id, Some(secret));
        let form = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = received(form.body("grant_type=client_credentials").send().await?).await?;
        text(&answer, "access_token")?.clone_into(&mut self.token);
        Ok(())
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(&self.token);
        received(request.json(body).send().await?).await
    }

    /// What the gateway says the transaction is.
    async fn told(&self, tx: &str, opener: &str) -> anyhow::Result<Value> {
        received(self.http.get(format!("{}/rch/{tx}", self.base)).bearer_auth(opener).send().await?).await
    }

    async fn relay(&self, tx: &str, opener: &str, what: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.http.post(format!("{}/rch/{tx}/{what}", self.base)).bearer_auth(opener);
        received(request.json(body).send().await?).await
    }

    /// The key in the credential's certificate.
    async fn key(&self, credential: &str) -> anyhow::Result<VerifyingKey> {
        let info = self.post("/csc/v1/credentials/info", &json!({ "credentialID": credential })).await?;
        let certificate = info["cert"]["certificates"][0].as_str().context("no certificate")?;
        let certificate = x509_cert::Certificate::from_der(&BASE64.decode(certificate.as_bytes())?)?;
        let spki = certificate.tbs_certificate().subject_public_key_info();
        Ok(VerifyingKey::from_sec1_bytes(spki.subject_public_key.raw_bytes())?)
    }
}

async fn received(response: reqwest::Response) -> anyhow::Result<Value> {
    let (status, body) = (response.status(), response.text().await?);
    ensure!(status.is_success(), "{status}: {body}");
    Ok(serde_json::from_str(&body)?)
}

/// The key that the key ceremony handed out, from a PEM file.
fn pin(file: &Path) -> anyhow::Result<Pinned> {
    let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let (_, spki) = der::pem::decode_vec(&pem)?;
    Pinned::new([spki.as_slice()]).map_err(channel)
}

fn ephemeral() -> anyhow::Result<Ephemeral> {
    loop {
        // One of 2^32 strings is no scalar.
        if let Some(ephemeral) = Ephemeral::from_octets(random()?.into()) {
            return Ok(ephemeral);
        }
    }
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut octets = [0; N];
    aws_lc_rs::rand::fill(&mut octets).ok().context("no randomness")?;
    Ok(octets)
}

fn now() -> anyhow::Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

/// Why is not told: neither to whoever is at the other end.
fn channel(_: Failure) -> anyhow::Error {
    anyhow::anyhow!("the channel failed")
}

fn text<'a>(object: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    object[name].as_str().with_context(|| format!("no {name}"))
}

fn find<'a>(list: &'a Value, name: &str, value: &str) -> anyhow::Result<&'a Value> {
    let mut all = list.as_array().into_iter().flatten();
    all.find(|one| one[name] == value).with_context(|| format!("no {value} in the ready file"))
}
