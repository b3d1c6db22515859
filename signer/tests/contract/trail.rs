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
    // What it was about is said: an auditor sees that it was not nothing.
    let said = first.lines().last().unwrap();
    let (entries, times) = (first.lines().next().unwrap(), " entries, from 20");
    assert!(entries.contains(" entries, unbroken, head ") && entries.contains(", from 20"), "{entries}");
    assert!(said.starts_with("verified: 1 chains, ") && said.contains(times), "{said}");
    assert!(said.ends_with(&file("signer.sqlite")), "{said}");
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
    let twice = format!("chain {chain}: 1 entries, unbroken, head {}\n", "0".repeat(64)).repeat(2);
    std::fs::write(file("known"), twice).unwrap();
    assert!(audit(token, &all).1.contains("stands there twice"));

    // A signature about another past, with a chain that is whole.
    let forged = rsign_signer::audit::Checkpoint { sequence: 1, hash: "00".repeat(32), signature: String::new() };
    trail.record(Entry { checkpoint: Some(forged), ..Entry::of(Event::Checkpoint) }).await.unwrap();
    assert!(audit(token, &["verify"]).0);
    let (whole, said) = audit(token, &["verify", "--key", &file("audit.pem")]);
    assert!(!whole && said.contains("signs another past"), "{said}");

    // Nor does whoever writes the store put lines into what the auditor keeps: those of a chain that was cut, say.
    let name = format!("{chain}: 1 entries, unbroken, head {}\nchain z", "0".repeat(64));
    Audit::new(store, &name, std::sync::Arc::new(SystemClock)).record(Entry::of(Event::Started)).await.unwrap();
    for words in [&["verify"][..], &["show"]] {
        let (whole, said) = audit(token, words);
        assert!(!whole && said.contains("no signer's chain is called") && !said.contains("\nchain z"), "{said}");
    }
}

/// Nothing to verify is no success, and asking makes no store.
#[tokio::test]
async fn a_trail_that_is_not_there_is_not_without_fault() {
    let token = TestToken::ready(Kind::SoftHsm2).unwrap();
    let store = token.path("signer.sqlite").display().to_string();
    assert!(audit(&token, &["verify"]).0);
    let config = std::fs::read_to_string(token.path("signer.toml")).unwrap();
    let with = |from: &str, to: &str| std::fs::write(token.path("signer.toml"), config.replace(from, to)).unwrap();

    with("signer.sqlite", "mistyped.sqlite");
    for words in [&["verify"][..], &["show"], &["key"]] {
        let (done, said) = audit(&token, words);
        assert!(!done && said.contains("mistyped.sqlite"), "{said}");
    }
    assert!(audit(&token, &["verify"]).1.contains("there is no audit chain in "));
    assert!(!token.path("mistyped.sqlite").exists());
    // A file that is empty, and one that no rsign has made.
    for content in ["", "not a database, but long enough to be taken for one: its first page has no header at all"] {
        std::fs::write(token.path("mistyped.sqlite"), content).unwrap();
        assert!(!audit(&token, &["verify"]).0);
        assert!(!audit(&token, &["show"]).0);
        assert_eq!(std::fs::read_to_string(token.path("mistyped.sqlite")).unwrap(), content);
    }
    // A store of another program: laid out the same way, but without a chain.
    std::fs::remove_file(token.path("mistyped.sqlite")).unwrap();
    let other = rsign_storage::Location::Sqlite { path: token.path("mistyped.sqlite") };
    drop(rsign_storage::open(&other, &[]).await.unwrap());
    let (done, said) = audit(&token, &["verify"]);
    assert!(!done && said.contains("there is no audit chain in "), "{said}");

    // Chains, but not this instance's.
    with("instance = \"contract\"", "instance = \"elsewhere\"");
    let (done, said) = audit(&token, &["verify"]);
    assert!(!done && said.contains("no audit chain of this configuration's instance elsewhere"), "{said}");
    assert!(said.contains("chain contract: ") && !said.contains("verified: "), "{said}");

    // An emptied one.
    std::fs::write(token.path("signer.toml"), &config).unwrap();
    let raw = Command::new("python3")
        .args([
            "-c",
            "import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute('DELETE FROM journal'); d.commit()",
        ])
        .arg(&store)
        .status()
        .unwrap();
    assert!(raw.success());
    let (done, said) = audit(&token, &["verify"]);
    assert!(!done && said.contains(&format!("there is no audit chain in {store}")), "{said}");
}
