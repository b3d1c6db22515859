//! An authority that stamps whatever it is asked, with a key of the moment.

use async_trait::async_trait;
use der::asn1::{GeneralizedTime, ObjectIdentifier};
use der::{AnyRef, Decode as _, Encode as _, Tag};
use rcgen::{CertificateParams, CustomExtension, DnType, KeyPair, SigningKey as _};
use rsign_ades::{Signatory, cms, digest};
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::timestamp::{Query, TST_INFO};

use super::time_stamps::{TimeStamps, Unavailable};

/// The purpose of a certificate for time-stamps.
pub(crate) const STAMPS: &str = "1.3.6.1.5.5.7.3.8";

/// The authority.
#[derive(Debug)]
pub(crate) struct FakeStamps;

/// How a token is made.
#[derive(Debug)]
pub(crate) struct Making {
    /// Purposes of the signer's certificate, by their OIDs, and whether the extension that says so is critical.
    pub(crate) purposes: (&'static [&'static str], bool),
    /// Whether the certificate is in the token.
    pub(crate) certified: bool,
    /// Whether one bit of the signature is wrong.
    pub(crate) spoilt: bool,
}

/// As it should be.
pub(crate) const RIGHT: Making = Making { purposes: (&[STAMPS], true), certified: true, spoilt: false };

/// A token over this `TSTInfo`.
pub(crate) fn token(info: &[u8], making: &Making) -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    let (hash, (purposes, critical)) = (HashAlgorithm::Sha256, making.purposes);
    let scheme = Scheme::Ecdsa { hash };
    let signatory = Signatory { chain: vec![certificate(&key, purposes, critical)], scheme };
    let wanted =
        cms::Wanted { content_type: TST_INFO, digest: &digest(hash, info), signing_time: None, properties: &[] };
    let attributes = cms::prepare(&wanted, &signatory).unwrap();
    let mut signature = key.sign(&attributes).unwrap();
    if making.spoilt {
        *signature.last_mut().unwrap() ^= 1;
    }
    let signed = cms::Signed {
        signatory: &signatory,
        content_type: TST_INFO,
        content: Some(info),
        attributes: &attributes,
        signature: &signature,
        certificates: &[],
        crls: &[],
        ocsp: &[],
        unsigned: &[],
    };
    if making.certified { cms::finish(&signed).unwrap() } else { cms::finish_bare(&signed).unwrap() }
}

fn certificate(key: &KeyPair, purposes: &[&str], critical: bool) -> Vec<u8> {
    let oids = purposes.iter().map(|dotted| ObjectIdentifier::new_unwrap(dotted).to_der().unwrap());
    let mut usage = CustomExtension::from_oid_content(&[2, 5, 29, 37], sequence(&oids.collect::<Vec<_>>()));
    usage.set_criticality(critical);
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "stamps");
    params.custom_extensions = vec![usage];
    params.self_signed(key).unwrap().der().to_vec()
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    AnyRef::new(Tag::Sequence, &parts.concat()).unwrap().to_der().unwrap()
}

#[async_trait]
impl TimeStamps for FakeStamps {
    async fn ask(&self, query: Vec<u8>) -> Result<Vec<u8>, Unavailable> {
        let query = Query::from_der(&query).unwrap();
        let time = GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(1_800_000_000)).unwrap();
        let info = sequence(&[
            1_u8.to_der().unwrap(),
            ObjectIdentifier::new_unwrap("1.2.3").to_der().unwrap(),
            query.message_imprint.to_der().unwrap(),
            7_u8.to_der().unwrap(),
            time.to_der().unwrap(),
            query.nonce.to_der().unwrap(),
        ]);
        Ok(sequence(&[sequence(&[0_u8.to_der().unwrap()]), token(&info, &RIGHT)]))
    }
}
