//! Forms time-stamps: `TimeStampResp` with a token in CMS `SignedData` (RFC 3161, 2.4.2), signed with P-256.

use std::path::Path;
use std::time::SystemTime;

use anyhow::Context as _;
use aws_lc_rs::rand;
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{Any, BitString, GeneralizedTime, ObjectIdentifier, OctetString, SetOfVec, Uint};
use der::{Decode as _, Encode as _, Sequence};
use rcgen::{KeyPair, SigningKey as _};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::timestamp::{MessageImprint, Query, SIGNED_DATA, TST_INFO};
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::sign::document::{self, CONTENT_TYPE, MESSAGE_DIGEST, SHA256, SIGNING_CERTIFICATE_V2};

/// Under the enterprise number for documentation (RFC 5612): nobody's policy.
const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.2");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

/// `PKIFailureInfo` (RFC 3161, 2.4.2), by bit.
#[derive(Debug, Clone, Copy)]
enum Failure {
    BadAlgorithm = 0,
    BadRequest = 2,
    BadDataFormat = 5,
    UnacceptedPolicy = 15,
}

/// `TSTInfo`.
#[derive(Sequence)]
struct Info {
    version: u8,
    policy: ObjectIdentifier,
    message_imprint: MessageImprint,
    serial_number: Uint,
    time: GeneralizedTime,
    accuracy: Accuracy,
    #[asn1(optional = "true")]
    nonce: Option<Uint>,
}

/// A second: what this computer's clock promises at best.
#[derive(Sequence)]
struct Accuracy {
    seconds: u8,
}

#[derive(Sequence)]
struct Granted {
    status: Status,
    token: ContentInfo,
}

#[derive(Sequence)]
struct Refused {
    status: FailedStatus,
}

#[derive(Sequence)]
struct Status {
    status: u8,
}

#[derive(Sequence)]
struct FailedStatus {
    status: u8,
    failure: BitString,
}

/// What forms stamps.
#[derive(Debug)]
pub(super) struct Stamper {
    key: KeyPair,
    certificate: Certificate,
}

impl Stamper {
    /// Reads key and certificate.
    pub(super) fn read(key: &Path, certificate: &Path) -> anyhow::Result<Self> {
        let read = |path: &Path| std::fs::read_to_string(path).with_context(|| path.display().to_string());
        let chain = Certificate::load_pem_chain(read(certificate)?.as_bytes())?;
        let certificate = chain.into_iter().next().context("the TSA has no certificate")?;
        Ok(Self { key: KeyPair::from_pem(&read(key)?)?, certificate })
    }

    /// The `TimeStampResp` to a `TimeStampReq`: a token, or why not.
    pub(super) fn answer(&self, query: &[u8], now: SystemTime) -> anyhow::Result<Vec<u8>> {
        match judge(query) {
            Ok(query) => {
                let token = self.token(query, now)?;
                Ok(Granted { status: Status { status: 0 }, token }.to_der()?)
            }
            Err(failure) => {
                let bit = failure as u8;
                let mut octets = vec![0; usize::from(bit / 8) + 1];
                octets[usize::from(bit / 8)] = 0x80 >> (bit % 8);
                let failure = BitString::new(7 - bit % 8, octets)?;
                Ok(Refused { status: FailedStatus { status: 2, failure } }.to_der()?)
            }
        }
    }

    fn token(&self, query: Query, now: SystemTime) -> anyhow::Result<ContentInfo> {
        let mut serial = [0; 16];
        rand::fill(&mut serial).map_err(|_| anyhow::anyhow!("the operating system gives no randomness"))?;
        let info = Info {
            version: 1,
            policy: POLICY,
            message_imprint: query.message_imprint,
            serial_number: Uint::new(&serial)?,
            time: GeneralizedTime::from_system_time(now)?,
            accuracy: Accuracy { seconds: 1 },
            nonce: query.nonce,
        };
        let info = info.to_der()?;
        let named = document::signing_certificate(&self.certificate.to_der()?)?;
        let attributes = SetOfVec::try_from(vec![
            document::attribute(CONTENT_TYPE, &TST_INFO)?,
            document::attribute(MESSAGE_DIGEST, &OctetString::new(Sha256::digest(&info).to_vec())?)?,
            document::attribute(SIGNING_CERTIFICATE_V2, &named)?,
        ])?;
        let signature = self.key.sign(&attributes.to_der()?)?;
        let sha256 = AlgorithmIdentifierOwned { oid: ObjectIdentifier::new(SHA256)?, parameters: None };
        let tbs = self.certificate.tbs_certificate();
        let signer = SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: tbs.issuer().clone(),
                serial_number: tbs.serial_number().clone(),
            }),
            digest_alg: sha256.clone(),
            signed_attrs: Some(attributes),
            signature_algorithm: AlgorithmIdentifierOwned { oid: ECDSA_SHA256, parameters: None },
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        };
        let certificates = query.certificate.then(|| CertificateChoices::Certificate(self.certificate.clone()));
        let certificates = certificates.map(|certificate| SetOfVec::try_from(vec![certificate])).transpose()?;
        let signed = SignedData {
            version: CmsVersion::V3,
            digest_algorithms: SetOfVec::try_from(vec![sha256])?,
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: TST_INFO,
                econtent: Some(Any::from_der(&OctetString::new(info)?.to_der()?)?),
            },
            certificates: certificates.map(CertificateSet),
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![signer])?),
        };
        Ok(ContentInfo { content_type: SIGNED_DATA, content: Any::from_der(&signed.to_der()?)? })
    }
}

fn judge(query: &[u8]) -> Result<Query, Failure> {
    let query = Query::from_der(query).map_err(|_| Failure::BadDataFormat)?;
    let imprint = &query.message_imprint;
    let algorithm = HashAlgorithm::from_oid(imprint.hash_algorithm.oid).ok_or(Failure::BadAlgorithm)?;
    if imprint.hashed_message.as_bytes().len() != algorithm.len() || query.version != 1 {
        return Err(Failure::BadRequest);
    }
    match query.policy {
        Some(policy) if policy != POLICY => Err(Failure::UnacceptedPolicy),
        _ => Ok(query),
    }
}
