//! How long a channel lives, and how many do.

use rsign_api::algorithm::KeyType;
use rsign_api::channel::body::{Answer, Enrol, Request};
use rsign_api::channel::context::{Context, enrol_digest};
use rsign_api::signer::{ChannelOutcome, Operation, Refusal, Registration};
use rsign_signer::channel::Limits;
use rsign_signer::service::Policy;

use super::super::house::{House, Owned, hash, refusal};
use super::{authorize, enrolment, greet, registration};

/// A device's own clock is not what decides: it is honest here up to its last record.
#[tokio::test(flavor = "multi_thread")]
async fn a_35_a_channel_that_is_idle_or_old_is_gone() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    let mut idle = house.open_channel(&registered).await;
    let (_, record) = idle.send(&authorize(&registered, &owned.pin));
    house.clock.advance(61_000);
    assert_eq!(refusal(house.signer.take_record(&record).await), Refusal::Channel);

    let mut old = house.open_channel(&registered).await;
    for number in 0..5 {
        house.clock.advance(59_000);
        // Suspended, so that no try is counted: what is refused inside keeps the channel in use.
        house.change_state(&owned, rsign_api::signer::State::Suspended).await.unwrap();
        let refused = old.ask(&authorize(&registered, &owned.pin)).await.unwrap();
        assert!(matches!(refused.0, Answer::Refused(_)), "{number}");
        house.change_state(&owned, rsign_api::signer::State::Active).await.unwrap();
    }
    let (_, record) = old.send(&authorize(&registered, &owned.pin));
    house.clock.advance(5_000);
    assert_eq!(refusal(house.signer.take_record(&record).await), Refusal::Channel);

    house.open_channel(&registered).await;
    house.clock.advance(61_000);
    house.signer.tidy().await.unwrap();
    assert_eq!(house.signer.channels().count(), 0, "its keys are not kept");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_a_pin_down_has_the_channels_whole_life_for_it() {
    let house = House::open().await;
    let registered = enrolment(KeyType::P256);
    let mut device = house.open_channel(&registered).await;
    let asked = registered.enrol.as_ref().unwrap();
    let digest = enrol_digest(asked.key, &asked.subject).unwrap();
    device.ask(&Request::Enrol(Enrol { new_pin: None, factor: None, digest })).await.unwrap();
    house.link(&registered.credential).await;
    house.clock.advance(4 * 60_000);
    house.signer.tidy().await.unwrap();
    assert!(matches!(device.ask(&Request::Close).await.unwrap().1, ChannelOutcome::Closed));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_25_channels_are_few_and_nobody_takes_all() {
    let limits = Limits { all: 4, user: 2, ..Limits::default() };
    let house = House::with(Policy { channels: limits, ..Policy::default() }).await;
    let owners = [house.enrol(KeyType::P256).await, house.enrol(KeyType::P256).await, house.enrol(KeyType::P256).await];
    let of = |owned: &Owned| registration(owned, Operation::Authorise, &[hash(1)]);
    let mut first = house.open_channel(&of(&owners[0])).await;
    house.clock.advance(1);
    for _ in 0..2 {
        house.open_channel(&of(&owners[0])).await;
    }
    assert_eq!(house.signer.channels().count(), 2);
    assert!(first.is_gone().await, "one's own oldest makes room");
    for _ in 0..2 {
        house.open_channel(&of(&owners[1])).await;
    }
    let late: Registration = of(&owners[2]);
    let greeting = greet(&Context::registered(&late).unwrap());
    assert_eq!(refusal(house.hello(&late, &greeting).await), Refusal::Busy);
    house.clock.advance(61_000);
    house.open_channel(&late).await;
    house.close().await;
}

/// A channel is one process's: another instance, or this one after a restart, knows nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_in_one_process_only() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    let mut device = house.open_channel(&registered).await;
    let (_, record) = device.send(&authorize(&registered, &owned.pin));
    assert_eq!(refusal(house.restarted().take_record(&record).await), Refusal::Channel);
    let number = house.signer.health().await.instance.to_be_bytes();
    assert_eq!(device.sid[..4], number, "by which a gateway with several signers finds it");
    house.close().await;
}
