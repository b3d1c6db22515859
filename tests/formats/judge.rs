//! EU DSS as it is called here can tell good from bad: on CMS of the openssl program, so before any signature of ours.

use harness::dss::{self, Job};
use rsign_api::algorithm::KeyType;

use crate::pki::{Pki, output};

#[test]
fn dss_tells_good_from_bad() {
    let pki = Pki::new();
    let other = Pki::new();
    let person = pki.person(KeyType::P256);
    let (certificate, key) = person.files(&pki);
    let (document, forged) = (pki.write("document.bin", b"hello"), pki.write("forged.bin", b"hullo"));
    let sign = |name: &str, extra: &[&str]| {
        let arguments = ["cms", "-sign", "-binary", "-outform", "DER", "-in", "{}", "-signer", "{}", "-inkey", "{}"];
        let cms = output("openssl", &[&arguments, extra].concat(), &[&document, &certificate, &key]);
        pki.write(name, &cms)
    };
    let (cades, plain) = (sign("cades.p7s", &["-cades"]), sign("plain.p7s", &[]));
    let root = pki.root();
    let jobs = [
        Job::new(&cades, &root).detached(&document, "document.bin").crl(&pki.crl()),
        Job::new(&cades, &root).detached(&document, "document.bin").without_revocation(),
        Job::new(&cades, &root).detached(&document, "document.bin"),
        Job::new(&cades, &root).detached(&forged, "document.bin").without_revocation(),
        Job::new(&cades, &other.root()).detached(&document, "document.bin").without_revocation(),
        Job::new(&plain, &root).detached(&document, "document.bin").without_revocation(),
        Job::new(&document, &root),
    ];
    let Some(said) = dss::judge(&jobs) else { return };
    let verdict = |at: usize| &said[at].as_ref().unwrap()[0];
    verdict(0).passes_as("CAdES-BASELINE-B");
    verdict(1).passes_as("CAdES-BASELINE-B");
    assert_eq!(verdict(1).signed_by.as_deref(), Some("Ana"));
    let failed =
        |at: usize| (verdict(at).indication.as_str(), verdict(at).subindication.as_deref().unwrap_or_default());
    // No revocation data, another document, another root.
    assert_eq!(failed(2).0, "INDETERMINATE");
    assert_eq!(failed(3), ("TOTAL_FAILED", "HASH_FAILURE"));
    assert_eq!(failed(4), ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND"));
    // Sound, but not a baseline signature.
    assert_eq!(verdict(5).format, "CMS-NOT-ETSI");
    assert!(said[6].as_ref().unwrap_err().contains("not recognized"));
}
