//! HSM faults: nothing is counted, nothing is released, everything goes on afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rsign_api::algorithm::KeyType;
use rsign_api::signer::{Refusal, State};
use rsign_signer::hsm::{Fault, Job};
use rsign_signer::sad::ItemState;
use rsign_signer::service::Error;
use tokio::sync::Semaphore;

use super::house::{House, hash, is_incident, refusal};
use super::probe::{Mishap, is_rewrap, is_sign};
use crate::harness::{soon, until};

fn faults() -> [Mishap; 5] {
    let device = Fault::Device("C_UnwrapKey: CKR_DEVICE_ERROR".to_owned());
    [
        Mishap::Fault(Fault::Lost),
        Mishap::Fault(Fault::Busy),
        Mishap::Fault(device.clone()),
        Mishap::LostAnswer(Fault::Lost),
        Mishap::LostAnswer(device),
    ]
}

/// Only the first of such jobs meets the mishap.
fn once(kind: fn(&Job) -> bool, mishap: Mishap) -> impl FnMut(&Job) -> Option<Mishap> {
    let mut mishap = Some(mishap);
    move |job| if kind(job) { mishap.take() } else { None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_24_a_fault_gives_the_try_back_whether_the_pin_was_right_or_wrong() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    for fault in faults() {
        house.hsm.afflict(is_rewrap, fault.clone());
        for pin in [&owned.pin, &owned.wrong_pin(1)] {
            let outcome = house.signer.authorize(&owned.authorize_with(pin, &[hash(1)])).await;
            assert!(matches!(outcome, Err(Error::Hsm(_))), "{fault:?}: {outcome:?}");
        }
        let changed = house.signer.change_pin(&owned.change_pin(&owned.pin, "another pin")).await;
        assert!(matches!(changed, Err(Error::Hsm(_))), "{fault:?}: {changed:?}");
    }
    house.hsm.well();
    house.clock.advance(60_000);
    for number in 0..3 {
        let asked = owned.authorize_with(&owned.wrong_pin(number), &[hash(1)]);
        assert_eq!(refusal(house.signer.authorize(&asked).await), Refusal::WrongPin, "every try is left");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_lost_worker_is_not_even_noticed() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    house.hsm.rule(once(is_rewrap, Mishap::Fault(Fault::Lost)));
    let sad = house.authorize(&owned, &[hash(1)]).await;
    house.hsm.rule(once(is_sign, Mishap::LostAnswer(Fault::Lost)));
    assert!(owned.signed(&[hash(1)], &house.sign(&owned, &sad, &[hash(1)]).await.unwrap()));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_while_signing_releases_what_was_reserved() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let sad = house.authorize(&owned, &[hash(1), hash(2)]).await;
    for fault in faults() {
        house.hsm.afflict(is_sign, fault.clone());
        let outcome = house.sign(&owned, &sad, &[hash(1), hash(2)]).await;
        assert!(matches!(outcome, Err(Error::Hsm(_))), "{fault:?}: {outcome:?}");
        let row = house.sad(&sad).await.unwrap();
        assert!(row.items.iter().all(|item| item.state == ItemState::Free), "{fault:?}");
    }
    house.hsm.well();
    assert!(owned.signed(&[hash(1)], &house.sign(&owned, &sad, &[hash(1)]).await.unwrap()), "also in another request");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_signature_is_never_released() {
    let house = House::open().await;
    for key in [KeyType::Rsa2048, KeyType::P256] {
        let owned = house.enrol(key).await;
        let sad = house.authorize(&owned, &[hash(1), hash(2)]).await;
        house.hsm.afflict(is_sign, Mishap::WrongSignature);
        assert!(is_incident(&house.sign(&owned, &sad, &[hash(1), hash(2)]).await));
        let row = house.sad(&sad).await.unwrap();
        assert!(row.items.iter().all(|item| item.state == ItemState::Free), "nothing of it is stored");
        house.hsm.well();
        assert!(owned.signed(&[hash(1)], &house.sign(&owned, &sad, &[hash(1)]).await.unwrap()));
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_whose_process_died_is_taken_over_by_the_same_request_only() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let hashes = [hash(1), hash(2)];
    let sad = house.authorize(&owned, &hashes).await;
    house.hsm.forget();
    house.hsm.afflict(is_sign, Mishap::Hangs);
    let (signer, asked) = (house.restarted(), owned.sign(&sad, &hashes));
    let dying = tokio::spawn(async move { signer.sign(&asked).await });
    until("it is at the HSM", || house.hsm.count(is_sign) == 1).await;
    dying.abort();
    assert!(dying.await.unwrap_err().is_cancelled());
    house.hsm.well();
    house.clock.advance(30_000);
    assert_eq!(refusal(house.sign(&owned, &sad, &[hash(1)]).await), Refusal::HashNotAuthorized);
    assert!(owned.signed(&hashes, &house.sign(&owned, &sad, &[hash(2), hash(1)]).await.unwrap().reversed()));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_11_who_comes_too_late_gives_out_what_was_stored() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let sad = house.authorize(&owned, &[hash(1)]).await;
    house.hsm.forget();
    let gate = Arc::new(Semaphore::new(0));
    house.hsm.rule(once(is_sign, Mishap::Held(Arc::clone(&gate))));
    let (signer, asked) = (Arc::clone(&house.signer), owned.sign(&sad, &[hash(1)]));
    let slow = tokio::spawn(async move { signer.sign(&asked).await.unwrap() });
    until("it is at the HSM", || house.hsm.count(is_sign) == 1).await;
    house.clock.advance(30_000);
    let quick = house.sign(&owned, &sad, &[hash(1)]).await.unwrap();
    assert_eq!(house.hsm.count(is_sign), 2, "taken over");
    assert!(!slow.is_finished());
    gate.add_permits(1);
    assert_eq!(soon(slow).await.unwrap().signatures, quick.signatures, "one signature leaves");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_while_the_credential_was_suspended_does_not_leave() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let sad = house.authorize(&owned, &[hash(1)]).await;
    house.hsm.forget();
    let gate = house.hsm.hold(is_sign);
    let (signer, asked) = (Arc::clone(&house.signer), owned.sign(&sad, &[hash(1)]));
    let signing = tokio::spawn(async move { signer.sign(&asked).await });
    until("it is at the HSM", || house.hsm.count(is_sign) == 1).await;
    house.change_state(&owned, State::Suspended).await.unwrap();
    gate.add_permits(1);
    assert_eq!(refusal(soon(signing).await.unwrap()), Refusal::InvalidSad);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_credential_is_left_behind_by_a_fault_while_it_is_made() {
    let house = House::open().await;
    let kinds: [fn(&Job) -> bool; 4] = [
        |job| matches!(job, Job::Random { .. }),
        |job| matches!(job, Job::Generate { .. }),
        |job| matches!(job, Job::Mac { .. }),
        is_sign,
    ];
    for kind in kinds {
        let hit = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&hit);
        house.hsm.rule(move |job| {
            let is = kind(job);
            seen.fetch_or(is, Ordering::Relaxed);
            is.then(|| Mishap::Fault(Fault::Device("CKR_GENERAL_ERROR".to_owned())))
        });
        let asked = super::house::create("ann", KeyType::P256);
        assert!(matches!(house.signer.create(&asked).await, Err(Error::Hsm(_))));
        assert!(hit.load(Ordering::Relaxed));
        assert_eq!(refusal(house.signer.status(&asked.credential).await), Refusal::UnknownCredential);
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_names_store_and_workers() {
    let house = House::open().await;
    let health = house.signer.health().await;
    assert!(health.store);
    assert_eq!(health.workers, 2);
    house.close().await;
}

trait Reversed {
    fn reversed(self) -> Self;
}

impl Reversed for rsign_api::signer::Signed {
    fn reversed(mut self) -> Self {
        self.signatures.reverse();
        self
    }
}
