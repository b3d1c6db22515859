//! Asynchronous mode (v2: 11.10 operationMode A, 11.12 signPolling).

use std::time::Duration;

use serde_json::{Value, json};

use crate::check::{Stop, Verdict, ensure};
use crate::session::{Answer, Expected, Rows, Session, signatures, with};

/// How often, and how many times, signPolling is asked.
const POLLS: (Duration, u32) = (Duration::from_millis(250), 240);

fn supported(s: &Session) -> bool {
    s.info()["asynchronousOperationMode"] == true
}

fn needs_it(s: &Session) -> Verdict {
    if supported(s) {
        return Ok(());
    }
    Err(Stop::NotApplicable("info.asynchronousOperationMode is not true".to_owned()))
}

/// Asks for one signature with these members beside the usual ones.
async fn ask(s: &Session, more: Value) -> Result<Answer, Stop> {
    let described = s.describe(s.credential()?).await?;
    let way = described.usual()?;
    let digests = s.digests(way.hash, 1);
    let sad = s.activate(&described, way.hash, &digests).await?;
    let ask = with(s.signing(described.credential, &sad.value, &way, &digests), more);
    s.call("signatures/signHash", &ask).await
}

pub(super) async fn delivers(s: &Session) -> Verdict {
    needs_it(s)?;
    let described = s.describe(s.credential()?).await?;
    let way = described.usual()?;
    let digests = s.digests(way.hash, 1);
    let sad = s.activate(&described, way.hash, &digests).await?;
    let ask = with(s.signing(described.credential, &sad.value, &way, &digests), json!({ "operationMode": "A" }));
    let id = s.call("signatures/signHash", &ask).await?.text("responseID")?;
    for _ in 0..POLLS.1 {
        let answer = s.call("signatures/signPolling", &json!({ "requestID": id })).await?;
        if answer.status == 202 {
            ensure(
                answer.error() == "accepted_request",
                format!("HTTP 202 with error \"{}\", not accepted_request", answer.error()),
            )?;
            tokio::time::sleep(POLLS.0).await;
            continue;
        }
        let made = signatures(&answer, 1)?;
        let fits = described.key.verifies(way.scheme, way.hash, &digests[0], &made[0]);
        return ensure(fits, "the signature that was polled for does not verify");
    }
    Err(Stop::Wrong("signPolling never delivered".to_owned()))
}

/// Who does not do it says so, and does not sign at once instead.
pub(super) async fn refused(s: &Session) -> Verdict {
    if supported(s) {
        return Err(Stop::NotApplicable("info.asynchronousOperationMode is true".to_owned()));
    }
    ask(s, json!({ "operationMode": "A" })).await?.refused("operationMode A, which info does not claim")
}

async fn rows(s: &Session) -> Result<Rows, Stop> {
    needs_it(s)?;
    let mut rows = Rows::default();
    // A negative one may be either, bad or out of bounds: the text does not say.
    let expected = Expected::request("Invalid parameter validity_period");
    let soon = json!({ "operationMode": "A", "validity_period": "soon" });
    rows.add("a validity_period that is a string", expected, ask(s, soon).await?);
    let bounds = Expected::request("Out of bounds parameter validity_period");
    let ages = json!({ "operationMode": "A", "validity_period": 100_000_000_000_000_u64 });
    rows.add("a validity_period of ages", bounds, ask(s, ages).await?);
    let uri = Expected::request("Invalid parameter response_uri");
    let nowhere = json!({ "operationMode": "A", "response_uri": "no address" });
    rows.add("a response_uri that is no address", uri, ask(s, nowhere).await?);
    Ok(rows)
}

pub(super) async fn errors(s: &Session) -> Verdict {
    rows(s).await?.codes()
}

pub(super) async fn sentences(s: &Session) -> Verdict {
    rows(s).await?.sentences(s.version())
}

/// A response_uri inside the service's own network is no place to send anything to.
pub(super) async fn inside(s: &Session) -> Verdict {
    needs_it(s)?;
    for uri in ["http://127.0.0.1:1/", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd"] {
        let answer = ask(s, json!({ "operationMode": "A", "response_uri": uri })).await?;
        answer.refused(&format!("the response_uri {uri}"))?;
    }
    Ok(())
}

async fn polling_rows(s: &Session) -> Result<Rows, Stop> {
    let mut rows = Rows::default();
    let poll = async |ask: Value| s.call("signatures/signPolling", &ask).await;
    let missing = Expected::request("Missing (or invalid type) string parameter requestID");
    rows.add("no requestID", missing, poll(json!({})).await?);
    rows.add("a requestID that is a number", missing, poll(json!({ "requestID": 7 })).await?);
    rows.add(
        "an unknown requestID",
        Expected::request("Invalid parameter requestID"),
        poll(json!({ "requestID": s.nonce() })).await?,
    );
    Ok(rows)
}

pub(super) async fn polling_errors(s: &Session) -> Verdict {
    polling_rows(s).await?.codes()
}

pub(super) async fn polling_sentences(s: &Session) -> Verdict {
    polling_rows(s).await?.sentences(s.version())
}
