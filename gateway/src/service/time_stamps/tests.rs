//! A first authority that fails in every way, and a second one.

use std::time::Duration;

use rsign_ades::evidence::testing::{Manner, POLICY, stamping_certificate};
use rsign_api::algorithm::HashAlgorithm;

use super::*;
use crate::port::clock::Hands;
use crate::port::fake_signer::FakeSigner;
use crate::port::fake_time_stamps::FakeStamps;
use crate::port::random::SystemSource;
use crate::service::authority::Authority;

/// 2027-01-15: within the years of the authority's certificate.
const NOW: i64 = 1_800_000_000_000;

struct Scene {
    stamps: TimeStamps,
    ports: Vec<Arc<FakeStamps>>,
    clock: Arc<Hands>,
}

fn scene(ports: Vec<FakeStamps>, policy: Option<ObjectIdentifier>) -> Scene {
    let clock = Arc::new(Hands(NOW.into()));
    let time = || Arc::clone(&clock) as Arc<dyn Clock>;
    let authority = Arc::new(Authority::new(Arc::new(FakeSigner::default()), time()));
    let anchors = Arc::new(Anchors::new(authority, &[stamping_certificate()], time()).unwrap());
    let at = Some(1_800_000_000);
    let ports: Vec<_> = ports.into_iter().map(|port| Arc::new(FakeStamps { at, ..port })).collect();
    let source = |port: &Arc<FakeStamps>| Source { port: Arc::clone(port) as Arc<dyn Port>, policy };
    let sources = ports.iter().map(source).collect();
    let stamps = TimeStamps::new(sources, anchors, time(), Arc::new(SystemSource::default())).unwrap();
    Scene { stamps, ports, clock }
}

impl Scene {
    async fn stamp(&self) -> Result<Vec<u8>, Error> {
        self.stamps.stamp(Stampable { algorithm: HashAlgorithm::Sha256, hash: vec![7; 32], nonce: None }).await
    }

    fn asked(&self) -> Vec<usize> {
        self.ports.iter().map(|port| port.asked.load(Ordering::Relaxed)).collect()
    }
}

#[tokio::test]
async fn the_second_is_asked_when_the_first_fails_in_whatever_way() {
    for first in [
        FakeStamps { dead: true, ..FakeStamps::default() },
        FakeStamps { patience: Some(Duration::from_millis(10)), ..FakeStamps::default() },
        FakeStamps::that(Manner::WrongNonce),
        FakeStamps::that(Manner::WrongImprint),
        FakeStamps::that(Manner::WrongPolicy),
        FakeStamps::that(Manner::Unknown),
        FakeStamps::that(Manner::WrongTime),
        FakeStamps::that(Manner::TooLong),
    ] {
        let scene = scene(vec![first, FakeStamps::default()], Some(POLICY));
        let first = format!("{:?}", scene.ports[0]);
        assert!(scene.stamp().await.is_ok(), "{first}");
        assert_eq!(scene.asked(), [1, 1], "{first}");
        // It failed a moment ago, and is not asked again at once.
        assert!(scene.stamp().await.is_ok());
        assert_eq!(scene.asked(), [1, 2], "{first}");
        scene.clock.0.fetch_add(LAST + 1, Ordering::Relaxed);
        assert!(scene.stamp().await.is_ok());
        assert_eq!(scene.asked(), [2, 3], "{first}");
    }
    let scene = scene(vec![FakeStamps::default(), FakeStamps::default()], None);
    assert!(scene.stamp().await.is_ok());
    assert_eq!(scene.asked(), [1, 0], "the first is good");
}

#[tokio::test]
async fn a_nonce_that_the_first_cuts_sets_nobody_elses_order() {
    for (nonce, asked) in [(Some(vec![7; 32]), [2, 2]), (None, [1, 2])] {
        let scene = scene(vec![FakeStamps::that(Manner::WrongNonce), FakeStamps::default()], Some(POLICY));
        for _ in 0..2 {
            let asked = Stampable { algorithm: HashAlgorithm::Sha256, hash: vec![7; 32], nonce: nonce.clone() };
            scene.stamps.stamp(asked).await.unwrap();
        }
        assert_eq!(scene.asked(), asked);
    }
    // So does an authority's server that takes no such request; one that is overworked is asked last.
    let heard = |error| Error::Unavailable(error).fault(false);
    assert_eq!(heard(Unavailable::Refused(400)), Fault::Nobodys);
    assert_eq!(heard(Unavailable::Away("it answered 503".into())), Fault::Its);
    let heard = |unfit| Error::Unfit(unfit).fault(false);
    assert_eq!((heard(Unfit::Refused(2)), heard(Unfit::Unable(2))), (Fault::Nobodys, Fault::Its));
}

#[tokio::test]
async fn a_client_whose_request_the_first_refuses_sets_nobody_elses_order() {
    let scene = scene(vec![FakeStamps::that(Manner::Rejects), FakeStamps::default()], Some(POLICY));
    for asked in 1..4 {
        assert!(scene.stamp().await.is_ok(), "the next one is asked for this request");
        assert_eq!(scene.asked(), [asked, asked], "and the first stays the first");
    }
    // One that went away meanwhile is asked last, and comes back when it is well.
    let [refuses, away] = [Fault::Nobodys, Fault::Its];
    let first = &scene.stamps.authorities[0];
    first.blame(away, NOW + LAST);
    first.blame(refuses, NOW + LAST);
    assert!(scene.stamp().await.is_ok());
    assert_eq!(scene.asked(), [3, 4]);
}

#[tokio::test]
async fn where_evidence_is_missing_that_concerns_only_what_needs_it() {
    let scene = scene(vec![FakeStamps::default(), FakeStamps::default()], None);
    let first = &scene.stamps.authorities[0];
    first.blame(Error::Evidence(evidence::Error::NoSource).fault(false), NOW + LAST);
    assert!(first.is_last(true, NOW) && !first.is_last(false, NOW));
    assert!(scene.stamp().await.is_ok());
    assert_eq!(scene.asked(), [1, 0]);
    assert!(first.is_last(true, NOW), "a stamp that needs no evidence shows nothing of it");
    first.praise(true);
    assert!(!first.is_last(true, NOW));
}

#[tokio::test]
async fn when_all_fail_the_last_ones_reason_is_told() {
    type Check = fn(&Error) -> bool;
    let cases: [(Manner, Check); 8] = [
        (Manner::Rejects, |error| matches!(error, Error::Unfit(Unfit::Refused(2)))),
        (Manner::WrongNonce, |error| matches!(error, Error::Unfit(Unfit::Foreign("nonce")))),
        (Manner::WrongImprint, |error| matches!(error, Error::Unfit(Unfit::Foreign("imprint")))),
        (Manner::WrongPolicy, |error| matches!(error, Error::Unfit(Unfit::Foreign("policy")))),
        (Manner::Unknown, |error| matches!(error, Error::NoAnchor(_))),
        (Manner::TooLong, |error| matches!(error, Error::TooLong(_))),
        (Manner::WrongTime, |error| matches!(error, Error::Unbelievable(stamp::Wrong::Time))),
        (Manner::Right, |_| false),
    ];
    for (manner, check) in cases {
        let dead = FakeStamps { dead: true, ..FakeStamps::default() };
        match scene(vec![dead, FakeStamps::that(manner)], Some(POLICY)).stamp().await {
            Ok(_) => assert_eq!(manner, Manner::Right),
            Err(error) => assert!(check(&error), "{manner:?}: {error}"),
        }
    }
    // Without a policy in the configuration any will do.
    assert!(scene(vec![FakeStamps::that(Manner::WrongPolicy)], None).stamp().await.is_ok());
    let dead = || FakeStamps { dead: true, ..FakeStamps::default() };
    let both = scene(vec![dead(), dead()], None);
    assert!(matches!(both.stamp().await, Err(Error::Unavailable(_))));
    // What failed is still better than nothing.
    assert!(both.stamp().await.is_err());
    assert_eq!(both.asked(), [2, 2]);
}
