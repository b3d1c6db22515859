//! `rsign-signer master` as an operator and two officers use it.

use rsign_api::signer::{
    CreatedCredential, CredentialStatus, IssueCertificate, IssuedCertificate, LinkCertificate, path,
};
use rsign_signer::ceremony::{CeremonyRow, EarlierState, MasterError, RETIREMENT};
use rsign_signer::clock::{Clock as _, SystemClock};
use rsign_signer::hsm::MasterVersion;
use rsign_signer::store::Tables;
use serde_json::{Value, json};

use crate::harness::{EC, Kind, Officer, Officers, Served, TestToken, key_of_ann};

/// What `master list` prints, without times.
fn listed(token: &TestToken) -> Vec<Value> {
    let said = token.command(&["master", "list"]);
    assert!(said.success, "{}", said.text);
    let line = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        assert!(line.as_object_mut().unwrap().remove("made_at").unwrap().as_str().unwrap().starts_with("20"));
        line
    };
    said.out.lines().map(line).collect()
}

fn line(version: &str, state: &str, credentials: u32) -> Value {
    json!({ "version": version, "state": state, "credentials": credentials, "sads": 0, "ocsp_responder": false })
}

/// What the command says when it does not do it.
fn refused(token: &TestToken, words: &[&str]) -> String {
    let said = token.command(words);
    assert!(!said.success, "{}", said.text);
    said.text
}

async fn row(token: &TestToken) -> CeremonyRow {
    token.ceremony().await
}

#[tokio::test]
async fn one_officer_alone_makes_nothing_and_ends_nothing() {
    let token = TestToken::ready(Kind::SoftHsm2).unwrap();
    let before = row(&token).await;
    let folder = token.path("officers");
    let ada = Officer::sworn_in(&folder, "ada", EC);
    let said = ada.says_yes(&token, &["master", "new"]);
    assert!(said.success && said.text.contains("noted; another officer has to agree before 20"), "{}", said.text);
    let said = ada.says_yes(&token, &["master", "new"]);
    assert!(said.success && said.text.contains("another officer has to agree"), "said twice is said once");
    // The same key under another name.
    std::fs::copy(folder.join("ada.pem"), folder.join("ada.again.pem")).unwrap();
    let again = Officer("ada.again", ada.1);
    let said = again.says_yes(&token, &["master", "new"]);
    assert!(said.success && said.text.contains("another officer has to agree"), "one key is one officer");
    assert_eq!(CeremonyRow { proposed: None, round: None, ..row(&token).await }, before);
    assert_eq!(listed(&token), [line("master-1", "current", 0)]);

    // Nobody's word, and another's.
    let eve = Officer::sworn_in(&token.path("elsewhere"), "eve", EC);
    let said = eve.says_yes(&token, &["master", "new"]);
    assert!(!said.success && said.text.contains("no officer eve is known here"), "{}", said.text);
    let posing = Officer("ada", eve.1);
    let said = posing.says_yes(&token, &["master", "new"]);
    assert!(!said.success && said.text.contains("not officer ada's signature"), "{}", said.text);
    // A word about something else is not one about this.
    let bob = Officer::sworn_in(&folder, "bob", EC);
    let statement = token.command(&["master", "new", "--officer", "bob"]).out;
    let other = token.path("other");
    std::fs::write(&other, bob.sign(&statement.replace("new master-2", "new master-3"))).unwrap();
    let words = ["master", "new", "--officer", "bob", "--signature", other.to_str().unwrap()];
    assert!(refused(&token, &words).contains("not officer bob's signature"));
    assert_eq!(row(&token).await.master, MasterVersion::FIRST);

    // Each word stands in the trail, those that were not taken as failures.
    let trail = token.command(&["audit", "show"]).out;
    let words = trail.lines().filter(|line| line.contains(r#""event":"master_proposed""#));
    let (failed, taken): (Vec<&str>, Vec<&str>) = words.partition(|line| line.contains(r#""outcome":"failure""#));
    assert_eq!((failed.len(), taken.len()), (3, 3), "{trail}");
    assert!(!trail.contains("master_made"));

    let said = bob.says_yes(&token, &["master", "new"]);
    assert!(said.success && said.text.contains("master-2 is made"), "{}", said.text);
    assert_eq!(listed(&token), [line("master-1", "unused", 0), line("master-2", "current", 0)]);
    let trail = token.command(&["audit", "show"]).out;
    let made: Vec<&str> = trail.lines().filter(|line| line.contains(r#""event":"master_made""#)).collect();
    assert!(made.len() == 1 && made[0].contains("officers ada and bob") && made[0].contains("master-2"), "{trail}");

    // The same for the end of one.
    let said = bob.says_yes(&token, &["master", "destroy", "master-1"]);
    assert!(said.success && said.text.contains("another officer has to agree"), "{}", said.text);
    assert!(refused(&token, &["master", "destroy", "master-1"]).contains("two officers have to agree"));
    assert_eq!(row(&token).await.earlier[0].state, EarlierState::Kept);
}

#[tokio::test]
async fn what_cannot_be_destroyed_is_named() {
    let token = TestToken::ready(Kind::SoftHsm2).unwrap();
    let officers = Officers::of(&token);
    let destroy = |version: &'static str| refused(&token, &["master", "destroy", version, "--officer", "ada"]);
    assert!(destroy("master-1").contains("master-1 is the current one"));
    assert!(destroy("master-2").contains("there is no master-2"));
    for name in ["1", "master-01", "master", "MASTER-1"] {
        assert!(destroy(name).contains("no version of K_MK"), "{name}");
    }
    assert!(refused(&token, &["master", "new"]).contains("--officer"));
    assert!(refused(&token, &["master", "new", "--officer", "../eve"]).contains("an officer's name"));
    officers.rotate(&token);
    assert!(destroy("master-2").contains("master-2 is the current one"));
    assert!(refused(&token, &["master", "destroy", "master-1"]).contains("two officers have to agree"));
    assert_eq!(row(&token).await.masters().canaries.len(), 2);

    let nobody = std::fs::read_to_string(token.path("signer.toml")).unwrap();
    let nobody: String =
        nobody.lines().filter(|line| !line.starts_with("officers")).map(|l| format!("{l}\n")).collect();
    std::fs::write(token.path("signer.toml"), nobody).unwrap();
    let said = officers.0[0].says_yes(&token, &["master", "new"]);
    assert!(!said.success && said.text.contains("[admin] officers"), "{}", said.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signer_that_serves_is_stopped_for_it_and_serves_on_afterwards() {
    let mut served = Served::start(TestToken::ready(Kind::SoftHsm2).unwrap()).await;
    let officers = Officers::of(&served.token);
    let create = key_of_ann();
    let _: CreatedCredential = served.post(path::CREATE, &create).await.unwrap();
    assert_eq!(listed(&served.token), [line("master-1", "current", 1)], "looked at while it serves");

    let said = officers.0[0].says_yes(&served.token, &["master", "new"]);
    assert!(!said.success && said.text.contains("the signer has to be stopped"), "{}", said.text);
    served.stop();
    officers.rotate(&served.token);
    served.again().await;
    assert_eq!(listed(&served.token), [line("master-1", "in_use", 1), line("master-2", "current", 0)]);
    assert!(served.log().contains("signer serving"));

    // The key that was made before is certified, and one made now stands under the new one.
    let issue = IssueCertificate { credential: create.credential.clone(), subject: create.subject.clone() };
    let issued: IssuedCertificate = served.post(path::ISSUE, &issue).await.unwrap();
    let link = LinkCertificate { credential: create.credential, certificate: issued.certificate };
    let _: CredentialStatus = served.post(path::LINK, &link).await.unwrap();
    let next = key_of_ann();
    let _: CreatedCredential = served.post(path::CREATE, &next).await.unwrap();
    assert_eq!(listed(&served.token), [line("master-1", "in_use", 1), line("master-2", "current", 1)]);
    let said = officers.0[0].says_yes(&served.token, &["master", "destroy", "master-1"]);
    assert!(!said.success && said.text.contains("master-1 is still needed: 1 credential."), "{}", said.text);

    // The row is moved as a PIN would move it; then the first one goes, in order.
    let tables = Tables::new(&served.token.store().await);
    let second = row(&served.token).await.master;
    let gone = move |row: &mut rsign_signer::credential::Credential| row.slot.as_mut().unwrap().master = second;
    tables.change_credential(&issue.credential, gone).await.unwrap().unwrap();
    served.stop();
    let said = officers.agree(&served.token, &["master", "destroy", "master-1"]);
    assert!(said.success && said.text.contains("master-1 retires"), "{}", said.text);
    served.again().await;
    let back = |row: &mut CeremonyRow| {
        row.earlier[0].state = EarlierState::Retiring { since: SystemClock.now() - RETIREMENT };
        Ok::<_, MasterError>(())
    };
    tables.change_ceremony(back).await.unwrap().unwrap().unwrap();
    assert!(refused(&served.token, &["master", "destroy", "master-1"]).contains("the signer has to be stopped"));
    served.stop();
    let said = served.token.command(&["master", "destroy", "master-1"]);
    assert!(said.success && said.text.contains("master-1 is destroyed on this token"), "{}", said.text);
    served.again().await;
    let mut listed = listed(&served.token);
    assert!(listed[0].as_object_mut().unwrap().remove("destroyed_at").is_some());
    assert_eq!(listed, [line("master-1", "destroyed", 0), line("master-2", "current", 2)]);
    let third = key_of_ann();
    let _: CreatedCredential = served.post(path::CREATE, &third).await.unwrap();

    let trail = served.ask(&["audit", "show"]);
    for (event, reason) in [
        ("master_made", "officers ada and bob"),
        ("master_retired", "officers ada and bob"),
        ("master_destroyed", r#""master":"master-1","reason":"on this token""#),
    ] {
        let event = format!(r#""event":"{event}""#);
        assert!(trail.lines().any(|line| line.contains(&event) && line.contains(reason)), "{event}: {trail}");
    }
    assert!(served.ask(&["audit", "verify"]).contains("verified: "), "one chain, unbroken");
}
