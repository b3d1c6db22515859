//! A document time-stamp (EN 319 142-1, 5.4.3; ISO 32000-2, 12.8.5): a signature field whose value is a token.

use std::ops::Range;
use std::time::SystemTime;

use data_encoding::HEXLOWER_PERMISSIVE;
use der::{AnyRef, Decode as _, Encode as _};
use rsign_api::timestamp;

use super::file::File;
use super::form::Form;
use super::revision::Revision;
use super::value::Dictionary;
use super::{Error, Kind, Limits, Request, Update, signature};
use crate::Hasher;

/// Forms the update that adds a document time-stamp with room for `reserve` octets of `TimeStampToken`.
///
/// Allowed in every document, certified ones included.
pub fn document_time_stamp(original: &[u8], reserve: usize, limits: &Limits) -> Result<Update, Error> {
    signature::may_reserve(reserve)?;
    let file = File::open(original, limits)?;
    let form = Form::read(&file)?;
    let mut revision = Revision::of(&file).beside(&form);
    let stamp = revision.number();
    let before = String::from("/Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161 ");
    revision.add_gapped(stamp, before, String::new(), reserve);
    let request = Request::new(Kind::Revision, SystemTime::UNIX_EPOCH); // its time is not written anywhere
    signature::add_field(&file, &mut revision, &form, &form.free_name(), stamp, &request)?;
    revision.finish_with_gap()
}

/// The signature of a file that covers the most of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Newest {
    /// There is none.
    None,
    /// It is no document time-stamp, or none over all of the file.
    Signature,
    /// It is one, and this is its `TimeStampToken`.
    TimeStamp(Vec<u8>),
}

/// What the newest signature of a file is. A time-stamp is over what `/ByteRange` says, or refused; who signed it is for
/// others to judge.
pub fn newest(original: &[u8], limits: &Limits) -> Result<Newest, Error> {
    let file = File::open(original, limits)?;
    let form = Form::read(&file)?;
    let Some(signature) = form.newest(&file)? else { return Ok(Newest::None) };
    if file.name(&signature, "SubFilter")?.is_none_or(|name| name != b"ETSI.RFC3161") {
        return Ok(Newest::Signature);
    }
    let contents = file.value(&signature, "Contents")?.and_then(|contents| contents.string());
    let contents = contents.ok_or(Error::Damaged("a time-stamp has no /Contents"))?;
    // Zeros fill the gap behind it.
    let token = AnyRef::from_der_partial(&contents).and_then(|(token, _)| token.to_der());
    let token = token.map_err(|_| Error::Damaged("a time-stamp's token cannot be read"))?;
    let (function, imprint) =
        timestamp::imprint(&token).map_err(|_| Error::Damaged("a time-stamp's token cannot be read"))?;
    let covered = covered(&file, &signature)?;
    let [before, after] = &covered;
    if after.end < original.len() {
        return Ok(Newest::Signature);
    }
    let gap = original.get(before.end..after.start).and_then(|gap| gap.strip_prefix(b"<")?.strip_suffix(b">"));
    let token_alone = gap.and_then(|gap| HEXLOWER_PERMISSIVE.decode(gap).ok()).is_some_and(|gap| gap == contents);
    if !token_alone {
        return Err(Error::Damaged("a /ByteRange leaves out more than its time-stamp"));
    }
    let mut hasher = Hasher::new(function);
    for part in covered {
        hasher.update(original.get(part).ok_or(Error::Damaged("a /ByteRange is longer than the file"))?);
    }
    if hasher.finish() == imprint { Ok(Newest::TimeStamp(token)) } else { Err(Error::Stamp) }
}

/// What `/ByteRange` covers: all from the start of the file on but for one gap.
fn covered(file: &File<'_>, signature: &Dictionary<'_>) -> Result<[Range<usize>; 2], Error> {
    let range = file.array(signature, "ByteRange")?.unwrap_or_default();
    let numbers: Option<Vec<usize>> = range.iter().map(|one| usize::try_from(one.integer()?).ok()).collect();
    match numbers.as_deref() {
        Some([0, before, after, rest]) if before < after && after.checked_add(*rest).is_some() => {
            Ok([0..*before, *after..*after + *rest])
        }
        _ => Err(Error::Damaged("a /ByteRange is none of a time-stamp")),
    }
}
