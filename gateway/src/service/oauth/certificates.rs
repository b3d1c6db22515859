//! Client certificates (RFC 8705): one that is registered by its digest, or any of a registered subject under the CAs
//! of the configuration. The handshake has proved the key; whom it belongs to is decided here.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use data_encoding::BASE64URL_NOPAD;
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::{CertificateDer, UnixTime, pem::PemObject as _};
use sha2::{Digest as _, Sha256};

use crate::domain::certificate::Facts;
use crate::domain::client::CertificateRule;
use crate::port::clock::Clock;

/// The service.
#[derive(Debug)]
pub struct Certificates {
    authorities: Option<Arc<dyn ClientCertVerifier>>,
    clock: Arc<dyn Clock>,
}

impl Certificates {
    /// The service that trusts the CAs of this PEM file, where there is one.
    ///
    /// # Errors
    /// When the file cannot be read or holds no CA.
    pub fn read(authorities: Option<&Path>, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let Some(path) = authorities else { return Ok(Self { authorities: None, clock }) };
        let mut roots = RootCertStore::empty();
        let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        for anchor in found.with_context(|| format!("cannot read {}", path.display()))? {
            roots.add(anchor).with_context(|| format!("{} is no trust anchor", path.display()))?;
        }
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build();
        let verifier = verifier.with_context(|| format!("{} holds no CA", path.display()))?;
        Ok(Self { authorities: Some(verifier), clock })
    }

    /// Whether the chain that a client showed, end entity first, is what it is registered with.
    #[must_use]
    pub fn fit(&self, rule: &CertificateRule, chain: &[Vec<u8>]) -> bool {
        let Some((end_entity, rest)) = chain.split_first() else { return false };
        let Ok(facts) = Facts::read(end_entity) else { return false };
        let now = self.clock.now() / 1000;
        if now < facts.not_before || now > facts.not_after {
            return false;
        }
        match rule {
            CertificateRule::Thumbprint(thumbprint) => {
                *thumbprint == BASE64URL_NOPAD.encode(&Sha256::digest(end_entity))
            }
            CertificateRule::Subject(subject) => *subject == facts.subject && self.is_trusted(end_entity, rest, now),
        }
    }

    fn is_trusted(&self, end_entity: &[u8], rest: &[Vec<u8>], now: i64) -> bool {
        let Some(authorities) = &self.authorities else { return false };
        let rest: Vec<_> = rest.iter().map(|certificate| CertificateDer::from(certificate.as_slice())).collect();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now).unwrap_or_default()));
        authorities.verify_client_cert(&CertificateDer::from(end_entity), &rest, now).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    use super::*;
    use crate::port::clock::SystemClock;

    fn named(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    fn issued(by: &Issuer<'_, KeyPair>, params: &CertificateParams) -> Vec<Vec<u8>> {
        vec![params.signed_by(&KeyPair::generate().unwrap(), by).unwrap().der().to_vec()]
    }

    #[test]
    fn a_subject_counts_under_a_ca_of_the_configuration() {
        let mut authority = named("Our CA");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let (key, foreign) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), authority.self_signed(&key).unwrap().pem()).unwrap();
        let certificates = Certificates::read(Some(file.path()), Arc::new(SystemClock)).unwrap();
        let (ours, theirs) = (Issuer::from_params(&authority, key), Issuer::from_params(&authority, foreign));
        let rule = CertificateRule::Subject("CN=app".to_owned());
        assert!(certificates.fit(&rule, &issued(&ours, &named("app"))));
        assert!(!certificates.fit(&rule, &issued(&ours, &named("other"))));
        assert!(!certificates.fit(&rule, &issued(&theirs, &named("app"))), "a CA of the same name");
        let mut old = named("app");
        (old.not_before, old.not_after) = (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
        let old = issued(&ours, &old);
        assert!(!certificates.fit(&rule, &old));
        let pinned = CertificateRule::Thumbprint(BASE64URL_NOPAD.encode(&Sha256::digest(&old[0])));
        assert!(!certificates.fit(&pinned, &old), "expired");
        assert!(!certificates.fit(&rule, &[]));
        let nobody = Certificates::read(None, Arc::new(SystemClock)).unwrap();
        assert!(!nobody.fit(&rule, &issued(&ours, &named("app"))));
    }
}
