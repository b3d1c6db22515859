//! Who signs in these tests: a CA, a signer and a time-stamp service, on keys made anew for every run.

use std::path::Path;
use std::time::{Duration, SystemTime};

use der::asn1::ObjectIdentifier;
use der::asn1::{GeneralizedTime, Uint};
use der::{Encode as _, Sequence};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SigningKey as _,
};
use rsign_ades::pdf::{self, Evidence, Limits, Request, Update};
use rsign_ades::{Signatory, cms};
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::timestamp::{MessageImprint, TST_INFO};

const SCHEME: Scheme = Scheme::Ecdsa { hash: HashAlgorithm::Sha256 };
const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.2");

/// `TSTInfo` (RFC 3161, 2.4.2).
#[derive(Sequence)]
struct TstInfo {
    version: u8,
    policy: ObjectIdentifier,
    message_imprint: MessageImprint,
    serial_number: Uint,
    time: GeneralizedTime,
}

/// A key and the chain of its certificate.
struct Party {
    key: KeyPair,
    who: Signatory,
}

impl Party {
    /// Signs these octets as `content_type`, by their digest.
    fn sign(&self, content_type: ObjectIdentifier, digest: &[u8], content: Option<&[u8]>) -> Vec<u8> {
        let wanted = cms::Wanted { content_type, digest, signing_time: None, properties: &[] };
        let attributes = cms::prepare(&wanted, &self.who).unwrap();
        let signature = self.key.sign(&attributes).unwrap();
        cms::finish(&cms::Signed {
            signatory: &self.who,
            content_type,
            content,
            attributes: &attributes,
            signature: &signature,
            certificates: &[],
            crls: &[],
            ocsp: &[],
            unsigned: &[],
        })
        .unwrap()
    }
}

/// Signs PDFs.
pub(crate) struct Hand {
    root: String,
    signer: Party,
    tsa: Party,
}

impl Hand {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = named("Root of the PDF tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).unwrap();
        let root = (certificate.pem(), certificate.der().to_vec());
        let issuer = Issuer::new(params, key);
        let party = |params: CertificateParams| {
            let key = KeyPair::generate().unwrap();
            let certificate = params.signed_by(&key, &issuer).unwrap();
            let chain = vec![certificate.der().to_vec(), root.1.clone()];
            Party { key, who: Signatory { chain, scheme: SCHEME } }
        };
        let mut signer = named("Signer of the PDF tests");
        signer.key_usages = vec![KeyUsagePurpose::ContentCommitment, KeyUsagePurpose::DigitalSignature];
        let mut tsa = named("TSA of the PDF tests");
        tsa.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // Extended key usage: time-stamping, critical and alone (RFC 3161, 2.3).
        let usage = [0x30, 10, 6, 8, 0x2B, 6, 1, 5, 5, 7, 3, 8];
        let mut usage = CustomExtension::from_oid_content(&[2, 5, 29, 37], usage.to_vec());
        usage.set_criticality(true);
        tsa.custom_extensions = vec![usage];
        Self { root: root.0.clone(), signer: party(signer), tsa: party(tsa) }
    }

    /// Writes the root's certificate, PEM.
    pub(crate) fn write_root(&self, path: &Path) {
        std::fs::write(path, &self.root).unwrap();
    }

    /// All certificates that validators need.
    pub(crate) fn evidence(&self) -> Evidence {
        let certificates = self.signer.who.chain.iter().chain(&self.tsa.who.chain).cloned().collect();
        Evidence { certificates, ..Evidence::default() }
    }

    /// The signed file.
    pub(crate) fn sign(&self, original: &[u8], request: &Request) -> Result<Vec<u8>, pdf::Error> {
        let update = pdf::prepare(original, request, &Limits::default())?;
        let digests = update.digests(original, HashAlgorithm::Sha256);
        assert_eq!(digests.original, rsign_ades::digest(HashAlgorithm::Sha256, original));
        let signature = self.signer.sign(cms::DATA, &digests.byte_range, None);
        Ok(whole(original, update, &signature))
    }

    /// The file with a document time-stamp.
    pub(crate) fn stamp(&self, original: &[u8]) -> Result<Vec<u8>, pdf::Error> {
        let update = pdf::document_time_stamp(original, 8 << 10, &Limits::default())?;
        let imprint = update.digests(original, HashAlgorithm::Sha256).byte_range;
        let whole_seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let info = TstInfo {
            version: 1,
            policy: POLICY,
            message_imprint: MessageImprint::new(HashAlgorithm::Sha256, &imprint).unwrap(),
            serial_number: Uint::new(&whole_seconds.to_be_bytes()).unwrap(),
            time: GeneralizedTime::from_unix_duration(Duration::from_secs(whole_seconds)).unwrap(),
        };
        let info = info.to_der().unwrap();
        let digest = rsign_ades::digest(HashAlgorithm::Sha256, &info);
        let token = self.tsa.sign(TST_INFO, &digest, Some(&info));
        Ok(whole(original, update, &token))
    }
}

/// The file with its update. What every update must keep is asserted here.
fn whole(original: &[u8], update: Update, der: &[u8]) -> Vec<u8> {
    let again = Update::from_parts(update.octets().to_vec(), original.len(), update.gap()).unwrap();
    assert_eq!(again, update);
    let [zero, before, after, rest] = update.byte_range();
    let mut file = original.to_vec();
    file.extend_from_slice(&update.fill(der).unwrap());
    assert!(file.starts_with(original));
    assert_eq!((zero, after + rest), (0, file.len()));
    assert_eq!((file[before], file[after - 1]), (b'<', b'>'));
    assert!(file[before + 1..after - 1].iter().all(u8::is_ascii_hexdigit));
    let said = format!("/ByteRange [0 {before} {after} {rest} ");
    assert!(file[after..].starts_with(said.as_bytes()));
    file
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
