//! A second factor in its credential's row: what was spent of it, and what of wrong codes follows.
//!
//! Nothing secret is here: what the app and the HSM both compute codes from is made of the salt under a key of the
//! token, and what a sent code is known by as well.

use rsign_api::bytes::Bytes;
use rsign_api::signer::FactorKind;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::online::Codes;
use super::tries::{Begin, Tries, TryPolicy};

/// Name of the one try that begins and ends in one step.
const NOW: &str = "now";

/// What a credential needs besides its PIN: a generator of codes (RFC 6238: six digits, 30 seconds, SHA-1), or codes
/// that are drawn and sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// Never [`FactorKind::None`].
    pub kind: FactorKind,
    /// 32 random octets; another factor has another.
    pub salt: Bytes,
    /// Whether its owner has shown a code of it. Where codes are sent there is nothing the owner has to keep.
    pub confirmed: bool,
    /// Number of the 30 seconds whose code was accepted last. Neither it nor an earlier one is good again.
    #[serde(default)]
    pub last_step: u64,
    /// Codes that were sent.
    #[serde(default)]
    pub codes: Codes,
    /// Wrong codes; a count of their own.
    #[serde(default)]
    pub tries: Tries,
}

/// A code as the HSM sees it.
#[derive(Debug, Clone)]
pub enum Presented {
    /// It is that of this step, or of none nearby.
    Step(Option<u64>),
    /// What it is known by if it is the one sent with this nonce.
    Sent {
        /// See [`SentCode::nonce`](super::SentCode::nonce).
        nonce: Bytes,
        /// 32 octets.
        digest: Bytes,
    },
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spend {
    /// Accepted, and spent.
    Accepted,
    /// Wrong, and counted; or there is none it could be (a right one that was spent before, one that expired or was
    /// replaced), which tells nobody anything and is not counted: whoever sends one code twenty times at once is no
    /// guesser.
    Wrong,
    /// Not judged until this time, Unix milliseconds.
    Locked(i64),
}

impl Factor {
    /// A new one; one that its owner has to keep is not confirmed yet.
    #[must_use]
    pub fn new(kind: FactorKind, salt: [u8; 32]) -> Self {
        Self {
            kind,
            salt: Bytes(salt.to_vec()),
            confirmed: kind == FactorKind::Online,
            last_step: 0,
            codes: Codes::default(),
            tries: Tries::default(),
        }
    }

    /// Whose tries count, and how many there are. To a generator all clients are one: each wrong code is a guess at the
    /// same three. A sent code is one client's.
    #[must_use]
    pub const fn tried_by<'a>(&self, client: &'a str) -> (TryPolicy, &'a str) {
        match self.kind {
            FactorKind::Online => (TryPolicy::SENT_CODE, client),
            _ => (TryPolicy::FACTOR, ""),
        }
    }

    /// End of the lock this client's codes meet, if one runs at this time.
    #[must_use]
    pub fn locked_until(&self, client: &str, now: i64) -> Option<i64> {
        self.tries.client_locked_until(self.tried_by(client).1, now)
    }

    /// Spends a code. For one compare-and-set of the row.
    pub fn spend(&mut self, client: &str, presented: &Presented, now: i64) -> Spend {
        let (policy, whose) = self.tried_by(client);
        match self.tries.begin(&policy, whose, NOW, now) {
            Begin::Leased => {}
            Begin::Locked(until) => return Spend::Locked(until),
            Begin::Wait | Begin::Exhausted => return Spend::Locked(now.saturating_add(policy.longest_lock)),
        }
        match self.judge(client, presented, now) {
            Some(true) => {
                self.tries.right(&policy, NOW, now);
                Spend::Accepted
            }
            Some(false) => {
                self.tries.wrong(&policy, NOW, now);
                Spend::Wrong
            }
            None => {
                self.tries.refund(NOW);
                Spend::Wrong
            }
        }
    }

    /// Whether it is right; `None` where no code could be. A right one is gone after this.
    fn judge(&mut self, client: &str, presented: &Presented, now: i64) -> Option<bool> {
        match (self.kind, presented) {
            (FactorKind::Totp, Presented::Step(None)) => Some(false),
            (FactorKind::Totp, Presented::Step(Some(step))) => {
                let is_new = *step > self.last_step;
                self.last_step = self.last_step.max(*step);
                is_new.then_some(true)
            }
            (FactorKind::Online, Presented::Sent { nonce, digest }) => {
                let sent = self.codes.live(client, now).filter(|sent| sent.nonce == *nonce)?;
                let is_right = bool::from(sent.digest.0.ct_eq(&digest.0));
                if is_right {
                    self.codes.end(client);
                }
                Some(is_right)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use super::super::online::{CodePolicy, SentCode};

    const MINUTE: i64 = 60_000;

    fn generator() -> Factor {
        Factor::new(FactorKind::Totp, [1; 32])
    }

    fn step(number: u64) -> Presented {
        Presented::Step(Some(number))
    }

    fn sent(number: u8, digest: u8) -> Presented {
        Presented::Sent { nonce: Bytes(vec![number]), digest: Bytes(vec![digest; 32]) }
    }

    fn send(factor: &mut Factor, client: &str, number: u8, now: i64) {
        let policy = CodePolicy::hourly(3_600_000);
        let code =
            SentCode { nonce: Bytes(vec![number]), digest: Bytes(vec![number; 32]), expires_at: now + policy.life };
        factor.codes.put(&policy, client, code, now).unwrap();
    }

    #[test]
    fn a_sent_code_is_good_once_for_its_client_and_its_time() {
        let mut factor = Factor::new(FactorKind::Online, [1; 32]);
        assert!(factor.confirmed);
        assert_eq!(factor.spend("a", &sent(1, 1), 0), Spend::Wrong, "none was sent");
        send(&mut factor, "a", 1, 0);
        assert_eq!(factor.spend("b", &sent(1, 1), 0), Spend::Wrong, "another client's");
        assert_eq!(factor.spend("a", &step(u64::MAX), 0), Spend::Wrong, "of another kind");
        assert_eq!(factor.tries.failed(), 0, "none of it was a guess");
        assert_eq!(factor.spend("a", &sent(1, 1), 0), Spend::Accepted);
        assert_eq!(factor.spend("a", &sent(1, 1), 0), Spend::Wrong);
        send(&mut factor, "a", 2, 0);
        send(&mut factor, "a", 3, 0);
        assert_eq!(factor.spend("a", &sent(2, 2), 0), Spend::Wrong, "replaced");
        assert_eq!(factor.spend("a", &sent(3, 3), 5 * MINUTE), Spend::Wrong, "expired");
        assert_eq!(factor.spend("a", &sent(3, 3), 5 * MINUTE - 1), Spend::Accepted);
        assert_eq!(factor.tries.failed(), 0);
    }

    #[test]
    fn three_wrong_ones_lock_a_client_five_all() {
        let mut factor = Factor::new(FactorKind::Online, [1; 32]);
        for client in ["a", "b", "c"] {
            send(&mut factor, client, 1, 0);
        }
        for _ in 0..3 {
            assert_eq!(factor.spend("a", &sent(1, 9), 0), Spend::Wrong);
        }
        assert_eq!(factor.spend("a", &sent(1, 1), 0), Spend::Locked(15 * MINUTE));
        assert_eq!(factor.locked_until("a", 0), Some(15 * MINUTE));
        assert_eq!(factor.locked_until("b", 0), None);
        for _ in 0..2 {
            assert_eq!(factor.spend("b", &sent(1, 9), 0), Spend::Wrong);
        }
        assert_eq!(factor.spend("c", &sent(1, 1), 0), Spend::Locked(15 * MINUTE));
        send(&mut factor, "c", 2, 15 * MINUTE);
        assert_eq!(factor.spend("c", &sent(2, 2), 15 * MINUTE), Spend::Accepted);
    }

    #[test]
    fn a_code_is_spent_once_and_earlier_ones_with_it() {
        let mut factor = generator();
        assert_eq!(factor.spend("", &step(10), 0), Spend::Accepted);
        for spent in [10, 9] {
            for _ in 0..20 {
                assert_eq!(factor.spend("", &step(spent), 0), Spend::Wrong);
            }
        }
        assert_eq!(factor.spend("", &step(11), 0), Spend::Accepted);
    }

    #[test]
    fn five_wrong_codes_lock_it_and_locks_double_up_to_a_day() {
        let mut factor = generator();
        let (mut now, mut locks) = (0, Vec::new());
        for round in 0..9 {
            for _ in 0..5 {
                assert_eq!(factor.spend("", &Presented::Step(None), now), Spend::Wrong, "round {round}");
            }
            let Spend::Locked(until) = factor.spend("", &step(u64::MAX), now) else { panic!("not locked") };
            locks.push((until - now) / 60_000);
            now = until;
        }
        assert_eq!(locks, [15, 30, 60, 120, 240, 480, 960, 1440, 1440], "minutes");
        assert_eq!(factor.spend("", &step(1), now), Spend::Accepted);
        for _ in 0..5 {
            factor.spend("", &Presented::Step(None), now);
        }
        assert_eq!(
            factor.spend("", &Presented::Step(None), now),
            Spend::Locked(now + 15 * 60_000),
            "a right one ended the doubling"
        );
    }
}
