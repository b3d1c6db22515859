//! whoever sits on the wire.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use der::Decode as _;
use der::asn1::UintRef;
use rsign_api::algorithm::KeyType;
use rsign_api::bytes::Bytes;
use rsign_api::channel::Ephemeral;
use rsign_api::channel::body::{Answer, Request};
use rsign_api::channel::client::Greeting;
use rsign_api::channel::context::Context;
use rsign_api::channel::identity::{Pinned, kid};
use rsign_api::channel::server::{self, Offer};
use rsign_api::channel::wire::HelloAnswer;
use rsign_api::signer::{ChannelRecord, Operation, Refusal};
use rsign_signer::certificate::spki;
use sha2::{Digest as _, Sha256};

use super::super::house::{House, hash, refusal};
use super::super::probe::is_rewrap;
use super::{as_heard, authorize, greet, registration};
use crate::harness::random;

/// One changed octet anywhere, or something missing: the same refusal, no PIN judged, the channel gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_35_a_changed_record_is_the_end_of_its_channel() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    house.hsm.forget();
    type Change = fn(&mut ChannelRecord);
    let changes: [(&str, Change); 12] = [
        ("magic", |sent| sent.record.0[0] ^= 1),
        ("type", |sent| sent.record.0[4] ^= 1),
        ("direction", |sent| sent.record.0[5] ^= 1),
        ("sid", |sent| sent.record.0[8] ^= 1),
        ("sequence", |sent| sent.record.0[31] ^= 1),
        ("length", |sent| sent.record.0[35] ^= 1),
        ("ciphertext", |sent| sent.record.0[36] ^= 1),
        ("tag", |sent| *sent.record.0.last_mut().unwrap() ^= 1),
        ("cut off", |sent| sent.record.0.truncate(200)),
        ("nothing", |sent| sent.record.0.clear()),
        ("wrong confirmation", |sent| sent.finished.as_mut().unwrap().0[0] ^= 1),
        ("no confirmation", |sent| sent.finished = None),
    ];
    let count = changes.len();
    for (what, change) in changes {
        let mut device = house.open_channel(&registered).await;
        let (_, honest) = device.send(&authorize(&registered, &owned.pin));
        let mut sent = honest.clone();
        change(&mut sent);
        assert_eq!(refusal(house.signer.take_record(&sent).await), Refusal::Channel, "{what}");
        assert_eq!(refusal(house.signer.take_record(&honest).await), Refusal::Channel, "{what}: gone");
    }
    assert_eq!((house.hsm.count(is_rewrap), house.signer.channels().count()), (0, 0));
    let audit = house.audit().await;
    assert_eq!(audit.matches("a record was not this channel's next one").count(), count);
    assert_eq!(audit.matches("unknown, ended, or at work already").count(), count);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_35_a_record_is_taken_once_in_its_order_and_only_in_its_direction() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    let wrong = authorize(&registered, &owned.wrong_pin(1));
    // Replayed: the try is not counted twice, and the answer does not come twice.
    let mut device = house.open_channel(&registered).await;
    let (waiting, first) = device.send(&wrong);
    let heard = house.signer.take_record(&first).await.unwrap();
    device.hear(waiting, &heard);
    assert_eq!(refusal(house.signer.take_record(&first).await), Refusal::Channel);
    assert!(device.is_gone().await);
    assert_eq!(house.row(&owned).await.tries.failed(), 1);
    // Reflected: the signer's own answer as a request.
    let mut device = house.open_channel(&registered).await;
    let (_, first) = device.send(&wrong);
    let heard = house.signer.take_record(&first).await.unwrap();
    let reflected = ChannelRecord { record: heard.record, finished: None, ..first };
    assert_eq!(refusal(house.signer.take_record(&reflected).await), Refusal::Channel);
    // And to the device: its own request as the answer.
    let mut device = house.open_channel(&registered).await;
    let (waiting, first) = device.send(&authorize(&registered, &owned.pin));
    assert!(waiting.open(&first.record, house.seconds()).is_err());
    // Dropped: the confirmed channel's next record in place of its first.
    let mut device = house.open_channel(&registered).await;
    let (waiting, first) = device.send(&authorize(&registered, &owned.pin));
    let heard = house.signer.take_record(&first).await.unwrap();
    assert!(matches!(device.hear(waiting, &heard), Answer::Done));
    let (waiting, second) = device.send(&Request::Close);
    // Delivered with the answer to the request before: N+1 is another.
    assert!(waiting.open(&heard.record, house.seconds()).is_err());
    assert!(house.signer.take_record(&second).await.is_ok());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_35_a_record_belongs_to_one_session() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    house.hsm.forget();
    for renamed in [false, true] {
        let (mut one, mut other) = (house.open_channel(&registered).await, house.open_channel(&registered).await);
        let (_, mut spliced) = one.send(&authorize(&registered, &owned.pin));
        let (_, of_other) = other.send(&Request::Close);
        spliced.sid = other.sid.clone();
        spliced.finished = of_other.finished.clone();
        if renamed {
            spliced.record.0[8..24].copy_from_slice(&other.sid);
        }
        assert_eq!(refusal(house.signer.take_record(&spliced).await), Refusal::Channel);
        assert_eq!(refusal(house.signer.take_record(&of_other).await), Refusal::Channel, "that channel is gone");
    }
    assert_eq!(house.hsm.count(is_rewrap), 0);
    house.close().await;
}

/// The same record twice at once: it is worked on once.
#[tokio::test(flavor = "multi_thread")]
async fn a_20_a_35_two_records_at_once_are_one_too_many() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    house.hsm.forget();
    let mut device = house.open_channel(&registered).await;
    let (waiting, record) = device.send(&authorize(&registered, &owned.wrong_pin(1)));
    let sent = futures_util::future::join_all((0..20).map(|_| house.signer.take_record(&record))).await;
    let mut heard: Vec<_> = sent.into_iter().filter_map(Result::ok).collect();
    assert_eq!((heard.len(), house.hsm.judged()), (1, 1));
    device.hear(waiting, &heard.remove(0));
    assert!(device.is_gone().await, "somebody else was at work");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_at_once_do_not_meet() {
    let house = House::open().await;
    let (ann, bob) = (house.enrol(KeyType::P256).await, house.enrol(KeyType::P256).await);
    let of_ann = registration(&ann, Operation::Authorise, &[hash(1)]);
    let of_bob = registration(&bob, Operation::Authorise, &[hash(2)]);
    let (mut at_ann, mut at_bob) = (house.open_channel(&of_ann).await, house.open_channel(&of_bob).await);
    for _ in 0..2 {
        let (wrong_ann, wrong_bob) = (authorize(&of_ann, &bob.pin), authorize(&of_bob, &ann.pin));
        let both = tokio::join!(at_ann.ask(&wrong_ann), at_bob.ask(&wrong_bob));
        assert!(matches!(both.0.unwrap().0, Answer::Refused(_)) && matches!(both.1.unwrap().0, Answer::Refused(_)));
    }
    let (right_ann, right_bob) = (authorize(&of_ann, &ann.pin), authorize(&of_bob, &bob.pin));
    let both = tokio::join!(at_ann.ask(&right_ann), at_bob.ask(&right_bob));
    assert!(matches!(both.0.unwrap().0, Answer::Done) && matches!(both.1.unwrap().0, Answer::Done));
    house.close().await;
}

/// A gateway that answers the device itself: it can agree on keys with it, but not sign for the signer.
#[tokio::test(flavor = "multi_thread")]
async fn a_36_a_gateway_in_the_middle_cannot_sign_for_the_signer() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    let context = Context::registered(&registered).unwrap();
    let pinned = house.identity().await;
    let honest = async |greeting: &Greeting| as_heard(&house.hello(&registered, greeting).await.unwrap());
    let own = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let own_spki = spki::ec(KeyType::P256, own.public_key().as_ref()).unwrap();
    let greeting = greet(&context);
    let true_kid = honest(&greeting).await.hello.0[127..159].try_into().unwrap();
    for kid in [kid(&own_spki), true_kid] {
        let greeting = greet(&context);
        let answer = in_the_middle(&house, &context, greeting.hello(), kid, &own);
        assert!(greeting.receive(&answer, &pinned, house.seconds()).is_err());
    }
    // The signer's true signature, over another handshake.
    let (victim, attacker) = (greet(&context), greet(&context));
    let mut answer = in_the_middle(&house, &context, victim.hello(), true_kid, &own);
    answer.signature = honest(&attacker).await.signature;
    assert!(victim.receive(&answer, &pinned, house.seconds()).is_err());
    // The signer's whole answer to another hello.
    let (victim, attacker) = (greet(&context), greet(&context));
    let answer = honest(&attacker).await;
    assert!(victim.receive(&answer, &pinned, house.seconds()).is_err());
    // And the true one, at a device that pins another key.
    let victim = greet(&context);
    let answer = honest(&victim).await;
    assert!(victim.receive(&answer, &Pinned::new([own_spki.as_slice()]).unwrap(), house.seconds()).is_err());
    house.close().await;
}

/// A signing key is asked, by its owner's leave, for what only the identity key signs: it is another key, so nobody
/// takes the one for the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_42_a_users_key_does_not_speak_for_the_signer() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    let context = Context::registered(&registered).unwrap();
    let (pinned, of_owner) = (house.identity().await, Pinned::new([owned.spki.0.as_slice()]).unwrap());
    let answer = as_heard(&house.hello(&registered, &greet(&context)).await.unwrap());
    let true_kid: [u8; 32] = answer.hello.0[127..159].try_into().unwrap();
    let own_kid = kid(&owned.spki);
    // The last is what the signature is worth: only who pinned that key would believe it.
    for (kid, pinned, believed) in [
        (true_kid, &pinned, false),
        (own_kid, &pinned, false),
        (true_kid, &of_owner, false),
        (own_kid, &of_owner, true),
    ] {
        let greeting = greet(&context);
        let ephemeral = Ephemeral::from_octets([7; 32].into()).unwrap();
        let offer = Offer { ephemeral, nonce: random(), sid: random(), kid, life: 300 };
        let purpose = context.purpose().unwrap();
        let middle = server::Greeting::receive(greeting.hello(), purpose, offer, house.seconds()).unwrap();
        let handshake = Bytes(Sha256::digest(middle.message()).to_vec());
        let sad = house.authorize(&owned, std::slice::from_ref(&handshake)).await;
        let signed = house.sign(&owned, &sad, &[handshake]).await.unwrap();
        let answer = middle.sign(&raw(&signed.signatures[0])).unwrap().1;
        assert_eq!(greeting.receive(&answer, pinned, house.seconds()).is_ok(), believed);
    }
    house.close().await;
}

/// r and s of an ECDSA signature, each 32 octets.
fn raw(signature: &[u8]) -> [u8; 64] {
    let parts = <Vec<UintRef<'_>>>::from_der(signature).unwrap();
    let mut octets = [0; 64];
    for (part, place) in parts.iter().zip([32, 64]) {
        octets[place - part.as_bytes().len()..place].copy_from_slice(part.as_bytes());
    }
    octets
}

fn in_the_middle(house: &House, context: &Context, hello: &[u8], kid: [u8; 32], key: &EcdsaKeyPair) -> HelloAnswer {
    let ephemeral = Ephemeral::from_octets([7; 32].into()).unwrap();
    let offer = Offer { ephemeral, nonce: random(), sid: random(), kid, life: 300 };
    let greeting = server::Greeting::receive(hello, context.purpose().unwrap(), offer, house.seconds()).unwrap();
    let signature = key.sign(&SystemRandom::new(), &greeting.message()).unwrap();
    greeting.sign(signature.as_ref().try_into().unwrap()).unwrap().1
}
