//! A detached signature over a file: CMS `SignedData` (RFC 5652) with the signed attributes of CAdES baseline B-B
//! (EN 319 122-1): content-type, message-digest, signing-time, signing-certificate-v2 (RFC 5035).

use std::time::SystemTime;

use anyhow::Context as _;
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedAttributes, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{Any, ObjectIdentifier, OctetString, SetOfVec, UtcTime};
use der::{Decode as _, Encode as _, Sequence};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::channel::list::{Entry, List, short_code};
use rsign_api::signer::EntryType;
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::service::Credential;

/// OID of SHA-256.
pub(crate) const SHA256: &str = "2.16.840.1.101.3.4.2.1";

const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
pub(crate) const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
pub(crate) const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
pub(crate) const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// `SigningCertificateV2` with one certificate, named by its SHA-256 alone.
#[derive(Sequence)]
pub(crate) struct SigningCertificateV2 {
    certs: Vec<EssCertIdV2>,
}

/// `ESSCertIDv2`; the hash algorithm is absent, since SHA-256 is its default.
#[derive(Sequence)]
struct EssCertIdV2 {
    cert_hash: OctetString,
}

/// Names the signer's certificate, DER.
pub(crate) fn signing_certificate(certificate: &[u8]) -> anyhow::Result<SigningCertificateV2> {
    let hash = OctetString::new(Sha256::digest(certificate).to_vec())?;
    Ok(SigningCertificateV2 { certs: vec![EssCertIdV2 { cert_hash: hash }] })
}

/// A signature that lacks only the signature value.
#[derive(Debug)]
pub(super) struct Detached {
    /// SHA-256 of the signed attributes: the DTBS/R, 32 bytes.
    pub(super) digest: Vec<u8>,
    attributes: SignedAttributes,
    certificates: Vec<Certificate>,
    algorithm: AlgorithmIdentifierOwned,
}

impl Detached {
    /// Forms what is to be signed over `content` with this credential.
    pub(super) fn prepare(content: &[u8], credential: &Credential, now: SystemTime) -> anyhow::Result<Self> {
        let signer = credential.chain.first().context("the service shows no certificate")?;
        let certificate = signing_certificate(signer)?;
        let attributes = SetOfVec::try_from(vec![
            attribute(CONTENT_TYPE, &ID_DATA)?,
            attribute(MESSAGE_DIGEST, &OctetString::new(Sha256::digest(content).to_vec())?)?,
            attribute(SIGNING_TIME, &UtcTime::from_system_time(now)?)?,
            attribute(SIGNING_CERTIFICATE_V2, &certificate)?,
        ])?;
        let certificates = credential.chain.iter().map(|der| Certificate::from_der(der)).collect::<Result<_, _>>()?;
        Ok(Self {
            digest: Sha256::digest(attributes.to_der()?).to_vec(),
            attributes,
            certificates,
            algorithm: signature_algorithm(credential.algorithm)?,
        })
    }

    /// The short code of the list that holds this digest alone, as the service's pages show it.
    pub(super) fn short_code(&self) -> anyhow::Result<String> {
        let entry = Entry { r#type: EntryType::Untyped, hash: self.digest.clone(), label: None };
        let list = List::new(HashAlgorithm::Sha256, vec![entry]).ok().context("the digest is none of SHA-256")?;
        Ok(short_code(&list.digest()))
    }

    /// The whole `ContentInfo`, DER.
    pub(super) fn finish(self, signature: &[u8]) -> anyhow::Result<Vec<u8>> {
        let signer = self.certificates.first().context("the service shows no certificate")?.tbs_certificate();
        let sid = SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: signer.issuer().clone(),
            serial_number: signer.serial_number().clone(),
        });
        let sha256 = AlgorithmIdentifierOwned { oid: ObjectIdentifier::new(SHA256)?, parameters: None };
        let info = SignerInfo {
            version: CmsVersion::V1,
            sid,
            digest_alg: sha256.clone(),
            signed_attrs: Some(self.attributes),
            signature_algorithm: self.algorithm,
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        };
        let certificates = self.certificates.into_iter().map(CertificateChoices::Certificate).collect::<Vec<_>>();
        let signed = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::try_from(vec![sha256])?,
            encap_content_info: EncapsulatedContentInfo { econtent_type: ID_DATA, econtent: None },
            certificates: Some(CertificateSet(SetOfVec::try_from(certificates)?)),
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![info])?),
        };
        let content = Any::from_der(&signed.to_der()?)?;
        Ok(ContentInfo { content_type: ID_SIGNED_DATA, content }.to_der()?)
    }
}

/// An attribute with one value.
pub(crate) fn attribute(oid: ObjectIdentifier, value: &impl der::Encode) -> anyhow::Result<Attribute> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![Any::from_der(&value.to_der()?)?])? })
}

/// RFC 8017 wants a NULL with RSA, RFC 5758 nothing with ECDSA.
fn signature_algorithm(oid: &str) -> anyhow::Result<AlgorithmIdentifierOwned> {
    let rsa = oid.starts_with("1.2.840.113549.");
    Ok(AlgorithmIdentifierOwned { oid: ObjectIdentifier::new(oid)?, parameters: rsa.then(Any::null) })
}
