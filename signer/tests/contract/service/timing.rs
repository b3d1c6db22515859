//! what the work of judging a PIN tells. Right and wrong PINs are stretched alike and sent to the HSM in one job
//! alike; inside, a wrong one is opened twice, with the canary between (DESIGN 3), and the answer names the outcome
//! anyway. How wrong a PIN is must not show: no code of ours compares PINs, and AES-KW compares inside the HSM.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rsign_api::algorithm::KeyType;
use rsign_api::signer::Refusal;
use rsign_signer::service::Policy;

use super::house::{House, Owned, hash, refusal};
use super::probe::{Mishap, is_rewrap};

/// Wrong in its last place alone, and in every place.
fn wrong(owned: &Owned) -> [String; 2] {
    let other = |digit: char| char::from(b'0' + (digit as u8 - b'0' + 1) % 10);
    let (last, most) = (owned.pin.chars().last().unwrap(), &owned.pin[..owned.pin.len() - 1]);
    [format!("{most}{}", other(last)), owned.pin.chars().map(other).collect()]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_23_right_and_wrong_pins_are_the_same_work_for_the_hsm_to_be_asked() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let mut asked = Vec::new();
    for pin in [&owned.pin].into_iter().chain(&wrong(&owned)) {
        house.hsm.forget();
        let outcome = house.signer.authorize(&owned.authorize_with(pin, &[hash(1)])).await;
        assert_eq!(outcome.is_ok(), *pin == owned.pin);
        assert_eq!((house.hsm.count(is_rewrap), house.hsm.judged()), (1, 1));
        asked.push(house.hsm.kinds());
    }
    assert!(asked.iter().all(|kinds| *kinds == asked[0]), "{asked:?}");
    house.close().await;
}

/// Milliseconds that the two wrong PINs took, each as often; a right one between them keeps the counters low.
async fn measure(house: &House, owned: &Owned, second: &AtomicBool) -> [Vec<f64>; 2] {
    let pins = wrong(owned);
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..120 {
        for step in 0..2 {
            let which = (round + step) % 2;
            let asked = owned.authorize_with(&pins[which], &[hash(1)]);
            second.store(which == 1, Ordering::Relaxed);
            let begun = Instant::now();
            assert_eq!(refusal(house.signer.authorize(&asked).await), Refusal::WrongPin);
            times[which].push(begun.elapsed().as_secs_f64() * 1000.0);
            second.store(false, Ordering::Relaxed);
            house.signer.authorize(&owned.authorize(&[hash(1)])).await.unwrap();
        }
    }
    times
}

/// Welch's t of two samples, each without its slowest fifth: that is when something else had the processor.
fn welch(samples: [Vec<f64>; 2]) -> f64 {
    let [(mean_a, error_a), (mean_b, error_b)] = samples.map(|mut sample| {
        sample.sort_by(f64::total_cmp);
        sample.truncate(sample.len() * 4 / 5);
        let count = f64::from(u32::try_from(sample.len()).unwrap());
        let mean = sample.iter().sum::<f64>() / count;
        let variance = sample.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    });
    (mean_a - mean_b) / (error_a + error_b).sqrt()
}

/// Above this the difference is one (the usual bound of leakage tests is 4.5).
const DIFFERS: f64 = 6.0;

#[tokio::test(flavor = "multi_thread")]
async fn a_23_how_wrong_a_pin_is_cannot_be_measured() {
    let house = House::with(Policy { brake: 1_000_000, ..Policy::default() }).await;
    let owned = house.enrol(KeyType::P256).await;
    let second = Arc::new(AtomicBool::new(false));
    // A real difference shows each time; noise that looks like one does not come three times.
    let mut seen = Vec::new();
    while seen.len() < 3 && seen.iter().all(|t: &f64| t.abs() >= DIFFERS) {
        seen.push(welch(measure(&house, &owned, &second).await));
    }
    println!("Welch's t: {seen:.2?}");
    assert!(seen.iter().any(|t| t.abs() < DIFFERS), "{seen:?}");
    // That the same measurement finds a leak where there is one. A machine busy with other things hides a small one.
    let mut found = Vec::new();
    for leak in [3, 10, 30, 100, 300] {
        let leaks = Arc::clone(&second);
        house.hsm.rule(move |job| {
            let slow = is_rewrap(job) && leaks.load(Ordering::Relaxed);
            slow.then_some(Mishap::Slow(Duration::from_millis(leak)))
        });
        found.push(welch(measure(&house, &owned, &second).await));
        if found.iter().any(|t| t.abs() >= DIFFERS) {
            break;
        }
    }
    assert!(found.iter().any(|t| t.abs() >= DIFFERS), "{found:?}");
    house.close().await;
}
