//! The unsigned properties (EN 319 132-1, 5.3 to 5.5).

use data_encoding::BASE64;

use super::algorithm;
use crate::Addition;
use crate::evidence::Evidence;

/// Namespace of the properties that version 1.4.1 of the schema added.
pub(super) const XADES_141: &str = "http://uri.etsi.org/01903/v1.4.1#";

/// `xades:UnsignedProperties` with these.
pub(super) fn properties(additions: &[Addition]) -> String {
    let properties: String = additions.iter().map(property).collect();
    format!(
        "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>{properties}\
         </xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
    )
}

/// One of them.
pub(super) fn property(addition: &Addition) -> String {
    match addition {
        Addition::Stamp(token) => element("xades:SignatureTimeStamp", &stamp(token)),
        Addition::Evidence(data) => values(data),
        Addition::Archive(token) => element_141("ArchiveTimeStamp", &stamp(token)),
        Addition::StampEvidence(data) => element_141("TimeStampValidationData", &values(data)),
    }
}

/// `XAdESTimeStampType` with one token over canonical forms.
fn stamp(token: &[u8]) -> String {
    format!(
        r#"<ds:CanonicalizationMethod Algorithm="{}"></ds:CanonicalizationMethod>{}"#,
        algorithm::EXCLUSIVE,
        each("xades:EncapsulatedTimeStamp", &[token.to_vec()]),
    )
}

/// `xades:CertificateValues` and `xades:RevocationValues`, those of them that are not empty.
fn values(data: &Evidence) -> String {
    let certificates = each("xades:EncapsulatedX509Certificate", &data.certificates);
    let crls = some("xades:CRLValues", &each("xades:EncapsulatedCRLValue", &data.crls));
    let ocsp = some("xades:OCSPValues", &each("xades:EncapsulatedOCSPValue", &data.ocsp));
    some("xades:CertificateValues", &certificates) + &some("xades:RevocationValues", &(crls + &ocsp))
}

/// An element of this name around each, Base64.
fn each(name: &str, all: &[Vec<u8>]) -> String {
    all.iter().map(|der| element(name, &BASE64.encode(der))).collect()
}

/// The element, if there is anything in it.
fn some(name: &str, content: &str) -> String {
    if content.is_empty() { String::new() } else { element(name, content) }
}

fn element(name: &str, content: &str) -> String {
    format!("<{name}>{content}</{name}>")
}

fn element_141(name: &str, content: &str) -> String {
    format!(r#"<xades141:{name} xmlns:xades141="{XADES_141}">{content}</xades141:{name}>"#)
}
