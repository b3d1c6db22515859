//! Time-stamps: the openssl program is the authority, its certificate comes from the test's root.

use std::path::PathBuf;

use data_encoding::HEXLOWER;
use rcgen::{CertificateParams, CustomExtension, DnType, KeyPair, KeyUsagePurpose};
use rsign_ades::digest;
use rsign_api::algorithm::HashAlgorithm;

use crate::pki::{Pki, output};

const CONFIGURATION: &str = "\
[tsa]
default_tsa = t
[t]
serial = SERIAL
signer_digest = sha256
default_policy = 1.3.6.1.4.1.32473.2
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
";

/// A token over these octets, DER.
pub(crate) fn stamp(pki: &Pki, octets: &[u8]) -> Vec<u8> {
    stamp_digest(pki, HashAlgorithm::Sha256, &digest(HashAlgorithm::Sha256, octets))
}

/// A token over a digest.
pub(crate) fn stamp_digest(pki: &Pki, hash: HashAlgorithm, digest: &[u8]) -> Vec<u8> {
    let (certificate, key) = authority(pki);
    let configuration = CONFIGURATION.replace("SERIAL", &pki.file("serial").display().to_string());
    let configuration = pki.write("tsa.cnf", configuration.as_bytes());
    pki.write("serial", b"01");
    let query = pki.file("query.tsq");
    let function = match hash {
        HashAlgorithm::Sha256 => "-sha256",
        HashAlgorithm::Sha384 => "-sha384",
        HashAlgorithm::Sha512 => "-sha512",
    };
    let ask = ["ts", "-query", "-digest", &HEXLOWER.encode(digest), function, "-cert", "-out", "{}"];
    output("openssl", &ask, &[&query]);
    let token = pki.file("token.der");
    let reply = [
        "ts",
        "-reply",
        "-config",
        "{}",
        "-queryfile",
        "{}",
        "-signer",
        "{}",
        "-inkey",
        "{}",
        "-token_out",
        "-out",
        "{}",
    ];
    output("openssl", &reply, &[&configuration, &query, &certificate, &key, &token]);
    std::fs::read(token).unwrap()
}

/// Certificate and key, the same for all tokens of a test.
fn authority(pki: &Pki) -> (PathBuf, PathBuf) {
    let (certificate, key) = (pki.file("tsa.pem"), pki.file("tsa.key"));
    if !certificate.exists() {
        make(pki);
    }
    (certificate, key)
}

fn make(pki: &Pki) {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, "Time-stamping authority of a test");
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.use_authority_key_identifier_extension = true;
    // extKeyUsage, critical and timeStamping alone (RFC 3161, 2.3).
    let usage = [0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08].to_vec();
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], usage);
    extension.set_criticality(true);
    parameters.custom_extensions.push(extension);
    let certificate = pki.certify(parameters, &key);
    pki.write("tsa.key", key.serialize_pem().as_bytes());
    pki.write("tsa.pem", certificate.as_bytes());
}
