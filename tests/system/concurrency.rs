//! Under load every signature is the caller's own, and one approved hash has one signature.

use futures_util::future::join_all;
use harness::verify::PublicKey;
use harness::{Algorithm, Credential, Hash, Session, Wanted, shared};

use crate::common::Outsider;

/// Everybody of the shared sandbox: two people and an app that reaches both, with every key.
async fn everybody() -> Vec<(Session, Credential, PublicKey)> {
    let (api, ready) = (shared().api(), &shared().ready);
    let app = api.client(ready.client("legacy", "clear")).await;
    let mut all = Vec::new();
    // Whose keys need no code: that of a moment is good once.
    for user in ready.users.iter().filter(|user| user.totp_secret.is_none()) {
        let own = api.login(user).await;
        for credential in &user.credentials {
            let key = PublicKey::of(&credential.key, &own.certificate(credential).await);
            all.push((own.clone(), credential.clone(), key.clone()));
            all.push((app.clone(), credential.clone(), key));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_signatures_at_once_and_none_is_anothers() {
    let everybody = everybody().await;
    let job = |number: usize| {
        let (session, credential, key) = everybody[number % everybody.len()].clone();
        async move {
            let (hash, algorithm) = ([Hash::of(format!("mine alone {number}"))], Algorithm::usual(&credential.key));
            let sad = session.authorize(&credential, &hash).await;
            (session, credential, key, hash, algorithm, sad)
        }
    };
    let jobs = join_all((0..64).map(job)).await;
    let signed = join_all(
        jobs.iter()
            .map(|(session, credential, _, hash, algorithm, sad)| session.sign(credential, sad, algorithm, hash)),
    );
    for ((_, credential, key, hash, algorithm, _), signatures) in jobs.iter().zip(signed.await) {
        let [signature] = &signatures[..] else { panic!("not one signature") };
        assert!(key.verifies(algorithm, &hash[0], signature), "{} got another's signature", credential.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_at_once_keep_their_order() {
    let everybody = everybody().await;
    let jobs = everybody.iter().enumerate().map(|(number, (session, credential, key))| async move {
        let (hashes, algorithm) = (Hash::many(&format!("batch {number}"), 20), Algorithm::usual(&credential.key));
        let sad = session.authorize(credential, &hashes).await;
        let signatures = session.sign(credential, &sad, &algorithm, &hashes).await;
        hashes.iter().zip(&signatures).all(|(hash, signature)| key.verifies(&algorithm, hash, signature))
    });
    assert!(join_all(jobs).await.into_iter().all(|right| right));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_11_equal_requests_at_once_get_equal_bytes() {
    let who = Outsider::enrol("equal", Wanted::QUICK).await;
    let (hashes, algorithm) = (Hash::many("equal", 3), Algorithm::usual("P-256"));
    let sad = who.session.authorize(&who.credential, &hashes).await;
    // ECDSA draws a nonce for each signature: equal bytes mean that one was made.
    let all = join_all((0..32).map(|_| who.session.sign(&who.credential, &sad, &algorithm, &hashes))).await;
    assert!(all.iter().all(|signatures| *signatures == all[0]));
    who.verifies(&algorithm, &hashes[0], &all[0][0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_at_once_that_share_a_hash_never_sign_it_twice() {
    let who = Outsider::enrol("overlap", Wanted::QUICK).await;
    let (hashes, algorithm) = (Hash::many("overlap", 9), Algorithm::usual("P-256"));
    let sad = who.session.authorize(&who.credential, &hashes).await;
    // Every request names hash 0 and one of its own.
    let pair = |number: usize| [hashes[0].clone(), hashes[1 + number % 8].clone()];
    let asked = (0..32).map(|number| {
        let (who, sad, algorithm, pair) = (&who, &sad, &algorithm, pair(number));
        async move { who.session.try_sign(&who.credential, sad, algorithm, &pair).await }
    });
    let mut shared_signatures = Vec::new();
    for (number, answer) in join_all(asked).await.into_iter().enumerate() {
        if answer.status == 200 {
            let signatures = harness::api::signatures(&answer.json);
            who.verifies(&algorithm, &pair(number)[1], &signatures[1]);
            shared_signatures.push(signatures[0].clone());
        } else {
            assert_eq!(
                answer.error().2,
                "Hash is not authorized by the SAD.",
                "only what is under way elsewhere is refused"
            );
        }
    }
    assert!(!shared_signatures.is_empty());
    assert!(shared_signatures.iter().all(|signature| *signature == shared_signatures[0]));
    // Nothing was lost: all of them can be had now.
    let all = who.session.sign(&who.credential, &sad, &algorithm, &hashes).await;
    assert_eq!(all[0], shared_signatures[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_11_of_two_hashes_for_the_last_use_exactly_one_is_signed() {
    let who = Outsider::enrol("last-use", Wanted { scal: "1", ..Wanted::QUICK }).await;
    let algorithm = Algorithm::usual("P-256");
    for round in 0..5 {
        let ask =
            serde_json::json!({ "credentialID": who.credential.id, "numSignatures": 1, "PIN": who.credential.pin });
        let sad = who.session.call("v1/credentials/authorize", ask).await.ok();
        let sad = sad["SAD"].as_str().unwrap();
        let hashes = Hash::many(&format!("last use {round}"), 8);
        let asked = hashes
            .iter()
            .map(|hash| who.session.try_sign(&who.credential, sad, &algorithm, std::slice::from_ref(hash)));
        let answers = join_all(asked).await;
        let signed: Vec<_> = hashes.iter().zip(&answers).filter(|(_, answer)| answer.status == 200).collect();
        let [(hash, answer)] = &signed[..] else { panic!("{} of 8 were signed", signed.len()) };
        who.verifies(&algorithm, hash, &harness::api::signatures(&answer.json)[0]);
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(answer.error(), (400, "invalid_request", "Hash is not authorized by the SAD."));
        }
    }
}
