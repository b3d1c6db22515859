//! `pin_transport = sealed`: an app that registers, a device that shakes hands with the signer itself, and a
//! `credentials/authorize` that names what came of it (DESIGN 5). The device is the client's end of `api`, the rest real.

use std::process::Command;

use data_encoding::BASE64;
use harness::channel::{Device, pinned};
use harness::verify::PublicKey;
use harness::{Algorithm, Answer, Credential, Hash, Session, Version, Wanted, api, program, shared};
use rsign_api::channel::wire::State;
use serde_json::{Value, json};

use crate::common::Outsider;
use crate::rows::spelled;

/// The members of `credentials/authorize`, as v1 spells them, without a PIN.
pub(crate) fn members(credential: &Credential, hashes: &[Hash]) -> Value {
    let list: Vec<String> = hashes.iter().map(Hash::base64).collect();
    json!({ "credentialID": credential.id, "numSignatures": hashes.len(), "hash": list })
}

/// `credentials/authorize` with this PIN value.
pub(crate) async fn authorize(app: &Session, version: Version, members: &Value, pin: &str) -> Answer {
    let mut ask = members.clone();
    ask["PIN"] = pin.into();
    app.call(&format!("{}/credentials/authorize", version.segment()), spelled(version, &ask)).await
}

/// A device that has approved.
async fn approved(app: &Session, members: &Value, pin: &str) -> Device {
    let mut device = Device::register(app, members, &pinned(&shared().folder)).await;
    assert_eq!(device.approve(pin).await, ("done".to_owned(), State::Done));
    device
}

async fn sealed_app(who: &Outsider) -> Session {
    who.session.api.client(shared().ready.client("legacy", "sealed")).await
}

/// Whether this is the answer to what is no finished transaction of the caller with these very members.
#[track_caller]
fn is_wrong(heard: &Answer) -> bool {
    let (status, error, sentence) = heard.error();
    let v1 = ("invalid_pin", "The PIN is invalid");
    let v2 = ("invalid_authentication_data", "The authentication data is invalid");
    status == 400 && [v1, v2].contains(&(error, sentence))
}

/// `api/examples/sealed_authorize.rs`, as somebody who reads it would run it.
#[tokio::test]
async fn the_example_signs_with_a_sealed_pin_and_without_a_browser() {
    let mut example = Command::new(program("examples/sealed_authorize"));
    let said = harness::command(example.arg(shared().ready_file())).unwrap();
    let [approving, verified] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
    assert!(approving.starts_with("approving ") && approving.len() == 29, "{said}");
    let signature = BASE64.decode(verified.strip_prefix("verified: ").unwrap().as_bytes()).unwrap();
    let owner = &shared().ready.users[0];
    let certificate = shared().api().login(owner).await.certificate(owner.credential("P-256")).await;
    let hash = Hash::of("Hello from a native app");
    assert!(PublicKey::of("P-256", &certificate).verifies(&Algorithm::usual("P-256"), &hash, &signature));
    // Whoever is not the signer is not believed: another key is pinned.
    let other = shared().folder.beside("another-identity.pem");
    std::fs::write(&other, rcgen::KeyPair::generate().unwrap().public_key_pem()).unwrap();
    let mut example = Command::new(program("examples/sealed_authorize"));
    let failed = harness::command(example.arg(shared().ready_file()).arg(&other)).unwrap_err();
    assert!(failed.contains("the channel failed") && !failed.contains("verified"), "{failed}");
}

#[tokio::test]
async fn a_sealed_pin_leads_to_verified_signatures_in_both_versions() {
    let who = Outsider::enrol("sealed-flow", Wanted::QUICK).await;
    let app = sealed_app(&who).await;
    let algorithm = Algorithm::usual("P-256");
    for version in Version::BOTH {
        let hashes = Hash::many(&format!("sealed {version:?}"), 3);
        let members = spelled(version, &members(&who.credential, &hashes));
        let device = approved(&app, &members, &who.credential.pin).await;
        let heard = authorize(&app, version, &members, &format!("rch1:{}", device.tx)).await.ok();
        let sad = heard["SAD"].as_str().unwrap();
        let ask = spelled(version, &api::sign_hash(&who.credential, sad, &algorithm, &hashes));
        let signed = app.call(&format!("{}/signatures/signHash", version.segment()), ask).await.ok();
        for (hash, signature) in hashes.iter().zip(api::signatures(&signed)) {
            who.verifies(&algorithm, hash, &signature);
        }
        let foreign = [Hash::of("not approved")];
        let heard = app.try_sign(&who.credential, sad, &algorithm, &foreign).await;
        assert_eq!(heard.error().2.trim_end_matches('.'), "Hash is not authorized by the SAD");
    }
    let trail = shared().trail();
    let given = trail.of("authorized", "success").filter(|entry| entry["credential"] == *who.credential.id);
    assert_eq!(given.count(), 2);
}

#[tokio::test]
async fn a_46_a_sealed_client_gets_nothing_for_a_clear_pin_even_with_a_channel_open() {
    let who = Outsider::enrol("sealed-clear", Wanted::QUICK).await;
    let app = sealed_app(&who).await;
    let members = members(&who.credential, &[Hash::of("clear")]);
    let device = approved(&app, &members, &who.credential.pin).await;
    for version in Version::BOTH {
        let heard = authorize(&app, version, &members, &who.credential.pin).await;
        assert_eq!((heard.error().0, heard.error().1), (400, "invalid_request"), "{}", heard.json);
        assert!(heard.error().2.contains("sealed"), "{}", heard.json);
        assert!(!heard.json.to_string().contains(&who.credential.pin));
    }
    // Nor is a PIN taken where the transaction is registered, or in the relay's JSON.
    let with_pin = json!({ "credentialID": who.credential.id, "PIN": who.credential.pin });
    assert_eq!(app.api.post_with("/rch", &app.token, &with_pin).await.status, 400);
    let body = json!({ "record": "AAAA", "pin": who.credential.pin });
    let heard = app.api.post_with(&format!("/rch/{}/record", device.tx), &device.token, &body).await;
    assert_eq!((heard.status, &heard.json["error"]), (400, &json!("failed")));
    assert_eq!(shared().trail().wrong_pins(&who.credential, None), 0);
    let heard = authorize(&app, Version::V1, &members, &format!("rch1:{}", device.tx)).await;
    assert!(heard.ok()["SAD"].is_string(), "none of that spent what was approved");
}

#[tokio::test]
async fn a_08_a_finished_transaction_is_good_once_for_its_own_client_and_members() {
    let who = Outsider::enrol("sealed-once", Wanted::QUICK).await;
    let second = shared().operator().enrol(&who.user.id, Wanted::QUICK);
    let app = sealed_app(&who).await;
    let thief = shared().operator().add_client(&format!("thief-{}", who.user.username), "sealed", true);
    let thief = who.session.api.client(&thief).await;
    let hashes = Hash::many("once", 2);
    let own = members(&who.credential, &hashes);
    let device = approved(&app, &own, &who.credential.pin).await;
    let reference = format!("rch1:{}", device.tx);
    let other = |hashes: &[Hash]| members(&who.credential, hashes);
    for version in Version::BOTH {
        let heard = authorize(&thief, version, &own, &reference).await;
        assert!(is_wrong(&heard), "another client: {}", heard.json);
        for (what, members) in [
            ("another credential", members(&second, &hashes)),
            ("other hashes", other(&Hash::many("other", 2))),
            ("fewer", other(&hashes[..1])),
            ("another order", other(&[hashes[1].clone(), hashes[0].clone()])),
            ("one twice", other(&[hashes[0].clone(), hashes[0].clone()])),
        ] {
            let heard = authorize(&app, version, &members, &reference).await;
            assert!(is_wrong(&heard), "{what}: {}", heard.json);
        }
        for unknown in ["rch1:", "rch1:AAAAAAAAAAAAAAAAAAAAAA", &reference[..reference.len() - 1]] {
            assert!(is_wrong(&authorize(&app, version, &own, unknown).await), "{unknown}");
        }
    }
    // The token of one transaction opens no other, and its id alone opens nothing.
    let fresh = Device::register(&app, &own, &pinned(&shared().folder)).await;
    let api = &app.api;
    for (tx, token) in [(&fresh.tx, &device.token), (&device.tx, &fresh.token), (&fresh.tx, &app.token)] {
        let heard = api.get_with(&format!("/rch/{tx}"), token).await;
        assert_eq!((heard.status, &heard.json["error"]), (404, &json!("unknown")));
    }
    assert!(is_wrong(&authorize(&app, Version::V1, &own, &format!("rch1:{}", fresh.tx)).await), "nothing came of it");
    // Once.
    assert!(authorize(&app, Version::V2, &own, &reference).await.ok()["SAD"].is_string());
    for version in Version::BOTH {
        assert!(is_wrong(&authorize(&app, version, &own, &reference).await), "a second time");
    }
    assert_eq!(shared().trail().wrong_pins(&who.credential, None), 0, "none of that was a try");
}

#[tokio::test]
async fn a_19_a_wrong_pin_in_the_channel_is_a_try_and_the_reference_stays_worthless() {
    let who = Outsider::enrol("sealed-wrong", Wanted::QUICK).await;
    let app = sealed_app(&who).await;
    let members = members(&who.credential, &[Hash::of("wrong")]);
    let mut device = Device::register(&app, &members, &pinned(&shared().folder)).await;
    let (answer, state) = device.approve("wrong-pin").await;
    assert!(answer.contains("WrongPin"), "{answer}");
    assert_eq!(state, State::Open);
    assert!(is_wrong(&authorize(&app, Version::V1, &members, &format!("rch1:{}", device.tx)).await));
    let client = shared().ready.client("legacy", "sealed").client_id.as_str();
    assert_eq!(shared().trail().wrong_pins(&who.credential, Some(client)), 1);
    assert_eq!(device.approve(&who.credential.pin).await, ("done".to_owned(), State::Done));
    assert!(authorize(&app, Version::V1, &members, &format!("rch1:{}", device.tx)).await.ok()["SAD"].is_string());
}
