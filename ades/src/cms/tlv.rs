//! Values put together from encoded parts: nothing that came encoded is decoded and encoded again.

use der::{AnyRef, Decode as _, Encode as _, Header, Length, Tag, TagNumber};

use super::Error;

/// A value with this tag whose content is these octets one after the other.
pub(super) fn of(tag: Tag, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
    let content = parts.concat();
    Ok(AnyRef::new(tag, &content)?.to_der()?)
}

/// The head of a value whose content follows, so many octets.
pub(super) fn head(tag: Tag, length: usize) -> Result<Vec<u8>, Error> {
    Ok(Header::new(tag, Length::try_from(length)?).to_der()?)
}

/// SEQUENCE of encoded members.
pub(super) fn sequence(members: &[&[u8]]) -> Result<Vec<u8>, Error> {
    of(Tag::Sequence, members)
}

/// SET OF under this tag: DER wants the members in the order of their encodings (X.690, 11.6), each once where they
/// name things.
pub(super) fn set_of(tag: Tag, mut members: Vec<Vec<u8>>) -> Result<Vec<u8>, Error> {
    members.sort_unstable();
    let parts: Vec<&[u8]> = members.iter().map(Vec::as_slice).collect();
    of(tag, &parts)
}

/// The members of a constructed value, each as it is encoded.
pub(super) fn members(value: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let mut rest = AnyRef::from_der(value)?.value();
    let mut members = Vec::new();
    while !rest.is_empty() {
        let (_, left) = AnyRef::from_der_partial(rest)?;
        let (member, _) = rest.split_at(rest.len() - left.len());
        members.push(member);
        rest = left;
    }
    Ok(members)
}

/// The tag `[number]` of a constructed value.
pub(super) const fn context(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}
