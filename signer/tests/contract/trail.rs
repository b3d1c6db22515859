//! `rsign-signer audit`, as an auditor uses it: the HSM's signatures in the trail, and what was known before.

use std::process::Command;

use rsign_api::signer::{CredentialName, CredentialStatus, path};
use rsign_signer::audit::{Audit, Entry, Event};
use rsign_signer::clock::SystemClock;

use crate::harness::{Kind, SIGNER, Served, TestToken};

/// Whether the command succeeded, and what it said.
fn audit(token: &TestToken, words: &[&str]) -> (bool, String) {
    let mut command = Command::new(SIGNER);
    let said = command.arg("--config").arg(token.path("signer.toml")).arg("audit").args(words).output().unwrap();
    (said.status.success(), String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hsm_signs_the_trail_and_an_auditor_checks_it() {
    let mut served = Served::start(TestToken::ready(Kind::SoftHsm2).unwrap()).await;
    let unknown = CredentialName { credential: "none".to_owned() };
    let _ = served.post::<CredentialStatus>(path::STATUS, &unknown).await;
    served.stop();
    let token = &served.token;
    let file = |name: &str| token.path(name).to_str().unwrap().to_owned();

    let (key, pem) = audit(token, &["key"]);
    assert!(key && pem.starts_with("-----BEGIN PUBLIC KEY-----"), "{pem}");
    std::fs::write(file("audit.pem"), &pem).unwrap();
    let (whole, first) = audit(token, &["verify", "--key", &file("audit.pem")]);
    assert!(whole && first.contains(", signed up to "), "{first}");
    std::fs::write(file("known"), &first).unwrap();

    // Another key's word is none.
    let identity =
        Command::new(SIGNER).arg("--config").arg(token.path("signer.toml")).arg("identity").output().unwrap();
    std::fs::write(file("identity.pem"), identity.stdout).unwrap();
    let (whole, said) = audit(token, &["verify", "--key", &file("identity.pem")]);
    assert!(!whole && said.contains("is not the audit key's"), "{said}");

    // The trail goes on: what was known is still there.
    let store = token.store().await;
    let chain = store.chains().await.unwrap().remove(0);
    let trail = Audit::new(store.clone(), &chain, std::sync::Arc::new(SystemClock));
    trail.record(Entry::of(Event::Started)).await.unwrap();
    let all = ["verify", "--key", &file("audit.pem"), "--known", &file("known")];
    assert!(audit(token, &all).0);

    // Who writes the whole store writes a whole chain: unsigned, and not the known one.
    let rewritten = format!("chain {chain}: 1 entries, unbroken, head {}\n", "0".repeat(64));
    std::fs::write(file("known"), rewritten).unwrap();
    assert!(audit(token, &all).1.contains("is not the one that was known"));
    let longer = format!("chain {chain}: 1000 entries, unbroken, head {}\n", "0".repeat(64));
    std::fs::write(file("known"), longer).unwrap();
    assert!(audit(token, &all).1.contains("has lost entries"));
    std::fs::write(file("known"), format!("chain gone: 1 entries, unbroken, head {}\n", "0".repeat(64))).unwrap();
    assert!(audit(token, &all).1.contains("was known and is gone"));

    // A signature about another past, with a chain that is whole.
    let forged = rsign_signer::audit::Checkpoint { sequence: 1, hash: "00".repeat(32), signature: String::new() };
    trail.record(Entry { checkpoint: Some(forged), ..Entry::of(Event::Checkpoint) }).await.unwrap();
    assert!(audit(token, &["verify"]).0);
    let (whole, said) = audit(token, &["verify", "--key", &file("audit.pem")]);
    assert!(!whole && said.contains("signs another past"), "{said}");
}
