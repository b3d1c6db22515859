//! A document time-stamp (EN 319 142-1, 5.4.3; ISO 32000-2, 12.8.5): a signature field whose value is a token.

use std::time::SystemTime;

use der::{AnyRef, Decode as _, Encode as _};

use super::file::File;
use super::form::Form;
use super::revision::Revision;
use super::{Error, Kind, Limits, Request, Update, signature};

/// Forms the update that adds a document time-stamp with room for `reserve` octets of `TimeStampToken`.
///
/// Allowed in every document, certified ones included.
pub fn document_time_stamp(original: &[u8], reserve: usize, limits: &Limits) -> Result<Update, Error> {
    signature::may_reserve(reserve)?;
    let file = File::open(original, limits)?;
    let form = Form::read(&file)?;
    let mut revision = Revision::of(&file);
    let stamp = revision.number();
    let before = String::from("/Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161 ");
    revision.add_gapped(stamp, before, String::new(), reserve);
    let request = Request::new(Kind::Revision, SystemTime::UNIX_EPOCH); // its time is not written anywhere
    signature::add_field(&file, &mut revision, &form, &form.free_name(), stamp, &request)?;
    revision.finish_with_gap()
}

/// The token of the document time-stamp that covers the most of the file; `None` where its last signature is none.
pub fn newest_time_stamp(original: &[u8], limits: &Limits) -> Result<Option<Vec<u8>>, Error> {
    let file = File::open(original, limits)?;
    let form = Form::read(&file)?;
    let Some(signature) = form.newest(&file)? else { return Ok(None) };
    if file.name(&signature, "SubFilter")?.is_none_or(|name| name != b"ETSI.RFC3161") {
        return Ok(None);
    }
    let contents = file.value(&signature, "Contents")?.and_then(|contents| contents.string());
    let contents = contents.ok_or(Error::Damaged("a time-stamp has no /Contents"))?;
    // Zeros fill the gap behind it.
    let token = AnyRef::from_der_partial(&contents).and_then(|(token, _)| token.to_der());
    token.map(Some).map_err(|_| Error::Damaged("a time-stamp's token cannot be read"))
}
