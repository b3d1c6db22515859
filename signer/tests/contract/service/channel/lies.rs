//! a gateway that tells page and signer different things about one transaction.

use rsign_api::algorithm::KeyType;
use rsign_api::channel::body::{Enrol, Reason, Request};
use rsign_api::channel::context::{Context, enrol_digest};
use rsign_api::channel::list::List;
use rsign_api::signer::{ChannelOutcome, Operation, Refusal, Registration};

use super::super::house::{House, hash, refusal};
use super::super::probe::is_rewrap;
use super::{authorize, enrolment, greet, reason, registration};

/// Whatever the page was told differently, its hello is for something else than the signer was told.
#[tokio::test(flavor = "multi_thread")]
async fn a_37_what_was_registered_differs_from_what_the_page_shows() {
    let house = House::open().await;
    let (owned, other) = (house.enrol(KeyType::P256).await, house.enrol(KeyType::P256).await);
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    let told = Context::registered(&registered).unwrap();
    let text = || "other".to_owned();
    let mut labelled = registered.list.clone();
    labelled[0].label = Some(vec![7; 32].into());
    let shown = [
        Context { operation: rsign_api::channel::Operation::ChangePin, ..told.clone() },
        Context { tx: text(), ..told.clone() },
        Context { tenant: text(), ..told.clone() },
        Context { user: other.user.clone(), ..told.clone() },
        Context { client: text(), ..told.clone() },
        Context { credential: other.id.clone(), ..told.clone() },
        Context { key_version: 2, ..told.clone() },
        Context { list_digest: None, ..told.clone() },
        Context {
            list_digest: Context::registered(&registration(&owned, Operation::Authorise, &[hash(2)]))
                .unwrap()
                .list_digest,
            ..told.clone()
        },
        Context { list_digest: Some(List::registered(&labelled).unwrap().digest()), ..told.clone() },
    ];
    house.hsm.forget();
    for context in &shown {
        assert_eq!(refusal(house.hello(&registered, &greet(context)).await), Refusal::Channel, "{context:?}");
    }
    assert!(house.hello(&registered, &greet(&told)).await.is_ok());
    assert_eq!(house.hsm.count(is_rewrap), 0);
    let audit = house.audit().await;
    assert_eq!(audit.matches("the hello is not for what was registered").count(), shown.len());
    house.close().await;
}

/// A gateway that tells the same lie to both still meets the signer's own row.
#[tokio::test(flavor = "multi_thread")]
async fn a_09_a_37_what_is_registered_has_to_be_the_signers_own_truth() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let honest = registration(&owned, Operation::Authorise, &[hash(1)]);
    for (lie, expected) in [
        (Registration { user: "mallory".to_owned(), ..honest.clone() }, Refusal::UnknownCredential),
        (Registration { tenant: "other".to_owned(), ..honest.clone() }, Refusal::UnknownCredential),
        (Registration { key_version: 2, ..honest.clone() }, Refusal::UnknownCredential),
        (Registration { credential: "0".repeat(32), ..honest.clone() }, Refusal::UnknownCredential),
        (Registration { credential: owned.id.clone(), ..enrolment(KeyType::P256) }, Refusal::Taken),
    ] {
        let greeting = greet(&Context::registered(&lie).unwrap());
        assert_eq!(refusal(house.hello(&lie, &greeting).await), expected, "{lie:?}");
    }
    let greeting = greet(&Context::registered(&honest).unwrap());
    for impossible in [
        Registration { operation: Operation::Sign, ..honest.clone() },
        Registration { operation: Operation::Enrol, credential: "1".repeat(32), ..honest.clone() },
        Registration { enrol: enrolment(KeyType::P256).enrol, ..honest.clone() },
    ] {
        assert_eq!(refusal(house.hello(&impossible, &greeting).await), Refusal::Malformed, "{impossible:?}");
    }
    house.close().await;
}

/// The handshake was for one list; the record is for another, or for more.
#[tokio::test(flavor = "multi_thread")]
async fn a_37_another_list_or_number_inside_ends_the_channel_and_no_pin_is_judged() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::Authorise, &[hash(1), hash(2)]);
    let other = registration(&owned, Operation::Authorise, &[hash(1), hash(3)]);
    let swapped = registration(&owned, Operation::Authorise, &[hash(2), hash(1)]);
    house.hsm.forget();
    for (inside, signatures) in [(&other, 2), (&swapped, 2), (&registered, 1), (&registered, 3)] {
        let mut device = house.open_channel(&registered).await;
        let inside = Registration { signatures, ..inside.clone() };
        let (answer, outcome) = device.ask(&authorize(&inside, &owned.pin)).await.unwrap();
        assert_eq!(reason(&answer), Reason::ListMismatch, "the user hears it where no gateway can change it");
        assert!(matches!(outcome, ChannelOutcome::Failed));
        assert!(device.is_gone().await);
    }
    assert_eq!(house.hsm.count(is_rewrap), 0);
    assert_eq!(house.audit().await.matches("inside than registered").count(), 4);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_37_another_key_or_name_inside_is_not_enrolled() {
    let house = House::open().await;
    let registered = enrolment(KeyType::P256);
    let mut device = house.open_channel(&registered).await;
    let mut subject = registered.enrol.clone().unwrap().subject;
    subject.surname = "Other".to_owned();
    let digest = enrol_digest(KeyType::P256, &subject).unwrap();
    let asked = Request::Enrol(Enrol { new_pin: None, factor: None, digest });
    assert_eq!(reason(&device.ask(&asked).await.unwrap().0), Reason::ListMismatch);
    assert_eq!(refusal(house.signer.status(&registered.credential).await), Refusal::UnknownCredential);
    house.close().await;
}
