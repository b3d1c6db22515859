//! `SIGNED{}` of X.509: a body, its algorithm and its signature, which requests, certificates and lists share.

use der::asn1::{AnyRef, BitString, Null};
use der::{Decode as _, Encode as _, Sequence};
use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme, oid};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use x509_cert::AlgorithmIdentifier;

use super::{Error, Verifier};

/// The scheme in which a key signs requests, certificates and lists: the hash function as strong as the curve.
#[must_use]
pub const fn own_scheme(key: KeyType) -> Scheme {
    match key {
        KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => Scheme::Pkcs1 { hash: HashAlgorithm::Sha256 },
        KeyType::P256 => Scheme::Ecdsa { hash: HashAlgorithm::Sha256 },
        KeyType::P384 => Scheme::Ecdsa { hash: HashAlgorithm::Sha384 },
        KeyType::P521 => Scheme::Ecdsa { hash: HashAlgorithm::Sha512 },
    }
}

/// A finished body that waits for its signature.
#[derive(Debug, Clone)]
pub struct ToBeSigned {
    body: Vec<u8>,
    algorithm: AlgorithmIdentifier,
    verifier: Verifier,
    /// What goes along behind the signature, DER.
    certificate: Option<Vec<u8>>,
}

impl ToBeSigned {
    pub(super) fn new(body: &impl der::Encode, signer: &Verifier) -> Result<Self, Error> {
        let algorithm = algorithm(signer.scheme())?;
        Ok(Self { body: body.to_der()?, algorithm, verifier: signer.clone(), certificate: None })
    }

    /// A body that is encoded already.
    pub(super) fn of_octets(body: Vec<u8>, signer: &Verifier) -> Result<Self, Error> {
        let algorithm = algorithm(signer.scheme())?;
        Ok(Self { body, algorithm, verifier: signer.clone(), certificate: None })
    }

    /// With the certificate of who signs, as a `BasicOCSPResponse` has it.
    pub(super) fn with_certificate(self, der: &[u8]) -> Self {
        Self { certificate: Some(der.to_vec()), ..self }
    }

    /// The DER that the signature covers.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The scheme to sign in.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.verifier.scheme()
    }

    /// The digest of [`Self::bytes`] to be signed.
    #[must_use]
    pub fn digest(&self) -> Vec<u8> {
        match self.scheme().hash() {
            HashAlgorithm::Sha256 => Sha256::digest(&self.body).to_vec(),
            HashAlgorithm::Sha384 => Sha384::digest(&self.body).to_vec(),
            HashAlgorithm::Sha512 => Sha512::digest(&self.body).to_vec(),
        }
    }

    /// The DER of the whole, once the signature is found to be the signer's.
    pub fn assemble(&self, signature: &[u8]) -> Result<Vec<u8>, Error> {
        if !self.verifier.verify(&self.digest(), signature) {
            return Err(Error::Signature);
        }
        let signed = Signed {
            body: AnyRef::from_der(&self.body)?,
            algorithm: self.algorithm.clone(),
            signature: BitString::from_bytes(signature)?,
            certificates: self
                .certificate
                .as_deref()
                .map(|der| Ok::<_, Error>(vec![AnyRef::from_der(der)?]))
                .transpose()?,
        };
        Ok(signed.to_der()?)
    }
}

#[derive(Sequence)]
struct Signed<'a> {
    body: AnyRef<'a>,
    algorithm: AlgorithmIdentifier,
    signature: BitString,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    certificates: Option<Vec<AnyRef<'a>>>,
}

/// Parameters are NULL for RSA (RFC 4055, 5) and absent for ECDSA (RFC 5758, 3.2).
pub(super) fn algorithm(scheme: Scheme) -> Result<AlgorithmIdentifier, Error> {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    let (oid, parameters) = match scheme {
        Scheme::Pkcs1 { hash: Sha256 } => (oid::RSA_SHA256, Some(Null.into())),
        Scheme::Pkcs1 { hash: Sha384 } => (oid::RSA_SHA384, Some(Null.into())),
        Scheme::Pkcs1 { hash: Sha512 } => (oid::RSA_SHA512, Some(Null.into())),
        Scheme::Ecdsa { hash: Sha256 } => (oid::ECDSA_SHA256, None),
        Scheme::Ecdsa { hash: Sha384 } => (oid::ECDSA_SHA384, None),
        Scheme::Ecdsa { hash: Sha512 } => (oid::ECDSA_SHA512, None),
        // own_scheme never asks for PSS, and its parameters would have to be spelt out.
        Scheme::Pss { .. } => return Err(Error::Scheme),
    };
    Ok(AlgorithmIdentifier { oid, parameters })
}
