//! Decoders never panic, whatever they are given, and read what was written.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::body::{Answer, Authenticator, Authorize, ChangePin, Enrol, Factor, Reason, Request, Sign};
use super::super::hello::{ClientHello, ServerHello};
use super::super::list::{Entry, List};
use super::super::octets::{Octets, put_prefixed};
use super::super::record::Frame;
use super::super::{Operation, Secret, record};
use super::raw::{Raw, Way, plaintext};
use super::{START, fixed, names, ready_client, ready_server};
use crate::algorithm::{HashAlgorithm, Scheme};
use crate::signer::EntryType;

const OPERATIONS: [Operation; 6] = [
    Operation::Enrol,
    Operation::Authorize,
    Operation::Sign,
    Operation::ChangePin,
    Operation::Factor,
    Operation::Close,
];

fn pin() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 1..=256)
}

fn factor() -> impl Strategy<Value = Option<Vec<u8>>> {
    proptest::option::of(vec(any::<u8>(), 1..300))
}

prop_compose! {
    fn list()(algorithm in prop::sample::select(HashAlgorithm::ALL.to_vec()), kinds in vec(0..4_usize, 1..=100),
              seed in any::<u8>(), labels in any::<bool>()) -> List {
        let types = [EntryType::Untyped, EntryType::Dtbsr, EntryType::Sdr, EntryType::Sodr];
        let entry = |kind: usize| Entry {
            r#type: types[kind],
            hash: vec![seed; algorithm.len()],
            label: labels.then_some([seed | 1; 32]),
        };
        List::new(algorithm, kinds.into_iter().map(entry).collect()).unwrap()
    }
}

/// A request of each operation from the same ingredients.
fn requests(pin: &[u8], new_pin: &[u8], factor: Option<&[u8]>, list: &List, salt: u32) -> [Request; 6] {
    let secret = |octets: &[u8]| Secret::new(octets.to_vec());
    let factor = || factor.map(secret);
    let hash = list.algorithm();
    [
        Request::Enrol(Enrol {
            new_pin: (!salt.is_multiple_of(3)).then(|| secret(new_pin)),
            factor: factor(),
            digest: list.digest(),
        }),
        Request::Authorize(Authorize {
            pin: secret(pin),
            factor: factor(),
            list_digest: salt.is_multiple_of(2).then(|| list.digest()),
            signatures: salt.max(1),
        }),
        Request::Sign(Sign {
            pin: secret(pin),
            factor: factor(),
            list: list.clone(),
            scheme: Scheme::Pss { hash, salt },
        }),
        Request::ChangePin(ChangePin { pin: secret(pin), new_pin: secret(new_pin), factor: factor() }),
        Request::Factor(match factor() {
            Some(factor) if salt.is_multiple_of(3) => Factor::Confirm { factor },
            factor => Factor::Begin { pin: secret(pin), factor },
        }),
        Request::Close,
    ]
}

/// Every reason that can be written with these numbers.
fn reasons(number: Option<u32>) -> [Reason; 12] {
    [
        Reason::WrongPin { tries_left: number },
        Reason::PinLocked { retry_after: number },
        Reason::Blocked,
        Reason::ListMismatch,
        Reason::WrongFactor { retry_after: number },
        Reason::WeakPin,
        Reason::Expired,
        Reason::Disabled,
        Reason::Algorithm,
        Reason::Unavailable { retry_after: number },
        Reason::Refused,
        Reason::NotYet { retry_after: number },
    ]
}

proptest! {
    #[test]
    fn decoders_never_panic(octets in vec(any::<u8>(), 0..600), which in 0..6_usize) {
        let _ = ClientHello::decode(&octets);
        let _ = ServerHello::decode(&octets);
        let _ = List::decode(&octets);
        let _ = record::sid(&octets);
        let _ = Request::decode(OPERATIONS[which], &names(), &octets);
        let _ = Answer::decode(OPERATIONS[which], &names(), &octets);
        let _ = ready_server().open_body(&octets, START);
    }

    #[test]
    fn a_good_start_helps_no_one(tail in vec(any::<u8>(), 0..300), which in 0..6_usize) {
        let begun = |body: &[u8]| [&body[..body.len().min(31)], &tail].concat();
        let body = requests(b"1", b"1", None, &one(), 1)[which].encode(&names()).unwrap();
        let _ = Request::decode(OPERATIONS[which], &names(), &begun(body.reveal()));
        let answer = Answer::Refused(Reason::Blocked).encode(Operation::Sign, &names()).unwrap();
        let _ = Answer::decode(Operation::Sign, &names(), &begun(answer.reveal()));
        let _ = List::decode(&[&one().encode()[..15], &tail].concat());
    }

    #[test]
    fn authentic_plaintexts_of_any_kind_do_not_panic(mut octets in vec(any::<u8>(), 0..400), padded in any::<bool>()) {
        if padded {
            octets.resize(octets.len().next_multiple_of(256).max(256), 0);
        }
        let _ = ready_server().open(&Raw::new(Way::ToServer, 0, octets).seal(), START);
    }

    #[test]
    fn one_flipped_bit_is_refused(bit in 0..(324 * 8_usize)) {
        let mut record = super::vector("/request");
        record[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(ready_server().open_body(&record, START).is_err());
    }

    #[test]
    fn requests_read_as_written(one in pin(), two in pin(), factor in factor(), list in list(), salt in any::<u32>()) {
        for request in requests(&one, &two, factor.as_deref(), &list, salt) {
            let body = request.encode(&names()).unwrap();
            let read = Request::decode(request.operation(), &names(), body.reveal()).unwrap();
            prop_assert!(read.encode(&names()).unwrap().reveal() == body.reveal());
            for other in OPERATIONS.into_iter().filter(|other| *other != request.operation()) {
                prop_assert!(Request::decode(other, &names(), body.reveal()).is_err());
            }
        }
    }

    #[test]
    fn answers_read_as_written(
        number in proptest::option::of(any::<u32>()),
        signatures in vec(vec(any::<u8>(), 1..200), 1..=100),
        drawn in proptest::option::of(pin()),
        uri in "[a-z]{1,1024}",
        version in 0..40_u8,
    ) {
        let side = 21 + 4 * version;
        let factor = || {
            let code = [vec![side], vec![0xaa; usize::from(side).pow(2) / 8], vec![0x80]].concat();
            Authenticator::new(Secret::new(uri.clone().into_bytes()), Secret::new(code)).unwrap()
        };
        let mut answers = vec![
            (
                Operation::Enrol,
                Answer::Enrolled { pin: drawn.map(Secret::new), factor: version.is_multiple_of(2).then(factor) },
            ),
            (Operation::Factor, Answer::Begun(factor())),
            (Operation::Factor, Answer::Done),
            (Operation::Sign, Answer::Signatures(signatures)),
            (Operation::ChangePin, Answer::Done),
            (Operation::Close, Answer::Closed),
        ];
        for reason in reasons(number) {
            answers.extend(OPERATIONS.map(|operation| (operation, Answer::Refused(reason))));
        }
        for (operation, answer) in answers {
            let body = answer.encode(operation, &names()).unwrap();
            let read = Answer::decode(operation, &names(), body.reveal()).unwrap();
            prop_assert!(read.encode(operation, &names()).unwrap().reveal() == body.reveal());
            prop_assert_eq!(std::mem::discriminant(&read), std::mem::discriminant(&answer));
        }
    }

    #[test]
    fn lists_read_as_written(list in list()) {
        prop_assert_eq!(List::decode(&list.encode()), Ok(list));
    }

    #[test]
    fn records_read_as_written(body in vec(any::<u8>(), 0..2000), nonce in any::<[u8; 16]>()) {
        let (_, message) = ready_client().seal_body(Operation::Enrol, &body, nonce, START).unwrap();
        prop_assert_eq!(&message.record.0, &Raw::new(Way::ToServer, 0, plaintext(nonce, 0x01, &body)).seal());
        prop_assert_eq!(Frame::parse(&message.record).unwrap().sid, fixed::<16>("/inputs/sid"));
        let (read, _) = ready_server().open_body(&message.record, START).unwrap();
        prop_assert_eq!(read.reveal(), body);
    }

    #[test]
    fn prefixes_read_as_written(octets in vec(any::<u8>(), 0..300)) {
        let mut written = Vec::new();
        put_prefixed(&mut written, &octets).unwrap();
        let mut reader = Octets(&written);
        prop_assert_eq!(reader.prefixed().unwrap(), octets);
        prop_assert!(reader.end().is_ok());
    }
}

fn one() -> List {
    let entry = Entry { r#type: EntryType::Untyped, hash: vec![1; 32], label: None };
    List::new(HashAlgorithm::Sha256, vec![entry]).unwrap()
}
