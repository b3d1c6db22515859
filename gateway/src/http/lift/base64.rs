//! A JSON string that holds a document as Base64 (RFC 4648, 4), decoded while it arrives.

use data_encoding::BASE64;
use rsign_api::octets::Octets;
use rsign_spool::{Draft, Intake};

use super::Stop;

/// Letters that are decoded at once.
const BLOCK: usize = 64 << 10;

/// A document of which more than this has come may be on its way into a file.
const SHORT: u64 = 32 << 10;

/// What came of some octets.
#[derive(Debug)]
pub(super) enum Outcome<'o> {
    /// The string goes on.
    More,
    /// It has ended, and these follow.
    End(&'o [u8]),
}

/// A string of which some has arrived.
#[derive(Debug)]
pub(super) struct Letters {
    draft: Draft,
    /// Not decoded yet.
    letters: Vec<u8>,
    /// What was decoded last.
    octets: Vec<u8>,
    escape: Escape,
    /// It is no Base64, and nothing is kept of it any more.
    bad: bool,
}

#[derive(Debug, Clone, Copy)]
enum Escape {
    None,
    /// After a backslash.
    Begun,
    /// After `\u` and so many digits, which say this.
    Unicode(u8, u32),
}

impl Letters {
    pub(super) const fn new(draft: Draft) -> Self {
        Self { draft, letters: Vec::new(), octets: Vec::new(), escape: Escape::None, bad: false }
    }

    pub(super) const fn is_long(&self) -> bool {
        self.draft.len() > SHORT
    }

    /// Takes octets up to the end of the string.
    pub(super) fn push<'o>(&mut self, mut octets: &'o [u8]) -> Result<Outcome<'o>, Stop> {
        while let Some((octet, after)) = octets.split_first() {
            octets = match self.escape {
                Escape::None => {
                    let end = memchr::memchr2(b'"', b'\\', octets);
                    let (letters, rest) = octets.split_at(end.unwrap_or(octets.len()));
                    self.take(letters)?;
                    match rest.split_first() {
                        None => return Ok(Outcome::More),
                        Some((b'"', after)) => return Ok(Outcome::End(after)),
                        Some((_, after)) => {
                            self.escape = Escape::Begun;
                            after
                        }
                    }
                }
                Escape::Begun => {
                    self.escape = Escape::None;
                    match octet {
                        b'/' => self.take(b"/")?,
                        b'u' => self.escape = Escape::Unicode(0, 0),
                        b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => self.spoil(),
                        _ => return Err(Stop::Malformed),
                    }
                    after
                }
                Escape::Unicode(digits, value) => {
                    let digit = char::from(*octet).to_digit(16).ok_or(Stop::Malformed)?;
                    let value = value * 16 + digit;
                    self.escape = if digits < 3 { Escape::Unicode(digits + 1, value) } else { Escape::None };
                    if digits == 3 {
                        match u8::try_from(value) {
                            Ok(letter) if letter.is_ascii_graphic() => self.take(&[letter])?,
                            _ => self.spoil(),
                        }
                    }
                    after
                }
            };
        }
        Ok(Outcome::More)
    }

    /// The document, or none if it was no Base64.
    pub(super) fn finish(mut self) -> Result<(Intake, Option<Octets>), Stop> {
        self.decode(self.letters.len())?;
        if self.bad {
            return Ok((self.draft.abandon(), None));
        }
        let (intake, octets) = self.draft.finish().map_err(Stop::Documents)?;
        Ok((intake, Some(octets)))
    }

    fn take(&mut self, letters: &[u8]) -> Result<(), Stop> {
        for letters in letters.chunks(BLOCK) {
            if self.bad {
                return Ok(());
            }
            self.letters.extend_from_slice(letters);
            if self.letters.len() >= BLOCK {
                // Four letters are three octets.
                self.decode(self.letters.len() & !3)?;
            }
        }
        Ok(())
    }

    fn decode(&mut self, length: usize) -> Result<(), Stop> {
        let letters = self.letters.get(..length).unwrap_or_default();
        let room = BASE64.decode_len(length).ok();
        self.octets.resize(room.unwrap_or_default(), 0);
        match room.and_then(|_| BASE64.decode_mut(letters, &mut self.octets).ok()) {
            Some(decoded) => {
                let octets = self.octets.get(..decoded).unwrap_or_default();
                self.draft.write(octets).map_err(Stop::Documents)?;
                self.letters.drain(..length);
            }
            // What no string of JSON may hold.
            None if letters.iter().any(|letter| *letter < 0x20) => return Err(Stop::Malformed),
            None => self.spoil(),
        }
        Ok(())
    }

    fn spoil(&mut self) {
        self.bad = true;
        self.letters = Vec::new();
    }
}
