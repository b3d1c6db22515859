//! Whole sessions between our two ends, and where they end.

use super::super::body::{Answer, Authorize, Enrol, Reason, Request};
use super::super::context::Context;
use super::super::list::{Entry, List};
use super::super::record::MAX_BODY;
use super::super::server::{Session, Working};
use super::super::wire::{HelloRequest, RecordRequest};
use super::super::{Failure, MAX_IDLE, MAX_LIFE, Operation, Secret, client, record, server};
use super::{START, ephemeral, fixed, identity, offer, offered, pinned, ready_client, ready_server};
use crate::algorithm::HashAlgorithm;
use crate::signer::EntryType;

fn list() -> List {
    let entry = Entry { r#type: EntryType::Dtbsr, hash: vec![7; 32], label: None };
    List::new(HashAlgorithm::Sha256, vec![entry]).unwrap()
}

pub(super) fn context() -> Context {
    Context {
        operation: Operation::Authorize,
        tx: "tx-1".to_owned(),
        tenant: "tenant".to_owned(),
        user: "user".to_owned(),
        client: "client".to_owned(),
        credential: "cred-1".to_owned(),
        key_version: 1,
        list_digest: Some(list().digest()),
    }
}

fn authorize(pin: &str) -> Request {
    Request::Authorize(Authorize {
        pin: Secret::new(pin.as_bytes().to_vec()),
        factor: None,
        list_digest: Some(list().digest()),
        signatures: 1,
    })
}

/// A handshake for these contexts, with the vectors' keys.
pub(super) fn handshake(theirs: &Context, ours: &Context) -> Result<(client::Ready, server::Offered), Failure> {
    use p256::ecdsa::Signature;
    use p256::ecdsa::signature::hazmat::PrehashSigner as _;

    let greeting = client::Greeting::start(theirs.purpose()?, ephemeral(fixed("/inputs/x")), [1; 32])?;
    let message = HelloRequest { hello: greeting.hello().to_vec().into() };
    let signer = server::Greeting::receive(&message.hello, ours.purpose()?, offer(), START)?;
    let signature: Signature = identity().sign_prehash(&signer.digest()).unwrap();
    let (offered, answer) = signer.sign(&signature.to_bytes().into())?;
    Ok((greeting.receive(&answer, &pinned(), START)?, offered))
}

fn receive(session: Session, message: &RecordRequest) -> Result<(Request, Working), Failure> {
    session.receive(message.finished.as_deref(), &message.record, START)
}

#[test]
fn a_wrong_pin_then_a_right_one_then_close() {
    let (client, offered) = handshake(&context(), &context()).unwrap();
    let (waiting, message) = client.seal(&authorize("111111"), [1; 16], START).unwrap();
    assert_eq!(record::sid(&message.record), Ok(offered.sid()));
    let (request, working) = receive(Session::Offered(offered), &message).unwrap();
    assert!(matches!(request, Request::Authorize(authorize) if authorize.pin.reveal() == b"111111"));
    let wrong = Reason::WrongPin { tries_left: Some(2) };
    let sealed = working.seal(&Answer::Refused(wrong), START).unwrap();
    let (answer, client) = waiting.open(&sealed.record, START).unwrap();
    assert!(matches!(answer, Answer::Refused(reason) if reason == wrong));

    let (waiting, message) = client.unwrap().seal(&authorize("271828"), [2; 16], START).unwrap();
    assert_eq!(message.finished, None);
    let (_, working) = receive(Session::Ready(sealed.next.unwrap()), &message).unwrap();
    let sealed = working.seal(&Answer::Done, START).unwrap();
    let (answer, client) = waiting.open(&sealed.record, START).unwrap();
    assert!(matches!(answer, Answer::Done));

    let (waiting, message) = client.unwrap().seal(&Request::Close, [3; 16], START).unwrap();
    let (request, working) = receive(Session::Ready(sealed.next.unwrap()), &message).unwrap();
    assert!(matches!(request, Request::Close));
    let sealed = working.seal(&Answer::Closed, START).unwrap();
    assert!(sealed.next.is_none());
    let (answer, client) = waiting.open(&sealed.record, START).unwrap();
    assert!(matches!(answer, Answer::Closed));
    assert!(client.is_none());
}

#[test]
fn contexts_that_differ_in_anything_do_not_meet() {
    assert!(handshake(&context(), &context()).is_ok());
    let other = || "other".to_owned();
    for ours in [
        Context { operation: Operation::Sign, ..context() },
        Context { tx: other(), ..context() },
        Context { tenant: other(), ..context() },
        Context { user: other(), ..context() },
        Context { client: other(), ..context() },
        Context { credential: other(), ..context() },
        Context { key_version: 2, ..context() },
        Context { list_digest: None, ..context() },
        Context { list_digest: Some([0; 32]), ..context() },
    ] {
        assert!(handshake(&context(), &ours).is_err(), "{ours:?}");
    }
}

#[test]
fn finished_stands_in_the_first_message_only() {
    let (client, offered) = handshake(&context(), &context()).unwrap();
    let (_, message) = client.seal(&authorize("271828"), [1; 16], START).unwrap();
    let RecordRequest { finished, record } = message;
    assert!(Session::Offered(offered).receive(None, &record, START).is_err());

    let (_, offered) = handshake(&context(), &context()).unwrap();
    let ready = offered.confirm(finished.as_deref().unwrap(), START).unwrap();
    assert!(Session::Ready(ready).receive(finished.as_deref(), &record, START).is_err());
}

#[test]
fn a_session_is_for_one_operation() {
    let (client, _) = handshake(&context(), &context()).unwrap();
    let pin = || Secret::new(b"271828".to_vec());
    let change = super::super::body::ChangePin { pin: pin(), new_pin: pin(), factor: None };
    assert!(client.seal(&Request::ChangePin(change), [1; 16], START).is_err());
}

#[test]
fn sixteen_exchanges_and_no_more() {
    let (mut client, mut server) = (ready_client(), ready_server());
    for exchange in 0..16_u8 {
        let (waiting, message) = client.seal_body(Operation::Enrol, b"", [exchange; 16], START).unwrap();
        let (_, working) = server.open_body(&message.record, START).unwrap();
        let sealed = working.seal_body(b"", START).unwrap();
        let (_, next) = waiting.open_body(&sealed.record, START).unwrap();
        assert_eq!((next.is_some(), sealed.next.is_some()), (exchange < 15, exchange < 15));
        let (Some(ours), Some(theirs)) = (next, sealed.next) else { return };
        (client, server) = (ours, theirs);
    }
}

#[test]
fn the_largest_body() {
    let body = vec![0x5a; MAX_BODY];
    let (waiting, message) = ready_client().seal_body(Operation::Enrol, &body, [1; 16], START).unwrap();
    assert_eq!(message.record.len(), record::MAX_RECORD);
    let (got, working) = ready_server().open_body(&message.record, START).unwrap();
    assert!(got.reveal() == body);
    let sealed = working.seal_body(&body, START).unwrap();
    assert!(waiting.open_body(&sealed.record, START).unwrap().0.reveal() == body);

    let larger = vec![0x5a; MAX_BODY + 1];
    assert!(ready_client().seal_body(Operation::Enrol, &larger, [1; 16], START).is_err());
}

/// The server at work on a request sealed and opened at these times.
fn working(sealed_at: u64, opened_at: u64) -> Result<(client::Waiting, Working), Failure> {
    let (waiting, message) = ready_client().seal_body(Operation::Enrol, b"", [1; 16], sealed_at)?;
    let (_, working) = ready_server().open_body(&message.record, opened_at)?;
    Ok((waiting, working))
}

#[test]
fn idle_sessions_end() {
    assert!(working(START + MAX_IDLE, START + MAX_IDLE).is_ok());
    assert!(working(START + MAX_IDLE + 1, START).is_err());
    assert!(working(START, START + MAX_IDLE + 1).is_err());
    assert!(offered().0.confirm(&fixed::<32>("/fin_c"), START + MAX_IDLE + 1).is_err());

    // The signer may take its time for an answer; after it, idleness is counted anew.
    let later = START + MAX_IDLE + 30;
    let (waiting, working) = working(START, START).unwrap();
    let sealed = working.seal_body(b"", later).unwrap();
    let (_, client) = waiting.open_body(&sealed.record, later).unwrap();
    let (_, message) = client.unwrap().seal_body(Operation::Enrol, b"", [2; 16], later + MAX_IDLE).unwrap();
    assert!(sealed.next.unwrap().open_body(&message.record, later + MAX_IDLE).is_ok());
}

#[test]
fn sessions_end_at_exp() {
    let exp = START + MAX_LIFE;
    let (waiting, at_work) = working(START, START).unwrap();
    let sealed = at_work.seal_body(b"", exp - 1).unwrap();
    let (_, client) = waiting.open_body(&sealed.record, exp - 1).unwrap();
    let client = client.unwrap();
    assert!(client.seal_body(Operation::Enrol, b"", [2; 16], exp).is_err());

    let (waiting, at_work) = working(START, START).unwrap();
    let sealed = at_work.seal_body(b"", exp - 1).unwrap();
    assert!(waiting.open_body(&sealed.record, exp).is_err());
    assert!(working(START, START).unwrap().1.seal_body(b"", exp).is_err());
}

#[test]
fn an_offer_out_of_bounds_is_refused() {
    let receive = |offer| {
        let hello = super::vector("/ClientHello");
        server::Greeting::receive(&hello, super::purpose(), offer, START).is_ok()
    };
    assert!(receive(offer()));
    assert!(!receive(server::Offer { life: 0, ..offer() }));
    assert!(!receive(server::Offer { life: MAX_LIFE + 1, ..offer() }));
    assert!(!receive(server::Offer { nonce: [0; 32], ..offer() }));
    assert!(client::Greeting::start(super::purpose(), ephemeral([1; 32]), [0; 32]).is_err());
}

#[test]
fn an_answer_must_fit_the_operation() {
    let (client, offered) = handshake(&context(), &context()).unwrap();
    let (_, message) = client.seal(&authorize("271828"), [1; 16], START).unwrap();
    let (_, working) = receive(Session::Offered(offered), &message).unwrap();
    assert_eq!(working.operation(), Operation::Authorize);
    assert!(working.seal(&Answer::Signatures(vec![vec![1]]), START).is_err());
}

/// What is left of an enrolment after its answer.
fn enrolled(new_pin: Option<&str>, pin: Option<&str>) -> Result<(client::Ready, server::Ready), Failure> {
    let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
    let context = Context { operation: Operation::Enrol, ..context() };
    let (client, offered) = handshake(&context, &context)?;
    let enrol = Enrol { new_pin: new_pin.map(secret), factor: None, digest: list().digest() };
    let (waiting, message) = client.seal(&Request::Enrol(enrol), [1; 16], START)?;
    let (_, working) = receive(Session::Offered(offered), &message)?;
    let sealed = working.seal(&Answer::Enrolled { pin: pin.map(secret), factor: None }, START)?;
    let (answer, client) = waiting.open(&sealed.record, START)?;
    assert!(
        matches!(answer, Answer::Enrolled { pin: told, .. } if told.as_ref().map(Secret::reveal) == pin.map(str::as_bytes))
    );
    client.zip(sealed.next).ok_or(Failure)
}

#[test]
fn a_pin_is_told_where_none_was_chosen() {
    assert!(enrolled(Some("271828"), None).is_ok());
    assert!(enrolled(None, Some("31415926")).is_ok());
    assert!(enrolled(None, None).is_err());
    assert!(enrolled(Some("271828"), Some("31415926")).is_err());
}

#[test]
fn the_signer_says_no_more_and_no_less_than_is_due() {
    let context = Context { operation: Operation::Enrol, ..context() };
    for (pin, good) in [(None, false), (Some(b"31415926".to_vec()), true)] {
        let (client, offered) = handshake(&context, &context).unwrap();
        let enrol = Request::Enrol(Enrol { new_pin: None, factor: None, digest: list().digest() });
        let (_, message) = client.seal(&enrol, [1; 16], START).unwrap();
        let (_, working) = receive(Session::Offered(offered), &message).unwrap();
        assert_eq!(working.seal(&Answer::Enrolled { pin: pin.map(Secret::new), factor: None }, START).is_ok(), good);
    }
}

#[test]
fn the_owner_of_a_new_key_has_time_and_may_have_to_close_twice() {
    let later = START + 4 * MAX_IDLE;
    let (client, server) = enrolled(None, Some("31415926")).unwrap();
    let (waiting, message) = client.seal(&Request::Close, [2; 16], later).unwrap();
    let (_, working) = server.open(&message.record, later).unwrap();
    let not_yet = Reason::NotYet { retry_after: Some(5) };
    let sealed = working.seal(&Answer::Refused(not_yet), later).unwrap();
    let (answer, client) = waiting.open(&sealed.record, later).unwrap();
    assert!(matches!(answer, Answer::Refused(reason) if reason == not_yet));

    let (waiting, message) = client.unwrap().seal(&Request::Close, [3; 16], later).unwrap();
    let (_, working) = sealed.next.unwrap().open(&message.record, later).unwrap();
    let sealed = working.seal(&Answer::Closed, later).unwrap();
    let (answer, client) = waiting.open(&sealed.record, later).unwrap();
    assert!(matches!(answer, Answer::Closed) && client.is_none() && sealed.next.is_none());

    let end = START + MAX_LIFE;
    let (client, _) = enrolled(None, Some("31415926")).unwrap();
    assert!(client.seal(&Request::Close, [2; 16], end).is_err());
}
