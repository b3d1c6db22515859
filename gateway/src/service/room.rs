//! How much strangers may make the gateway keep. What they ask for is written down until its time is over, and nobody
//! has shown who they are by then: so it is counted, and past a bound it is refused.
//!
//! Counted by client and network, and in all; in memory, so each replica counts for itself and a restart forgets, when
//! what was counted has minutes left to live.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::account::throttle::network;
use crate::port::clock::Clock;

/// What one entry counts at least, octets: its row, and what is kept here to count it.
const LEAST: usize = 1024;

/// Octets that may wait.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// In all.
    pub all: usize,
    /// Of one client from one network.
    pub share: usize,
}

/// There is too much already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests wait for their users")]
pub struct Full;

/// What was taken within one lifetime.
#[derive(Debug, Default)]
struct Age {
    all: usize,
    shares: HashMap<(String, Option<IpAddr>), usize>,
}

#[derive(Debug)]
struct Ages {
    began_at: i64,
    now: Age,
    before: Age,
}

/// The count.
#[derive(Debug)]
pub struct Room {
    bounds: Bounds,
    lifetime: i64,
    ages: Mutex<Ages>,
    clock: Arc<dyn Clock>,
}

impl Room {
    /// Room for entries that live so long at most, milliseconds.
    #[must_use]
    pub fn new(bounds: Bounds, lifetime: i64, clock: Arc<dyn Clock>) -> Self {
        let ages = Ages { began_at: clock.now(), now: Age::default(), before: Age::default() };
        Self { bounds, lifetime, ages: Mutex::new(ages), clock }
    }

    /// Takes room for an entry of so many octets. It is never given back, but forgotten: after two lifetimes at most.
    ///
    /// # Errors
    /// [`Full`]; nothing was taken then.
    pub fn take(&self, client: &str, address: Option<IpAddr>, octets: usize) -> Result<(), Full> {
        let octets = octets.max(LEAST);
        let key = (client.to_owned(), address.map(network));
        let mut ages = self.ages.lock().unwrap_or_else(PoisonError::into_inner);
        let age = self.clock.now() - ages.began_at;
        if age >= self.lifetime {
            let is_next = age < 2 * self.lifetime;
            let last = std::mem::take(&mut ages.now);
            ages.before = if is_next { last } else { Age::default() };
            ages.began_at += if is_next { self.lifetime } else { age };
        }
        let share = |age: &Age| age.shares.get(&key).copied().unwrap_or_default();
        let taken = share(&ages.now) + share(&ages.before);
        if taken + octets > self.bounds.share || ages.now.all + ages.before.all + octets > self.bounds.all {
            return Err(Full);
        }
        ages.now.all += octets;
        *ages.now.shares.entry(key).or_default() += octets;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::port::clock::Hands;

    #[test]
    fn there_is_so_much_room_for_each_and_for_all_and_it_comes_back() {
        let clock = Arc::new(Hands::default());
        let bounds = Bounds { all: 10 * LEAST, share: 4 * LEAST };
        let room = Room::new(bounds, 1000, Arc::clone(&clock) as Arc<dyn Clock>);
        let address = |last: u8| Some(IpAddr::from([192, 0, 2, last]));
        for _ in 0..4 {
            assert!(room.take("app", address(1), 1).is_ok());
        }
        assert_eq!(room.take("app", address(1), 1), Err(Full));
        // Another client there, and the client elsewhere, have their own.
        assert!(room.take("other", address(1), 3 * LEAST).is_ok());
        assert_eq!(room.take("other", address(1), 2 * LEAST), Err(Full));
        assert!(room.take("app", address(2), 3 * LEAST).is_ok());
        assert_eq!(room.take("app", address(3), 1), Err(Full), "the room of all");
        clock.0.store(1999, Ordering::Relaxed);
        assert_eq!(room.take("app", address(3), 1), Err(Full));
        clock.0.store(2000, Ordering::Relaxed);
        assert!(room.take("app", address(3), LEAST).is_ok(), "what was taken has expired");
        clock.0.store(3998, Ordering::Relaxed);
        assert!(room.take("app", address(1), 4 * LEAST).is_ok());
    }
}
