//! What the token itself can do, for `rsign bench`: raw calls from threads of one process, no rsign around them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};

use super::generate::{key_pair, kind};
use super::sign::sign_digest;
use super::template::{self, Extractable, Usage};
use super::{Token, TokenError};
use crate::hsm::Opener;

/// Which floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloorKind {
    /// Derive, one unwrap of the private key directly under the derived key, sign, destroy.
    Path,
    /// C_Sign alone, with a key that stays.
    Sign,
}

/// A key prepared for measuring.
#[derive(Debug)]
pub struct Floor {
    key: KeyType,
    scheme: Scheme,
    wrapped: Vec<u8>,
    opener: Opener,
}

impl Floor {
    /// Makes a key and wraps it under a derived key.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn prepare(token: &Token, key: KeyType) -> Result<Self, TokenError> {
        let hash = HashAlgorithm::Sha256;
        let scheme = if key.is_rsa() { Scheme::Pkcs1 { hash } } else { Scheme::Ecdsa { hash } };
        let opener = Opener::new(token.current, [0x5a; 32].into());
        let session = token.session()?;
        let (_, private) = key_pair(&session, key, &template::signing_key(kind(key), Extractable::Yes), None)?;
        let master = token.master(opener.master)?.key;
        let wrapping = token.derive.derive(&session, master, &opener, &direct(token, Usage::Wrap))?;
        let wrapped = token.raw.wrap(&session, token.wrap.number(), wrapping, private)?;
        Ok(Self { key, scheme, wrapped, opener })
    }

    /// Signatures made in `time` by as many threads.
    ///
    /// # Errors
    /// The first failure of any thread.
    pub fn run(
        &self,
        token: &Token,
        kind: FloorKind,
        threads: usize,
        time: Duration,
    ) -> Result<(u64, Duration), TokenError> {
        let (stop, count, start) = (AtomicBool::new(false), AtomicU64::new(0), Instant::now());
        std::thread::scope(|scope| {
            let lanes: Vec<_> = (0..threads).map(|_| scope.spawn(|| self.lane(token, kind, &stop, &count))).collect();
            std::thread::sleep(time);
            stop.store(true, Ordering::Relaxed);
            lanes.into_iter().try_for_each(|lane| {
                lane.join().unwrap_or_else(|_| Err(TokenError::Device("a lane panicked".to_owned())))
            })
        })?;
        Ok((count.into_inner(), start.elapsed()))
    }

    fn lane(&self, token: &Token, kind: FloorKind, stop: &AtomicBool, count: &AtomicU64) -> Result<(), TokenError> {
        let digest = [0xa5; 32];
        let kept = token.session()?;
        let kept_key = self.open(token, &kept)?;
        while !stop.load(Ordering::Relaxed) {
            match kind {
                FloorKind::Sign => {
                    sign_digest(&kept, kept_key, self.key, self.scheme, &digest)?;
                }
                FloorKind::Path => {
                    let session = token.session()?;
                    let private = self.open(token, &session)?;
                    sign_digest(&session, private, self.key, self.scheme, &digest)?;
                }
            }
            count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn open(&self, token: &Token, session: &Session) -> Result<ObjectHandle, TokenError> {
        let master = token.master(self.opener.master)?.key;
        let key = token.derive.derive(session, master, &self.opener, &direct(token, Usage::Unwrap))?;
        let template = template::signing_key(kind(self.key), Extractable::No);
        Ok(token.raw.unwrap(session, token.wrap.number(), key, &self.wrapped, &template)?)
    }
}

/// A wrapping key that may wrap a private key: the same template with the other mechanism.
fn direct(token: &Token, usage: Usage) -> Vec<cryptoki::object::Attribute> {
    let mut template = template::wrapping_key(usage);
    template.retain(|attribute| !matches!(attribute, cryptoki::object::Attribute::AllowedMechanisms(_)));
    if let Some(kwp) = token.wrap.mechanism_type() {
        template.push(cryptoki::object::Attribute::AllowedMechanisms(vec![kwp]));
    }
    template
}
