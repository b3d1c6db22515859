//! The pause between two tries of who lost a race.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// Longest pause.
const LONGEST: u64 = 50_000; // microseconds

/// Waits a random time below a bound that doubles with each try, so that two losers do not meet again.
pub(super) async fn pause(tries: u32) {
    let bound = LONGEST.min(1_000 << tries.min(16));
    tokio::time::sleep(Duration::from_micros(chance() % bound)).await;
}

/// A number nobody else has at the moment; not for secrets. The standard library keys each hasher at random.
pub(super) fn chance() -> u64 {
    RandomState::new().hash_one(())
}
