//! An officer's word on K_MK: for a day, and once. Whoever keeps its file has nothing afterwards.

use rsign_signer::ceremony::{CeremonyRow, MasterError};
use rsign_signer::hsm::MasterVersion;
use rsign_signer::store::Tables;

use crate::harness::{Kind, Officers, TestToken};

const NEW: [&str; 2] = ["master", "new"];
const GONE: &str = "the statement is good no more";

/// As it is so many milliseconds later.
async fn let_time_pass(token: &TestToken, time: i64) {
    let later = move |row: &mut CeremonyRow| {
        if let Some(round) = &mut row.round {
            round.until -= time;
        }
        if let Some(first) = &mut row.proposed {
            first.word.at -= time;
        }
        Ok::<_, MasterError>(())
    };
    Tables::new(&token.store().await).change_ceremony(later).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_word_lasts_a_day_and_its_file_no_longer() {
    let token = TestToken::ready(Kind::SoftHsm2).unwrap();
    let Officers([ada, bob]) = Officers::of(&token);
    let asked = token.command(&["master", "new", "--officer", "ada"]).out;
    assert_eq!(asked, token.command(&["master", "new", "--officer", "ada"]).out, "asked twice it is one statement");
    assert!(asked.contains("\nuntil 20") && asked.contains(":00Z\nround "), "{asked}");
    let said = ada.says_yes(&token, &NEW);
    let until = asked.lines().find_map(|line| line.strip_prefix("until ")).unwrap();
    assert!(said.text.contains(&format!("another officer has to agree before {until}")), "{}", said.text);

    const DAY: i64 = 24 * 3_600_000;
    let_time_pass(&token, DAY).await;
    let said = ada.says_again(&token, &NEW);
    assert!(!said.success && said.text.contains(GONE), "{}", said.text);
    let said = bob.says_yes(&token, &NEW);
    assert!(said.success && said.text.contains("another officer has to agree"), "{}", said.text);
    // The other one's file does not make two of one.
    let said = ada.says_again(&token, &NEW);
    assert!(!said.success && said.text.contains("not officer ada's signature"), "{}", said.text);
    let_time_pass(&token, 39 * DAY).await;
    let said = ada.says_again(&token, &NEW);
    assert!(!said.success && said.text.contains(GONE), "{}", said.text);
    assert_eq!(token.ceremony().await.master, MasterVersion::FIRST);
    let trail = token.command(&["audit", "show"]).out;
    assert_eq!(trail.matches(r#""event":"master_proposed""#).count(), 5, "{trail}");
    assert_eq!(trail.matches("no statement is good now: officer ada: new master-2").count(), 2, "{trail}");

    let said = bob.says_yes(&token, &NEW);
    assert!(said.success && said.text.contains("another officer has to agree"), "{}", said.text);
    let said = ada.says_yes(&token, &NEW);
    assert!(said.success && said.text.contains("is made"), "{}", said.text);
}

/// Both statements are printed and signed before either is given, as it is done while the signer still runs.
#[tokio::test]
async fn words_are_spent_when_two_agree() {
    let token = TestToken::ready(Kind::SoftHsm2).unwrap();
    let Officers([ada, bob]) = Officers::of(&token);
    for officer in [&ada, &bob] {
        officer.sign(&token.command(&["master", "new", "--officer", officer.0]).out);
    }
    assert!(ada.says_again(&token, &NEW).success);
    let said = bob.says_again(&token, &NEW);
    assert!(said.success && said.text.contains("master-2 is made"), "{}", said.text);
    assert_eq!(token.ceremony().await.round, None);

    const END: [&str; 3] = ["master", "destroy", "master-1"];
    assert!(ada.says_yes(&token, &END).success);
    let said = bob.says_yes(&token, &END);
    assert!(said.success && said.text.contains("master-1 retires"), "{}", said.text);
    for officer in [ada, bob] {
        let said = officer.says_again(&token, &END);
        assert!(!said.success && said.text.contains(GONE), "{}", said.text);
    }
}
