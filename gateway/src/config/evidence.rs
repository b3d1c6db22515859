//! `[evidence]`: what long-term signatures hold, and where it comes from.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;

/// Where evidence comes from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvidenceConfig {
    /// PEM of roots, and of CAs below them, that certificates of users may lead to besides the built-in CA. Those of
    /// time-stamping authorities stand in `[timestamp]`.
    pub anchors: Option<PathBuf>,
    /// Also asks for CRLs and OCSP at addresses of this machine and of private networks: where such a CA is one's own. It
    /// lets those CAs' certificates make the gateway call what only this network should reach.
    pub private: bool,
}

impl EvidenceConfig {
    /// The anchors, DER.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn anchors(&self) -> anyhow::Result<Vec<Vec<u8>>> {
        self.anchors.as_deref().map_or_else(|| Ok(Vec::new()), |path| certificates(path).context("[evidence] anchors"))
    }
}

/// Every certificate of a PEM file, DER.
pub(super) fn certificates(path: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let read = CertificateDer::pem_file_iter(path).with_context(|| path.display().to_string())?;
    let read = read.map(|certificate| Ok(certificate.with_context(|| path.display().to_string())?.to_vec()));
    read.collect()
}
