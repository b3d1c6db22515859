//! What must not open, does not; and a wrong PIN is never taken for a fault, nor a fault for a wrong PIN.

use std::time::Duration;

use rsign_api::algorithm::KeyType;
use rsign_api::signer::{FactorKind, Stretch};
use rsign_signer::hsm::{Answer, Fault, Hsm, Job, MasterVersion, Opener, Pool};
use rsign_signer::pin::{Binding, Memory, Pin, Stretching};

use super::TOKEN;
use crate::harness::child::{Flaw, Forged, forge};
use crate::harness::{Made, TestToken, opener};

const KEYS: [KeyType; 2] = [KeyType::Rsa2048, KeyType::P256];

fn is_refused(outcome: &Result<Answer, Fault>) -> bool {
    matches!(outcome, Ok(Answer::Refused))
}

#[tokio::test]
async fn a_24_a_wrong_opener_is_refused_not_a_fault_and_the_right_one_still_works() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = token.pool().await;
    let (right, wrong) = (opener(1), opener(2));
    for key in KEYS {
        let made = Made::by(&*pool, key, &right).await;
        for _ in 0..3 {
            assert!(is_refused(&made.sign(&*pool, &wrong).await));
            assert!(is_refused(&pool.run(made.rewrap(&wrong, &opener(3), false)).await));
            assert!(is_refused(&pool.run(made.rewrap(&wrong, &opener(3), true)).await));
            assert!(made.is_signed(&made.sign(&*pool, &right).await));
        }
    }
    pool.stop().await;
}

#[tokio::test]
async fn a_38_another_credentials_wrapped_key_or_slot_never_signs() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = token.pool().await;
    let (mine, theirs) = (opener(1), opener(2));
    for key in KEYS {
        let own = Made::by(&*pool, key, &mine).await;
        let other = Made::by(&*pool, key, &theirs).await;
        let swapped_key = Made { wrapped_key: other.wrapped_key.clone(), ..own.clone() };
        let outcome = swapped_key.sign(&*pool, &mine).await;
        assert!(matches!(outcome, Err(Fault::Device(_))), "the slot opened, so it is no wrong PIN: {outcome:?}");
        let swapped_slot = Made { slot: other.slot.clone(), ..own.clone() };
        assert!(is_refused(&swapped_slot.sign(&*pool, &mine).await));
        let swapped_both = Made { slot: other.slot.clone(), wrapped_key: other.wrapped_key.clone(), ..own.clone() };
        assert!(is_refused(&swapped_both.sign(&*pool, &mine).await));
        assert!(own.is_signed(&own.sign(&*pool, &mine).await));
    }
    pool.stop().await;
}

/// security.md section 0, weakness 1: in the paper two users with one PIN have one wrapping key.
#[tokio::test]
async fn two_credentials_with_one_pin_and_one_salt_have_two_wrapping_keys() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = token.pool().await;
    let stretching = Stretching::new(Stretch::Hmac, [7; 16]);
    let pin = Pin::to_judge(&"31415926".into());
    let with_factor = |tenant, user, credential, key_version, key, factor| {
        let binding = Binding { tenant, user, credential, key_version, key, factor };
        binding.opener(&pin, &stretching, MasterVersion::FIRST, &Memory::default()).unwrap()
    };
    let bound =
        |tenant, user, credential, key_version, key| with_factor(tenant, user, credential, key_version, key, None);
    let alice = bound("t", "alice", "c1", 1, KeyType::P256);
    let made = Made::by(&*pool, KeyType::P256, &alice).await;
    let others: [Opener; 9] = [
        bound("u", "alice", "c1", 1, KeyType::P256),
        bound("t", "bob", "c1", 1, KeyType::P256),
        bound("t", "alice", "c2", 1, KeyType::P256),
        bound("t", "alice", "c1", 2, KeyType::P256),
        bound("t", "alice", "c1", 1, KeyType::P384),
        // The parts are delimited: what moves from one to the next makes another.
        bound("ta", "lice", "c1", 1, KeyType::P256),
        with_factor("t", "alice", "c1", 1, KeyType::P256, Some((FactorKind::Totp, &[1; 32][..]))),
        with_factor("t", "alice", "c1", 1, KeyType::P256, Some((FactorKind::Totp, &[2; 32][..]))),
        with_factor("t", "alice", "c1", 1, KeyType::P256, Some((FactorKind::Online, &[1; 32][..]))),
    ];
    for other in &others {
        assert!(is_refused(&made.sign(&*pool, other).await));
        let theirs = Made::by(&*pool, KeyType::P256, other).await;
        assert!(is_refused(&theirs.sign(&*pool, &alice).await));
    }
    assert!(made.is_signed(&made.sign(&*pool, &alice).await));
    pool.stop().await;
}

#[tokio::test]
async fn a_damaged_slot_is_refused_wherever_it_is_damaged() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let (pool, opener) = (token.pool().await, opener(1));
    let made = Made::by(&*pool, KeyType::P256, &opener).await;
    assert_eq!(made.slot.len(), 40);
    let flipped = (0..40).map(|place| {
        let mut slot = made.slot.clone();
        slot[place] ^= 1 << (place % 8);
        slot
    });
    let cut = [0, 1, 8, 16, 24, 32, 39].map(|length| made.slot[..length].to_vec());
    let grown = [vec![0; 1], vec![0; 8], made.slot.clone()].map(|more| [made.slot.clone(), more].concat());
    for slot in flipped.chain(cut).chain(grown).chain([vec![0; 40], vec![0xff; 40]]) {
        let damaged = Made { slot, ..made.clone() };
        let outcome = damaged.sign(&*pool, &opener).await;
        assert!(is_refused(&outcome), "{:?}: {outcome:?}", damaged.slot);
        let outcome = pool.run(damaged.rewrap(&opener, &opener, true)).await;
        assert!(is_refused(&outcome), "{:?}: {outcome:?}", damaged.slot);
    }
    assert!(made.is_signed(&made.sign(&*pool, &opener).await));
    pool.stop().await;
}

#[tokio::test]
async fn a_damaged_wrapped_key_never_signs_and_is_no_wrong_pin() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let (pool, opener) = (token.pool().await, opener(1));
    for key in KEYS {
        let made = Made::by(&*pool, key, &opener).await;
        let length = made.wrapped_key.len();
        let flipped = [0, 4, 7, 8, 9, length / 2, length - 8, length - 1].map(|place| {
            let mut wrapped = made.wrapped_key.clone();
            wrapped[place] ^= 1;
            wrapped
        });
        let cut = [0, 1, 8, 16, length - 8, length - 1].map(|length| made.wrapped_key[..length].to_vec());
        let grown =
            [vec![0; 1], vec![0; 8], made.wrapped_key.clone()].map(|more| [made.wrapped_key.clone(), more].concat());
        for wrapped_key in flipped.into_iter().chain(cut).chain(grown) {
            let damaged = Made { wrapped_key, ..made.clone() };
            let outcome = damaged.sign(&*pool, &opener).await;
            assert!(matches!(outcome, Err(Fault::Device(_))), "{key:?} {}: {outcome:?}", damaged.wrapped_key.len());
        }
        assert!(made.is_signed(&made.sign(&*pool, &opener).await));
    }
    pool.stop().await;
}

#[tokio::test]
async fn a_key_called_another_kind_never_signs() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let (pool, opener) = (token.pool().await, opener(1));
    for (made, called) in [(KeyType::P256, KeyType::Rsa2048), (KeyType::Rsa2048, KeyType::P256)] {
        let made = Made::by(&*pool, made, &opener).await;
        let lied = Made { key: called, ..made.clone() };
        let outcome = lied.sign(&*pool, &opener).await;
        assert!(matches!(outcome, Err(Fault::Device(_))), "{called:?}: {outcome:?}");
        assert!(made.is_signed(&made.sign(&*pool, &opener).await));
    }
    pool.stop().await;
}

/// A KEK of the wrong place: what one slot holds is not what another key is under.
#[tokio::test]
async fn a_wrapped_key_is_no_slot_and_a_slot_no_wrapped_key() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let (pool, opener) = (token.pool().await, opener(1));
    let made = Made::by(&*pool, KeyType::P256, &opener).await;
    let crossed = Made { wrapped_key: made.slot.clone(), ..made.clone() };
    assert!(matches!(crossed.sign(&*pool, &opener).await, Err(Fault::Device(_))));
    let crossed = Made { slot: made.wrapped_key.clone(), ..made.clone() };
    assert!(is_refused(&crossed.sign(&*pool, &opener).await));
    let Ok(Answer::Octets(_)) = pool.run(Job::Check).await else { panic!("the device is well") };
    pool.stop().await;
}

#[tokio::test]
async fn a_24_without_its_master_key_the_device_is_to_blame_not_the_pin() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = Pool::start_with_patience(token.pool_settings().await, Duration::from_millis(500)).await.unwrap();
    let made = Made::by(&*pool, KeyType::P256, &opener(1)).await;
    forge(&token, Forged::Master, Flaw::None);
    for number in [1, 2, 1, 2] {
        let outcome = made.sign(&*pool, &opener(number)).await;
        assert!(outcome.is_err(), "{outcome:?}");
        let outcome = pool.run(made.rewrap(&opener(number), &opener(3), false)).await;
        assert!(outcome.is_err(), "{outcome:?}");
    }
    pool.stop().await;
}
