//! What a PIN alone does not withstand, shown and measured (security.md, section 0, row 5).

use std::time::Instant;

use rsign_api::algorithm::KeyType;
use rsign_signer::hsm::{Answer, Hsm as _, Job, Opener};
use rsign_signer::pin::{Memory, Pin};
use secrecy::SecretString;

use super::house::House;

/// PINs that are tried; the right one is among them.
const GUESSES: usize = 400;

/// Whoever holds the signer's store *and* the HSM login tries PINs as fast as the HSM derives and unwraps, past every
/// counter. The time is printed, not judged.
#[tokio::test(flavor = "multi_thread")]
async fn a_pin_alone_falls_to_whoever_holds_the_store_and_the_hsm_login() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let row = house.row(&owned).await;
    let slot = row.slot.clone().unwrap();
    let right: u64 = owned.pin.parse().unwrap();
    let first = right.saturating_sub(GUESSES as u64 - 1);
    let memory = Memory::default();
    let began = Instant::now();
    let mut found = None;
    for number in first..first + GUESSES as u64 {
        let guess = Pin::to_judge(&SecretString::from(format!("{number:08}")));
        let opener = row.binding().opener(&guess, &slot.stretching, slot.master, &memory).unwrap();
        let new_opener = Opener::new(slot.master, [7; 32].into());
        let job = Job::Rewrap { opener, slot: slot.wrapped.0.clone(), new_opener, check: false, renew: None };
        if matches!(house.hsm.run(job).await, Ok(Answer::Rewrapped { .. })) {
            found = Some(number);
        }
    }
    let each = began.elapsed().as_secs_f64() / GUESSES as f64;
    let hours = |pins: f64| each * pins / 3600.0;
    println!(
        "{:.3} ms a PIN one after the other, canary and second look included: {:.2} h for six digits, {:.0} h for eight",
        each * 1000.0,
        hours(1e6),
        hours(1e8)
    );
    assert_eq!(found, Some(right), "the counter would have stopped this after five; the HSM did not");
    assert_eq!(house.row(&owned).await, row, "and nothing was counted");
    house.close().await;
}

/// Without the HSM the store alone says nothing of the PIN: what the slot holds opens under no key that can be computed
/// from the row, for the right PIN as little as for a wrong one.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_alone_tells_no_pin_from_another() {
    let house = House::open().await;
    let other = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let row = house.row(&owned).await;
    let slot = row.slot.clone().unwrap();
    for pin in [owned.pin.clone(), owned.wrong_pin(1)] {
        let pin = Pin::to_judge(&SecretString::from(pin));
        let opener = row.binding().opener(&pin, &slot.stretching, slot.master, &Memory::default()).unwrap();
        let new_opener = Opener::new(slot.master, [7; 32].into());
        let job = Job::Rewrap { opener, slot: slot.wrapped.0.clone(), new_opener, check: false, renew: None };
        assert!(matches!(other.hsm.run(job).await, Ok(Answer::Refused)), "another token opened it");
    }
    house.close().await;
    other.close().await;
}
