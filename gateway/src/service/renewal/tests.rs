//! What is asked of the signer, for whom, and what is taken from it.

use std::sync::atomic::{AtomicBool, Ordering};

use rsign_ades::evidence::Subject;
use rsign_ades::evidence::testing::{NOW, stamping_certificate};
use rsign_api::algorithm::HashAlgorithm;

use super::*;
use crate::port::clock::Hands;
use crate::port::fake_revocations::FakeRevocations;
use crate::port::fake_signer::FakeSigner;
use crate::port::fake_time_stamps::FakeStamps;
use crate::port::random::SystemSource;
use crate::service::anchors::Anchors;
use crate::service::authority::Authority;
use crate::service::time_stamps::Source;

const DOCUMENT: &[u8] = b"<signed/>";

/// A service whose signer gives these answers, one after the other.
fn service(answers: Vec<RenewedDocument>) -> (Renewal, Arc<FakeSigner>) {
    let signer = Arc::new(FakeSigner::default());
    *signer.renewed.lock().unwrap() = answers.into();
    let clock: Arc<dyn Clock> = Arc::new(Hands((i64::try_from(NOW).unwrap() * 1000).into()));
    let authority = Arc::new(Authority::new(Arc::clone(&signer) as _, Arc::clone(&clock)));
    let anchors = Anchors::new(Arc::clone(&authority), &[stamping_certificate()], Arc::clone(&clock)).unwrap();
    let (anchors, revocations) = (Arc::new(anchors), Arc::new(FakeRevocations::default()));
    let evidence = Arc::new(Evidence::new(authority, revocations, Arc::clone(&anchors), Arc::clone(&clock)));
    let port = Arc::new(FakeStamps { at: Some(NOW), ..FakeStamps::default() });
    let (sources, random) = (vec![Source { port, policy: None }], Arc::new(SystemSource::default()));
    let stamps = TimeStamps::new(sources, anchors, Arc::clone(&clock), random).unwrap();
    (Renewal::new(Arc::clone(&signer) as _, evidence, &stamps, clock), signer)
}

fn stamped(until: &[u64], detached: bool) -> RenewedDocument {
    let certificates = || vec![Bytes(stamping_certificate())];
    let stamps = until.iter().map(|until| NewestStamp { until: *until, certificates: certificates() }).collect();
    RenewedDocument::Stamped { stamps, detached }
}

fn imprints(count: u8) -> RenewedDocument {
    let one = |number| StampImprint { algorithm: HashAlgorithm::Sha256, hash: Bytes(vec![number; 32]) };
    RenewedDocument::Imprints((0..count).map(one).collect())
}

fn parts() -> RenewedDocument {
    let kept = |start, end| Part::Document { start, end };
    RenewedDocument::Parts(vec![kept(0, 8), Part::own(">more</signed"), kept(8, 9)])
}

async fn renewed(answers: Vec<RenewedDocument>, due: Due) -> Result<Outcome, Error> {
    service(answers).0.renew(DOCUMENT.into(), || None, due).await
}

#[tokio::test]
async fn a_document_is_read_by_the_signer_and_gets_what_that_asked_for() {
    let answers = vec![stamped(&[NOW + 20, NOW + 10], true), imprints(2), parts()];
    let (renewal, signer) = service(answers);
    let outcome = renewal.renew(DOCUMENT.into(), || Some(b"content".to_vec().into()), Due::Within(10)).await;
    let Ok(Outcome::Renewed { octets, until, was_until }) = outcome else { panic!("{outcome:?}") };
    let ends = Subject::read(&stamping_certificate()).unwrap().not_after();
    assert!(ends > NOW + 20, "the newer one lasts longer");
    assert_eq!(&*octets.whole(100).unwrap(), b"<signed/>more</signed>");
    assert_eq!((until, was_until), (ends, NOW + 10));
    let asked = signer.renewals.lock().unwrap();
    let shape: Vec<_> = asked.iter().map(|ask| (ask.content.is_some(), ask.evidence.len(), ask.stamps.len())).collect();
    assert_eq!(shape, [(false, 0, 0), (true, 2, 0), (true, 2, 2)]);
    assert_eq!(asked[2].evidence[0].certificates, [Bytes(stamping_certificate())]);
    for (number, stamp) in (0..2).zip(&asked[2].stamps) {
        let over = rsign_api::timestamp::imprint(stamp).unwrap();
        assert_eq!(over, (HashAlgorithm::Sha256, vec![number; 32]), "each where it belongs");
    }
    assert!(asked.iter().all(|ask| ask.client.as_deref() == Some(RENEWAL)), "it has turns of its own");
}

#[tokio::test]
async fn what_is_not_due_is_asked_about_once() {
    for (answer, due, word) in [
        (RenewedDocument::Unsigned, Due::Always, "Unsigned"),
        (RenewedDocument::Unstamped, Due::Always, "NotLasting"),
        (stamped(&[NOW + 11], true), Due::Within(10), "NotDue"),
    ] {
        let (renewal, signer) = service(vec![answer]);
        let read = AtomicBool::new(false);
        let content = || {
            read.store(true, Ordering::Relaxed);
            None
        };
        let outcome = format!("{:?}", renewal.renew(DOCUMENT.into(), content, due).await.unwrap());
        assert!(outcome.starts_with(word), "{outcome}");
        assert!(!read.load(Ordering::Relaxed), "what it signs is not looked for");
        assert_eq!(signer.renewals.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_and_odd_answers_are_not_taken() {
    let why = || RenewedDocument::Unfit("it is no JSON".to_owned());
    let first = || stamped(&[NOW], false);
    for at in 0..3 {
        let mut answers = vec![first(), imprints(1), parts()];
        answers[at] = why();
        assert!(
            matches!(renewed(answers.clone(), Due::Always).await, Err(Error::Unfit(why)) if why == "it is no JSON")
        );
        answers[at] = [imprints(1), parts(), first()][at].clone();
        assert!(matches!(renewed(answers, Due::Always).await, Err(Error::Odd)));
    }
    assert!(matches!(renewed(vec![stamped(&[NOW], true)], Due::Always).await, Err(Error::NoContent)));
    assert!(matches!(renewed(vec![first(), imprints(2)], Due::Always).await, Err(Error::Odd)));
    assert!(matches!(renewed(vec![stamped(&[], false)], Due::Always).await, Err(Error::Odd)));
    // Nobody vouches for who stamped.
    let nobody = NewestStamp { until: NOW, certificates: vec![Bytes(FakeSigner::default().authority.clone())] };
    let nobody = RenewedDocument::Stamped { stamps: vec![nobody], detached: false };
    assert!(matches!(renewed(vec![nobody], Due::Always).await, Err(Error::Evidence(_))));
    let (renewal, signer) = service(Vec::new());
    *signer.refusal.lock().unwrap() = Some(Refusal::Evidence);
    let heard = renewal.renew(DOCUMENT.into(), || None, Due::Always).await;
    assert!(matches!(heard, Err(Error::Unbelieved)));
}

#[test]
fn what_a_document_was_stays_in_it() {
    let kept = |start, end| Part::Document { start, end };
    let own = || Part::own("x");
    for (parts, expected) in [
        (vec![kept(0, 9), own()], true),
        (vec![own(), kept(0, 4), own(), kept(4, 4), kept(4, 9)], true),
        (vec![own()], false),
        (vec![kept(0, 8), own()], false),
        (vec![kept(0, 9), kept(0, 9)], false),
        (vec![kept(0, 4), kept(5, 9)], false),
        (vec![kept(4, 9), kept(0, 4)], false),
        (vec![kept(0, 9), kept(9, 0)], false),
        (vec![Part::Base64], false),
    ] {
        assert_eq!(is_kept(&parts, &DOCUMENT.into()), expected, "{parts:?}");
    }
    assert!(is_kept(&[own(), kept(1, 2), own()], &b"\x30\x03ab"[..].into()), "of a CMS that is not known here");
}
