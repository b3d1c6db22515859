//! A CMS of somebody else, read so that one more signature can be put beside those it has (RFC 5652, 5.1). Every
//! signature, certificate and piece of revocation data stays the octets it was.

use std::borrow::Cow;
use std::ops::Range;

use der::asn1::ObjectIdentifier;
use der::{AnyRef, Decode as _, Encode as _, Tag};
use rsign_api::objection::Reason;

use super::ber::Value;
use super::signed_data::{self, SIGNED_DATA, Signed};
use super::{DATA, Error, algorithm, tlv};
use crate::Around;

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// `[0]` and `[1]`, constructed.
pub(super) const FIRST: u8 = 0xa0;
pub(super) const SECOND: u8 = 0xa1;
/// What is over the certificates or all signatures as they stand, and one more would break: `id-aa-ets-archiveTimestamp` and
/// `…V2` (RFC 5126, 6.4.1; ETSI TS 101 733, 6.4.1), evidence records over the inside or the outside (RFC 4998, 5.1), and
/// `long-term-validation` (ETSI TS 101 733, 6.5).
const OLD_ARCHIVES: [ObjectIdentifier; 5] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.27"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.48"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.49"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.50"),
    ObjectIdentifier::new_unwrap("0.4.0.1733.2.2"),
];
/// Most signatures that a document may have.
pub(super) const SIGNATURES: usize = 64;
/// Most digest algorithms, certificates, pieces of revocation data, and unsigned attributes of a signature, each.
pub(super) const MOST: usize = 256;
/// Most members of what has a fixed number of them.
pub(super) const FEW: usize = 8;

/// A `SignedData` whose content is in it.
#[derive(Debug)]
pub struct Existing<'a> {
    version: u8,
    algorithms: Vec<&'a [u8]>,
    encapsulated: &'a [u8],
    /// Where that stands in the document, in bytes.
    place: Range<usize>,
    content: Cow<'a, [u8]>,
    certificates: Vec<&'a [u8]>,
    revocations: Vec<&'a [u8]>,
    infos: Vec<&'a [u8]>,
}

impl<'a> Existing<'a> {
    /// Reads it: BER, with octets as content (`id-data`) and at least one signature.
    ///
    /// # Errors
    /// [`Error::Parallel`] for all others.
    pub fn read(document: &'a [u8]) -> Result<Self, Error> {
        let members = signed_data(document)?;
        let [version, algorithms, encapsulated, rest @ .., infos] = &members[..] else { return Err(no_cms(())) };
        let [mut certificates, mut revocations] = [Vec::new(), Vec::new()];
        for set in rest {
            match set.tag {
                FIRST if certificates.is_empty() => certificates = each(set)?,
                SECOND if revocations.is_empty() => revocations = each(set)?,
                _ => return Err(no_cms(())),
            }
        }
        // They are signed themselves, so they are DER.
        for signed in certificates.iter().chain(&revocations) {
            AnyRef::from_der(signed).map_err(no_cms)?;
        }
        if infos.tag != SET || algorithms.tag != SET {
            return Err(no_cms(()));
        }
        let (algorithms, signatures) = (each(algorithms)?, counted(infos, SIGNATURES)?);
        if signatures.is_empty() {
            return Err(Error::Parallel(Reason::WrongFormat, "it has no signature"));
        }
        if signatures.iter().any(|info| old_archive(info).unwrap_or(true)) {
            let why = "an archive time-stamp or evidence record in it would break";
            return Err(Error::Parallel(Reason::OldTimeStamp, why));
        }
        let infos = signatures.iter().map(|info| info.whole).collect();
        let version = u8::from_der(version.whole).map_err(no_cms)?;
        let content = content(encapsulated)?;
        let encapsulated = encapsulated.whole;
        let start = encapsulated.as_ptr().addr() - document.as_ptr().addr();
        let place = start..start + encapsulated.len();
        Ok(Self { version, algorithms, encapsulated, place, content, certificates, revocations, infos })
    }

    /// What all signatures are over.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// Its certificates, each a `CertificateChoices`.
    #[must_use]
    pub fn certificates(&self) -> Vec<Vec<u8>> {
        self.certificates.iter().map(|one| one.to_vec()).collect()
    }

    /// Its revocation data, each a `RevocationInfoChoice`.
    #[must_use]
    pub fn revocations(&self) -> Vec<Vec<u8>> {
        self.revocations.iter().map(|one| one.to_vec()).collect()
    }

    /// Where in the document what holds its content stands, in bytes: the `EncapsulatedContentInfo`.
    #[must_use]
    pub fn place(&self) -> Range<usize> {
        self.place.clone()
    }

    /// The whole `ContentInfo` with one more signature: see [`Self::around`].
    ///
    /// # Errors
    /// See [`Error`].
    pub fn with(&self, signed: &Signed<'_>) -> Result<Vec<u8>, Error> {
        Ok(self.around(signed)?.filled(self.encapsulated))
    }

    /// What the `ContentInfo` with one more signature has before and behind the octets at [`Self::place`]. Its certificates and revocation data have to be among those of the
    /// new one, so that an archive time-stamp is over them, too.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn around(&self, signed: &Signed<'_>) -> Result<Around, Error> {
        let (certificates, revocations) =
            (signed_data::certificates(signed, &signed.signatory.chain)?, signed_data::revocations(signed)?);
        // Ours are sorted.
        let kept = |ours: &[Vec<u8>], theirs: &[&[u8]]| {
            theirs.iter().all(|one| ours.binary_search_by(|other| other.as_slice().cmp(one)).is_ok())
        };
        if !kept(&certificates, &self.certificates) || !kept(&revocations, &self.revocations) {
            return Err(Error::Parallel(Reason::Damaged, "something of it would be lost"));
        }
        let ours = algorithm::hash(signed.signatory.scheme.hash())?;
        let mut algorithms: Vec<_> = self.algorithms.iter().map(|one| one.to_vec()).collect();
        if !algorithms.contains(&ours) {
            algorithms.push(ours);
        }
        let info = signed_data::signer_info(signed)?;
        let infos = self.infos.iter().map(|one| one.to_vec()).chain([info]).collect();
        let version = self.version.max(signed_data::version(signed)).to_der()?;
        let before = [version, tlv::set_of(Tag::Set, algorithms)?].concat();
        let after = [
            signed_data::optional_set(0, certificates)?,
            signed_data::optional_set(1, revocations)?,
            tlv::set_of(Tag::Set, infos)?,
        ];
        signed_data::content_info(before, self.encapsulated.len(), after.concat())
    }
}

/// The members of a `SignedData`.
fn signed_data(document: &[u8]) -> Result<Vec<Value<'_>>, Error> {
    let outer = Value::only(document).map_err(no_cms)?;
    let [kind, content] = outer.members(FEW).map_err(no_cms)?[..] else { return Err(no_cms(())) };
    if outer.tag != SEQUENCE || content.tag != FIRST {
        return Err(no_cms(()));
    }
    if ObjectIdentifier::from_der(kind.whole).map_err(no_cms)? != SIGNED_DATA {
        return Err(Error::Parallel(Reason::WrongFormat, "it is no signed data"));
    }
    let [signed] = content.members(FEW).map_err(no_cms)?[..] else { return Err(no_cms(())) };
    signed.members(FEW).map_err(no_cms)
}

/// The members of a set, each as it is encoded.
fn each<'a>(set: &Value<'a>) -> Result<Vec<&'a [u8]>, Error> {
    Ok(counted(set, MOST)?.iter().map(|one| one.whole).collect())
}

/// The members of a set that has no more than so many; the rest of a longer one is not read.
fn counted<'a>(set: &Value<'a>, most: usize) -> Result<Vec<Value<'a>>, Error> {
    let mut members = Vec::new();
    for member in set.each().map_err(no_cms)? {
        let member = member.map_err(no_cms)?;
        if members.len() == most {
            return Err(Error::Parallel(Reason::TooMany, "it has too many certificates, signatures or the like"));
        }
        members.push(member);
    }
    Ok(members)
}

/// The octets in an `EncapsulatedContentInfo`.
fn content<'a>(encapsulated: &Value<'a>) -> Result<Cow<'a, [u8]>, Error> {
    let members = encapsulated.members(FEW).map_err(no_cms)?;
    let [kind, content] = members[..] else {
        return Err(Error::Parallel(Reason::NoContent, "its content is not in it"));
    };
    if ObjectIdentifier::from_der(kind.whole).map_err(no_cms)? != DATA {
        return Err(Error::Parallel(Reason::WrongFormat, "its content is no document"));
    }
    let [octets] = content.members(FEW).map_err(no_cms)?[..] else { return Err(no_cms(())) };
    octets.octets().map_err(no_cms)
}

/// Whether a `SignerInfo` has such an attribute.
fn old_archive(info: &Value<'_>) -> Result<bool, Error> {
    let fields = info.members(FEW)?;
    let Some(unsigned) = fields.last().filter(|last| last.tag == SECOND) else { return Ok(false) };
    for attribute in unsigned.members(MOST)? {
        let [kind, _] = attribute.members(FEW)?[..] else { return Ok(true) };
        if is_old_archive(&ObjectIdentifier::from_der(kind.whole)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether an unsigned attribute of this type is such a time-stamp.
pub(super) fn is_old_archive(kind: &ObjectIdentifier) -> bool {
    OLD_ARCHIVES.contains(kind)
}

fn no_cms<E>(_: E) -> Error {
    Error::Parallel(Reason::WrongFormat, "it is no CMS")
}
