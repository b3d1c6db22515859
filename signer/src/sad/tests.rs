//! Every transition of an item, legal and illegal.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::HashMap;

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
        items: items(list).unwrap(),
        expires_at: 1000,
        absolute_until: 3000,
    };
    (sad, token)
}

fn request(token: &SadToken, scheme: Scheme, hashes: &[Bytes], lease: &str) -> Request {
    let octets: Vec<&[u8]> = hashes.iter().map(|hash| hash.0.as_slice()).collect();
    Request {
        token: token.clone(),
        client: "client".into(),
        user: Some("user".into()),
        credential: "cred".into(),
        epoch: 1,
        scheme,
        hashes: hashes.to_vec(),
        digest: request_digest(scheme, &octets),
        lease: lease.into(),
        until: 500,
    }
}

fn signed(hashes: &[Bytes], octet: u8) -> HashMap<Bytes, Bytes> {
    hashes.iter().map(|hash| (hash.clone(), Bytes(vec![octet; 4]))).collect()
}

#[test]
fn a_hash_is_signed_once_and_its_answer_kept() {
    let (mut sad, token) = sad(Scal::Two, &[entry(1), entry(2)], 2);
    let first = request(&token, SHA256, &[hash(1)], "a");
    let Ok(Claim::Sign(claimed)) = sad.claim(&first, 0) else { panic!("free") };
    assert_eq!(claimed.hashes, [hash(1)]);
    assert_eq!(sad.complete(&first, &signed(&claimed.hashes, 9)).unwrap(), [Bytes(vec![9; 4])]);
    let Ok(Claim::Answered(again)) = sad.claim(&first, 1) else { panic!("answered") };
    assert_eq!(again, [Bytes(vec![9; 4])]);
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
    assert_eq!(sad.complete(&same, &signed(&[hash(1)], 2)).unwrap(), [Bytes(vec![2; 4])]);
    assert_eq!(sad.complete(&first, &signed(&[hash(1)], 1)).unwrap(), [Bytes(vec![2; 4])]);
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
