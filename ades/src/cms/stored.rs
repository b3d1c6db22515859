//! A CAdES signature of long ago gets another archive time-stamp (EN 319 122-1, 5.5.3): it is taken apart as far as that
//! needs, and every part stays octet by octet as it is stored, since the earlier time-stamps are over those octets.

use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{AnyRef, Decode as _, Encode as _, Tag, Tagged as _};
use rsign_api::algorithm::HashAlgorithm;

use super::archive::{ARCHIVE_TIME_STAMP_V3, Archive, Parts};
use super::signed_data::{SIGNED_DATA, ocsp_response};
use super::{Error, tlv, token};
use crate::evidence::Evidence;

/// The signature.
#[derive(Debug, Clone)]
pub struct Stored {
    kind: Vec<u8>,
    version: u8,
    digests: Vec<u8>,
    /// `EncapsulatedContentInfo`.
    content: Vec<u8>,
    certificates: Vec<Vec<u8>>,
    revocations: Vec<Vec<u8>>,
    /// Members of the only `SignerInfo`, but for the unsigned attributes.
    fields: Vec<Vec<u8>>,
    /// Unsigned attributes.
    unsigned: Vec<Vec<u8>>,
}

impl Stored {
    /// Reads it.
    ///
    /// # Errors
    /// What is no DER of a `SignedData` with one signature.
    pub fn read(object: &[u8]) -> Result<Self, Error> {
        let (kind, signed) = token::signed_data(object)?;
        if ObjectIdentifier::from_der(kind)? != SIGNED_DATA {
            return Err(malformed());
        }
        let mut members = tlv::members(signed)?;
        let infos = members.pop().ok_or_else(malformed)?;
        AnyRef::from_der(infos)?.tag().assert_eq(Tag::Set)?;
        let [info] = tlv::members(infos)?[..] else { return Err(malformed()) };
        let mut fields = owned(info)?;
        let unsigned = match fields.last() {
            Some(last) if last.first() == Some(&0xa1) => owned(&fields.pop().unwrap_or_default())?,
            _ => Vec::new(),
        };
        let [version, digests, content, ref sets @ ..] = members[..] else { return Err(malformed()) };
        let set = |tag| -> Result<Vec<Vec<u8>>, Error> {
            let found = sets.iter().find(|set| set.first() == Some(&tag));
            found.map_or_else(|| Ok(Vec::new()), |set| owned(set))
        };
        if sets.iter().any(|set| !matches!(set.first(), Some(0xa0 | 0xa1))) {
            return Err(malformed());
        }
        Ok(Self {
            kind: kind.to_vec(),
            version: u8::from_der(version)?,
            digests: digests.to_vec(),
            content: content.to_vec(),
            certificates: set(0xa0)?,
            revocations: set(0xa1)?,
            fields,
            unsigned,
        })
    }

    /// What it holds, where it is attached.
    ///
    /// # Errors
    /// What is no DER.
    pub fn content(&self) -> Result<Option<Vec<u8>>, Error> {
        match tlv::members(&self.content)?[..] {
            [_] => Ok(None),
            [_, content] => {
                let [octets] = tlv::members(content)?[..] else { return Err(malformed()) };
                Ok(Some(<&OctetStringRef>::from_der(octets)?.as_bytes().to_vec()))
            }
            _ => Err(malformed()),
        }
    }

    /// The token of its newest archive time-stamp, if it has any.
    ///
    /// # Errors
    /// What is no DER.
    pub fn newest_archive(&self) -> Result<Option<Vec<u8>>, Error> {
        let mut newest: Option<(Vec<u8>, Vec<u8>)> = None;
        for (kind, value) in self.values()? {
            if kind == ARCHIVE_TIME_STAMP_V3 {
                let time = token::time(&value)?;
                if newest.as_ref().is_none_or(|(other, _)| *other < time) {
                    newest = Some((time, value));
                }
            }
        }
        Ok(newest.map(|(_, token)| token))
    }

    /// The hash function of its signer, and of the digest that [`Self::prepare`] wants.
    ///
    /// # Errors
    /// What is no DER, and functions that are not known.
    pub fn function(&self) -> Result<HashAlgorithm, Error> {
        let algorithm = self.fields.get(2).ok_or_else(malformed)?;
        let [oid, ..] = tlv::members(algorithm)?[..] else { return Err(malformed()) };
        HashAlgorithm::from_oid(ObjectIdentifier::from_der(oid)?).ok_or(Error::Digest)
    }

    /// Adds what it does not hold yet.
    ///
    /// # Errors
    /// What is no DER.
    pub fn add(&mut self, evidence: &Evidence) -> Result<(), Error> {
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
        }
        if self.revocations.iter().any(|one| one.first() == Some(&0xa1)) {
            self.version = self.version.max(5);
        }
        Ok(())
    }

    /// What another archive time-stamp is to be over. `content` is the digest of what is signed, by [`Self::function`].
    ///
    /// # Errors
    /// See [`Error`].
    pub fn prepare(&self, content: &[u8]) -> Result<Archive, Error> {
        let [kind, ..] = tlv::members(&self.content)?[..] else { return Err(malformed()) };
        let unsigned = self.values()?.into_iter().map(|(kind, value)| Ok([kind.to_der()?, value].concat()));
        Archive::over(&Parts {
            function: self.function()?,
            content_type: kind,
            content,
            fields: &self.fields.concat(),
            certificates: &self.certificates,
            revocations: &self.revocations,
            unsigned: &unsigned.collect::<Result<Vec<_>, Error>>()?,
        })
    }

    /// The signature with this time-stamp, which must be what [`Self::prepare`] was asked for.
    ///
    /// # Errors
    /// When the token is not DER of a time-stamp.
    pub fn finish(self, archive: &Archive, token: &[u8]) -> Result<Vec<u8>, Error> {
        let unsigned = [self.unsigned, vec![archive.attribute(token)?.to_der()?]].concat();
        let unsigned = tlv::set_of(tlv::context(1), unsigned)?;
        let info = tlv::sequence(&[&self.fields.concat(), &unsigned])?;
        let optional = |number, members: Vec<Vec<u8>>| {
            if members.is_empty() { Ok(Vec::new()) } else { tlv::set_of(tlv::context(number), members) }
        };
        let signed = tlv::sequence(&[
            &self.version.to_der()?,
            &self.digests,
            &self.content,
            &optional(0, self.certificates)?,
            &optional(1, self.revocations)?,
            &tlv::of(Tag::Set, &[&info])?,
        ])?;
        tlv::sequence(&[&self.kind, &tlv::of(tlv::context(0), &[&signed])?])
    }

    /// Every value of an unsigned attribute, with its type.
    fn values(&self) -> Result<Vec<(ObjectIdentifier, Vec<u8>)>, Error> {
        let mut values = Vec::new();
        for attribute in &self.unsigned {
            let [kind, set] = tlv::members(attribute)?[..] else { return Err(malformed()) };
            let kind = ObjectIdentifier::from_der(kind)?;
            values.extend(owned(set)?.into_iter().map(|value| (kind, value)));
        }
        Ok(values)
    }
}

/// Members that are kept.
fn owned(value: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    Ok(tlv::members(value)?.into_iter().map(<[u8]>::to_vec).collect())
}

fn malformed() -> Error {
    Error::Der(der::ErrorKind::Failed.into())
}

#[cfg(test)]
mod tests;
