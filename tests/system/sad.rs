//! A SAD is good for what it was given for, to whom it was given, once: rows.

use harness::api::{authorize, sign_hash};
use harness::verify::Sha;
use harness::{Algorithm, Hash, Version, Wanted, shared};
use serde_json::json;

use crate::common::Outsider;
use crate::rows::{ask, row, spelled};

const SAD: &str = "Invalid parameter SAD";
const NOT_AUTHORIZED: &str = "Hash is not authorized by the SAD.";

#[tokio::test]
async fn a_08_a_09_a_sad_is_good_for_its_own_client_user_and_credential_only() {
    let who = Outsider::enrol("sad-owner", Wanted::QUICK).await;
    let second = shared().operator().enrol(&who.user.id, Wanted::QUICK);
    let other = Outsider::enrol("sad-thief", Wanted::QUICK).await;
    let app = who.session.api.client(shared().ready.client("legacy", "clear")).await;
    let hash = [Hash::of("whose")];
    let (own, apps) =
        (who.session.authorize(&who.credential, &hash).await, app.authorize(&who.credential, &hash).await);
    let algorithm = Algorithm::usual("P-256");
    for (session, credential, sad) in [
        // Of another client; of another credential of the user; of another user.
        (&app, &who.credential, &own),
        (&who.session, &who.credential, &apps),
        (&who.session, &second, &own),
        (&other.session, &other.credential, &own),
        (&app, &other.credential, &apps),
    ] {
        for version in Version::BOTH {
            let ask = spelled(version, &sign_hash(credential, sad, &algorithm, &hash));
            let heard = session.call(&format!("{}/signatures/signHash", version.segment()), ask).await;
            assert_eq!(heard.error(), (400, "invalid_request", SAD));
            let ask = json!({ "credentialID": credential.id, "SAD": sad, "hash": [hash[0].base64()] });
            let heard = session.call(&format!("{}/credentials/extendTransaction", version.segment()), ask).await;
            assert_eq!(heard.error(), (400, "invalid_request", SAD));
        }
    }
    // Whoever tried to end it has not; its owner can.
    app.call("v1/auth/revoke", json!({ "token": own })).await;
    let signature = who.session.sign(&who.credential, &own, &algorithm, &hash).await;
    who.verifies(&algorithm, &hash[0], &signature[0]);
    assert_eq!(who.session.call("v2/auth/revoke", json!({ "token": own })).await.status, 204);
    let heard = who.session.try_sign(&who.credential, &own, &algorithm, &hash).await;
    assert_eq!(heard.error(), (400, "invalid_request", SAD));
}

#[tokio::test]
async fn a_08_an_unknown_or_foreign_sad_cannot_be_revoked() {
    let who = Outsider::enrol("revoke-sad", Wanted::QUICK).await;
    let app = who.session.api.client(shared().ready.client("legacy", "clear")).await;
    let foreign = app.authorize(&who.credential, &[Hash::of("revoke SAD")]).await;
    let unknown = "Invalid string parameter token";
    ask(&who.session, "auth/revoke", vec![row(json!({ "token": "sad_x" }), unknown)]).await;
    ask(&who.session, "auth/revoke", vec![row(json!({ "token": foreign }), unknown)]).await;
}

#[tokio::test]
async fn sads_that_are_garbage_or_patched_together() {
    let who = Outsider::enrol("sad-garbage", Wanted::QUICK).await;
    let hash = [Hash::of("garbage")];
    let (one, two) =
        (who.session.authorize(&who.credential, &hash).await, who.session.authorize(&who.credential, &hash).await);
    let half = one.len() / 2;
    let last = if one.ends_with('A') { 'B' } else { 'A' };
    let algorithm = Algorithm::usual("P-256");
    for sad in [
        "sad_".to_owned(),
        format!("sad_{}", "A".repeat(64)),
        one[..one.len() - 1].to_owned(),
        format!("{one}A"),
        format!("{}{last}", &one[..one.len() - 4]),
        format!("{}{}", &one[..half], &two[half..]),
        one.to_uppercase(),
        format!("{one} "),
        format!("sad_{}", "é".repeat(60)),
        format!("sad_{}", "x".repeat(100_000)),
    ] {
        let heard = who.session.try_sign(&who.credential, &sad, &algorithm, &hash).await;
        assert_eq!(heard.error(), (400, "invalid_request", SAD), "{sad:.80}");
    }
    let signature = who.session.sign(&who.credential, &one, &algorithm, &hash).await;
    who.verifies(&algorithm, &hash[0], &signature[0]);
}

#[tokio::test]
async fn a_10_a_11_a_spent_hash_gives_the_same_bytes_or_nothing() {
    let who = Outsider::enrol("spent", Wanted { key: "P-256", ..Wanted::QUICK }).await;
    let (algorithm, hashes) = (Algorithm::usual("P-256"), Hash::many("spent", 3));
    let sad = who.session.authorize(&who.credential, &hashes).await;
    // A subset, another order, one named twice: one signature for each hash, whatever is asked.
    let two = who.session.sign(&who.credential, &sad, &algorithm, &[hashes[2].clone(), hashes[0].clone()]).await;
    let all = who.session.sign(&who.credential, &sad, &algorithm, &hashes).await;
    assert_eq!((&all[2], &all[0]), (&two[0], &two[1]));
    let again = who.session.sign(&who.credential, &sad, &algorithm, &[hashes[1].clone(), hashes[1].clone()]).await;
    assert_eq!((&again[0], &again[1]), (&all[1], &all[1]));
    for (hash, signature) in hashes.iter().zip(&all) {
        who.verifies(&algorithm, hash, signature);
    }
    // The same through the other version, and by the bare OID, is the same request.
    let ask = spelled(Version::V2, &sign_hash(&who.credential, &sad, &algorithm.clone().bare(), &hashes));
    let through_v2 = who.session.call("v2/signatures/signHash", ask).await.ok();
    assert_eq!(harness::api::signatures(&through_v2), all);
    // Anything else is not, and takes nothing away.
    for hash in [Hash::of("another"), Hash::of("")] {
        let heard = who.session.try_sign(&who.credential, &sad, &algorithm, &[hashes[0].clone(), hash]).await;
        assert_eq!(heard.error(), (400, "invalid_request", NOT_AUTHORIZED));
    }
    assert_eq!(who.session.sign(&who.credential, &sad, &algorithm, &hashes).await, all);
}

#[tokio::test]
async fn a_10_a_spent_hash_is_not_signed_in_another_way() {
    let who = Outsider::enrol("spent-rsa", Wanted { key: "RSA-2048", ..Wanted::QUICK }).await;
    let hash = [Hash::of("another way")];
    let sad = who.session.authorize(&who.credential, &hash).await;
    let (first, second) = (Algorithm::pss(Sha::Sha256, 32), Algorithm::pss(Sha::Sha256, 20));
    let signature = who.session.sign(&who.credential, &sad, &first, &hash).await;
    for other in [second, Algorithm::pkcs1(Sha::Sha256)] {
        let heard = who.session.try_sign(&who.credential, &sad, &other, &hash).await;
        assert_eq!(heard.error(), (400, "invalid_request", NOT_AUTHORIZED));
    }
    assert_eq!(who.session.sign(&who.credential, &sad, &first, &hash).await, signature);
}

#[tokio::test]
async fn a_suspended_credential_is_disabled_and_its_sads_are_dead() {
    let who = Outsider::enrol("suspended", Wanted::QUICK).await;
    let hash = [Hash::of("suspended")];
    let sad = who.session.authorize(&who.credential, &hash).await;
    shared().operator().set_state(&who.credential, "suspended");
    let rows = vec![row(
        authorize(&who.credential, &who.credential.pin, &hash),
        "The credential identified by credentialID is disabled",
    )];
    ask(&who.session, "credentials/authorize", rows).await;
    let heard = who.session.try_sign(&who.credential, &sad, &Algorithm::usual("P-256"), &hash).await;
    assert_eq!(heard.error().0, 400);
    let info = who.session.call("v1/credentials/info", json!({ "credentialID": who.credential.id })).await.ok();
    assert_eq!(info["key"]["status"], "disabled");
    shared().operator().set_state(&who.credential, "active");
    // Back, but what was approved before is not (DESIGN 4: suspension ends every live SAD).
    let heard = who.session.try_sign(&who.credential, &sad, &Algorithm::usual("P-256"), &hash).await;
    assert_eq!(heard.error(), (400, "invalid_request", SAD));
    who.can_sign().await;
}
