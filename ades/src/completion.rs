//! What a signature becomes once its value is there: one match on the format. Its document stays where it lies, and is parsed
//! only where the signature goes beside those it has, for the archive time-stamp of a signature that stands in it, and where a
//! PDF gets what it is validated with.

mod pades;

use rsign_api::parts::Part;

use crate::cms::{self, Archive, Attribute, Existing};
use crate::evidence::Evidence;
use crate::jws::{self, Content};
use crate::xml::{self, Place};
use crate::{Addition, Around, Envelope, Format, Signatory, pdf};

/// Why a signature does not come together.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// In CMS.
    #[error(transparent)]
    Cms(#[from] cms::Error),
    /// In JSON.
    #[error(transparent)]
    Jws(#[from] jws::Error),
    /// In XML.
    #[error(transparent)]
    Xml(#[from] xml::Error),
    /// In a PDF.
    #[error(transparent)]
    Pdf(#[from] pdf::Error),
    /// What was prepared is no text, in a format that is.
    #[error("what was prepared is no text")]
    Text(#[from] std::str::Utf8Error),
    /// More has to be known of the document.
    #[error("the document's {0} has to be known")]
    Unknown(&'static str),
    /// A signature of this format does not stand there.
    #[error("no signature of this format stands there")]
    Envelope,
    /// What belongs to an archive time-stamp that is there already: that is for who renews it.
    #[error("it has no archive time-stamp yet")]
    Renewal,
}

/// A signature, and what is known of its document.
#[derive(Debug, Clone, Copy)]
pub struct Signature<'a> {
    /// Its format.
    pub format: Format,
    /// Where it stands.
    pub envelope: Envelope,
    /// Who signed.
    pub signatory: &'a Signatory,
    /// What the format's *prepare* gave, as it was stored.
    pub prepared: &'a [u8],
    /// The signature value: RSA block, or ECDSA as DER.
    pub value: &'a [u8],
    /// What is added to it, one after the other.
    pub additions: &'a [Addition],
    /// Its document.
    pub document: Known<'a>,
}

/// What is known of a document.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// All of it: for a signature that goes beside others, for archive time-stamps of JAdES and XAdES, and for what a PDF is
    /// to hold beside its signature.
    pub octets: Option<&'a [u8]>,
    /// Its digest by the hash function of the scheme: for archive time-stamps of CAdES.
    pub digest: Option<&'a [u8]>,
    /// How many octets it has: for a signature around it or in it. Unknown of a PDF: its CMS stands by itself.
    pub length: Option<u64>,
}

impl<'a> Known<'a> {
    fn octets(&self) -> Result<&'a [u8], Error> {
        self.octets.ok_or(Error::Unknown("octets"))
    }

    fn length(&self) -> Result<u64, Error> {
        self.length.ok_or(Error::Unknown("length"))
    }
}

impl<'a> Signature<'a> {
    /// The same with these additions in place of its own.
    #[must_use]
    pub fn with<'b>(&self, additions: &'b [Addition]) -> Signature<'b>
    where
        'a: 'b,
    {
        Signature { additions, ..*self }
    }

    /// What a time-stamp on the signature is over.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn to_be_stamped(&self) -> Result<Vec<u8>, Error> {
        match self.format {
            Format::Cades | Format::Pades => Ok(self.value.to_vec()),
            Format::Jades => Ok(jws::to_be_stamped(self.signatory, self.value)?),
            Format::Xades => {
                let (_, element) = xml::restored(self.text()?)?;
                Ok(xml::to_be_stamped(element, self.signatory, self.value)?)
            }
        }
    }

    /// What an archive time-stamp behind these additions is to be over: its digest by the hash function of the scheme.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn archive_imprint(&self) -> Result<Vec<u8>, Error> {
        match self.format {
            Format::Cades => {
                let existing = self.existing()?;
                let cms = Cms::of(self, existing.as_ref())?;
                Ok(cms.archive(self)?.imprint)
            }
            Format::Jades => {
                let beside = self.beside()?;
                let (octets, protected) = (self.document.octets()?, self.text()?);
                let content = self.content(beside.as_ref(), octets)?;
                Ok(jws::archive_imprint(protected, &content, octets, self.signatory, self.value, self.additions)?)
            }
            Format::Xades => {
                let (spot, element) = xml::restored(self.text()?)?;
                let document = self.document.octets()?;
                let place = match (self.envelope, &spot) {
                    (Envelope::Enveloped, Some(spot)) => Place::Within { document, spot },
                    (Envelope::Enveloping, None) => Place::Around(document),
                    (Envelope::Detached, None) => Place::Detached,
                    _ => return Err(Error::Envelope),
                };
                let (signatory, value) = (self.signatory, self.value);
                Ok(xml::archive_imprint(element, signatory, value, self.additions, place, document)?)
            }
            Format::Pades => pades::archive_imprint(self),
        }
    }

    /// The signature with what was added, and its document where that is in it, around it or beside it.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn finish(&self) -> Result<Vec<Part>, Error> {
        match self.format {
            Format::Cades => self.finish_cms(),
            Format::Jades => self.finish_jws(),
            Format::Xades => self.finish_xml(),
            Format::Pades => pades::finish(self),
        }
    }

    fn finish_cms(&self) -> Result<Vec<Part>, Error> {
        let existing = self.existing()?;
        let cms = Cms::of(self, existing.as_ref())?;
        let signed = cms.signed(self);
        match (&existing, self.envelope) {
            (Some(existing), _) => {
                let place = existing.place();
                Ok(around(existing.around(&signed)?, kept(place.start as u64, place.end as u64)))
            }
            (None, Envelope::Attached) => {
                let length = self.document.length()?;
                Ok(around(cms::finish_around(&signed, length)?, kept(0, length)))
            }
            (None, _) => Ok(vec![Part::own(cms::finish(&signed)?)]),
        }
    }

    fn finish_jws(&self) -> Result<Vec<Part>, Error> {
        let (beside, protected) = (self.beside()?, self.text()?);
        let content = self.content(beside.as_ref(), &[])?;
        let jws = jws::finish_around(protected, &content, self.signatory, self.value, self.additions)?;
        Ok(match content {
            Content::Attached { .. } => around(jws, Part::Base64url),
            Content::Detached { .. } => vec![Part::own([jws.before, jws.after].concat())],
            Content::Parallel(signed) => around(jws, kept(signed.place().start as u64, signed.place().end as u64)),
        })
    }

    fn finish_xml(&self) -> Result<Vec<Part>, Error> {
        let (spot, element) = xml::restored(self.text()?)?;
        let alone = || xml::finish_alone(element, self.signatory, self.value, self.additions);
        match (self.envelope, spot) {
            (Envelope::Detached, None) => Ok(vec![Part::own(alone()?)]),
            (Envelope::Enveloping, None) => {
                let signature = xml::finish_around(element, self.signatory, self.value, self.additions)?;
                Ok(around(signature, Part::Base64))
            }
            (Envelope::Enveloped, Some(spot)) => {
                let (signature, left_out) = spot.put(&alone()?);
                let (end, length) = (spot.end(), self.document.length()?);
                Ok(vec![kept(0, end), Part::own(signature), kept(end + left_out, length)])
            }
            _ => Err(Error::Envelope),
        }
    }

    /// The CMS that this signature goes into.
    fn existing(&self) -> Result<Option<Existing<'a>>, Error> {
        match self.envelope {
            Envelope::Attached | Envelope::Detached => Ok(None),
            Envelope::Parallel => Ok(Some(Existing::read(self.document.octets()?)?)),
            _ => Err(Error::Envelope),
        }
    }

    /// The JWS that this signature goes into.
    fn beside(&self) -> Result<Option<jws::Signed>, Error> {
        match self.envelope {
            Envelope::Attached | Envelope::Detached => Ok(None),
            Envelope::Parallel => Ok(Some(jws::Signed::read(self.document.octets()?)?)),
            _ => Err(Error::Envelope),
        }
    }

    /// What the header says of the document is in what was prepared.
    fn content<'s>(&self, beside: Option<&'s jws::Signed>, document: &'s [u8]) -> Result<Content<'s>, Error> {
        match (beside, self.envelope) {
            (Some(beside), _) => Ok(Content::Parallel(beside)),
            (None, Envelope::Attached) => Ok(Content::Attached { document, media_type: None }),
            (None, Envelope::Detached) => Ok(Content::Detached { name: "", digest: &[], media_type: None }),
            _ => Err(Error::Envelope),
        }
    }

    fn text(&self) -> Result<&'a str, Error> {
        Ok(std::str::from_utf8(self.prepared)?)
    }
}

/// What a CMS holds beside a signature's value.
struct Cms {
    evidence: Evidence,
    unsigned: Vec<Attribute>,
    /// Digest of the content, where it is known.
    digest: Option<Vec<u8>>,
}

impl Cms {
    fn of(signature: &Signature<'_>, existing: Option<&Existing<'_>>) -> Result<Self, Error> {
        let (evidence, digest) = match existing {
            Some(existing) => {
                let (certificates, crls) = (existing.certificates(), existing.revocations());
                let digest = crate::digest(signature.signatory.scheme.hash(), existing.content());
                (Evidence { certificates, crls, ocsp: Vec::new() }, Some(digest))
            }
            None => (Evidence::default(), signature.document.digest.map(<[u8]>::to_vec)),
        };
        let mut cms = Self { evidence, unsigned: Vec::new(), digest };
        for addition in signature.additions {
            match addition {
                Addition::Stamp(token) => cms.unsigned.push(Attribute::signature_time_stamp(token.clone())?),
                Addition::Evidence(evidence) => {
                    cms.evidence.certificates.extend_from_slice(&evidence.certificates);
                    cms.evidence.crls.extend_from_slice(&evidence.crls);
                    cms.evidence.ocsp.extend_from_slice(&evidence.ocsp);
                }
                Addition::Archive(token) => {
                    let attribute = cms.archive(signature)?.attribute(token)?;
                    cms.unsigned.push(attribute);
                }
                Addition::StampEvidence(_) => return Err(Error::Renewal),
            }
        }
        Ok(cms)
    }

    fn signed<'s>(&'s self, signature: &Signature<'s>) -> cms::Signed<'s> {
        cms::Signed {
            signatory: signature.signatory,
            content_type: cms::DATA,
            content: None,
            attributes: signature.prepared,
            signature: signature.value,
            certificates: &self.evidence.certificates,
            crls: &self.evidence.crls,
            ocsp: &self.evidence.ocsp,
            unsigned: &self.unsigned,
        }
    }

    fn archive(&self, signature: &Signature<'_>) -> Result<Archive, Error> {
        let digest = self.digest.as_ref().ok_or(Error::Unknown("digest"))?;
        Ok(Archive::prepare(&self.signed(signature), digest)?)
    }
}

fn around(around: Around, inside: Part) -> Vec<Part> {
    vec![Part::own(around.before), inside, Part::own(around.after)]
}

const fn kept(start: u64, end: u64) -> Part {
    Part::Document { start, end }
}

#[cfg(test)]
mod tests;
