//! CSC 2.0.0.2 and what 2.1 and 2.2 add, as a v2 app speaks it.

use harness::api::signatures;
use harness::verify::Sha;
use harness::{Algorithm, Hash, Wanted, shared};
use serde_json::{Value, json};

use crate::common::Outsider;

#[tokio::test]
async fn info_has_every_required_member_of_every_v2() {
    let info = shared().api().post("/csc/v2/info", &[], "{}").await.ok();
    assert_eq!(info["specs"], "2.0.0.2");
    assert!(info["oauth2"].is_string() && info.get("oauth2Issuer").is_none(), "exactly one of the two");
    assert!(info["signAlgorithms"]["algos"].as_array().unwrap().iter().any(|oid| oid == "1.2.840.10045.4.3.2"));
    // The EUDI Swift library insists on both being there.
    assert!(info["signAlgorithms"]["algoParams"].is_array());
    assert!(
        info["signature_formats"]["formats"].is_array() && info["signature_formats"]["envelope_properties"].is_array()
    );
    assert!(info["conformance_levels"].is_array() && info["supportedHashTypes"].is_array());
    assert_eq!(info["asynchronousOperationMode"], true);
}

#[tokio::test]
async fn credentials_list_describes_what_it_lists() {
    let user = &shared().ready.users[0];
    let session = shared().api().login(user).await;
    // As the EUDI Kotlin library asks: every member, with nulls.
    let ask = json!({
        "userID": null, "credentialInfo": true, "certificates": "chain", "certInfo": true, "authInfo": true,
        "onlyValid": true, "lang": null, "clientData": null,
    });
    let answer = session.call("v2/credentials/list", ask).await.ok();
    assert_eq!(answer["onlyValid"], true);
    let (ids, infos) = (answer["credentialIDs"].as_array().unwrap(), answer["credentialInfos"].as_array().unwrap());
    assert_eq!((ids.len(), infos.len()), (4, 4));
    for (id, info) in ids.iter().zip(infos) {
        assert_eq!(info["credentialID"], *id);
        assert_eq!(info["cert"]["certificates"].as_array().unwrap().len(), 2);
        let single = session
            .call("v2/credentials/info", json!({ "credentialID": id, "certificates": "chain", "authInfo": true }));
        let mut single = single.await.ok();
        single["credentialID"] = id.clone();
        assert_eq!(*info, single, "the list says what credentials/info says");
    }
    let brief = session.call("v2/credentials/list", json!({})).await.ok();
    assert!(brief.get("credentialInfos").is_none() && brief.get("onlyValid").is_none());
}

#[tokio::test]
async fn only_valid_leaves_out_what_cannot_sign() {
    let who = Outsider::enrol("only-valid", Wanted::QUICK).await;
    let second = shared().operator().enrol(&who.user.id, Wanted::QUICK);
    shared().operator().set_state(&second, "suspended");
    let valid = who.session.call("v2/credentials/list", json!({ "onlyValid": true })).await.ok();
    assert_eq!(valid["credentialIDs"], json!([who.credential.id]));
    let all = who.session.call("v2/credentials/list", json!({ "onlyValid": false })).await.ok();
    assert_eq!(all["credentialIDs"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_destroyed_credential_is_gone() {
    let who = Outsider::enrol("destroyed", Wanted::QUICK).await;
    let hash = [Hash::of("destroyed")];
    let sad = who.session.authorize(&who.credential, &hash).await;
    shared().operator().set_state(&who.credential, "destroyed");
    assert_eq!(who.session.call("v2/credentials/list", json!({})).await.ok()["credentialIDs"], json!([]));
    let gone = (400, "invalid_request", "Invalid parameter credentialID");
    assert_eq!(
        who.session.call("v2/credentials/info", json!({ "credentialID": who.credential.id })).await.error(),
        gone
    );
    assert_eq!(who.session.try_authorize(&who.credential, &hash).await.error(), gone);
    assert_eq!(who.session.try_sign(&who.credential, &sad, &Algorithm::usual("P-256"), &hash).await.error(), gone);
}

#[tokio::test]
async fn credentials_info_is_the_union_of_both_versions() {
    let user = &shared().ready.users[1];
    let session = shared().api().login(user).await;
    let ask = json!({ "credentialID": user.credential("P-256").id, "certInfo": true, "authInfo": true });
    let info = session.call("v2/credentials/info", ask.clone()).await.ok();
    assert_eq!((&info["auth"]["mode"], &info["auth"]["expression"]), (&json!("explicit"), &json!("PIN")));
    let [object] = &info["auth"]["objects"].as_array().unwrap()[..] else { panic!("one object") };
    assert_eq!((&object["type"], &object["id"]), (&json!("Password"), &json!("PIN")));
    assert_eq!((&info["authMode"], &info["PIN"]["presence"]), (&json!("explicit"), &json!("true")));
    assert_eq!(info, session.call("v1/credentials/info", ask).await.ok());
    let brief = session.call("v2/credentials/info", json!({ "credentialID": user.credential("P-256").id })).await.ok();
    // The Kotlin library wants the member, the names and the dates in any case.
    assert_eq!(brief["auth"]["objects"], json!([]));
    for name in ["issuerDN", "subjectDN", "serialNumber", "validFrom", "validTo"] {
        assert!(brief["cert"][name].is_string(), "{name}");
    }
}

#[tokio::test]
async fn authorize_sign_and_extend_in_the_members_of_v2() {
    let who = Outsider::enrol("v2", Wanted { key: "RSA-2048", ..Wanted::QUICK }).await;
    let algorithm = Algorithm::pss(Sha::Sha384, 48);
    let hashes = [Hash::with(Sha::Sha384, "one"), Hash::with(Sha::Sha384, "two")];
    let list: Vec<String> = hashes.iter().map(Hash::base64).collect();
    let ask = json!({
        "credentialID": who.credential.id, "numSignatures": 2, "hashes": list, "hashAlgorithmOID": Sha::Sha384.oid(),
        "authData": [{ "id": "PIN", "value": who.credential.pin }], "description": "two", "clientData": "x",
    });
    let authorized = who.session.call("v2/credentials/authorize", ask).await.ok();
    assert!((295..=300).contains(&authorized["expiresIn"].as_u64().unwrap()));
    let sign = |sad: &Value, list: &[String]| {
        json!({
            "credentialID": who.credential.id, "SAD": sad, "hashes": list, "hashAlgorithmOID": Sha::Sha384.oid(),
            "signAlgo": algorithm.sign_algo, "signAlgoParams": algorithm.params, "operationMode": "S",
        })
    };
    let first = who.session.call("v2/signatures/signHash", sign(&authorized["SAD"], &list[..1])).await.ok();
    who.key.openssl(&algorithm, &hashes[0], &signatures(&first)[0]).unwrap();
    let ask = json!({
        "credentialID": who.credential.id, "SAD": authorized["SAD"], "hashes": list[1..], "hashAlgorithmOID": Sha::Sha384.oid(),
    });
    let extended = who.session.call("v2/credentials/extendTransaction", ask).await.ok();
    let second = who.session.call("v2/signatures/signHash", sign(&extended["SAD"], &list[1..])).await.ok();
    who.key.openssl(&algorithm, &hashes[1], &signatures(&second)[0]).unwrap();
}

#[tokio::test]
async fn a_hash_approved_with_one_function_is_not_signed_with_another() {
    let who = Outsider::enrol("functions", Wanted::QUICK).await;
    let hash = Hash::of("functions");
    let ask = json!({
        "credentialID": who.credential.id, "numSignatures": 1, "hashes": [hash.base64()],
        "hashAlgorithmOID": Sha::Sha256.oid(), "authData": [{ "id": "PIN", "value": who.credential.pin }],
    });
    let sad = who.session.call("v2/credentials/authorize", ask).await.ok()["SAD"].clone();
    for (algorithm, sentence) in [
        (Algorithm::ecdsa(Sha::Sha384), "Invalid digest value length"),
        (Algorithm::ecdsa(Sha::Sha512).bare(), "Invalid digest value length"),
    ] {
        let mut ask = json!({ "credentialID": who.credential.id, "SAD": sad, "hashes": [hash.base64()], "signAlgo": algorithm.sign_algo });
        ask["hashAlgorithmOID"] = json!(algorithm.hash_algo);
        let heard = who.session.call("v2/signatures/signHash", ask).await;
        assert_eq!(heard.error(), (400, "invalid_request", sentence));
    }
    who.can_sign().await;
}

#[tokio::test]
async fn a_token_and_a_sad_work_under_every_version() {
    let who = Outsider::enrol("versions", Wanted::QUICK).await;
    let (hash, algorithm) = ([Hash::of("versions")], Algorithm::usual("P-256"));
    let sad = who.session.authorize(&who.credential, &hash).await;
    let ask = json!({ "credentialID": who.credential.id, "SAD": sad, "hashes": [hash[0].base64()], "signAlgo": algorithm.sign_algo });
    let answer = who.session.call("v2/signatures/signHash", ask).await.ok();
    assert_eq!(who.session.sign(&who.credential, &sad, &algorithm, &hash).await, signatures(&answer));
}
