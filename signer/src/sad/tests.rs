//! Every transition of an item, legal and illegal.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::HashMap;

use rsign_api::objection::Reason;

use super::*;

const SHA256: Scheme = Scheme::Pkcs1 { hash: HashAlgorithm::Sha256 };

#[derive(Debug)]
struct Fixed;

impl crate::Random for Fixed {
    fn fill(&self, octets: &mut [u8]) {
        octets.fill(7);
    }
}

fn hash(octet: u8) -> Bytes {
    Bytes(vec![octet; 32])
}

fn entry(octet: u8) -> Entry {
    Entry { r#type: EntryType::Untyped, algorithm: None, hash: hash(octet), label: None }
}

fn sad(scal: Scal, list: &[Entry], signatures: u32) -> (Sad, SadToken) {
    let token = SadToken::draw(&Fixed);
    let sad = Sad {
        id: token.row(),
        credential: "cred".into(),
        user: "user".into(),
        client: "client".into(),
        key_version: 1,
        epoch: 1,
        scal,
        signatures,
        handle: Bytes(token.handle().to_vec()),
        earlier: Vec::new(),
        slot: Some(Bytes(vec![1; 40])),
        master: MasterVersion::FIRST,
        items: items(list).unwrap(),
        expires_at: 1000,
        absolute_until: 3000,
    };
    (sad, token)
}

fn request(token: &SadToken, scheme: Scheme, hashes: &[Bytes], lease: &str) -> Request {
    spending(token, hashes.iter().map(|hash| of_data(scheme, hash)).collect(), lease)
}

fn of_data(scheme: Scheme, hash: &Bytes) -> Use {
    Use { hash: hash.clone(), algorithm: scheme.hash(), kind: EntryType::Dtbsr, scheme, form: None, kept: 0 }
}

fn spending(token: &SadToken, uses: Vec<Use>, lease: &str) -> Request {
    Request {
        token: token.clone(),
        client: "client".into(),
        user: Some("user".into()),
        credential: "cred".into(),
        epoch: 1,
        digest: request_digest(&uses),
        uses,
        lease: lease.into(),
        until: 500,
    }
}

fn answer(octet: u8) -> Answer {
    Answer { signature: Bytes(vec![octet; 4]), prepared: None }
}

fn signed(hashes: &[Bytes], octet: u8) -> HashMap<Bytes, Answer> {
    hashes.iter().map(|hash| (hash.clone(), answer(octet))).collect()
}

#[test]
fn a_hash_is_signed_once_and_its_answer_kept() {
    let (mut sad, token) = sad(Scal::Two, &[entry(1), entry(2)], 2);
    let first = request(&token, SHA256, &[hash(1)], "a");
    let Ok(Claim::Sign(claimed)) = sad.claim(&first, 0) else { panic!("free") };
    assert_eq!(claimed.uses, first.uses);
    assert_eq!(sad.complete(&first, &signed(&[hash(1)], 9)).unwrap(), [answer(9)]);
    let Ok(Claim::Answered(again)) = sad.claim(&first, 1) else { panic!("answered") };
    assert_eq!(again, [answer(9)]);
    assert!(sad.slot.is_some(), "one use is left");
    let other_scheme = request(&token, Scheme::Pss { hash: HashAlgorithm::Sha256, salt: 32 }, &[hash(1)], "b");
    assert_eq!(sad.claim(&other_scheme, 1).err(), Some(Refusal::HashNotAuthorized));
}

#[test]
fn the_slot_goes_with_the_last_use_not_the_last_reservation() {
    let (mut sad, token) = sad(Scal::Two, &[entry(1)], 1);
    let request = request(&token, SHA256, &[hash(1)], "a");
    let Ok(Claim::Sign(_)) = sad.claim(&request, 0) else { panic!() };
    assert!(sad.slot.is_some());
    sad.complete(&request, &signed(&[hash(1)], 9)).unwrap();
    assert!(sad.slot.is_none());
}

#[test]
fn all_hashes_of_a_request_or_none() {
    let (mut sad, token) = sad(Scal::Two, &[entry(1), entry(2)], 2);
    let before = sad.items.clone();
    let foreign = request(&token, SHA256, &[hash(1), hash(3)], "a");
    assert_eq!(sad.claim(&foreign, 0).err(), Some(Refusal::HashNotAuthorized));
    assert_eq!(sad.items, before);
}

#[test]
fn the_same_request_waits_then_takes_over_another_is_refused() {
    let (mut sad, token) = sad(Scal::Two, &[entry(1), entry(2)], 2);
    let first = request(&token, SHA256, &[hash(1)], "a");
    sad.claim(&first, 0).unwrap();
    let same = Request { lease: "b".into(), until: 900, ..first.clone() };
    assert!(matches!(sad.claim(&same, 499), Ok(Claim::UnderWay)));
    let other = request(&token, SHA256, &[hash(1), hash(2)], "c");
    assert_eq!(sad.claim(&other, 501).err(), Some(Refusal::HashNotAuthorized));
    assert!(matches!(sad.claim(&same, 500), Ok(Claim::Sign(_))));
    // Both end: the first to store wins, the other hands out what was stored.
    assert_eq!(sad.complete(&same, &signed(&[hash(1)], 2)).unwrap(), [answer(2)]);
    assert_eq!(sad.complete(&first, &signed(&[hash(1)], 1)).unwrap(), [answer(2)]);
}

#[test]
fn a_failed_run_gives_back_only_its_own() {
    let (mut sad, token) = sad(Scal::Two, &[entry(1)], 1);
    let first = request(&token, SHA256, &[hash(1)], "a");
    sad.claim(&first, 0).unwrap();
    let second = Request { lease: "b".into(), until: 900, ..first.clone() };
    sad.claim(&second, 600).unwrap();
    sad.release(&first);
    assert!(matches!(sad.items[0].state, ItemState::Reserved { .. }));
    sad.release(&second);
    assert_eq!(sad.items[0].state, ItemState::Free);
    assert_eq!(sad.complete(&first, &signed(&[hash(1)], 1)).err(), Some(Refusal::HashNotAuthorized));
}

#[test]
fn client_user_credential_epoch_and_expiry_are_checked_and_nothing_is_destroyed() {
    let (mut sad, token) = sad(Scal::Two, &[entry(1)], 1);
    let good = request(&token, SHA256, &[hash(1)], "a");
    let wrong = [
        Request { client: "other".into(), ..good.clone() },
        Request { user: Some("other".into()), ..good.clone() },
        Request { credential: "other".into(), ..good.clone() },
        Request { epoch: 2, ..good.clone() },
    ];
    for request in wrong {
        assert_eq!(sad.claim(&request, 0).err(), Some(Refusal::InvalidSad));
    }
    assert_eq!(sad.claim(&good, 1000).err(), Some(Refusal::SadExpired));
    assert!(matches!(sad.claim(&Request { user: None, ..good }, 999), Ok(Claim::Sign(_))));
}

#[test]
fn scal_one_adds_up_to_the_number_and_no_further() {
    let (mut sad, token) = sad(Scal::One, &[], 2);
    let binding = sad.binding();
    let first = request(&token, SHA256, &[hash(1), hash(2)], "a");
    let Ok(Claim::Sign(claimed)) = sad.claim(&first, 0) else { panic!() };
    assert_eq!(claimed.binding, binding);
    assert_eq!(sad.binding(), binding, "what is added later does not enter L");
    assert_eq!(sad.claim(&request(&token, SHA256, &[hash(3)], "b"), 0).err(), Some(Refusal::HashNotAuthorized));
    sad.release(&first);
    assert!(sad.items.is_empty());
    assert!(matches!(sad.claim(&request(&token, SHA256, &[hash(3)], "b"), 0), Ok(Claim::Sign(_))));
}

#[test]
fn every_member_enters_the_binding() {
    let (sad, _) = sad(Scal::Two, &[entry(1)], 1);
    let changed: [&dyn Fn(&mut Sad); 11] = [
        &|sad| sad.items.push(Item::new(entry(2), true)),
        &|sad| sad.items[0].entry.hash = hash(2),
        &|sad| sad.items[0].entry.algorithm = Some(HashAlgorithm::Sha256),
        &|sad| sad.items[0].entry.r#type = EntryType::Sdr,
        &|sad| sad.items[0].times = 2,
        &|sad| sad.signatures = 2,
        &|sad| sad.client = "other".into(),
        &|sad| sad.user = "other".into(),
        &|sad| sad.credential = "other".into(),
        &|sad| sad.expires_at += 1,
        &|sad| sad.scal = Scal::One,
    ];
    for change in changed {
        let mut other = sad.clone();
        change(&mut other);
        assert_ne!(other.binding(), sad.binding());
    }
}

#[test]
fn extension_keeps_unspent_and_answers_and_lets_nothing_in() {
    let (mut sad, token) = sad(Scal::Two, &[entry(1), entry(2), entry(3)], 3);
    let first = request(&token, SHA256, &[hash(1)], "a");
    sad.claim(&first, 0).unwrap();
    sad.complete(&first, &signed(&[hash(1)], 9)).unwrap();
    let renewed = sad.renewed(&[entry(2)]).unwrap();
    assert_eq!(
        renewed.iter().map(|item| (item.entry.hash.clone(), item.listed)).collect::<Vec<_>>(),
        [(hash(1), false), (hash(2), true)]
    );
    assert_eq!(sad.renewed(&[]).unwrap().len(), 3);
    assert_eq!(sad.renewed(&[entry(4)]).err(), Some(Refusal::HashNotAuthorized));
}

#[test]
fn a_list_with_one_hash_twice_gets_one_signature() {
    let (mut sad, token) = sad(Scal::Two, &[entry(1), entry(1)], 2);
    assert_eq!(sad.items.len(), 1);
    let request = request(&token, SHA256, &[hash(1)], "a");
    sad.claim(&request, 0).unwrap();
    sad.complete(&request, &signed(&[hash(1)], 9)).unwrap();
    assert!(sad.slot.is_none());
}

#[test]
fn lengths_fit_the_function() {
    let short = Entry { hash: Bytes(vec![1; 31]), ..entry(1) };
    assert_eq!(items(&[short]).err(), Some(Refusal::DigestLength));
    let other = Entry { algorithm: Some(HashAlgorithm::Sha384), ..entry(1) };
    assert_eq!(items(&[other]).err(), Some(Refusal::DigestLength));
}

#[test]
fn tokens_come_back_and_only_whole() {
    let token = SadToken::draw(&Fixed);
    let text = token.reveal();
    assert_eq!(SadToken::parse(&text).unwrap().handle(), token.handle());
    assert!(SadToken::parse(&"sad_AAAA".into()).is_none());
    assert!(SadToken::parse(&"dummy".into()).is_none());
    assert!(!format!("{token:?}").contains("BwcHBw"));
}

const KINDS: [EntryType; 3] = [EntryType::Dtbsr, EntryType::Sdr, EntryType::Sodr];

fn as_kind(kind: EntryType, form: u8) -> Use {
    let form = (kind != EntryType::Dtbsr).then_some([form; 32]);
    Use { kind, form, ..of_data(SHA256, &hash(1)) }
}

fn made(wanted: &Use, octet: u8) -> HashMap<Bytes, Answer> {
    let prepared = wanted.form.map(|_| Bytes(vec![octet; 8]));
    [(wanted.hash.clone(), Answer { prepared, ..answer(octet) })].into()
}

#[test]
fn an_entry_is_spent_only_as_what_it_was_approved_as() {
    for approved in KINDS {
        for used in KINDS {
            let (mut sad, token) = sad(Scal::Two, &[Entry { r#type: approved, ..entry(1) }], 1);
            let before = sad.items.clone();
            let outcome = sad.claim(&spending(&token, vec![as_kind(used, 1)], "a"), 0);
            if approved == used {
                assert!(matches!(outcome, Ok(Claim::Sign(_))));
            } else {
                assert_eq!(outcome.err(), Some(Refusal::HashNotAuthorized), "{approved:?} as {used:?}");
                assert_eq!(sad.items, before);
            }
        }
    }
}

#[test]
fn an_untyped_entry_takes_its_type_from_its_first_use() {
    for first in KINDS {
        for second in KINDS {
            let (mut sad, token) = sad(Scal::Two, &[entry(1), entry(2)], 2);
            let request = spending(&token, vec![as_kind(first, 1)], "a");
            assert!(matches!(sad.claim(&request, 0), Ok(Claim::Sign(_))));
            let other = spending(&token, vec![as_kind(second, 1)], "b");
            if first != second {
                assert_eq!(sad.claim(&other, 0).err(), Some(Refusal::HashNotAuthorized), "while it is reserved");
            }
            sad.complete(&request, &made(&request.uses[0], 7)).unwrap();
            match sad.claim(&other, 0) {
                Ok(Claim::Answered(_)) => assert_eq!(first, second),
                refused => assert_eq!((refused.err(), first == second), (Some(Refusal::HashNotAuthorized), false)),
            }
        }
    }
}

#[test]
fn a_document_gets_the_same_octets_again_and_no_second_signature_in_another_form() {
    let (mut sad, token) = sad(Scal::Two, &[entry(1)], 1);
    let request = spending(&token, vec![as_kind(EntryType::Sdr, 1)], "a");
    assert!(matches!(sad.claim(&request, 0), Ok(Claim::Sign(_))));
    let answers = sad.complete(&request, &made(&request.uses[0], 7)).unwrap();
    assert_eq!(answers, [Answer { signature: Bytes(vec![7; 4]), prepared: Some(Bytes(vec![7; 8])) }]);
    assert!(sad.slot.is_none());
    // Who comes second, with other attributes, gets what was stored first.
    assert_eq!(sad.complete(&request, &made(&request.uses[0], 8)).unwrap(), answers);
    let Ok(Claim::Answered(again)) = sad.claim(&request, 1) else { panic!("answered") };
    assert_eq!(again, answers);
    let other_form = spending(&token, vec![as_kind(EntryType::Sdr, 2)], "a");
    assert_eq!(sad.claim(&other_form, 1).err(), Some(Refusal::HashNotAuthorized));
}

/// What is formed is kept in one row: it is known to fit before anything is reserved, whoever asks at the same time.
#[test]
fn no_more_is_signed_than_can_be_kept() {
    let (mut sad, token) = sad(Scal::Two, &[entry(1), entry(2), entry(3)], 3);
    let long = |octet: u8, kept: usize| Use { kept, hash: hash(octet), ..as_kind(EntryType::Sdr, 1) };
    let ask = |wanted: Use, lease: &str| spending(&token, vec![wanted], lease);
    let before = sad.items.clone();
    assert_eq!(sad.claim(&ask(long(1, KEPT + 1), "a"), 0).err(), Some(Refusal::Document));
    assert_eq!(sad.items, before);
    let first = ask(long(1, KEPT - 10), "a");
    assert!(matches!(sad.claim(&first, 0), Ok(Claim::Sign(_))));
    // While the first one is signed, and when it is.
    assert_eq!(sad.claim(&ask(long(2, 11), "b"), 0).err(), Some(Refusal::Document));
    let answer = Answer { prepared: Some(Bytes(vec![7; KEPT - 10])), ..answer(7) };
    sad.complete(&first, &[(hash(1), answer)].into()).unwrap();
    assert_eq!(sad.claim(&ask(long(2, 11), "b"), 0).err(), Some(Refusal::Document));
    assert!(matches!(sad.claim(&ask(long(2, 10), "b"), 0), Ok(Claim::Sign(_))));
    // What is taken over counts once, and data to be signed needs no room.
    let again = Request { lease: "c".into(), until: 900, ..ask(long(2, 10), "b") };
    assert!(matches!(sad.claim(&again, 600), Ok(Claim::Sign(_))));
    let data = Use { hash: hash(3), ..as_kind(EntryType::Dtbsr, 0) };
    assert!(matches!(sad.claim(&ask(data, "d"), 600), Ok(Claim::Sign(_))));
}

#[test]
fn a_document_that_is_not_in_the_list_is_told_from_one_that_is_spent() {
    let (mut two, token) = sad(Scal::Two, &[entry(2)], 1);
    let foreign = spending(&token, vec![as_kind(EntryType::Sodr, 1)], "a");
    assert_eq!(two.claim(&foreign, 0).err(), Some(Refusal::ForeignDocument));
    assert_eq!(
        two.claim(&spending(&token, vec![as_kind(EntryType::Dtbsr, 0)], "a"), 0).err(),
        Some(Refusal::HashNotAuthorized)
    );
    let (mut one, token) = sad(Scal::One, &[], 1);
    assert!(matches!(one.claim(&spending(&token, vec![as_kind(EntryType::Sodr, 1)], "a"), 0), Ok(Claim::Sign(_))));
    let cross = spending(&token, vec![as_kind(EntryType::Sdr, 1)], "b");
    assert_eq!(one.claim(&cross, 0).err(), Some(Refusal::HashNotAuthorized));
}

#[test]
fn rows_of_an_older_rsign_are_read() {
    let old =
        serde_json::json!({ "is": "done", "scheme": { "scheme": "pkcs1", "hash": "sha256" }, "signature": "AQ==" });
    let state: ItemState = serde_json::from_value(old.clone()).unwrap();
    assert_eq!(state, ItemState::Done { scheme: SHA256, signature: Bytes(vec![1]), document: None });
    assert_eq!(serde_json::to_value(&state).unwrap(), old, "and of signed data written as it was");
}

#[test]
fn each_hash_of_a_refused_request_has_its_reason() {
    let (mut two, token) = sad(Scal::Two, &[entry(1), entry(2)], 2);
    let document = |octet: u8, form: u8| Use { hash: hash(octet), ..as_kind(EntryType::Sodr, form) };
    let first = spending(&token, vec![document(1, 1)], "a");
    assert!(matches!(two.claim(&first, 0), Ok(Claim::Sign(_))));
    let other = spending(&token, vec![document(1, 2), document(2, 1), document(3, 1)], "b");
    assert_eq!(two.why(&other), [Some(Reason::Reserved), None, Some(Reason::NotApproved)]);
    assert_eq!(two.why(&first), [None]);
    let prepared = Some(Bytes(vec![7]));
    two.complete(&first, &[(hash(1), Answer { prepared, ..answer(7) })].into()).unwrap();
    assert_eq!(two.why(&other), [Some(Reason::Spent), None, Some(Reason::NotApproved)]);
    // Whoever has no SAD, or another's, hears of nothing.
    for stranger in [
        Request { client: "other".into(), ..other.clone() },
        Request { user: Some("other".into()), ..other.clone() },
        Request { credential: "other".into(), ..other.clone() },
    ] {
        assert_eq!(two.why(&stranger), [None; 3]);
    }
    two.handle = Bytes(vec![0; 32]);
    assert_eq!(two.why(&other), [None; 3]);
}
