//! A gateway that is told to stop: who waits hears so, and the log says how many were cut off.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use harness::{Api, Hash, Wanted, send};
use rustix::process::Signal;
use serde_json::json;

use crate::common::{Outsider, WHILE};
use crate::limits::{begun, limited, rest};

const IMPLICIT: Wanted = Wanted { mode: "implicit", ..Wanted::QUICK };

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_ends_nothing_and_at_the_stop_who_waits_is_answered_and_who_is_cut_off_is_counted() {
    let (pieces, address) = limited("grace_seconds = 16\nbody_timeout_seconds = 60");
    let api = Api::new(&format!("http://{address}"), None);
    let who = Outsider::enrol_on(&pieces.operator(), &api, "stopping", IMPLICIT).await;
    let gateway = pieces.gateway.as_ref().unwrap();
    let says = async |what: &str| {
        let began = Instant::now();
        while !gateway.said().contains(what) {
            assert!(began.elapsed() < WHILE, "the log does not say {what}: {}", gateway.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    send(gateway.pid(), Signal::HUP);
    says("SIGHUP: the configuration is read at the start only").await;
    assert_eq!(api.client(pieces.clear_client()).await.call("v2/info", json!({})).await.status, 200, "it goes on");
    // One that waits for its user; a body that comes to no end; a form that comes to none, of which nobody thinks.
    let ask = json!({ "credentialID": who.credential.id, "numSignatures": 1, "hash": [Hash::of("stop").base64()] });
    let session = who.session.clone();
    let waits = tokio::spawn(async move { (session.call("v1/credentials/authorize", ask).await, Instant::now()) });
    let (mut body, mut form) = (begun(&address, "/csc/v1/info"), begun(&address, "/oauth2/token"));
    let _idle = TcpStream::connect(&address).unwrap();
    says("a user is asked").await;
    let told = Instant::now();
    send(gateway.pid(), Signal::TERM);
    let (answer, at) = waits.await.unwrap();
    assert!(answer.is_away(), "{}", answer.json);
    assert!(at.duration_since(told) < Duration::from_secs(5), "at once, after {:?}", at.duration_since(told));
    let (heard, _) = tokio::task::spawn_blocking(move || rest(&mut body)).await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 503") && heard.contains("temporarily_unavailable"), "{heard}");
    assert!(heard.to_lowercase().contains("retry-after: 1"), "{heard}");
    assert!((8..14).contains(&told.elapsed().as_secs()), "in the middle, after {:?}", told.elapsed());
    let (heard, _) = tokio::task::spawn_blocking(move || rest(&mut form)).await.unwrap();
    assert!(heard.is_empty(), "{heard}");
    assert!((16..26).contains(&told.elapsed().as_secs()), "in the end, after {:?}", told.elapsed());
    says("stopped").await;
    let said = gateway.said();
    let line = said.lines().find(|line| line.contains("are cut off")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("calls=1"), "{line}");
    // What was asked stays asked: the next start's user finds it.
    assert!(said.contains("the gateway is being stopped"), "{said}");
}
