//! Another second factor, another PIN.

use rsign_api::algorithm::KeyType;
use rsign_api::channel::body::{Answer, ChangePin, Reason, Request};
use rsign_api::signer::{ChannelOutcome, Obstacle, Operation, Refusal};
use rsign_signer::clients::Clients;
use rsign_signer::clock::Clock as _;
use rsign_signer::service::Policy;

use super::super::super::house::{House, MINUTE, hash, refusal};
use super::super::{reason, registration, secret};
use super::{App, PIN, STEP, ask, begin, confirm, with_factor, works};
use crate::harness::Officers;

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_is_added_and_replaced_with_the_old_code() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::Factor, &[]);
    let mut device = house.open_channel(&registered).await;
    let (answer, outcome) = device.ask(&begin(&owned.wrong_pin(1), None)).await.unwrap();
    assert_eq!(reason(&answer), Reason::WrongPin { tries_left: Some(2) });
    assert!(matches!(outcome, ChannelOutcome::Open(Obstacle::WrongPin)));
    let (answer, outcome) = device.ask(&begin(&owned.pin, None)).await.unwrap();
    let Answer::Begun(told) = answer else { panic!("not begun") };
    assert!(matches!(outcome, ChannelOutcome::FactorBegun));
    let first = App::scanned(&told);

    // Nothing holds yet.
    let sad = house.authorize(&owned, &[hash(1)]).await;
    // The owner looks for the phone.
    house.clock.advance(4 * MINUTE);
    let (answer, _) = device.ask(&confirm("000000")).await.unwrap();
    assert_eq!(reason(&answer), Reason::WrongFactor { retry_after: None });
    let (answer, outcome) = device.ask(&confirm(&first.code(house.clock.now()))).await.unwrap();
    assert!(matches!((answer, outcome), (Answer::Done, ChannelOutcome::FactorConfirmed)));
    assert!(house.sign(&owned, &sad, &[hash(1)]).await.is_err(), "live SADs end");
    assert_eq!(refusal(house.signer.authorize(&owned.authorize(&[hash(1)])).await), Refusal::WrongFactor);
    house.clock.advance(STEP);
    assert!(works(&house.signer, &owned, &owned.pin, &first.code(house.clock.now())).await);

    // Another one in its place: not without a code of the first.
    house.clock.advance(STEP);
    let registered = registration(&owned, Operation::Factor, &[]);
    let mut device = house.open_channel(&registered).await;
    for code in [None, Some("000000")] {
        let (answer, _) = device.ask(&begin(&owned.pin, code)).await.unwrap();
        assert_eq!(reason(&answer), Reason::WrongFactor { retry_after: None });
    }
    let (answer, _) = device.ask(&begin(&owned.pin, Some(&first.code(house.clock.now())))).await.unwrap();
    let Answer::Begun(told) = answer else { panic!("not begun") };
    let second = App::scanned(&told);
    assert_ne!(first.secret, second.secret);
    house.clock.advance(STEP);
    let now = house.clock.now();
    let (answer, _) = device.ask(&confirm(&first.code(now))).await.unwrap();
    assert_eq!(reason(&answer), Reason::WrongFactor { retry_after: None }, "of the old one");
    assert!(matches!(device.ask(&confirm(&second.code(now))).await.unwrap().0, Answer::Done));
    assert_eq!(
        refusal(house.signer.authorize(&ask(&owned, &owned.pin, Some(&second.code(now)))).await),
        Refusal::WrongFactor
    );
    house.clock.advance(STEP);
    let now = house.clock.now();
    assert_eq!(
        refusal(house.signer.authorize(&ask(&owned, &owned.pin, Some(&first.code(now)))).await),
        Refusal::WrongFactor
    );
    assert!(works(&house.signer, &owned, &owned.pin, &second.code(now)).await);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_factor_has_five_first_codes_and_is_forgotten_with_its_channel() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::Factor, &[]);
    let mut device = house.open_channel(&registered).await;
    let (answer, _) = device.ask(&confirm("000000")).await.unwrap();
    assert_eq!(reason(&answer), Reason::Refused, "nothing was begun");
    let (answer, _) = device.ask(&begin(&owned.pin, None)).await.unwrap();
    let Answer::Begun(told) = answer else { panic!("not begun") };
    let app = App::scanned(&told);
    let (answer, _) = device.ask(&begin(&owned.pin, None)).await.unwrap();
    assert_eq!(reason(&answer), Reason::Expired, "begun already");
    let old = app.code(house.clock.now() - 9 * STEP);
    for _ in 0..5 {
        let (answer, _) = device.ask(&confirm(&old)).await.unwrap();
        assert_eq!(reason(&answer), Reason::WrongFactor { retry_after: None });
    }
    let (answer, _) = device.ask(&confirm(&app.code(house.clock.now()))).await.unwrap();
    assert_eq!(reason(&answer), Reason::Expired);
    assert!(house.row(&owned).await.factor.is_none());
    house.authorize(&owned, &[hash(1)]).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_or_a_new_pin_meanwhile_ends_what_was_begun() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::Factor, &[]);
    let mut device = house.open_channel(&registered).await;
    let (answer, _) = device.ask(&begin(&owned.pin, None)).await.unwrap();
    let Answer::Begun(told) = answer else { panic!("not begun") };
    house.signer.change_pin(&owned.change_pin(&owned.pin, "another-PIN-1")).await.unwrap();
    let (answer, _) = device.ask(&confirm(&App::scanned(&told).code(house.clock.now()))).await.unwrap();
    assert_eq!(reason(&answer), Reason::Disabled);
    assert!(house.row(&owned).await.factor.is_none());
    assert!(house.signer.authorize(&owned.authorize_with("another-PIN-1", &[hash(1)])).await.is_ok());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pin_of_such_a_credential_is_changed_with_a_code() {
    let house = House::open().await;
    let (owned, app) = with_factor(&house).await;
    let registered = registration(&owned, Operation::ChangePin, &[]);
    let mut device = house.open_channel(&registered).await;
    let change = |code: Option<&str>| {
        let (pin, new_pin) = (secret(PIN), secret("another-PIN-1"));
        Request::ChangePin(ChangePin { pin, new_pin, factor: code.map(secret) })
    };
    let (answer, _) = device.ask(&change(None)).await.unwrap();
    assert_eq!(reason(&answer), Reason::WrongFactor { retry_after: None });
    let code = app.code(house.clock.now());
    assert!(matches!(device.ask(&change(Some(&code))).await.unwrap().0, Answer::Done));
    house.clock.advance(STEP);
    assert!(works(&house.signer, &owned, "another-PIN-1", &app.code(house.clock.now())).await);
    house.close().await;
}

/// The PIN that begins a factor moves the slot of before, and the factor's own is made under the newest K_MK.
#[tokio::test(flavor = "multi_thread")]
async fn a_factor_comes_with_the_newest_master_key() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let token = house.shut().await;
    Officers::of(&token).rotate(&token);
    let house = House::on(token, Policy::default(), Clients::default()).await;
    let before = house.row(&owned).await;
    let newest = before.slot.as_ref().unwrap().master.next();
    let mut device = house.open_channel(&registration(&owned, Operation::Factor, &[])).await;
    device.ask(&begin(&owned.wrong_pin(1), None)).await.unwrap();
    assert_eq!(house.row(&owned).await.slot, before.slot);
    let Answer::Begun(told) = device.ask(&begin(&owned.pin, None)).await.unwrap().0 else { panic!("not begun") };
    let begun = house.row(&owned).await;
    assert_eq!((begun.slot.as_ref().unwrap().master, begun.epoch, begun.factor), (newest, before.epoch, None));
    let sad = house.authorize(&owned, &[hash(1)]).await;
    assert!(house.sign(&owned, &sad, &[hash(1)]).await.is_ok(), "without the factor, as before");
    let app = App::scanned(&told);
    assert!(matches!(device.ask(&confirm(&app.code(house.clock.now()))).await.unwrap().0, Answer::Done));
    let confirmed = house.row(&owned).await.slot.unwrap();
    assert!(confirmed.master == newest && Some(confirmed) != begun.slot);
    house.clock.advance(STEP);
    assert!(works(&house.signer, &owned, &owned.pin, &app.code(house.clock.now())).await);
    house.close().await;
}
