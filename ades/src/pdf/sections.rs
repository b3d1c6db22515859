//! The chain of cross-reference sections, read for what their trailers say (ISO 32000-2, 7.5.4 to 7.5.8).

use super::lexer::{keyword, numbers_and_word, skip_blank};
use super::value::{Dictionary, NOWHERE, Value};
use super::{Error, Limits};

/// How far from the end of the file `startxref` may begin.
const TAIL: usize = 1100;
const STARTXREF: &[u8] = b"startxref";

/// How a file lists its objects. An update does as the newest section does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing {
    /// `xref` and `trailer`.
    Table,
    /// A stream of type `XRef`.
    Stream,
}

/// The newest section.
#[derive(Debug)]
pub(super) struct Newest<'a> {
    /// Octets from the start of the file.
    pub(super) start: usize,
    pub(super) listing: Listing,
    pub(super) trailer: Dictionary<'a>,
}

/// Reads the chain; refuses encrypted files, hybrid ones, and those whose chain is broken.
pub(super) fn read<'a>(octets: &'a [u8], limits: &Limits) -> Result<Newest<'a>, Error> {
    let newest = section(octets, last_start(octets)?)?;
    let mut seen = vec![newest.start];
    let mut next = previous(&newest.trailer)?;
    check(&newest.trailer)?;
    while let Some(start) = next {
        if seen.contains(&start) || seen.len() >= limits.revisions {
            return Err(Error::Damaged("the chain of cross-reference sections does not end"));
        }
        seen.push(start);
        let older = section(octets, start)?;
        check(&older.trailer)?;
        next = previous(&older.trailer)?;
    }
    Ok(newest)
}

fn check(trailer: &Dictionary<'_>) -> Result<(), Error> {
    if trailer.direct("Encrypt")?.is_some_and(|value| !value.is_null()) {
        return Err(Error::Encrypted);
    }
    if trailer.direct("XRefStm")?.is_some() {
        return Err(Error::Hybrid);
    }
    Ok(())
}

fn previous(trailer: &Dictionary<'_>) -> Result<Option<usize>, Error> {
    let Some(value) = trailer.direct("Prev")? else { return Ok(None) };
    let start = value.integer().and_then(|start| usize::try_from(start).ok());
    start.map(Some).ok_or(Error::Damaged("/Prev is no offset"))
}

/// The offset that follows the last `startxref`.
fn last_start(octets: &[u8]) -> Result<usize, Error> {
    let tail = octets.len().saturating_sub(TAIL);
    let rest = octets.get(tail..).unwrap_or_default();
    let position = rest.windows(STARTXREF.len()).rposition(|window| window == STARTXREF);
    let at = position.map(|p| tail + p + STARTXREF.len()).ok_or(Error::Damaged("startxref is missing"))?;
    let offset = Value::read(NOWHERE, octets.get(at..).unwrap_or_default())?.integer();
    offset.and_then(|offset| usize::try_from(offset).ok()).ok_or(Error::Damaged("startxref names no offset"))
}

fn section(octets: &[u8], start: usize) -> Result<Newest<'_>, Error> {
    let nothing = Error::Damaged("there is no cross-reference section where one should be");
    if start >= octets.len() {
        return Err(nothing);
    }
    let at = skip_blank(octets, start);
    let (listing, at) = if keyword(octets, at, b"xref") {
        (Listing::Table, trailer_of_table(octets, at).ok_or(nothing)?)
    } else if let Some((_, at)) = numbers_and_word(octets, at, b"obj") {
        (Listing::Stream, at)
    } else {
        return Err(nothing);
    };
    let value = Value::read(NOWHERE, octets.get(at..).unwrap_or_default())?;
    let trailer = value.dictionary().ok_or(Error::Damaged("a trailer is not readable"))?;
    let is_xref = trailer.direct("Type")?.and_then(|t| t.name()).is_some_and(|name| name == b"XRef");
    if listing == Listing::Stream && !is_xref {
        return Err(Error::Damaged("there is no cross-reference section where one should be"));
    }
    Ok(Newest { start, listing, trailer })
}

/// Where the dictionary behind `trailer` begins. Entries of a table hold digits and the letters f and n only.
fn trailer_of_table(octets: &[u8], at: usize) -> Option<usize> {
    let body = octets.get(at + b"xref".len()..)?;
    let length = body.iter().take_while(|o| o.is_ascii_digit() || b"\0\t\n\x0c\r fn".contains(o)).count();
    let at = at + b"xref".len() + length;
    keyword(octets, at, b"trailer").then(|| at + b"trailer".len())
}
