//! Parts that die or go away: an honest 503, nothing signed, no counter lost, and all is well again by itself once the
//! part is back.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use harness::api::{authorize, sign_hash, signatures};
use harness::{Algorithm, Answer, Hash, Pieces, Wanted, alive, kill};
use serde_json::json;

use crate::common::{Outsider, WHILE, until};

async fn outsider(pieces: &Pieces, wanted: Wanted) -> Outsider {
    Outsider::enrol_on(&pieces.operator(), &pieces.api(), "failure", wanted).await
}

/// Waits until the call succeeds; until then it may only say that the service is away.
async fn heals(who: &Outsider, within: Duration) {
    let started = Instant::now();
    let hash = [Hash::of("heals")];
    loop {
        let ask = authorize(&who.credential, &who.credential.pin, &hash);
        match who.session.try_call("v1/credentials/authorize", &ask).await {
            Ok(answer) if answer.status == 200 => break,
            Ok(answer) => assert!(answer.is_away(), "{}", answer.json),
            Err(_) => {}
        }
        assert!(started.elapsed() < within, "it has not healed after {within:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    who.can_sign().await;
}

/// The HSM workers, once each of them serves. One that still logs in is not for killing: SoftHSM writes its token anew
/// then, and who ends it there ends the token.
async fn workers(pieces: &Pieces) -> Vec<u32> {
    let signer = pieces.signer.as_ref().unwrap();
    let started = Instant::now();
    loop {
        let (workers, said) = (pieces.workers(), signer.said());
        let serves = |pid: &u32| {
            let line = format!("HSM worker ready worker.pid={pid}");
            said.lines().any(|said| said.ends_with(&line))
        };
        if !workers.is_empty() && workers.iter().all(serves) {
            return workers;
        }
        assert!(started.elapsed() < WHILE, "{workers:?} do not serve: {said}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the signer answers the gateway again, with a call that counts for nothing.
async fn is_back(who: &Outsider) {
    let started = Instant::now();
    let ask = json!({ "credentialID": who.credential.id });
    loop {
        let heard = who.session.call("v2/credentials/info", ask.clone()).await;
        if heard.status == 200 {
            return;
        }
        assert!(heard.is_away() && started.elapsed() < WHILE, "{} {}", heard.status, heard.json);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn try_pin(who: &Outsider, pin: &str) -> Answer {
    who.session.call("v1/credentials/authorize", authorize(&who.credential, pin, &[Hash::of("try")])).await
}

/// Three wrong PINs are judged, the next one is not: nothing was counted before, and nothing is under way.
async fn has_all_its_tries(who: &Outsider) {
    for _ in 0..3 {
        let heard = try_pin(who, "wrong").await;
        assert_eq!(heard.error(), (400, "invalid_pin", "The PIN is invalid"));
    }
    assert_eq!(try_pin(who, "wrong").await.error().2, "PIN locked");
}

#[tokio::test(flavor = "multi_thread")]
async fn hsm_workers_killed_under_load_are_replaced() {
    let pieces = Pieces::running();
    let who = outsider(&pieces, Wanted::QUICK).await;
    let (stop, signed) = (AtomicBool::new(false), AtomicUsize::new(0));
    let load = join_all((0..8).map(|lane| {
        let (who, stop, signed) = (&who, &stop, &signed);
        async move {
            let algorithm = Algorithm::usual("P-256");
            for round in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let hash = [Hash::of(format!("lane {lane} round {round}"))];
                let answer = who.session.try_authorize(&who.credential, &hash).await;
                if answer.status != 200 {
                    assert!(answer.is_away(), "{}", answer.json);
                    continue;
                }
                let answer = who
                    .session
                    .try_sign(&who.credential, answer.json["SAD"].as_str().unwrap(), &algorithm, &hash)
                    .await;
                if answer.status != 200 {
                    assert!(answer.is_away(), "{}", answer.json);
                    continue;
                }
                who.verifies(&algorithm, &hash[0], &signatures(&answer.json)[0]);
                signed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }));
    let killing = async {
        let before = workers(&pieces).await;
        for round in 0..3 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let workers = workers(&pieces).await;
            // One at a time, then all at once.
            workers.iter().take(if round == 2 { usize::MAX } else { 1 }).for_each(|pid| kill(*pid));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        stop.store(true, Ordering::Relaxed);
        before
    };
    let (_, before) = tokio::join!(load, killing);
    heals(&who, Duration::from_secs(10)).await;
    assert!(signed.load(Ordering::Relaxed) > 0);
    assert!(pieces.workers().iter().all(|pid| !before.contains(pid) && alive(*pid)));
    // Whatever was lost with a worker, no PIN was called wrong.
    assert_eq!(pieces.trail().wrong_pins(&who.credential, None), 0);
    has_all_its_tries(&who).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_signer_is_503_and_its_return_is_noticed() {
    let mut pieces = Pieces::running();
    let who = outsider(&pieces, Wanted::QUICK).await;
    let (hashes, algorithm) = (Hash::many("dead signer", 2), Algorithm::usual("P-256"));
    let sad = who.session.authorize(&who.credential, &hashes).await;
    let first = who.session.sign(&who.credential, &sad, &algorithm, &hashes[..1]).await;
    let workers = workers(&pieces).await;
    pieces.kill_signer();

    let started = Instant::now();
    for (method, body) in [
        ("v1/credentials/authorize", authorize(&who.credential, &who.credential.pin, &hashes)),
        ("v1/credentials/authorize", authorize(&who.credential, "wrong", &hashes)),
        ("v1/signatures/signHash", sign_hash(&who.credential, &sad, &algorithm, &hashes)),
        (
            "v2/credentials/extendTransaction",
            json!({ "credentialID": who.credential.id, "SAD": sad, "hashes": [hashes[1].base64()] }),
        ),
        ("v2/credentials/info", json!({ "credentialID": who.credential.id })),
    ] {
        let heard = who.session.call(method, body).await;
        assert!(heard.is_away(), "{method}: {} {}", heard.status, heard.json);
    }
    assert!(started.elapsed() < Duration::from_secs(5), "who is away is said at once");
    // What needs no signer works.
    assert_eq!(who.session.call("v1/info", json!({})).await.status, 200);
    assert_eq!(
        who.session.call("v1/credentials/list", json!({})).await.ok()["credentialIDs"],
        json!([who.credential.id])
    );
    until("the workers of a dead signer end by themselves", || workers.iter().all(|pid| !alive(*pid)));

    pieces.start_signer();
    heals(&who, Duration::from_secs(5)).await;
    let all = who.session.sign(&who.credential, &sad, &algorithm, &hashes).await;
    assert_eq!(all[0], first[0], "a spent hash has one signature");
    who.verifies(&algorithm, &hashes[1], &all[1]);
    has_all_its_tries(&who).await;
    pieces.verify_trail().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_gateway_comes_back_with_all_it_had_promised() {
    let mut pieces = Pieces::running();
    let who = outsider(&pieces, Wanted::QUICK).await;
    let (hash, algorithm) = ([Hash::of("dead gateway")], Algorithm::usual("P-256"));
    let sad = who.session.authorize(&who.credential, &hash).await;
    let signature = who.session.sign(&who.credential, &sad, &algorithm, &hash).await;
    pieces.kill_gateway();
    assert!(who.session.try_call("v1/info", &json!({})).await.is_err());
    pieces.start_gateway();
    assert_eq!(who.session.sign(&who.credential, &sad, &algorithm, &hash).await, signature);
    who.can_sign().await;
}

/// Holds the write lock of a SQLite file, as a backup program gone wrong would.
struct Lock(Child);

impl Lock {
    fn take(file: &std::path::Path) -> Self {
        const PROGRAM: &str = "import sqlite3, sys
store = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
store.execute('BEGIN IMMEDIATE')
print('locked', flush=True)
sys.stdin.read()";
        let mut python = Command::new("python3");
        python.args(["-c", PROGRAM]).arg(file).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = python.spawn().unwrap();
        let mut said = [0; 6];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
        Self(child)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.stdin.take().map(|mut input| input.flush());
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_written_is_503_and_nothing_is_signed_or_judged() {
    let pieces = Pieces::running();
    let who = outsider(&pieces, Wanted::QUICK).await;
    let (hash, algorithm) = ([Hash::of("dead store")], Algorithm::usual("P-256"));
    let sad = who.session.authorize(&who.credential, &hash).await;
    let lock = Lock::take(&pieces.folder.file("signer.sqlite"));
    let started = Instant::now();
    let (signing, right, wrong) = tokio::join!(
        who.session.try_sign(&who.credential, &sad, &algorithm, &hash),
        try_pin(&who, &who.credential.pin),
        try_pin(&who, "wrong"),
    );
    for heard in [signing, right, wrong] {
        assert!(heard.is_away(), "{} {}", heard.status, heard.json);
    }
    assert!(started.elapsed() < Duration::from_secs(30));
    drop(lock);
    heals(&who, Duration::from_secs(10)).await;
    let trail = pieces.trail();
    assert_eq!(trail.wrong_pins(&who.credential, None), 0);
    let signatures = who.session.sign(&who.credential, &sad, &algorithm, &hash).await;
    who.verifies(&algorithm, &hash[0], &signatures[0]);
    has_all_its_tries(&who).await;
    pieces.verify_trail().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_store_that_cannot_be_written_does_not_stop_signing() {
    let pieces = Pieces::running();
    let who = outsider(&pieces, Wanted::QUICK).await;
    let (hashes, algorithm) = (Hash::many("locked store", 1), Algorithm::usual("P-256"));
    let sad = who.session.authorize(&who.credential, &hashes).await;
    let lock = Lock::take(&pieces.folder.file("gateway.sqlite"));
    // DESIGN 4: signHash costs no gateway commit. An approval does: its owner's history has it, or there is no SAD.
    who.session.sign(&who.credential, &sad, &algorithm, &hashes).await;
    let heard = try_pin(&who, &who.credential.pin).await;
    assert!(heard.is_away(), "{} {}", heard.status, heard.json);
    let user = &who.user;
    let form = [("grant_type", "client_credentials")];
    let client = pieces.clear_client();
    let basic = (client.client_id.as_str(), client.client_secret.as_deref().unwrap());
    let heard = who.session.api.form("/oauth2/token", Some(basic), &form).await;
    assert!(heard.is_away(), "{} {}", heard.status, heard.json);
    drop(lock);
    who.session.api.login(user).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_24_a_dead_hsm_is_503_and_gives_every_try_back() {
    let pieces = Pieces::running();
    let who = outsider(&pieces, Wanted::QUICK).await;
    let (hashes, algorithm) = (Hash::many("dead HSM", 2), Algorithm::usual("P-256"));
    let sad = who.session.authorize(&who.credential, &hashes).await;
    let first = who.session.sign(&who.credential, &sad, &algorithm, &hashes[..1]).await;
    let (tokens, away) = (pieces.folder.file("tokens"), pieces.folder.file("tokens.away"));
    let workers = workers(&pieces).await;
    std::fs::rename(&tokens, &away).unwrap();
    workers.into_iter().for_each(kill);

    let started = Instant::now();
    let (signing, right, wrong) = tokio::join!(
        who.session.try_sign(&who.credential, &sad, &algorithm, &hashes),
        try_pin(&who, &who.credential.pin),
        join_all((0..2).map(|_| try_pin(&who, "wrong"))),
    );
    for heard in [signing, right].into_iter().chain(wrong) {
        assert!(heard.is_away(), "{} {}", heard.status, heard.json);
    }
    // A call waits 20 seconds for a worker to come back.
    assert!(started.elapsed() < Duration::from_secs(30), "it took {:?} to say so", started.elapsed());
    // What was signed before needs no HSM.
    assert_eq!(who.session.sign(&who.credential, &sad, &algorithm, &hashes[..1]).await, first);

    std::fs::rename(&away, &tokens).unwrap();
    heals(&who, Duration::from_secs(15)).await;
    assert_eq!(pieces.trail().wrong_pins(&who.credential, None), 0);
    let all = who.session.sign(&who.credential, &sad, &algorithm, &hashes).await;
    assert_eq!(all[0], first[0]);
    who.verifies(&algorithm, &hashes[1], &all[1]);
    has_all_its_tries(&who).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_21_a_judged_try_survives_the_signer() {
    let mut pieces = Pieces::running();
    let who = outsider(&pieces, Wanted::QUICK).await;
    for _ in 0..3 {
        assert_eq!(try_pin(&who, "wrong").await.error().1, "invalid_pin");
        pieces.kill_signer();
        pieces.start_signer();
        is_back(&who).await;
    }
    let heard = try_pin(&who, &who.credential.pin).await;
    assert_eq!(heard.error(), (400, "invalid_request", "PIN locked"));
    assert_eq!(pieces.trail().wrong_pins(&who.credential, None), 3);
    pieces.verify_trail().unwrap();
}
