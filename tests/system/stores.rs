//! Both services on MongoDB: the same whole flow, and the same honesty when the store is away.

use std::path::Path;
use std::time::{Duration, Instant};

use harness::{Algorithm, Hash, Mongod, Pieces, Wanted};
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
