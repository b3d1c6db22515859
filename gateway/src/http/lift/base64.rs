//! A JSON string that holds a document as Base64 (RFC 4648, 4), decoded while it arrives.

use base64_simd::AsOut as _;
use data_encoding::BASE64;
use rsign_api::octets::Octets;
use rsign_spool::{Draft, Intake};

use super::Stop;

/// Letters that are decoded at once.
const BLOCK: usize = 64 << 10;

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
    /// Not decoded yet, since a fourth one is missing.
    left: Vec<u8>,
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
        Self { draft, left: Vec::new(), octets: Vec::new(), escape: Escape::None, bad: false }
    }

    /// Whether what so many letters say stays in memory.
    pub(super) fn stays(&mut self, letters: usize) -> bool {
        self.bad || self.draft.stays(letters as u64)
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
        let left = std::mem::take(&mut self.left);
        if !self.bad {
            self.decode(&left)?;
        }
        if self.bad {
            return Ok((self.draft.abandon(), None));
        }
        let (intake, octets) = self.draft.finish().map_err(Stop::Documents)?;
        Ok((intake, Some(octets)))
    }

    fn take(&mut self, mut letters: &[u8]) -> Result<(), Stop> {
        // Four letters are three octets.
        while !self.left.is_empty() && !self.bad {
            let Some((letter, after)) = letters.split_first() else { return Ok(()) };
            self.left.push(*letter);
            letters = after;
            if self.left.len() == 4 {
                let four = std::mem::take(&mut self.left);
                self.decode(&four)?;
            }
        }
        let (fours, left) = letters.split_at(letters.len() & !3);
        for fours in fours.chunks(BLOCK) {
            if self.bad {
                return Ok(());
            }
            self.decode(fours)?;
        }
        self.left.extend_from_slice(left);
        Ok(())
    }

    fn decode(&mut self, letters: &[u8]) -> Result<(), Stop> {
        // Room for all of them, whether there is padding or not.
        self.octets.resize(letters.len() / 4 * 3, 0);
        let quick = base64_simd::STANDARD.decode(letters, self.octets.as_mut_slice().as_out());
        let decoded = match quick {
            Ok(octets) => Some(octets.len()),
            Err(_) => decode_slowly(letters, &mut self.octets),
        };
        match decoded {
            Some(decoded) => {
                let octets = self.octets.get(..decoded).unwrap_or_default();
                self.draft.write(octets).map_err(Stop::Documents)?;
            }
            // What no string of JSON may hold.
            None if letters.iter().any(|letter| *letter < 0x20) => return Err(Stop::Malformed),
            None => self.spoil(),
        }
        Ok(())
    }

    fn spoil(&mut self) {
        self.bad = true;
        self.left = Vec::new();
    }
}

/// Takes what everybody else here takes, too: several texts, one after the other.
fn decode_slowly(letters: &[u8], into: &mut Vec<u8>) -> Option<usize> {
    into.resize(BASE64.decode_len(letters.len()).ok()?, 0);
    BASE64.decode_mut(letters, into).ok()
}
