//! Documents of B-LTA last as long as the certificate of their newest time-stamp: before that ends they get what shows
//! that it was good, and a newer time-stamp over everything (EN 319 142-1, 5.5; EN 319 122-1, 5.5.3; EN 319 132-1, 5.5.2;
//! TS 119 182-1, 5.3.6).
//!
//! A newer time-stamp says nothing of the one before: so that one is verified first. It is over what is there, its signature
//! is good, its signer's certificate leads to an anchor, and there is a word that it is not revoked.

use std::sync::Arc;

use rsign_ades::evidence::{self as judged, stamp};
use rsign_ades::stored::{self, Stored};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::csc::timestamp::Stampable;
use rsign_api::signer::{ReadTimeStamp, Refusal};

use super::augmentation::{self, Augmentation};
use super::evidence::{self, Evidence};
use super::time_stamps::{self, TimeStamps};
use crate::port::clock::Clock;
use crate::port::signer::{self, Signer};

/// Why a document is not renewed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is neither a PDF nor any other signature that is read here, or what it says is not so.
    #[error(transparent)]
    Stored(#[from] stored::Error),
    /// Nobody would believe its newest time-stamp.
    #[error("its newest time-stamp: {0}")]
    Unbelievable(#[from] stamp::Wrong),
    /// What shows that its newest time-stamp was good is not to be had (any more).
    #[error("no evidence for its newest time-stamp: {0}")]
    Evidence(#[from] evidence::Error),
    /// There is no newer time-stamp.
    #[error("no time-stamp: {0}")]
    TimeStamp(#[from] time_stamps::Error),
    /// The PDF was not augmented.
    #[error("not augmented: {0}")]
    Augmentation(#[from] augmentation::Error),
    /// The signer takes no PDF of this length.
    #[error("it is longer than the signer takes")]
    TooLong,
    /// The signer could not read the PDF.
    #[error(transparent)]
    Signer(#[from] signer::Error),
}

/// What became of a document.
#[derive(Debug)]
pub enum Outcome {
    /// It has no time-stamp over all of it: there is nothing to renew.
    NotLasting,
    /// Its newest time-stamp's certificate lasts until this Unix second, which is not soon.
    NotDue(u64),
    /// It has a newer one.
    Renewed {
        /// The document.
        octets: Vec<u8>,
        /// Until when the certificate of the time-stamp before lasts, Unix second.
        until: u64,
    },
}

/// When a document is due.
#[derive(Debug, Clone, Copy)]
pub enum Due {
    /// Whatever its time-stamp says.
    Always,
    /// When its certificate lasts no more than so many seconds.
    Within(u64),
}

/// The service.
#[derive(Debug)]
pub struct Renewal {
    signer: Arc<dyn Signer>,
    evidence: Arc<Evidence>,
    time_stamps: Arc<TimeStamps>,
    augmentation: Augmentation,
    clock: Arc<dyn Clock>,
}

impl Renewal {
    /// The service.
    #[must_use]
    pub fn new(
        signer: Arc<dyn Signer>,
        evidence: Arc<Evidence>,
        time_stamps: &TimeStamps,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let time_stamps = Arc::new(time_stamps.with_evidence(Arc::clone(&evidence)));
        let augmentation = Augmentation::new(Arc::clone(&signer), Some(Arc::clone(&time_stamps)));
        Self { signer, evidence, time_stamps, augmentation, clock }
    }

    /// Renews a document, if it is due. `content` is what a detached signature signs, asked for where it is needed.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn renew(
        &self,
        document: Vec<u8>,
        content: impl FnOnce() -> Option<Vec<u8>>,
        due: Due,
    ) -> Result<Outcome, Error> {
        if document.starts_with(b"%PDF-") {
            return self.renew_pdf(document, due).await;
        }
        self.renew_stored(&document, content, due).await
    }

    async fn renew_pdf(&self, document: Vec<u8>, due: Due) -> Result<Outcome, Error> {
        let ask = ReadTimeStamp { document: document.into() };
        let found = match self.signer.read_time_stamp(ask.clone()).await {
            Err(signer::Error::Refused(Refusal::Evidence)) => return Err(stored::Error::Imprint.into()),
            Err(signer::Error::Unavailable(why)) if why.is::<signer::TooLong>() => return Err(Error::TooLong),
            found => found?,
        };
        let Some(token) = found.token else { return Ok(Outcome::NotLasting) };
        let until = stamp::judge(&token)?.signer.not_after();
        if !self.is_due(until, due) {
            return Ok(Outcome::NotDue(until));
        }
        let found = self.evidence.gather(&[], Some(&token)).await?;
        let octets = self.augmentation.pdf(ask.document, &found, Some(HashAlgorithm::Sha256)).await?;
        let octets = octets.whole(usize::MAX).map_err(|error| augmentation::Error::Unfinished(error.into()))?;
        Ok(Outcome::Renewed { octets: octets.into_owned(), until })
    }

    /// CMS, JSON and XML: every signature that has an archive time-stamp, if one of them is due.
    async fn renew_stored(
        &self,
        document: &[u8],
        content: impl FnOnce() -> Option<Vec<u8>>,
        due: Due,
    ) -> Result<Outcome, Error> {
        let Some(mut stored) = Stored::read(document)? else { return Ok(Outcome::NotLasting) };
        let mut lasting = Vec::new();
        for signature in 0..stored.signatures() {
            if let Some(token) = stored.newest(signature)? {
                let until = stamp::judge(&token)?.signer.not_after();
                lasting.push((signature, token, until));
            }
        }
        let Some(until) = lasting.iter().map(|(.., until)| *until).min() else { return Ok(Outcome::NotLasting) };
        if !self.is_due(until, due) {
            return Ok(Outcome::NotDue(until));
        }
        if !stored.is_attached() {
            stored.bring(content().ok_or(stored::Error::NoContent)?);
        }
        for (signature, token, _) in &lasting {
            stored.check(*signature, token)?;
        }
        for (signature, token, _) in &lasting {
            let found = self.evidence.gather(&[], Some(token)).await?;
            let (certificates, crls, ocsp) = (found.certificates, found.crls, found.ocsp);
            stored.add(*signature, judged::Evidence { certificates, ocsp, crls })?;
        }
        for (signature, ..) in &lasting {
            let (algorithm, hash) = stored.imprint(*signature)?;
            let token = self.time_stamps.stamp(Stampable { algorithm, hash, nonce: None }).await?;
            stored.stamp(*signature, token)?;
        }
        Ok(Outcome::Renewed { octets: stored.finish()?, until })
    }

    fn is_due(&self, until: u64, due: Due) -> bool {
        let now = u64::try_from(self.clock.now() / 1000).unwrap_or_default();
        match due {
            Due::Always => true,
            Due::Within(seconds) => until <= now.saturating_add(seconds),
        }
    }
}
