//! The pages in a real browser: Debian's Chromium, driven from `tests/browser/`.

use std::process::Command;

use harness::{Sandbox, demanded, program, repository};

/// Runs one file of browser tests against a sandbox of its own; its screenshots stay in `target/screenshots`.
fn browser(file: &str) {
    let Some(node) = demanded("RSIGN_NODE", "target/browser/node", "pages in a real browser") else { return };
    let sandbox = Sandbox::own();
    let temporary = tempfile::tempdir().unwrap();
    let trusted = [sandbox.folder.file("gateway.pem"), sandbox.folder.file("page.pem")];
    let output = Command::new(node)
        .args(["--test-reporter=spec", "--test-timeout=60000"])
        .arg(repository("tests/browser").join(file))
        .env("RSIGN_READY", sandbox.ready_file())
        .env("RSIGN_BROWSER_TRUST", std::env::join_paths(trusted).unwrap())
        .env("NODE_EXTRA_CA_CERTS", sandbox.ready.tls_ca.as_deref().unwrap_or("/dev/null"))
        .env("RSIGN_SCREENSHOTS", repository("target/screenshots"))
        .env("RSIGN_PROGRAM", program("rsign"))
        .env("TMPDIR", temporary.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    // A file whose tests were all left out would be as content.
    assert!(said.contains("pass ") && said.contains("skipped 0"), "{said}");
}

#[test]
fn an_app_gets_its_signatures_through_the_pages() {
    browser("flow.test.mjs");
}

#[test]
fn rsign_sign_signs_a_file_with_the_persons_approval() {
    browser("sign.test.mjs");
}

#[test]
fn a_hardened_client_uses_par_private_key_jwt_and_dpop() {
    browser("hardened.test.mjs");
}
