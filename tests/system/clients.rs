//! An unmodified third-party client, pyHanko, signs PDFs; two validators judge them.

use std::process::{Command, Output};

use harness::{demanded, repository, shared};
use serde_json::Value;

/// Runs tests/clients/pyhanko_sign.py; `None` where there is no Python environment.
fn pyhanko(options: &[&str]) -> Option<Output> {
    let python = demanded("RSIGN_PYTHON", "target/venv/bin/python", "pyHanko, an unmodified CSC client")?;
    let sandbox = shared();
    let out = tempfile::tempdir().unwrap();
    let mut command = Command::new(python);
    command.arg(repository("tests/clients/pyhanko_sign.py")).arg(sandbox.ready_file());
    command.arg("--out").arg(out.path()).arg("--json").args(options);
    Some(command.output().unwrap())
}

/// Signs so many PDFs and checks how they were signed.
fn signs(options: &[&str], mechanism: &str, count: usize) {
    let Some(output) = pyhanko(options) else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["mechanism"], mechanism);
    assert_eq!(
        (&report["calls"]["credentials/authorize"], &report["calls"]["signatures/signHash"]),
        (&1.into(), &1.into())
    );
    let files = report["files"].as_array().unwrap();
    assert_eq!(files.len(), count);
    for file in files {
        assert_eq!(file["pyhanko"]["mechanism"], mechanism);
        assert_eq!(file["pdfsig"]["signature"], "Signature is Valid.");
    }
}

#[test]
fn pyhanko_signs_with_rsa_pkcs1_v15_through_v1() {
    signs(&["--key", "RSA-2048", "--mechanism", "pkcs1v15"], "sha256_rsa", 1);
}

#[test]
fn pyhanko_signs_a_batch_with_rsa_pkcs1_v15_through_v2() {
    signs(&["--key", "RSA-2048", "--digest", "sha512", "--count", "3", "--api", "v2"], "sha512_rsa", 3);
}

#[test]
fn pyhanko_signs_with_rsa_pss_through_v2() {
    signs(&["--key", "RSA-2048", "--mechanism", "pss", "--api", "v2"], "rsassa_pss", 1);
}

#[test]
fn pyhanko_signs_a_batch_with_rsa_pss_through_v1() {
    signs(&["--key", "RSA-3072", "--mechanism", "pss", "--count", "3"], "rsassa_pss", 3);
}

#[test]
fn pyhanko_signs_with_p256_after_a_login() {
    signs(&["--key", "P-256", "--login"], "sha256_ecdsa", 1);
}

#[test]
fn pyhanko_signs_a_batch_with_p256_through_v2() {
    signs(&["--key", "P-256", "--count", "3", "--api", "v2", "--user", "1"], "sha256_ecdsa", 3);
}

#[test]
fn pyhanko_hears_of_a_wrong_pin_in_the_words_of_the_standard() {
    // One wrong PIN of Rui's P-384 key a run: nobody else tries that key here.
    let Some(output) = pyhanko(&["--key", "P-384", "--user", "1", "--pin", "00000000x"]) else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("credentials/authorize answered 400: invalid_pin, The PIN is invalid"), "{said}");
}
