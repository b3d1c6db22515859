//! Documents of B-LTA last as long as the certificate of their newest time-stamp: before that ends they get what shows
//! that it was good, and a newer time-stamp over everything (EN 319 142-1, 5.5; EN 319 122-1, 5.5.3; EN 319 132-1, 5.5.2;
//! TS 119 182-1, 5.3.6).
//!
//! A newer time-stamp says nothing of the one before: so that one is verified first. It is over what is there, its signature
//! is good, its signer's certificate leads to an anchor, and there is a word that it is not revoked. All that is read of a
//! document is read by the signer's helper; of what it finds this process looks at certificates alone.

use std::sync::Arc;

use rsign_ades::evidence::stamp;
use rsign_api::bytes::Bytes;
use rsign_api::csc::timestamp::Stampable;
use rsign_api::octets::Octets;
use rsign_api::parts::{self, Part};
use rsign_api::signer::{EvidenceOctets, NewestStamp, RENEWAL, Refusal, RenewDocument, RenewedDocument, StampImprint};

use super::evidence::{self, Evidence, Found};
use super::time_stamps::{self, TimeStamps};
use crate::port::clock::Clock;
use crate::port::signer::{self, Signer};

/// First octet of a CMS, of which all is put together anew but what it signs.
const CMS: u8 = 0x30;

/// Why a document is not renewed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is neither a PDF nor any other signature that is read here, or what it says is not so.
    #[error("{0}")]
    Unfit(String),
    /// What a detached signature signs is not there.
    #[error("it is a detached signature, and what it signs is not beside it")]
    NoContent,
    /// What shows that its newest time-stamp was good is not to be had (any more).
    #[error("no evidence for its newest time-stamp: {0}")]
    Evidence(#[from] evidence::Error),
    /// There is no newer time-stamp.
    #[error("no time-stamp: {0}")]
    TimeStamp(#[from] time_stamps::Error),
    /// What was fetched for it shows nothing to who puts it in.
    #[error("what was fetched for it was not believed")]
    Unbelieved,
    /// The signer takes no document of this length.
    #[error("it is longer than the signer takes")]
    TooLong,
    /// The signer did not do its part.
    #[error(transparent)]
    Signer(#[from] signer::Error),
    /// It did something else.
    #[error("the signer gave something else than was asked")]
    Odd,
}

/// What became of a document.
#[derive(Debug)]
pub enum Outcome {
    /// Nobody signed it.
    Unsigned,
    /// It is signed, and has no time-stamp over all of it: there is nothing to renew.
    NotLasting,
    /// Its newest time-stamp's certificate lasts until this Unix second, which is not soon.
    NotDue(u64),
    /// It has a newer one.
    Renewed {
        /// The document.
        octets: Octets,
        /// Until when the certificate of the newer time-stamp lasts, Unix second.
        until: u64,
        /// And that of the one before.
        was_until: u64,
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
    time_stamps: TimeStamps,
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
        let time_stamps = time_stamps.with_evidence(Arc::clone(&evidence));
        Self { signer, evidence, time_stamps, clock }
    }

    /// Renews a document, if it is due. `content` is what a detached signature signs, asked for where it is needed.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn renew(
        &self,
        document: Octets,
        content: impl FnOnce() -> Option<Octets>,
        due: Due,
    ) -> Result<Outcome, Error> {
        let client = Some(RENEWAL.to_owned());
        let mut ask = RenewDocument { document, content: None, evidence: Vec::new(), stamps: Vec::new(), client };
        let (stamps, detached) = match self.ask(&ask).await? {
            RenewedDocument::Unsigned => return Ok(Outcome::Unsigned),
            RenewedDocument::Unstamped => return Ok(Outcome::NotLasting),
            RenewedDocument::Stamped { stamps, detached } => (stamps, detached),
            _ => return Err(Error::Odd),
        };
        let was_until = stamps.iter().map(|stamp| stamp.until).min().ok_or(Error::Odd)?;
        if !self.is_due(was_until, due) {
            return Ok(Outcome::NotDue(was_until));
        }
        if detached {
            ask.content = Some(content().ok_or(Error::NoContent)?);
        }
        for stamp in &stamps {
            ask.evidence.push(self.evidence(stamp).await?);
        }
        let RenewedDocument::Imprints(imprints) = self.ask(&ask).await? else { return Err(Error::Odd) };
        if imprints.len() != stamps.len() {
            return Err(Error::Odd);
        }
        let mut until = u64::MAX;
        for StampImprint { algorithm, hash } in imprints {
            let asked = Stampable { algorithm, hash: hash.0, nonce: None };
            let token = self.time_stamps.stamp(asked).await?;
            let stamp = stamp::judge(&token).map_err(time_stamps::Error::from)?;
            until = until.min(stamp.signer.not_after());
            ask.stamps.push(Bytes(token));
        }
        let RenewedDocument::Parts(parts) = self.ask(&ask).await? else { return Err(Error::Odd) };
        if !is_kept(&parts, &ask.document) {
            return Err(Error::Odd);
        }
        let octets = parts::joined(parts, Some(&ask.document)).map_err(|_| Error::Odd)?;
        Ok(Outcome::Renewed { octets, until, was_until })
    }

    /// What shows that who signed a time-stamp was good.
    async fn evidence(&self, stamp: &NewestStamp) -> Result<EvidenceOctets, Error> {
        let certificates: Vec<Vec<u8>> = stamp.certificates.iter().map(|der| der.0.clone()).collect();
        let Found { certificates, crls, ocsp } = self.evidence.gather(&certificates, None).await?;
        let bytes = |all: Vec<Vec<u8>>| all.into_iter().map(Bytes).collect();
        Ok(EvidenceOctets { certificates: bytes(certificates), crls: bytes(crls), ocsp: bytes(ocsp) })
    }

    async fn ask(&self, ask: &RenewDocument) -> Result<RenewedDocument, Error> {
        match self.signer.renew_document(ask.clone()).await {
            Ok(RenewedDocument::Unfit(why)) => Err(Error::Unfit(why)),
            Ok(renewed) => Ok(renewed),
            Err(signer::Error::Refused(Refusal::Evidence)) => Err(Error::Unbelieved),
            Err(signer::Error::Unavailable(why)) if why.is::<signer::TooLong>() => Err(Error::TooLong),
            Err(error) => Err(error.into()),
        }
    }

    fn is_due(&self, until: u64, due: Due) -> bool {
        let now = u64::try_from(self.clock.now() / 1000).unwrap_or_default();
        match due {
            Due::Always => true,
            Due::Within(seconds) => until <= now.saturating_add(seconds),
        }
    }
}

/// Whether a document is in its parts as it was, with something in between. A file is replaced by what a helper says that has
/// read it: of a CMS that is more than could be looked at here, and all others stay octet by octet.
fn is_kept(parts: &[Part], document: &Octets) -> bool {
    if document.held().is_some_and(|octets| octets.first() == Some(&CMS)) {
        return true;
    }
    let mut done = 0;
    for part in parts {
        match part {
            Part::Octets(_) => {}
            Part::Document { start, end } if *start == done && start <= end => done = *end,
            Part::Document { .. } | Part::Base64 | Part::Base64url => return false,
        }
    }
    done == document.len()
}

#[cfg(test)]
mod tests;
