//! How long officers' words on K_MK are good, and how often: a round lasts a day, and ends when two agree.

use rsign_api::bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Act, CeremonyRow, MasterError, Proposed};
use crate::clock::text;
use crate::officers::{self, Proposal};

const MINUTE: i64 = 60_000;

/// What makes a statement one of now. It is drawn when a statement is printed and none is good; officers sign it with the
/// rest, so that no word of theirs outlives it, and none is counted for two things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Drawn: no earlier round had it.
    pub nonce: Bytes,
    /// Words are good before that, Unix milliseconds; a whole minute.
    pub until: i64,
}

impl Round {
    /// From now on.
    #[must_use]
    pub fn begin(now: i64, life: i64, nonce: [u8; 16]) -> Self {
        Self { nonce: Bytes(nonce.to_vec()), until: (now + life) / MINUTE * MINUTE }
    }

    /// Whether a word is good now.
    #[must_use]
    pub const fn holds(&self, now: i64) -> bool {
        now < self.until
    }
}

impl CeremonyRow {
    /// The round of now: the one that goes on, else this. A word of an earlier one is forgotten. One that would end later
    /// than this was begun by a clock that went ahead.
    pub fn join(&mut self, next: Round, now: i64) -> Round {
        match &self.round {
            Some(round) if round.holds(now) && round.until <= next.until => round.clone(),
            _ => {
                self.proposed = None;
                self.round.insert(next).clone()
            }
        }
    }

    /// What an officer signs to agree: text, each line ended by a line feed. The CA's certificate tells this ceremony from
    /// any other's.
    #[must_use]
    pub fn statement(&self, round: &Round, act: Act, officer: &str) -> String {
        let hex = |octets: &[u8]| data_encoding::HEXLOWER.encode(octets);
        let (ceremony, until) = (hex(&Sha256::digest(&self.authority.0)), text(round.until));
        let nonce = hex(&round.nonce.0);
        format!("rsign/master/v2\nceremony {ceremony}\n{act}\nofficer {officer}\nuntil {until}\nround {nonce}\n")
    }

    /// Takes an officer's word of this round; gives the other's name when two agree, and the round is over then. A word on
    /// something else gives way.
    ///
    /// # Errors
    /// [`MasterError::Lapsed`].
    pub fn agree(&mut self, round: &Round, act: Act, word: Proposal, life: i64) -> Result<Option<String>, MasterError> {
        if self.round.as_ref() != Some(round) || !round.holds(word.at) {
            return Err(MasterError::Lapsed);
        }
        let mut waiting = self.proposed.take().filter(|first| first.act == act).map(|first| first.word);
        let first = officers::agree(&mut waiting, word, life);
        self.proposed = waiting.map(|word| Proposed { act, word });
        if first.is_some() {
            self.round = None;
        }
        Ok(first)
    }
}
