//! What is kept where, and what it counts.

use futures_util::TryStreamExt as _;
use rsign_api::octets::{Octets, Unread};

use super::*;

const KIB: u64 = 1 << 10;

fn spool(folder: &Path) -> Spool {
    let bounds =
        Bounds { document: 700 * KIB, request: 1000 * KIB, client: 1500 * KIB, all: 2000 * KIB, memory: 192 * KIB };
    Spool::new(folder.to_owned(), bounds)
}

fn octets(length: u64, salt: u64) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + salt + at / 251).to_le_bytes()[0]).collect()
}

/// In pieces of this length.
fn put(intake: Intake, octets: &[u8], length: usize) -> Result<(Intake, Octets), Error> {
    let mut draft = intake.draft();
    for piece in octets.chunks(length) {
        draft.write(piece)?;
    }
    assert_eq!(draft.len(), octets.len() as u64);
    draft.finish()
}

#[tokio::test]
async fn what_goes_in_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let mut intake = spool.intake("app");
    let mut kept: Vec<(Vec<u8>, Octets)> = Vec::new();
    for (length, pieces) in [(0, 1), (1, 1), (64 * KIB, 1000), (127 * KIB + 1, 70_000), (3, 1), (600 * KIB, 4097)] {
        let all = octets(length, length);
        let (next, octets) = put(intake, &all, pieces).unwrap();
        assert_eq!(octets.held().is_some(), length <= 64 * KIB, "{length}");
        kept.push((all, octets));
        intake = next;
    }
    drop(intake);
    for (all, octets) in &kept {
        assert_eq!(octets.whole(all.len()).unwrap(), *all);
        let read: Vec<_> = stream(octets.clone()).try_collect::<Vec<_>>().await.unwrap();
        assert_eq!(read.concat(), *all);
        let by_thousands: Vec<_> = pieces(octets.clone(), 1000).try_collect::<Vec<_>>().await.unwrap();
        assert!(by_thousands.iter().rev().skip(1).all(|piece| piece.len() == 1000));
        assert_eq!(by_thousands.concat(), *all);
    }
    assert!(matches!(kept[5].1.whole(100), Err(Unread::TooLong(_))));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the file has no name");
    drop(kept);
    assert_eq!(spool.kept(), 0);
}

#[tokio::test]
async fn what_arrives_is_taken_in_order_until_that_fails() {
    let mut taker = Taker::new(Vec::new(), |taken: &mut Vec<u8>, piece: &[u8]| {
        taken.extend_from_slice(piece);
        if taken.len() > 6 { Err(taken.len()) } else { Ok(()) }
    });
    for piece in [&b"one"[..], b"two"] {
        assert!(taker.put(piece.into()).await.unwrap());
    }
    assert_eq!(taker.end().await.unwrap(), Ok(b"onetwo".to_vec()));
    let mut taker = Taker::new((), |(): &mut (), piece: &[u8]| if piece[0] == b'b' { Err(7) } else { Ok(()) });
    let piece = |first: u8| bytes::Bytes::from(vec![first; 300 << 10]);
    assert!(taker.put(piece(b'g')).await.unwrap());
    assert!(!taker.put(piece(b'b')).await.unwrap(), "it has failed");
    assert!(!taker.put(piece(b'g')).await.unwrap(), "nobody listens after a failure");
    assert_eq!(taker.end().await.unwrap(), Err(7));
}

#[tokio::test]
async fn reading_ends_when_nobody_listens_or_nothing_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let (_, octets) = spool.intake("app").take(&octets(600 * KIB, 0)).unwrap();
    let mut reading = pieces(octets, 1000);
    assert_eq!(futures_util::StreamExt::next(&mut reading).await.unwrap().unwrap().len(), 1000);
    drop(reading);
    assert_eq!(spool.kept(), 0, "it is let go of");
    let missing: Octets = serde_json::from_str::<Beside>("5").unwrap().0;
    assert!(stream(missing).try_collect::<Vec<_>>().await.is_err());
}

/// Octets that have not come.
#[derive(serde::Deserialize)]
struct Beside(#[serde(with = "rsign_api::octets::beside")] Octets);

#[test]
fn many_short_documents_do_not_stay_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut intake = spool(folder.path()).intake("app");
    let mut kept = Vec::new();
    for salt in 0..20 {
        let (next, octets) = intake.take(&octets(30 * KIB, salt)).unwrap();
        kept.push(octets);
        intake = next;
    }
    assert_eq!(kept.iter().filter(|octets| octets.held().is_some()).count(), 5);
    for (salt, kept) in kept.iter().enumerate() {
        assert_eq!(*kept, octets(30 * KIB, salt as u64).into());
    }
}

#[test]
fn what_others_hold_in_memory_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let (_, filed) = spool.intake("app").take(&octets(100 * KIB, 1)).unwrap();
    let (long, short): (Octets, Octets) = (octets(200 * KIB, 2).into(), octets(KIB, 3).into());
    let joined = Octets::joined(vec![filed, Octets::joined(vec![long.clone(), short.clone()])]);
    let (intake, kept) = spool.intake("app").take_over(joined.clone(), 16 << 10).unwrap();
    assert_eq!(kept, joined);
    assert_eq!(spool.kept(), 300 * KIB, "what is in a file already is not taken twice");
    let (_, alone) = intake.take_over(short, 0).unwrap();
    assert_eq!(spool.kept(), 301 * KIB);
    drop((joined, kept, alone));
    assert_eq!(spool.kept(), 0);
    assert!(matches!(spool.intake("app").take_over(octets(701 * KIB, 0).into(), KIB as usize), Err(Error::TooLong(_))));
}

#[test]
fn documents_requests_clients_and_all_have_their_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let whole = |length: u64| octets(length * KIB, 0);
    assert!(matches!(spool.intake("app").take(&whole(701)), Err(Error::TooLong(most)) if most == 700 * KIB));
    let (intake, _first) = spool.intake("app").take(&whole(700)).unwrap();
    assert!(matches!(intake.take(&whole(301)), Err(Error::TooMuch(most)) if most == 1000 * KIB), "of one request");
    let (_, _second) = spool.intake("app").take(&whole(700)).unwrap();
    assert!(matches!(spool.intake("app").take(&whole(101)), Err(Error::Full)), "of one client");
    let (_, third) = spool.intake("other").take(&whole(600)).unwrap();
    assert!(matches!(spool.intake("other").take(&whole(101)), Err(Error::Full)), "of all");
    assert_eq!(spool.kept(), 2000 * KIB);
    drop(third);
    assert_eq!(spool.kept(), 1400 * KIB);
    assert!(spool.intake("other").take(&whole(600)).is_ok());
}

#[test]
fn who_is_expected_has_room() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let first = spool.intake("app");
    first.expect(900 * KIB).unwrap();
    assert_eq!(spool.kept(), 900 * KIB);
    assert!(matches!(spool.intake("app").expect(700 * KIB), Err(Error::Full)));
    assert!(matches!(spool.intake("app").take(&octets(650 * KIB, 0)), Err(Error::Full)));
    let (first, _one) = first.take(&octets(600 * KIB, 0)).unwrap();
    let (first, _two) = first.take(&octets(300 * KIB, 0)).unwrap();
    assert_eq!(spool.kept(), 900 * KIB, "no more than was expected");
    let (_, _three) = first.take(&octets(50 * KIB, 0)).unwrap();
    assert_eq!(spool.kept(), 950 * KIB);
    assert!(spool.intake("other").expect(u64::MAX).is_ok(), "one request, however much it says");
}

#[test]
fn what_is_abandoned_is_counted_until_its_request_ends() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let mut draft = spool.intake("app").draft();
    draft.write(&octets(300 * KIB, 0)).unwrap();
    let (intake, octets) = draft.abandon().take(b"the next").unwrap();
    assert_eq!(octets.held(), Some(&b"the next"[..]));
    assert!(spool.kept() >= 300 * KIB);
    drop((intake, octets));
    assert_eq!(spool.kept(), 0);
}

#[test]
fn a_folder_that_is_not_there_is_a_failure() {
    let spool = spool(Path::new("/nowhere"));
    assert!(matches!(spool.intake("app").take(&octets(300 * KIB, 0)), Err(Error::Failed(_))));
    assert_eq!(spool.kept(), 0);
}

#[test]
fn memory_is_shared_and_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let held = |octets: &Octets| octets.held().is_some();
    let (_, first) = spool.intake("app").take(&octets(150 * KIB, 0)).unwrap();
    let (_, second) = spool.intake("other").take(&octets(60 * KIB, 0)).unwrap();
    assert_eq!([held(&first), held(&second)], [true, false], "192 KiB in all");
    drop(first);
    let mut draft = spool.intake("app").draft();
    assert!(draft.stays(100 * KIB));
    draft.write(&octets(100 * KIB, 0)).unwrap();
    assert!(!draft.stays(100 * KIB));
    draft.write(&octets(200 * KIB, 0)).unwrap();
    let (_, long) = draft.finish().unwrap();
    let (_, fourth) = spool.intake("app").take(&octets(150 * KIB, 0)).unwrap();
    assert_eq!([held(&long), held(&fourth)], [false, true], "what went into the file needs no memory");
    let abandoned = spool.intake("app").draft();
    drop(fourth);
    let mut again = abandoned.abandon().draft();
    assert!(again.stays(192 * KIB));
}
