//! Signatures of long ago that are to last longer: what their newest archive time-stamps are over is looked at, what shows
//! that those were good is added, and newer ones over everything.

use rsign_api::algorithm::HashAlgorithm;
use rsign_api::parts::Part;
use rsign_api::timestamp;

use crate::evidence::Evidence;
use crate::pdf::{Growing, Limits, Newest};
use crate::{Addition, cms, jws, pdf, xml};

/// Why there is no newer archive time-stamp.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read, or is of a kind that is not read here.
    #[error("{0}")]
    Unreadable(String),
    /// What a detached signature signs is not there.
    #[error("it is a detached signature, and what it signs is not beside it")]
    NoContent,
    /// Not what was stamped, or not what was signed.
    #[error("its newest archive time-stamp is over something else than what is there")]
    Imprint,
}

impl From<cms::Error> for Error {
    fn from(error: cms::Error) -> Self {
        match error {
            cms::Error::Der(_) => Self::Unreadable("it is no CMS that can be read".to_owned()),
            other => Self::Unreadable(other.to_string()),
        }
    }
}

impl From<jws::Error> for Error {
    fn from(error: jws::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<xml::Error> for Error {
    fn from(error: xml::Error) -> Self {
        match error {
            xml::Error::Document(_, why) => Self::Unreadable(format!("it is no XML that is read here: {why}")),
            other => Self::Unreadable(other.to_string()),
        }
    }
}

impl From<pdf::Error> for Error {
    fn from(error: pdf::Error) -> Self {
        match error {
            pdf::Error::Stamp => Self::Imprint,
            other => Self::Unreadable(other.to_string()),
        }
    }
}

impl From<timestamp::Unfit> for Error {
    fn from(error: timestamp::Unfit) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// What a document is found to be.
#[derive(Debug, Clone)]
pub enum Found<'a> {
    /// Nobody signed it.
    Unsigned,
    /// It is signed, and none of its signatures has an archive time-stamp.
    Unstamped,
    /// One of its signatures has one.
    Stamped(Box<Stored<'a>>),
}

/// A document with signatures that stand by themselves, or in it, at least one of them with an archive time-stamp.
#[derive(Debug, Clone)]
pub struct Stored<'a> {
    format: Format<'a>,
    /// The newest archive time-stamps.
    stamps: Vec<Stamp>,
    /// What is signed, where it is not in the document.
    content: Option<&'a [u8]>,
}

#[derive(Debug, Clone)]
enum Format<'a> {
    Cms(cms::Stored<'a>),
    Json(jws::Stored),
    Xml(xml::Stored),
    Pdf(Growing<'a>),
}

/// The newest archive time-stamp of a signature.
#[derive(Debug, Clone)]
struct Stamp {
    /// Which signature that is.
    of: usize,
    token: Vec<u8>,
}

impl<'a> Stored<'a> {
    /// Reads a document.
    ///
    /// # Errors
    /// [`Error::Unreadable`]; and of a PDF, which is all there, [`Error::Imprint`].
    pub fn read(document: &'a [u8]) -> Result<Found<'a>, Error> {
        if document.starts_with(b"%PDF-") {
            return Ok(match pdf::newest(document, &Limits::default())? {
                Newest::None => Found::Unsigned,
                Newest::Signature => Found::Unstamped,
                Newest::TimeStamp(token) => {
                    Found::stamped(Format::Pdf(Growing::new(document)), vec![Stamp { of: 0, token }])
                }
            });
        }
        let text = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document).trim_ascii_start();
        let format = match text.first() {
            // DER and BER of a SEQUENCE.
            Some(0x30) if document.first() == Some(&0x30) => Some(Format::Cms(cms::Stored::read(document)?)),
            Some(b'<') => xml::Stored::read(document)?.map(Format::Xml),
            Some(b'{') => jws::Stored::read(document)?.map(Format::Json),
            _ if jws::is_compact(text) => return Ok(Found::Unstamped),
            _ if jws::is_json(text) => None,
            _ => return Err(Error::Unreadable("it is no PDF, CMS, JSON or XML that can be read".to_owned())),
        };
        let Some(format) = format.filter(|format| format.signatures() > 0) else { return Ok(Found::Unsigned) };
        let mut stamps = Vec::new();
        for of in 0..format.signatures() {
            stamps.extend(format.newest(of)?.map(|token| Stamp { of, token }));
        }
        Ok(if stamps.is_empty() { Found::Unstamped } else { Found::stamped(format, stamps) })
    }

    /// Whether what is signed is in the document.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        match &self.format {
            Format::Cms(cms) => cms.content().is_some(),
            Format::Json(jws) => jws.is_attached(),
            Format::Xml(xml) => xml.is_attached(),
            Format::Pdf(_) => true,
        }
    }

    /// Takes what is signed, which is not in the document.
    pub fn bring(&mut self, content: &'a [u8]) {
        self.content = Some(content);
    }

    /// The tokens of the newest archive time-stamps, one for each signature that has any.
    pub fn stamps(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.stamps.iter().map(|stamp| stamp.token.as_slice())
    }

    /// That the newest archive time-stamps are over what is there. Who signed them is for others to judge.
    ///
    /// # Errors
    /// [`Error::Imprint`] when one is not.
    pub fn check(&self) -> Result<(), Error> {
        for Stamp { of, token } in &self.stamps {
            let (function, imprint) = timestamp::imprint(token)?;
            let over = match &self.format {
                Format::Cms(cms) => {
                    let content = cms.content().or(self.content).ok_or(Error::NoContent)?;
                    cms.stamped(*of, function, content)?
                }
                Format::Json(jws) => Some(jws.stamped(*of, function, self.outside()?)?),
                Format::Xml(xml) => Some(xml.stamped(function, self.outside()?)?),
                // It was read only because it is.
                Format::Pdf(_) => continue,
            };
            if over != Some(imprint) {
                return Err(Error::Imprint);
            }
        }
        Ok(())
    }

    /// Adds what shows that one of the newest archive time-stamps, counted as [`Self::stamps`] gives them, was good.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn add(&mut self, stamp: usize, evidence: Evidence) -> Result<(), Error> {
        let of = self.signature(stamp)?;
        match &mut self.format {
            Format::Cms(cms) => cms.add(&evidence)?,
            Format::Json(jws) => jws.add(of, Addition::StampEvidence(evidence))?,
            Format::Xml(xml) => xml.add(&Addition::StampEvidence(evidence))?,
            Format::Pdf(pdf) => pdf.add(&evidence)?,
        }
        Ok(())
    }

    /// What another archive time-stamp behind one of the newest is to be over: hash function and hash.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn imprint(&mut self, stamp: usize) -> Result<(HashAlgorithm, Vec<u8>), Error> {
        let (of, outside) = (self.signature(stamp)?, self.content);
        Ok(match &mut self.format {
            Format::Cms(cms) => {
                let function = cms.function(of)?;
                let content = cms.content().or(outside).ok_or(Error::NoContent)?;
                let content = crate::digest(function, content);
                (function, cms.imprint(of, &content)?)
            }
            Format::Json(jws) => (jws.function(of)?, jws.imprint(of, outside)?),
            Format::Xml(xml) => (xml.function()?, xml.imprint(outside)?),
            Format::Pdf(pdf) => (HashAlgorithm::Sha256, pdf.imprint(HashAlgorithm::Sha256)?),
        })
    }

    /// Adds the time-stamp on what [`Self::imprint`] gave last.
    ///
    /// # Errors
    /// When the token is none.
    pub fn stamp(&mut self, stamp: usize, token: Vec<u8>) -> Result<(), Error> {
        let of = self.signature(stamp)?;
        match &mut self.format {
            Format::Cms(cms) => cms.stamp(of, &token)?,
            Format::Json(jws) => jws.add(of, Addition::Archive(token))?,
            Format::Xml(xml) => xml.add(&Addition::Archive(token))?,
            Format::Pdf(pdf) => pdf.stamp(&token)?,
        }
        Ok(())
    }

    /// The document with all that was added.
    ///
    /// # Errors
    /// When it is too long.
    pub fn finish(self) -> Result<Vec<Part>, Error> {
        Ok(match self.format {
            Format::Cms(cms) => cms.finish()?,
            Format::Json(jws) => jws.finish(),
            Format::Xml(xml) => xml.finish(),
            Format::Pdf(pdf) => {
                let end = pdf.original() as u64;
                vec![Part::Document { start: 0, end }, Part::own(pdf.appended())]
            }
        })
    }

    fn signature(&self, stamp: usize) -> Result<usize, Error> {
        let missing = || Error::Unreadable("it has no such time-stamp".to_owned());
        self.stamps.get(stamp).map(|stamp| stamp.of).ok_or_else(missing)
    }

    /// What is signed, where that is not in the document.
    fn outside(&self) -> Result<Option<&[u8]>, Error> {
        match self.content {
            None if !self.is_attached() => Err(Error::NoContent),
            content => Ok(content),
        }
    }
}

impl<'a> Found<'a> {
    fn stamped(format: Format<'a>, stamps: Vec<Stamp>) -> Self {
        Self::Stamped(Box::new(Stored { format, stamps, content: None }))
    }
}

impl Format<'_> {
    fn signatures(&self) -> usize {
        match self {
            Self::Cms(cms) => cms.signatures(),
            Self::Json(jws) => jws.signatures(),
            Self::Xml(_) | Self::Pdf(_) => 1,
        }
    }

    /// The token of a signature's newest archive time-stamp, if it has any.
    fn newest(&self, signature: usize) -> Result<Option<Vec<u8>>, Error> {
        Ok(match self {
            Self::Cms(cms) => cms.newest(signature)?,
            Self::Json(jws) => jws.newest(signature)?,
            Self::Xml(xml) => xml.newest()?,
            Self::Pdf(_) => None,
        })
    }
}

#[cfg(test)]
mod tests;
