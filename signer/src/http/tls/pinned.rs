//! Who is let in: whoever proves the key of a certificate that the operator named. No CA can widen that.

use std::cell::RefCell;
use std::path::Path;

use rsign_api::line::escaped;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};
use x509_cert::der::Decode as _;

use super::{certificates, dates::Dated};
use crate::certificate::{Certificate, Validity};

tokio::task_local! {
    /// Whose certificate was shown in a handshake and not let in, for the log: TLS has no place for it.
    pub(super) static SHOWN: RefCell<Option<String>>;
}

/// Characters of a stranger's name that anybody hears.
const NAME: usize = 200;

/// The gateway's certificate; and its next one, while it is being changed.
#[derive(Debug)]
pub(super) struct Pinned {
    gateways: Vec<(CertificateDer<'static>, Validity)>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Pinned {
    /// Those of this file.
    pub(super) fn read(path: &Path, provider: &CryptoProvider) -> Result<Self, String> {
        let fault = |error: &dyn std::fmt::Display| format!("[listen] gateway_certificate {}: {error}", path.display());
        let mut gateways = Vec::new();
        for certificate in certificates(path)? {
            let facts = Certificate::read(&certificate).map_err(|error| fault(&error))?;
            gateways.push((certificate, facts.validity));
        }
        if has_issuers(&gateways).map_err(|error| fault(&error))? {
            return Err(fault(
                &"a certificate and its issuer's; each one in this file is let in, so it has the gateway's own alone",
            ));
        }
        Ok(Self { gateways, algorithms: provider.signature_verification_algorithms })
    }

    /// Until when they are good.
    pub(super) fn dates(&self, path: &Path) -> Vec<Dated> {
        let dated = |(_, validity): &(_, Validity)| Dated::new("[listen] gateway_certificate", path, *validity);
        self.gateways.iter().map(dated).collect()
    }
}

/// Whether one of them stands there as the issuer of another, as in a chain. Who has a CA's key shall not be let in for
/// that.
fn has_issuers(gateways: &[(CertificateDer<'static>, Validity)]) -> Result<bool, x509_cert::der::Error> {
    let mut names = Vec::new();
    for (der, _) in gateways {
        let certificate = x509_cert::Certificate::from_der(der)?;
        let tbs = certificate.tbs_certificate();
        names.push((tbs.subject().clone(), tbs.issuer().clone()));
    }
    let issued = |(own, issuer): &(_, _)| own != issuer && names.iter().any(|(subject, _)| subject == issuer);
    Ok(names.iter().any(issued))
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        use rustls::CertificateError::{ApplicationVerificationFailure, Expired, NotValidYet};
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let known = self.gateways.iter().find(|(gateway, _)| gateway.as_ref() == end_entity.as_ref());
        let fault = match known {
            None => ApplicationVerificationFailure,
            Some((_, validity)) if now > validity.not_after => Expired,
            Some((_, validity)) if now < validity.not_before => NotValidYet,
            Some(_) => return Ok(ClientCertVerified::assertion()),
        };
        let _ = SHOWN.try_with(|shown| shown.replace(Some(subject(end_entity))));
        Err(rustls::Error::InvalidCertificate(fault))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// What a stranger's certificate calls itself, as far as it goes into a log.
fn subject(der: &[u8]) -> String {
    let certificate = x509_cert::Certificate::from_der(der);
    let name = certificate.map(|certificate| certificate.tbs_certificate().subject().to_string());
    let name: String = name.unwrap_or_else(|_| "(unreadable)".to_owned()).chars().take(NAME).collect();
    escaped(&name).into_owned()
}
