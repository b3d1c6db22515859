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

/// The example that the README names, with Python's own library alone.
#[test]
fn the_example_of_sign_doc_signs_every_kind_of_file() {
    let Some(python) = demanded("RSIGN_PYTHON", "target/venv/bin/python", "tests/clients/sign_doc.py") else { return };
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    for (name, content) in [
        ("a.pdf", harness::paper::pdf(&[0])),
        ("b.xml", b"<order><item>1</item></order>".to_vec()),
        ("c.json", b"{\"a\":1}".to_vec()),
        ("d.bin", vec![7; 3000]),
    ] {
        std::fs::write(place(name), content).unwrap();
    }
    let run = |words: &[&str]| {
        let mut example = Command::new(&python);
        example.arg(repository("tests/clients/sign_doc.py")).arg(shared().ready_file()).args(words);
        example.current_dir(folder.path()).output().unwrap()
    };
    let signs = |words: &[&str], results: &[&str]| {
        let output = run(words);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().collect::<Vec<_>>(), results);
        for result in results {
            verified(folder.path(), result);
        }
    };
    let all = ["a-signed.pdf", "b-signed.xml", "c.json.jws", "d.bin.p7s"];
    signs(&["a.pdf", "b.xml", "c.json", "d.bin"], &all);
    signs(&["a.pdf", "d.bin", "--later", "--key", "RSA-2048"], &[all[0], all[3]]);
    signs(&["a.pdf", "--level", "AdES-B-T", "--seen", "Signed by Ana"], &[all[0]]);
    signs(&["d.bin", "a.pdf", "--digest"], &[all[3], "a.pdf.p7s"]);
    let refused = run(&["d.bin", "a.pdf", "--level", "AdES-B-X"]);
    let said: Value = serde_json::from_slice(&refused.stderr).unwrap();
    assert_eq!((refused.status.success(), &said["rsign_refused"][0]["index"]), (false, &0.into()), "{said}");
}

/// By a tool of the terminal that knows the format, where there is one.
fn verified(folder: &std::path::Path, result: &str) {
    let ca = shared().ready.signing_ca.as_str();
    let words: Vec<&str> = match result.rsplit_once('.').unwrap() {
        (_, "pdf") => vec!["pdfsig", "-nocert", result],
        (_, "xml") => vec![
            "xmlsec1",
            "--verify",
            "--enabled-key-data",
            "x509",
            "--trusted-pem",
            ca,
            "--id-attr:Id",
            "http://uri.etsi.org/01903/v1.3.2#:SignedProperties",
            result,
        ],
        (original, "p7s") => {
            let begin = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", result, "-content", original];
            [&begin[..], &["-CAfile", ca, "-purpose", "any", "-out", "/dev/null"]].concat()
        }
        _ => return,
    };
    let output = Command::new(words[0]).args(&words[1..]).current_dir(folder).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let is_good = output.status.success() && (words[0] != "pdfsig" || said.contains("Signature is Valid."));
    assert!(is_good, "{result}: {said}");
}
