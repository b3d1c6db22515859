//! A document that is coming in.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use rsign_api::octets::{Octets, PIECE, Source};

use super::{Error, Intake, Request};

/// What the documents of one request may take of memory together.
const IN_MEMORY: u64 = 4 << 20;

/// So much of a document waits in memory in any case.
const SHORT: u64 = 32 << 10;

/// Octets that are counted at once.
const GRAIN: u64 = 64 << 10;

/// A document of which some octets have come.
#[derive(Debug)]
pub struct Draft {
    intake: Intake,
    /// What is not in the file yet.
    waiting: Vec<u8>,
    /// Where in the file it begins, if some of it is there.
    start: Option<u64>,
    length: u64,
    counted: u64,
    /// Octets that memory has room for.
    held: u64,
}

impl Draft {
    pub(super) const fn new(intake: Intake) -> Self {
        Self { intake, waiting: Vec::new(), start: None, length: 0, counted: 0, held: 0 }
    }

    /// How many have come.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.length
    }

    /// Whether none have.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether so many octets more stay in memory: then taking them does not block.
    #[must_use]
    pub fn stays(&mut self, more: u64) -> bool {
        let wanted = self.length + more;
        self.start.is_none() && (wanted <= SHORT || self.holds(wanted))
    }

    /// Takes the next octets. Blocks now and then, while it writes to the file, if they do not stay in memory.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn write(&mut self, octets: &[u8]) -> Result<(), Error> {
        let bounds = self.intake.spool.bounds;
        let more = octets.len() as u64;
        self.length += more;
        self.intake.taken += more;
        if self.length > bounds.document {
            return Err(Error::TooLong(bounds.document));
        }
        if self.intake.taken > bounds.request {
            return Err(Error::TooMuch(bounds.request));
        }
        if self.length > self.counted {
            let exact = self.length - self.counted;
            let (lease, grains) = (&self.intake.request.lease, exact.next_multiple_of(GRAIN));
            self.counted += match lease.take(grains) {
                Ok(()) => grains,
                // Near the end of the room each octet counts.
                Err(_) => lease.take(exact).map(|()| exact)?,
            };
        }
        let stays = self.stays(0);
        if stays && self.length > GRAIN && self.waiting.capacity() - self.waiting.len() < octets.len() {
            // What was announced finds its place at once, and does not move while it grows.
            let announced = (self.intake.request.lease.spare() + more).min(IN_MEMORY);
            self.waiting.reserve(usize::try_from(announced).unwrap_or_default());
        }
        self.waiting.extend_from_slice(octets);
        if !stays && self.waiting.len() >= PIECE {
            self.flush()?;
        }
        Ok(())
    }

    /// The document as it is now, and the intake for the next one.
    ///
    /// # Errors
    /// When the file fails.
    pub fn finish(mut self) -> Result<(Intake, Octets), Error> {
        self.intake.request.lease.give_back(self.counted - self.length);
        if self.start.is_none() && self.holds(self.length) {
            self.intake.request.lease.let_go(self.held - self.length);
            if self.waiting.capacity() > 2 * self.waiting.len() {
                self.waiting.shrink_to_fit();
            }
            let kept = Kept { octets: self.waiting, _request: Arc::clone(&self.intake.request) };
            return Ok((self.intake, Octets::over(kept)));
        }
        self.flush()?;
        let request = Arc::clone(&self.intake.request);
        let start = self.start.unwrap_or(self.intake.end);
        Ok((self.intake, Octets::over(Filed { request, start, length: self.length })))
    }

    /// The intake again; what has come of this document is left out.
    #[must_use]
    pub fn abandon(self) -> Intake {
        self.intake.request.lease.let_go(self.held);
        self.intake
    }

    /// Whether memory has room for so many octets of it, which is taken where it has not been.
    fn holds(&mut self, octets: u64) -> bool {
        if octets > self.held {
            let grains = (octets - self.held).next_multiple_of(GRAIN);
            if !self.intake.request.lease.hold(grains, IN_MEMORY) {
                return false;
            }
            self.held += grains;
        }
        true
    }

    fn flush(&mut self) -> Result<(), Error> {
        let Intake { spool, request, end, .. } = &mut self.intake;
        let file = match request.file.get() {
            Some(file) => file,
            None => {
                let made = tempfile::tempfile_in(&spool.folder)?;
                request.file.get_or_init(|| made)
            }
        };
        file.write_all_at(&self.waiting, *end)?;
        self.start.get_or_insert(*end);
        *end += self.waiting.len() as u64;
        self.waiting.clear();
        self.waiting.shrink_to(PIECE);
        request.lease.let_go(std::mem::take(&mut self.held));
        Ok(())
    }
}

/// A document in memory.
#[derive(Debug)]
struct Kept {
    octets: Vec<u8>,
    _request: Arc<Request>,
}

impl Source for Kept {
    fn length(&self) -> u64 {
        self.octets.len() as u64
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(at).ok().and_then(|at| self.octets.get(at..)).unwrap_or_default();
        let read = rest.len().min(into.len());
        for (to, from) in into.iter_mut().zip(rest) {
            *to = *from;
        }
        Ok(read)
    }

    fn held(&self) -> Option<&[u8]> {
        Some(&self.octets)
    }

    fn is_counted(&self) -> bool {
        true
    }
}

/// A document in the file of its request.
#[derive(Debug)]
struct Filed {
    request: Arc<Request>,
    start: u64,
    length: u64,
}

impl Filed {
    fn file(&self) -> io::Result<&File> {
        self.request.file.get().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Source for Filed {
    fn length(&self) -> u64 {
        self.length
    }

    fn is_counted(&self) -> bool {
        true
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(at)).unwrap_or(usize::MAX);
        let most = into.len().min(left);
        self.file()?.read_at(into.get_mut(..most).unwrap_or_default(), self.start + at)
    }
}
