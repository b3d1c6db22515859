//! What both ends of a running session share: keys, numbers, age (3.3, 3.4).

use super::context::Purpose;
use super::life::Life;
use super::record::{Direction, Frame, Place, Plain, seal};
use super::schedule::{Keys, Traffic};
use super::{Failure, MAX_RECORDS, Operation, body::Answer};

/// A session after key confirmation.
pub(super) struct Session {
    pub(super) keys: Box<Keys>,
    pub(super) sid: [u8; 16],
    pub(super) purpose: Purpose,
    pub(super) life: Life,
    /// Number of the exchange: requests and answers alternate strictly, so one number is the seq of both directions.
    pub(super) exchange: u64,
    /// An enrolment brought a second factor, which may be confirmed here.
    pub(super) confirms: bool,
}

impl Session {
    pub(super) const fn new(keys: Box<Keys>, sid: [u8; 16], purpose: Purpose, life: Life) -> Self {
        Self { keys, sid, purpose, life, exchange: 0, confirms: false }
    }

    /// Whether a request of this operation may come now.
    pub(super) fn allows(&self, operation: Operation) -> Result<(), Failure> {
        let confirms = self.confirms && operation == Operation::Factor;
        if confirms || [self.purpose.operation, Operation::Close].contains(&operation) { Ok(()) } else { Err(Failure) }
    }

    /// An answer that its owner has to do something about (note a PIN, set up an app) leaves the rest of the session's
    /// life for that.
    pub(super) const fn heed(&mut self, answer: &Answer) {
        match answer {
            Answer::Enrolled { factor, .. } => {
                self.life.wait_for_owner();
                self.confirms = factor.is_some();
            }
            Answer::Begun(_) => self.life.wait_for_owner(),
            _ => {}
        }
    }

    pub(super) fn seal(&self, direction: Direction, nonce: [u8; 16], op: u8, body: &[u8]) -> Result<Vec<u8>, Failure> {
        seal(self.traffic(direction), self.place(direction), nonce, op, body)
    }

    /// The receiver's order of 3.3 up to the padding; nonce and op are the caller's.
    pub(super) fn open(&self, direction: Direction, record: &[u8], now: u64) -> Result<Plain, Failure> {
        let frame = Frame::parse(record)?;
        if frame.sid != self.sid {
            return Err(Failure);
        }
        match direction {
            Direction::ToServer => self.life.check(now)?,
            Direction::ToClient => self.life.check_exp(now)?,
        }
        frame.open(self.traffic(direction), self.place(direction))
    }

    /// An answer passed. Whether there may be another exchange.
    pub(super) fn advance(&mut self, now: u64) -> bool {
        self.life.used(now);
        self.exchange += 1;
        self.exchange < MAX_RECORDS / 2
    }

    fn traffic(&self, direction: Direction) -> &Traffic {
        match direction {
            Direction::ToServer => &self.keys.c2s,
            Direction::ToClient => &self.keys.s2c,
        }
    }

    fn place(&self, direction: Direction) -> Place {
        Place { direction, sid: self.sid, seq: self.exchange }
    }
}

/// N+1 mod 2¹²⁸: what the answer to N carries (3.4).
pub(super) const fn successor(nonce: [u8; 16]) -> [u8; 16] {
    u128::from_be_bytes(nonce).wrapping_add(1).to_be_bytes()
}
