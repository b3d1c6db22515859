//! `rsign conformance` as a vendor would run it: over TLS, with a profile or a ready file, judged by its exit code.

use std::process::{Command, Output, Stdio};

use harness::{Sandbox, program, repository};
use serde_json::Value;

fn check(words: &[&str]) -> Output {
    Command::new(program("rsign")).arg("conformance").args(words).stdin(Stdio::null()).output().unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

#[test]
fn it_checks_the_sandbox_and_writes_every_report() {
    let sandbox = Sandbox::own();
    let ready = sandbox.ready_file().display().to_string();
    let file = |name: &str| sandbox.folder.beside(name).display().to_string();
    let (html, junit, known) = (file("report.html"), file("report.xml"), repository("conformance/known.toml"));
    let known = known.display().to_string();
    let all = check(&["--ready", &ready, "--known", &known, "--json", "--junit", &junit, "--html", &html]);
    assert_eq!(all.status.code(), Some(0), "{}{}", text(&all.stderr), text(&all.stdout));
    let report: Value = serde_json::from_slice(&all.stdout).unwrap();
    let services = report["services"].as_array().unwrap();
    assert_eq!(services.iter().map(|service| &service["version"]).collect::<Vec<_>>(), ["v1", "v2"]);
    for service in services {
        let passed = service["findings"].as_array().unwrap().iter().filter(|finding| finding["outcome"] == "passed");
        assert!(passed.count() > 80, "{}", service["url"]);
    }
    assert!(std::fs::read_to_string(&html).unwrap().contains("Conformance to the CSC API"));
    assert!(std::fs::read_to_string(&junit).unwrap().contains("<testsuites"));
    // Progress goes to where nobody parses.
    assert!(text(&all.stderr).contains("checking https://"), "{}", text(&all.stderr));

    a_profile_does_as_well(&sandbox, &file("csc.toml"), &known);
    exit_codes_tell_what_was_wrong(&sandbox, &ready, &file("wrong.toml"));
}

/// The same by hand, with the second version only, and less.
fn a_profile_does_as_well(sandbox: &Sandbox, profile: &str, known: &str) {
    let (client, user) = (sandbox.ready.client("legacy", "clear"), &sandbox.ready.users[0]);
    let credential = user.credential("P-256");
    let secret = client.client_secret.as_deref().unwrap();
    let lines = [
        format!("urls = [{:?}]", sandbox.ready.csc_v2),
        format!("tls_ca = {:?}", sandbox.ready.tls_ca.as_deref().unwrap()),
        format!("user = {:?}", user.id),
        format!("client = {{ id = {:?}, secret = {secret:?} }}", client.client_id),
        format!("credentials = [{{ id = {:?}, pin = \"env:CSC_PIN\" }}]", credential.id),
    ];
    std::fs::write(profile, lines.join("\n")).unwrap();
    let mut command = Command::new(program("rsign"));
    command.args(["conformance", "--profile", profile, "--known", known, "--all"]).env("CSC_PIN", &credential.pin);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    assert!(said.contains("PASSED          must    sign.algorithms"), "{said}");
    // What the profile does not give is not a pass.
    assert!(said.contains("NOT CHECKED     must    misuse.other_client"), "{said}");
    assert!(!said.contains(&credential.pin) && !said.contains(secret));

    // A wrong PIN is tried once: what needs it could not run, and the credential is not locked.
    let mut command = Command::new(program("rsign"));
    command.args(["conformance", "--profile", profile, "--only", "authorize", "--only", "sign", "--only", "misuse"]);
    let output = command.env("CSC_PIN", "00000000").stdin(Stdio::null()).output().unwrap();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("COULD NOT RUN: the service refuses the profile's PIN or OTP: HTTP 400"), "{said}");
    assert_eq!(said.matches("The authentication data is invalid").count(), 1, "{said}");
    let batch = |pin: &str| {
        let mut command = Command::new(program("rsign"));
        command.args(["conformance", "--profile", profile, "--only", "sign"]).env("CSC_PIN", pin);
        command.stdin(Stdio::null()).output().unwrap()
    };
    assert_eq!(batch(&credential.pin).status.code(), Some(0));
    what_locked_it_is_told_with_the_ways_out(batch, &credential.pin);
}

/// Wrong PINs of runs before: then nothing that needs the credential can run, and it says once why and what to do.
fn what_locked_it_is_told_with_the_ways_out(run: impl Fn(&str) -> Output, pin: &str) {
    for _ in 0..3 {
        assert_eq!(run("00000000").status.code(), Some(3));
    }
    let locked = run(pin);
    let said = text(&locked.stdout);
    assert_eq!(locked.status.code(), Some(3), "{said}");
    let told: Vec<&str> = said.lines().filter(|line| line.starts_with("COULD NOT RUN: ")).collect();
    let [one] = told[..] else { panic!("{said}") };
    assert!(one.contains("a credential of the profile is locked: HTTP 400") && one.contains("locked\""), "{one}");
    for way in ["wait until that is over", "another credential first", "rsign sandbox --data-dir"] {
        assert!(one.contains(way), "{way} in {one}");
    }
}

fn exit_codes_tell_what_was_wrong(sandbox: &Sandbox, ready: &str, file: &str) {
    let code = |words: &[&str]| check(words).status.code();
    assert_eq!(code(&["--list"]), Some(0));
    assert_eq!(code(&["--ready", ready, "--only", "info"]), Some(0));
    assert_eq!(code(&["--ready", ready, "--only", "no.such.check"]), Some(3));
    let other = check(&["--ready", sandbox.ready.tls_ca.as_deref().unwrap()]);
    assert_eq!(other.status.code(), Some(3));
    assert!(text(&other.stderr).contains("is no ready file of rsign sandbox"), "{}", text(&other.stderr));
    // Nobody is there; nobody has told where; the certificate is not trusted.
    assert_eq!(code(&["http://127.0.0.1:9/csc/v1"]), Some(3));
    assert_eq!(code(&[]), Some(3));
    assert_eq!(code(&[&sandbox.ready.csc_v1]), Some(3));
    // A known failure that passes counts, and what is misspelt is a mistake.
    std::fs::write(file, "[[known]]\ncheck = \"info.logo\"\nreason = \"no logo\"\n").unwrap();
    assert_eq!(code(&["--ready", ready, "--only", "info.logo", "--known", file]), Some(1));
    std::fs::write(file, "[[known]]\ncheck = \"info.answers\"\nreason = \"no info\"\n").unwrap();
    let stale = check(&["--ready", ready, "--only", "info.answers", "--known", file]);
    assert_eq!(stale.status.code(), Some(1), "whatever it weighs: the service did nothing wrong");
    assert!(text(&stale.stdout).contains(" 0 failed (0 must, 0 should, 0 quirk), 1 unexpected pass"));
    std::fs::write(file, "[[known]]\ncheck = \"info.answer\"\nreason = \"no info\"\n").unwrap();
    assert_eq!(code(&["--ready", ready, "--only", "info", "--known", file]), Some(3));
    // A wrong password: that is told, and is no verdict on the service.
    let ca = sandbox.ready.tls_ca.as_deref().unwrap();
    let id = &sandbox.ready.client("legacy", "clear").client_id;
    let profile = format!("tls_ca = {ca:?}\nclient = {{ id = {id:?}, secret = \"wrong\" }}\n");
    std::fs::write(file, profile).unwrap();
    assert_eq!(code(&["--profile", file, &sandbox.ready.csc_v1, "--only", "list.answers"]), Some(3));
    assert_eq!(code(&["--profile", file, &sandbox.ready.csc_v2, "--only", "oauth.token"]), Some(3));
    let oauth = check(&["--profile", file, &sandbox.ready.csc_v2, "--only", "oauth"]);
    assert_eq!(oauth.status.code(), Some(3), "{}", text(&oauth.stdout));
    a_report_that_cannot_be_written_is_told_at_once(ready, file);
}

fn a_report_that_cannot_be_written_is_told_at_once(ready: &str, file: &str) {
    let nowhere = format!("{file}.nowhere/report");
    for option in ["--junit", "--html"] {
        let outcome = check(&["--ready", ready, "--only", "info.answers", option, &nowhere]);
        assert_eq!(outcome.status.code(), Some(3));
        let said = text(&outcome.stderr);
        assert!(said.contains("no report can be written to") && !said.contains("checking"), "{said}");
    }
    // One that fails in the end takes no other along.
    let html = format!("{file}.html");
    let outcome = check(&["--ready", ready, "--only", "info.answers", "--junit", "/dev/full", "--html", &html]);
    assert_eq!(outcome.status.code(), Some(3));
    assert!(text(&outcome.stderr).contains("/dev/full") && text(&outcome.stdout).contains("1 passed"));
    assert!(std::fs::read_to_string(&html).unwrap().contains("Conformance to the CSC API"));
}
