//! Documents that are needed as a whole, since they are text, XML or JSON, or a CMS that gets one more signature: they
//! are in memory several times, so not too many at once are; what comes of them goes where long documents are.

use std::borrow::Cow;

use rsign_ades::xml;
use rsign_api::csc::documents::Document;
use rsign_api::document::{Envelope, Format, Level};
use rsign_api::octets::Octets;
use rsign_api::signer::DocumentSubject;
use rsign_spool::Spool;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::finish::{Finished, unfinished};
use super::{Error, signer, signing};

/// Longest document that is needed as a whole.
const MOST: usize = xml::LIMIT;

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

/// The document, if it is needed as a whole: where its signature is put around it, into it or beside those it has; and
/// for the archive time-stamps of JSON and XML, which are over it.
fn around(document: &Document) -> Option<&Octets> {
    let DocumentSubject::Document(octets) = &document.subject else { return None };
    let whole = match document.format {
        Format::Jades | Format::Xades => document.envelope != Envelope::Detached || document.level == Level::Lta,
        Format::Cades => document.envelope == Envelope::Parallel,
        Format::Pades => false,
    };
    whole.then_some(octets)
}

/// All of it, if it is needed.
pub(super) fn whole(document: &Document) -> Result<Option<Cow<'_, [u8]>>, Error> {
    around(document).map(|octets| octets.whole(MOST)).transpose().map_err(unfinished)
}

/// Whether it is longer than it may be then: asked before it is signed.
pub(super) fn is_too_long(document: &Document) -> bool {
    around(document).is_some_and(|octets| octets.len() > MOST as u64)
}
