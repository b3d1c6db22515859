//! The openssl command line: a verifier that shares no code with us.

use std::process::Command;

use rsign_api::algorithm::{HashAlgorithm, Scheme};
use tempfile::TempDir;

/// A directory with files for openssl.
pub(crate) struct Openssl {
    directory: TempDir,
}

impl Openssl {
    pub(crate) fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    pub(crate) fn file(&self, name: &str, octets: &[u8]) {
        std::fs::write(self.directory.path().join(name), octets).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.directory.path().join(name)).unwrap()
    }

    /// Runs a command line, its words separated by spaces, in the directory; the error is what openssl said.
    pub(crate) fn run(&self, line: &str) -> Result<String, String> {
        let output = Command::new("openssl").args(line.split(' ')).current_dir(&self.directory).output();
        let output = output.expect("the tests need the openssl command line");
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        if output.status.success() { Ok(text) } else { Err(text) }
    }

    /// Whether the signature over the digest is good.
    pub(crate) fn verify(
        &self,
        spki: &[u8],
        scheme: Scheme,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<String, String> {
        self.file("key.der", spki);
        self.file("digest", digest);
        self.file("signature", signature);
        let hash = match scheme.hash() {
            HashAlgorithm::Sha256 => "sha256",
            HashAlgorithm::Sha384 => "sha384",
            HashAlgorithm::Sha512 => "sha512",
        };
        let padding = match scheme {
            Scheme::Pkcs1 { .. } => " -pkeyopt rsa_padding_mode:pkcs1".to_owned(),
            Scheme::Pss { salt, .. } => {
                format!(" -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:{salt} -pkeyopt rsa_mgf1_md:{hash}")
            }
            Scheme::Ecdsa { .. } => String::new(),
        };
        let files = "-pubin -keyform DER -inkey key.der -in digest -sigfile signature";
        self.run(&format!("pkeyutl -verify {files} -pkeyopt digest:{hash}{padding}"))
    }
}
