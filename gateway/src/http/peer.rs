//! The certificate that a client showed in the TLS handshake, on the listener that asks for one (RFC 8705).

use std::sync::Arc;

use axum::http::Extensions;
use axum_server::tls::TlsInfo;
use data_encoding::BASE64URL_NOPAD;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};
use sha2::{Digest as _, Sha256};

/// The chain, end entity first. The handshake has proved its key, and nothing else.
pub(super) fn certificates(extensions: &Extensions) -> &[Vec<u8>] {
    extensions.get::<Arc<TlsInfo>>().map_or(&[], |info| &info.peer_certificates)
}

/// SHA-256 of the end entity's certificate, as tokens and registrations name it.
pub(super) fn thumbprint(extensions: &Extensions) -> Option<String> {
    certificates(extensions).first().map(|certificate| BASE64URL_NOPAD.encode(&Sha256::digest(certificate)))
}

/// Takes any certificate whose key the client has, or none: whom it belongs to is decided where a client says who it
/// is. A self-signed one has no CA that the handshake could judge it by.
#[derive(Debug)]
pub(super) struct AnyCertificate(WebPkiSupportedAlgorithms);

impl AnyCertificate {
    /// With the algorithms of this provider.
    pub(super) fn new(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }
}

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
