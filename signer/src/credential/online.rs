//! Codes that were sent and wait to be presented, and how often one may be sent.
//!
//! A code belongs to the client that asked for it: nobody else's request takes it away, and nobody else can use it.

use std::collections::BTreeMap;

use rsign_api::bytes::Bytes;
use serde::{Deserialize, Serialize};

/// How long codes live and how often they are sent. Times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodePolicy {
    /// Life of a code.
    pub life: i64,
    /// Time in which one client earns another code of a credential.
    pub client: i64,
    /// Codes a client may have at once that it has not earned yet.
    pub client_burst: i64,
    /// Time in which all clients together earn another code of a credential.
    pub credential: i64,
    /// Codes they may have at once.
    pub credential_burst: i64,
}

impl CodePolicy {
    /// So many codes an hour of one credential for all clients, half as many for each one.
    #[must_use]
    pub fn hourly(codes: u32) -> Self {
        let every = (3_600_000 / i64::from(codes.max(2))).max(1);
        Self { life: 5 * 60_000, client: 2 * every, client_burst: 5, credential: every, credential_burst: 10 }
    }
}

impl Default for CodePolicy {
    fn default() -> Self {
        Self::hourly(60)
    }
}

/// What is out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codes {
    /// By client; at most as many as the pace lets out in a code's life.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    live: BTreeMap<String, SentCode>,
    /// When each client will have earned the codes it had, Unix milliseconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    earned: BTreeMap<String, i64>,
    /// The same of all together.
    #[serde(default)]
    earned_by_all: i64,
}

/// A code that was sent, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCode {
    /// 16 random octets; another code has others.
    pub nonce: Bytes,
    /// What the HSM makes of the code with [`code_data`](crate::pin::Binding::code_data).
    pub digest: Bytes,
    /// Unix milliseconds.
    pub expires_at: i64,
}

impl Codes {
    /// How long this client has to wait for another code, milliseconds; `None` when it may have one now.
    #[must_use]
    pub fn wait(&self, policy: &CodePolicy, client: &str, now: i64) -> Option<i64> {
        let own = self.earned.get(client).copied().unwrap_or_default();
        let own = own - now - policy.client * (policy.client_burst - 1);
        let all = self.earned_by_all - now - policy.credential * (policy.credential_burst - 1);
        Some(own.max(all)).filter(|wait| *wait > 0)
    }

    /// Puts a code out, in the place of the client's earlier one. For one compare-and-set of the row.
    ///
    /// # Errors
    /// How long to wait, milliseconds.
    pub fn put(&mut self, policy: &CodePolicy, client: &str, code: SentCode, now: i64) -> Result<(), i64> {
        if let Some(wait) = self.wait(policy, client, now) {
            return Err(wait);
        }
        self.live.retain(|_, code| code.expires_at > now);
        self.earned.retain(|_, earned| *earned > now);
        let own = self.earned.entry(client.to_owned()).or_insert(now);
        *own += policy.client;
        self.earned_by_all = self.earned_by_all.max(now) + policy.credential;
        self.live.insert(client.to_owned(), code);
        Ok(())
    }

    /// The client's code, if it is still good.
    #[must_use]
    pub fn live(&self, client: &str, now: i64) -> Option<&SentCode> {
        self.live.get(client).filter(|code| code.expires_at > now)
    }

    /// Takes the client's code away.
    pub fn end(&mut self, client: &str) {
        self.live.remove(client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: CodePolicy =
        CodePolicy { life: 300_000, client: 120_000, client_burst: 2, credential: 60_000, credential_burst: 3 };

    fn code(number: u8, expires_at: i64) -> SentCode {
        SentCode { nonce: Bytes(vec![number]), digest: Bytes(vec![number; 32]), expires_at }
    }

    #[test]
    fn a_new_code_takes_the_place_of_the_clients_earlier_one_alone() {
        let mut codes = Codes::default();
        for (client, number) in [("a", 1), ("b", 2), ("a", 3)] {
            assert_eq!(codes.put(&POLICY, client, code(number, 300_000), 0), Ok(()));
        }
        assert_eq!(codes.live("a", 0).unwrap().nonce, Bytes(vec![3]));
        assert_eq!(codes.live("b", 299_999).unwrap().nonce, Bytes(vec![2]));
        assert!(codes.live("c", 0).is_none() && codes.live("b", 300_000).is_none());
        codes.end("a");
        assert!(codes.live("a", 0).is_none() && codes.live("b", 0).is_some());
    }

    #[test]
    fn a_client_has_its_pace_and_all_together_have_theirs() {
        let mut codes = Codes::default();
        let mut put = |client, now| codes.put(&POLICY, client, code(1, now + 300_000), now);
        assert_eq!([put("a", 0), put("a", 0), put("a", 0)], [Ok(()), Ok(()), Err(120_000)]);
        assert_eq!([put("b", 0), put("b", 0)], [Ok(()), Err(60_000)], "three of all are out");
        assert_eq!([put("a", 60_000), put("b", 60_000)], [Err(60_000), Ok(())]);
        assert_eq!(put("a", 120_000), Ok(()));
        // Who is long gone leaves nothing behind.
        assert_eq!(put("c", 10_000_000), Ok(()));
        assert_eq!((codes.earned.len(), codes.live.len()), (1, 1));
    }
}
