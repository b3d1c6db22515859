//! PIN in, SAD out: what is asked for has to be right before a PIN is judged.

use rsign_api::algorithm::{HashAlgorithm, KeyType};
use rsign_api::bytes::Bytes;
use rsign_api::signer::{Authorize, CheckSad, Entry, Refusal, RevokeSad, Scal, State};
use rsign_signer::SystemRandom;
use rsign_signer::sad::SadToken;

use super::house::{CLIENT, House, MINUTE, entries, hash, refusal, text};
use super::probe::{is_rewrap, is_sign};

#[tokio::test(flavor = "multi_thread")]
async fn a_12_numbers_that_do_not_agree_are_refused_and_no_pin_is_judged() {
    let house = House::open().await;
    let two = house.enrol_as("ann", KeyType::P256, Scal::Two, 3).await;
    let one = house.enrol_as("ann", KeyType::P256, Scal::One, 3).await;
    house.hsm.forget();
    let hashes: Vec<Bytes> = (0..4).map(hash).collect();
    let ask = |owned: &super::house::Owned, signatures: u32, count: usize| Authorize {
        signatures,
        list: entries(&hashes[..count]),
        ..owned.authorize(&[])
    };
    let cases = [
        (ask(&two, 0, 0), Refusal::Malformed),
        (ask(&two, 0, 1), Refusal::Malformed),
        (ask(&two, 4, 4), Refusal::TooManySignatures),
        (ask(&two, u32::MAX, 1), Refusal::TooManySignatures),
        (ask(&two, 1, 0), Refusal::CountMismatch),
        (ask(&two, 2, 1), Refusal::CountMismatch),
        (ask(&two, 1, 2), Refusal::CountMismatch),
        (ask(&one, 0, 0), Refusal::Malformed),
        (ask(&one, 4, 0), Refusal::TooManySignatures),
        (ask(&one, 1, 2), Refusal::CountMismatch),
    ];
    for (asked, expected) in cases {
        assert_eq!(refusal(house.signer.authorize(&asked).await), expected, "{asked:?}");
    }
    assert_eq!(house.hsm.count(is_rewrap), 0);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_41_a_digest_has_the_length_of_its_function() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let of = |algorithm, length| Entry { algorithm, hash: Bytes(vec![7; length]), ..entries(&[hash(1)]).remove(0) };
    let wrong = [
        of(None, 0),
        of(None, 20),
        of(None, 33),
        of(Some(HashAlgorithm::Sha256), 48),
        of(Some(HashAlgorithm::Sha384), 32),
        of(Some(HashAlgorithm::Sha512), 48),
    ];
    for entry in wrong {
        let asked = Authorize { list: vec![entry], ..owned.authorize(&[hash(1)]) };
        assert_eq!(refusal(house.signer.authorize(&asked).await), Refusal::DigestLength);
    }
    let twice = vec![of(None, 32), of(Some(HashAlgorithm::Sha256), 32)];
    let asked = Authorize { list: twice, signatures: 2, ..owned.authorize(&[hash(1)]) };
    assert_eq!(refusal(house.signer.authorize(&asked).await), Refusal::Malformed, "one hash, two descriptions");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_17_another_users_credential_looks_like_none() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    house.hsm.forget();
    let foreign = Authorize { user: "mallory".to_owned(), ..owned.authorize(&[hash(1)]) };
    let unknown = Authorize { credential: "0".repeat(32), ..owned.authorize(&[hash(1)]) };
    for asked in [foreign, unknown] {
        assert_eq!(refusal(house.signer.authorize(&asked).await), Refusal::UnknownCredential);
    }
    assert_eq!(house.hsm.count(|_| true), 0, "no stranger reaches the counter (A-22)");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sad_lives_five_minutes() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let authorized = house.signer.authorize(&owned.authorize(&[hash(1)])).await.unwrap();
    assert_eq!(authorized.expires_in, 300);
    let sad = text(&authorized);
    house.clock.advance(5 * MINUTE);
    assert_eq!(refusal(house.sign(&owned, &sad, &[hash(1)]).await), Refusal::SadExpired);
    assert_eq!(refusal(house.signer.extend(&owned.extend(&sad, &[])).await), Refusal::SadExpired);
    let fresh = house.authorize(&owned, &[hash(1)]).await;
    house.clock.advance(5 * MINUTE - 1);
    assert!(house.sign(&owned, &fresh, &[hash(1)]).await.is_ok());
    house.signer.tidy().await.unwrap();
    assert!(house.sad(&fresh).await.is_some());
    house.clock.advance(2 * MINUTE);
    house.signer.tidy().await.unwrap();
    assert!(house.sad(&fresh).await.is_none(), "expired rows go");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_08_only_its_own_client_ends_a_sad() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let sad = house.authorize(&owned, &[hash(1)]).await;
    let revoke = |client: &str| RevokeSad { client: client.to_owned(), sad: sad.as_str().into() };
    assert_eq!(refusal(house.signer.revoke(&revoke("client-b")).await), Refusal::InvalidSad);
    assert!(house.sign(&owned, &sad, &[hash(1)]).await.is_ok(), "another's word does not count");
    house.signer.revoke(&revoke(CLIENT)).await.unwrap();
    assert_eq!(refusal(house.sign(&owned, &sad, &[hash(1)]).await), Refusal::InvalidSad);
    assert_eq!(refusal(house.signer.revoke(&revoke(CLIENT)).await), Refusal::InvalidSad, "as if it had never been");
    house.close().await;
}

/// What the store and the audit trail hold opens nothing and names no secret.
#[tokio::test(flavor = "multi_thread")]
async fn a_32_neither_store_nor_audit_holds_pin_or_sad() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let wrong = owned.wrong_pin(1);
    assert_eq!(refusal(house.signer.authorize(&owned.authorize_with(&wrong, &[hash(1)])).await), Refusal::WrongPin);
    let sad = house.authorize(&owned, &[hash(1), hash(2)]).await;
    house.sign(&owned, &sad, &[hash(1)]).await.unwrap();
    assert_eq!(refusal(house.sign(&owned, &sad, &[hash(3)]).await), Refusal::HashNotAuthorized);
    house.signer.change_pin(&owned.change_pin(&owned.pin, "new-secret-pin")).await.unwrap();
    let audit = house.audit().await;
    let rows = serde_json::to_string(&(house.row(&owned).await, house.sad(&sad).await)).unwrap();
    let r = data_encoding::BASE64URL_NOPAD.decode(&sad.as_bytes()[4..]).unwrap()[16..].to_vec();
    let secrets = [
        owned.pin.clone(),
        wrong,
        "new-secret-pin".to_owned(),
        sad.clone(),
        data_encoding::BASE64.encode(&r),
        data_encoding::HEXLOWER.encode(&r),
    ];
    for secret in secrets {
        assert!(!audit.contains(&secret) && !rows.contains(&secret));
    }
    assert!(!audit.contains(&data_encoding::HEXLOWER.encode(&hash(1))), "hashes stand there as their list's digest");
    for event in ["authorized", "signing_intended", "signed", "refused", "pin_changed"] {
        assert!(audit.contains(&format!(r#""event":"{event}""#)), "{event}: {audit}");
    }
    house.close().await;
}

/// A-09: whoever asks about a SAD hears what spending it would bring, and nothing of it is spent.
#[tokio::test(flavor = "multi_thread")]
async fn a_09_a_sad_is_looked_at_by_who_may_spend_it() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let sad = house.authorize(&owned, &[hash(1)]).await;
    let right = || {
        let sign = owned.sign(&sad, &[]);
        CheckSad { credential: Some(sign.credential), client: sign.client, user: sign.user, sad: sign.sad }
    };
    house.signer.check_sad(&right()).await.unwrap();
    house.signer.check_sad(&CheckSad { credential: None, user: None, ..right() }).await.unwrap();
    for foreign in [
        CheckSad { client: "other".to_owned(), ..right() },
        CheckSad { user: Some("other".to_owned()), ..right() },
        CheckSad { credential: Some("other".to_owned()), ..right() },
        CheckSad { sad: "sad_none".into(), ..right() },
        CheckSad { sad: SadToken::draw(&SystemRandom).reveal(), ..right() },
    ] {
        assert_eq!(refusal(house.signer.check_sad(&foreign).await), Refusal::InvalidSad, "{foreign:?}");
    }
    assert_eq!(house.audit().await.matches("SAD is not valid").count(), 3, "of those whose SAD there is");
    house.sign(&owned, &sad, &[hash(1)]).await.unwrap();
    house.signer.check_sad(&right()).await.unwrap();
    house.clock.advance(5 * MINUTE);
    assert_eq!(refusal(house.signer.check_sad(&right()).await), Refusal::SadExpired);
    let sad = house.authorize(&owned, &[hash(2)]).await;
    house.change_state(&owned, State::Suspended).await.unwrap();
    house.change_state(&owned, State::Active).await.unwrap();
    let ended = CheckSad { sad: sad.into(), ..right() };
    assert_eq!(refusal(house.signer.check_sad(&ended).await), Refusal::InvalidSad, "the credential changed");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_26_pins_and_signatures_wait_in_the_turn_of_their_client() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    house.hsm.forget();
    let sad = house.authorize(&owned, &[hash(1)]).await;
    house.sign(&owned, &sad, &[hash(1)]).await.unwrap();
    let own = house.hsm.clients().iter().filter(|client| *client == CLIENT).count();
    assert_eq!(own, house.hsm.count(is_rewrap) + house.hsm.count(is_sign));
    assert!(own >= 2, "{own}");
    house.close().await;
}
