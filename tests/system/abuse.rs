//! Rows of the attack table that no other subject has: alphabets of hashes, what an answer's time tells (A-17,
//! A-18), weak and foreign algorithms, guessed client secrets, what a GET is answered.

use std::time::{Duration, Instant};

use data_encoding::{BASE64, BASE64URL, BASE64URL_NOPAD, HEXLOWER};
use harness::api::{authorize, sign_hash};
use harness::verify::Sha;
use harness::{Algorithm, Credential, Hash, Sandbox, User, Version, Wanted, api, parameter, shared};
use serde_json::json;

use crate::common::Outsider;
use crate::pages::{SHA256, Scene, borrowed, token};
use crate::rows::spelled;

/// A hash that is written differently in Base64 and base64url.
fn ambiguous() -> Hash {
    let hashes = (0..).map(|number| Hash::of(format!("alphabet {number}")));
    let differs = |hash: &Hash| hash.base64().contains('+') && hash.base64().contains('/');
    hashes.into_iter().find(differs).unwrap()
}

#[tokio::test]
async fn a_10_one_hash_is_one_hash_in_every_alphabet() {
    let mut scene = Scene::set("alphabets").await;
    let hash = [ambiguous()];
    // Approved as base64url, as OAuth has it, it is signed as Base64, as signHash has it.
    let back = scene.approve(&hash).await;
    let sad = token(scene.redeem(&parameter(&back, "code").unwrap()).await);
    let signed = api::signatures(&scene.sign_with(&sad, &hash).await.ok());
    scene.who.verifies(&Algorithm::usual("P-256"), &hash[0], &signed[0]);
    // Written in another way it is the same one, or none at all: never a second one to sign.
    let other = |spelling: String| {
        json!({ "credentialID": scene.who.credential.id, "hashes": [spelling], "hashAlgorithmOID": SHA256,
            "signAlgo": Algorithm::usual("P-256").sign_algo })
    };
    // Bits that a decoder might drop: the digest has 256, its 43 characters 258.
    let mut loose = hash[0].base64().into_bytes();
    loose[42] += 1;
    for spelling in [
        BASE64URL_NOPAD.encode(&hash[0].digest),
        BASE64URL.encode(&hash[0].digest),
        hash[0].base64().trim_end_matches('=').to_owned(),
        format!("{}\n", hash[0].base64()),
        format!("{}====", hash[0].base64()),
        HEXLOWER.encode(&hash[0].digest),
        String::from_utf8(loose).unwrap(),
    ] {
        let heard = scene.api.with(&sad).call("v2/signatures/signHash", other(spelling.clone())).await;
        let same = heard.status == 200 && api::signatures(&heard.json) == signed;
        assert!(same || heard.error().0 == 400, "{spelling:?}: {}", heard.json);
    }
    let trail = shared().trail();
    let made = trail.of("signed", "success").filter(|entry| entry["credential"] == *scene.who.credential.id);
    assert_eq!(made.count(), 1);
    // Both spellings in one request are one hash twice, so one short code whichever came first.
    let mut codes = Vec::new();
    for spelling in [BASE64URL_NOPAD.encode(&hash[0].digest), hash[0].base64()] {
        let mut asked = scene.signing(&hash);
        asked.iter_mut().find(|(name, _)| *name == "hashes").unwrap().1 = spelling;
        let page = scene.browser.ask(&borrowed(&asked)).await;
        codes.push(page.html.split("<span class=\"code\">").nth(1).unwrap().split('<').next().unwrap().to_owned());
    }
    assert_eq!(codes[0], codes[1]);
}

/// The mean without the slower half, milliseconds: what the work takes when nothing is in its way.
fn typical(times: &mut [Duration]) -> f64 {
    times.sort();
    let quick = &times[..times.len() / 2];
    quick.iter().map(Duration::as_secs_f64).sum::<f64>() / quick.len() as f64 * 1000.0
}

#[tokio::test]
async fn a_17_a_foreign_credential_takes_as_long_as_none() {
    let (mine, other) = (Outsider::enrol("quick", Wanted::QUICK).await, Outsider::enrol("slow", Wanted::QUICK).await);
    let unknown = Credential { id: "0123456789abcdef0123456789abcdef".to_owned(), ..other.credential.clone() };
    assert_eq!(other.credential.id.len(), unknown.id.len(), "128 bits");
    let hash = [Hash::of("how long")];
    let bodies = |credential: &Credential| {
        [
            ("v1/credentials/info", json!({ "credentialID": credential.id })),
            ("v1/credentials/authorize", authorize(credential, &other.credential.pin, &hash)),
            ("v1/signatures/signHash", sign_hash(credential, "sad_x", &Algorithm::usual("P-256"), &hash)),
        ]
    };
    for ((method, foreign), (_, none)) in bodies(&other.credential).into_iter().zip(bodies(&unknown)) {
        let mut seen = Vec::new();
        // Whatever asked the signer, the HSM or a stretch for one and not for the other would take a multiple.
        let alike = |ratio: &f64| (0.6..1.7).contains(ratio);
        while seen.len() < 5 && !seen.iter().any(alike) {
            let mut times = [Vec::new(), Vec::new()];
            for round in 0..120 {
                let which = round % 2;
                let body = if which == 0 { foreign.clone() } else { none.clone() };
                let begun = Instant::now();
                assert_eq!(mine.session.call(method, body).await.status, 400);
                times[which].push(begun.elapsed());
            }
            let [foreign, none] = &mut times;
            seen.push(typical(foreign) / typical(none));
        }
        println!("{method}: foreign / unknown {seen:.2?}");
        assert!(seen.iter().any(alike), "{method}: {seen:?}");
    }
}

#[tokio::test]
async fn a_18_an_unknown_user_takes_as_long_as_a_wrong_password() {
    // Of its own: wrong passwords count for the address they come from.
    let sandbox = Sandbox::own();
    let api = sandbox.api();
    let mut times = [Vec::new(), Vec::new()];
    let known: Vec<&User> = sandbox.ready.users.iter().take(2).collect();
    for round in 0..4 {
        for (which, name) in [(0, known[round % 2].username.as_str()), (1, ["nobody", "noone"][round % 2])] {
            for _ in 0..2 {
                let basic = format!("Basic {}", BASE64.encode(format!("{name}:wrong").as_bytes()));
                let begun = Instant::now();
                let heard = api.post("/csc/v1/auth/login", &[("authorization", &basic)], "{}").await;
                times[which].push(begun.elapsed());
                assert_eq!((heard.error().0, heard.error().1), (400, "authentication_error"));
            }
        }
    }
    // The least: what else the machine does only makes an answer later.
    let [known, unknown] = times.map(|times| times.iter().min().unwrap().as_secs_f64() * 1000.0);
    println!("known {known:.1} ms, unknown {unknown:.1} ms");
    // Without a password to judge it would be a tenth.
    assert!(unknown > known / 2.0, "known {known} ms, unknown {unknown} ms");
    let _ = sandbox.stop(rustix::process::Signal::INT);
}

#[tokio::test]
async fn a_41_neither_a_weak_algorithm_nor_one_of_another_key_signs() {
    let ec = Outsider::enrol("algorithms-ec", Wanted::QUICK).await;
    let rsa = Outsider::enrol("algorithms-rsa", Wanted { key: "RSA-2048", ..Wanted::QUICK }).await;
    let sha1 = BASE64.encode(&[7; 20]);
    for (who, usual, bare, algorithms) in [
        // ecdsa-with-SHA1, RSA, Ed25519, an OID that is none of an algorithm.
        (
            &ec,
            Algorithm::usual("P-256"),
            "1.2.840.10045.2.1",
            ["1.2.840.10045.4.1", "1.2.840.113549.1.1.11", "1.3.101.112", "2.16.840.1.101.3.4.2.1"],
        ),
        // sha1WithRSA, md5WithRSA, ECDSA, RSA-OAEP.
        (
            &rsa,
            Algorithm::pkcs1(Sha::Sha256),
            "1.2.840.113549.1.1.1",
            ["1.2.840.113549.1.1.5", "1.2.840.113549.1.1.4", "1.2.840.10045.4.3.2", "1.2.840.113549.1.1.7"],
        ),
    ] {
        let hash = [Hash::of("algorithms")];
        let sad = who.session.authorize(&who.credential, &hash).await;
        let right = sign_hash(&who.credential, &sad, &usual, &hash);
        for version in Version::BOTH {
            let method = format!("{}/signatures/signHash", version.segment());
            let ask = async |name: &str, value: serde_json::Value| {
                let mut body = right.clone();
                body[name] = value;
                who.session.call(&method, spelled(version, &body)).await
            };
            for algorithm in algorithms {
                let heard = ask("signAlgo", algorithm.into()).await;
                assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter signAlgo"), "{algorithm}");
            }
            // SHA-1 and MD5 by the hash's OID, beside a key's: where signAlgo says which hash, hashAlgo is to be ignored.
            for oid in ["1.3.14.3.2.26", "1.2.840.113549.2.5"] {
                let mut body = right.clone();
                (body["signAlgo"], body["hashAlgo"]) = (json!(bare), json!(oid));
                let heard = who.session.call(&method, spelled(version, &body)).await;
                let member = if version == Version::V1 { "hashAlgo" } else { "hashAlgorithmOID" };
                assert_eq!(heard.error(), (400, "invalid_request", format!("Invalid parameter {member}").as_str()));
            }
            // Hashes of another length than the algorithm's.
            for wrong in [sha1.clone(), Hash::with(Sha::Sha512, "algorithms").base64(), BASE64.encode(&[7; 31])] {
                let heard = ask("hash", json!([wrong])).await;
                assert_eq!(heard.error(), (400, "invalid_request", "Invalid digest value length"), "{wrong}");
            }
        }
        // A PIN approves no such hash either.
        let mut weak = authorize(&who.credential, &who.credential.pin, &hash);
        weak["hash"] = json!([sha1]);
        assert_eq!(who.session.call("v1/credentials/authorize", weak).await.error().0, 400);
        let signature = who.session.sign(&who.credential, &sad, &usual, &hash).await;
        who.verifies(&usual, &hash[0], &signature[0]);
    }
}

#[tokio::test]
async fn a_44_guessed_client_secrets_are_slowed_down_and_the_app_is_not() {
    let app = shared().operator().add_client("guessed", "clear", false);
    let secret = app.client_secret.as_deref().unwrap();
    assert_eq!(BASE64URL_NOPAD.decode(secret.as_bytes()).unwrap().len(), 32);
    let (api, form) = (shared().api(), [("grant_type", "client_credentials")]);
    for _ in 0..50 {
        let heard = api.form("/oauth2/token", Some((&app.client_id, "guess")), &form).await;
        assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter client_secret"));
    }
    let mut slowed = 0;
    for number in 0..20 {
        let heard = api.form("/oauth2/token", Some((&app.client_id, &format!("guess {number}"))), &form).await;
        if heard.status == 429 {
            assert_eq!(heard.error().1, "temporarily_unavailable");
            assert!(heard.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
            slowed += 1;
        }
    }
    // One a second is judged.
    assert!(slowed >= 10, "{slowed} of 20 were slowed down");
    assert_eq!(api.form("/oauth2/token", Some((&app.client_id, secret)), &form).await.status, 200);
}

#[tokio::test]
async fn a_45_what_gives_tokens_and_sads_is_post_only_and_kept_by_nobody() {
    let api = shared().api();
    for path in [
        "/oauth2/token?grant_type=client_credentials",
        "/oauth2/pushed_authorize",
        "/oauth2/revoke",
        "/csc/v1/auth/login",
        "/csc/v1/credentials/authorize",
        "/csc/v2/credentials/authorize",
        "/csc/v2/credentials/extendTransaction",
        "/csc/v2/signatures/signHash",
        "/csc/v2/credentials/list",
        "/rch",
    ] {
        let heard = api.get(path).await;
        assert_eq!(heard.status, 405, "{path}");
        let kept = heard.headers.get("cache-control").is_none_or(|value| value != "no-store");
        assert!(!kept, "{path}: {:?}", heard.headers);
    }
}
