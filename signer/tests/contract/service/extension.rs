//! an extension renews, and lets nothing in.

use rsign_api::algorithm::KeyType;
use rsign_api::signer::{Authorize, Extend, Refusal, Scal};

use super::house::{House, MINUTE, Owned, hash, refusal, text};
use super::probe::is_rewrap;

async fn extend(house: &House, owned: &Owned, sad: &str, numbers: &[u32]) -> rsign_signer::service::Result<String> {
    let hashes: Vec<_> = numbers.iter().map(|number| hash(*number)).collect();
    house.signer.extend(&owned.extend(sad, &hashes)).await.map(|authorized| text(&authorized))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_13_unspent_approved_hashes_only() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let sad = house.authorize(&owned, &[hash(1), hash(2), hash(3)]).await;
    let first = house.sign(&owned, &sad, &[hash(1)]).await.unwrap();
    for foreign in [&[4][..], &[2, 4], &[1, 2, 3, 4]] {
        assert_eq!(refusal(extend(&house, &owned, &sad, foreign).await), Refusal::HashNotAuthorized);
    }
    let extended = extend(&house, &owned, &sad, &[2]).await.unwrap();
    assert_ne!(extended, sad);
    assert_eq!(refusal(house.sign(&owned, &extended, &[hash(3)]).await), Refusal::HashNotAuthorized, "let go");
    assert_eq!(
        refusal(house.sign(&owned, &sad, &[hash(2)]).await),
        Refusal::InvalidSad,
        "the earlier one signs nothing new"
    );
    for token in [&sad, &extended] {
        let again = house.sign(&owned, token, &[hash(1)]).await.unwrap();
        assert_eq!(again.signatures, first.signatures, "stored answers stay");
    }
    assert!(owned.signed(&[hash(2)], &house.sign(&owned, &extended, &[hash(2)]).await.unwrap()));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_13_repeating_an_extension_gives_the_same_sad() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let sad = house.authorize(&owned, &[hash(1), hash(2)]).await;
    let once = extend(&house, &owned, &sad, &[]).await.unwrap();
    house.hsm.forget();
    house.clock.advance(MINUTE);
    assert_eq!(extend(&house, &owned, &sad, &[]).await.unwrap(), once);
    assert_eq!(house.hsm.count(is_rewrap), 0);
    house.sign(&owned, &once, &[hash(1)]).await.unwrap();
    assert_eq!(extend(&house, &owned, &sad, &[]).await.unwrap(), once, "also after a use");
    let twice = extend(&house, &owned, &once, &[]).await.unwrap();
    assert_ne!(twice, once);
    assert_eq!(refusal(extend(&house, &owned, &sad, &[]).await), Refusal::InvalidSad, "only the last can be repeated");
    assert_eq!(extend(&house, &owned, &once, &[]).await.unwrap(), twice);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_13_fifteen_minutes_are_the_end() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let mut sad = house.authorize(&owned, &[hash(1)]).await;
    let mut minutes = 0;
    loop {
        house.clock.advance(4 * MINUTE);
        minutes += 4;
        match house.signer.extend(&owned.extend(&sad, &[])).await {
            Ok(authorized) => {
                let left = u32::try_from((15 - minutes) * 60).unwrap();
                assert_eq!(authorized.expires_in, left.min(300));
                sad = text(&authorized);
            }
            refused => {
                assert_eq!(refusal(refused), Refusal::SadExpired);
                break;
            }
        }
        assert!(minutes < 60, "for ever");
    }
    assert_eq!(minutes, 16);
    assert_eq!(refusal(house.sign(&owned, &sad, &[hash(1)]).await), Refusal::SadExpired);
    house.close().await;
}

/// Each extension leaves a digest in the row, so their number has an end as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_13_thirty_two_extensions_are_the_end() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let mut sad = house.authorize(&owned, &[hash(1)]).await;
    for _ in 0..32 {
        sad = extend(&house, &owned, &sad, &[]).await.unwrap();
    }
    assert_eq!(refusal(extend(&house, &owned, &sad, &[]).await), Refusal::InvalidSad);
    assert!(owned.signed(&[hash(1)], &house.sign(&owned, &sad, &[hash(1)]).await.unwrap()));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_08_another_client_user_or_credential_does_not_extend() {
    let house = House::open().await;
    let (owned, stranger) = (house.enrol(KeyType::P256).await, house.enrol(KeyType::P256).await);
    let sad = house.authorize(&owned, &[hash(1)]).await;
    let own = || owned.extend(&sad, &[]);
    let misuse = [
        Extend { client: "client-b".to_owned(), ..own() },
        Extend { user: Some(stranger.user.clone()), ..own() },
        stranger.extend(&sad, &[]),
        Extend { user: None, ..stranger.extend(&sad, &[]) },
    ];
    for asked in misuse {
        assert_eq!(refusal(house.signer.extend(&asked).await), Refusal::InvalidSad);
    }
    assert!(house.sign(&owned, &sad, &[hash(1)]).await.is_ok());
    assert_eq!(
        refusal(extend(&house, &owned, &sad, &[]).await),
        Refusal::HashNotAuthorized,
        "nothing is left to renew"
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_13_scal_1_may_name_new_hashes_within_its_number() {
    let house = House::open().await;
    let owned = house.enrol_as("ann", KeyType::P256, Scal::One, 10).await;
    let asked = Authorize { signatures: 2, list: Vec::new(), ..owned.authorize(&[]) };
    let sad = text(&house.signer.authorize(&asked).await.unwrap());
    assert_eq!(refusal(extend(&house, &owned, &sad, &[1, 2, 3]).await), Refusal::TooManySignatures);
    let extended = extend(&house, &owned, &sad, &[1, 2]).await.unwrap();
    assert!(owned.signed(&[hash(1), hash(2)], &house.sign(&owned, &extended, &[hash(1), hash(2)]).await.unwrap()));
    house.close().await;
}

/// Extensions and signatures at once: each extension is one of a chain, nothing is signed twice or lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_13_signing_while_it_is_extended() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    for round in 0..10 {
        let (one, two) = (hash(10 * round), hash(10 * round + 1));
        let sad = house.authorize(&owned, &[one.clone(), two.clone()]).await;
        let extension = owned.extend(&sad, &[]);
        let both = tokio::join!(house.sign(&owned, &sad, std::slice::from_ref(&one)), house.signer.extend(&extension));
        let extended = text(&both.1.unwrap());
        let again = house.sign(&owned, &extended, &[one.clone(), two.clone()]).await.unwrap();
        assert!(owned.signed(&[one, two], &again));
        match both.0 {
            Ok(signed) => assert_eq!(signed.signatures[0], again.signatures[0]),
            refused => assert_eq!(refusal(refused), Refusal::InvalidSad, "it came after the extension"),
        }
    }
    house.close().await;
}
