//! A signer whose store was restored from a backup: what was taken away at the gateway since then stays taken away, and the
//! signer is told of it again.

use std::path::PathBuf;
use std::process::Command;

use harness::{Credential, Pieces, Wanted, program};
use serde_json::{Value, json};

/// The lines a command of the gateway printed, or what it said when it failed.
fn said(pieces: &Pieces, words: &[&str]) -> (bool, Vec<Value>, String) {
    let mut command = Command::new(program("rsign-gateway"));
    let output = command.arg("--config").arg(pieces.folder.file("gateway.toml")).args(words).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.success(), lines, String::from_utf8(output.stderr).unwrap())
}

/// Its line, of all that are listed.
fn listed(pieces: &Pieces, credential: &Credential) -> Value {
    let (good, lines, _) = said(pieces, &["credential", "list"]);
    assert!(good);
    lines.into_iter().find(|line| line["credentialID"] == credential.id.as_str()).unwrap()
}

/// The files of the signer's store.
fn store(pieces: &Pieces) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(pieces.folder.data()).unwrap().map(|entry| entry.unwrap().path());
    let of_signer = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("signer.sqlite");
    entries.filter(of_signer).collect()
}

#[tokio::test]
async fn a_signer_that_was_restored_is_told_again_what_is_destroyed_or_suspended() {
    let mut pieces = Pieces::running();
    let operator = pieces.operator();
    let user = operator.add_user("reconcile");
    let keys: Vec<Credential> = (0..4).map(|_| operator.enrol(&user.id, Wanted::QUICK)).collect();
    let [gone, aside, again, left] = &keys[..] else { panic!() };
    pieces.stop_signer();
    let backup = tempfile::tempdir().unwrap();
    for file in store(&pieces) {
        std::fs::copy(&file, backup.path().join(file.file_name().unwrap())).unwrap();
    }
    pieces.start_signer();
    // After the backup.
    let late = operator.enrol(&user.id, Wanted::QUICK);
    for (credential, state) in [(gone, "destroyed"), (aside, "suspended"), (again, "destroyed"), (&late, "destroyed")] {
        operator.set_state(credential, state);
    }
    let line = listed(&pieces, gone);
    assert_eq!((&line["state"], &line["standing"]), (&json!("destroyed"), &json!("destroyed")), "{line}");
    assert_eq!((&line["signer"], &line["disagreement"]), (&json!("destroyed"), &Value::Null), "{line}");
    // Once more changes nothing; and nothing brings it back.
    let state = |id: &str, state: &str| said(&pieces, &["credential", "state", "--id", id, state]);
    let expected = json!({ "credentialID": gone.id, "state": "destroyed", "signer": "destroyed" });
    assert_eq!(state(&gone.id, "destroyed"), (true, vec![expected.clone()], String::new()));
    assert!(state(&aside.id, "suspended").0 && state(&left.id, "active").0, "they are");
    for other in ["active", "suspended"] {
        let (good, _, why) = state(&gone.id, other);
        assert!(!good && why.contains("the credential is destroyed, for good"), "{why}");
    }
    pieces.stop_signer();
    for file in store(&pieces) {
        std::fs::remove_file(file).unwrap();
    }
    for entry in std::fs::read_dir(backup.path()).unwrap() {
        let file = entry.unwrap().path();
        std::fs::copy(&file, pieces.folder.data().join(file.file_name().unwrap())).unwrap();
    }
    // While it is away nobody is told.
    let (good, lines, why) = said(&pieces, &["credential", "reconcile"]);
    assert!(!good && why.contains("the signer could not be told of 4 credentials"), "{why}");
    assert!(lines.iter().all(|line| line["failed"].as_str().unwrap().contains("not available")), "{lines:?}");
    pieces.start_signer();
    for (credential, state) in [(gone, "destroyed"), (aside, "suspended"), (again, "destroyed")] {
        let line = listed(&pieces, credential);
        assert_eq!((&line["state"], &line["standing"]), (&json!(state), &json!(state)), "{line}");
        assert_eq!((&line["signer"], &line["can_sign"]), (&json!("active"), &json!(false)), "{line}");
        assert!(line["disagreement"].as_str().unwrap().contains("`credential reconcile`"), "{line}");
    }
    // One by its name, the rest together.
    let (good, lines, _) = said(&pieces, &["credential", "state", "--id", &gone.id, "destroyed"]);
    assert_eq!((good, lines), (true, vec![expected]));
    let of = |id: &str, state: &str, had: &str, has: &str| -> Value {
        json!({ "credentialID": id, "state": state, "signer_had": had, "signer": has })
    };
    let mut expected = vec![
        of(&gone.id, "destroyed", "destroyed", "destroyed"),
        of(&aside.id, "suspended", "active", "suspended"),
        of(&again.id, "destroyed", "active", "destroyed"),
        of(&late.id, "destroyed", "unknown", "unknown"),
    ];
    expected.sort_by_key(|line| line["credentialID"].as_str().unwrap().to_owned());
    let (good, lines, why) = said(&pieces, &["credential", "reconcile"]);
    assert!(good, "{why}");
    assert_eq!(lines, expected);
    for credential in &keys {
        let line = listed(&pieces, credential);
        assert_eq!(
            (&line["disagreement"], &line["can_sign"]),
            (&Value::Null, &json!(credential.id == left.id)),
            "{line}"
        );
    }
}
