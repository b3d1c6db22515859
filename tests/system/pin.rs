//! PIN tries: counted before the HSM is asked, five of a credential, three of them for one client, whatever runs at
//! once (DESIGN 3). How many were judged is counted in the audit trail.

use futures_util::future::join_all;
use harness::api::authorize;
use harness::{Answer, Api, Credential, Hash, Operator, Sandbox, Session, Version, Wanted, shared};
use serde_json::{Value, json};

use crate::common::Outsider;

const LOCKED: (u16, &str, &str) = (400, "invalid_request", "PIN locked");
const WRONG: (u16, &str, &str) = (400, "invalid_pin", "The PIN is invalid");

/// Tries a PIN.
async fn attempt(session: &Session, credential: &Credential, pin: &str) -> Answer {
    session.call("v1/credentials/authorize", authorize(credential, pin, &[Hash::of("attempt")])).await
}

/// Tries so many different wrong PINs at once.
async fn burst(session: &Session, credential: &Credential, count: usize) -> Vec<Answer> {
    let pins: Vec<String> = (0..count).map(|number| format!("wrong {number}")).collect();
    join_all(pins.iter().map(|pin| attempt(session, credential, pin))).await
}

/// So many apps, each of which reaches everybody.
async fn apps(operator: &Operator, api: &Api, name: &str, count: usize) -> Vec<Session> {
    let mut apps = Vec::new();
    for number in 0..count {
        apps.push(api.client(&operator.add_client(&format!("{name}-{number}"), "clear", true)).await);
    }
    apps
}

#[tokio::test]
async fn a_19_a_wrong_pin_and_then_a_lock_in_the_words_of_the_version() {
    for version in Version::BOTH {
        let who = Outsider::enrol("sentences", Wanted::QUICK).await;
        let try_pin = async |pin: &str| {
            let hash = Hash::of("sentences").base64();
            let mut ask = json!({ "credentialID": who.credential.id, "numSignatures": 1 });
            match version {
                Version::V1 => (ask["hash"], ask["PIN"]) = (json!([hash]), json!(pin)),
                Version::V2 => {
                    (ask["hashes"], ask["hashAlgorithmOID"]) = (json!([hash]), json!("2.16.840.1.101.3.4.2.1"));
                    ask["authData"] = json!([{ "id": "PIN", "value": pin }]);
                }
            }
            who.session.call(&format!("{}/credentials/authorize", version.segment()), ask).await
        };
        let (wrong, locked) = match version {
            Version::V1 => (WRONG, LOCKED),
            Version::V2 => (
                (400, "invalid_authentication_data", "The authentication data is invalid"),
                (400, "invalid_request", "Credential locked"),
            ),
        };
        // A PIN that no policy would let anybody choose is judged like any other.
        for pin in ["", "0", "é"] {
            assert_eq!(try_pin(pin).await.error(), wrong);
        }
        assert_eq!(try_pin("3").await.error(), locked);
        assert_eq!(try_pin(&who.credential.pin).await.error(), locked, "the right PIN during the lock");
        assert_eq!(shared().trail().wrong_pins(&who.credential, None), 3);
    }
}

#[tokio::test]
async fn a_right_pin_clears_what_was_counted() {
    let who = Outsider::enrol("cleared", Wanted::QUICK).await;
    for _ in 0..3 {
        for _ in 0..2 {
            assert_eq!(attempt(&who.session, &who.credential, "wrong").await.error(), WRONG);
        }
        who.can_sign().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_20_two_hundred_wrong_pins_at_once_from_one_client() {
    let who = Outsider::enrol("burst", Wanted::QUICK).await;
    let spared = shared().operator().enrol(&who.user.id, Wanted::QUICK);
    let answers = burst(&who.session, &who.credential, 200).await;
    let wrong = answers.iter().filter(|answer| answer.status == 400 && answer.error() == WRONG).count();
    let locked = answers.iter().filter(|answer| answer.status == 400 && answer.error() == LOCKED).count();
    let away = answers.iter().filter(|answer| answer.is_away()).count();
    assert_eq!((wrong, wrong + locked + away), (3, 200), "{locked} locked, {away} away");
    assert_eq!(shared().trail().wrong_pins(&who.credential, None), 3, "PINs judged");
    assert_eq!(attempt(&who.session, &who.credential, &who.credential.pin).await.error(), LOCKED);
    // Another key of the same person, and another client with the same key, are not locked.
    assert_eq!(attempt(&who.session, &spared, &spared.pin).await.status, 200);
    let app = who.session.api.client(shared().ready.client("legacy", "clear")).await;
    assert_eq!(attempt(&app, &who.credential, &who.credential.pin).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_20_two_hundred_wrong_pins_at_once_from_four_clients() {
    // With Argon2id: each try takes its time, so that all of them wait for each other.
    let who = Outsider::enrol("bursts", Wanted { stretch: "argon2id", ..Wanted::QUICK }).await;
    let apps = apps(&shared().operator(), &who.session.api, &who.user.username, 4).await;
    let answers = join_all(apps.iter().map(|app| burst(app, &who.credential, 50))).await;
    let answers: Vec<Answer> = answers.into_iter().flatten().collect();
    let wrong = answers.iter().filter(|answer| answer.status == 400 && answer.error() == WRONG).count();
    assert!((1..=5).contains(&wrong), "{wrong} PINs were called wrong");
    let trail = shared().trail();
    assert_eq!(trail.wrong_pins(&who.credential, None), wrong, "PINs judged");
    for number in 0..4 {
        let client = format!("{}-{number}", who.user.username);
        assert!(trail.wrong_pins(&who.credential, Some(&client)) <= 3);
    }
    assert_eq!(wrong, 5, "four clients have five tries between them");
    for session in apps.iter().chain([&who.session]) {
        assert_eq!(attempt(session, &who.credential, &who.credential.pin).await.error(), LOCKED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_right_pins_at_once_all_succeed() {
    let who = Outsider::enrol("right", Wanted { stretch: "argon2id", ..Wanted::QUICK }).await;
    let tries = (0..100).map(|_| attempt(&who.session, &who.credential, &who.credential.pin));
    let mut sads: Vec<String> = Vec::new();
    for answer in join_all(tries).await {
        sads.push(answer.ok()["SAD"].as_str().unwrap().to_owned());
    }
    sads.sort();
    sads.dedup();
    assert_eq!(sads.len(), 100, "each call has a SAD of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn right_and_wrong_pins_mixed_never_pass_the_limit() {
    let who = Outsider::enrol("mixed", Wanted::QUICK).await;
    let tries = (0..60).map(|number| {
        let pin = if number % 3 == 0 { who.credential.pin.clone() } else { format!("wrong {number}") };
        let (who, wrong) = (&who, number % 3 != 0);
        async move { (wrong, attempt(&who.session, &who.credential, &pin).await) }
    });
    let mut judged_wrong = 0;
    for (wrong, answer) in join_all(tries).await {
        match (answer.status, wrong) {
            (200, false) => {}
            (200, true) => panic!("a wrong PIN opened the credential"),
            _ if answer.error() == WRONG => {
                assert!(wrong, "a right PIN was called wrong");
                judged_wrong += 1;
            }
            _ => assert_eq!(answer.error(), LOCKED),
        }
    }
    assert_eq!(shared().trail().wrong_pins(&who.credential, None), judged_wrong);
}

#[tokio::test]
async fn a_46_a_pin_in_clear_of_a_sealed_client_is_refused_and_not_counted() {
    let who = Outsider::enrol("sealed", Wanted::QUICK).await;
    let app = who.session.api.client(shared().ready.client("legacy", "sealed")).await;
    for pin in [who.credential.pin.as_str(), "marked-46", "wrong", "wrong", "wrong"] {
        let heard = attempt(&app, &who.credential, pin).await;
        assert_eq!((heard.error().0, heard.error().1), (400, "invalid_request"));
        assert!(heard.error().2.contains("sealed"), "{}", heard.json);
    }
    for pin in ["marked-46", &who.credential.pin] {
        assert!(!shared().service.said().contains(pin), "a PIN was logged");
        assert!(!shared().trail().text.contains(pin), "a PIN stands in the audit trail");
    }
    assert_eq!(shared().trail().wrong_pins(&who.credential, None), 0);
    let issued = shared().trail();
    let given = issued.of("authorized", "success").filter(|entry| entry["credential"] == *who.credential.id);
    assert_eq!(given.count(), 0);
    who.can_sign().await;
}

#[tokio::test]
async fn a_22_a_client_that_reaches_nobody_spends_no_try_of_anybody() {
    let who = Outsider::enrol("victim", Wanted::QUICK).await;
    let stranger = shared().operator().add_client(&format!("stranger-{}", who.user.username), "clear", false);
    let stranger = who.session.api.client(&stranger).await;
    for answer in burst(&stranger, &who.credential, 20).await {
        assert_eq!(answer.error(), (400, "invalid_request", "Invalid parameter credentialID"));
    }
    assert_eq!(shared().trail().wrong_pins(&who.credential, None), 0);
    who.can_sign().await;
}

/// Locks credential after credential with an app of the test's own, until a hundred wrong PINs were judged.
async fn spray(sandbox: &Sandbox) -> Session {
    let (operator, api) = (sandbox.operator(), sandbox.api());
    let user = operator.add_user("sprayed");
    let app = api.client(&operator.add_client("sprayer", "clear", true)).await;
    for round in 0..34 {
        let credential = operator.enrol(&user.id, Wanted::QUICK);
        for _ in 0..3 {
            if round * 3 < 100 {
                attempt(&app, &credential, "00000000x").await;
            }
        }
    }
    app
}

#[tokio::test]
async fn a_client_that_tries_one_pin_on_many_keys_brakes_itself_and_nobody_else() {
    let sandbox = Sandbox::own();
    let (operator, api) = (sandbox.operator(), sandbox.api());
    let app = spray(&sandbox).await;
    assert!(sandbox.trail().of("authorized", "failure").count() >= 100);
    // DESIGN 3: where it had no right PIN lately, it hears of a lock, even with the right one.
    let fresh = Outsider::enrol_on(&operator, &api, "fresh", Wanted::QUICK).await;
    assert_eq!(attempt(&app, &fresh.credential, &fresh.credential.pin).await.error(), LOCKED);
    let _ = sandbox.stop(rustix::process::Signal::INT);
}

#[tokio::test]
async fn a_22_the_brake_on_one_client_does_not_hold_others() {
    let sandbox = Sandbox::own();
    let (operator, api) = (sandbox.operator(), sandbox.api());
    let app = spray(&sandbox).await;
    let fresh = Outsider::enrol_on(&operator, &api, "fresh", Wanted::QUICK).await;
    assert_eq!(attempt(&app, &fresh.credential, &fresh.credential.pin).await.error(), LOCKED);
    // "its PINs": the client's own, not everybody's.
    let heard: Value = attempt(&fresh.session, &fresh.credential, &fresh.credential.pin).await.ok();
    assert!(heard["SAD"].is_string());
    let _ = sandbox.stop(rustix::process::Signal::INT);
}
