//! Documents on their way through a process: in memory where there is room for them, else in a file that has no name, one
//! for each request. What they take is counted, for one document, for one request, for one client and in all.
//!
//! A [`Spool`] is opened once; an [`Intake`] takes the documents of one request; each [`Draft`] becomes [`Octets`], and
//! when the last of a request's octets is let go of, file and count are gone. [`stream`] reads octets and
//! [`Taker`] takes them without holding up a thread that serves others.

mod config;
mod count;
mod draft;
mod reading;
mod writing;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

pub use config::SpoolConfig;
use count::{Count, Lease};
pub use draft::Draft;
pub use reading::{pieces, stream};
use rsign_api::octets::Octets;
pub use writing::Taker;

/// Octets that documents may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// One document.
    pub document: u64,
    /// All documents of one request.
    pub request: u64,
    /// All documents of one client that are here at once.
    pub client: u64,
    /// All documents that are here at once.
    pub all: u64,
    /// What of these may be in memory.
    pub memory: u64,
}

/// Why a document is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is longer than the octets that one may have.
    #[error("a document has more than {0} octets")]
    TooLong(u64),
    /// With it the documents of its request have more than these octets.
    #[error("the documents of a request have more than {0} octets")]
    TooMuch(u64),
    /// There is no room now; there will be when others are through.
    #[error("there are too many documents here already")]
    Full,
    /// The file failed.
    #[error("a document could not be written down")]
    Failed(#[from] io::Error),
}

/// Where documents are kept while somebody works on them.
#[derive(Debug, Clone)]
pub struct Spool {
    folder: Arc<Path>,
    bounds: Bounds,
    count: Arc<Count>,
}

impl Spool {
    /// With its files in this folder. They have no name and no mode but their owner's; what a process that dies leaves
    /// behind the system takes back.
    #[must_use]
    pub fn new(folder: PathBuf, bounds: Bounds) -> Self {
        Self { folder: folder.into(), bounds, count: Arc::new(Count::new(bounds)) }
    }

    /// What it takes.
    #[must_use]
    pub const fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a file as for a document, and lets go of it: whoever is about to serve had better know.
    ///
    /// # Errors
    /// When none can be made.
    pub fn try_folder(&self) -> io::Result<()> {
        tempfile::tempfile_in(&self.folder).map(drop)
    }

    /// Octets that are here.
    #[must_use]
    pub fn kept(&self) -> u64 {
        self.count.all()
    }

    /// For the documents of one request of this client.
    #[must_use]
    pub fn intake(&self, client: &str) -> Intake {
        let request = Request { file: OnceLock::new(), lease: Lease::of(Arc::clone(&self.count), client) };
        Intake { spool: self.clone(), request: Arc::new(request), end: 0, taken: 0 }
    }
}

/// How many of these octets [`Intake::take_over`] takes.
#[must_use]
pub fn uncounted(octets: &Octets, most: usize) -> u64 {
    match octets.parts() {
        Some(parts) => parts.iter().map(|part| uncounted(part, most)).sum(),
        None if octets.is_counted() || octets.len() <= most as u64 => 0,
        None => octets.held().map_or(0, |held| held.len() as u64),
    }
}

/// What the documents of one request share.
#[derive(Debug)]
struct Request {
    /// Made when the first document finds no room in memory.
    file: OnceLock<File>,
    lease: Lease,
}

/// Takes the documents of one request, one after the other.
#[derive(Debug)]
pub struct Intake {
    spool: Spool,
    request: Arc<Request>,
    /// Octets of the file.
    end: u64,
    /// Octets that were taken.
    taken: u64,
}

impl Intake {
    /// Takes room for documents of about so many octets together, so that who is first is not turned away for whoever comes
    /// while they arrive.
    ///
    /// # Errors
    /// [`Error::Full`].
    pub fn expect(&self, octets: u64) -> Result<(), Error> {
        self.request.lease.reserve(octets.min(self.spool.bounds.request))
    }

    /// The next document, which has no octets yet.
    #[must_use]
    pub fn draft(self) -> Draft {
        Draft::new(self)
    }

    /// The same octets, of which no part that is longer stays where somebody else holds it in memory, uncounted.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn take_over(mut self, octets: Octets, most: usize) -> Result<(Self, Octets), Error> {
        let Some(parts) = octets.parts() else {
            return match octets.held() {
                Some(held) if held.len() > most && !octets.is_counted() => self.take(held),
                _ => Ok((self, octets)),
            };
        };
        let mut taken = Vec::with_capacity(parts.len());
        for part in parts {
            let (next, part) = self.take_over(part.clone(), most)?;
            self = next;
            taken.push(part);
        }
        Ok((self, Octets::joined(taken)))
    }

    /// All octets at once.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn take(self, octets: &[u8]) -> Result<(Self, Octets), Error> {
        let mut draft = self.draft();
        draft.write(octets)?;
        draft.finish()
    }
}

#[cfg(test)]
mod tests;
