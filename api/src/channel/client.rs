//! The client's end: [`Greeting`] → [`Ready`] → [`Waiting`] → [`Ready`] …
//!
//! ```text
//! Greeting::start ── hello ──▶            ◀── hello, signature, finished ── Greeting::receive ──▶ Ready
//! Ready::seal ── finished (the first time), record ──▶          ◀── record ── Waiting::open ──▶ Ready
//! ```

use subtle::ConstantTimeEq as _;

use super::body::{Answer, Due, Request};
use super::context::Purpose;
use super::hello::{ClientHello, ServerHello};
use super::identity::Pinned;
use super::life::Life;
use super::record::Direction;
use super::session::{Session, successor};
use super::wire::{HelloAnswer, RecordRequest};
use super::{Ephemeral, Failure, Operation, schedule};

/// Most seconds from now to the `exp` a client believes: twice a session's life, since clocks differ (3.2).
const MAX_EXP_AHEAD: u64 = 600;

/// A ClientHello is on its way.
pub struct Greeting {
    purpose: Purpose,
    ephemeral: Ephemeral,
    hello: Vec<u8>,
}

impl Greeting {
    /// Begins a session. `nonce` is 32 random octets.
    ///
    /// # Errors
    /// The nonce is all zero.
    pub fn start(purpose: Purpose, ephemeral: Ephemeral, nonce: [u8; 32]) -> Result<Self, Failure> {
        if nonce == [0; 32] {
            return Err(Failure);
        }
        let hello = ClientHello { share: ephemeral.share(), nonce, ctx: purpose.ctx }.encode();
        Ok(Self { purpose, ephemeral, hello })
    }

    /// The ClientHello to send.
    #[must_use]
    pub fn hello(&self) -> &[u8] {
        &self.hello
    }

    /// Takes the signer's answer. `now` is Unix seconds by the client's clock.
    ///
    /// # Errors
    /// Whatever is wrong with it: form, expiry, an identity key that is not pinned, signature, key confirmation.
    pub fn receive(self, answer: &HelloAnswer, pinned: &Pinned, now: u64) -> Result<Ready, Failure> {
        let hello = ServerHello::decode(&answer.hello)?;
        let ahead = hello.exp.checked_sub(now).ok_or(Failure)?;
        if ahead == 0 || ahead > MAX_EXP_AHEAD || hello.share == self.ephemeral.share() {
            return Err(Failure);
        }
        let th1 = schedule::th1(&self.hello, &answer.hello)?;
        pinned.verify(&hello.kid, &schedule::signed(&th1), &answer.signature)?;
        let th2 = schedule::th2(&th1, &answer.signature)?;
        let keys = schedule::keys(&self.ephemeral.agree(&hello.share), &th2)?;
        let fin_s = schedule::hmac(&keys.fin_s, &[&th2])?;
        if !bool::from(fin_s.as_slice().ct_eq(&answer.finished)) {
            return Err(Failure);
        }
        let finished = schedule::hmac(&keys.fin_c, &[&schedule::th3(&th2, &fin_s)])?;
        let life = Life::new(hello.exp, now);
        let session = Session::new(keys, hello.sid, self.purpose, life);
        Ok(Ready { session, finished: Some(finished) })
    }
}

/// A request may be sent.
pub struct Ready {
    session: Session,
    /// fin_c, until it went with the first record.
    finished: Option<[u8; 32]>,
}

impl Ready {
    /// Seals a request under N, 16 random octets drawn for it.
    ///
    /// # Errors
    /// The session is over or was idle too long, the operation is not its own, or the request breaks a limit.
    pub fn seal(self, request: &Request, nonce: [u8; 16], now: u64) -> Result<(Waiting, RecordRequest), Failure> {
        let body = request.encode(&self.session.purpose.names)?;
        let (waiting, message) = self.seal_body(request.operation(), body.reveal(), nonce, now)?;
        Ok((Waiting { due: request.due(), ..waiting }, message))
    }

    /// The same with a body that is already octets.
    pub(super) fn seal_body(
        self,
        operation: Operation,
        body: &[u8],
        nonce: [u8; 16],
        now: u64,
    ) -> Result<(Waiting, RecordRequest), Failure> {
        let Self { session, finished } = self;
        session.life.check(now)?;
        session.allows(operation)?;
        let record = session.seal(Direction::ToServer, nonce, operation.request(), body)?;
        let message = RecordRequest { finished: finished.map(|tag| tag.to_vec().into()), record: record.into() };
        Ok((Waiting { session, operation, nonce, due: Due::default() }, message))
    }
}

/// A request is on its way.
pub struct Waiting {
    session: Session,
    operation: Operation,
    nonce: [u8; 16],
    /// What the answer has to bring.
    due: Due,
}

impl Waiting {
    /// Opens the answer. [`Ready`] again, unless the session was closed or has no record left.
    ///
    /// # Errors
    /// Whatever is wrong with it: form, session, time, direction, sequence, tag, padding, N+1, operation, body, more or
    /// less in it than is due.
    pub fn open(self, record: &[u8], now: u64) -> Result<(Answer, Option<Ready>), Failure> {
        let (operation, due) = (self.operation, self.due);
        let names = self.session.purpose.names.clone();
        let (body, mut ready) = self.open_body(record, now)?;
        let answer = Answer::decode(operation, &names, body.reveal())?;
        if !answer.brings(due) {
            return Err(Failure);
        }
        if let Some(ready) = &mut ready {
            ready.session.heed(&answer);
        }
        Ok((answer, ready))
    }

    /// The same, the body left as octets.
    pub(super) fn open_body(self, record: &[u8], now: u64) -> Result<(super::Secret, Option<Ready>), Failure> {
        let Self { mut session, operation, nonce, .. } = self;
        let plain = session.open(Direction::ToClient, record, now)?;
        if plain.nonce != successor(nonce) || plain.op != operation.answer() {
            return Err(Failure);
        }
        // The empty answer to close is the end; any other is a refusal.
        let more = session.advance(now) && (operation != Operation::Close || !plain.body.reveal().is_empty());
        Ok((plain.body, more.then_some(Ready { session, finished: None })))
    }
}
