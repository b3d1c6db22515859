use super::*;

const LIFE: i64 = 120_000;

fn version(number: u32) -> MasterVersion {
    format!("master-{number}").parse().unwrap()
}

fn row() -> CeremonyRow {
    CeremonyRow::first(Bytes(vec![1; 40]), Bytes(b"certificate".to_vec()), 5)
}

fn rotated() -> CeremonyRow {
    let mut row = row();
    row.promote(version(2), vec![2; 40], 100).unwrap();
    row
}

fn known(versions: &[u32]) -> Masters {
    let canaries = versions.iter().map(|number| (version(*number), Vec::new())).collect();
    Masters { current: version(*versions.iter().max().unwrap()), canaries }
}

#[test]
fn a_row_of_a_time_before_there_were_versions_is_read_as_the_first() {
    let old = r#"{"canary":"AQEB","master":"master-1","authority":"Y2VydA==","performed_at":5}"#;
    let row: CeremonyRow = serde_json::from_str(old).unwrap();
    assert_eq!(row.masters(), Masters::first(vec![1; 3]));
    assert_eq!(serde_json::to_value(&row).unwrap(), serde_json::from_str::<serde_json::Value>(old).unwrap());
}

/// Whoever knows only the first K_MK reads the canary at the top, and does not start.
#[test]
fn the_newest_canary_stands_where_earlier_programs_look() {
    let json = serde_json::to_value(rotated()).unwrap();
    assert_eq!(json["master"], "master-2");
    assert_eq!(json["canary"], serde_json::to_value(Bytes(vec![2; 40])).unwrap());
    let back: CeremonyRow = serde_json::from_value(json).unwrap();
    assert_eq!(back, rotated());
    assert_eq!(back.masters().canaries.len(), 2);
}

#[test]
fn the_newest_known_and_kept_is_wrapped_under() {
    let mut row = rotated();
    assert_eq!(row.wrapping(&known(&[1, 2])), Some(version(2)));
    assert_eq!(row.wrapping(&known(&[1])), Some(version(1)), "not started again yet");
    row.retire(version(1), 200).unwrap();
    assert_eq!(row.wrapping(&known(&[1])), None);
    assert_eq!(row.wrapping(&known(&[1, 2])), Some(version(2)));
    assert_eq!(row.masters().canaries.len(), 2, "what is under it still opens");
}

#[test]
fn versions_follow_each_other() {
    let mut row = rotated();
    assert_eq!(row.promote(version(2), Vec::new(), 0), Err(MasterError::NotNext(version(2))));
    assert_eq!(row.promote(version(4), Vec::new(), 0), Err(MasterError::NotNext(version(4))));
    row.promote(version(3), vec![3; 40], 300).unwrap();
    let made: Vec<i64> = row.earlier.iter().map(|one| one.made_at).collect();
    assert_eq!((made, row.made_at), (vec![5, 100], Some(300)));
}

#[test]
fn only_what_has_retired_long_enough_is_destroyed() {
    let mut row = rotated();
    assert_eq!(row.retire(version(2), 0), Err(MasterError::Current(version(2))));
    assert_eq!(row.destroy(version(2), 0), Err(MasterError::Current(version(2))));
    assert_eq!(row.retire(version(3), 0), Err(MasterError::Unknown(version(3))));
    assert_eq!(row.destroy(version(1), 0), Err(MasterError::Kept(version(1))));
    row.retire(version(1), 1000).unwrap();
    row.retire(version(1), 9000).unwrap();
    let waiting = row.destroy(version(1), 1000 + RETIREMENT - 1);
    assert_eq!(waiting, Err(MasterError::Waiting { version: version(1), minutes: 1 }), "counted from the first time");
    row.destroyed(version(1), 0).unwrap();
    assert_eq!(row.earlier[0].state, EarlierState::Retiring { since: 1000 }, "not before it was begun");
    row.destroy(version(1), 1000 + RETIREMENT).unwrap();
    assert_eq!(row.earlier[0].state, EarlierState::Destroying);
    assert_eq!(row.masters(), Masters { current: version(2), canaries: [(version(2), vec![2; 40])].into() });
    row.destroyed(version(1), 7).unwrap();
    assert_eq!(row.earlier[0].state, EarlierState::Destroyed { at: 7 });
    let once = row.clone();
    row.destroy(version(1), i64::MAX).unwrap();
    row.destroyed(version(1), i64::MAX).unwrap();
    row.retire(version(1), i64::MAX).unwrap();
    assert_eq!(row, once);
}

fn round(row: &mut CeremonyRow, now: i64) -> Round {
    let nonce = [u8::try_from(now % 251).unwrap(); 16];
    row.join(Round::begin(now, LIFE, nonce), now)
}

#[test]
fn two_officers_agree_to_one_act() {
    let (ada, bob) = (Proposal::of("ada", b"a", 0), Proposal::of("bob", b"b", 1));
    let (new, destroy) = (Act::New(version(2)), Act::Destroy(version(1)));
    let mut row = row();
    let now = round(&mut row, 0);
    assert_eq!(row.agree(&now, new, ada.clone(), LIFE), Ok(None));
    assert_eq!(row.agree(&now, new, ada.clone(), LIFE), Ok(None));
    assert_eq!(row.agree(&now, destroy, bob.clone(), LIFE), Ok(None), "on something else");
    let stored: CeremonyRow = serde_json::from_slice(&serde_json::to_vec(&row).unwrap()).unwrap();
    assert_eq!(stored, row);
    assert_eq!(row.agree(&now, new, ada.clone(), LIFE), Ok(None));
    assert_eq!(row.agree(&now, new, bob, LIFE), Ok(Some("ada".to_owned())));
    assert_eq!(row.proposed, None);
}

#[test]
fn a_word_is_good_once_and_until_its_round_ends() {
    let ada = |at| Proposal::of("ada", b"a", at);
    let bob = |at| Proposal::of("bob", b"b", at);
    let new = Act::New(version(2));
    let mut row = row();
    let first = round(&mut row, 30_000);
    assert_eq!(round(&mut row, first.until - 1), first, "whoever asks meanwhile signs the same round");
    assert_eq!(row.agree(&first, new, ada(31_000), LIFE), Ok(None));
    assert_eq!(row.agree(&first, new, bob(first.until), LIFE), Err(MasterError::Lapsed));
    let second = round(&mut row, first.until);
    assert_ne!(second, first);
    assert_eq!(row.proposed, None, "the lapsed word is forgotten");
    let now = first.until + 1;
    assert_eq!(row.agree(&first, new, ada(now), LIFE), Err(MasterError::Lapsed));
    assert_eq!(row.agree(&second, new, bob(now), LIFE), Ok(None));
    assert_eq!(row.agree(&second, new, ada(now), LIFE), Ok(Some("bob".to_owned())));
    assert_eq!(row.agree(&second, new, ada(now), LIFE), Err(MasterError::Lapsed), "whatever came of it");
    let third = round(&mut row, now + 1);
    assert_ne!(third, second);
    assert!(round(&mut row, 30_000).until < third.until, "the clock had gone ahead");
}

#[test]
fn a_statement_names_ceremony_act_officer_and_round() {
    let mut row = row();
    let now = round(&mut row, 1_700_000_012_345);
    let said = row.statement(&now, Act::New(version(2)), "ada");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[2], lines[3]), (6, "rsign/master/v2", "new master-2", "officer ada"));
    assert_eq!(lines[4], "until 2023-11-14T22:15:00Z", "a whole minute");
    assert!(lines[5].strip_prefix("round ").is_some_and(|nonce| nonce.len() == 32), "{said}");
    let other = CeremonyRow { authority: Bytes(b"another".to_vec()), ..row.clone() };
    assert_ne!(other.statement(&now, Act::New(version(2)), "ada"), said);
    assert_ne!(row.statement(&now, Act::Destroy(version(2)), "ada"), said);
    let next = Round { nonce: Bytes(vec![0; 16]), ..now };
    assert_ne!(row.statement(&next, Act::New(version(2)), "ada"), said);
}
