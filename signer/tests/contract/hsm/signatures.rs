//! Generate, sign, verify: every key and scheme, judged by our verifier and by the openssl command line.

use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};
use rsign_signer::certificate::Verifier;
use rsign_signer::hsm::{Answer, Hsm};

use super::TOKEN;
use crate::harness::{Made, Openssl, TestToken, digest, opener};

/// Every scheme of a key: with PSS, no salt, 32 bytes, as long as the hash, and the longest that fits.
fn schemes(key: KeyType) -> Vec<Scheme> {
    let mut schemes = Vec::new();
    for hash in HashAlgorithm::ALL {
        if !key.is_rsa() {
            schemes.push(Scheme::Ecdsa { hash });
            continue;
        }
        schemes.push(Scheme::Pkcs1 { hash });
        let length = u32::try_from(hash.len()).unwrap();
        let mut salts = vec![0, 32, length, key.bits() / 8 - length - 2];
        salts.dedup();
        schemes.extend(salts.into_iter().map(|salt| Scheme::Pss { hash, salt }));
    }
    schemes
}

async fn signs(keys: &[KeyType]) {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let (pool, openssl, opener) = (token.pool().await, Openssl::new(), opener(1));
    for key in keys {
        let made = Made::by(&*pool, *key, &opener).await;
        for scheme in schemes(*key) {
            let digests: Vec<_> = (0..2).map(|number| digest(scheme.hash(), number)).collect();
            let answer = pool.run(made.job_for(&opener, scheme, digests.clone())).await;
            let Ok(Answer::Signatures(signatures)) = answer else { panic!("{key:?} {scheme:?}: {answer:?}") };
            assert_eq!(signatures.len(), digests.len());
            let verifier = Verifier::new(&made.spki, scheme).unwrap();
            for (digest, signature) in digests.iter().zip(&signatures) {
                assert!(verifier.verify(digest, signature), "{key:?} {scheme:?}");
                let judged = openssl.verify(&made.spki, scheme, digest, signature);
                assert!(judged.is_ok(), "{key:?} {scheme:?}: openssl says {judged:?}");
            }
            assert!(!verifier.verify(&digests[0], &signatures[1]), "{key:?} {scheme:?}: in the order of the digests");
        }
    }
    pool.stop().await;
}

#[tokio::test]
async fn rsa_2048_in_every_scheme() {
    signs(&[KeyType::Rsa2048]).await;
}

#[tokio::test]
async fn rsa_3072_in_every_scheme() {
    signs(&[KeyType::Rsa3072]).await;
}

#[tokio::test]
async fn rsa_4096_in_every_scheme() {
    signs(&[KeyType::Rsa4096]).await;
}

#[tokio::test]
async fn ecdsa_on_every_curve_with_every_hash() {
    signs(&[KeyType::P256, KeyType::P384, KeyType::P521]).await;
}

#[tokio::test]
async fn a_thousand_digests_in_one_job_keep_their_order() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let (pool, opener) = (token.pool().await, opener(1));
    let made = Made::by(&*pool, KeyType::P256, &opener).await;
    let digests: Vec<_> = (0..1000).map(|number| digest(HashAlgorithm::Sha256, number)).collect();
    let answer = pool.run(made.job_for(&opener, made.scheme(), digests.clone())).await;
    let Ok(Answer::Signatures(signatures)) = answer else { panic!("{answer:?}") };
    let verifier = Verifier::new(&made.spki, made.scheme()).unwrap();
    assert_eq!(signatures.len(), digests.len());
    assert!(digests.iter().zip(&signatures).all(|(digest, signature)| verifier.verify(digest, signature)));
    pool.stop().await;
}
