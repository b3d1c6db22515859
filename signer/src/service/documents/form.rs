//! One match on the format: what is signed around a document.

use std::time::SystemTime;

use rsign_ades::pdf::Update;
use rsign_ades::{Envelope, Format, Signatory, cms, jws, xml};
use rsign_api::objection::{Reason, Unsayable};
use rsign_api::signer::{DocumentSubject, DocumentToSign, Property, Refusal};

use super::{Document, pades};
use crate::foreign::{Canonical, Existing};
use crate::service::{Error, Result, Signer};

/// The media type of octets of which nothing is known (RFC 2046, 4.5.1): XAdES wants one.
const ANY: &str = "application/octet-stream";

/// Longest document that JSON is put around, octets: it is in memory several times over.
const LONGEST: u64 = xml::LIMIT as u64;

/// What the key signs, and what the format needs besides to finish.
#[derive(Debug)]
pub(super) struct Formed {
    /// By the scheme's hash function.
    pub(super) digest: Vec<u8>,
    /// Stored with the signature, and given out with it.
    pub(super) prepared: Vec<u8>,
}

/// What a helper process found in a document that its signature will stand in.
#[derive(Debug)]
pub(super) enum Read {
    /// It was not read.
    Nothing,
    Pdf(Update),
    Xml(Canonical),
    /// One more signature goes beside those it has.
    Signed(Existing),
}

impl Signer {
    /// Whether it can be formed at all: asked before anything is reserved. A document that the signature will stand in
    /// is read for that, and what was found comes back.
    pub(super) async fn formable(&self, client: &str, asked: &DocumentToSign, signatory: &Signatory) -> Result<Read> {
        // No page shows them, so nobody approved them.
        if !self.policy.properties && !asked.properties.is_empty() {
            return Err(Reason::NotTaken.into());
        }
        if stands_in_or_beside(asked)
            && matches!(&asked.subject, DocumentSubject::Document(octets) if octets.is_empty())
        {
            return Err(Reason::Empty.into());
        }
        if let (Envelope::Parallel, Format::Cades | Format::Jades, DocumentSubject::Document(octets)) =
            (asked.envelope, asked.format, &asked.subject)
        {
            sayable(asked, signatory)?;
            let found = self.foreign.existing(client, octets, asked.format, signatory.scheme.hash()).await;
            return found.map(Read::Signed).map_err(pades::fault);
        }
        match asked.format {
            Format::Pades => {
                let update = pades::formable(&*self.foreign, client, asked, signatory, self.wall_clock()).await?;
                return Ok(update.map_or(Read::Nothing, Read::Pdf));
            }
            Format::Cades if !matches!(asked.envelope, Envelope::Attached | Envelope::Detached) => {
                return Err(Refusal::Format.into());
            }
            Format::Cades => sayable(asked, signatory)?,
            Format::Jades => {
                sayable(asked, signatory)?;
                json_content(asked, &[], &[], "")?;
                let attached = asked.envelope == Envelope::Attached;
                if attached && matches!(&asked.subject, DocumentSubject::Document(octets) if octets.len() > LONGEST) {
                    return Err(Reason::TooLong.into());
                }
            }
            Format::Xades => {
                sayable(asked, signatory)?;
                if let (Envelope::Enveloped, DocumentSubject::Document(octets)) = (asked.envelope, &asked.subject) {
                    let found = self.foreign.canonical(client, octets, signatory.scheme.hash()).await;
                    return found.map(Read::Xml).map_err(pades::fault);
                }
                xml_content(asked, &[], "", &Read::Nothing)?;
            }
        }
        Ok(Read::Nothing)
    }
}

/// Whether the signature needs something of the document to stand in or beside. Elsewhere that may be empty: a digest of no
/// octets is one, and CMS and Base64 can hold none. A JWS without payload would look like one whose payload is elsewhere
/// (RFC 7515, appendix F).
fn stands_in_or_beside(asked: &DocumentToSign) -> bool {
    match asked.format {
        Format::Pades => true,
        Format::Cades => asked.envelope == Envelope::Parallel,
        Format::Xades => asked.envelope == Envelope::Enveloped,
        Format::Jades => asked.envelope != Envelope::Detached,
    }
}

/// Whether the format has words for the algorithm and the properties.
fn sayable(asked: &DocumentToSign, signatory: &Signatory) -> Result<()> {
    match asked.format {
        Format::Jades => json_said(asked).and(jws::sayable(signatory).map_err(json_fault)),
        Format::Xades => xml_said(asked).and(xml::sayable(signatory).map_err(xml_fault)),
        Format::Cades | Format::Pades => attributes(&asked.properties).map(drop),
    }
}

/// Forms it. The document's digest is by the hash function of the signatory's scheme; the document itself, where the
/// signer has it, is in what was asked.
pub(super) fn form_one(document: &Document, signatory: &Signatory, at: SystemTime) -> Result<Formed> {
    let Document { asked, digest, hashed, read } = document;
    match asked.format {
        Format::Cades => cades(document, signatory, at),
        Format::Pades => {
            let update = if let Read::Pdf(update) = read { Some(update) } else { None };
            pades::form(asked, digest, update.zip(hashed.as_ref()), signatory)
        }
        Format::Jades => jades(document, signatory, at),
        Format::Xades => xades(document, signatory, at),
    }
}

fn cades(document: &Document, signatory: &Signatory, at: SystemTime) -> Result<Formed> {
    let Document { asked, digest, read, .. } = document;
    let digest = match (asked.envelope, read) {
        (Envelope::Attached | Envelope::Detached, _) => digest,
        (Envelope::Parallel, Read::Signed(Existing::Cms(digest))) => digest,
        _ => return Err(Refusal::Format.into()),
    };
    let wanted = cms::Wanted {
        content_type: cms::DATA,
        digest,
        signing_time: Some(at),
        properties: &attributes(&asked.properties)?,
    };
    let prepared = cms::prepare(&wanted, signatory).map_err(|error| Error::Incident(error.to_string()))?;
    Ok(Formed { digest: rsign_ades::digest(signatory.scheme.hash(), &prepared), prepared })
}

fn jades(document: &Document, signatory: &Signatory, at: SystemTime) -> Result<Formed> {
    let Document { asked, digest, read, .. } = document;
    let name = rsign_ades::name(signatory.scheme.hash(), digest);
    let (beside, whole);
    let content = match (read, asked.envelope, &asked.subject) {
        (Read::Signed(existing), ..) => {
            beside = payload(asked, existing)?;
            jws::Content::Parallel(&beside)
        }
        (_, Envelope::Attached, DocumentSubject::Document(octets)) => {
            whole = octets.whole(xml::LIMIT).map_err(|error| Error::Incident(error.to_string()))?;
            json_content(asked, &whole, digest, &name)?
        }
        _ => json_content(asked, &[], digest, &name)?,
    };
    let protected = jws::prepare(&content, &json_said(asked)?, at, signatory).map_err(json_fault)?;
    let signed = jws::to_be_signed(&protected, &content);
    let digest = rsign_ades::digest(signatory.scheme.hash(), &signed);
    Ok(Formed { digest, prepared: protected.into_bytes() })
}

/// The payload, which stands in the approved document itself; the helper process only said where.
fn payload(asked: &DocumentToSign, existing: &Existing) -> Result<jws::Signed> {
    let odd = || Error::Incident("a payload that is none".to_owned());
    let (Existing::Jws { start, end, content_type }, DocumentSubject::Document(octets)) = (existing, &asked.subject)
    else {
        return Err(odd());
    };
    let length = end.checked_sub(*start).and_then(|length| usize::try_from(length).ok());
    let length = length.filter(|length| *length <= jws::LIMIT).ok_or_else(odd)?;
    let mut payload = vec![0; length];
    if !matches!(octets.read_at(*start, &mut payload), Ok(read) if read == length) {
        return Err(odd());
    }
    let payload = std::str::from_utf8(&payload).map_err(|_| odd())?;
    jws::Signed::of_payload(payload, content_type.clone()).map_err(|_| odd())
}

/// The document itself where it will be inside, else its digest, under a name that is nothing but the digest.
fn json_content<'a>(
    asked: &DocumentToSign,
    document: &'a [u8],
    digest: &'a [u8],
    name: &'a str,
) -> Result<jws::Content<'a>> {
    match (asked.envelope, &asked.subject) {
        (Envelope::Attached, DocumentSubject::Document(_)) => Ok(jws::Content::Attached { document, media_type: None }),
        (Envelope::Detached, _) => Ok(jws::Content::Detached { name, digest, media_type: None }),
        _ => Err(Refusal::Format.into()),
    }
}

fn json_fault(error: jws::Error) -> Error {
    match error {
        jws::Error::NoName(_) => Reason::Algorithm.into(),
        other => Error::Incident(other.to_string()),
    }
}

fn xades(document: &Document, signatory: &Signatory, at: SystemTime) -> Result<Formed> {
    let Document { asked, digest, read, .. } = document;
    let name = rsign_ades::name(signatory.scheme.hash(), digest);
    let content = xml_content(asked, digest, &name, read)?;
    let unfinished = xml::prepare(&content, &xml_said(asked)?, at, signatory).map_err(xml_fault)?;
    let signed = xml::to_be_signed(&unfinished).map_err(xml_fault)?;
    let digest = rsign_ades::digest(signatory.scheme.hash(), &signed);
    let prepared = if let Read::Xml(found) = read { xml::stored(&found.spot, &unfinished) } else { unfinished };
    Ok(Formed { digest, prepared: prepared.into_bytes() })
}

/// The digest of the document's octets will do wherever it is not parsed.
fn xml_content<'a>(
    asked: &DocumentToSign,
    digest: &'a [u8],
    name: &'a str,
    read: &'a Read,
) -> Result<xml::Content<'a>> {
    match (asked.envelope, &asked.subject, read) {
        (Envelope::Enveloped, DocumentSubject::Document(_), Read::Xml(found)) => {
            Ok(xml::Content::Enveloped { digest: &found.digest })
        }
        (Envelope::Enveloping, DocumentSubject::Document(_), _) => {
            Ok(xml::Content::Enveloping { digest, media_type: ANY })
        }
        (Envelope::Detached, ..) => Ok(xml::Content::Detached { name, digest, media_type: ANY }),
        _ => Err(Refusal::Format.into()),
    }
}

fn xml_fault(error: xml::Error) -> Error {
    match error {
        xml::Error::NoName(_) => Reason::Algorithm.into(),
        other => Error::Incident(other.to_string()),
    }
}

/// Names and values of what is to be said.
fn named(properties: &[Property]) -> impl Iterator<Item = (&str, Option<&str>)> {
    properties.iter().map(|property| (property.name.as_str(), property.value.as_deref()))
}

fn attributes(properties: &[Property]) -> Result<Vec<cms::Attribute>> {
    cms::read_properties(named(properties)).map_err(unsaid)
}

fn json_said(asked: &DocumentToSign) -> Result<jws::Said> {
    jws::read_properties(named(&asked.properties)).map_err(unsaid)
}

fn xml_said(asked: &DocumentToSign) -> Result<xml::Said> {
    xml::read_properties(named(&asked.properties)).map_err(unsaid)
}

/// The gateway judges the same, and names them; here it is enough to say no.
#[expect(clippy::needless_pass_by_value, reason = "it is what went wrong")]
pub(super) fn unsaid(unsayable: Vec<Unsayable>) -> Error {
    unsayable.first().map_or(Reason::BadValue, |first| first.reason).into()
}
