//! Documents that text is put around, XML or JSON: they are in memory as a whole, several times, so not too many at once
//! are; what comes of them goes where long documents are.

use rsign_api::csc::documents::Document;
use rsign_api::document::{Envelope, Format};
use rsign_api::octets::Octets;
use rsign_api::signer::DocumentSubject;
use rsign_spool::Spool;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::finish::{Finished, unfinished};
use super::{Error, signer, signing};

/// KiB of such documents that are in memory at the same time; each takes some five times as much.
const AT_ONCE: u32 = 48 << 10;

/// Octets of a result that stays in memory.
const SHORT: u64 = 64 << 10;

/// Who is in memory now.
#[derive(Debug)]
pub(super) struct Text {
    room: Semaphore,
    spool: Spool,
}

impl Text {
    pub(super) fn new(spool: Spool) -> Self {
        Self { room: Semaphore::new(AT_ONCE as usize), spool }
    }

    /// Waits until there is room for a document, if it is one of these.
    pub(super) async fn turn(&self, document: &Document) -> Result<Option<SemaphorePermit<'_>>, Error> {
        let Some(octets) = around(document) else { return Ok(None) };
        let share = u32::try_from(octets.len() >> 10).unwrap_or(AT_ONCE).saturating_add(1).min(AT_ONCE);
        Ok(Some(self.room.acquire_many(share).await.map_err(unfinished)?))
    }

    /// Puts the result of a turn where it takes no memory. Where there is no room for that either, the call is repeated
    /// later and signs nothing twice.
    pub(super) async fn put_aside(
        &self,
        finished: Finished,
        turn: Option<SemaphorePermit<'_>>,
        client: &str,
    ) -> Result<Finished, Error> {
        let octets = match finished {
            Finished::WithSignature(octets) if turn.is_some() && octets.len() > SHORT => octets,
            other => return Ok(other),
        };
        let intake = self.spool.intake(client);
        let work = move || match octets.held().map(|held| intake.take(held)) {
            Some(Ok((_, kept))) => Ok(kept),
            // Base64 makes it longer than a document that comes may be.
            Some(Err(rsign_spool::Error::TooLong)) | None => Ok(octets),
            Some(Err(error)) => Err(error),
        };
        match tokio::task::spawn_blocking(work).await.map_err(unfinished)? {
            Ok(octets) => Ok(Finished::WithSignature(octets)),
            Err(rsign_spool::Error::Full) => Err(signing::Error::Signer(signer::Error::Busy).into()),
            Err(error) => Err(unfinished(error)),
        }
    }
}

/// The document, if text is put around it.
fn around(document: &Document) -> Option<&Octets> {
    match (&document.subject, document.format) {
        (DocumentSubject::Document(octets), Format::Jades | Format::Xades)
            if document.envelope != Envelope::Detached =>
        {
            Some(octets)
        }
        _ => None,
    }
}

/// Whether it is longer than text can be put around: asked before it is signed.
pub(super) fn is_too_long(document: &Document, most: usize) -> bool {
    around(document).is_some_and(|octets| octets.len() > most as u64)
}
