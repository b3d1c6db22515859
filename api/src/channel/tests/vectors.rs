//! `channel-vectors.json`, value by value. The body in it is opaque octets.

use p256::elliptic_curve::sec1::ToSec1Point as _;

use super::super::hello::{ClientHello, ServerHello};
use super::super::{Operation, identity, schedule};
use super::{START, ephemeral, fixed, greeting, offer, offered, pinned, purpose, ready_client, ready_server, vector};
use crate::channel::server::Greeting;

#[test]
fn shares() {
    for (private, public) in [("/inputs/x", "/inputs/X"), ("/inputs/y", "/inputs/Y")] {
        let share = ephemeral(fixed(private)).share();
        assert_eq!(share.to_sec1_point(false).as_bytes(), vector(public));
    }
}

#[test]
fn hellos() {
    assert_eq!(greeting().hello(), vector("/ClientHello"));
    let decoded = ClientHello::decode(&vector("/ClientHello")).unwrap();
    assert_eq!(decoded.ctx, fixed("/inputs/ctx"));
    assert_eq!(decoded.encode().len(), ClientHello::LENGTH);

    let (_, answer) = offered();
    assert_eq!(answer.hello.0, vector("/ServerHello"));
    let decoded = ServerHello::decode(&answer.hello).unwrap();
    assert_eq!(decoded.kid, identity::kid(&vector("/inputs/static_spki")));
    assert_eq!(decoded.instance(), vector("/inputs/sid")[..4]);
    assert_eq!(decoded.encode().len(), ServerHello::LENGTH);
}

#[test]
fn schedule_of_keys() {
    let th1 = schedule::th1(&vector("/ClientHello"), &vector("/ServerHello")).unwrap();
    assert_eq!(th1, fixed("/TH1"));
    let th2 = schedule::th2(&th1, &vector("/sig_raw")).unwrap();
    assert_eq!(th2, fixed("/TH2"));
    let z = ephemeral(fixed("/inputs/x")).agree(&ephemeral(fixed("/inputs/y")).share());
    assert_eq!(**z, fixed("/Z"));
    let keys = schedule::keys(&z, &th2).unwrap();
    assert_eq!(keys.c2s.enc, fixed("/keys/c2s_enc"));
    assert_eq!(keys.c2s.mac, fixed("/keys/c2s_mac"));
    assert_eq!(keys.s2c.enc, fixed("/keys/s2c_enc"));
    assert_eq!(keys.s2c.mac, fixed("/keys/s2c_mac"));
    assert_eq!(keys.fin_s, fixed("/keys/fin_s"));
    assert_eq!(keys.fin_c, fixed("/keys/fin_c"));
    let fin_s = schedule::hmac(&keys.fin_s, &[&th2]).unwrap();
    assert_eq!(fin_s, fixed("/fin_s"));
    let th3 = schedule::th3(&th2, &fin_s);
    assert_eq!(th3, fixed("/TH3"));
    assert_eq!(schedule::hmac(&keys.fin_c, &[&th3]).unwrap(), fixed("/fin_c"));
}

#[test]
fn the_message_to_sign() {
    use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
    use p256::ecdsa::{Signature, VerifyingKey};

    let greeting = Greeting::receive(&vector("/ClientHello"), purpose(), offer(), START).unwrap();
    assert_eq!(greeting.message().as_slice(), [b"RCH1 signer handshake\0".as_slice(), &vector("/TH1")].concat());
    let signature = Signature::from_slice(&vector("/sig_raw")).unwrap();
    pinned().verify(&offer().kid, &greeting.message(), &signature.to_bytes()).unwrap();
    VerifyingKey::from(super::identity()).verify_prehash(&greeting.digest(), &signature).unwrap();
}

#[test]
fn records() {
    let (_, answer) = offered();
    assert_eq!(answer.signature.0, vector("/sig_raw"));
    assert_eq!(answer.finished.0, vector("/fin_s"));

    let nonce = fixed("/inputs/N");
    let (waiting, message) = ready_client().seal_body(Operation::Enrol, &vector("/inputs/body"), nonce, START).unwrap();
    assert_eq!(message.finished.unwrap().0, vector("/fin_c"));
    assert_eq!(message.record.0, vector("/request"));

    let (body, working) = ready_server().open_body(&vector("/request"), START).unwrap();
    assert_eq!(body.reveal(), vector("/inputs/body"));
    let sealed = working.seal_body(br#"{"ok":true}"#, START).unwrap();
    assert_eq!(sealed.record, vector("/response"));

    let (body, _) = waiting.open_body(&vector("/response"), START).unwrap();
    assert_eq!(body.reveal(), br#"{"ok":true}"#);
    assert_eq!(super::super::session::successor(nonce), fixed("/N_plus_1"));
}
