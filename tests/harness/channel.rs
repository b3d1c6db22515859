//! A user's device: the client's end of the channel, as a native app has it (DESIGN 5), over a real gateway; and its
//! pieces, for tests that are the gateway themselves.

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE64URL_NOPAD;
use der::pem::PemLabel as _;
use rsign_api::algorithm::{HashAlgorithm, KeyType};
use rsign_api::channel::body::{Answer, Authorize, Request};
use rsign_api::channel::client::{Greeting, Ready};
use rsign_api::channel::context::{Context, enrol_digest};
use rsign_api::channel::identity::Pinned;
use rsign_api::channel::list::{Entry, List, label_digest};
use rsign_api::channel::wire::{HelloAnswer, HelloRequest, RecordAnswer, RecordRequest, State};
use rsign_api::channel::{Ephemeral, Operation, Secret};
use rsign_api::signer::{EntryType, Subject};
use serde_json::Value;
use spki::ObjectIdentifier;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::seed::Folder;
use crate::{Answer as Heard, Api, Session};

/// Unix seconds.
///
/// # Panics
/// Before 1970.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Random octets.
///
/// # Panics
/// When there are none.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut octets = [0; N];
    aws_lc_rs::rand::fill(&mut octets).unwrap();
    octets
}

/// A PIN for a request.
#[must_use]
pub fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

/// A hello that was not sent yet.
///
/// # Panics
/// When a context names nothing.
#[must_use]
pub fn greet(context: &Context) -> Greeting {
    let ephemeral = loop {
        if let Some(ephemeral) = Ephemeral::from_octets(random().into()) {
            break ephemeral;
        }
    };
    Greeting::start(context.purpose().unwrap(), ephemeral, random()).unwrap()
}

/// The identity key of a seeded folder's signer, as the ceremony handed it out: `SubjectPublicKeyInfo`, DER.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn identity(folder: &Folder) -> Vec<u8> {
    let pem = std::fs::read_to_string(folder.file("identity.pem")).unwrap();
    let (label, der) = der::pem::decode_vec(pem.trim().as_bytes()).unwrap();
    assert_eq!(label, SubjectPublicKeyInfoOwned::PEM_LABEL);
    der
}

/// The same, pinned.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn pinned(folder: &Folder) -> Pinned {
    Pinned::new([identity(folder).as_slice()]).unwrap()
}

/// A word for an answer, which has no `Debug`, since PINs stand in some.
#[must_use]
pub fn word(answer: &Answer) -> String {
    match answer {
        Answer::Done => "done".to_owned(),
        Answer::Enrolled { .. } => "enrolled".to_owned(),
        Answer::Begun(_) => "begun".to_owned(),
        Answer::Signatures(made) => format!("{} signatures", made.len()),
        Answer::Refused(why) => format!("{why:?}"),
        Answer::Closed => "closed".to_owned(),
    }
}

/// A device with the id and token of a transaction.
pub struct Device {
    api: Api,
    /// The transaction.
    pub tx: String,
    /// What opens it.
    pub token: String,
    /// What it was told the transaction is.
    pub context: Context,
    /// How many signatures that are.
    pub signatures: u32,
    ready: Option<Ready>,
}

impl Device {
    /// Registers the members of `credentials/authorize` as an app does, without a PIN, and opens the channel.
    ///
    /// # Panics
    /// When that fails.
    pub async fn register(app: &Session, members: &Value, pinned: &Pinned) -> Self {
        Self::try_register(app, members, pinned).await.unwrap_or_else(|heard| panic!("{}", heard.json))
    }

    /// The same.
    ///
    /// # Errors
    /// What was answered to the hello.
    ///
    /// # Panics
    /// When it cannot be registered.
    pub async fn try_register(app: &Session, members: &Value, pinned: &Pinned) -> Result<Self, Heard> {
        let told = app.api.post_with("/rch", &app.token, members).await.ok();
        let text = |name: &str| told[name].as_str().unwrap();
        Self::open(&app.api, text("tx"), text("token"), pinned).await
    }

    /// Opens the channel of the address a browser was sent to.
    ///
    /// # Panics
    /// When that fails, or the address is none of the signing page.
    pub async fn follow(api: &Api, address: &str, pinned: &Pinned) -> Self {
        let (_, fragment) = address.split_once('#').unwrap_or_else(|| panic!("no fragment: {address}"));
        let (tx, token) = fragment.split_once('.').unwrap();
        Self::open(api, tx, token, pinned).await.unwrap_or_else(|heard| panic!("{}", heard.json))
    }

    /// Asks what the transaction is and shakes hands.
    async fn open(api: &Api, tx: &str, token: &str, pinned: &Pinned) -> Result<Self, Heard> {
        let told = api.get_with(&format!("/rch/{tx}"), token).await.ok();
        let context = context(&told);
        assert_eq!(context.tx, tx);
        let greeting = greet(&context);
        let hello = HelloRequest { hello: greeting.hello().to_vec().into() };
        let heard = api.post_with(&format!("/rch/{tx}/hello"), token, &hello).await;
        if heard.status != 200 {
            return Err(heard);
        }
        let answer: HelloAnswer = serde_json::from_value(heard.json).unwrap();
        let ready = greeting.receive(&answer, pinned, now()).expect("the signer's own answer");
        let signatures = u32::try_from(told["signatures"].as_u64().unwrap()).unwrap();
        let (api, tx, token) = (api.clone(), tx.to_owned(), token.to_owned());
        Ok(Self { api, tx, token, context, signatures, ready: Some(ready) })
    }

    /// Asks, and says what the gateway says of the transaction.
    ///
    /// # Panics
    /// When the channel fails.
    pub async fn ask(&mut self, request: &Request) -> (Answer, State) {
        let (waiting, message) = self.ready.take().expect("an open channel").seal(request, random(), now()).unwrap();
        let carried: RecordAnswer = serde_json::from_value(self.send(&message).await.ok()).unwrap();
        let (answer, ready) = waiting.open(&carried.record, now()).expect("the signer's own record");
        self.ready = ready;
        (answer, carried.state)
    }

    /// Sends a record as it is.
    pub async fn send(&self, message: &RecordRequest) -> Heard {
        self.api.post_with(&format!("/rch/{}/record", self.tx), &self.token, message).await
    }

    /// Approves what it was told, with this PIN: the answer, and what the gateway says.
    pub async fn approve(&mut self, pin: &str) -> (String, State) {
        let (list_digest, signatures) = (self.context.list_digest, self.signatures);
        let asked = Authorize { pin: secret(pin), factor: None, list_digest, signatures };
        let (answer, state) = self.ask(&Request::Authorize(asked)).await;
        (word(&answer), state)
    }

    /// Makes the key it was told of, under this PIN, and says that its owner has it.
    ///
    /// # Panics
    /// When it is not made.
    pub async fn enrol(&mut self, pin: &str) {
        let digest = self.context.list_digest.expect("an enrolment");
        let asked = rsign_api::channel::body::Enrol { new_pin: Some(secret(pin)), factor: None, digest };
        let (answer, state) = self.ask(&Request::Enrol(asked)).await;
        assert_eq!((word(&answer).as_str(), state), ("enrolled", State::Open));
        let (answer, state) = self.ask(&Request::Close).await;
        assert_eq!((word(&answer).as_str(), state), ("closed", State::Done));
    }
}

/// What `GET /rch/{tx}` tells, as the device hashes it.
fn context(told: &Value) -> Context {
    let text = |name: &str| told[name].as_str().unwrap_or_else(|| panic!("no {name} in {told}")).to_owned();
    let operation = match text("operation").as_str() {
        "enrol" => Operation::Enrol,
        "authorise" => Operation::Authorize,
        "sign" => Operation::Sign,
        "change_pin" => Operation::ChangePin,
        "factor" => Operation::Factor,
        other => panic!("{other}"),
    };
    let list_digest = match &told["enrol"] {
        Value::Null => list(&told["list"]).map(|list| list.digest()),
        enrol => {
            let key: KeyType = enrol["keyType"].as_str().unwrap().parse().unwrap();
            let subject: Subject = serde_json::from_value(enrol["subject"].clone()).unwrap();
            Some(enrol_digest(key, &subject).unwrap())
        }
    };
    Context {
        operation,
        tx: text("tx"),
        tenant: text("tenant"),
        user: text("user"),
        client: text("client"),
        credential: text("credential"),
        key_version: u32::try_from(told["keyVersion"].as_u64().unwrap()).unwrap(),
        list_digest,
    }
}

fn list(told: &Value) -> Option<List> {
    let entry = |entry: &Value| Entry {
        r#type: serde_json::from_value::<EntryType>(entry["type"].clone()).unwrap(),
        hash: BASE64URL_NOPAD.decode(entry["hash"].as_str().unwrap().as_bytes()).unwrap(),
        label: entry["label"].as_str().map(label_digest),
    };
    let entries: Vec<_> = told["entries"].as_array().unwrap().iter().map(entry).collect();
    let first = entries.first()?;
    let algorithm = match told["algorithm"].as_str() {
        Some(oid) => HashAlgorithm::from_oid(ObjectIdentifier::new(oid).unwrap()).unwrap(),
        None => HashAlgorithm::ALL.into_iter().find(|hash| hash.len() == first.hash.len()).unwrap(),
    };
    Some(List::new(algorithm, entries).unwrap())
}
