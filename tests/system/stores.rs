//! Both services on MongoDB: the same whole flow, and the same honesty when the store is away.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use harness::channel::{Device, pinned};
use harness::{Algorithm, Hash, Mongod, Pieces, Wanted};
use serde_json::json;
use toml::Table;

use crate::common::{Outsider, start_afresh};

/// Puts a service's store into a database of this server.
fn on_mongo(config: &mut Table, uri_file: &Path, database: &str) {
    let mut store = Table::new();
    store.insert("engine".to_owned(), "mongo".into());
    store.insert("uri_file".to_owned(), uri_file.display().to_string().into());
    store.insert("database".to_owned(), database.into());
    config.insert("store".to_owned(), store.into());
}

/// Services on a new token, over a server of their own.
fn start() -> Option<(Mongod, Pieces)> {
    let mongod = Mongod::start()?;
    let mut pieces = Pieces::seeded();
    let uri_file = pieces.folder.beside("mongodb-uri");
    std::fs::write(&uri_file, mongod.uri()).unwrap();
    pieces.configure("signer.toml", |config| on_mongo(config, &uri_file, "signer"));
    pieces.configure("gateway.toml", |config| on_mongo(config, &uri_file, "gateway"));
    start_afresh(&mut pieces);
    Some((mongod, pieces))
}

async fn enrol(pieces: &Pieces, key: &'static str) -> Outsider {
    Outsider::enrol_on(&pieces.operator(), &pieces.api(), "mongo", Wanted { key, ..Wanted::QUICK }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn both_services_on_mongodb_sign_and_remember() {
    let Some((_mongod, mut pieces)) = start() else { return };
    assert!(!pieces.folder.file("signer.sqlite").exists() && !pieces.folder.file("gateway.sqlite").exists());
    let (rsa, ec) = (enrol(&pieces, "RSA-2048").await, enrol(&pieces, "P-256").await);
    rsa.can_sign().await;
    let (hashes, algorithm) = (Hash::many("mongo", 2), Algorithm::usual("P-256"));
    let sad = ec.session.authorize(&ec.credential, &hashes).await;
    let first = ec.session.sign(&ec.credential, &sad, &algorithm, &hashes[..1]).await;
    pieces.stop_gateway();
    pieces.stop_signer();
    pieces.start_signer();
    pieces.start_gateway();
    // Tokens, SADs, what was spent, and the trail are all still there.
    let all = ec.session.sign(&ec.credential, &sad, &algorithm, &hashes).await;
    assert_eq!(all[0], first[0]);
    ec.verifies(&algorithm, &hashes[1], &all[1]);
    rsa.can_sign().await;
    assert!(pieces.trail().of("signed", "success").count() >= 3);
    assert!(pieces.verify_trail().unwrap().contains("unbroken"));
    // Neither takes the other's database.
    pieces.stop_gateway();
    pieces.stop_signer();
    let uri_file = pieces.folder.beside("mongodb-uri");
    for (program, config, database, whose) in [
        ("rsign-signer", "signer.toml", "gateway", "[store] database gateway is the store of rsign-gateway"),
        ("rsign-gateway", "gateway.toml", "signer", "[store] database signer is the store of rsign-signer"),
    ] {
        pieces.configure(config, |config| on_mongo(config, &uri_file, database));
        let mut serve = Command::new(harness::program(program));
        let said = harness::command(serve.arg("--config").arg(pieces.folder.file(config)).arg("serve")).unwrap_err();
        assert!(said.contains(whose), "{said}");
    }
    pieces.configure("signer.toml", |config| on_mongo(config, &uri_file, "signer"));
    pieces.configure("gateway.toml", |config| on_mongo(config, &uri_file, "gateway"));
    pieces.start_signer();
    pieces.start_gateway();
    rsa.can_sign().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_mongod_is_503_in_time_and_all_heals_when_it_is_back() {
    let Some((mut mongod, pieces)) = start() else { return };
    let who = enrol(&pieces, "P-256").await;
    let (hash, algorithm) = ([Hash::of("dead mongod")], Algorithm::usual("P-256"));
    let sad = who.session.authorize(&who.credential, &hash).await;
    mongod.kill();
    let asked = Instant::now();
    let wrong = harness::Credential { pin: "wrong".to_owned(), ..who.credential.clone() };
    let (signing, right, wrong) = tokio::join!(
        who.session.try_sign(&who.credential, &sad, &algorithm, &hash),
        who.session.try_authorize(&who.credential, &hash),
        who.session.try_authorize(&wrong, &hash),
    );
    println!("it took {:?} to say that the store is away", asked.elapsed());
    for heard in [signing, right, wrong] {
        assert!(heard.is_away(), "{} {}", heard.status, heard.json);
    }
    assert!(asked.elapsed() < Duration::from_secs(20));
    mongod.run();
    let back = Instant::now();
    while who.session.try_authorize(&who.credential, &hash).await.is_away() {
        assert!(back.elapsed() < Duration::from_secs(20), "it has not healed");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let signatures = who.session.sign(&who.credential, &sad, &algorithm, &hash).await;
    who.verifies(&algorithm, &hash[0], &signatures[0]);
    assert_eq!(pieces.trail().wrong_pins(&who.credential, None), 0);
    pieces.verify_trail().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_20_a_burst_of_wrong_pins_on_mongodb() {
    let Some((_mongod, pieces)) = start() else { return };
    let who = enrol(&pieces, "P-256").await;
    let wrong = harness::Credential { pin: "wrong".to_owned(), ..who.credential.clone() };
    let hash = [Hash::of("burst")];
    let tries = (0..100).map(|_| who.session.try_authorize(&wrong, &hash));
    let answers = futures_util::future::join_all(tries).await;
    let judged = answers.iter().filter(|answer| answer.error().1 == "invalid_pin").count();
    assert_eq!((judged, pieces.trail().wrong_pins(&who.credential, None)), (3, 3));
}

/// Requests that wait for their user: of many at once a few are put before them, and one that was approved survives the
/// gateway that it was approved at.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_user_on_mongodb() {
    let Some((_mongod, mut pieces)) = start() else { return };
    let (operator, api) = (pieces.operator(), pieces.api());
    let user = operator.add_user("mongo-asked");
    let app = api.client(&operator.add_client("mongo-asks", "sealed", true)).await;
    let key = operator.enrol(&user.id, Wanted { mode: "implicit", ..Wanted::QUICK });
    let hashes = Hash::many("asked at once", 20);
    let ask = |hash: &Hash| {
        let body = json!({ "credentialID": key.id, "numSignatures": 1, "hashes": [hash.base64()] });
        let app = app.clone();
        async move { app.call("v2/credentials/authorize", body).await }
    };
    let heard = futures_util::future::join_all(hashes.iter().map(&ask)).await;
    let handles: Vec<_> = heard.iter().filter(|answer| answer.status == 202).collect();
    assert_eq!((handles.len(), heard.iter().filter(|answer| answer.status == 429).count()), (3, 17));
    let mut browser = crate::memory::browser(&pieces);
    assert_eq!(browser.sign_in(&user).await.location(), "/account");
    let waiting = browser.waiting().await;
    assert_eq!(waiting.len(), 3);
    let gone = browser.decide(&waiting[0], "continue").await;
    // The ceremony was performed anew, so the device pins the key that it made.
    std::fs::write(pieces.folder.file("identity.pem"), operator.signer(&["identity"])).unwrap();
    let mut device = Device::follow(&api, &gone, &pinned(&pieces.folder)).await;
    assert_eq!(device.approve(&key.pin).await.0, "done");
    pieces.stop_gateway();
    pieces.start_gateway();
    // At another port, perhaps.
    let again = pieces.api().with(&app.token);
    let granted = again.call("v2/credentials/authorizeCheck", json!({ "handle": waiting[0] })).await.ok();
    assert!(granted["SAD"].as_str().unwrap().starts_with("sad_"));
}
