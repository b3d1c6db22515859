//! What can be asked inside: enrol, authorise, sign, change the PIN, close.

use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};
use rsign_api::bytes::Bytes;
use rsign_api::channel::body::{Answer, Enrol, Reason, Request, Sign};
use rsign_api::channel::context::enrol_digest;
use rsign_api::channel::list::{Entry, List};
use rsign_api::signer::{
    ChannelOutcome, CreatedCredential, EntryType, Obstacle, Operation, Refusal, Registration, Signed, State,
};

use super::super::house::{House, Owned, hash, refusal, text};
use super::super::probe::{is_rewrap, is_sign};
use super::{authorize, change_pin, enrolment, reason, registration, secret};

pub(super) fn enrol(registered: &Registration, pin: Option<&str>) -> Request {
    let asked = registered.enrol.as_ref().unwrap();
    let digest = enrol_digest(asked.key, &asked.subject).unwrap();
    Request::Enrol(Enrol { new_pin: pin.map(secret), factor: None, digest })
}

pub(super) fn owned(registered: &Registration, created: CreatedCredential, pin: &str) -> Owned {
    let (id, user) = (registered.credential.clone(), registered.user.clone());
    let kind = registered.enrol.as_ref().unwrap().key;
    Owned { id, user, kind, key: created.key, spki: created.spki, pin: pin.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn enrolled_approved_and_signed_with_a_pin_that_no_gateway_ever_had() {
    const PIN: &str = "trüffel-4711";
    let house = House::open().await;
    let registered = enrolment(KeyType::P256);
    let mut device = house.open_channel(&registered).await;
    for weak in ["12345", "123456", "888888"] {
        let (answer, outcome) = device.ask(&enrol(&registered, Some(weak))).await.unwrap();
        assert_eq!(reason(&answer), Reason::WeakPin);
        assert!(matches!(outcome, ChannelOutcome::Open(Obstacle::Refused)));
    }
    let (answer, outcome) = device.ask(&enrol(&registered, Some(PIN))).await.unwrap();
    assert!(matches!(answer, Answer::Enrolled { pin: None, factor: None }), "nobody has to be told");
    let ChannelOutcome::Enrolled(created) = outcome else { panic!("{outcome:?}") };
    let (answer, outcome) = device.ask(&Request::Close).await.unwrap();
    assert_eq!(reason(&answer), Reason::NotYet { retry_after: Some(1) });
    assert!(matches!(outcome, ChannelOutcome::Open(Obstacle::NotYet)));
    house.link(&registered.credential).await;
    assert_eq!(house.signer.status(&registered.credential).await.unwrap().state, State::Linked);
    assert_eq!(refusal(house.signer.reveal_pin(&registered.credential).await), Refusal::UnknownCredential);
    let (answer, outcome) = device.ask(&Request::Close).await.unwrap();
    assert!(matches!((answer, outcome), (Answer::Closed, ChannelOutcome::Closed)));
    assert_eq!(house.signer.status(&registered.credential).await.unwrap().state, State::Active);

    let owned = owned(&registered, created, PIN);
    let hashes = [hash(1), hash(2)];
    let registered = registration(&owned, Operation::Authorise, &hashes);
    let mut device = house.open_channel(&registered).await;
    // Decomposed on this device: one PIN after NFKC.
    let (answer, outcome) = device.ask(&authorize(&registered, "tru\u{308}ffel-4711")).await.unwrap();
    assert!(matches!(answer, Answer::Done));
    let ChannelOutcome::Authorised(authorized) = outcome else { panic!("{outcome:?}") };
    let sad = text(&authorized);
    assert!(owned.signed(&hashes, &house.sign(&owned, &sad, &hashes).await.unwrap()));
    assert!(matches!(device.ask(&Request::Close).await.unwrap().1, ChannelOutcome::Closed));
    assert_eq!(house.signer.channels().count(), 0);

    let audit = house.audit().await;
    assert!(!audit.contains("4711") && !audit.contains(&sad), "{audit}");
    let sid = data_encoding::HEXLOWER.encode(&device.sid);
    let of_channel = |event: &str| {
        let lines = audit.lines().filter(|line| line.contains(event));
        lines.filter(|line| line.contains(&sid)).count()
    };
    assert_eq!((of_channel("channel_opened"), of_channel("\"authorized\"")), (1, 1), "{audit}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drawn_pin_is_told_to_the_device_and_to_nobody_else() {
    let house = House::open().await;
    let registered = enrolment(KeyType::P384);
    let mut device = house.open_channel(&registered).await;
    let (answer, outcome) = device.ask(&enrol(&registered, None)).await.unwrap();
    let Answer::Enrolled { pin: Some(pin), factor: None } = answer else { panic!("no PIN") };
    let ChannelOutcome::Enrolled(created) = outcome else { panic!("{outcome:?}") };
    let pin = String::from_utf8(pin.reveal().to_vec()).unwrap();
    assert!(pin.len() == 8 && pin.bytes().all(|digit| digit.is_ascii_digit()));
    house.link(&registered.credential).await;
    assert_eq!(refusal(house.signer.reveal_pin(&registered.credential).await), Refusal::UnknownCredential);
    device.ask(&Request::Close).await.unwrap();
    let owned = owned(&registered, created, &pin);
    let sad = house.authorize(&owned, &[hash(1)]).await;
    assert!(house.sign(&owned, &sad, &[hash(1)]).await.is_ok());
    // Its id is taken now.
    let again = Registration { tx: "again".to_owned(), ..registered };
    let greeting = super::greet(&rsign_api::channel::context::Context::registered(&again).unwrap());
    assert_eq!(refusal(house.hello(&again, &greeting).await), Refusal::Taken);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_19_a_wrong_pin_is_a_try_and_said_inside_only() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    let mut device = house.open_channel(&registered).await;
    for left in [2, 1, 0] {
        let wrong = authorize(&registered, &owned.wrong_pin(left));
        let (answer, outcome) = device.ask(&wrong).await.unwrap();
        assert_eq!(reason(&answer), Reason::WrongPin { tries_left: Some(left) });
        assert!(matches!(outcome, ChannelOutcome::Open(Obstacle::WrongPin)));
    }
    let (answer, outcome) = device.ask(&authorize(&registered, &owned.pin)).await.unwrap();
    assert_eq!(reason(&answer), Reason::PinLocked { retry_after: Some(15 * 60) }, "the right PIN too");
    assert!(matches!(outcome, ChannelOutcome::Open(Obstacle::PinLocked)));
    house.clock.advance(15 * 60_000);
    let mut device = house.open_channel(&registered).await;
    assert!(matches!(device.ask(&authorize(&registered, &owned.pin)).await.unwrap().0, Answer::Done));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_text_is_nobodys_pin_and_a_factor_nobody_has_is_wrong() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    let mut device = house.open_channel(&registered).await;
    house.hsm.forget();
    let mut asked = authorize(&registered, "-");
    if let Request::Authorize(authorize) = &mut asked {
        authorize.pin = rsign_api::channel::Secret::new(vec![0xff, 0xfe]);
    }
    assert_eq!(reason(&device.ask(&asked).await.unwrap().0), Reason::Refused);
    let mut asked = authorize(&registered, &owned.pin);
    if let Request::Authorize(authorize) = &mut asked {
        authorize.factor = Some(secret("123456"));
    }
    assert_eq!(reason(&device.ask(&asked).await.unwrap().0), Reason::WrongFactor { retry_after: None });
    assert_eq!(house.hsm.count(is_rewrap), 0);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_pin_and_the_old_one_is_dead() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::ChangePin, &[]);
    let mut device = house.open_channel(&registered).await;
    for (old, new, expected) in [
        (owned.pin.clone(), "1234567", Reason::WeakPin),
        (owned.pin.clone(), owned.pin.as_str(), Reason::WeakPin),
        (owned.wrong_pin(1), "correct horse", Reason::WrongPin { tries_left: Some(2) }),
    ] {
        assert_eq!(reason(&device.ask(&change_pin(&old, new)).await.unwrap().0), expected);
    }
    let (answer, outcome) = device.ask(&change_pin(&owned.pin, "correct horse")).await.unwrap();
    assert!(matches!((answer, outcome), (Answer::Done, ChannelOutcome::PinChanged)));
    let (answer, _) = device.ask(&change_pin("correct horse", "battery staple")).await.unwrap();
    assert_eq!(reason(&answer), Reason::Expired, "a transaction is for one");
    assert_eq!(refusal(house.signer.authorize(&owned.authorize(&[hash(1)])).await), Refusal::WrongPin);
    let now = Owned { pin: "correct horse".to_owned(), ..owned };
    assert!(house.signer.authorize(&now.authorize(&[hash(1)])).await.is_ok());
    house.close().await;
}

fn native(owned: &Owned, scheme: Scheme, hashes: &[Bytes]) -> Request {
    let entry = |hash: &Bytes| Entry { r#type: EntryType::Dtbsr, hash: hash.0.clone(), label: None };
    let list = List::new(HashAlgorithm::Sha256, hashes.iter().map(entry).collect()).unwrap();
    Request::Sign(Sign { pin: secret(&owned.pin), factor: None, list, scheme })
}

#[tokio::test(flavor = "multi_thread")]
async fn native_mode_hashes_in_signatures_out_and_the_gateway_hears_a_number() {
    let house = House::open().await;
    let hashes: Vec<Bytes> = (0..3).map(hash).collect();
    let pss = Scheme::Pss { hash: HashAlgorithm::Sha256, salt: 32 };
    for (key, scheme) in [(KeyType::P256, None), (KeyType::Rsa2048, Some(pss))] {
        let owned = house.enrol(key).await;
        let scheme = scheme.unwrap_or(owned.scheme());
        let registered = Registration { signatures: 3, ..registration(&owned, Operation::Sign, &[]) };
        let mut device = house.open_channel(&registered).await;
        device.key = Some(owned.key.clone());
        let (answer, outcome) = device.ask(&native(&owned, scheme, &hashes)).await.unwrap();
        assert!(matches!(outcome, ChannelOutcome::Signed { count: 3 }), "{outcome:?}");
        let Answer::Signatures(signatures) = answer else { panic!("no signatures") };
        let signed = Signed { signatures: signatures.into_iter().map(Bytes).collect() };
        let verify = |(hash, signature): (&Bytes, &Bytes)| {
            rsign_signer::certificate::verify(&owned.spki, scheme, hash, signature)
        };
        assert!(signed.signatures.len() == 3 && hashes.iter().zip(&signed.signatures).all(verify));
        assert!(matches!(device.ask(&Request::Close).await.unwrap().0, Answer::Closed));
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_38_a_41_native_mode_judges_no_pin_for_a_key_or_scheme_that_does_not_fit() {
    let house = House::open().await;
    let (owned, other) = (house.enrol(KeyType::P256).await, house.enrol(KeyType::P256).await);
    let registered = Registration { signatures: 1, ..registration(&owned, Operation::Sign, &[]) };
    let mut device = house.open_channel(&registered).await;
    house.hsm.forget();
    let fit = native(&owned, owned.scheme(), &[hash(1)]);
    for key in [None, Some(other.key.clone()), Some(Bytes(vec![7; 300]))] {
        device.key = key;
        assert_eq!(reason(&device.ask(&fit).await.unwrap().0), Reason::Refused);
    }
    device.key = Some(owned.key.clone());
    let rsa = native(&owned, Scheme::Pkcs1 { hash: HashAlgorithm::Sha256 }, &[hash(1)]);
    assert_eq!(reason(&device.ask(&rsa).await.unwrap().0), Reason::Algorithm);
    assert_eq!((house.hsm.count(is_rewrap), house.hsm.count(is_sign)), (0, 0));
    let more = native(&owned, owned.scheme(), &[hash(1), hash(2)]);
    let (answer, outcome) = device.ask(&more).await.unwrap();
    assert_eq!(reason(&answer), Reason::ListMismatch);
    assert!(matches!(outcome, ChannelOutcome::Failed));
    assert_eq!(house.hsm.count(is_rewrap), 0);
    assert!(device.is_gone().await);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_credential_does_not_allow_is_said_inside() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    let mut device = house.open_channel(&registered).await;
    house.change_state(&owned, State::Suspended).await.unwrap();
    let (answer, outcome) = device.ask(&authorize(&registered, &owned.pin)).await.unwrap();
    assert_eq!(reason(&answer), Reason::Disabled);
    assert!(matches!(outcome, ChannelOutcome::Open(Obstacle::Refused)));
    house.change_state(&owned, State::Active).await.unwrap();
    assert!(matches!(device.ask(&authorize(&registered, &owned.pin)).await.unwrap().0, Answer::Done));
    let many: Vec<Bytes> = (0..11).map(hash).collect();
    let registered = registration(&owned, Operation::Authorise, &many);
    let mut device = house.open_channel(&registered).await;
    assert_eq!(reason(&device.ask(&authorize(&registered, &owned.pin)).await.unwrap().0), Reason::Refused);
    house.close().await;
}
