//! PIN tries as leases: a try is taken before the HSM is asked, and whatever becomes of it is counted.
//!
//! A try that is neither won nor given back (its process died) becomes a wrong one when its lease ends. So however
//! many calls run at once, and whenever a process is killed, no more PINs reach the HSM than the policy says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

const DAY: i64 = 24 * 3_600_000;

/// How many tries there are, and what follows when they are spent. Times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TryPolicy {
    /// Tries of a credential, wrong ones plus live leases.
    pub credential: u32,
    /// Tries one client has of them.
    pub client: u32,
    /// How long a try may take before it counts as wrong.
    pub lease: i64,
    /// First lock; doubles with each further one.
    pub lock: i64,
    /// Longest lock.
    pub longest_lock: i64,
    /// Wrong PINs in a row, over all locks, that block the credential for good (until two officers unblock it).
    pub absolute: u32,
}

impl TryPolicy {
    /// For codes of a second factor: five wrong ones lock it, whoever sent them; they block nothing for good.
    pub const FACTOR: Self =
        Self { credential: 5, client: 5, lease: 1, lock: 15 * 60_000, longest_lock: DAY, absolute: u32::MAX };

    /// For codes that were sent: each client has its own, and three of the five tries.
    pub const SENT_CODE: Self = Self { client: 3, ..Self::FACTOR };
}

impl Default for TryPolicy {
    fn default() -> Self {
        const MINUTE: i64 = 60_000;
        Self {
            credential: 5,
            client: 3,
            lease: 30_000,
            lock: 15 * MINUTE,
            longest_lock: 24 * 60 * MINUTE,
            absolute: 15,
        }
    }
}

/// The counters of one credential.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// Wrong PINs since the last right one or the last lock.
    failed: u32,
    /// The same, of each client.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    clients: BTreeMap<String, ClientTries>,
    /// Tries under way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    leases: Vec<Lease>,
    /// End of the lock, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locked_until: Option<i64>,
    /// Locks since the last right PIN.
    locks: u32,
    /// Wrong PINs since the last right one, locks or not.
    in_a_row: u32,
    /// When each client's PIN was right last, Unix milliseconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    last_right: BTreeMap<String, i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ClientTries {
    failed: u32,
    locks: u32,
    locked_until: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    id: String,
    client: String,
    until: i64,
}

/// Whether a try may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// It has: the lease is taken.
    Leased,
    /// Only tries under way stand in its way: ask again when one has ended.
    Wait,
    /// Locked, for all or for this client, until this time (Unix milliseconds).
    Locked(i64),
    /// The absolute cap is reached.
    Exhausted,
}

impl Tries {
    /// Takes a lease, if the counters allow it.
    pub fn begin(&mut self, policy: &TryPolicy, client: &str, lease: &str, now: i64) -> Begin {
        self.expire(policy, now);
        if self.in_a_row >= policy.absolute {
            return Begin::Exhausted;
        }
        if let Some(until) = self.locked_until {
            return Begin::Locked(until);
        }
        let own = self.clients.get(client);
        if let Some(until) = own.and_then(|tries| tries.locked_until) {
            return Begin::Locked(until);
        }
        let own_failed = own.map_or(0, |tries| tries.failed);
        let own_live = count(self.leases.iter().filter(|lease| lease.client == client));
        let live = count(self.leases.iter());
        // The absolute cap holds for tries under way as well, or a burst could pass it.
        if self.failed + live >= policy.credential
            || own_failed + own_live >= policy.client
            || self.in_a_row + live >= policy.absolute
        {
            return Begin::Wait;
        }
        self.leases.push(Lease { id: lease.to_owned(), client: client.to_owned(), until: now + policy.lease });
        Begin::Leased
    }

    /// The PIN was right: clears the total and this client's count. `false` when the lease had ended: then the try
    /// was counted as wrong already, and nothing is cleared.
    pub fn right(&mut self, policy: &TryPolicy, lease: &str, now: i64) -> bool {
        self.expire(policy, now);
        let Some(client) = self.take(lease) else { return false };
        self.clients.remove(&client);
        // Only the last day counts, see `right_since`; older ones would gather.
        self.last_right.retain(|_, last| *last + DAY > now);
        self.last_right.insert(client, now);
        self.failed = 0;
        self.locks = 0;
        self.in_a_row = 0;
        self.locked_until = None;
        true
    }

    /// The PIN was wrong.
    pub fn wrong(&mut self, policy: &TryPolicy, lease: &str, now: i64) {
        self.expire(policy, now);
        if let Some(client) = self.take(lease) {
            self.count_wrong(policy, &client, now);
        }
    }

    /// The device failed, the canary said so: the try is given back.
    pub fn refund(&mut self, lease: &str) {
        self.take(lease);
    }

    /// End of the lock for all, if one runs at this time.
    #[must_use]
    pub fn locked_until(&self, now: i64) -> Option<i64> {
        self.locked_until.filter(|until| *until > now)
    }

    /// End of the lock this client meets, its own or the one for all, if one runs at this time.
    #[must_use]
    pub fn client_locked_until(&self, client: &str, now: i64) -> Option<i64> {
        let own = self.clients.get(client).and_then(|tries| tries.locked_until).filter(|until| *until > now);
        own.max(self.locked_until(now))
    }

    /// Wrong PINs this client may still send before it meets a lock.
    #[must_use]
    pub fn left(&self, policy: &TryPolicy, client: &str) -> u32 {
        let own = self.clients.get(client).map_or(0, |tries| tries.failed);
        policy.client.saturating_sub(own).min(policy.credential.saturating_sub(self.failed))
    }

    /// Whether this client's PIN was right within the last day.
    #[must_use]
    pub fn right_lately(&self, client: &str, now: i64) -> bool {
        self.last_right.get(client).is_some_and(|last| *last + DAY > now)
    }

    /// Whether the absolute cap is reached.
    #[must_use]
    pub const fn exhausted(&self, policy: &TryPolicy) -> bool {
        self.in_a_row >= policy.absolute
    }

    /// Wrong PINs since the last right one or the last lock.
    #[must_use]
    pub const fn failed(&self) -> u32 {
        self.failed
    }

    fn take(&mut self, lease: &str) -> Option<String> {
        let place = self.leases.iter().position(|live| live.id == lease)?;
        Some(self.leases.swap_remove(place).client)
    }

    /// Ends what has run out: leases become wrong tries, locks end and give new tries.
    fn expire(&mut self, policy: &TryPolicy, now: i64) {
        while let Some(place) = self.leases.iter().position(|lease| lease.until <= now) {
            let lease = self.leases.swap_remove(place);
            self.count_wrong(policy, &lease.client, lease.until);
        }
        if self.locked_until.is_some_and(|until| until <= now) {
            self.locked_until = None;
            self.failed = 0;
        }
        for tries in self.clients.values_mut() {
            if tries.locked_until.is_some_and(|until| until <= now) {
                tries.locked_until = None;
                tries.failed = 0;
            }
        }
    }

    fn count_wrong(&mut self, policy: &TryPolicy, client: &str, now: i64) {
        self.failed += 1;
        self.in_a_row += 1;
        let own = self.clients.entry(client.to_owned()).or_default();
        own.failed += 1;
        if own.failed >= policy.client {
            own.locked_until = Some(now + lock_time(policy, own.locks));
            own.locks += 1;
        }
        if self.failed >= policy.credential {
            self.locked_until = Some(now + lock_time(policy, self.locks));
            self.locks += 1;
        }
    }
}

fn lock_time(policy: &TryPolicy, locks: u32) -> i64 {
    policy.lock.saturating_mul(1 << locks.min(20)).min(policy.longest_lock)
}

fn count<'a>(leases: impl Iterator<Item = &'a Lease>) -> u32 {
    u32::try_from(leases.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: TryPolicy =
        TryPolicy { credential: 5, client: 3, lease: 30, lock: 900, longest_lock: 5000, absolute: 15 };

    fn wrong(tries: &mut Tries, client: &str, now: i64) -> Begin {
        let begin = tries.begin(&POLICY, client, "l", now);
        if begin == Begin::Leased {
            tries.wrong(&POLICY, "l", now);
        }
        begin
    }

    #[test]
    fn a_client_has_three_of_five() {
        let mut tries = Tries::default();
        for _ in 0..3 {
            assert_eq!(wrong(&mut tries, "a", 0), Begin::Leased);
        }
        assert_eq!(wrong(&mut tries, "a", 1), Begin::Locked(900));
        assert_eq!(wrong(&mut tries, "b", 1), Begin::Leased);
        assert_eq!(wrong(&mut tries, "b", 2), Begin::Leased);
        assert_eq!(wrong(&mut tries, "c", 3), Begin::Locked(902));
        assert_eq!(wrong(&mut tries, "c", 902), Begin::Leased, "the lock has ended");
    }

    #[test]
    fn live_leases_make_others_wait_not_fail() {
        let mut tries = Tries::default();
        for id in ["1", "2", "3"] {
            assert_eq!(tries.begin(&POLICY, "a", id, 0), Begin::Leased);
        }
        assert_eq!(tries.begin(&POLICY, "a", "4", 0), Begin::Wait);
        assert!(tries.right(&POLICY, "1", 1));
        assert_eq!(tries.begin(&POLICY, "a", "4", 1), Begin::Leased);
    }

    #[test]
    fn a_lease_that_ends_is_a_wrong_try_and_its_winner_comes_too_late() {
        let mut tries = Tries::default();
        tries.begin(&POLICY, "a", "1", 0);
        tries.begin(&POLICY, "a", "2", 31);
        assert_eq!(tries.failed(), 1);
        assert!(!tries.right(&POLICY, "1", 32));
        assert_eq!(tries.failed(), 1);
        assert!(tries.right(&POLICY, "2", 33));
        assert_eq!(tries.failed(), 0);
    }

    #[test]
    fn a_fault_is_refunded() {
        let mut tries = Tries::default();
        tries.begin(&POLICY, "a", "1", 0);
        tries.refund("1");
        tries.begin(&POLICY, "a", "2", 100);
        assert_eq!(tries.failed(), 0);
    }

    #[test]
    fn locks_double_up_to_the_longest() {
        let mut tries = Tries::default();
        let policy = TryPolicy { absolute: 100, client: 100, ..POLICY };
        let mut now = 0;
        let mut locks = Vec::new();
        for _ in 0..5 {
            for _ in 0..5 {
                tries.begin(&policy, "a", "l", now);
                tries.wrong(&policy, "l", now);
            }
            let until = tries.locked_until(now).unwrap_or_default();
            locks.push(until - now);
            now = until;
        }
        assert_eq!(locks, [900, 1800, 3600, 5000, 5000]);
    }

    #[test]
    fn the_absolute_cap_counts_over_locks_and_bursts() {
        let mut tries = Tries::default();
        let (mut now, mut judged) = (0, 0);
        for round in 0..100 {
            match wrong(&mut tries, &format!("c{}", round % 7), now) {
                Begin::Leased => judged += 1,
                Begin::Locked(until) => now = until,
                Begin::Exhausted => break,
                Begin::Wait => {}
            }
        }
        assert_eq!(judged, POLICY.absolute);
        assert!(tries.exhausted(&POLICY));
    }

    #[test]
    fn a_right_pin_clears_the_total_and_its_own_client_only() {
        let mut tries = Tries::default();
        for _ in 0..3 {
            wrong(&mut tries, "evil", 0);
        }
        assert_eq!(tries.begin(&POLICY, "good", "g", 1), Begin::Leased);
        assert!(tries.right(&POLICY, "g", 1));
        assert_eq!(tries.failed(), 0);
        assert!(matches!(tries.begin(&POLICY, "evil", "e", 2), Begin::Locked(_)), "its own lock goes on");
    }
}
