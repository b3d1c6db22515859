//! The built-in CA's public side: what its certificate says, ready to issue under.

use der::Decode as _;
use der::Encode as _;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, SubjectKeyIdentifier};
use x509_cert::name::Name;
use x509_cert::{Certificate, TbsCertificate};

use super::{Error, Validity, Verifier, own_scheme, spki};

/// A CA that may sign certificates and revocation lists. Its private key is in the HSM.
///
/// [`Self::issue`] forms certificates, [`Self::revocation_list`] forms revocation lists.
#[derive(Debug, Clone)]
pub struct Authority {
    pub(super) name: Name,
    pub(super) key_identifier: Vec<u8>,
    pub(super) validity: Validity,
    pub(super) verifier: Verifier,
}

impl Authority {
    /// Reads the CA's certificate. It is the operator's own, so its signature and its times are not judged here.
    pub fn from_certificate(der: &[u8]) -> Result<Self, Error> {
        let certificate = Certificate::from_der(der)?;
        let tbs = certificate.tbs_certificate();
        check_usage(tbs)?;
        let key = spki::identify(tbs.subject_public_key_info())?;
        Ok(Self {
            name: tbs.subject().clone(),
            key_identifier: key_identifier(tbs)?,
            validity: Validity::decode(tbs.validity())?,
            verifier: Verifier::new(&tbs.subject_public_key_info().to_der()?, own_scheme(key))?,
        })
    }

    /// From when until when the CA is valid; what it issues lies within.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        self.validity
    }
}

/// RFC 5280, 4.2.1.3 and 4.2.1.9: cA, keyCertSign and cRLSign are all asserted.
fn check_usage(tbs: &TbsCertificate) -> Result<(), Error> {
    let authority = tbs.get_extension::<BasicConstraints>()?.is_some_and(|(_, constraints)| constraints.ca);
    let signs = tbs.get_extension::<KeyUsage>()?.is_some_and(|(_, usage)| usage.key_cert_sign() && usage.crl_sign());
    if authority && signs { Ok(()) } else { Err(Error::NotAnAuthority) }
}

/// What the certificate says it is, since validators compare with that (RFC 5280, 4.2.1.1).
fn key_identifier(tbs: &TbsCertificate) -> Result<Vec<u8>, Error> {
    match tbs.get_extension::<SubjectKeyIdentifier>()? {
        Some((_, identifier)) => Ok(identifier.0.as_bytes().to_vec()),
        None => Ok(spki::identifier(tbs.subject_public_key_info())?.to_vec()),
    }
}
