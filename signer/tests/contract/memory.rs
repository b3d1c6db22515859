//! what the signer's processes hold in memory after a PIN came over the channel, and was used.

use std::os::unix::fs::FileExt as _;
use std::time::{SystemTime, UNIX_EPOCH};

use rsign_api::algorithm::{HashAlgorithm, KeyType};
use rsign_api::channel::body::{Answer, Authorize, ChangePin, Enrol, Request};
use rsign_api::channel::client::{Greeting, Ready};
use rsign_api::channel::context::{Context, enrol_digest};
use rsign_api::channel::identity::Pinned;
use rsign_api::channel::list::List;
use rsign_api::channel::wire::HelloAnswer;
use rsign_api::channel::{Ephemeral, Secret};
use rsign_api::signer::{
    ChannelAnswer, ChannelHello, ChannelOpened, ChannelOutcome, ChannelRecord, CredentialStatus, Entry, FactorKind,
    IssueCertificate, IssuedCertificate, LinkCertificate, Operation, Registration, Scal, Stretch, Subject, path,
};

use crate::harness::{Kind, Served, TestToken, digest, random};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// How often the octets stand in the writable memory of a process; `None` where nobody may look.
fn times_in_memory(pid: u32, octets: &[u8]) -> Option<usize> {
    // The allocator reserves far more than it uses: what was never written is zero, and is not searched.
    const PIECE: usize = 1 << 16;
    static ZEROS: [u8; PIECE] = [0; PIECE];
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
    let memory = std::fs::File::open(format!("/proc/{pid}/mem")).ok()?;
    let mut times = 0;
    for line in maps.lines() {
        let mut words = line.split(' ');
        let (from, to) = words.next()?.split_once('-')?;
        if !words.next()?.starts_with("rw") {
            continue;
        }
        let (mut from, to) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
        let mut content = Vec::new();
        while from < to {
            let mut piece = vec![0; PIECE.min(usize::try_from(to - from).ok()?)];
            let written = memory.read_exact_at(&mut piece, from).is_ok();
            from += piece.len() as u64;
            // Pieces that follow each other are searched together.
            if written && piece != ZEROS[..piece.len()] {
                content.append(&mut piece);
            } else {
                times += count(&std::mem::take(&mut content), octets);
            }
        }
        times += count(&content, octets);
    }
    Some(times)
}

fn count(mut content: &[u8], octets: &[u8]) -> usize {
    let mut times = 0;
    while let Some(place) = content.iter().position(|octet| *octet == octets[0]) {
        times += usize::from(content[place..].starts_with(octets));
        content = &content[place + 1..];
    }
    times
}

struct Device<'a> {
    served: &'a Served,
    sid: Vec<u8>,
    ready: Option<Ready>,
}

impl<'a> Device<'a> {
    async fn open(served: &'a Served, identity: &[u8], registration: &Registration) -> Self {
        let ephemeral = Ephemeral::from_octets(random().into()).unwrap();
        let purpose = Context::registered(registration).unwrap().purpose().unwrap();
        let greeting = Greeting::start(purpose, ephemeral, random()).unwrap();
        let hello = ChannelHello { registration: registration.clone(), hello: greeting.hello().into(), request: None };
        let opened: ChannelOpened = served.post(path::CHANNEL_HELLO, &hello).await.unwrap();
        let sid = opened.hello.0[6..22].to_vec();
        let answer = HelloAnswer {
            hello: opened.hello.0.into(),
            signature: opened.signature.0.into(),
            finished: opened.finished.0.into(),
        };
        let ready = greeting.receive(&answer, &Pinned::new([identity]).unwrap(), now()).unwrap();
        Self { served, sid, ready: Some(ready) }
    }

    async fn ask(&mut self, request: &Request) -> (Answer, ChannelOutcome) {
        let (waiting, message) = self.ready.take().unwrap().seal(request, random(), now()).unwrap();
        let record = ChannelRecord {
            sid: self.sid.clone().into(),
            finished: message.finished.map(|tag| tag.0.into()),
            record: message.record.0.into(),
            key: None,
        };
        let heard: ChannelAnswer = self.served.post(path::CHANNEL_RECORD, &record).await.unwrap();
        let (answer, ready) = waiting.open(&heard.record, now()).unwrap();
        self.ready = ready;
        (answer, heard.outcome)
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

fn subject() -> Subject {
    Subject {
        country: "EE".to_owned(),
        organization: None,
        given_name: "Ann".to_owned(),
        surname: "Owner".to_owned(),
        serial_number: "PNOEE-38001085718".to_owned(),
        common_name: "Ann Owner".to_owned(),
    }
}

fn registration(operation: Operation, credential: &str) -> Registration {
    Registration {
        operation,
        tx: "transaction".to_owned(),
        tenant: "tenant".to_owned(),
        user: "ann".to_owned(),
        client: "client".to_owned(),
        credential: credential.to_owned(),
        key_version: 1,
        signatures: 0,
        list: Vec::new(),
        enrol: None,
        label: None,
    }
}

/// Enrols, approves, mistypes and changes the PIN: every way one comes in.
async fn use_pins(served: &Served, identity: &[u8], stretch: Stretch, [pin, wrong, next]: [String; 3]) {
    let credential = format!("credential-{}", data_encoding::HEXLOWER.encode(&random::<8>()));
    let enrol = rsign_api::signer::Enrol {
        key: KeyType::P256,
        scal: Scal::Two,
        multisign: 10,
        stretch,
        factor: FactorKind::None,
        subject: subject(),
    };
    let registered = Registration { enrol: Some(enrol), ..registration(Operation::Enrol, &credential) };
    let mut device = Device::open(served, identity, &registered).await;
    let enrol =
        Enrol { new_pin: Some(secret(&pin)), factor: None, digest: enrol_digest(KeyType::P256, &subject()).unwrap() };
    let (_, outcome) = device.ask(&Request::Enrol(enrol)).await;
    assert!(matches!(outcome, ChannelOutcome::Enrolled(_)));
    let issue = IssueCertificate { credential: credential.clone(), subject: subject() };
    let issued: IssuedCertificate = served.post(path::ISSUE, &issue).await.unwrap();
    let link = LinkCertificate { credential: credential.clone(), certificate: issued.certificate };
    let _: CredentialStatus = served.post(path::LINK, &link).await.unwrap();
    assert!(matches!(device.ask(&Request::Close).await.1, ChannelOutcome::Closed));

    let list = vec![Entry {
        r#type: Default::default(),
        algorithm: None,
        hash: digest(HashAlgorithm::Sha256, 1).into(),
        label: None,
    }];
    let list_digest = Some(List::registered(&list).unwrap().digest());
    let registered = Registration { signatures: 1, list, ..registration(Operation::Authorise, &credential) };
    for typed in [&wrong, &pin, &pin] {
        let mut device = Device::open(served, identity, &registered).await;
        let asked = Authorize { pin: secret(typed), factor: None, list_digest, signatures: 1 };
        let (_, outcome) = device.ask(&Request::Authorize(asked)).await;
        assert_eq!(matches!(outcome, ChannelOutcome::Authorised(_)), *typed == pin, "{outcome:?}");
    }
    let mut device = Device::open(served, identity, &registration(Operation::ChangePin, &credential)).await;
    let asked = ChangePin { pin: secret(&pin), new_pin: secret(&next), factor: None };
    assert!(matches!(device.ask(&Request::ChangePin(asked)).await.1, ChannelOutcome::PinChanged));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_33_a_pin_that_came_over_the_channel_is_nowhere_in_memory_afterwards() {
    // What stands in all of them, and nowhere else.
    const MARK: &str = "~4711-of-";
    let pins = |owner: &str| ["first", "wrong", "élève"].map(|pin| format!("{pin}{MARK}{owner}"));
    let served = Served::start(TestToken::ready(Kind::SoftHsm2).unwrap()).await;
    let identity = served.identity();
    use_pins(&served, &identity, Stretch::Hmac, pins("ann")).await;
    use_pins(&served, &identity, Stretch::Argon2id, pins("bob")).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let Some((signer, workers)) = served.pids().split_last().map(|(signer, workers)| (*signer, workers.to_vec()))
    else {
        panic!("no process")
    };
    // The search works: what the signer must hold is there.
    let folder = served.token.root().display().to_string();
    let Some(own) = times_in_memory(signer, folder.as_bytes()) else {
        return println!("this user may not read the memory of the signer, which is what A-33 asks for too");
    };
    assert!(own > 0);
    for pid in workers.iter().chain([&signer]) {
        assert_eq!(times_in_memory(*pid, MARK.as_bytes()), Some(0), "a PIN is in {pid}; the signer is {signer}");
    }
}
