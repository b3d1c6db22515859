//! Time-stamp tokens, and the authority of this process that makes them, right or wrong as it is told.

use std::sync::OnceLock;

use der::asn1::{GeneralizedTime, ObjectIdentifier};
use der::{Any, AnyRef, Decode as _, Encode as _, Tag};
use rcgen::{CertificateParams, DnType, KeyPair, SigningKey as _};
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::timestamp::{MessageImprint, Query, TST_INFO};

use super::{STAMPS, Said, purposes, said, sequence};
use crate::{Signatory, cms, digest};

/// How a token is made.
#[derive(Debug)]
pub struct Making {
    /// Purposes of the signer's certificate, by their OIDs, and whether the extension that says so is critical.
    pub purposes: (&'static [&'static str], bool),
    /// Whether the certificate is in the token.
    pub certified: bool,
    /// Whether one bit of the signature is wrong.
    pub spoilt: bool,
    /// What the certificate says besides.
    pub said: &'static [Said<'static>],
    /// What becomes of the signed attributes before they are signed.
    pub attributes: fn(&mut Vec<Vec<u8>>),
}

/// As it should be.
pub const RIGHT: Making =
    Making { purposes: (&[STAMPS], true), certified: true, spoilt: false, said: &[], attributes: |_| () };

/// A token over this `TSTInfo`, by a key of the moment that certified itself.
#[must_use]
pub fn token(info: &[u8], making: &Making) -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    let certificate = own_certificate(&key, making);
    token_by(&key, &certificate, info, making)
}

fn own_certificate(key: &KeyPair, making: &Making) -> Vec<u8> {
    let (oids, critical) = making.purposes;
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "stamps");
    params.custom_extensions = said(making.said);
    params.custom_extensions.push(purposes(oids, critical));
    params.self_signed(key).unwrap().der().to_vec()
}

fn token_by(key: &KeyPair, certificate: &[u8], info: &[u8], making: &Making) -> Vec<u8> {
    let hash = HashAlgorithm::Sha256;
    let signatory = Signatory { chain: vec![certificate.to_vec()], scheme: Scheme::Ecdsa { hash } };
    let wanted =
        cms::Wanted { content_type: TST_INFO, digest: &digest(hash, info), signing_time: None, properties: &[] };
    let attributes = cms::prepare(&wanted, &signatory).unwrap();
    let mut each: Vec<Vec<u8>> = Vec::from_der(&[&[0x30], &attributes[1..]].concat())
        .map(|all: Vec<Any>| all.iter().map(|one| one.to_der().unwrap()).collect())
        .unwrap();
    (making.attributes)(&mut each);
    each.sort_unstable();
    let attributes = AnyRef::new(Tag::Set, &each.concat()).unwrap().to_der().unwrap();
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

/// What a time-stamping authority makes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// What was asked.
    Right,
    /// Status `rejection`.
    Rejects,
    /// Another nonce.
    WrongNonce,
    /// Another hash.
    WrongImprint,
    /// Under another policy.
    WrongPolicy,
    /// By somebody whom nobody knows.
    Unknown,
    /// With a time that is ten minutes off.
    WrongTime,
    /// In a token that is longer than signatures have room for.
    TooLong,
}

/// The policy that the authority of the tests stamps under.
pub const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.3.4");

fn stamping() -> &'static (KeyPair, Vec<u8>) {
    static STAMPING: OnceLock<(KeyPair, Vec<u8>)> = OnceLock::new();
    STAMPING.get_or_init(|| {
        let key = KeyPair::generate().unwrap();
        let certificate = own_certificate(&key, &RIGHT);
        (key, certificate)
    })
}

/// The certificate of the time-stamping authority of this process, its own root, DER.
#[must_use]
pub fn stamping_certificate() -> Vec<u8> {
    stamping().1.clone()
}

/// A `TSTInfo` under the policy of the tests.
#[must_use]
pub fn tst_info(imprint: &[u8], policy: ObjectIdentifier, at: u64, nonce: &[u8]) -> Vec<u8> {
    let time = GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(at)).unwrap();
    sequence(&[
        1_u8.to_der().unwrap(),
        policy.to_der().unwrap(),
        imprint.to_vec(),
        7_u8.to_der().unwrap(),
        time.to_der().unwrap(),
        nonce.to_vec(),
    ])
}

/// A `TSTInfo` of this time, over some hash.
#[must_use]
pub fn some_info(at: u64) -> Vec<u8> {
    tst_info(&MessageImprint::new(HashAlgorithm::Sha256, &[7; 32]).unwrap().to_der().unwrap(), POLICY, at, &[])
}

/// A `TimeStampResp` of that authority to this `TimeStampReq`, at this Unix second.
#[must_use]
pub fn stamp(query: &[u8], manner: Manner, at: u64) -> Vec<u8> {
    let query = Query::from_der(query).unwrap();
    if manner == Manner::Rejects {
        return sequence(&[sequence(&[2_u8.to_der().unwrap()])]);
    }
    let mut imprint = query.message_imprint.to_der().unwrap();
    if manner == Manner::WrongImprint {
        *imprint.last_mut().unwrap() ^= 1;
    }
    let policy = if manner == Manner::WrongPolicy { ObjectIdentifier::new_unwrap("1.2.3.5") } else { POLICY };
    let nonce = if manner == Manner::WrongNonce { 7_u8.to_der() } else { query.nonce.to_der() };
    let at = if manner == Manner::WrongTime { at - 600 } else { at };
    let info = tst_info(&imprint, policy, at, &nonce.unwrap());
    let token = if manner == Manner::Unknown {
        token(&info, &RIGHT)
    } else if manner == Manner::TooLong {
        token(&info, &Making { said: &[(&[1, 2, 3], false, &[0; 10 << 10])], ..RIGHT })
    } else {
        let (key, certificate) = stamping();
        token_by(key, certificate, &info, &RIGHT)
    };
    sequence(&[sequence(&[0_u8.to_der().unwrap()]), token])
}
