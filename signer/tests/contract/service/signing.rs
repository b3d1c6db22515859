//! SAD and hashes in, signatures out: A-08 to A-11.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};
use rsign_api::bytes::Bytes;
use rsign_api::signer::{Authorize, Entry, EntryType, Refusal, Scal, Sign};
use rsign_signer::SystemRandom;
use rsign_signer::sad::SadToken;
use secrecy::ExposeSecret as _;

use super::house::{House, entries, hash, refusal};
use super::probe::is_sign;
use crate::harness::Openssl;

#[tokio::test(flavor = "multi_thread")]
async fn rsa_and_p_256_sign_what_was_approved() {
    let house = House::open().await;
    for key in [KeyType::Rsa2048, KeyType::P256] {
        let owned = house.enrol(key).await;
        let hashes: Vec<Bytes> = (0..3).map(hash).collect();
        let sad = house.authorize(&owned, &hashes).await;
        let signed = house.sign(&owned, &sad, &hashes).await.unwrap();
        assert!(owned.signed(&hashes, &signed));
        for (hash, signature) in hashes.iter().zip(&signed.signatures) {
            Openssl::new().verify(&owned.spki, owned.scheme(), hash, signature).unwrap();
        }
        assert!(house.sad(&sad).await.unwrap().slot.is_none(), "with the last use the wrapped KEK is gone");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pss_signs_with_the_salt_that_is_asked_for() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::Rsa2048).await;
    for salt in [0, 20, 32, 222] {
        let sad = house.authorize(&owned, &[hash(salt)]).await;
        let scheme = Scheme::Pss { hash: HashAlgorithm::Sha256, salt };
        let signed = house.signer.sign(&Sign { scheme, ..owned.sign(&sad, &[hash(salt)]) }).await.unwrap();
        Openssl::new().verify(&owned.spki, scheme, &hash(salt), &signed.signatures[0]).unwrap();
    }
    let sad = house.authorize(&owned, &[hash(1)]).await;
    let too_long = Scheme::Pss { hash: HashAlgorithm::Sha256, salt: 223 };
    let asked = Sign { scheme: too_long, ..owned.sign(&sad, &[hash(1)]) };
    assert_eq!(refusal(house.signer.sign(&asked).await), Refusal::Algorithm);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_hashes_of_one_sad_in_order() {
    let house = House::open().await;
    let owned = house.enrol_as("ann", KeyType::P256, Scal::Two, 100).await;
    let hashes: Vec<Bytes> = (0..100).map(hash).collect();
    let sad = house.authorize(&owned, &hashes).await;
    assert!(owned.signed(&hashes, &house.sign(&owned, &sad, &hashes).await.unwrap()));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_08_a_09_a_sad_serves_its_client_user_and_credential_only_and_survives_their_mistakes() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let second = house.enrol_as(&owned.user, KeyType::P256, Scal::Two, 10).await;
    let stranger = house.enrol(KeyType::P256).await;
    let sad = house.authorize(&owned, &[hash(1)]).await;
    let own = || owned.sign(&sad, &[hash(1)]);
    let misuse = [
        Sign { client: "client-b".to_owned(), ..own() },
        Sign { user: Some(stranger.user.clone()), ..own() },
        second.sign(&sad, &[hash(1)]),
        stranger.sign(&sad, &[hash(1)]),
        Sign { user: None, ..stranger.sign(&sad, &[hash(1)]) },
    ];
    house.hsm.forget();
    for asked in misuse {
        assert_eq!(refusal(house.signer.sign(&asked).await), Refusal::InvalidSad, "{asked:?}");
    }
    assert_eq!(house.hsm.count(is_sign), 0);
    let refused = house.audit().await.matches(r#""event":"refused""#).count();
    assert_eq!(refused, 5, "each is audited");
    let served = house.signer.sign(&Sign { user: None, ..own() }).await.unwrap();
    assert!(owned.signed(&[hash(1)], &served), "a bearer that speaks for no user in particular will do");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_sad_is_refused() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let sad = house.authorize(&owned, &[hash(1)]).await;
    let drawn = SadToken::draw(&SystemRandom).reveal().expose_secret().to_owned();
    let last = if sad.ends_with('A') { 'E' } else { 'A' };
    let other_r = format!("{}{last}", &sad[..sad.len() - 1]);
    for bad in ["", "sad_", "sad_AAAA", "not a SAD", &drawn, &other_r, &sad[..sad.len() - 4], &sad.to_uppercase()] {
        assert_eq!(refusal(house.sign(&owned, bad, &[hash(1)]).await), Refusal::InvalidSad, "{bad}");
    }
    assert!(house.sign(&owned, &sad, &[hash(1)]).await.is_ok());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_10_only_the_approved_hashes_in_any_order_and_only_once() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let list: Vec<Bytes> = (0..4).map(hash).collect();
    let sad = house.authorize(&owned, &list).await;
    let pick = |numbers: &[usize]| numbers.iter().map(|number| list[*number].clone()).collect::<Vec<_>>();

    house.hsm.forget();
    for foreign in [vec![hash(9)], [list.clone(), vec![hash(9)]].concat(), vec![hash(0), hash(9)]] {
        assert_eq!(refusal(house.sign(&owned, &sad, &foreign).await), Refusal::HashNotAuthorized);
    }
    assert_eq!(house.hsm.count(is_sign), 0, "a superset signs nothing of it");

    let signed = house.sign(&owned, &sad, &pick(&[2, 0])).await.unwrap();
    assert!(owned.signed(&pick(&[2, 0]), &signed), "a subset in another order");
    let permuted = house.sign(&owned, &sad, &pick(&[0, 2])).await.unwrap();
    assert_eq!((&permuted.signatures[0], &permuted.signatures[1]), (&signed.signatures[1], &signed.signatures[0]));
    let doubled = house.sign(&owned, &sad, &pick(&[1, 1, 0, 1])).await.unwrap();
    assert!(owned.signed(&pick(&[1, 1, 0, 1]), &doubled));
    assert_eq!(doubled.signatures[0], doubled.signatures[1], "duplicates get one signature");
    assert_eq!(doubled.signatures[2], signed.signatures[1], "what is done keeps its signature");
    assert_eq!(house.hsm.count(is_sign), 2);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_10_a_list_with_one_hash_twice_gets_one_signature() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let list = [hash(1), hash(1), hash(2)];
    let sad = house.authorize(&owned, &list).await;
    let signed = house.sign(&owned, &sad, &list).await.unwrap();
    assert!(owned.signed(&list, &signed));
    assert_eq!(signed.signatures[0], signed.signatures[1]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_10_a_spent_hash_is_not_signed_in_another_scheme() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::Rsa2048).await;
    let sad = house.authorize(&owned, &[hash(1), hash(2)]).await;
    let pss = |salt| Sign { scheme: Scheme::Pss { hash: HashAlgorithm::Sha256, salt }, ..owned.sign(&sad, &[hash(1)]) };
    let first = house.signer.sign(&pss(32)).await.unwrap();
    for other in [pss(31), owned.sign(&sad, &[hash(1)])] {
        assert_eq!(refusal(house.signer.sign(&other).await), Refusal::HashNotAuthorized);
    }
    assert_eq!(
        house.signer.sign(&pss(32)).await.unwrap().signatures,
        first.signatures,
        "the same again, the same bytes"
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_10_a_41_hash_function_and_algorithm_are_those_approved_and_of_the_key() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let list = vec![Entry { algorithm: Some(HashAlgorithm::Sha256), ..entries(&[hash(1)]).remove(0) }];
    let sad = house.signer.authorize(&Authorize { list, ..owned.authorize(&[hash(1)]) }).await.unwrap();
    let sad = super::house::text(&sad);
    let with = |scheme| Sign { scheme, ..owned.sign(&sad, &[hash(1)]) };
    let hash512 = Scheme::Ecdsa { hash: HashAlgorithm::Sha512 };
    assert_eq!(refusal(house.signer.sign(&with(hash512)).await), Refusal::DigestLength);
    let rsa = Scheme::Pkcs1 { hash: HashAlgorithm::Sha256 };
    assert_eq!(refusal(house.signer.sign(&with(rsa)).await), Refusal::Algorithm);
    let of_512 = crate::harness::digest(HashAlgorithm::Sha512, 1).into();
    let asked = Sign { scheme: hash512, hashes: vec![of_512], ..owned.sign(&sad, &[]) };
    assert_eq!(refusal(house.signer.sign(&asked).await), Refusal::HashNotAuthorized);
    assert_eq!(refusal(house.sign(&owned, &sad, &[]).await), Refusal::Malformed);
    let many: Vec<Bytes> = (0..1001).map(hash).collect();
    assert_eq!(refusal(house.sign(&owned, &sad, &many).await), Refusal::Malformed);
    assert!(house.sign(&owned, &sad, &[hash(1)]).await.is_ok());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_10_what_was_approved_as_a_document_is_not_signed_as_a_hash() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let kinds = [EntryType::Sdr, EntryType::Sodr, EntryType::Dtbsr, EntryType::Untyped];
    let list: Vec<Entry> = kinds
        .into_iter()
        .zip(1..)
        .map(|(kind, number)| Entry { r#type: kind, ..entries(&[hash(number)]).remove(0) })
        .collect();
    let asked = Authorize { list, signatures: 4, ..owned.authorize(&[]) };
    let sad = super::house::text(&house.signer.authorize(&asked).await.unwrap());
    assert_eq!(refusal(house.sign(&owned, &sad, &[hash(1)]).await), Refusal::HashNotAuthorized);
    assert_eq!(refusal(house.sign(&owned, &sad, &[hash(2)]).await), Refusal::HashNotAuthorized);
    assert!(house.sign(&owned, &sad, &[hash(3), hash(4)]).await.is_ok());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_11_equal_requests_at_once_are_signed_once() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let hashes = [hash(1), hash(2)];
    let sad = house.authorize(&owned, &hashes).await;
    house.hsm.forget();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (signer, asked) = (Arc::clone(&house.signer), owned.sign(&sad, &hashes));
            tokio::spawn(async move { signer.sign(&asked).await })
        })
        .collect();
    let mut answers = HashSet::new();
    for call in calls {
        let signed = call.await.unwrap().unwrap();
        assert!(owned.signed(&hashes, &signed));
        answers.insert(signed.signatures);
    }
    assert_eq!(answers.len(), 1, "ECDSA is randomised: equal bytes are one signature");
    assert_eq!(house.hsm.count(is_sign), 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_11_overlapping_requests_never_bring_a_second_signature_of_a_hash() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let list: Vec<Bytes> = (0..6).map(hash).collect();
    let sad = house.authorize(&owned, &list).await;
    let calls: Vec<_> = (0..40_u32)
        .map(|number| {
            let hashes: Vec<Bytes> =
                (0..3).map(|step| list[((number + step * (number % 5 + 1)) % 6) as usize].clone()).collect();
            let (signer, asked) = (Arc::clone(&house.signer), owned.sign(&sad, &hashes));
            tokio::spawn(async move { (hashes, signer.sign(&asked).await) })
        })
        .collect();
    let mut signatures: HashMap<Bytes, HashSet<Bytes>> = HashMap::new();
    for call in calls {
        match call.await.unwrap() {
            (hashes, Ok(signed)) => {
                assert!(owned.signed(&hashes, &signed));
                hashes.into_iter().zip(signed.signatures).for_each(|(hash, signature)| {
                    signatures.entry(hash).or_default().insert(signature);
                });
            }
            (_, refused) => assert_eq!(refusal(refused), Refusal::HashNotAuthorized, "reserved by another request"),
        }
    }
    let rest = house.sign(&owned, &sad, &list).await.unwrap();
    list.iter().zip(rest.signatures).for_each(|(hash, signature)| {
        signatures.entry(hash.clone()).or_default().insert(signature);
    });
    assert_eq!(signatures.len(), 6);
    assert!(signatures.values().all(|signatures| signatures.len() == 1));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_11_two_hashes_for_the_last_use_and_one_gets_it() {
    let house = House::open().await;
    let owned = house.enrol_as("ann", KeyType::P256, Scal::One, 10).await;
    for round in 0..5 {
        let asked = Authorize { signatures: 1, list: Vec::new(), ..owned.authorize(&[]) };
        let sad = super::house::text(&house.signer.authorize(&asked).await.unwrap());
        let (one, two) = ([hash(2 * round)], [hash(2 * round + 1)]);
        let both = tokio::join!(house.sign(&owned, &sad, &one), house.sign(&owned, &sad, &two));
        let refused = match both {
            (Ok(signed), refused) => {
                assert!(owned.signed(&one, &signed));
                refused
            }
            (refused, Ok(signed)) => {
                assert!(owned.signed(&two, &signed));
                refused
            }
            neither => panic!("{neither:?}"),
        };
        assert_eq!(refusal(refused), Refusal::HashNotAuthorized);
        assert_eq!(refusal(house.sign(&owned, &sad, &[hash(99)]).await), Refusal::HashNotAuthorized, "exhausted");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scal_1_takes_hashes_as_they_come_up_to_its_number() {
    let house = House::open().await;
    let owned = house.enrol_as("ann", KeyType::P256, Scal::One, 10).await;
    let asked = Authorize { signatures: 3, list: Vec::new(), ..owned.authorize(&[]) };
    let sad = super::house::text(&house.signer.authorize(&asked).await.unwrap());
    assert_eq!(
        refusal(house.sign(&owned, &sad, &[hash(1), hash(2), hash(3), hash(4)]).await),
        Refusal::HashNotAuthorized
    );
    let first = house.sign(&owned, &sad, &[hash(1), hash(2)]).await.unwrap();
    assert!(owned.signed(&[hash(1), hash(2)], &first));
    assert_eq!(house.sign(&owned, &sad, &[hash(2)]).await.unwrap().signatures[0], first.signatures[1]);
    assert_eq!(refusal(house.sign(&owned, &sad, &[hash(3), hash(4)]).await), Refusal::HashNotAuthorized);
    house.sign(&owned, &sad, &[hash(1), hash(3)]).await.unwrap();
    assert_eq!(refusal(house.sign(&owned, &sad, &[hash(4)]).await), Refusal::HashNotAuthorized);
    assert!(house.sad(&sad).await.unwrap().slot.is_none());
    house.close().await;
}
