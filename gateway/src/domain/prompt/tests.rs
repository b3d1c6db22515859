use rsign_api::bytes::Bytes;
use rsign_api::signer::EntryType;

use super::*;

const BOUNDS: Bounds = Bounds { of_client: 2, of_user: 3, in_vain: 3 };

fn slip(id: &str, client: &str, until: i64) -> Slip {
    let eras = Eras::default();
    Slip { id: id.to_owned(), client: client.to_owned(), eras, digest: id.to_owned(), approved: false, until }
}

fn lay(desk: &mut Desk, id: &str, client: &str, now: i64) -> Laid {
    let (laid, answer) = std::mem::take(desk).lay(slip(id, client, now + PATIENCE), BOUNDS, now);
    *desk = laid;
    answer
}

#[test]
fn the_same_hash_as_something_else_is_another_wish() {
    let entry = |r#type| Entry { r#type, algorithm: None, hash: Bytes(vec![7; 32]), label: None };
    let prompt = |id: &str, r#type| Prompt {
        id: id.to_owned(),
        client: "app".to_owned(),
        app: "App".to_owned(),
        user: "ann".to_owned(),
        eras: Eras::default(),
        credential: "key".to_owned(),
        signatures: 1,
        list: vec![entry(r#type)],
        description: None,
        signed: None,
        progress: Progress::Waiting,
        asked_at: 0,
        expires_at: PATIENCE,
    };
    assert_eq!(prompt("a", EntryType::Sdr).digest(), prompt("b", EntryType::Sdr).digest());
    assert_ne!(prompt("a", EntryType::Sdr).digest(), prompt("a", EntryType::Dtbsr).digest());
}

#[test]
fn a_few_wait_and_no_more() {
    let mut desk = Desk::default();
    assert_eq!(lay(&mut desk, "a", "app", 0), Laid::New);
    assert_eq!(lay(&mut desk, "a", "app", 1), Laid::Known("a".to_owned()), "asked again");
    assert_eq!(lay(&mut desk, "b", "app", 2), Laid::New);
    assert_eq!(lay(&mut desk, "c", "app", 3), Laid::Full(PATIENCE - 3), "two of one client");
    assert_eq!(lay(&mut desk, "a", "other", 3), Laid::New, "the same of another client is another");
    assert_eq!(lay(&mut desk, "d", "third", 4), Laid::Full(PATIENCE - 4), "three of one user");
    assert_eq!(desk.waiting(5).collect::<Vec<_>>(), ["a", "b", "a"]);
    let desk = desk.approved("b", 100);
    assert_eq!(desk.waiting(5).count(), 2);
    let (mut desk, answer) = desk.lay(slip("c", "app", 99), BOUNDS, 6);
    assert_eq!(answer, Laid::New, "what is approved does not wait");
    assert_eq!(lay(&mut desk, "b", "app", 7), Laid::Known("b".to_owned()), "nobody has fetched it");
    desk = desk.fetched("b").fetched("a");
    assert_eq!(lay(&mut desk, "b", "app", 8), Laid::New, "another time");
}

#[test]
fn who_asks_in_vain_again_and_again_has_to_wait() {
    let mut desk = Desk::default();
    for (at, id) in ["a", "b", "c"].into_iter().enumerate() {
        let at = i64::try_from(at).unwrap();
        assert_eq!(lay(&mut desk, id, "app", at), Laid::New);
        desk = desk.refused(id, at);
    }
    assert_eq!(lay(&mut desk, "d", "app", 3), Laid::Full(MEMORY - 3));
    assert_eq!(lay(&mut desk, "e", "other", 3), Laid::New, "others are not to blame");
    // One that nobody looked at counts too, from when it was over.
    assert_eq!(lay(&mut desk, "d", "app", MEMORY), Laid::New);
    let over = MEMORY + PATIENCE;
    assert_eq!(desk.waiting(over).count(), 0);
    assert_eq!(lay(&mut desk, "f", "app", over), Laid::New);
    assert_eq!(desk.expires_at(), Some(over + PATIENCE + MEMORY));
}

#[test]
fn what_was_withdrawn_takes_no_room_and_was_not_asked_in_vain() {
    let mut desk = Desk::default();
    for id in ["a", "b"] {
        assert_eq!(lay(&mut desk, id, "app", 0), Laid::New);
    }
    desk = desk.withdrawing(&["a".to_owned(), "b".to_owned()]);
    assert_eq!(desk.waiting(0).count(), 0);
    assert_eq!(lay(&mut desk, "a", "app", 1), Laid::New, "the same, asked again, is something new");
    assert!(desk.in_vain.is_empty());
}

#[test]
fn word_is_sent_now_and_then() {
    let mut desk = Desk::default();
    let mut tell = |now: i64| {
        let (told, may) = std::mem::take(&mut desk).telling(now);
        desk = told;
        may
    };
    assert!(tell(0) && !tell(1) && !tell(PAUSE - 1));
    let sent = (1..100).filter(|n| tell(n * PAUSE)).count();
    assert_eq!(sent, 5 + 6 * 2 + 6, "six in any hour");
    assert!(tell(1000 * PAUSE));
}

#[test]
fn a_blocked_app_is_not_heard() {
    let mut desk = Desk::default();
    lay(&mut desk, "a", "app", 0);
    lay(&mut desk, "b", "other", 0);
    let (blocked, gone) = desk.blocking(Blocked { client: "app".to_owned(), app: "The app".to_owned() });
    desk = blocked;
    assert_eq!(gone, ["a"]);
    assert_eq!(lay(&mut desk, "c", "app", 1), Laid::Blocked);
    assert_eq!(desk.waiting(1).collect::<Vec<_>>(), ["b"]);
    assert_eq!(desk.expires_at(), None, "it is remembered");
    desk = desk.hearing("app");
    assert_eq!(lay(&mut desk, "c", "app", 2), Laid::New);
}
