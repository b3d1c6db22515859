//! Another PIN: one compare-and-set, and everything that hung on the old one is dead.

use rsign_api::algorithm::KeyType;
use rsign_api::signer::{ChangePin, Refusal};

use super::house::{CLIENT, House, Owned, hash, refusal};
use super::probe::is_rewrap;

const NEW: &str = "correct horse";

async fn authorize(house: &House, owned: &Owned, pin: &str) -> rsign_signer::service::Result<String> {
    let authorized = house.signer.authorize(&owned.authorize_with(pin, &[hash(1)])).await;
    authorized.map(|authorized| super::house::text(&authorized))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_pin_is_dead_the_new_one_works_and_live_sads_end() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let live = house.authorize(&owned, &[hash(1)]).await;
    let before = house.row(&owned).await;
    house.signer.change_pin(&owned.change_pin(&owned.pin, NEW)).await.unwrap();
    let after = house.row(&owned).await;
    assert_eq!(after.epoch, before.epoch + 1);
    assert_ne!(after.slot.as_ref().unwrap().stretching, before.slot.as_ref().unwrap().stretching, "a salt of its own");
    assert_eq!(after.wrapped_key, before.wrapped_key, "the key itself is not touched");
    assert_eq!(refusal(house.sign(&owned, &live, &[hash(1)]).await), Refusal::InvalidSad);
    assert_eq!(refusal(house.signer.extend(&owned.extend(&live, &[])).await), Refusal::InvalidSad);
    assert_eq!(refusal(authorize(&house, &owned, &owned.pin).await), Refusal::WrongPin);
    let sad = authorize(&house, &owned, NEW).await.unwrap();
    assert!(owned.signed(&[hash(1)], &house.sign(&owned, &sad, &[hash(1)]).await.unwrap()));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_old_pin_is_a_counted_try() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    for number in 0..3 {
        let asked = owned.change_pin(&owned.wrong_pin(number), NEW);
        assert_eq!(refusal(house.signer.change_pin(&asked).await), Refusal::WrongPin);
    }
    assert_eq!(refusal(house.signer.change_pin(&owned.change_pin(&owned.pin, NEW)).await), Refusal::PinLocked);
    assert_eq!(refusal(authorize(&house, &owned, &owned.pin).await), Refusal::PinLocked);
    let pages = ChangePin { client: "account pages".to_owned(), ..owned.change_pin(&owned.pin, NEW) };
    house.signer.change_pin(&pages).await.unwrap();
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn weak_pins_are_refused_and_no_try_is_spent() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    house.hsm.forget();
    let too_long = "ab".repeat(33);
    for weak in [
        "",
        "12345",
        "123456",
        "654321",
        "111111",
        "aaaaaaaa",
        "abcdefgh",
        "１２３４５６",
        "121212",
        "123123",
        "abcabcab",
        &too_long,
        &owned.pin,
    ] {
        // Not even with a wrong old PIN: what is refused for its form says nothing of it.
        for old in [owned.pin.clone(), owned.wrong_pin(1)] {
            if weak == owned.pin && old != owned.pin {
                continue;
            }
            assert_eq!(
                refusal(house.signer.change_pin(&owned.change_pin(&old, weak)).await),
                Refusal::WeakPin,
                "{weak}"
            );
        }
    }
    assert_eq!(house.hsm.count(is_rewrap), 0);
    assert!(authorize(&house, &owned, &owned.pin).await.is_ok());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_is_the_same_however_it_is_typed() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    // Composed, decomposed, and full-width: one PIN after NFKC.
    house.signer.change_pin(&owned.change_pin(&owned.pin, "ｃａｆé-2026")).await.unwrap();
    for typed in ["café-2026", "cafe\u{301}-2026", "ｃａｆｅ\u{301}-２０２６"] {
        assert!(authorize(&house, &owned, typed).await.is_ok(), "{typed}");
    }
    for other in ["cafe-2026", "Café-2026", "café-2026 "] {
        assert_eq!(refusal(authorize(&house, &owned, other).await), Refusal::WrongPin, "{other}");
        assert!(authorize(&house, &owned, "café-2026").await.is_ok());
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_changes_at_once_and_one_of_them_holds() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let pins = ["first-new-pin", "second-new-pin"];
    let asked = pins.map(|pin| owned.change_pin(&owned.pin, pin));
    let both = tokio::join!(house.signer.change_pin(&asked[0]), house.signer.change_pin(&asked[1]));
    let (holds, lost) = if both.0.is_ok() { (0, 1) } else { (1, 0) };
    assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
    assert!(authorize(&house, &owned, pins[holds]).await.is_ok());
    assert_eq!(refusal(authorize(&house, &owned, pins[lost]).await), Refusal::WrongPin);
    house.close().await;
}

/// Whatever the order, no SAD given for the old PIN outlives the change.
#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_during_the_change_leaves_no_live_sad() {
    let house = House::open().await;
    let mut owned = house.enrol(KeyType::P256).await;
    for round in 0..10 {
        let new = format!("next pin {round}");
        let change = owned.change_pin(&owned.pin, &new);
        let (given, changed) = tokio::join!(authorize(&house, &owned, &owned.pin), house.signer.change_pin(&change));
        changed.unwrap();
        if let Ok(sad) = given {
            assert_eq!(refusal(house.sign(&owned, &sad, &[hash(1)]).await), Refusal::InvalidSad);
        }
        owned.pin = new;
        assert!(authorize(&house, &owned, &owned.pin).await.is_ok());
    }
    house.close().await;
}

/// The client's name is only who is counted.
#[tokio::test(flavor = "multi_thread")]
async fn another_users_pin_cannot_be_changed() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    house.hsm.forget();
    let asked =
        ChangePin { user: "mallory".to_owned(), client: CLIENT.to_owned(), ..owned.change_pin(&owned.pin, NEW) };
    assert_eq!(refusal(house.signer.change_pin(&asked).await), Refusal::UnknownCredential);
    assert_eq!(house.hsm.count(|_| true), 0);
    house.close().await;
}
