//! Forms time-stamps: `TimeStampResp` with a token in CMS `SignedData` (RFC 3161, 2.4.2), signed with P-256.

use std::path::Path;
use std::time::SystemTime;

use anyhow::Context as _;
use aws_lc_rs::rand;
use der::asn1::{Any, BitString, GeneralizedTime, ObjectIdentifier, Uint};
use der::{Decode as _, Encode as _, Sequence};
use rcgen::{KeyPair, SigningKey as _};
use rsign_ades::{Signatory, cms};
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::timestamp::{MessageImprint, Query, TST_INFO};
use x509_cert::Certificate;

/// Under the enterprise number for documentation (RFC 5612): nobody's policy.
const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.2");

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
    token: Any,
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
    signatory: Signatory,
}

impl Stamper {
    /// Reads key and certificate.
    pub(super) fn read(key: &Path, certificate: &Path) -> anyhow::Result<Self> {
        let read = |path: &Path| std::fs::read_to_string(path).with_context(|| path.display().to_string());
        let chain = Certificate::load_pem_chain(read(certificate)?.as_bytes())?;
        let certificate = chain.into_iter().next().context("the TSA has no certificate")?;
        let scheme = Scheme::Ecdsa { hash: HashAlgorithm::Sha256 };
        let signatory = Signatory { chain: vec![certificate.to_der()?], scheme };
        Ok(Self { key: KeyPair::from_pem(&read(key)?)?, signatory })
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

    fn token(&self, query: Query, now: SystemTime) -> anyhow::Result<Any> {
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
        let wanted = cms::Wanted {
            content_type: TST_INFO,
            digest: &rsign_ades::digest(HashAlgorithm::Sha256, &info),
            signing_time: None,
            properties: &[],
        };
        let attributes = cms::prepare(&wanted, &self.signatory)?;
        let finish = if query.certificate { cms::finish } else { cms::finish_bare };
        let token = finish(&cms::Signed {
            signatory: &self.signatory,
            content_type: TST_INFO,
            content: Some(&info),
            attributes: &attributes,
            signature: &self.key.sign(&attributes)?,
            certificates: &[],
            crls: &[],
            ocsp: &[],
            unsigned: &[],
        })?;
        Ok(Any::from_der(&token)?)
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
