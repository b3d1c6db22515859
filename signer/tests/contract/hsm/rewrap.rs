//! The KEK moves from slot to slot: PIN, SAD, extended SAD, next PIN.

use rsign_api::algorithm::KeyType;
use rsign_signer::hsm::{Answer, Hsm};

use super::TOKEN;
use crate::harness::{Made, TestToken, opener};

/// The same key, its KEK in another slot.
async fn rewrapped(hsm: &dyn Hsm, made: &Made, from: u32, to: u32, check: bool) -> Made {
    let answer = hsm.run(made.rewrap(&opener(from), &opener(to), check)).await;
    let Ok(Answer::Rewrapped { slot, renewed: None }) = answer else { panic!("{answer:?}") };
    assert_eq!(slot.len(), 40);
    Made { slot, ..made.clone() }
}

/// Whether each of the numbered openers opens the slot.
async fn opens(hsm: &dyn Hsm, made: &Made, numbers: [u32; 4]) -> [bool; 4] {
    let mut opens = [false; 4];
    for (number, opens) in numbers.into_iter().zip(&mut opens) {
        let outcome = made.sign(hsm, &opener(number)).await;
        *opens = made.is_signed(&outcome);
        assert!(*opens || matches!(outcome, Ok(Answer::Refused)), "{outcome:?}");
    }
    opens
}

#[tokio::test]
async fn each_slot_of_a_chain_opens_with_its_own_opener_only() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = token.pool().await;
    const ALL: [u32; 4] = [1, 2, 3, 4];
    for key in [KeyType::Rsa2048, KeyType::P256] {
        let pin = Made::by(&*pool, key, &opener(1)).await;
        let sad = rewrapped(&*pool, &pin, 1, 2, false).await;
        let extended = rewrapped(&*pool, &sad, 2, 3, false).await;
        let next_pin = rewrapped(&*pool, &pin, 1, 4, true).await;
        assert_eq!(opens(&*pool, &pin, ALL).await, [true, false, false, false]);
        assert_eq!(opens(&*pool, &sad, ALL).await, [false, true, false, false]);
        assert_eq!(opens(&*pool, &extended, ALL).await, [false, false, true, false]);
        assert_eq!(opens(&*pool, &next_pin, ALL).await, [false, false, false, true]);
    }
    pool.stop().await;
}

#[tokio::test]
async fn a_slot_depends_on_opener_and_kek_alone() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = token.pool().await;
    let pin = Made::by(&*pool, KeyType::P256, &opener(1)).await;
    let once = rewrapped(&*pool, &pin, 1, 2, true).await;
    let again = rewrapped(&*pool, &pin, 1, 2, false).await;
    assert_eq!(once.slot, again.slot, "derived alike by every worker, every time");
    let back = rewrapped(&*pool, &once, 2, 1, true).await;
    assert_eq!(back.slot, pin.slot);
    let other = Made::by(&*pool, KeyType::P256, &opener(1)).await;
    assert_ne!(other.slot, pin.slot, "each credential has a KEK of its own");
    pool.stop().await;
}
