//! The end-to-end channel, from a device (the client's end of `rsign_api::channel`) through a gateway, which the tests
//! are, to the service.

mod attacks;
mod codes;
mod factor;
mod lies;
mod life;
mod operations;
mod signed;

use rsign_api::algorithm::KeyType;
use rsign_api::bytes::Bytes;
use rsign_api::channel::body::{Answer, Authorize, ChangePin, Request};
use rsign_api::channel::client::{Greeting, Ready, Waiting};
use rsign_api::channel::context::Context;
use rsign_api::channel::identity::Pinned;
use rsign_api::channel::list::List;
use rsign_api::channel::wire::HelloAnswer;
use rsign_api::channel::{Ephemeral, Secret};
use rsign_api::signer::{
    ChannelAnswer, ChannelHello, ChannelOpened, ChannelOutcome, ChannelRecord, CreateCredential, Enrol, Operation,
    Refusal, Registration,
};
use rsign_signer::certificate::spki;
use rsign_signer::clock::Clock as _;
use rsign_signer::hsm::{Answer as Done, Hsm as _, Job, TokenKey};
use rsign_signer::service::{Error, Result};

use super::house::{CLIENT, House, Owned, create, entries};
use crate::harness::random;

/// What the gateway registers for a credential's owner.
fn registration(owned: &Owned, operation: Operation, hashes: &[Bytes]) -> Registration {
    Registration {
        operation,
        tx: data_encoding::BASE64URL_NOPAD.encode(&random::<16>()),
        tenant: "tenant".to_owned(),
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

/// The same for a new credential.
fn enrolment(key: KeyType) -> Registration {
    let CreateCredential { tenant, user, credential, key, scal, multisign, stretch, factor, subject, .. } =
        create("ann", key);
    let enrol = Some(Enrol { key, scal, multisign, stretch, factor, subject });
    Registration {
        operation: Operation::Enrol,
        tx: data_encoding::BASE64URL_NOPAD.encode(&random::<16>()),
        tenant,
        user,
        client: "account pages".to_owned(),
        credential,
        key_version: 1,
        signatures: 0,
        list: Vec::new(),
        enrol,
        label: None,
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

/// Asks to approve what was registered.
fn authorize(registered: &Registration, pin: &str) -> Request {
    let list_digest = List::registered(&registered.list).ok().map(|list| list.digest());
    Request::Authorize(Authorize { pin: secret(pin), factor: None, list_digest, signatures: registered.signatures })
}

fn change_pin(pin: &str, new_pin: &str) -> Request {
    Request::ChangePin(ChangePin { pin: secret(pin), new_pin: secret(new_pin), factor: None })
}

/// A hello, before the signer has heard of it.
fn greet(context: &Context) -> Greeting {
    let ephemeral = loop {
        if let Some(ephemeral) = Ephemeral::from_octets(random().into()) {
            break ephemeral;
        }
    };
    Greeting::start(context.purpose().unwrap(), ephemeral, random()).unwrap()
}

fn as_heard(opened: &ChannelOpened) -> HelloAnswer {
    HelloAnswer {
        hello: opened.hello.0.clone().into(),
        signature: opened.signature.0.clone().into(),
        finished: opened.finished.0.clone().into(),
    }
}

impl House {
    fn seconds(&self) -> u64 {
        u64::try_from(self.clock.now() / 1000).unwrap()
    }

    /// The identity key, as a device pins it.
    async fn identity(&self) -> Pinned {
        let Done::Octets(point) = self.hsm.run(Job::TokenPublic { key: TokenKey::Identity }).await.unwrap() else {
            panic!("no public key")
        };
        Pinned::new([spki::ec(KeyType::P256, &point).unwrap().as_slice()]).unwrap()
    }

    async fn hello(&self, registration: &Registration, greeting: &Greeting) -> Result<ChannelOpened> {
        let hello = greeting.hello().to_vec().into();
        self.signer.open_channel(&ChannelHello { registration: registration.clone(), hello, request: None }).await
    }

    /// A device with an open channel, for what both it and the signer believe was registered.
    async fn open_channel(&self, registration: &Registration) -> Device<'_> {
        let greeting = greet(&Context::registered(registration).unwrap());
        let opened = self.hello(registration, &greeting).await.unwrap();
        let ready = greeting.receive(&as_heard(&opened), &self.identity().await, self.seconds()).unwrap();
        let sid = opened.hello.0[6..22].to_vec();
        Device { house: self, sid: sid.into(), ready: Some(ready), key: None }
    }
}

/// One end of a channel.
struct Device<'a> {
    house: &'a House,
    sid: Bytes,
    /// None once the channel was closed, or has failed.
    ready: Option<Ready>,
    /// What the gateway sends beside a record.
    key: Option<Bytes>,
}

impl Device<'_> {
    /// A request on its way, and what the gateway would pass on.
    fn send(&mut self, request: &Request) -> (Waiting, ChannelRecord) {
        let ready = self.ready.take().expect("the channel is open");
        let (waiting, message) = ready.seal(request, random(), self.house.seconds()).unwrap();
        let record = ChannelRecord {
            sid: self.sid.clone(),
            finished: message.finished.map(|tag| tag.0.into()),
            record: message.record.0.into(),
            key: self.key.clone(),
        };
        (waiting, record)
    }

    fn hear(&mut self, waiting: Waiting, answer: &ChannelAnswer) -> Answer {
        let (answer, ready) = waiting.open(&answer.record, self.house.seconds()).unwrap();
        self.ready = ready;
        answer
    }

    /// Asks, through an honest gateway.
    async fn ask(&mut self, request: &Request) -> Result<(Answer, ChannelOutcome)> {
        let (waiting, record) = self.send(request);
        let heard = self.house.signer.take_record(&record).await?;
        Ok((self.hear(waiting, &heard), heard.outcome))
    }

    /// Whether the signer has forgotten the channel: not even the right next record is taken.
    async fn is_gone(&mut self) -> bool {
        let (_, record) = self.send(&Request::Close);
        matches!(self.house.signer.take_record(&record).await, Err(Error::Refused(Refusal::Channel)))
    }
}

/// A word for an answer: neither requests nor answers have `Debug`, since PINs stand in them.
fn reason(answer: &Answer) -> rsign_api::channel::body::Reason {
    match answer {
        Answer::Refused(reason) => *reason,
        _ => panic!("it was done"),
    }
}
