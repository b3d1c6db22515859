//! `channel-negative-vectors.json`: messages a receiver must refuse, and what it must then do. The file is made here
//! (`RSIGN_WRITE_VECTORS=1 cargo test -p rsign-api channel`), kept equal to what is made, and run from what is
//! published.
//!
//! Every case differs from a good message in one thing. Where a receiver is to find that by more than a signature or
//! tag, these are made anew, so that nothing else is wrong.

mod bodies;
mod handshake;
mod records;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::super::body::{Answer, Request};
use super::super::{Failure, Operation, client, server};
use super::raw::{Raw, Way};
use super::{START, greeting, hex, names, offer, offered, pinned, purpose, ready_client, ready_server, unhex, vector};
use crate::channel::wire::HelloAnswer;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/channel-negative-vectors.json");

const ABOUT: &str = "RCH1: what a receiver must refuse. Keys, hellos and records not given here are those of \
    channel-vectors.json; there the session is made at `start`, for operation 01, and confirmed. \
    step hello: the receiver gets `hello` (a client also `signature` and `finished`), having sent or expecting what \
    channel-vectors.json says. step finished: the signer gets `finished`. step record: the exchanges of `before` take \
    place; a client then sends `request`, or without one the first request of channel-vectors.json; then the receiver gets `record`, or what it makes by sealing `sealed` (the \
    pieces of `plaintext`, each as often as it says, under the vectors' keys). step body: the receiver reads `body` as \
    that of a request (signer) or an answer (client) of `op`, in a session with `names`. Times are Unix seconds by the \
    receiver's clock; octets are hexadecimal.";

/// Who gets the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Receiver {
    Client,
    Signer,
}

/// What kind of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Step {
    Hello,
    Finished,
    Record,
    Body,
}

/// A request and its answer, sealed by the vectors' keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Exchange {
    nonce: String,
    op: u8,
    body: String,
    record: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
}

/// A record too large to be written out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sealed {
    way: String,
    seq: u64,
    plaintext: Vec<(String, usize)>,
    sha256: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    clause: String,
    receiver: Receiver,
    step: Step,
    now: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    hello: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    before: Vec<Exchange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Exchange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<Sealed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    op: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    must: String,
}

impl Case {
    fn new(receiver: Receiver, step: Step, clause: &str, name: impl Into<String>) -> Self {
        let must = match (receiver, step) {
            (Receiver::Signer, Step::Hello) => "fail; ask for no signature, make no session",
            (Receiver::Signer, Step::Finished) => "fail; destroy the session, open no record",
            (Receiver::Signer, _) => "fail; destroy the session, do nothing that was asked, count no try, audit",
            (Receiver::Client, Step::Hello) => "fail; send neither finished nor a record",
            (Receiver::Client, _) => "fail; destroy the session, believe nothing of it",
        };
        Self {
            name: name.into(),
            clause: clause.to_owned(),
            receiver,
            step,
            now: START,
            hello: None,
            signature: None,
            finished: None,
            before: Vec::new(),
            request: None,
            record: None,
            sealed: None,
            op: None,
            body: None,
            must: must.to_owned(),
        }
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Names {
    credential: String,
    key_version: u32,
    tx: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct File {
    profile: String,
    about: String,
    start: u64,
    names: Names,
    cases: Vec<Case>,
}

fn made() -> File {
    let super::Names { credential, key_version, tx } = names();
    File {
        profile: "RCH1".to_owned(),
        about: ABOUT.to_owned(),
        start: START,
        names: Names { credential, key_version, tx },
        cases: [handshake::cases(), records::cases(), bodies::cases()].concat(),
    }
}

#[test]
fn every_published_case_is_refused() {
    super::further::published(PATH, &made());
    let file: File = serde_json::from_str(&std::fs::read_to_string(PATH).unwrap()).unwrap();
    assert!(file.cases.len() > 150);
    let mut accepted = Vec::new();
    for case in &file.cases {
        let result = match (case.receiver, case.step) {
            (Receiver::Signer, Step::Hello) => signer_hello(case),
            (Receiver::Client, Step::Hello) => client_hello(case),
            (Receiver::Signer, Step::Finished) => finished(case),
            (Receiver::Signer, Step::Record) => signer_record(case),
            (Receiver::Client, Step::Record) => client_record(case),
            (receiver, Step::Body) => body(receiver, case),
            (Receiver::Client, Step::Finished) => panic!("a client gets fin_s with the hello"),
        };
        if result.is_ok() {
            accepted.push(&case.name);
        }
    }
    assert!(accepted.is_empty(), "accepted: {accepted:#?}");
}

fn octets(text: Option<&String>) -> Vec<u8> {
    unhex(text.unwrap())
}

fn signer_hello(case: &Case) -> Result<(), Failure> {
    server::Greeting::receive(&octets(case.hello.as_ref()), purpose(), offer(), case.now).map(|_| ())
}

fn client_hello(case: &Case) -> Result<(), Failure> {
    let answer = HelloAnswer {
        hello: octets(case.hello.as_ref()).into(),
        signature: octets(case.signature.as_ref()).into(),
        finished: octets(case.finished.as_ref()).into(),
    };
    greeting().receive(&answer, &pinned(), case.now).map(|_| ())
}

fn finished(case: &Case) -> Result<(), Failure> {
    offered().0.confirm(&octets(case.finished.as_ref()), case.now).map(|_| ())
}

fn signer_record(case: &Case) -> Result<(), Failure> {
    let mut ready = ready_server();
    for Exchange { record, answer_body, answer, .. } in &case.before {
        let (_, working) = ready.open_body(&unhex(record), START).unwrap();
        let sealed = working.seal_body(&octets(answer_body.as_ref()), START).unwrap();
        assert_eq!(Some(hex(&sealed.record)), *answer, "{}", case.name);
        let Some(next) = sealed.next else { return Err(Failure) };
        ready = next;
    }
    ready.open_body(&message(case), case.now).map(|_| ())
}

fn client_record(case: &Case) -> Result<(), Failure> {
    let mut ready = ready_client();
    for exchange in &case.before {
        let waiting = send(ready, exchange);
        let (_, next) = waiting.open_body(&octets(exchange.answer.as_ref()), START).unwrap();
        ready = next.unwrap();
    }
    send(ready, &case.request.clone().unwrap_or_else(vector_request)).open_body(&message(case), case.now).map(|_| ())
}

/// The first request of channel-vectors.json.
fn vector_request() -> Exchange {
    Exchange {
        nonce: hex(&vector("/inputs/N")),
        op: Operation::Enrol.request(),
        body: hex(&vector("/inputs/body")),
        record: hex(&vector("/request")),
        answer_body: None,
        answer: None,
    }
}

fn send(ready: client::Ready, exchange: &Exchange) -> client::Waiting {
    let operation = Operation::from_request(exchange.op).unwrap();
    let nonce = unhex(&exchange.nonce).try_into().unwrap();
    let (waiting, message) = ready.seal_body(operation, &unhex(&exchange.body), nonce, START).unwrap();
    assert_eq!(hex(&message.record), exchange.record);
    waiting
}

/// The record of a case, sealed here where it is too large for the file.
fn message(case: &Case) -> Vec<u8> {
    let Some(Sealed { way, seq, plaintext, sha256 }) = &case.sealed else { return octets(case.record.as_ref()) };
    let way = if way == Way::ToServer.name() { Way::ToServer } else { Way::ToClient };
    let record = Raw::new(way, *seq, pieces(plaintext)).seal();
    assert_eq!(hex(&Sha256::digest(&record)), *sha256);
    record
}

fn pieces(pieces: &[(String, usize)]) -> Vec<u8> {
    pieces.iter().flat_map(|(piece, times)| unhex(piece).repeat(*times)).collect()
}

fn body(receiver: Receiver, case: &Case) -> Result<(), Failure> {
    let operation = Operation::from_request(case.op.unwrap()).unwrap();
    let body = octets(case.body.as_ref());
    match receiver {
        Receiver::Signer => Request::decode(operation, &names(), &body).map(|_| ()),
        Receiver::Client => Answer::decode(operation, &names(), &body).map(|_| ()),
    }
}

/// Copies `octets` with one bit of one octet flipped.
pub(super) fn flipped(octets: &[u8], position: usize) -> Vec<u8> {
    let mut octets = octets.to_vec();
    octets[position] ^= 1;
    octets
}
