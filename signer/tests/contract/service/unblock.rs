//! Two officers bring back a blocked credential; openssl signs for them, as it would on their own machines.

use rsign_api::algorithm::KeyType;
use rsign_api::signer::{Refusal, State};
use rsign_signer::credential::Tries;
use rsign_signer::service::{Result, Unblocking};

use super::house::{DAY, House, Owned, hash, refusal};
use crate::harness::{EC, Officer, RSA};

/// An officer signs what unblocks the credential.
async fn says_yes(officer: &Officer, house: &House, owned: &Owned) -> Result<Unblocking> {
    let statement = house.signer.unblock_statement(&owned.id, officer.0).await?;
    house.signer.unblock(&owned.id, officer.0, &officer.sign(&statement)).await
}

fn sworn_in(house: &House, name: &'static str, kind: &str) -> Officer {
    Officer::sworn_in(&house.officers(), name, kind)
}

async fn block(house: &House, owned: &Owned) {
    let now = rsign_signer::clock::Clock::now(&*house.clock);
    house.tamper_with(owned, move |row| row.enter(State::Blocked, now).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_officers_unblock_and_one_does_not() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let (ada, bob) = (sworn_in(&house, "ada", EC), sworn_in(&house, "bob", RSA));
    assert_eq!(refusal(says_yes(&ada, &house, &owned).await), Refusal::Disabled, "it is not blocked");

    block(&house, &owned).await;
    assert_eq!(says_yes(&ada, &house, &owned).await.unwrap(), Unblocking::Proposed);
    assert_eq!(says_yes(&ada, &house, &owned).await.unwrap(), Unblocking::Proposed, "said twice is said once");
    let public = std::fs::read(house.officers().join("ada.pem")).unwrap();
    std::fs::write(house.officers().join("ada.again.pem"), public).unwrap();
    let again = Officer("ada.again", ada.1);
    assert_eq!(says_yes(&again, &house, &owned).await.unwrap(), Unblocking::Proposed, "one key is one officer");
    assert_eq!(refusal(house.signer.authorize(&owned.authorize(&[hash(1)])).await), Refusal::PinLocked);

    assert_eq!(says_yes(&bob, &house, &owned).await.unwrap(), Unblocking::Done);
    let row = house.row(&owned).await;
    assert_eq!((row.state, row.tries, row.unblocking), (State::Active, Tries::default(), None));
    let sad = house.authorize(&owned, &[hash(1)]).await;
    assert!(owned.signed(&[hash(1)], &house.sign(&owned, &sad, &[hash(1)]).await.unwrap()));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officers_word_is_about_one_block_and_lasts_a_day() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let other = house.enrol(KeyType::P256).await;
    let (ada, bob) = (sworn_in(&house, "ada", EC), sworn_in(&house, "bob", EC));
    block(&house, &owned).await;
    block(&house, &other).await;
    let statement = house.signer.unblock_statement(&owned.id, "ada").await.unwrap();
    let word = ada.sign(&statement);
    let ask =
        async |credential: &str, officer: &str, word: &[u8]| house.signer.unblock(credential, officer, word).await;
    for (credential, officer, word) in [
        (&other.id, "ada", word.as_slice()),
        (&owned.id, "bob", &word),
        (&owned.id, "eve", &word),
        (&owned.id, "../officers/ada", &word),
        (&owned.id, "ada", b"no signature"),
        (&owned.id, "ada", b""),
    ] {
        assert_eq!(refusal(ask(credential, officer, word).await), Refusal::NotAllowed, "{officer}");
    }

    assert_eq!(ask(&owned.id, "ada", &word).await.unwrap(), Unblocking::Proposed);
    house.clock.advance(DAY);
    assert_eq!(says_yes(&bob, &house, &owned).await.unwrap(), Unblocking::Proposed, "the first word is too old");
    assert_eq!(says_yes(&ada, &house, &owned).await.unwrap(), Unblocking::Done);

    // Blocked again: what was signed about the earlier block is worth nothing.
    block(&house, &owned).await;
    assert_eq!(refusal(ask(&owned.id, "ada", &word).await), Refusal::NotAllowed);
    assert_eq!(house.row(&owned).await.unblocking, None);
    house.close().await;
}

/// Both at the same moment: one proposes, the other completes.
#[tokio::test(flavor = "multi_thread")]
async fn two_words_at_once_are_two() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let (ada, bob) = (sworn_in(&house, "ada", EC), sworn_in(&house, "bob", EC));
    block(&house, &owned).await;
    let (one, two) = tokio::join!(says_yes(&ada, &house, &owned), says_yes(&bob, &house, &owned));
    let mut said = [one.unwrap(), two.unwrap()];
    said.sort_by_key(|said| *said == Unblocking::Done);
    assert_eq!(said, [Unblocking::Proposed, Unblocking::Done]);
    house.close().await;
}
