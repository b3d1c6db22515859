//! Suspended, back, destroyed, expired: each ends what was given before.

use rsign_api::algorithm::KeyType;
use rsign_api::signer::{Refusal, State};

use super::house::{DAY, House, MINUTE, hash, refusal};
use crate::harness::Openssl;

#[tokio::test(flavor = "multi_thread")]
async fn suspension_ends_live_sads_and_return_does_not_revive_them() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let sad = house.authorize(&owned, &[hash(1), hash(2)]).await;
    house.sign(&owned, &sad, &[hash(1)]).await.unwrap();
    assert_eq!(house.change_state(&owned, State::Suspended).await.unwrap(), State::Suspended);
    assert_eq!(refusal(house.sign(&owned, &sad, &[hash(2)]).await), Refusal::Disabled);
    assert_eq!(refusal(house.signer.extend(&owned.extend(&sad, &[])).await), Refusal::Disabled);
    assert_eq!(refusal(house.signer.authorize(&owned.authorize(&[hash(1)])).await), Refusal::Disabled);
    assert_eq!(refusal(house.signer.change_pin(&owned.change_pin(&owned.pin, "another pin")).await), Refusal::Disabled);
    assert_eq!(house.change_state(&owned, State::Active).await.unwrap(), State::Active);
    assert_eq!(refusal(house.sign(&owned, &sad, &[hash(2)]).await), Refusal::InvalidSad);
    assert_eq!(refusal(house.signer.extend(&owned.extend(&sad, &[])).await), Refusal::InvalidSad);
    let sad = house.authorize(&owned, &[hash(2)]).await;
    assert!(house.sign(&owned, &sad, &[hash(2)]).await.is_ok());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_destroyed_has_no_slot_and_does_not_come_back() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let sad = house.authorize(&owned, &[hash(1)]).await;
    house.change_state(&owned, State::Destroyed).await.unwrap();
    assert!(house.row(&owned).await.slot.is_none());
    house.hsm.forget();
    assert_eq!(refusal(house.sign(&owned, &sad, &[hash(1)]).await), Refusal::Disabled);
    assert_eq!(refusal(house.signer.authorize(&owned.authorize(&[hash(1)])).await), Refusal::Disabled);
    for state in [State::Active, State::Suspended, State::Destroyed] {
        assert_eq!(refusal(house.change_state(&owned, state).await), Refusal::Disabled);
    }
    assert_eq!(house.hsm.count(|_| true), 0);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_transitions_of_a_life_are_made() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    assert_eq!(refusal(house.change_state(&owned, State::Active).await), Refusal::Disabled, "it is");
    for state in [State::Generated, State::Linked, State::Blocked] {
        assert_eq!(refusal(house.change_state(&owned, state).await), Refusal::Malformed);
    }
    let generated = super::house::create("ann", KeyType::P256);
    let created = house.signer.create(&generated).await.unwrap();
    let generated = super::house::Owned::new(&generated, created, String::new());
    for state in [State::Active, State::Suspended] {
        assert_eq!(refusal(house.change_state(&generated, state).await), Refusal::Disabled);
    }
    house.link(&generated.id).await;
    for state in [State::Active, State::Suspended] {
        assert_eq!(refusal(house.change_state(&generated, state).await), Refusal::Disabled, "no way round the PIN");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_signs_nothing() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let not_after = house.row(&owned).await.certificate.unwrap().not_after;
    let now = rsign_signer::clock::Clock::now(&*house.clock);
    assert!(not_after - now > 700 * DAY);
    house.clock.advance(not_after - now - MINUTE);
    let sad = house.authorize(&owned, &[hash(1), hash(2)]).await;
    house.sign(&owned, &sad, &[hash(1)]).await.unwrap();
    house.clock.advance(MINUTE);
    house.hsm.forget();
    assert_eq!(refusal(house.sign(&owned, &sad, &[hash(2)]).await), Refusal::CertificateExpired);
    assert_eq!(refusal(house.signer.extend(&owned.extend(&sad, &[])).await), Refusal::CertificateExpired);
    assert_eq!(refusal(house.signer.authorize(&owned.authorize(&[hash(1)])).await), Refusal::CertificateExpired);
    assert_eq!(house.hsm.count(|_| true), 0);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_revocation_list_names_what_is_suspended_or_destroyed() {
    let house = House::open().await;
    let openssl = Openssl::new();
    let (active, held, gone) =
        (house.enrol(KeyType::P256).await, house.enrol(KeyType::P256).await, house.enrol(KeyType::P256).await);
    house.change_state(&held, State::Suspended).await.unwrap();
    house.change_state(&gone, State::Destroyed).await.unwrap();
    openssl.file("crl.der", &house.signer.authority().await.unwrap().crl);
    let said = openssl.run("crl -inform DER -in crl.der -noout -text").unwrap().replace(':', "").to_lowercase();
    for (owned, listed) in [(&active, false), (&held, true), (&gone, true)] {
        let serial = house.row(owned).await.certificate.unwrap().serial;
        assert_eq!(said.contains(&serial), listed, "{serial}: {said}");
    }
    house.close().await;
}

/// What did not happen is not in the audit trail as if it had.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_transition_is_not_audited_as_done() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    house.change_state(&owned, State::Destroyed).await.unwrap();
    let before = house.audit().await;
    for state in [State::Suspended, State::Destroyed] {
        assert_eq!(refusal(house.change_state(&owned, state).await), Refusal::Disabled);
    }
    assert_eq!(refusal(house.signer.acknowledge_pin(&owned.id).await), Refusal::Disabled);
    let after = house.audit().await;
    let new: Vec<&str> = after.lines().skip(before.lines().count()).collect();
    assert!(new.iter().all(|entry| entry.contains(r#""outcome":"failure""#)), "{new:#?}");
    house.close().await;
}
