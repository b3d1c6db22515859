//! Signatures of long ago that are to last longer: what their newest archive time-stamps are over is looked at, what shows
//! that those were good is added, and newer ones over everything. CMS, JSON and XML; a PDF has its own way ([`crate::pdf`]).

use rsign_api::algorithm::HashAlgorithm;
use rsign_api::timestamp;

use crate::evidence::Evidence;
use crate::{Addition, cms, jws, xml};

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

impl From<timestamp::Unfit> for Error {
    fn from(error: timestamp::Unfit) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// A document with signatures that stand by themselves, or in it.
#[derive(Debug, Clone)]
pub struct Stored {
    format: Format,
    /// What is signed, where it is not in the document.
    content: Option<Vec<u8>>,
}

#[derive(Debug, Clone)]
enum Format {
    Cms(cms::Stored),
    Json(jws::Stored),
    Xml(xml::Stored),
}

impl Stored {
    /// Reads it; `None` for JSON and XML without anything that could be renewed.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn read(document: &[u8]) -> Result<Option<Self>, Error> {
        let text = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document).trim_ascii_start();
        let format = match text.first() {
            // DER and BER of a SEQUENCE.
            Some(0x30) if document.first() == Some(&0x30) => Some(Format::Cms(cms::Stored::read(document)?)),
            Some(b'<') => xml::Stored::read(document)?.map(Format::Xml),
            Some(b'{') => jws::Stored::read(document)?.map(Format::Json),
            _ if jws::is_plain(text) => None,
            _ => return Err(Error::Unreadable("it is no CMS, JSON or XML that can be read".to_owned())),
        };
        Ok(format.map(|format| Self { format, content: None }))
    }

    /// Whether what is signed is in the document.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        match &self.format {
            Format::Cms(cms) => cms.content().is_some(),
            Format::Json(jws) => jws.is_attached(),
            Format::Xml(xml) => xml.is_attached(),
        }
    }

    /// Takes what is signed, which is not in the document.
    pub fn bring(&mut self, content: Vec<u8>) {
        self.content = Some(content);
    }

    /// How many signatures it has.
    #[must_use]
    pub fn signatures(&self) -> usize {
        match &self.format {
            Format::Cms(cms) => cms.signatures(),
            Format::Json(jws) => jws.signatures(),
            Format::Xml(_) => 1,
        }
    }

    /// The token of a signature's newest archive time-stamp, if it has any.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn newest(&self, signature: usize) -> Result<Option<Vec<u8>>, Error> {
        Ok(match &self.format {
            Format::Cms(cms) => cms.newest(signature)?,
            Format::Json(jws) => jws.newest(signature)?,
            Format::Xml(xml) => Some(xml.newest()?),
        })
    }

    /// That a signature's newest archive time-stamp, which this token is, is over what is there. Who signed it is for
    /// others to judge.
    ///
    /// # Errors
    /// [`Error::Imprint`] when it is not.
    pub fn check(&self, signature: usize, token: &[u8]) -> Result<(), Error> {
        let (function, imprint) = timestamp::imprint(token)?;
        let content = self.content.as_deref();
        let over = match &self.format {
            Format::Cms(cms) => {
                let content = cms.content().or(content).ok_or(Error::NoContent)?;
                cms.stamped(signature, function, content)?
            }
            Format::Json(jws) => Some(jws.stamped(signature, function, self.outside()?)?),
            Format::Xml(xml) => Some(xml.stamped(function, self.outside()?)?),
        };
        if over == Some(imprint) { Ok(()) } else { Err(Error::Imprint) }
    }

    /// Adds what shows that the newest archive time-stamp of a signature was good.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn add(&mut self, signature: usize, evidence: Evidence) -> Result<(), Error> {
        match &mut self.format {
            Format::Cms(cms) => cms.add(&evidence)?,
            Format::Json(jws) => jws.add(signature, Addition::StampEvidence(evidence))?,
            Format::Xml(xml) => xml.add(&Addition::StampEvidence(evidence))?,
        }
        Ok(())
    }

    /// What another archive time-stamp on a signature is to be over: hash function and hash.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn imprint(&mut self, signature: usize) -> Result<(HashAlgorithm, Vec<u8>), Error> {
        let outside = self.content.as_deref();
        Ok(match &mut self.format {
            Format::Cms(cms) => {
                let function = cms.function(signature)?;
                let content = cms.content().map(<[u8]>::to_vec).or_else(|| outside.map(<[u8]>::to_vec));
                (function, cms.imprint(signature, &content.ok_or(Error::NoContent)?)?)
            }
            Format::Json(jws) => (jws.function(signature)?, jws.imprint(signature, outside)?),
            Format::Xml(xml) => (xml.function()?, xml.imprint(outside)?),
        })
    }

    /// Adds the time-stamp on what [`Self::imprint`] gave last.
    ///
    /// # Errors
    /// When the token is none.
    pub fn stamp(&mut self, signature: usize, token: Vec<u8>) -> Result<(), Error> {
        match &mut self.format {
            Format::Cms(cms) => cms.stamp(signature, &token)?,
            Format::Json(jws) => jws.add(signature, Addition::Archive(token))?,
            Format::Xml(xml) => xml.add(&Addition::Archive(token))?,
        }
        Ok(())
    }

    /// The document with all that was added.
    ///
    /// # Errors
    /// When it is too long.
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        Ok(match self.format {
            Format::Cms(cms) => cms.finish()?,
            Format::Json(jws) => jws.finish(),
            Format::Xml(xml) => xml.finish(),
        })
    }

    /// What is signed, where that is not in the document.
    fn outside(&self) -> Result<Option<&[u8]>, Error> {
        match &self.content {
            None if !self.is_attached() => Err(Error::NoContent),
            content => Ok(content.as_deref()),
        }
    }
}

#[cfg(test)]
mod tests;
