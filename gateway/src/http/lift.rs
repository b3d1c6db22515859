//! Takes documents out of the body of `signDoc` while it arrives. What stands in `documents[…].document` is decoded and
//! spooled; the rest, with a text of ours in its place, is short, and read like every other body.
//!
//! This is no judge of JSON. For a body that is well-formed it finds the documents; of one that is not it makes a rest
//! that is not either, and whoever reads that says so.

mod base64;

use std::ops::Range;

use rsign_api::csc::documents::Lifted;
use rsign_api::secret::append;
use rsign_spool::{Error, Intake};
use secrecy::SecretString;
use zeroize::Zeroizing;

use self::base64::{Letters, Outcome};

/// Longest name that is looked at: `documents` with every letter escaped.
const NAME: usize = 6 * "documents".len();

/// Why a body is not read on.
#[derive(Debug)]
pub(super) enum Stop {
    /// It cannot be JSON, or is deeper than JSON may be here.
    Malformed,
    /// What is beside the documents is too long, or there are too many.
    TooLong,
    /// The documents.
    Documents(Error),
    /// The document of this entry, from 0.
    Document(usize, Error),
}

impl Stop {
    /// The same, where it is of a document, with the entry that this stands in.
    fn of(self, entry: usize) -> Self {
        if let Self::Documents(error) = self { Self::Document(entry, error) } else { self }
    }
}

/// Bounds of what is beside the documents, and how many there may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Octets of the rest.
    pub(super) rest: usize,
    /// Levels of JSON.
    pub(super) depth: usize,
    /// Documents.
    pub(super) documents: usize,
}

/// What of a body is worth a look while its documents are still coming.
#[derive(Debug)]
pub(super) struct Early {
    /// `SAD`.
    pub(super) sad: Option<SecretString>,
    /// `credentialID`.
    pub(super) credential: Option<String>,
}

/// A body of which some has arrived.
pub(super) struct Lifter {
    bounds: Bounds,
    /// It holds the SAD.
    rest: Zeroizing<Vec<u8>>,
    levels: Vec<Level>,
    state: State,
    /// The name that is being read, as it is written.
    name: Vec<u8>,
    /// Where in the rest the string begins that is being read, with its quotation mark.
    start: usize,
    /// Where in the rest SAD and credential stand, if they came.
    sad: Option<Range<usize>>,
    credential: Option<Range<usize>>,
    /// None while a document is being read.
    intake: Option<Intake>,
    lifted: Lifted,
    /// The entry of `documents` that is being read, from 0.
    entry: usize,
}

/// What encloses the next octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// An object, in which a value follows if the colon was there.
    Object {
        name: Name,
        value: bool,
    },
    Array,
}

/// The array of documents is the value of this.
const DOCUMENTS: Level = Level::Object { name: Name::Documents, value: true };

/// Name of the member that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    Documents,
    Document,
    Sad,
    Credential,
    Other,
}

enum State {
    /// Between strings.
    Between,
    /// In a string that stays; after a backslash or not.
    Text { is_name: bool, escaped: bool },
    /// In a document.
    Document(Box<Letters>),
}

impl std::fmt::Debug for Lifter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lifter").field("lifted", &self.lifted).finish_non_exhaustive()
    }
}

impl Lifter {
    /// Of nothing yet. `expected` octets are coming; `mark` was drawn for this body ([`Lifted::new`]).
    pub(super) fn new(bounds: Bounds, expected: usize, intake: Intake, mark: String) -> Self {
        Self {
            bounds,
            // With all its room from the start it never moves.
            rest: Zeroizing::new(Vec::with_capacity(expected.min(bounds.rest))),
            levels: Vec::new(),
            state: State::Between,
            name: Vec::new(),
            start: 0,
            sad: None,
            credential: None,
            intake: Some(intake),
            lifted: Lifted::new(mark),
            entry: 0,
        }
    }

    /// Whether a document is coming.
    pub(super) fn has_begun(&self) -> bool {
        matches!(self.state, State::Document(_))
    }

    /// Whether the next octets, at most so many, may be written to a file, which blocks.
    pub(super) fn may_block(&mut self, octets: usize) -> bool {
        match &mut self.state {
            State::Document(letters) => !letters.stays(octets),
            State::Between | State::Text { .. } => false,
        }
    }

    /// Takes the next octets.
    pub(super) fn push(&mut self, mut octets: &[u8]) -> Result<(), Stop> {
        while !octets.is_empty() {
            octets = match &mut self.state {
                State::Between => self.between(octets)?,
                State::Text { is_name, escaped } => {
                    let (is_name, escaped) = (*is_name, *escaped);
                    self.text(octets, is_name, escaped)?
                }
                State::Document(letters) => match letters.push(octets).map_err(|stop| stop.of(self.entry))? {
                    Outcome::More => &[],
                    Outcome::End(rest) => {
                        self.end_of_document()?;
                        rest
                    }
                },
            };
        }
        Ok(())
    }

    /// What came so far beside the documents.
    pub(super) fn early(&self) -> Early {
        let text = |place: &Option<Range<usize>>| {
            let written = self.rest.get(place.clone()?)?;
            serde_json::from_slice::<String>(written).ok()
        };
        Early { sad: text(&self.sad).map(SecretString::from), credential: text(&self.credential) }
    }

    /// What is left, and what was taken out of it.
    pub(super) fn finish(self) -> (Zeroizing<Vec<u8>>, Lifted) {
        (self.rest, self.lifted)
    }

    fn keep(&mut self, octets: &[u8]) -> Result<(), Stop> {
        if self.rest.len() + octets.len() > self.bounds.rest {
            return Err(Stop::TooLong);
        }
        append(&mut self.rest, octets);
        Ok(())
    }

    fn between<'o>(&mut self, octets: &'o [u8]) -> Result<&'o [u8], Stop> {
        let Some((octet, after)) = octets.split_first() else { return Ok(&[]) };
        match octet {
            b'"' => return self.begin_of_string(after),
            b'{' => self.enter(Level::Object { name: Name::Other, value: false })?,
            b'[' => self.enter(Level::Array)?,
            b'}' | b']' => drop(self.levels.pop()),
            b':' | b',' => {
                if self.levels == [DOCUMENTS, Level::Array] {
                    self.entry += 1;
                }
                if let Some(Level::Object { name, value }) = self.levels.last_mut() {
                    *value = *octet == b':';
                    if !*value {
                        *name = Name::Other;
                    }
                }
            }
            _ => {}
        }
        self.keep(&[*octet])?;
        Ok(after)
    }

    fn enter(&mut self, level: Level) -> Result<(), Stop> {
        if self.levels.len() >= self.bounds.depth {
            return Err(Stop::Malformed);
        }
        self.levels.push(level);
        Ok(())
    }

    fn begin_of_string<'o>(&mut self, after: &'o [u8]) -> Result<&'o [u8], Stop> {
        const DOCUMENT: Level = Level::Object { name: Name::Document, value: true };
        if self.levels == [DOCUMENTS, Level::Array, DOCUMENT] {
            if self.lifted.len() >= self.bounds.documents {
                return Err(Stop::TooLong);
            }
            let intake = self.intake.take().ok_or(Stop::Malformed)?;
            self.state = State::Document(Box::new(Letters::new(intake.draft())));
            return Ok(after);
        }
        let is_name = matches!(self.levels.last(), Some(Level::Object { value: false, .. }));
        self.name.clear();
        self.start = self.rest.len();
        self.state = State::Text { is_name, escaped: false };
        self.keep(b"\"")?;
        Ok(after)
    }

    fn text<'o>(&mut self, octets: &'o [u8], is_name: bool, escaped: bool) -> Result<&'o [u8], Stop> {
        let end = if escaped { Some(0) } else { memchr::memchr2(b'"', b'\\', octets) };
        let (text, after) = octets.split_at(end.map_or(octets.len(), |end| end + 1));
        self.keep(text)?;
        if is_name && self.name.len() <= NAME {
            self.name.extend(text.iter().take(NAME + 2));
        }
        match text.last() {
            Some(b'"') if !escaped => {
                self.state = State::Between;
                if is_name {
                    self.end_of_name();
                } else {
                    self.end_of_value();
                }
            }
            last => self.state = State::Text { is_name, escaped: !escaped && last == Some(&b'\\') },
        }
        Ok(after)
    }

    /// The name's last octet is its quotation mark.
    fn end_of_name(&mut self) {
        let written = [b"\"", self.name.as_slice()].concat();
        let read: Option<String> = serde_json::from_slice(&written).ok();
        if let Some(Level::Object { name, .. }) = self.levels.last_mut() {
            *name = match read.as_deref() {
                Some("documents") => Name::Documents,
                Some("document") => Name::Document,
                Some("SAD") => Name::Sad,
                Some("credentialID") => Name::Credential,
                _ => Name::Other,
            };
        }
    }

    /// Only those of the outermost object count.
    fn end_of_value(&mut self) {
        let here = Some(self.start..self.rest.len());
        match self.levels[..] {
            [Level::Object { name: Name::Sad, value: true }] => self.sad = here,
            [Level::Object { name: Name::Credential, value: true }] => self.credential = here,
            _ => {}
        }
    }

    fn end_of_document(&mut self) -> Result<(), Stop> {
        if let State::Document(letters) = std::mem::replace(&mut self.state, State::Between) {
            let (intake, document) = letters.finish().map_err(|stop| stop.of(self.entry))?;
            self.intake = Some(intake);
            let text = self.lifted.put(document);
            self.keep(format!("\"{text}\"").as_bytes())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
