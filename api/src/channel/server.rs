//! The signer's end: [`Greeting`] → [`Offered`] → [`Ready`] → [`Working`] → [`Ready`] …
//!
//! ```text
//! ── hello ──▶ Greeting::receive, the HSM signs Greeting::message, Greeting::sign ── hello, signature, finished ──▶
//! ── finished (the first time), record ──▶ Session::receive, the work, Working::seal ── record ──▶
//! ```
//!
//! The signer keeps a [`Session`] by its sid between two messages and takes it *out* for each: whoever finds none
//! there (unknown, ended, or another request in flight) answers with the one failure there is.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::body::{Answer, Due, Request};
use super::context::Purpose;
use super::hello::{ClientHello, ServerHello};
use super::life::Life;
use super::record::{Direction, Plain};
use super::schedule::{self, Keys};
use super::session::{self, successor};
use super::wire::HelloAnswer;
use super::{Ephemeral, Failure, MAX_LIFE, Operation, Secret};

/// What the signer chooses for a session.
pub struct Offer {
    /// Its private key for this handshake.
    pub ephemeral: Ephemeral,
    /// Ns, 32 random octets.
    pub nonce: [u8; 32],
    /// The session's name: the instance's four octets, then twelve random ones.
    pub sid: [u8; 16],
    /// Names the identity key that will sign: [`super::identity::kid`].
    pub kid: [u8; 32],
    /// Seconds the session may live, 1 to [`MAX_LIFE`].
    pub life: u64,
}

/// A ClientHello was taken; the identity signature over both hellos is to be made.
pub struct Greeting {
    purpose: Purpose,
    hello: ServerHello,
    th1: [u8; 32],
    /// The common point's x-coordinate; the private key is already gone.
    z: Box<Zeroizing<[u8; 32]>>,
    now: u64,
}

impl Greeting {
    /// Takes a ClientHello for a purpose the signer computed from its registration. `now` is Unix seconds.
    ///
    /// # Errors
    /// Its form, its point, its nonce or its ctx; or what the signer offers is out of bounds.
    pub fn receive(hello: &[u8], purpose: Purpose, offer: Offer, now: u64) -> Result<Self, Failure> {
        let Offer { ephemeral, nonce, sid, kid, life } = offer;
        let theirs = ClientHello::decode(hello)?;
        let share = ephemeral.share();
        let offered = nonce != [0; 32] && (1..=MAX_LIFE).contains(&life);
        if !offered || theirs.ctx != purpose.ctx || theirs.share == share {
            return Err(Failure);
        }
        let exp = now.checked_add(life).ok_or(Failure)?;
        let ours = ServerHello { sid, share, nonce, exp, kid };
        let th1 = schedule::th1(hello, &ours.encode())?;
        Ok(Self { purpose, hello: ours, th1, z: ephemeral.agree(&theirs.share), now })
    }

    /// What the identity key signs with ECDSA-P256-SHA256: `"RCH1 signer handshake\0" | TH1`, 54 octets.
    #[must_use]
    pub fn message(&self) -> [u8; 54] {
        schedule::signed(&self.th1)
    }

    /// SHA-256 of [`Self::message`], for an HSM mechanism that signs digests (CKM_ECDSA).
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.message()).into()
    }

    /// Goes on with the signature, raw r|s.
    ///
    /// # Errors
    /// None that depends on the client.
    pub fn sign(self, signature: &[u8; 64]) -> Result<(Offered, HelloAnswer), Failure> {
        let Self { purpose, hello, th1, z, now } = self;
        let th2 = schedule::th2(&th1, signature)?;
        let keys = schedule::keys(&z, &th2)?;
        let fin_s = schedule::hmac(&keys.fin_s, &[&th2])?;
        let answer = HelloAnswer {
            hello: hello.encode().into(),
            signature: signature.to_vec().into(),
            finished: fin_s.to_vec().into(),
        };
        let life = Life::new(hello.exp, now);
        Ok((Offered { purpose, sid: hello.sid, keys, th3: schedule::th3(&th2, &fin_s), life }, answer))
    }
}

/// Waits for the client's key confirmation; nothing that concerns records exists yet (3.2).
pub struct Offered {
    purpose: Purpose,
    sid: [u8; 16],
    keys: Box<Keys>,
    th3: [u8; 32],
    life: Life,
}

impl Offered {
    /// The session's name.
    #[must_use]
    pub const fn sid(&self) -> [u8; 16] {
        self.sid
    }

    /// Checks the client's key confirmation, fin_c.
    ///
    /// # Errors
    /// It is wrong, or comes too late.
    pub fn confirm(self, finished: &[u8], now: u64) -> Result<Ready, Failure> {
        let Self { purpose, sid, keys, th3, life } = self;
        life.check(now)?;
        schedule::hmac_matches(&keys.fin_c, &[&th3], finished)?;
        Ok(Ready { session: session::Session::new(keys, sid, purpose, life), nonces: Vec::new() })
    }
}

/// A request may come.
pub struct Ready {
    session: session::Session,
    /// Every N of the session (3.4).
    nonces: Vec<[u8; 16]>,
}

impl Ready {
    /// Opens a request.
    ///
    /// # Errors
    /// Whatever is wrong with it: form, session, time, direction, sequence, tag, padding, a repeated N, an operation
    /// the session is not for, body.
    pub fn open(self, record: &[u8], now: u64) -> Result<(Request, Working), Failure> {
        let (body, working) = self.open_body(record, now)?;
        let request = Request::decode(working.operation, &working.session.purpose.names, body.reveal())?;
        let due = request.due();
        Ok((request, Working { due, ..working }))
    }

    /// The same, the body left as octets.
    pub(super) fn open_body(self, record: &[u8], now: u64) -> Result<(Secret, Working), Failure> {
        let Self { session, mut nonces } = self;
        let Plain { nonce, op, body } = session.open(Direction::ToServer, record, now)?;
        if nonces.contains(&nonce) {
            return Err(Failure);
        }
        nonces.push(nonce);
        let operation = Operation::from_request(op)?;
        session.allows(operation)?;
        Ok((body, Working { session, nonces, nonce, operation, due: Due::default() }))
    }
}

/// A session between two messages.
pub enum Session {
    /// The client has not confirmed the keys yet.
    Offered(Offered),
    /// It has.
    Ready(Ready),
}

impl Session {
    /// Takes the client's next message: `finished` stands in the first one and in no other.
    ///
    /// # Errors
    /// Whatever is wrong with it; the session is gone.
    pub fn receive(self, finished: Option<&[u8]>, record: &[u8], now: u64) -> Result<(Request, Working), Failure> {
        let ready = match (self, finished) {
            (Self::Offered(offered), Some(finished)) => offered.confirm(finished, now)?,
            (Self::Ready(ready), None) => ready,
            _ => return Err(Failure),
        };
        ready.open(record, now)
    }
}

/// A request is being worked on. Dropping this ends the session.
pub struct Working {
    session: session::Session,
    nonces: Vec<[u8; 16]>,
    nonce: [u8; 16],
    operation: Operation,
    /// What the answer has to bring.
    due: Due,
}

/// An answer, and the session to put back: none when it was closed or has no record left.
pub struct Sealed {
    /// The record.
    pub record: Vec<u8>,
    /// What comes next.
    pub next: Option<Ready>,
}

impl Working {
    /// What is being done.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    /// Seals the answer under N+1.
    ///
    /// # Errors
    /// The session is over meanwhile, or the answer does not fit the request.
    pub fn seal(self, answer: &Answer, now: u64) -> Result<Sealed, Failure> {
        let mut working = self;
        if !answer.brings(working.due) {
            return Err(Failure);
        }
        working.session.heed(answer);
        let body = answer.encode(working.operation, &working.session.purpose.names)?;
        working.seal_body(body.reveal(), now)
    }

    /// The same with a body that is already octets.
    pub(super) fn seal_body(self, body: &[u8], now: u64) -> Result<Sealed, Failure> {
        let Self { mut session, nonces, nonce, operation, .. } = self;
        session.life.check_exp(now)?;
        let record = session.seal(Direction::ToClient, successor(nonce), operation.answer(), body)?;
        // The empty answer to close is the end; any other is a refusal.
        let more = session.advance(now) && (operation != Operation::Close || !body.is_empty());
        Ok(Sealed { record, next: more.then_some(Ready { session, nonces }) })
    }
}
