//! OCSP answers of the built-in CA. It does not sign them itself: it names a responder for that (RFC 6960, 4.2.2.2).

use der::{Decode as _, Encode as _};
use rsign_ades::evidence::Subject;
use rsign_ades::evidence::ocsp::{Answered, to_be_signed};
use x509_cert::Certificate;

use super::{Error, ToBeSigned, Validity, Verifier, own_scheme, spki};

/// Who signs OCSP answers in the CA's place. Its private key is in the HSM.
#[derive(Debug, Clone)]
pub struct Responder {
    certificate: Vec<u8>,
    validity: Validity,
    verifier: Verifier,
    /// The octets of its public key.
    public: Vec<u8>,
}

impl Responder {
    /// Reads its certificate, which this CA must have issued for that.
    ///
    /// # Errors
    /// [`Error::NotAResponder`] for any other.
    pub fn from_certificate(der: &[u8], authority: &[u8]) -> Result<Self, Error> {
        let (own, named) = (Subject::read(authority)?, Subject::read(der)?);
        if !(named.is_exempt() && named.is_issued_by(&own)) {
            return Err(Error::NotAResponder);
        }
        let certificate = Certificate::from_der(der)?;
        let tbs = certificate.tbs_certificate();
        let key = spki::identify(tbs.subject_public_key_info())?;
        Ok(Self {
            certificate: der.to_vec(),
            validity: Validity::decode(tbs.validity())?,
            verifier: Verifier::new(&tbs.subject_public_key_info().to_der()?, own_scheme(key))?,
            public: spki::octets(tbs.subject_public_key_info())?.to_vec(),
        })
    }

    /// From when until when it may answer.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        self.validity
    }

    /// The body of an answer; once signed it is a `BasicOCSPResponse` with the responder's certificate. `now` in Unix
    /// seconds, `life` in seconds.
    ///
    /// # Errors
    /// What DER cannot say.
    pub fn answer(
        &self,
        answered: &[Answered],
        nonce: Option<&[u8]>,
        now: u64,
        life: u64,
    ) -> Result<ToBeSigned, Error> {
        let body = to_be_signed(&self.public, answered, nonce, now, life)?;
        Ok(ToBeSigned::of_octets(body, &self.verifier)?.with_certificate(&self.certificate))
    }
}
