//! What becomes of a channel that does not end as it should.

use super::*;

#[tokio::test]
async fn a_sad_nobody_can_fetch_is_ended() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let app = bench.client_token("app", PinTransport::Sealed, Reach::All).await;
    let ask = json!({ "credentialID": id, "numSignatures": 1, "hash": [HASH] });
    let registered = bench.call("/rch", &app, ask).await.json;
    let (tx, token) = (registered["tx"].as_str().unwrap(), registered["token"].as_str().unwrap());
    bench.relay(tx, token, "hello", json!({ "hello": "AAAA" })).await;
    bench.due([authorised("sad_kept"), authorised("sad_one")]);
    assert_eq!(bench.record(tx, token).await, "done");
    assert_eq!(bench.record(tx, token).await, "failed");
    assert_eq!(*bench.signer.ended.lock().unwrap(), ["sad_one"]);
}

#[tokio::test]
async fn a_channel_that_broke_is_not_asked_about_again() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    let Started { tx, token } = bench.start(Operation::ChangePin, None, &id).await;
    let token = token.expose_secret();
    let hello = json!({ "hello": "AAAA" });
    assert_eq!(bench.relay(&tx, token, "hello", hello.clone()).await.status, 200);
    *bench.signer.refusal.lock().unwrap() = Some(Refusal::Channel);
    let asked = || bench.signer.records.load(Ordering::Relaxed);
    for _ in 0..100 {
        assert_eq!(bench.record(&tx, token).await, "failed");
    }
    assert_eq!(asked(), 1, "the signer writes each of them down");
    // A page that starts again does so with one of its handshakes.
    *bench.signer.refusal.lock().unwrap() = None;
    assert_eq!(bench.record(&tx, token).await, "failed");
    assert_eq!(bench.relay(&tx, token, "hello", hello).await.status, 200);
    bench.due([ChannelOutcome::PinChanged]);
    assert_eq!(bench.record(&tx, token).await, "done");
}

/// A source that dries up when a test says so.
#[derive(Debug, Default)]
struct Spring {
    dry: AtomicBool,
    source: SystemSource,
}

impl Random for Spring {
    fn fill(&self, octets: &mut [u8]) -> Result<(), Exhausted> {
        if self.dry.load(Ordering::Relaxed) { Err(Exhausted) } else { self.source.fill(octets) }
    }
}

#[tokio::test]
async fn signatures_that_cannot_be_written_down_stay_here() {
    let bench = Bench::new().await;
    let id = bench.credential(&bench.ann, Scal::Two).await;
    // An entry of the history takes a few random octets: without them it cannot be written.
    bench.register(registration("app")).await;
    let spring = Arc::new(Spring::default());
    let parts = Parts { random: Arc::clone(&spring) as Arc<dyn Random>, ..bench.parts.clone() };
    let app = App::new(&bench.site.config, &parts, PUBLIC).unwrap();
    for dry in [true, false] {
        let start = Start {
            operation: Operation::Sign,
            user: bench.ann.clone(),
            client: "app".to_owned(),
            app: None,
            credential: id.clone(),
            signatures: 1,
            list: Vec::new(),
            labels: Vec::new(),
            enrol: None,
            label: None,
            mode: AuthMode::default(),
            signed: None,
            origin: Origin::Api,
            eras: Eras::default(),
            language: Language::En,
        };
        let Started { tx, token } = app.transactions.register(start).await.unwrap();
        let token = token.expose_secret();
        app.transactions.hello(&tx, token, Bytes(vec![0; 3])).await.unwrap();
        bench.due([ChannelOutcome::Signed { count: 1 }]);
        spring.dry.store(dry, Ordering::Relaxed);
        let relayed = app.transactions.record(&tx, token, None, Bytes(vec![1])).await;
        spring.dry.store(false, Ordering::Relaxed);
        assert_eq!(relayed.is_err(), dry, "{relayed:?}");
    }
    assert_eq!(app.history.read(&bench.ann, None, None, 10).await.unwrap().entries.len(), 1);
}
