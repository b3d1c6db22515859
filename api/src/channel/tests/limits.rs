//! What is refused before anything is sent.

use zeroize::Zeroizing;

use super::super::body::{Answer, Authenticator, Authorize, Factor, Names, Request, Sign};
use super::super::context::{Context, enrol_digest};
use super::super::identity::Pinned;
use super::super::list::{Entry, List, MAX_ENTRIES, MAX_NATIVE, label_digest, short_code};
use super::super::{Ephemeral, Operation, Secret};
use super::{START, flow, names, unhex, vector};
use crate::algorithm::{HashAlgorithm, KeyType, Scheme};
use crate::bytes::Bytes;
use crate::signer;
use crate::signer::EntryType;

fn pin() -> Secret {
    Secret::new(b"271828".to_vec())
}

fn entry(length: usize) -> Entry {
    Entry { r#type: EntryType::Dtbsr, hash: vec![7; length], label: None }
}

fn list(count: usize) -> List {
    List::new(HashAlgorithm::Sha256, vec![entry(32); count]).unwrap()
}

#[test]
fn scalars() {
    let order = unhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let ephemeral = |octets: &[u8]| Ephemeral::from_octets(Zeroizing::new(octets.try_into().unwrap()));
    assert!(ephemeral(&[0; 32]).is_none());
    assert!(ephemeral(&order).is_none());
    assert!(ephemeral(&[0xff; 32]).is_none());
    assert!(ephemeral(&[1; 32]).is_some());
}

#[test]
fn pinned_keys() {
    let spki = vector("/inputs/static_spki");
    let refused = |spki: &[u8]| Pinned::new([spki]).is_err();
    assert!(!refused(&spki));
    assert!(refused(&[]));
    assert!(refused(&spki[..90]));
    assert!(refused(&[spki.as_slice(), &[0]].concat()));
    // Another curve's name, a compressed point in a shorter key, a point off the curve.
    assert!(refused(&super::negative::flipped(&spki, 22)));
    assert!(refused(&[&spki[..26], &[2], &spki[27..59]].concat()));
    assert!(refused(&super::negative::flipped(&spki, 90)));
}

#[test]
fn contexts() {
    let context = flow::context;
    let long = || "x".repeat(257);
    assert!(context().purpose().is_ok());
    assert!(Context { operation: Operation::Close, ..context() }.purpose().is_err());
    assert!(Context { credential: String::new(), ..context() }.purpose().is_err());
    assert!(Context { credential: long(), ..context() }.purpose().is_err());
    assert!(Context { tx: long(), ..context() }.purpose().is_err());
    assert!(Context { user: "x".repeat(65536), ..context() }.purpose().is_err());

    let subject = super::further::subject(Some(""));
    assert!(enrol_digest(KeyType::P256, &subject).is_err());
}

#[test]
fn registrations() {
    let registration = |operation, list: &[signer::Entry], enrol| signer::Registration {
        operation,
        tx: "tx-1".to_owned(),
        tenant: "tenant".to_owned(),
        user: "user".to_owned(),
        client: "client".to_owned(),
        credential: "cred-1".to_owned(),
        key_version: 1,
        signatures: 1,
        list: list.to_vec(),
        enrol,
        label: None,
    };
    let enrol = || {
        Some(signer::Enrol {
            key: KeyType::P256,
            scal: signer::Scal::Two,
            multisign: 1,
            stretch: signer::Stretch::default(),
            factor: signer::FactorKind::default(),
            subject: super::further::subject(None),
        })
    };
    let hash =
        |length| signer::Entry { r#type: EntryType::Dtbsr, algorithm: None, hash: Bytes(vec![7; length]), label: None };
    let context = |operation, list: &[signer::Entry], enrol| Context::registered(&registration(operation, list, enrol));
    use signer::Operation::{Authorise, ChangePin, Enrol, Factor, Sign};

    assert_eq!(context(Authorise, &[hash(32)], None), Ok(flow::context()));
    assert_eq!(context(Authorise, &[], None).unwrap().list_digest, None);
    let digest = enrol_digest(KeyType::P256, &super::further::subject(None)).unwrap();
    assert_eq!(context(Enrol, &[], enrol()).unwrap().list_digest, Some(digest));
    for (operation, list, enrol) in [
        (Enrol, vec![], None),
        (Enrol, vec![hash(32)], enrol()),
        (Authorise, vec![], enrol()),
        (Authorise, vec![hash(32), hash(48)], None),
        (Sign, vec![hash(32)], None),
        (ChangePin, vec![hash(32)], None),
        (Factor, vec![hash(32)], None),
        (Factor, vec![], enrol()),
    ] {
        assert!(context(operation, &list, enrol).is_err(), "{operation:?}");
    }
}

#[test]
fn lists() {
    let new = |entries| List::new(HashAlgorithm::Sha256, entries);
    assert!(new(vec![entry(32); MAX_ENTRIES]).is_ok());
    assert!(new(vec![entry(32); MAX_ENTRIES + 1]).is_err());
    assert!(new(Vec::new()).is_err());
    assert!(new(vec![entry(48)]).is_err());
    assert!(new(vec![Entry { label: Some([0; 32]), ..entry(32) }]).is_err());
    assert_eq!(short_code(&[0xff; 32]), "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
}

#[test]
fn registered_lists() {
    let entry = |algorithm, length, label: Option<Vec<u8>>| signer::Entry {
        r#type: EntryType::Dtbsr,
        algorithm,
        hash: Bytes(vec![7; length]),
        label: label.map(Bytes),
    };
    let sha256 = Some(HashAlgorithm::Sha256);
    let label = label_digest("contract.pdf");
    let read = List::registered(&[entry(None, 32, Some(label.to_vec())), entry(sha256, 32, None)]).unwrap();
    assert_eq!(read.algorithm(), HashAlgorithm::Sha256);
    assert_eq!(read.entries()[0].label, Some(label));
    assert_eq!(List::registered(&[entry(None, 64, None)]).unwrap().algorithm(), HashAlgorithm::Sha512);
    assert!(List::registered(&[]).is_err());
    assert!(List::registered(&[entry(None, 20, None)]).is_err());
    assert!(List::registered(&[entry(sha256, 48, None)]).is_err());
    assert!(List::registered(&[entry(None, 32, None), entry(None, 48, None)]).is_err());
    assert!(List::registered(&[entry(None, 32, Some(vec![1; 31]))]).is_err());
}

#[test]
fn requests() {
    let encodes = |request: Request| request.encode(&names()).is_ok();
    let authorize = |pin: Vec<u8>, factor: Option<Vec<u8>>, signatures| {
        let (pin, factor) = (Secret::new(pin), factor.map(Secret::new));
        encodes(Request::Authorize(Authorize { pin, factor, list_digest: None, signatures }))
    };
    assert!(authorize(vec![b'1'; 256], Some(vec![1; 4096]), 1));
    assert!(!authorize(Vec::new(), None, 1));
    assert!(!authorize(vec![b'1'; 257], None, 1));
    assert!(!authorize(vec![b'1'], Some(Vec::new()), 1));
    assert!(!authorize(vec![b'1'], Some(vec![1; 4097]), 1));
    assert!(!authorize(vec![b'1'], None, 0));

    let sign = |count, hash| {
        let scheme = Scheme::Ecdsa { hash };
        encodes(Request::Sign(Sign { pin: pin(), factor: None, list: list(count), scheme }))
    };
    assert!(sign(MAX_NATIVE, HashAlgorithm::Sha256));
    assert!(!sign(MAX_NATIVE + 1, HashAlgorithm::Sha256));
    assert!(!sign(1, HashAlgorithm::Sha384));
}

#[test]
fn answers() {
    let encodes = |operation, answer: Answer| answer.encode(operation, &names()).is_ok();
    let signatures = |count, length| Answer::Signatures(vec![vec![7; length]; count]);
    assert!(encodes(Operation::Sign, signatures(MAX_NATIVE, 512)));
    assert!(!encodes(Operation::Sign, signatures(MAX_NATIVE + 1, 64)));
    assert!(!encodes(Operation::Sign, signatures(0, 64)));
    assert!(!encodes(Operation::Sign, signatures(1, 0)));
    assert!(!encodes(Operation::Sign, Answer::Done));
    assert!(!encodes(Operation::Close, Answer::Done));
    assert!(!encodes(Operation::Enrol, Answer::Closed));
    assert!(!encodes(Operation::Enrol, Answer::Done));
    let enrolled = |length| Answer::Enrolled { pin: Some(Secret::new(vec![b'1'; length])), factor: None };
    assert!(encodes(Operation::Enrol, enrolled(256)));
    assert!(!encodes(Operation::Enrol, enrolled(257)));
    assert!(!encodes(Operation::Enrol, enrolled(0)));
    assert!(!encodes(Operation::ChangePin, enrolled(8)));
    let begun = || Answer::Begun(super::further::authenticator());
    assert!(encodes(Operation::Factor, begun()));
    assert!(encodes(Operation::Factor, Answer::Done));
    assert!(!encodes(Operation::Enrol, begun()));
    assert!(!encodes(Operation::ChangePin, begun()));
}

#[test]
fn authenticators() {
    let made = |uri: Vec<u8>, code: Vec<u8>| Authenticator::new(Secret::new(uri), Secret::new(code)).is_ok();
    let code = |side: u8, octets: usize| [&[side], vec![0; octets].as_slice()].concat();
    assert!(made(vec![b'u'; 1024], code(177, 3917)));
    assert!(made(vec![b'u'], code(21, 56)));
    assert!(!made(Vec::new(), code(21, 56)));
    assert!(!made(vec![b'u'; 1025], code(21, 56)));
    assert!(!made(vec![0xff], code(21, 56)));
    for bad in [Vec::new(), vec![21], code(21, 55), code(21, 57), code(20, 50), code(23, 67), code(181, 4096)] {
        assert!(!made(vec![b'u'], bad));
    }
    let mut padded = code(21, 56);
    *padded.last_mut().unwrap() = 0x80;
    assert!(made(vec![b'u'], padded.clone()));
    *padded.last_mut().unwrap() = 0x40;
    assert!(!made(vec![b'u'], padded), "a bit after the last module");
}

/// A second factor is confirmed in the session that brought it, and not in an enrolment that brought none.
#[test]
fn a_factor_is_confirmed_where_it_was_enrolled() {
    let context = Context { operation: Operation::Enrol, ..flow::context() };
    let confirmed = |factor: Option<Authenticator>| {
        let (client, offered) = flow::handshake(&context, &context).unwrap();
        let enrol = super::super::body::Enrol { new_pin: Some(pin()), factor: None, digest: [7; 32] };
        let (waiting, message) = client.seal(&Request::Enrol(enrol), [1; 16], START).unwrap();
        let ready = offered.confirm(&message.finished.unwrap(), START).unwrap();
        let (_, working) = ready.open(&message.record, START).unwrap();
        let sealed = working.seal(&Answer::Enrolled { pin: None, factor }, START).unwrap();
        let (_, client) = waiting.open(&sealed.record, START).unwrap();
        // Its owner had to find the phone first.
        let later = START + super::super::MAX_IDLE + 60;
        let confirm = Request::Factor(Factor::Confirm { factor: Secret::new(b"123456".to_vec()) });
        let (waiting, message) = client.unwrap().seal(&confirm, [2; 16], later).ok()?;
        let (request, working) = sealed.next.unwrap().open(&message.record, later).unwrap();
        assert_eq!(request.operation(), Operation::Factor);
        let sealed = working.seal(&Answer::Done, later).unwrap();
        Some(matches!(waiting.open(&sealed.record, later).unwrap().0, Answer::Done))
    };
    assert_eq!(confirmed(None), None);
    assert_eq!(confirmed(Some(super::further::authenticator())), Some(true));
}

#[test]
fn as_many_signatures_as_hashes() {
    let context = Context { operation: Operation::Sign, list_digest: None, ..flow::context() };
    let answered = |count: usize| {
        let (client, offered) = flow::handshake(&context, &context).unwrap();
        let scheme = Scheme::Ecdsa { hash: HashAlgorithm::Sha256 };
        let request = Request::Sign(Sign { pin: pin(), factor: None, list: list(2), scheme });
        let (waiting, message) = client.seal(&request, [1; 16], START).unwrap();
        let ready = offered.confirm(&message.finished.unwrap(), START).unwrap();
        let (_, working) = ready.open(&message.record, START).unwrap();
        let answer = Answer::Signatures(vec![vec![7; 64]; count]);
        let body = answer.encode(Operation::Sign, &names()).unwrap();
        // Sealed as octets, for a client must not rely on the signer's own check.
        let sealed = working.seal_body(body.reveal(), START).unwrap();
        waiting.open(&sealed.record, START).is_ok()
    };
    assert_eq!([1, 2, 3].map(answered), [false, true, false]);
}

#[test]
fn names_in_a_body_are_the_sessions() {
    let body = Request::Authorize(Authorize { pin: pin(), factor: None, list_digest: None, signatures: 1 });
    let octets = body.encode(&Names { tx: "tx-2".to_owned(), ..names() }).unwrap();
    assert!(Request::decode(Operation::Authorize, &names(), octets.reveal()).is_err());
}
