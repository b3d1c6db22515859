//! Slows down who guesses, without shutting out whom they guess at.
//!
//! Three counts: of an account from one address, of one address, of an account from everywhere. A stranger who fails
//! often waits at their own address; only guessing from very many addresses reaches the third count, which never
//! asks for more than a moment, and not of an address the owner signed in from before. In memory: each replica of
//! the gateway counts for itself.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::port::clock::Clock;

/// A count that nobody added to for so long is forgotten, milliseconds.
const FORGET: i64 = 30 * 60 * 1000;

/// An address its owner signed in from is remembered for so long, milliseconds.
const FAMILIAR: i64 = 30 * 24 * 60 * 60 * 1000;

/// Counts that are kept at once.
const ROOM: usize = 100_000;

/// How often, and how long apart, a try that queues looks whether it may go on: for five seconds.
const LOOKS: u32 = 250;
const LOOK: Duration = Duration::from_millis(20);

/// How often a count lets one try before it asks to wait, and how long it asks to wait at most, milliseconds.
#[derive(Debug, Clone, Copy)]
struct Rule {
    free: u32,
    longest: i64,
}

const PAIR: Rule = Rule { free: 5, longest: 60_000 };
const ADDRESS: Rule = Rule { free: 30, longest: 60_000 };
const ACCOUNT: Rule = Rule { free: 50, longest: 2_000 };

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Pair(String, IpAddr),
    Address(IpAddr),
    Account(String),
}

#[derive(Debug, Clone, Copy)]
struct Count {
    failures: u32,
    /// Tries that are being judged.
    pending: u32,
    last: i64,
    familiar_until: i64,
}

/// Come back in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many tries; the next in {seconds} s")]
pub struct Wait {
    /// Seconds.
    pub seconds: u32,
}

/// The counts.
#[derive(Debug)]
pub struct Throttle {
    counts: Mutex<HashMap<Key, Count>>,
    clock: Arc<dyn Clock>,
}

/// A try that is being judged. Dropped without a word it counts as failed: a caller that hangs up has tried too.
#[derive(Debug)]
pub struct Try {
    throttle: Arc<Throttle>,
    keys: Vec<Key>,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Failed,
    Right,
    Unjudged,
}

impl Try {
    /// It was right: the owner's address is known from now on.
    pub fn succeeded(mut self) {
        self.outcome = Outcome::Right;
    }

    /// It could not be judged.
    pub fn unjudged(mut self) {
        self.outcome = Outcome::Unjudged;
    }
}

impl Drop for Try {
    fn drop(&mut self) {
        self.throttle.settle(&self.keys, self.outcome);
    }
}

/// What becomes of a try that would begin now.
enum Decision {
    Go(Vec<Key>),
    /// So many are being judged that the limit might be reached.
    Later,
    No(Wait),
}

impl Throttle {
    /// None yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { counts: Mutex::default(), clock }
    }

    /// Begins a try, or says how long to wait: then nothing is judged, right or wrong, and nothing is told of whether
    /// there is such an account. Of tries at once no more go on than may fail; the others queue, so that right ones
    /// are never refused for their number.
    ///
    /// # Errors
    /// [`Wait`].
    pub async fn begin(self: &Arc<Self>, account: &str, address: Option<IpAddr>) -> Result<Try, Wait> {
        let mut looks = 0;
        loop {
            match self.decide(account, address.map(network)) {
                Decision::Go(keys) => return Ok(Try { throttle: Arc::clone(self), keys, outcome: Outcome::Failed }),
                Decision::No(wait) => return Err(wait),
                Decision::Later if looks == LOOKS => return Err(Wait { seconds: 1 }),
                Decision::Later => tokio::time::sleep(LOOK).await,
            }
            looks += 1;
        }
    }

    /// Counts a try that was judged and was wrong, or says how long such tries should wait: then it is not counted
    /// again. For what is cheap to judge and cannot be guessed, so that right ones never wait.
    ///
    /// # Errors
    /// [`Wait`].
    pub fn fail(&self, account: &str, address: Option<IpAddr>) -> Result<(), Wait> {
        match self.decide(account, address.map(network)) {
            Decision::Go(keys) => {
                self.settle(&keys, Outcome::Failed);
                Ok(())
            }
            Decision::No(wait) => Err(wait),
            Decision::Later => Err(Wait { seconds: 1 }),
        }
    }

    fn decide(&self, account: &str, address: Option<IpAddr>) -> Decision {
        let now = self.clock.now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = address.map(|address| Key::Pair(account.to_owned(), address));
        let familiar = pair.as_ref().and_then(|pair| counts.get(pair)).is_some_and(|count| count.familiar_until > now);
        let mut keys: Vec<(Key, Rule)> = pair.map(|pair| (pair, PAIR)).into_iter().collect();
        keys.extend(address.map(|address| (Key::Address(address), ADDRESS)));
        if !familiar {
            keys.push((Key::Account(account.to_owned()), ACCOUNT));
        }
        if let Some(wait) = keys.iter().filter_map(|(key, rule)| counts.get(key)?.wait(*rule, now)).max() {
            return Decision::No(Wait { seconds: u32::try_from(wait.div_euclid(1000) + 1).unwrap_or(u32::MAX) });
        }
        if keys.iter().any(|(key, rule)| counts.get(key).is_some_and(|count| count.is_full(*rule, now))) {
            return Decision::Later;
        }
        make_room(&mut counts, now);
        for (key, _) in &keys {
            counts.entry(key.clone()).or_insert(Count::NONE).begin(now);
        }
        Decision::Go(keys.into_iter().map(|(key, _)| key).collect())
    }

    fn settle(&self, keys: &[Key], outcome: Outcome) {
        let now = self.clock.now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            let Some(count) = counts.get_mut(key) else { continue };
            count.pending = count.pending.saturating_sub(1);
            match (outcome, key) {
                (Outcome::Failed, _) => count.fail(now),
                // Only this one: an account of one's own must not wipe the count of an address.
                (Outcome::Right, Key::Pair(..)) => {
                    count.failures = 0;
                    count.familiar_until = now + FAMILIAR;
                }
                (Outcome::Right, _) | (Outcome::Unjudged, _) => {}
            }
        }
    }
}

impl Count {
    const NONE: Self = Self { failures: 0, pending: 0, last: 0, familiar_until: 0 };

    /// Milliseconds until the next try.
    fn wait(&self, rule: Rule, now: i64) -> Option<i64> {
        let over = self.failures.checked_sub(rule.free)?;
        let pause = (1000_i64 << over.min(10)).min(rule.longest);
        let left = self.last + pause - now;
        (left > 0).then_some(left)
    }

    /// Whether another try might be one too many, if all that are under way fail. Over the limit one goes at a time.
    fn is_full(&self, rule: Rule, now: i64) -> bool {
        let failures = if now - self.last >= FORGET { 0 } else { self.failures };
        self.pending > 0 && failures.saturating_add(self.pending) >= rule.free
    }

    fn begin(&mut self, now: i64) {
        if now - self.last >= FORGET {
            self.failures = 0;
        }
        self.pending = self.pending.saturating_add(1);
        self.last = now;
    }

    fn fail(&mut self, now: i64) {
        self.failures = self.failures.saturating_add(1);
        self.last = now;
    }

    fn is_forgotten(&self, now: i64) -> bool {
        self.pending == 0 && now - self.last >= FORGET && self.familiar_until <= now
    }
}

/// With no room left, what is forgotten goes, and if that is not enough, half of the rest.
fn make_room(counts: &mut HashMap<Key, Count>, now: i64) {
    if counts.len() < ROOM {
        return;
    }
    counts.retain(|_, count| !count.is_forgotten(now));
    if counts.len() >= ROOM {
        let mut stays = false;
        counts.retain(|_, _| {
            stays = !stays;
            stays
        });
    }
}

/// Whoever has one IPv6 address has all of its /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let mut octets = address.octets();
            octets[8..].fill(0);
            IpAddr::from(octets)
        }
    }
}

#[cfg(test)]
mod tests;
