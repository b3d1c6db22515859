//! What a validator will need besides its roots: certificates, and CRLs that were judged. A signature of a level that
//! needs them fails where they are not to be had; it never silently becomes one of a lower level.

use std::collections::HashMap;
use std::sync::Arc;

use rsign_ades::cms;
use tokio::sync::Mutex;

use super::authority::Authority;
use crate::domain::evidence::{Subject, Wrong, judge};
use crate::port::clock::Clock;
use crate::port::revocations::{Revocations, Unavailable};
use crate::port::signer;

/// How old a CRL of others may be before it is fetched again, milliseconds.
const FRESH: i64 = 10 * 60 * 1000;
/// CRLs that are kept.
const KEPT: usize = 64;
/// Places of a certificate's CRL that are asked.
const PLACES: usize = 4;
/// Longest chain.
const LONGEST: usize = 8;

/// Why there is no evidence.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A certificate or a token is none.
    #[error("a certificate or token cannot be read: {0}")]
    Malformed(Box<dyn std::error::Error + Send + Sync>),
    /// Nobody knows who issued a certificate.
    #[error("the issuer of a certificate is not known")]
    NoIssuer,
    /// A certificate does not say where its CRL is.
    #[error("a certificate names no CRL")]
    NoSource,
    /// The CRL did not come.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The signer did not give its own.
    #[error(transparent)]
    Signer(#[from] signer::Error),
    /// It came, and shows nothing, or the contrary.
    #[error(transparent)]
    Wrong(#[from] Wrong),
}

/// What was found, DER.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Every certificate of every chain.
    pub certificates: Vec<Vec<u8>>,
    /// A CRL or an OCSP answer for each certificate that can be revoked.
    pub crls: Vec<Vec<u8>>,
    /// `OCSPResponse`s.
    pub ocsp: Vec<Vec<u8>>,
}

impl Found {
    /// With what was found for another signature, each once.
    pub fn add(&mut self, other: Self) {
        self.certificates.extend(other.certificates);
        self.crls.extend(other.crls);
        self.ocsp.extend(other.ocsp);
        for all in [&mut self.certificates, &mut self.crls, &mut self.ocsp] {
            all.sort_unstable();
            all.dedup();
        }
    }
}

/// The service.
#[derive(Debug)]
pub struct Evidence {
    authority: Arc<Authority>,
    revocations: Arc<dyn Revocations>,
    /// Certificates above those that time-stamps bring along.
    anchors: Vec<Vec<u8>>,
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<String, (i64, Vec<u8>)>>,
}

impl Evidence {
    /// The service.
    #[must_use]
    pub fn new(
        authority: Arc<Authority>,
        revocations: Arc<dyn Revocations>,
        anchors: Vec<Vec<u8>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { authority, revocations, anchors, clock, kept: Mutex::default() }
    }

    /// For a signer's chain, and for the time-stamp on the signature, where there is one.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn gather(&self, chain: &[Vec<u8>], token: Option<&[u8]>) -> Result<Found, Error> {
        let brought = token.map(cms::token_certificates).transpose().map_err(|error| Error::Malformed(error.into()))?;
        let mut pool = Vec::new();
        for der in chain.iter().chain(brought.iter().flatten()).chain(&self.anchors) {
            pool.push(Subject::read(der).map_err(|error| Error::Malformed(error.into()))?);
        }
        let leaves = chain.iter().take(1).chain(brought.iter().flatten());
        let mut found = Found::default();
        for leaf in leaves {
            self.follow(leaf, &pool, chain, &mut found).await?;
        }
        Ok(found)
    }

    /// From a certificate up to its root.
    async fn follow(&self, leaf: &[u8], pool: &[Subject], own: &[Vec<u8>], found: &mut Found) -> Result<(), Error> {
        let mut subject = pool.iter().find(|one| one.der == leaf).ok_or(Error::NoIssuer)?;
        for _ in 0..LONGEST {
            if found.certificates.contains(&subject.der) {
                return Ok(());
            }
            found.certificates.push(subject.der.clone());
            if subject.is_root() {
                // One that only a token brought along is nobody's.
                let known = self.anchors.contains(&subject.der) || own.contains(&subject.der);
                return if known { Ok(()) } else { Err(Error::NoIssuer) };
            }
            let issuer = pool.iter().find(|one| subject.is_issued_by(one)).ok_or(Error::NoIssuer)?;
            let crl = self.crl(subject, issuer).await?;
            if !found.crls.contains(&crl) {
                found.crls.push(crl);
            }
            subject = issuer;
        }
        Err(Error::NoIssuer)
    }

    /// A CRL that shows the certificate to be good: the built-in CA's own, or where the certificate says.
    async fn crl(&self, subject: &Subject, issuer: &Subject) -> Result<Vec<u8>, Error> {
        let own = self.authority.published().await?;
        if *own.certificate.0 == issuer.der {
            return self.judged(own.crl.0, subject, issuer);
        }
        let mut last = Error::NoSource;
        for url in subject.crl_urls().into_iter().take(PLACES) {
            if let Some(crl) = self.kept(&url).await
                && let Ok(crl) = self.judged(crl, subject, issuer)
            {
                return Ok(crl);
            }
            match self.revocations.crl(&url).await {
                Ok(crl) => match self.judged(crl, subject, issuer) {
                    Err(Error::Wrong(wrong)) if wrong != Wrong::Revoked => last = wrong.into(),
                    outcome => {
                        if let Ok(crl) = &outcome {
                            self.keep(url, crl.clone()).await;
                        }
                        return outcome;
                    }
                },
                Err(error) => last = error.into(),
            }
        }
        Err(last)
    }

    fn judged(&self, crl: Vec<u8>, subject: &Subject, issuer: &Subject) -> Result<Vec<u8>, Error> {
        let now = u64::try_from(self.clock.now() / 1000).unwrap_or_default();
        judge(&crl, subject, issuer, now)?;
        Ok(crl)
    }

    async fn kept(&self, url: &str) -> Option<Vec<u8>> {
        let kept = self.kept.lock().await;
        let (at, crl) = kept.get(url)?;
        (self.clock.now() - at < FRESH).then(|| crl.clone())
    }

    /// Only what was found good: what is bad now may be good in a moment.
    async fn keep(&self, url: String, crl: Vec<u8>) {
        let mut kept = self.kept.lock().await;
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(url, (self.clock.now(), crl));
    }
}

#[cfg(test)]
mod tests;
