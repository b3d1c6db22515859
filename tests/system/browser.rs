//! The pages in a real browser: Debian's Chromium, driven from `tests/browser/`.

use std::ffi::OsString;
use std::process::Command;

use harness::{Sandbox, TWO_SITES, demanded, program, repository, seeded};

/// Runs files of Node's tests; all of them pass, and none is left out.
fn node(files: &[&str], environment: &[(&str, OsString)]) {
    let Some(node) = demanded("RSIGN_NODE", "target/browser/node", "pages in a real browser") else { return };
    let temporary = tempfile::tempdir().unwrap();
    let output = Command::new(node)
        .args(["--test-reporter=spec", "--test-timeout=60000"])
        .args((files.len() > 1).then_some("--test"))
        .args(files.iter().map(|file| repository("tests/browser").join(file)))
        .envs(environment.iter().cloned())
        .env("TMPDIR", temporary.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    // Files whose tests were all left out would be as content.
    assert!(!said.contains("pass 0") && said.contains("skipped 0"), "{said}");
}

/// Runs one file of browser tests against a sandbox of its own; its screenshots stay in `target/screenshots`.
fn browser(file: &str) {
    with(&Sandbox::own(), file);
}

/// The same against this sandbox.
fn with(sandbox: &Sandbox, file: &str) {
    let trusted = [sandbox.folder.file("gateway.pem"), sandbox.folder.file("page.pem")];
    let environment = [
        ("RSIGN_READY", sandbox.ready_file().into()),
        ("RSIGN_BROWSER_TRUST", std::env::join_paths(trusted).unwrap()),
        ("NODE_EXTRA_CA_CERTS", sandbox.ready.tls_ca.as_deref().unwrap_or("/dev/null").into()),
        ("RSIGN_SCREENSHOTS", repository("target/screenshots").into()),
        ("RSIGN_PROGRAM", program("rsign").into()),
        // For the operator's commands.
        ("RSIGN_GATEWAY", program("rsign-gateway").into()),
        ("RSIGN_GATEWAY_CONFIG", sandbox.folder.file("gateway.toml").into()),
    ];
    node(&[file], &environment);
}

/// The same with gateway and signing page on two sites, as they are for an operator: two names of this computer could
/// share cookies and pass as one site where two sites do not.
fn on_two_sites(file: &str) {
    let sandbox = Sandbox::start(seeded(), &TWO_SITES);
    assert!(sandbox.ready.oauth2.starts_with("https://gateway.rsign-a.test:"), "{}", sandbox.ready.oauth2);
    assert!(sandbox.ready.sign.as_deref().unwrap().starts_with("https://sign.rsign-b.test:"));
    with(&sandbox, file);
}

#[test]
fn an_app_gets_its_signatures_through_the_pages() {
    on_two_sites("flow.test.mjs");
}

#[test]
fn documensos_flow_with_its_oauth_library() {
    browser("documenso.test.mjs");
}

#[test]
fn rsign_sign_signs_a_file_with_the_persons_approval() {
    let sandbox = Sandbox::own();
    with(&sandbox, "sign-refused.test.mjs");
    with(&sandbox, "sign.test.mjs");
}

#[test]
fn a_hardened_client_uses_par_private_key_jwt_and_dpop() {
    on_two_sites("hardened.test.mjs");
}

#[test]
fn people_manage_their_keys_in_the_browser() {
    on_two_sites("account.test.mjs");
}

#[test]
fn people_approve_with_codes_of_an_authenticator_app() {
    browser("factor.test.mjs");
}

#[test]
fn an_app_has_a_key_made_and_ended() {
    browser("errands.test.mjs");
}

#[test]
fn people_approve_what_apps_without_a_pin_ask() {
    on_two_sites("waiting.test.mjs");
}

#[test]
fn the_pages_work_over_plain_http_on_this_computer() {
    with(&Sandbox::start(seeded(), &["--http"]), "http.test.mjs");
}

#[test]
fn the_pages_scripts_agree_with_the_vectors() {
    node(&["rch1.test.mjs", "bodies.test.mjs", "page-logic.test.mjs"], &[]);
}

#[test]
fn people_sign_in_through_an_identity_provider() {
    browser("provider.test.mjs");
}
