//! Slows down who guesses, without shutting out whom they guess at.
//!
//! Failures are counted for an account from one network, for a network, for the site that the network is part of
//! (IPv6), and for an account from everywhere; each count forgets one after a while. The first three refuse who is
//! over them. The last one only sets a pace: over it, tries of an account begin one after the other, in two [`LANES`].
//! Whoever failed on the account lately waits among their like, so that they are not in the way of who has not: the
//! owner, for instance. A network that an account was signed in from is answerable for itself alone there. In memory:
//! each replica of the gateway counts for itself.

mod count;

pub(crate) use self::count::network;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use self::count::{Count, Key, Keys, Rule, make_room};
use crate::port::clock::Clock;

/// An address its owner signed in from is remembered for so long, milliseconds.
const FAMILIAR: i64 = 30 * 24 * 60 * 60 * 1000;

/// Who failed on an account within so long is somebody who failed, milliseconds.
const LATELY: i64 = 30 * 60 * 1000;

/// What the counts let be.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pair: Rule,
    network: Rule,
    /// Of 256 networks.
    site: Rule,
    account: Rule,
}

/// For passwords, which can be guessed: five at once, then one in 30 seconds.
pub const PASSWORDS: Rules = Rules {
    pair: Rule { free: 5, forgets_one: 30_000 },
    network: Rule { free: 30, forgets_one: 30_000 },
    site: Rule { free: 120, forgets_one: 7_500 },
    account: Rule { free: 50, forgets_one: 30_000 },
};

/// For secrets of 256 bits, which cannot: so that nobody keeps the service busy with wrong ones. Who builds an app
/// tries some.
pub const SECRETS: Rules = Rules {
    pair: Rule { free: 50, forgets_one: 1_000 },
    network: Rule { free: 300, forgets_one: 500 },
    site: Rule { free: 1_200, forgets_one: 125 },
    account: Rule { free: 500, forgets_one: 500 },
};

/// Where tries of an account that is over its count wait: for so long after the one before, and so long at most,
/// milliseconds.
#[derive(Debug, Clone, Copy)]
struct Lane {
    pace: i64,
    longest: i64,
}

/// For networks that have not failed on the account lately, and for those that have. The first is full only if 300
/// come within half a minute and ten a second after that, and each has but one such try in half an hour.
const LANES: [Lane; 2] = [Lane { pace: 100, longest: 30_000 }, Lane { pace: 1000, longest: 5_000 }];

/// Who is told from nobody does not wait, but is told to.
const NOWHERE: Lane = Lane { pace: 1000, longest: 0 };

/// How long a try waits for others that are being judged.
const PATIENCE: Duration = Duration::from_secs(5);

/// It looks again after so long even if it missed that one was.
const LOOK: Duration = Duration::from_millis(250);

/// Come back in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many tries; the next in {seconds} s")]
pub struct Wait {
    /// Seconds.
    pub seconds: u32,
}

impl Wait {
    fn of(milliseconds: i64) -> Self {
        Self { seconds: u32::try_from(milliseconds.div_euclid(1000) + 1).unwrap_or(u32::MAX) }
    }
}

/// The counts.
#[derive(Debug)]
pub struct Throttle {
    counts: Mutex<HashMap<Key, Count>>,
    rules: Rules,
    clock: Arc<dyn Clock>,
}

/// A try that is being judged. Dropped without a word it counts as failed: a caller that hangs up has tried too.
#[derive(Debug)]
pub struct Try {
    throttle: Arc<Throttle>,
    keys: Vec<(Key, Rule)>,
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
#[derive(Debug)]
enum Decision {
    /// It begins, after so many milliseconds.
    Go(Vec<(Key, Rule)>, i64),
    /// So many are being judged that the limit might be reached: when one of them is, it may look again.
    Later(Arc<Notify>),
    No(Wait),
}

impl Throttle {
    /// None yet.
    #[must_use]
    pub fn new(rules: Rules, clock: Arc<dyn Clock>) -> Self {
        Self { counts: Mutex::default(), rules, clock }
    }

    /// Begins a try, or says how long to wait: then nothing is judged, right or wrong, and nothing is told of whether
    /// there is such an account. Of tries at once no more go on than may fail; the others queue, so that right ones
    /// are never refused for their number.
    ///
    /// # Errors
    /// [`Wait`].
    pub async fn begin(self: &Arc<Self>, account: &str, address: Option<IpAddr>) -> Result<Try, Wait> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            match self.decide(account, address) {
                Decision::Go(keys, delay) => {
                    let begun = Try { throttle: Arc::clone(self), keys, outcome: Outcome::Failed };
                    if let Ok(delay @ 1..) = u64::try_from(delay) {
                        tokio::time::sleep(Duration::from_millis(delay)).await;
                    }
                    return Ok(begun);
                }
                Decision::No(wait) => return Err(wait),
                Decision::Later(_) if tokio::time::Instant::now() >= deadline => return Err(Wait { seconds: 1 }),
                Decision::Later(judged) => drop(tokio::time::timeout(LOOK, judged.notified()).await),
            }
        }
    }

    /// Counts a try that was judged and was wrong, or says how long such tries should wait: then it is not counted
    /// again. For what is cheap to judge and cannot be guessed, so that right ones never wait.
    ///
    /// # Errors
    /// [`Wait`].
    pub fn fail(&self, account: &str, address: Option<IpAddr>) -> Result<(), Wait> {
        match self.decide(account, address) {
            Decision::Go(keys, 0) => {
                self.settle(&keys, Outcome::Failed);
                Ok(())
            }
            Decision::Go(keys, delay) => {
                self.settle(&keys, Outcome::Unjudged);
                Err(Wait::of(delay))
            }
            Decision::No(wait) => Err(wait),
            Decision::Later(_) => Err(Wait { seconds: 1 }),
        }
    }

    fn decide(&self, account: &str, address: Option<IpAddr>) -> Decision {
        let now = self.clock.now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let Keys { pair, around, account } = Keys::of(account, address, &self.rules);
        let own = pair.as_ref().and_then(|pair| counts.get(pair));
        let is_familiar = own.is_some_and(|count| count.familiar_until > now);
        let has_failed = own.is_some_and(|count| count.failed_at + LATELY > now);
        let lane = if pair.is_none() { NOWHERE } else { LANES[usize::from(has_failed)] };
        let place = usize::from(has_failed || pair.is_none());
        let mut keys: Vec<(Key, Rule)> = pair.into_iter().map(|pair| (pair, self.rules.pair)).collect();
        if !is_familiar {
            keys.extend(around);
        }
        if let Some(wait) = keys.iter().filter_map(|(key, rule)| counts.get(key)?.wait(*rule, now)).max() {
            return Decision::No(Wait::of(wait));
        }
        for (key, rule) in &keys {
            if let Some(count) = counts.get_mut(key).filter(|count| count.is_full(*rule, now)) {
                return Decision::Later(Arc::clone(count.judged.get_or_insert_default()));
            }
        }
        let mut delay = 0;
        if !is_familiar {
            if let Some(count) = counts.get_mut(&account).filter(|count| count.is_over(self.rules.account, now)) {
                delay = (count.next[place] - now).max(0);
                if delay > lane.longest {
                    return Decision::No(Wait::of(delay - lane.longest));
                }
                count.next[place] = now + delay + lane.pace;
            }
            keys.push((account, self.rules.account));
        }
        make_room(&mut counts, now);
        for (key, _) in &keys {
            counts.entry(key.clone()).or_default().pending += 1;
        }
        Decision::Go(keys, delay)
    }

    fn settle(&self, keys: &[(Key, Rule)], outcome: Outcome) {
        let now = self.clock.now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, rule) in keys {
            let Some(count) = counts.get_mut(key) else { continue };
            count.pending = count.pending.saturating_sub(1);
            match (outcome, key) {
                (Outcome::Failed, _) => count.fail(*rule, now),
                // Only this one: an account of one's own must not wipe the count of a network.
                (Outcome::Right, Key::Pair(..)) => {
                    (count.clear_at, count.failed_at) = (now, count::NEVER);
                    count.familiar_until = now + FAMILIAR;
                }
                (Outcome::Right, _) | (Outcome::Unjudged, _) => {}
            }
            if let Some(judged) = count.judged.take() {
                judged.notify_waiters();
            }
        }
    }
}

#[cfg(test)]
mod tests;
