//! Whoever holds the signer's store, the gateway's, or both, and even a client of his own, gets nothing signed that
//! was not approved: the HSM refuses a row that was changed (DESIGN 4), and a swapped key opens nothing.

use rsign_api::algorithm::KeyType;
use rsign_api::bytes::Bytes;
use rsign_api::signer::{Entry, EntryType, Refusal, Scal, Sign};
use rsign_signer::hsm::Fault;
use rsign_signer::key;
use rsign_signer::sad::{Item, ItemState, Sad, Use};
use rsign_signer::service::Error;

use super::house::{HOUR, House, MINUTE, Owned, entries, hash, is_incident, refusal};

fn item(number: u32, listed: bool) -> Item {
    let entry: Entry = entries(&[hash(number)]).remove(0);
    Item { entry, times: 1, listed, state: ItemState::Free }
}

/// Authorizes hash 1, changes the row, asks for a signature: an incident, and nothing is stored or released.
async fn the_hsm_refuses(
    house: &House,
    owned: &Owned,
    change: impl FnMut(&mut Sad) + Send + 'static,
    ask: impl FnOnce(Sign) -> Sign,
) {
    let sad = house.authorize(owned, &[hash(1)]).await;
    house.tamper_with_sad(&sad, change).await;
    let outcome = house.signer.sign(&ask(owned.sign(&sad, &[hash(1)]))).await;
    assert!(is_incident(&outcome), "{outcome:?}");
    let row = house.sad(&sad).await.unwrap();
    assert!(row.items.iter().all(|item| item.state == ItemState::Free));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_sad_row_opens_nothing() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let same = |asked: Sign| asked;
    let other_hash = |asked: Sign| Sign { hashes: vec![hash(9)], ..asked };

    the_hsm_refuses(&house, &owned, |row| row.items[0].entry.hash = hash(9), other_hash).await;
    let longer = |row: &mut Sad| {
        row.items.push(item(9, true));
        row.signatures = 2;
    };
    the_hsm_refuses(&house, &owned, longer, other_hash).await;
    the_hsm_refuses(&house, &owned, longer, same).await;
    the_hsm_refuses(&house, &owned, |row| row.items[0].times = 2, same).await;
    the_hsm_refuses(&house, &owned, |row| row.signatures = 2, same).await;
    the_hsm_refuses(&house, &owned, |row| row.expires_at += HOUR, same).await;
    the_hsm_refuses(&house, &owned, |row| row.absolute_until += HOUR, same).await;
    the_hsm_refuses(&house, &owned, |row| row.key_version = 2, same).await;
    let as_b = |asked: Sign| Sign { client: "client-b".to_owned(), ..asked };
    the_hsm_refuses(&house, &owned, |row| row.client = "client-b".to_owned(), as_b).await;
    let as_bob = |asked: Sign| Sign { user: Some("bob".to_owned()), ..asked };
    the_hsm_refuses(&house, &owned, |row| row.user = "bob".to_owned(), as_bob).await;
    let as_scal_1 = |row: &mut Sad| {
        row.scal = Scal::One;
        row.signatures = 10;
    };
    the_hsm_refuses(&house, &owned, as_scal_1, other_hash).await;
    let refused = house.audit().await.matches("the SAD's slot does not open").count();
    assert!(refused >= 11, "each is audited: {refused}");

    let sad = house.authorize(&owned, &[hash(1)]).await;
    assert!(house.sign(&owned, &sad, &[hash(1)]).await.is_ok(), "and what was left alone works");
    house.close().await;
}

/// What SCAL 1 adds is not in L; under SCAL 2 nothing is added, so nothing that is not in L may be signed.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_slipped_in_as_unlisted_is_not_signed_under_scal_2() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let sad = house.authorize(&owned, &[hash(1)]).await;
    house.tamper_with_sad(&sad, |row| row.items.push(item(9, false))).await;
    assert!(house.sign(&owned, &sad, &[hash(9)]).await.is_err(), "signed what nobody approved");
    house.close().await;
}

/// The same, as a reservation whose lease has ended.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_slipped_in_as_reserved_is_not_signed_under_scal_2() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let sad = house.authorize(&owned, &[hash(1)]).await;
    let wanted = Use {
        hash: hash(9),
        algorithm: owned.scheme().hash(),
        kind: EntryType::Dtbsr,
        scheme: owned.scheme(),
        form: None,
        kept: 0,
    };
    let request = rsign_signer::sad::request_digest(&[wanted]);
    house
        .tamper_with_sad(&sad, move |row| {
            let request = Bytes(request.to_vec());
            let state = ItemState::Reserved { request, lease: "gone".to_owned(), until: 0, kept: 0 };
            row.items.push(Item { state, ..item(9, false) });
        })
        .await;
    assert!(house.sign(&owned, &sad, &[hash(9)]).await.is_err(), "signed what nobody approved");
    house.close().await;
}

/// SCAL 1 approves a number: it holds also for who writes entries into the row.
#[tokio::test(flavor = "multi_thread")]
async fn entries_slipped_in_beyond_the_number_are_not_signed_under_scal_1() {
    let house = House::open().await;
    let owned = house.enrol_as("ann", KeyType::P256, Scal::One, 10).await;
    let sad = house.authorize(&owned, &[hash(1)]).await;
    house.tamper_with_sad(&sad, |row| row.items.extend((2..6).map(|number| item(number, false)))).await;
    let all: Vec<Bytes> = (1..6).map(hash).collect();
    assert!(house.sign(&owned, &sad, &all).await.is_err(), "five signatures where one was approved");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sad_moved_to_another_credential_opens_nothing() {
    let house = House::open().await;
    let (owned, other) = (house.enrol(KeyType::P256).await, house.enrol(KeyType::P256).await);
    let sad = house.authorize(&owned, &[hash(1)]).await;
    let (id, user) = (other.id.clone(), other.user.clone());
    house
        .tamper_with_sad(&sad, move |row| {
            row.credential = id.clone();
            row.user = user.clone();
        })
        .await;
    assert!(is_incident(&house.sign(&other, &sad, &[hash(1)]).await));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sad_of_before_the_change_of_pin_is_not_revived_by_its_row() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let sad = house.authorize(&owned, &[hash(1)]).await;
    house.signer.change_pin(&owned.change_pin(&owned.pin, "another pin")).await.unwrap();
    let epoch = house.row(&owned).await.epoch;
    house.tamper_with_sad(&sad, move |row| row.epoch = epoch).await;
    assert!(is_incident(&house.sign(&owned, &sad, &[hash(1)]).await));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_sad_is_not_revived_by_its_row() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let sad = house.authorize(&owned, &[hash(1)]).await;
    house.clock.advance(6 * MINUTE);
    house.tamper_with_sad(&sad, |row| row.expires_at += HOUR).await;
    assert!(is_incident(&house.sign(&owned, &sad, &[hash(1)]).await));
    assert!(is_incident(&house.signer.extend(&owned.extend(&sad, &[])).await));
    house.close().await;
}

/// security.md section 0, weakness 1: two rows of one PIN, swapped.
#[tokio::test(flavor = "multi_thread")]
async fn another_credentials_pin_slot_opens_with_nobodys_pin() {
    let house = House::open().await;
    let (owned, mut other) = (house.enrol(KeyType::P256).await, house.enrol(KeyType::P256).await);
    house.signer.change_pin(&other.change_pin(&other.pin, &owned.pin)).await.unwrap();
    other.pin.clone_from(&owned.pin);
    let theirs = house.row(&other).await;
    house
        .tamper_with(&owned, move |row| {
            row.slot = theirs.slot.clone();
            row.wrapped_key = theirs.wrapped_key.clone();
            row.spki = theirs.spki.clone();
        })
        .await;
    let outcome = house.signer.authorize(&owned.authorize(&[hash(1)])).await;
    assert_eq!(refusal(outcome), Refusal::WrongPin);
    assert!(house.signer.authorize(&other.authorize(&[hash(1)])).await.is_ok());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_38_a_swapped_or_changed_wrapped_key_is_foreign() {
    let house = House::open().await;
    let (owned, other) = (house.enrol(KeyType::P256).await, house.enrol(KeyType::P256).await);
    let sad = house.authorize(&owned, &[hash(1)]).await;
    let flipped = |place: usize| {
        let mut octets = owned.key.0.clone();
        octets[place] ^= 1;
        octets
    };
    let length = owned.key.len();
    let keys =
        [other.key.0.clone(), flipped(0), flipped(9), flipped(length / 2), flipped(length - 1), vec![], vec![0; 500]];
    for key in keys {
        let asked = Sign { key: Bytes(key), ..owned.sign(&sad, &[hash(1)]) };
        assert_eq!(refusal(house.signer.sign(&asked).await), Refusal::ForeignKey);
    }
    assert!(owned.signed(&[hash(1)], &house.sign(&owned, &sad, &[hash(1)]).await.unwrap()));
    house.close().await;
}

/// Both stores in one hand: the row's digest is made to fit whatever key is sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_38_a_wrapped_key_that_fits_a_changed_row_still_signs_nothing() {
    let house = House::open().await;
    let (owned, other) = (house.enrol(KeyType::P256).await, house.enrol(KeyType::P256).await);
    let parts = |owned: &Owned| {
        let key = key::WrappedKey::parse(&owned.key).unwrap();
        (key.authenticated, key.mac, key.wrapped)
    };
    let ((header, mac, _), (their_header, their_mac, their_wrapped)) = (parts(&owned), parts(&other));
    let renamed = {
        let mut header = key::WrappedKey::parse(&other.key).unwrap().header;
        (header.credential, header.user) = (owned.id.clone(), owned.user.clone());
        key::authenticated(&header).unwrap()
    };
    let forged = [
        // Another's whole key: its header names another credential.
        key::assemble(&their_header, &their_mac, &their_wrapped),
        // The header renamed: the HSM's MAC is not over it.
        key::assemble(&renamed, &their_mac, &their_wrapped),
        key::assemble(&renamed, &mac, &their_wrapped),
    ];
    let their_spki = other.spki.clone();
    for forged in forged {
        let (digest, spki) = (Bytes(key::digest(&forged).to_vec()), their_spki.clone());
        house.tamper_with(&owned, move |row| (row.wrapped_key, row.spki) = (digest.clone(), spki.clone())).await;
        let sad = house.authorize(&owned, &[hash(1)]).await;
        let asked = Sign { key: Bytes(forged), ..owned.sign(&sad, &[hash(1)]) };
        assert_eq!(refusal(house.signer.sign(&asked).await), Refusal::ForeignKey);
    }
    // The own header with another's K_sign: the MAC is right, the KEK is not.
    let forged = key::assemble(&header, &mac, &their_wrapped);
    let (digest, spki) = (Bytes(key::digest(&forged).to_vec()), owned.spki.clone());
    house.tamper_with(&owned, move |row| (row.wrapped_key, row.spki) = (digest.clone(), spki.clone())).await;
    let sad = house.authorize(&owned, &[hash(1)]).await;
    let outcome = house.signer.sign(&Sign { key: Bytes(forged), ..owned.sign(&sad, &[hash(1)]) }).await;
    assert!(matches!(outcome, Err(Error::Hsm(Fault::Device(_)) | Error::Incident(_))), "{outcome:?}");
    house.close().await;
}
