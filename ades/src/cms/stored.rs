//! A CAdES signature of long ago gets another archive time-stamp (EN 319 122-1, 5.5.3): it is taken apart as far as that
//! needs, and every part stays octet by octet as it is stored, since the earlier time-stamps are over those octets. Around
//! those it may be BER, and it may have several signatures.

use std::borrow::Cow;
use std::ops::Range;

use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{AnyRef, Decode as _, Encode as _, Tag};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::parts::Part;

use super::archive::{ARCHIVE_TIME_STAMP_V3, ATS_HASH_INDEX_V3, Archive, Parts};
use super::ber::Value;
use super::parallel::{FEW, FIRST, MOST, SECOND, SEQUENCE, SET, SIGNATURES, is_old_archive};
use super::signed_data::{SIGNED_DATA, content_info, ocsp_response, optional_set};
use super::{Error, tlv, token};
use crate::evidence::{Evidence, algorithm};

/// What it holds.
#[derive(Debug, Clone)]
pub(crate) struct Stored<'a> {
    version: u8,
    /// `DigestAlgorithmIdentifiers`.
    digests: Vec<u8>,
    /// `EncapsulatedContentInfo`: where it stands, and it stays there as it is.
    encapsulated: Range<usize>,
    /// Type of the content, DER.
    kind: Vec<u8>,
    /// The content, where it is attached.
    content: Option<Cow<'a, [u8]>>,
    certificates: Vec<Vec<u8>>,
    revocations: Vec<Vec<u8>>,
    infos: Vec<Info>,
    /// What was asked for last.
    asked: Option<Archive>,
}

/// A `SignerInfo`, each part DER.
#[derive(Debug, Clone)]
struct Info {
    /// Members, but for the unsigned attributes.
    fields: Vec<Vec<u8>>,
    /// Unsigned attributes.
    unsigned: Vec<Vec<u8>>,
}

impl<'a> Stored<'a> {
    /// Reads it.
    ///
    /// # Errors
    /// What is no `SignedData`; and where something that time-stamps are over is not DER.
    pub(crate) fn read(object: &'a [u8]) -> Result<Self, Error> {
        let outer = Value::only(object)?;
        let [kind, inner] = outer.members(FEW)?[..] else { return Err(malformed()) };
        if outer.tag != SEQUENCE || inner.tag != FIRST || ObjectIdentifier::from_der(kind.whole)? != SIGNED_DATA {
            return Err(malformed());
        }
        let [signed] = inner.members(FEW)?[..] else { return Err(malformed()) };
        let members = signed.members(FEW)?;
        let [version, digests, encapsulated, sets @ .., infos] = &members[..] else { return Err(malformed()) };
        if digests.tag != SET || infos.tag != SET {
            return Err(malformed());
        }
        let [mut certificates, mut revocations] = [Vec::new(), Vec::new()];
        for set in sets {
            match set.tag {
                FIRST if certificates.is_empty() => certificates = strict(set)?,
                SECOND if revocations.is_empty() => revocations = strict(set)?,
                _ => return Err(malformed()),
            }
        }
        let (kind, content) = content(encapsulated)?;
        let start = encapsulated.whole.as_ptr().addr() - object.as_ptr().addr();
        let infos = infos.members(SIGNATURES)?.iter().map(Info::read).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            version: u8::from_der(version.whole)?,
            digests: tlv::set_of(Tag::Set, strict(digests)?)?,
            encapsulated: start..start + encapsulated.whole.len(),
            kind: kind.to_vec(),
            content,
            certificates,
            revocations,
            infos,
            asked: None,
        })
    }

    pub(crate) fn signatures(&self) -> usize {
        self.infos.len()
    }

    /// What it holds, where it is attached.
    pub(crate) fn content(&self) -> Option<&[u8]> {
        self.content.as_deref()
    }

    /// The token of this signature's newest archive time-stamp, if it has any.
    ///
    /// # Errors
    /// What is no DER, and archive time-stamps of a kind that more evidence would break.
    pub(crate) fn newest(&self, signature: usize) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.newest_of(self.info(signature)?)?.map(|(_, token)| token))
    }

    /// The place of an unsigned value, and the token that it is.
    fn newest_of(&self, info: &Info) -> Result<Option<(usize, Vec<u8>)>, Error> {
        let mut newest: Option<(Vec<u8>, usize, Vec<u8>)> = None;
        for (place, (kind, value)) in info.values()?.into_iter().enumerate() {
            if is_old_archive(&kind) {
                return Err(Error::Stored("it has an archive time-stamp of before 2013, which evidence would break"));
            }
            if kind == ARCHIVE_TIME_STAMP_V3 {
                let time = token::time(&value)?;
                if newest.as_ref().is_none_or(|(other, ..)| *other < time) {
                    newest = Some((time, place, value));
                }
            }
        }
        Ok(newest.map(|(_, place, token)| (place, token)))
    }

    /// What the newest archive time-stamp should be over, by this hash function; `content` is what is signed. `None` where it
    /// is over parts that are not there.
    ///
    /// # Errors
    /// What is no DER.
    pub(crate) fn stamped(
        &self,
        signature: usize,
        function: HashAlgorithm,
        content: &[u8],
    ) -> Result<Option<Vec<u8>>, Error> {
        let info = self.info(signature)?;
        let Some((_, token)) = self.newest_of(info)? else { return Err(malformed()) };
        let index = token::unsigned(&token, ATS_HASH_INDEX_V3)?.ok_or_else(malformed)?;
        let [named, lists @ ..] = &tlv::members(&index)?[..] else { return Err(malformed()) };
        let [named, ..] = tlv::members(named)?[..] else { return Err(malformed()) };
        let named = ObjectIdentifier::from_der(named)?;
        let unsigned = info.unsigned()?;
        let held = [&self.certificates, &self.revocations, &unsigned];
        if lists.len() != held.len() {
            return Err(malformed());
        }
        for (list, held) in lists.iter().zip(held) {
            let hashes: Option<Vec<_>> = held.iter().map(|one| algorithm::hash(named, one)).collect();
            let hashes = hashes.ok_or(Error::Digest)?;
            for one in tlv::members(list)? {
                let one = <&OctetStringRef>::from_der(one)?;
                if !hashes.iter().any(|hash| hash == one.as_bytes()) {
                    return Ok(None);
                }
            }
        }
        let over = [&self.kind, &crate::digest(function, content), &info.fields.concat(), &index];
        Ok(Some(crate::digest(function, &over.map(Vec::as_slice).concat())))
    }

    /// The hash function of a signature: that of the next archive time-stamp, too.
    ///
    /// # Errors
    /// What is no DER, and functions that are not known.
    pub(crate) fn function(&self, signature: usize) -> Result<HashAlgorithm, Error> {
        let algorithm = self.info(signature)?.fields.get(2).ok_or_else(malformed)?;
        let [oid, ..] = tlv::members(algorithm)?[..] else { return Err(malformed()) };
        HashAlgorithm::from_oid(ObjectIdentifier::from_der(oid)?).ok_or(Error::Digest)
    }

    /// Adds what it does not hold yet.
    ///
    /// # Errors
    /// What is no DER.
    pub(crate) fn add(&mut self, evidence: &Evidence) -> Result<(), Error> {
        let answers = evidence.ocsp.iter().map(|answer| ocsp_response(answer)).collect::<Result<Vec<_>, _>>()?;
        let pairs = [
            (&mut self.certificates, evidence.certificates.clone()),
            (&mut self.revocations, [evidence.crls.clone(), answers].concat()),
        ];
        for (held, fresh) in pairs {
            for one in fresh {
                AnyRef::from_der(&one)?;
                if !held.contains(&one) {
                    held.push(one);
                }
            }
            // Nobody here would read it again.
            if held.len() > MOST {
                return Err(Error::Stored("it has too many certificates or pieces of revocation data"));
            }
        }
        if self.revocations.iter().any(|one| one.first() == Some(&SECOND)) {
            self.version = self.version.max(5);
        }
        Ok(())
    }

    /// What another archive time-stamp on this signature is to be over. `content` is the digest of what is signed.
    ///
    /// # Errors
    /// See [`Error`].
    pub(crate) fn imprint(&mut self, signature: usize, content: &[u8]) -> Result<Vec<u8>, Error> {
        let (function, info) = (self.function(signature)?, self.info(signature)?);
        let archive = Archive::over(&Parts {
            function,
            content_type: &self.kind,
            content,
            fields: &info.fields.concat(),
            certificates: &self.certificates,
            revocations: &self.revocations,
            unsigned: &info.unsigned()?,
        })?;
        let imprint = archive.imprint.clone();
        self.asked = Some(archive);
        Ok(imprint)
    }

    /// Adds the time-stamp that [`Self::imprint`] was asked for last.
    ///
    /// # Errors
    /// When the token is not DER of a time-stamp.
    pub(crate) fn stamp(&mut self, signature: usize, token: &[u8]) -> Result<(), Error> {
        let archive = self.asked.take().ok_or_else(malformed)?;
        let attribute = archive.attribute(token)?.to_der()?;
        let unsigned = &mut self.infos.get_mut(signature).ok_or_else(malformed)?.unsigned;
        if unsigned.len() == MOST {
            return Err(Error::Stored("too much was added to it"));
        }
        unsigned.push(attribute);
        Ok(())
    }

    /// The whole `ContentInfo`: DER, but for the content if that was not. That stays where it stands, and the rest comes
    /// around it.
    ///
    /// # Errors
    /// When it is too long.
    pub(crate) fn finish(self) -> Result<Vec<Part>, Error> {
        let infos = self.infos.into_iter().map(Info::write).collect::<Result<Vec<_>, _>>()?;
        let before = [self.version.to_der()?, self.digests].concat();
        let sets =
            [optional_set(0, self.certificates)?, optional_set(1, self.revocations)?, tlv::set_of(Tag::Set, infos)?];
        let around = content_info(before, self.encapsulated.len(), sets.concat())?;
        let inside = Part::Document { start: self.encapsulated.start as u64, end: self.encapsulated.end as u64 };
        Ok(vec![Part::own(around.before), inside, Part::own(around.after)])
    }

    fn info(&self, signature: usize) -> Result<&Info, Error> {
        self.infos.get(signature).ok_or_else(malformed)
    }
}

impl Info {
    fn read(info: &Value<'_>) -> Result<Self, Error> {
        let mut members = info.members(FEW)?;
        let unsigned = match members.last() {
            Some(last) if last.tag == SECOND => members.pop(),
            _ => None,
        };
        let fields = members.iter().map(|field| der(field.whole)).collect::<Result<_, _>>()?;
        Ok(Self { fields, unsigned: unsigned.as_ref().map_or(Ok(Vec::new()), strict)? })
    }

    fn write(self) -> Result<Vec<u8>, Error> {
        tlv::sequence(&[&self.fields.concat(), &optional_set(1, self.unsigned)?])
    }

    /// Every value of an unsigned attribute, with its type.
    fn values(&self) -> Result<Vec<(ObjectIdentifier, Vec<u8>)>, Error> {
        let mut values = Vec::new();
        for attribute in &self.unsigned {
            let [kind, set] = tlv::members(attribute)?[..] else { return Err(malformed()) };
            let kind = ObjectIdentifier::from_der(kind)?;
            values.extend(tlv::members(set)?.into_iter().map(|value| (kind, value.to_vec())));
        }
        Ok(values)
    }

    /// The same, type and value one after the other.
    fn unsigned(&self) -> Result<Vec<Vec<u8>>, Error> {
        self.values()?.into_iter().map(|(kind, value)| Ok([kind.to_der()?, value].concat())).collect()
    }
}

/// Type and content of an `EncapsulatedContentInfo`.
type Encapsulated<'a> = (&'a [u8], Option<Cow<'a, [u8]>>);

fn content<'a>(encapsulated: &Value<'a>) -> Result<Encapsulated<'a>, Error> {
    match encapsulated.members(FEW)?[..] {
        [kind] => Ok((kind.whole, None)),
        [kind, content] if content.tag == FIRST => {
            let [octets] = content.members(FEW)?[..] else { return Err(malformed()) };
            Ok((kind.whole, Some(octets.octets()?)))
        }
        _ => Err(malformed()),
    }
}

/// The members of a set, each DER.
fn strict(set: &Value<'_>) -> Result<Vec<Vec<u8>>, Error> {
    set.members(MOST)?.iter().map(|one| der(one.whole)).collect()
}

/// What time-stamps are over has one encoding, whoever reads it.
fn der(octets: &[u8]) -> Result<Vec<u8>, Error> {
    match AnyRef::from_der(octets) {
        Ok(_) => Ok(octets.to_vec()),
        Err(_) => Err(Error::Stored("a part of it that time-stamps are over is not DER")),
    }
}

fn malformed() -> Error {
    Error::Stored("it is no CMS that can be read")
}

#[cfg(test)]
mod tests;
