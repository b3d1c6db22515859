//! A second factor in its credential's row: what was spent of it, and what of wrong codes follows.
//!
//! Nothing secret is here: what the app and the HSM both compute codes from is made of the salt under a key of the
//! token.

use rsign_api::bytes::Bytes;
use rsign_api::signer::FactorKind;
use serde::{Deserialize, Serialize};

use super::tries::{Begin, Tries, TryPolicy};

/// Name of the one try that begins and ends in one step.
const NOW: &str = "now";

/// A generator of codes (RFC 6238): six digits, 30 seconds, SHA-1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// [`FactorKind::Totp`].
    pub kind: FactorKind,
    /// 32 random octets; another factor has another.
    pub salt: Bytes,
    /// Whether its owner has shown a code of it.
    pub confirmed: bool,
    /// Number of the 30 seconds whose code was accepted last. Neither it nor an earlier one is good again.
    pub last_step: u64,
    /// Wrong codes; a count of their own.
    #[serde(default)]
    pub tries: Tries,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spend {
    /// Accepted, and spent.
    Accepted,
    /// Wrong, and counted; or a right one that was spent before, which tells nobody anything and is not counted:
    /// whoever sends one code twenty times at once is no guesser.
    Wrong,
    /// Not judged until this time, Unix milliseconds.
    Locked(i64),
}

impl Factor {
    /// A new one, not confirmed yet.
    #[must_use]
    pub fn new(salt: [u8; 32]) -> Self {
        Self {
            kind: FactorKind::Totp,
            salt: Bytes(salt.to_vec()),
            confirmed: false,
            last_step: 0,
            tries: Tries::default(),
        }
    }

    /// Spends a code which is that of `step`, or of none nearby. For one compare-and-set of the row.
    pub fn spend(&mut self, policy: &TryPolicy, step: Option<u64>, now: i64) -> Spend {
        // All clients are one: a code is six digits, and each wrong one is a guess at the same three.
        match self.tries.begin(policy, "", NOW, now) {
            Begin::Leased => {}
            Begin::Locked(until) => return Spend::Locked(until),
            Begin::Wait | Begin::Exhausted => return Spend::Locked(now.saturating_add(policy.longest_lock)),
        }
        match step {
            Some(step) if step > self.last_step => {
                self.tries.right(policy, NOW, now);
                self.last_step = step;
                Spend::Accepted
            }
            Some(_) => {
                self.tries.refund(NOW);
                Spend::Wrong
            }
            None => {
                self.tries.wrong(policy, NOW, now);
                Spend::Wrong
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: TryPolicy = TryPolicy::FACTOR;

    #[test]
    fn a_code_is_spent_once_and_earlier_ones_with_it() {
        let mut factor = Factor::new([1; 32]);
        assert_eq!(factor.spend(&POLICY, Some(10), 0), Spend::Accepted);
        for spent in [10, 9] {
            for _ in 0..20 {
                assert_eq!(factor.spend(&POLICY, Some(spent), 0), Spend::Wrong);
            }
        }
        assert_eq!(factor.spend(&POLICY, Some(11), 0), Spend::Accepted);
    }

    #[test]
    fn five_wrong_codes_lock_it_and_locks_double_up_to_a_day() {
        let mut factor = Factor::new([1; 32]);
        let (mut now, mut locks) = (0, Vec::new());
        for round in 0..9 {
            for _ in 0..5 {
                assert_eq!(factor.spend(&POLICY, None, now), Spend::Wrong, "round {round}");
            }
            let Spend::Locked(until) = factor.spend(&POLICY, Some(u64::MAX), now) else { panic!("not locked") };
            locks.push((until - now) / 60_000);
            now = until;
        }
        assert_eq!(locks, [15, 30, 60, 120, 240, 480, 960, 1440, 1440], "minutes");
        assert_eq!(factor.spend(&POLICY, Some(1), now), Spend::Accepted);
        for _ in 0..5 {
            factor.spend(&POLICY, None, now);
        }
        assert_eq!(
            factor.spend(&POLICY, None, now),
            Spend::Locked(now + 15 * 60_000),
            "a right one ended the doubling"
        );
    }
}
