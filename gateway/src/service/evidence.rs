//! What a validator will need besides its roots: certificates, and a word on each that can be revoked, judged. A
//! signature of a level that needs it fails where it is not to be had; it never silently becomes one of a lower level.
//!
//! Where a certificate says that OCSP or a CRL is to be had, somebody is asked only after its path was found to end at an
//! anchor: nobody else's certificate sends this service anywhere.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex as Lock, PoisonError};

use rsign_ades::evidence::{Subject, Wrong, crl, ocsp};
use rsign_ades::{cms, digest};
use rsign_api::algorithm::HashAlgorithm;
use tokio::sync::Mutex;

use super::anchors::Anchors;
use super::authority::Authority;
use crate::domain::certificate::Facts;
use crate::port::clock::Clock;
use crate::port::revocations::{Revocations, Unavailable};
use crate::port::signer;

/// How old a CRL or an answer of others may be before it is fetched again, milliseconds.
const FRESH: i64 = 10 * 60 * 1000;
/// CRLs and answers that are kept.
const KEPT: usize = 256;
/// Octets of them, their places included.
const ROOM: usize = 64 << 20;
/// Verdicts on CRLs that are remembered.
const VERDICTS: usize = 4096;
/// How long, milliseconds: what is found good is so for the rest of its minute.
const MINUTE: i64 = 60 * 1000;
/// Places of a certificate that are asked, for each kind.
const PLACES: usize = 4;

/// Why there is no evidence.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A certificate or a token is none.
    #[error("a certificate or token cannot be read: {0}")]
    Malformed(Box<dyn std::error::Error + Send + Sync>),
    /// A certificate does not lead to an anchor.
    #[error("the certificate of {0} leads to none of the anchors; [evidence] anchors names more")]
    NoAnchor(String),
    /// A certificate does not say where its CRL is, or OCSP is answered.
    #[error("a certificate names no source of revocation data")]
    NoSource,
    /// There is more of it than a signature may hold.
    #[error("there is too much revocation data to be put into a signature")]
    TooLong,
    /// The revocation data did not come.
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
    /// All octets together.
    #[must_use]
    pub fn octets(&self) -> u64 {
        [&self.certificates, &self.crls, &self.ocsp].into_iter().flatten().map(|der| der.len() as u64).sum()
    }

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

/// A certificate, and who issued it.
#[derive(Clone, Copy)]
struct Pair<'a> {
    subject: &'a Subject,
    issuer: &'a Subject,
}

/// CRLs that were found good in this minute, each for one certificate: a long one is not read and verified again for every
/// document.
#[derive(Debug, Default)]
struct Verdicts {
    minute: i64,
    good: HashSet<Vec<u8>>,
}

impl Verdicts {
    fn of(&mut self, minute: i64) -> &mut HashSet<Vec<u8>> {
        if self.minute != minute || self.good.len() >= VERDICTS {
            *self = Self { minute, good: HashSet::new() };
        }
        &mut self.good
    }
}

/// The service.
#[derive(Debug)]
pub struct Evidence {
    authority: Arc<Authority>,
    revocations: Arc<dyn Revocations>,
    anchors: Arc<Anchors>,
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<String, (i64, Vec<u8>)>>,
    verdicts: Arc<Lock<Verdicts>>,
}

impl Evidence {
    /// The service.
    #[must_use]
    pub fn new(
        authority: Arc<Authority>,
        revocations: Arc<dyn Revocations>,
        anchors: Arc<Anchors>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { authority, revocations, anchors, clock, kept: Mutex::default(), verdicts: Arc::default() }
    }

    /// For a signer's chain, and for the time-stamp on the signature, where there is one.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn gather(&self, chain: &[Vec<u8>], token: Option<&[u8]>) -> Result<Found, Error> {
        let brought = token.map(cms::token_certificates).transpose().map_err(|error| Error::Malformed(error.into()))?;
        let mut pool = Vec::new();
        for der in chain.iter().chain(brought.iter().flatten()) {
            pool.push(Subject::read(der).map_err(|error| Error::Malformed(error.into()))?);
        }
        let mut found = Found::default();
        let leaves = pool.iter().take(1).chain(pool.iter().skip(chain.len()));
        for leaf in leaves {
            self.follow(leaf, &pool, &mut found).await?;
        }
        Ok(found)
    }

    /// From a certificate up to an anchor; then, and only then, is anybody asked about it.
    async fn follow(&self, leaf: &Subject, pool: &[Subject], found: &mut Found) -> Result<(), Error> {
        if found.certificates.contains(&leaf.der) {
            return Ok(());
        }
        let path = self.anchors.path(leaf, pool).await?.ok_or_else(|| Error::NoAnchor(subject(leaf)))?;
        for (place, subject) in path.iter().enumerate() {
            if found.certificates.contains(&subject.der) {
                return Ok(());
            }
            found.certificates.push(subject.der.clone());
            if let Some(issuer) = path.get(place + 1) {
                self.word(Pair { subject, issuer }, found).await?;
            }
        }
        Ok(())
    }

    /// Something that shows the certificate to be good: an OCSP answer where that is to be had, or else a CRL. That it is
    /// revoked is the end of it, whoever says so.
    async fn word(&self, pair: Pair<'_>, found: &mut Found) -> Result<(), Error> {
        match self.answer(pair, found).await {
            Ok(answer) => {
                put(&mut found.ocsp, answer);
                Ok(())
            }
            Err(revoked @ Error::Wrong(Wrong::Revoked)) => Err(revoked),
            Err(reason) => {
                if !matches!(reason, Error::NoSource) {
                    tracing::warn!(error = &reason as &dyn std::error::Error, "no OCSP answer; a CRL has to do");
                }
                put(&mut found.crls, self.crl(pair).await?);
                Ok(())
            }
        }
    }

    /// An OCSP answer, from where the certificate says. A responder other than the issuer needs
    /// a word on itself, unless its certificate says that nobody need ask.
    async fn answer(&self, pair: Pair<'_>, found: &mut Found) -> Result<Vec<u8>, Error> {
        let urls = pair.subject.ocsp_urls();
        if urls.is_empty() {
            return Err(Error::NoSource);
        }
        if *self.authority.published().await?.certificate.0 == pair.issuer.der {
            return self.own_answer(pair, found).await;
        }
        let request = ocsp::request(&ocsp::Name::of(pair.subject, pair.issuer))
            .map_err(|error| Error::Malformed(error.into()))?;
        let mut last = Error::NoSource;
        for url in urls.into_iter().take(PLACES) {
            let key = format!("{url} {}", data_encoding::HEXLOWER.encode(&request));
            match self.answered(&key, &url, &request, pair, found).await {
                Err(Error::Wrong(Wrong::Revoked)) => return Err(Wrong::Revoked.into()),
                Err(error) => last = error,
                Ok(answer) => return Ok(answer),
            }
        }
        Err(last)
    }

    /// The built-in CA's, which need not be fetched. One that it signed itself (an older signer's) is left: pyHanko, for one,
    /// does not follow such answers once their certificates have expired.
    async fn own_answer(&self, pair: Pair<'_>, found: &mut Found) -> Result<Vec<u8>, Error> {
        let answer = self.authority.word(&ocsp::Name::of(pair.subject, pair.issuer)).await?;
        let judged = ocsp::judge(&answer, pair.subject, pair.issuer, self.now())?;
        if judged.responder.is_none() {
            return Err(Error::NoSource);
        }
        self.bring(judged, pair, found).await?;
        Ok(answer)
    }

    /// The answer from one place.
    async fn answered(
        &self,
        key: &str,
        url: &str,
        request: &[u8],
        pair: Pair<'_>,
        found: &mut Found,
    ) -> Result<Vec<u8>, Error> {
        let judge = |answer: &[u8]| ocsp::judge(answer, pair.subject, pair.issuer, self.now());
        let kept = self.kept(key).await.and_then(|answer| Some((judge(&answer).ok()?, answer)));
        let (judged, answer) = match kept {
            Some(kept) => kept,
            None => {
                let answer = self.revocations.ocsp(url, request.to_vec()).await?;
                let judged = judge(&answer)?;
                self.keep(key.to_owned(), answer.clone()).await;
                (judged, answer)
            }
        };
        self.bring(judged, pair, found).await?;
        Ok(answer)
    }

    /// Who gave an answer, and a word on that one.
    async fn bring(&self, judged: ocsp::Judged, pair: Pair<'_>, found: &mut Found) -> Result<(), Error> {
        if let Some(responder) = judged.responder {
            if !responder.is_exempt() {
                put(&mut found.crls, self.crl(Pair { subject: &responder, issuer: pair.issuer }).await?);
            }
            put(&mut found.certificates, responder.der);
        }
        Ok(())
    }

    /// A CRL: the built-in CA's own, or from where the certificate says.
    async fn crl(&self, pair: Pair<'_>) -> Result<Vec<u8>, Error> {
        let own = self.authority.published().await?;
        if *own.certificate.0 == pair.issuer.der {
            let judged = self.judged(own.crl.0, pair).await;
            if !matches!(judged, Err(Error::Wrong(Wrong::Stale))) {
                return judged;
            }
            // The one that was kept is older than the certificate.
            self.authority.outdate().await;
            return self.judged(self.authority.published().await?.crl.0, pair).await;
        }
        let mut last = Error::NoSource;
        for url in pair.subject.crl_urls().into_iter().take(PLACES) {
            if let Some(crl) = self.kept(&url).await
                && let Ok(crl) = self.judged(crl, pair).await
            {
                return Ok(crl);
            }
            match self.revocations.crl(&url).await {
                Ok(crl) => match self.judged(crl, pair).await {
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

    /// Judged once a minute, where that holds up nobody.
    async fn judged(&self, crl: Vec<u8>, pair: Pair<'_>) -> Result<Vec<u8>, Error> {
        let (subject, issuer, now) = (pair.subject.clone(), pair.issuer.clone(), self.now());
        let (verdicts, minute) = (Arc::clone(&self.verdicts), self.clock.now() / MINUTE);
        let judge = move || {
            let key = verdict(&crl, &subject, &issuer);
            let known = || verdicts.lock().unwrap_or_else(PoisonError::into_inner);
            if !known().of(minute).contains(&key) {
                crl::judge(&crl, &subject, &issuer, now)?;
                known().of(minute).insert(key);
            }
            Ok(crl)
        };
        tokio::task::spawn_blocking(judge).await.map_err(|error| Error::Malformed(error.into()))?
    }

    /// Unix seconds.
    fn now(&self) -> u64 {
        u64::try_from(self.clock.now() / 1000).unwrap_or_default()
    }

    async fn kept(&self, key: &str) -> Option<Vec<u8>> {
        let kept = self.kept.lock().await;
        let (at, octets) = kept.get(key)?;
        (self.clock.now() - at < FRESH).then(|| octets.clone())
    }

    /// Only what was found good: what is bad now may be good in a moment.
    async fn keep(&self, key: String, octets: Vec<u8>) {
        let mut kept = self.kept.lock().await;
        let fresh = key.len() + octets.len();
        if fresh > ROOM {
            return;
        }
        let held: usize = kept.iter().map(|(key, (_, octets))| key.len() + octets.len()).sum();
        if kept.len() >= KEPT || held + fresh > ROOM {
            kept.clear();
        }
        kept.insert(key, (self.clock.now(), octets));
    }
}

/// What a certificate calls its owner, in RFC 4514's escapes.
pub(super) fn subject(certificate: &Subject) -> String {
    Facts::read(&certificate.der).map_or_else(|_| "nobody that can be read".to_owned(), |facts| facts.subject)
}

/// What a verdict is about.
fn verdict(crl: &[u8], subject: &Subject, issuer: &Subject) -> Vec<u8> {
    [crl, &subject.der, &issuer.der].map(|der| digest(HashAlgorithm::Sha256, der)).concat()
}

fn put(all: &mut Vec<Vec<u8>>, one: Vec<u8>) {
    if !all.contains(&one) {
        all.push(one);
    }
}

#[cfg(test)]
mod tests;
