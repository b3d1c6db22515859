//! The `ds:Signature` element with its qualifying properties (EN 319 132-1, 6.3).

use std::time::SystemTime;

use data_encoding::{BASE64, HEXLOWER};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::property::{Said, XADES};
use super::{Content, Error, algorithm, document, unsigned};
use crate::{Addition, Around, Signatory, digest};

/// `xsd:dateTime` in UTC, whole seconds.
const DATE_TIME: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// Where the value goes. The other places end with a tag that stands once in what is made here.
const VALUE: &str = "</ds:SignatureValue>";
const PROPERTIES: &str = "</xades:QualifyingProperties>";
const SIGNATURE: &str = "</ds:Signature>";
const OBJECT: &str = "</ds:Object></ds:Signature>";

/// Without a value: `ds:SignedInfo`, the place of the value, the certificates, the signed properties.
pub(super) fn unfinished(
    content: &Content<'_>,
    said: &Said,
    signing_time: SystemTime,
    signatory: &Signatory,
) -> Result<String, Error> {
    let hash = signatory.scheme.hash();
    let method = algorithm::signature(signatory.scheme)?;
    let reference = Referenced::new(content, said);
    if reference.digest.len() != hash.len() {
        return Err(Error::Digest);
    }
    let time = OffsetDateTime::from(signing_time).format(DATE_TIME).map_err(|_| Error::Time)?;
    let certificate = signatory.chain.first().ok_or(Error::NoCertificate)?;
    // Identifiers that no other signature or document has: they hang on all that this one is about.
    let about = [reference.digest, time.as_bytes(), certificate].concat();
    let id = &HEXLOWER.encode(&digest(hash, &about))[..32];

    let method_of_digest = format!(r#"<ds:DigestMethod Algorithm="{}"></ds:DigestMethod>"#, algorithm::hash(hash));
    let signed_properties = format!(
        concat!(
            r#"<xades:SignedProperties Id="signed-{id}"><xades:SignedSignatureProperties>"#,
            r#"<xades:SigningTime>{time}</xades:SigningTime>"#,
            r#"<xades:SigningCertificateV2><xades:Cert><xades:CertDigest>{method}"#,
            r#"<ds:DigestValue>{certificate}</ds:DigestValue>"#,
            r#"</xades:CertDigest></xades:Cert></xades:SigningCertificateV2>{of_signature}"#,
            r#"</xades:SignedSignatureProperties>"#,
            r##"<xades:SignedDataObjectProperties><xades:DataObjectFormat ObjectReference="#reference-{id}">"##,
            r#"<xades:MimeType>{media_type}</xades:MimeType></xades:DataObjectFormat>{of_document}"#,
            r#"</xades:SignedDataObjectProperties></xades:SignedProperties>"#,
        ),
        id = id,
        time = time,
        method = method_of_digest,
        certificate = BASE64.encode(&digest(hash, certificate)),
        media_type = escaped(reference.media_type),
        of_signature = said.of_signature(),
        of_document = said.of_document(),
    );
    let qualifying = format!(
        concat!(r##"<xades:QualifyingProperties xmlns:xades="{}" Target="#signature-{}">{}{}"##,),
        XADES, id, signed_properties, PROPERTIES,
    );
    // The properties in canonical form, as they will stand in the signature.
    let context = format!(r#"<ds:Object xmlns:ds="{}">{qualifying}</ds:Object>"#, document::XMLDSIG);
    let properties = digest(hash, &document::canonical(&context, "SignedProperties")?);

    Ok(format!(
        concat!(
            r#"<ds:Signature xmlns:ds="{xmldsig}" Id="signature-{id}"><ds:SignedInfo>"#,
            r#"<ds:CanonicalizationMethod Algorithm="{exclusive}"></ds:CanonicalizationMethod>"#,
            r#"<ds:SignatureMethod Algorithm="{signature}"></ds:SignatureMethod>"#,
            r#"<ds:Reference Id="reference-{id}"{attributes}>{transforms}{method}"#,
            r#"<ds:DigestValue>{document}</ds:DigestValue></ds:Reference>"#,
            r##"<ds:Reference Type="http://uri.etsi.org/01903#SignedProperties" URI="#signed-{id}">"##,
            r#"<ds:Transforms><ds:Transform Algorithm="{exclusive}"></ds:Transform></ds:Transforms>{method}"#,
            r#"<ds:DigestValue>{properties}</ds:DigestValue></ds:Reference></ds:SignedInfo>"#,
            r#"<ds:SignatureValue Id="value-{id}">{value}"#,
            r#"<ds:KeyInfo><ds:X509Data>{chain}</ds:X509Data></ds:KeyInfo>"#,
            r#"<ds:Object>{qualifying}</ds:Object>{object}{end}"#,
        ),
        xmldsig = document::XMLDSIG,
        id = id,
        exclusive = algorithm::EXCLUSIVE,
        signature = method,
        attributes = reference.attributes(id),
        transforms = reference.transforms(),
        method = method_of_digest,
        document = BASE64.encode(reference.digest),
        properties = BASE64.encode(&properties),
        value = VALUE,
        chain = certificates(signatory),
        qualifying = qualifying,
        object = reference.object(id),
        end = SIGNATURE,
    ))
}

/// With value, what was added, and the document if that is inside.
pub(super) fn finished(
    unfinished: &str,
    value: &[u8],
    additions: &[Addition],
    document: Option<&[u8]>,
) -> Result<String, Error> {
    let mut signature = inserted(unfinished, VALUE, &BASE64.encode(value))?;
    if !additions.is_empty() {
        signature = inserted(&signature, PROPERTIES, &unsigned::properties(additions))?;
    }
    if let Some(document) = document {
        signature = inserted(&signature, OBJECT, &BASE64.encode(document))?;
    }
    Ok(signature)
}

/// A signature without its document, before and behind where that goes.
pub(super) fn around(signature: &str) -> Result<Around, Error> {
    let (before, after) = split(signature, OBJECT)?;
    Ok(Around { before: before.into(), after: [OBJECT, after].concat().into_bytes() })
}

/// The text with something before the only occurrence of a tag. Nothing that is not ours can have such a tag: foreign
/// words are escaped.
fn inserted(text: &str, before: &str, what: &str) -> Result<String, Error> {
    let (start, end) = split(text, before)?;
    Ok([start, what, before, end].concat())
}

/// What stands before and behind the only occurrence of a tag.
fn split<'a>(text: &'a str, tag: &str) -> Result<(&'a str, &'a str), Error> {
    let (start, end) = text.split_once(tag).ok_or(Error::Unfinished)?;
    if end.contains(tag) { Err(Error::Unfinished) } else { Ok((start, end)) }
}

fn certificates(signatory: &Signatory) -> String {
    let one = |der: &Vec<u8>| format!("<ds:X509Certificate>{}</ds:X509Certificate>", BASE64.encode(der));
    signatory.chain.iter().map(one).collect()
}

/// The reference to the document.
struct Referenced<'a> {
    content: &'a Content<'a>,
    digest: &'a [u8],
    media_type: &'a str,
}

impl<'a> Referenced<'a> {
    fn new(content: &'a Content<'a>, said: &'a Said) -> Self {
        let (digest, media_type) = match *content {
            Content::Detached { digest, media_type, .. } | Content::Enveloping { digest, media_type } => {
                (digest, media_type)
            }
            Content::Enveloped { digest } => (digest, "text/xml"),
        };
        Self { content, digest, media_type: said.media_type.as_deref().unwrap_or(media_type) }
    }

    fn attributes(&self, id: &str) -> String {
        match self.content {
            Content::Detached { name, .. } => format!(r#" URI="{}""#, escaped(name)),
            Content::Enveloping { .. } => {
                format!(r##" Type="{}Object" URI="#object-{id}""##, document::XMLDSIG)
            }
            Content::Enveloped { .. } => r#" URI="""#.to_owned(),
        }
    }

    fn transforms(&self) -> String {
        let transforms: &[&str] = match self.content {
            Content::Detached { .. } => return String::new(),
            Content::Enveloping { .. } => &[algorithm::BASE64],
            Content::Enveloped { .. } => &[algorithm::ENVELOPED, algorithm::INCLUSIVE],
        };
        let transforms: String =
            transforms.iter().map(|uri| format!(r#"<ds:Transform Algorithm="{uri}"></ds:Transform>"#)).collect();
        format!("<ds:Transforms>{transforms}</ds:Transforms>")
    }

    /// The place of an enveloped document.
    fn object(&self, id: &str) -> String {
        match self.content {
            Content::Enveloping { .. } => format!(
                r#"<ds:Object Encoding="{}" Id="object-{id}" MimeType="{}"></ds:Object>"#,
                algorithm::BASE64,
                escaped(self.media_type),
            ),
            Content::Detached { .. } | Content::Enveloped { .. } => String::new(),
        }
    }
}

/// As text or as value of an attribute. What XML cannot say at all (controls) becomes U+FFFD.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\u{FFFE}' | '\u{FFFF}' => escaped.push('\u{FFFD}'),
            control if control.is_ascii_control() => escaped.push('\u{FFFD}'),
            other => escaped.push(other),
        }
    }
    escaped
}
