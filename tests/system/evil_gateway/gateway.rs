//! The gateway that was taken over, the device it relays for, and what they say to each other.

use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use data_encoding::BASE64URL_NOPAD;
use harness::channel::{self, greet, now, random, secret, word};
use harness::verify::PublicKey;
use harness::{Hash, Pieces};
use rcgen::KeyPair;
use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};
use rsign_api::bytes::Bytes;
use rsign_api::channel::body::{self, Answer, Request};
use rsign_api::channel::client::{Greeting, Ready, Waiting};
use rsign_api::channel::context::{Context, enrol_digest};
use rsign_api::channel::identity::Pinned;
use rsign_api::channel::list::{Entry as Item, List};
use rsign_api::channel::wire::HelloAnswer;
use rsign_api::signer::{
    Authorized, ChannelAnswer, ChannelHello, ChannelOpened, ChannelOutcome, ChannelRecord, CredentialStatus, Enrol,
    Entry, FactorKind, IssueCertificate, IssuedCertificate, LinkCertificate, Operation, Refusal, Refused, Registration,
    Scal, Stretch, Subject, path,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A client that signs nothing.
pub(super) const CLIENT: &str = "some-app";
/// One that signs its requests, and whose key the signer's operator has.
pub(super) const HARDENED: &str = "hardened-app";
pub(super) const AUDIENCE: &str = "https://gateway.example";
pub(super) const SCHEME: Scheme = Scheme::Ecdsa { hash: HashAlgorithm::Sha256 };

/// The gateway's place: a running signer, and the right to talk to it.
pub(super) struct Evil {
    pub(super) pieces: Pieces,
    pub(super) http: reqwest::Client,
    pub(super) url: String,
    /// The hardened client's key.
    pub(super) app: EcdsaKeyPair,
}

/// A key with an owner, and all that a gateway has of it.
pub(super) struct Owned {
    pub(super) user: String,
    pub(super) id: String,
    /// Known to the device alone.
    pub(super) pin: String,
    pub(super) key: Bytes,
    pub(super) public: PublicKey,
}

impl Evil {
    pub(super) fn start() -> Self {
        Self::with(false)
    }

    /// Whether only clients that sign their requests are served.
    pub(super) fn with(required: bool) -> Self {
        let mut pieces = Pieces::seeded();
        let app = KeyPair::generate().unwrap();
        let keys = pieces.folder.file("client-keys");
        std::fs::create_dir(&keys).unwrap();
        std::fs::write(keys.join(format!("{HARDENED}.pem")), app.public_key_pem()).unwrap();
        pieces.configure("signer.toml", |config| {
            let clients = [("keys", keys.display().to_string()), ("audience", AUDIENCE.to_owned())];
            let clients = clients.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
            let mut clients: toml::Table = clients.collect();
            clients.insert("required".to_owned(), required.into());
            config.insert("clients".to_owned(), clients.into());
        });
        pieces.start_signer();
        let read = |name: &str| std::fs::read(pieces.folder.file(name)).unwrap();
        let root = reqwest::Certificate::from_pem(&read("tls-ca.pem")).unwrap();
        let identity = [read("gateway-client.pem"), read("gateway-client.key")].concat();
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([root]).timeout(Duration::from_secs(30));
        let http = http.identity(reqwest::Identity::from_pem(&identity).unwrap()).build().unwrap();
        let url = format!("https://{}", pieces.signer.as_ref().unwrap().ready["address"].as_str().unwrap());
        let app = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &app.serialize_der()).unwrap();
        Self { pieces, http, url, app }
    }

    pub(super) async fn say<T: DeserializeOwned>(&self, path: &str, asked: &impl Serialize) -> Result<T, Refusal> {
        let body = serde_json::to_vec(asked).unwrap();
        let request = self.http.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        let response = request.body(body).send().await.unwrap();
        let (status, body) = (response.status().as_u16(), response.bytes().await.unwrap());
        match status {
            200 => Ok(serde_json::from_slice(&body).unwrap()),
            409 => Err(serde_json::from_slice::<Refused>(&body).unwrap().refused),
            _ => panic!("{path}: {status} {}", String::from_utf8_lossy(&body)),
        }
    }

    pub(super) async fn hello(
        &self,
        registered: &Registration,
        greeting: &Greeting,
        request: Option<String>,
    ) -> Result<ChannelOpened, Refusal> {
        let hello = greeting.hello().to_vec().into();
        self.say(path::CHANNEL_HELLO, &ChannelHello { registration: registered.clone(), hello, request }).await
    }

    pub(super) async fn record(&self, record: &ChannelRecord) -> Result<ChannelAnswer, Refusal> {
        self.say(path::CHANNEL_RECORD, record).await
    }

    pub(super) fn pinned(&self) -> Pinned {
        channel::pinned(&self.pieces.folder)
    }

    /// A device with an open channel, where all were told the same.
    pub(super) async fn open(&self, registered: &Registration) -> Device<'_> {
        self.try_open(registered, None).await.unwrap()
    }

    pub(super) async fn try_open(
        &self,
        registered: &Registration,
        request: Option<String>,
    ) -> Result<Device<'_>, Refusal> {
        let greeting = greet(&Context::registered(registered).unwrap());
        let opened = self.hello(registered, &greeting, request).await?;
        let ready = greeting.receive(&as_heard(&opened), &self.pinned(), now()).unwrap();
        Ok(Device { evil: self, sid: opened.hello.0[6..22].to_vec().into(), ready: Some(ready), key: None })
    }

    /// A key made over the channel, honestly.
    pub(super) async fn enrol(&self, user: &str) -> Owned {
        let registered = enrolment(user);
        let Some(Enrol { key, subject, .. }) = registered.enrol.clone() else { panic!() };
        let pin = format!("pin-of-{user}-4711");
        let mut device = self.open(&registered).await;
        let digest = enrol_digest(key, &subject).unwrap();
        let asked = body::Enrol { new_pin: Some(secret(&pin)), factor: None, digest };
        let (_, outcome) = device.ask(&Request::Enrol(asked)).await.unwrap();
        let ChannelOutcome::Enrolled(created) = outcome else { panic!("{outcome:?}") };
        let id = registered.credential;
        let issue = IssueCertificate { credential: id.clone(), subject };
        let issued: IssuedCertificate = self.say(path::ISSUE, &issue).await.unwrap();
        let public = PublicKey::of(key.name(), &issued.certificate.0);
        let link = LinkCertificate { credential: id.clone(), certificate: issued.certificate };
        let _: CredentialStatus = self.say(path::LINK, &link).await.unwrap();
        assert!(matches!(device.ask(&Request::Close).await.unwrap().1, ChannelOutcome::Closed));
        Owned { user: user.to_owned(), id, pin, key: created.key, public }
    }

    /// A SAD for these hashes, honestly.
    pub(super) async fn sad(&self, owned: &Owned, hashes: &[Hash]) -> Authorized {
        let registered = registration(owned, Operation::Authorise, hashes);
        let (answer, outcome) = self.open(&registered).await.ask(&approve(&registered, &owned.pin)).await.unwrap();
        assert!(matches!(answer, Answer::Done), "{}", word(&answer));
        let ChannelOutcome::Authorised(authorized) = outcome else { panic!("{outcome:?}") };
        authorized
    }

    /// What the hardened app asked for, signed by itself.
    pub(super) fn request(&self, registered: &Registration) -> String {
        let hashes: Vec<_> = registered.list.iter().map(|entry| BASE64URL_NOPAD.encode(&entry.hash.0)).collect();
        let claims = json!({
            "iss": HARDENED, "client_id": HARDENED, "aud": AUDIENCE, "exp": now() + 60, "scope": "credential",
            "credentialID": registered.credential, "numSignatures": registered.signatures, "hashes": hashes.join(","),
        });
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let message = format!("{}.{}", part(&json!({ "alg": "ES256", "typ": "oauth-authz-req+jwt" })), part(&claims));
        let signature = self.app.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }

    /// How often the signer's trail says this.
    pub(super) fn recorded(&self, sentence: &str) -> usize {
        self.pieces.trail().text.matches(sentence).count()
    }

    /// PINs that were judged for a credential, right and wrong.
    pub(super) fn judged(&self, owned: &Owned) -> usize {
        let trail = self.pieces.trail();
        let right = trail.of("authorized", "success").filter(|entry| entry["credential"] == *owned.id).count();
        right + trail.wrong_pins(&pin_of(owned), None)
    }
}

pub(super) fn pin_of(owned: &Owned) -> harness::Credential {
    let (id, pin) = (owned.id.clone(), owned.pin.clone());
    harness::Credential { id, key: "P-256".to_owned(), scal: "2".to_owned(), pin }
}

/// One end of a channel; what it sends goes through the gateway's hands.
pub(super) struct Device<'a> {
    pub(super) evil: &'a Evil,
    pub(super) sid: Bytes,
    pub(super) ready: Option<Ready>,
    /// What the gateway sends beside a record.
    pub(super) key: Option<Bytes>,
}

impl Device<'_> {
    pub(super) fn send(&mut self, request: &Request) -> (Waiting, ChannelRecord) {
        let (waiting, message) = self.ready.take().expect("an open channel").seal(request, random(), now()).unwrap();
        let finished = message.finished.map(|tag| tag.0.into());
        (
            waiting,
            ChannelRecord { sid: self.sid.clone(), finished, record: message.record.0.into(), key: self.key.clone() },
        )
    }

    pub(super) fn hear(&mut self, waiting: Waiting, heard: &ChannelAnswer) -> Answer {
        let (answer, ready) = waiting.open(&heard.record, now()).unwrap();
        self.ready = ready;
        answer
    }

    /// Asks, and this once nobody meddles.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<(Answer, ChannelOutcome), Refusal> {
        let (waiting, record) = self.send(request);
        let heard = self.evil.record(&record).await?;
        Ok((self.hear(waiting, &heard), heard.outcome))
    }

    /// Whether not even the right next record is taken any more.
    pub(super) async fn is_gone(&mut self) -> bool {
        let (_, record) = self.send(&Request::Close);
        matches!(self.evil.record(&record).await, Err(Refusal::Channel))
    }
}

pub(super) fn as_heard(opened: &ChannelOpened) -> HelloAnswer {
    HelloAnswer {
        hello: opened.hello.0.clone().into(),
        signature: opened.signature.0.clone().into(),
        finished: opened.finished.0.clone().into(),
    }
}

pub(super) fn entries(hashes: &[Hash]) -> Vec<Entry> {
    let entry = |hash: &Hash| Entry {
        r#type: Default::default(),
        algorithm: None,
        hash: hash.digest.clone().into(),
        label: None,
    };
    hashes.iter().map(entry).collect()
}

pub(super) fn registration(owned: &Owned, operation: Operation, hashes: &[Hash]) -> Registration {
    Registration {
        operation,
        tx: BASE64URL_NOPAD.encode(&random::<16>()),
        tenant: "default".to_owned(),
        user: owned.user.clone(),
        client: CLIENT.to_owned(),
        credential: owned.id.clone(),
        key_version: 1,
        signatures: u32::try_from(hashes.len()).unwrap(),
        list: entries(hashes),
        enrol: None,
        label: None,
    }
}

pub(super) fn enrolment(user: &str) -> Registration {
    let text = |text: &str| text.to_owned();
    let subject = Subject {
        country: text("PT"),
        organization: None,
        given_name: text("Eva"),
        surname: user.to_owned(),
        serial_number: format!("PNOPT-{user}"),
        common_name: format!("Eva {user}"),
    };
    let enrol = Enrol {
        key: KeyType::P256,
        scal: Scal::Two,
        multisign: 10,
        stretch: Stretch::Hmac,
        factor: FactorKind::None,
        subject,
    };
    Registration {
        operation: Operation::Enrol,
        tx: BASE64URL_NOPAD.encode(&random::<16>()),
        tenant: text("default"),
        user: user.to_owned(),
        client: text("account pages"),
        credential: BASE64URL_NOPAD.encode(&random::<16>()),
        key_version: 1,
        signatures: 0,
        list: Vec::new(),
        enrol: Some(enrol),
        label: None,
    }
}

/// Approves what was registered.
pub(super) fn approve(registered: &Registration, pin: &str) -> Request {
    let list_digest = List::registered(&registered.list).ok().map(|list| list.digest());
    let signatures = registered.signatures;
    Request::Authorize(body::Authorize { pin: secret(pin), factor: None, list_digest, signatures })
}

/// Has these hashes signed inside the channel.
pub(super) fn sign(hashes: &[Hash], pin: &str) -> Request {
    let item = |hash: &Hash| Item { r#type: Default::default(), hash: hash.digest.clone(), label: None };
    let list = List::new(HashAlgorithm::Sha256, hashes.iter().map(item).collect()).unwrap();
    Request::Sign(body::Sign { pin: secret(pin), factor: None, list, scheme: SCHEME })
}
