//! A signed file that is to last: behind it comes what it is validated with, and then a document time-stamp over all of it
//! (EN 319 142-1, 5.4 and 5.5).

use std::borrow::Cow;

use rsign_api::algorithm::HashAlgorithm;

use super::{Error, Limits, document_time_stamp, dss};
use crate::evidence::Evidence;

/// Octets that are reserved for the token of a document time-stamp: with its certificates it has some thousand.
const ROOM: usize = 16 << 10;

/// A file, and what was appended to it so far. The same is appended again whenever it is done again.
#[derive(Debug, Clone)]
pub(crate) struct Growing<'a> {
    /// Octets that were there.
    original: usize,
    whole: Cow<'a, [u8]>,
}

impl<'a> Growing<'a> {
    /// Nothing was appended yet.
    pub(crate) fn new(document: &'a [u8]) -> Self {
        Self { original: document.len(), whole: document.into() }
    }

    /// Puts an update behind it.
    pub(crate) fn append(&mut self, update: &[u8]) {
        let whole = self.whole.to_mut();
        // Files are long, and not doubled.
        whole.reserve_exact(update.len());
        whole.extend_from_slice(update);
    }

    /// Adds this evidence.
    pub(crate) fn add(&mut self, evidence: &Evidence) -> Result<(), Error> {
        let update = dss(&self.whole, evidence, &Limits::default())?;
        self.append(&update);
        Ok(())
    }

    /// What a document time-stamp is to be over, by this hash function.
    pub(crate) fn imprint(&self, function: HashAlgorithm) -> Result<Vec<u8>, Error> {
        let update = document_time_stamp(&self.whole, ROOM, &Limits::default())?;
        Ok(update.digests(&self.whole, function).byte_range)
    }

    /// Adds the time-stamp over that.
    pub(crate) fn stamp(&mut self, token: &[u8]) -> Result<(), Error> {
        let update = document_time_stamp(&self.whole, ROOM, &Limits::default())?.fill(token)?;
        self.append(&update);
        Ok(())
    }

    /// How many octets were there.
    pub(crate) const fn original(&self) -> usize {
        self.original
    }

    /// What was appended.
    pub(crate) fn appended(&self) -> &[u8] {
        self.whole.get(self.original..).unwrap_or_default()
    }
}
