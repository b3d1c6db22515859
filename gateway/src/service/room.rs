//! How much strangers may make the gateway keep. What they ask for is written down until its time is over, and nobody
//! has shown who they are by then: so it is counted, and past a bound it is refused.
//!
//! Counted by client and network, and in all; in memory, so each replica counts for itself and a restart forgets, when
//! what was counted has minutes left to live.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    shares: HashMap<Share, usize>,
}

/// Whose room it is.
type Share = (String, Option<IpAddr>);

#[derive(Debug)]
struct Ages {
    began_at: i64,
    /// How many have begun.
    number: u64,
    now: Age,
    before: Age,
}

impl Ages {
    /// A new age, where the last one is over.
    fn turn(&mut self, now: i64, lifetime: i64) {
        let age = now - self.began_at;
        if age >= lifetime {
            let is_next = age < 2 * lifetime;
            let last = std::mem::take(&mut self.now);
            self.before = if is_next { last } else { Age::default() };
            self.began_at += if is_next { lifetime } else { age };
            self.number += if is_next { 1 } else { 2 };
        }
    }

    /// The one of this number, if it is not forgotten.
    fn of(&mut self, number: u64) -> Option<&mut Age> {
        match self.number - number {
            0 => Some(&mut self.now),
            1 => Some(&mut self.before),
            _ => None,
        }
    }
}

impl Age {
    fn add(&mut self, share: Share, octets: usize) {
        self.all += octets;
        *self.shares.entry(share).or_default() += octets;
    }

    fn subtract(&mut self, share: &Share, octets: usize) {
        self.all = self.all.saturating_sub(octets);
        if let Some(taken) = self.shares.get_mut(share) {
            *taken = taken.saturating_sub(octets);
        }
    }
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
        let ages = Ages { began_at: clock.now(), number: 0, now: Age::default(), before: Age::default() };
        Self { bounds, lifetime, ages: Mutex::new(ages), clock }
    }

    /// Takes room for an entry of so many octets. It is never given back, but forgotten: after two lifetimes at most.
    ///
    /// # Errors
    /// [`Full`]; nothing was taken then.
    pub fn take(&self, client: &str, address: Option<IpAddr>, octets: usize) -> Result<(), Full> {
        self.taken((client.to_owned(), address.map(network)), octets.max(LEAST)).map(drop)
    }

    /// Takes room for what is to come, of a client from anywhere; given back unless it is kept.
    ///
    /// # Errors
    /// See [`Self::take`].
    pub fn hold(self: &Arc<Self>, client: &str, octets: usize) -> Result<Held, Full> {
        let (share, octets) = ((client.to_owned(), None), octets.max(LEAST));
        let age = self.taken(share.clone(), octets)?;
        Ok(Held { room: Arc::clone(self), share, octets, age })
    }

    /// The number of the age that it counts in.
    fn taken(&self, key: Share, octets: usize) -> Result<u64, Full> {
        let mut ages = self.ages();
        let share = |age: &Age| age.shares.get(&key).copied().unwrap_or_default();
        let (taken, all) = (share(&ages.now) + share(&ages.before), ages.now.all + ages.before.all);
        let fits = |taken: usize, most: usize| taken.checked_add(octets).is_some_and(|sum| sum <= most);
        if !fits(taken, self.bounds.share) || !fits(all, self.bounds.all) {
            return Err(Full);
        }
        ages.now.add(key, octets);
        Ok(ages.number)
    }

    /// As they are now.
    fn ages(&self) -> MutexGuard<'_, Ages> {
        let mut ages = self.ages.lock().unwrap_or_else(PoisonError::into_inner);
        ages.turn(self.clock.now(), self.lifetime);
        ages
    }
}

/// Room for what is to come.
#[derive(Debug)]
pub struct Held {
    room: Arc<Room>,
    share: Share,
    octets: usize,
    age: u64,
}

impl Held {
    /// It came, and has so many octets: it counts from now on, even if it is longer than was thought.
    pub fn keep(self, octets: usize) {
        self.room.ages().now.add(self.share.clone(), octets.max(LEAST));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(age) = self.room.ages().of(self.age) {
            age.subtract(&self.share, self.octets);
        }
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

    #[test]
    fn what_is_held_is_given_back_or_counts_as_it_came() {
        let clock = Arc::new(Hands::default());
        let bounds = Bounds { all: 20 * LEAST, share: 10 * LEAST };
        let room = Arc::new(Room::new(bounds, 1000, Arc::clone(&clock) as Arc<dyn Clock>));
        let fits = |octets: usize| room.hold("app", octets).is_ok();
        let held = room.hold("app", 8 * LEAST).unwrap();
        assert!(!fits(3 * LEAST) && fits(2 * LEAST));
        drop(held);
        assert!(fits(10 * LEAST) && !fits(usize::MAX));
        // Shorter than was thought, and longer.
        room.hold("app", 8 * LEAST).unwrap().keep(LEAST);
        assert!(fits(9 * LEAST) && !fits(10 * LEAST));
        room.hold("app", LEAST).unwrap().keep(12 * LEAST);
        assert!(!fits(1), "it is there, so it counts");
        // Given back in the age after the one it was taken in, and long after both.
        clock.0.store(2000, Ordering::Relaxed);
        let [early, late] = [room.hold("app", 5 * LEAST).unwrap(), room.hold("app", 5 * LEAST).unwrap()];
        clock.0.store(3000, Ordering::Relaxed);
        assert!(!fits(1));
        drop(early);
        assert!(fits(5 * LEAST) && !fits(6 * LEAST));
        clock.0.store(9000, Ordering::Relaxed);
        assert!(room.take("app", None, 10 * LEAST).is_ok());
        drop(late);
        assert!(!fits(1), "what was forgotten is not given back twice");
    }
}
