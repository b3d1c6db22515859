//! The keys that stay on the token, and its random source.

use std::collections::HashSet;

use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};
use rsign_signer::certificate::{spki, verify};
use rsign_signer::hsm::{Answer, Hsm, Job, TokenKey, ecdsa};

use super::TOKEN;
use crate::harness::{Openssl, TestToken, random};

const KEYS: [TokenKey; 3] = [TokenKey::Identity, TokenKey::Audit, TokenKey::Authority];
const SCHEME: Scheme = Scheme::Ecdsa { hash: HashAlgorithm::Sha256 };

async fn octets(hsm: &dyn Hsm, job: Job) -> Vec<u8> {
    match hsm.run(job).await {
        Ok(Answer::Octets(octets)) => octets,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_mac_is_deterministic_and_depends_on_every_octet() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = token.pool().await;
    let mac = async |data: &[u8]| octets(&*pool, Job::Mac { data: data.to_vec() }).await;
    for length in [0, 1, 31, 32, 33, 64, 65, 4096] {
        let data = vec![0x5a; length];
        let made = mac(&data).await;
        assert_eq!(made.len(), 32);
        assert_eq!(made, mac(&data).await);
        assert_ne!(made, mac(&[data.as_slice(), &[0]].concat()).await);
    }
    assert_ne!(mac(b"ab").await, mac(b"ba").await);
    let other = TestToken::ready(TOKEN).unwrap();
    let other_pool = other.pool().await;
    assert_ne!(mac(b"ab").await, octets(&*other_pool, Job::Mac { data: b"ab".to_vec() }).await);
    other_pool.stop().await;
    pool.stop().await;
}

#[tokio::test]
async fn a_42_each_token_key_signs_for_itself_alone() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let (pool, openssl) = (token.pool().await, Openssl::new());
    let mut public = Vec::new();
    for key in KEYS {
        let point = octets(&*pool, Job::TokenPublic { key }).await;
        assert_eq!((point.len(), point[0]), (65, 4));
        public.push(spki::ec(KeyType::P256, &point).unwrap());
    }
    for (own, key) in KEYS.into_iter().enumerate() {
        let digest: [u8; 32] = random();
        let raw = octets(&*pool, Job::TokenSign { key, digest }).await;
        assert_eq!(raw.len(), 64);
        let signature = ecdsa::der(&raw).unwrap();
        for (place, public) in public.iter().enumerate() {
            assert_eq!(verify(public, SCHEME, &digest, &signature), place == own, "{key:?}");
            assert_eq!(openssl.verify(public, SCHEME, &digest, &signature).is_ok(), place == own, "{key:?}");
        }
    }
    pool.stop().await;
}

#[tokio::test]
async fn raw_signatures_become_der_whatever_their_leading_zeros() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = token.pool().await;
    let key = TokenKey::Audit;
    let public = spki::ec(KeyType::P256, &octets(&*pool, Job::TokenPublic { key }).await).unwrap();
    // One raw signature in 128 begins, in r or s, with a zero octet.
    for _ in 0..400 {
        let digest: [u8; 32] = random();
        let raw = octets(&*pool, Job::TokenSign { key, digest }).await;
        assert!(verify(&public, SCHEME, &digest, &ecdsa::der(&raw).unwrap()));
    }
    pool.stop().await;
}

#[tokio::test]
async fn random_octets_come_in_any_length_and_never_twice() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = token.pool().await;
    for length in [1, 8, 31, 32, 33, 1000, 4096] {
        assert_eq!(octets(&*pool, Job::Random { length }).await.len(), length);
    }
    let mut seen = HashSet::new();
    for _ in 0..100 {
        assert!(seen.insert(octets(&*pool, Job::Random { length: 32 }).await));
    }
    pool.stop().await;
}
