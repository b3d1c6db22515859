//! A gateway that was taken over. It has everything a gateway has: its certificate, so the real signer talks to it, and
//! every message between signer and device, so it reads, changes, repeats, reorders, swaps and drops what it likes.
//! The device is the client's end of `api`. What it tells one side only fails; what it tells both sides
//! is caught where the app signs its requests, and nowhere else: the limit that DESIGN 5 documents.

mod apps;
mod gateway;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use harness::channel::{self, greet, identity, now, random, word};
use harness::verify::PublicKey;
use harness::{Algorithm, Hash};
use rcgen::{KeyPair, PublicKeyData as _};
use rsign_api::algorithm::KeyType;
use rsign_api::bytes::Bytes;
use rsign_api::channel::body::{Answer, Request};
use rsign_api::channel::client::Greeting;
use rsign_api::channel::context::Context;
use rsign_api::channel::identity::{Pinned, kid};
use rsign_api::channel::list::List;
use rsign_api::channel::server::{self, Offer};
use rsign_api::channel::{Ephemeral, Operation as Op};
use rsign_api::signer::{
    Authorized, ChannelOutcome, ChannelRecord, CredentialStatus, Enrol, IssueCertificate, IssuedCertificate,
    LinkCertificate, Operation, Refusal, Registration, Sign, Signed, State, Subject, path,
};
use serde_json::{Value, json};

use self::gateway::*;

#[tokio::test]
async fn a_35_a_record_that_is_altered_replayed_reordered_dropped_or_spliced_ends_its_channel() {
    let evil = Evil::start();
    let owned = evil.enrol("ann").await;
    let registered = registration(&owned, Operation::Authorise, &[Hash::of("one")]);
    let honest = || approve(&registered, &owned.pin);
    type Change = fn(&mut ChannelRecord);
    let changes: [(&str, Change); 8] = [
        ("magic", |sent| sent.record.0[0] ^= 1),
        ("direction", |sent| sent.record.0[5] ^= 1),
        ("sequence", |sent| sent.record.0[31] ^= 1),
        ("ciphertext", |sent| sent.record.0[36] ^= 1),
        ("tag", |sent| *sent.record.0.last_mut().unwrap() ^= 1),
        ("cut off", |sent| sent.record.0.truncate(200)),
        ("confirmation", |sent| sent.finished.as_mut().unwrap().0[0] ^= 1),
        ("no confirmation", |sent| sent.finished = None),
    ];
    for (what, change) in changes {
        let mut device = evil.open(&registered).await;
        let (_, honest) = device.send(&honest());
        let mut sent = honest.clone();
        change(&mut sent);
        assert_eq!(evil.record(&sent).await.unwrap_err(), Refusal::Channel, "{what}");
        assert_eq!(evil.record(&honest).await.unwrap_err(), Refusal::Channel, "{what}: the channel is gone");
    }
    assert_eq!(evil.recorded("a record was not this channel's next one"), changes.len());
    // Into another session.
    let (mut one, mut other) = (evil.open(&registered).await, evil.open(&registered).await);
    let (_, mut spliced) = one.send(&honest());
    let (_, of_other) = other.send(&Request::Close);
    (spliced.sid, spliced.finished) = (other.sid.clone(), of_other.finished.clone());
    assert_eq!(evil.record(&spliced).await.unwrap_err(), Refusal::Channel);
    assert_eq!(evil.judged(&owned), 0, "no PIN was judged");

    // Twice, and the first one is all that counts; then nothing more is taken.
    let mut device = evil.open(&registered).await;
    let (waiting, first) = device.send(&honest());
    let heard = evil.record(&first).await.unwrap();
    assert!(matches!(device.hear(waiting, &heard), Answer::Done));
    assert_eq!(evil.record(&first).await.unwrap_err(), Refusal::Channel);
    assert!(device.is_gone().await);
    assert_eq!(evil.judged(&owned), 1);
    // Dropped, and the one after it sent: the device waits for its answer, and the signer for the lost record.
    let mut device = evil.open(&registered).await;
    let (waiting, first) = device.send(&honest());
    let heard = evil.record(&first).await.unwrap();
    device.hear(waiting, &heard);
    let (_dropped, lost) = device.send(&Request::Close);
    let mut later = lost.clone();
    later.record.0[31] += 1;
    assert_eq!(evil.record(&later).await.unwrap_err(), Refusal::Channel);
    assert_eq!(evil.record(&lost).await.unwrap_err(), Refusal::Channel);
    evil.pieces.verify_trail().unwrap();
}

#[tokio::test]
async fn a_35_the_device_takes_only_the_answer_to_what_it_asked() {
    let evil = Evil::start();
    let owned = evil.enrol("ann").await;
    let registered = registration(&owned, Operation::Authorise, &[Hash::of("one")]);
    // What the gateway would like the user to believe: that a wrong PIN was right, or a right one wrong.
    let mut other = evil.open(&registered).await;
    let (waiting, record) = other.send(&approve(&registered, &owned.pin));
    let of_other = evil.record(&record).await.unwrap();
    other.hear(waiting, &of_other);
    for octet in [0, 5, 8, 31, 36, 60] {
        let mut device = evil.open(&registered).await;
        let (waiting, record) = device.send(&approve(&registered, &owned.pin));
        let mut heard = evil.record(&record).await.unwrap().record.0;
        heard[octet] ^= 1;
        assert!(waiting.open(&heard, now()).is_err(), "octet {octet} changed");
    }
    for what in ["its own request", "another session's answer", "the answer before"] {
        let mut device = evil.open(&registered).await;
        let (waiting, first) = device.send(&approve(&registered, &owned.pin));
        let heard = evil.record(&first).await.unwrap();
        let opened = match what {
            "its own request" => waiting.open(&first.record, now()),
            "another session's answer" => waiting.open(&of_other.record, now()),
            _ => {
                device.hear(waiting, &heard);
                let (waiting, _) = device.send(&Request::Close);
                waiting.open(&heard.record, now())
            }
        };
        assert!(opened.is_err(), "{what} was taken for an answer");
    }
}

#[tokio::test]
async fn a_36_a_gateway_cannot_stand_in_for_the_signer() {
    let evil = Evil::start();
    let owned = evil.enrol("ann").await;
    let registered = registration(&owned, Operation::Authorise, &[Hash::of("one")]);
    let context = Context::registered(&registered).unwrap();
    let true_kid = kid(&identity(&evil.pieces.folder));
    let own = KeyPair::generate().unwrap();
    let own_key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &own.serialize_der()).unwrap();
    let own_spki = own.subject_public_key_info();
    let own_kid = kid(&own_spki);
    let in_the_middle = |greeting: &Greeting, kid| {
        let ephemeral = Ephemeral::from_octets([7; 32].into()).unwrap();
        let offer = Offer { ephemeral, nonce: random(), sid: random(), kid, life: 300 };
        let middle = server::Greeting::receive(greeting.hello(), context.purpose().unwrap(), offer, now()).unwrap();
        let signature = own_key.sign(&SystemRandom::new(), &middle.message()).unwrap();
        middle.sign(signature.as_ref().try_into().unwrap()).unwrap().1
    };
    // The gateway's own key, under its own name or the signer's.
    for kid in [own_kid, true_kid] {
        let greeting = greet(&context);
        let answer = in_the_middle(&greeting, kid);
        assert!(greeting.receive(&answer, &evil.pinned(), now()).is_err());
    }
    // It is the pin that decides: a device that pins the gateway's key would have believed it.
    let greeting = greet(&context);
    let answer = in_the_middle(&greeting, own_kid);
    let pinned = Pinned::new([own_spki.as_slice()]).unwrap();
    assert!(greeting.receive(&answer, &pinned, now()).is_ok());
    // The signer's true signature over another handshake; its whole answer to another hello.
    let (victim, attacker) = (greet(&context), greet(&context));
    let honest = evil.hello(&registered, &attacker, None).await.unwrap();
    let mut answer = in_the_middle(&victim, true_kid);
    answer.signature = honest.signature.0.clone().into();
    assert!(victim.receive(&answer, &evil.pinned(), now()).is_err());
    let victim = greet(&context);
    assert!(victim.receive(&as_heard(&honest), &evil.pinned(), now()).is_err());
    // The true answer, altered anywhere: magic, sid, share, nonce, exp, kid, signature, confirmation.
    for place in [0, 6, 30, 90, 125, 130, 159, 200, 223, 254] {
        let greeting = greet(&context);
        let mut answer = as_heard(&evil.hello(&registered, &greeting, None).await.unwrap());
        match place {
            0..159 => answer.hello.0[place] ^= 1,
            159..223 => answer.signature.0[place - 159] ^= 1,
            _ => answer.finished.0[place - 223] ^= 1,
        }
        assert!(greeting.receive(&answer, &evil.pinned(), now()).is_err(), "octet {place}");
    }
    assert_eq!(evil.judged(&owned), 0);
}

#[tokio::test]
async fn a_37_a_lie_to_one_side_about_list_key_user_client_or_transaction_fails() {
    let evil = Evil::start();
    let (owned, other) = (evil.enrol("ann").await, evil.enrol("bob").await);
    let hashes = Hash::many("asked", 2);
    let registered = registration(&owned, Operation::Authorise, &hashes);
    let told = Context::registered(&registered).unwrap();
    let list = |hashes: &[Hash]| List::registered(&entries(hashes)).ok().map(|list| list.digest());
    let mut labelled = registered.list.clone();
    labelled[0].label = Some(vec![7; 32].into());
    let text = || "other".to_owned();
    let shown = [
        ("operation", Context { operation: Op::ChangePin, ..told.clone() }),
        ("tx", Context { tx: text(), ..told.clone() }),
        ("tenant", Context { tenant: text(), ..told.clone() }),
        ("user", Context { user: other.user.clone(), ..told.clone() }),
        ("client", Context { client: text(), ..told.clone() }),
        ("credential", Context { credential: other.id.clone(), ..told.clone() }),
        ("key version", Context { key_version: 2, ..told.clone() }),
        ("no list", Context { list_digest: None, ..told.clone() }),
        ("other hash", Context { list_digest: list(&Hash::many("other", 2)), ..told.clone() }),
        ("fewer", Context { list_digest: list(&hashes[..1]), ..told.clone() }),
        ("order", Context { list_digest: list(&[hashes[1].clone(), hashes[0].clone()]), ..told.clone() }),
        ("label", Context { list_digest: List::registered(&labelled).ok().map(|list| list.digest()), ..told.clone() }),
    ];
    for (what, context) in &shown {
        // The page was told this, the signer what was registered.
        let heard = evil.hello(&registered, &greet(context), None).await;
        assert_eq!(heard.unwrap_err(), Refusal::Channel, "{what}");
    }
    assert_eq!(evil.recorded("the hello is not for what was registered"), shown.len());
    // The page was told the truth, the signer a lie.
    for (what, lie) in [
        ("hashes", Registration { list: entries(&Hash::many("evil", 2)), ..registered.clone() }),
        ("client", Registration { client: HARDENED.to_owned(), ..registered.clone() }),
        ("tx", Registration { tx: text(), ..registered.clone() }),
        ("user and key", Registration { user: other.user.clone(), credential: other.id.clone(), ..registered.clone() }),
    ] {
        assert_eq!(evil.hello(&lie, &greet(&told), None).await.unwrap_err(), Refusal::Channel, "{what}");
    }
    // The signer's own row knows whose key it is: no lie to both sides changes that.
    for (what, lie) in [
        ("user", Registration { user: other.user.clone(), ..registered.clone() }),
        ("credential", Registration { credential: other.id.clone(), ..registered.clone() }),
        ("tenant", Registration { tenant: text(), ..registered.clone() }),
    ] {
        let greeting = greet(&Context::registered(&lie).unwrap());
        assert_eq!(evil.hello(&lie, &greeting, None).await.unwrap_err(), Refusal::UnknownCredential, "{what}");
    }
    // Inside: more, fewer or other than was registered, from a device that was told so after the handshake.
    let foreign = Registration { list: entries(&Hash::many("evil", 2)), ..registered.clone() };
    for inside in [Registration { signatures: 3, ..registered.clone() }, foreign] {
        let mut device = evil.open(&registered).await;
        let (answer, outcome) = device.ask(&approve(&inside, &owned.pin)).await.unwrap();
        assert!(word(&answer).contains("ListMismatch"), "{}", word(&answer));
        assert!(matches!(outcome, ChannelOutcome::Failed), "{outcome:?}");
        assert!(device.is_gone().await);
    }
    assert_eq!((evil.judged(&owned), evil.judged(&other)), (0, 0), "no PIN was judged");
    // And a new key: of another kind or name than its owner was shown.
    let registered = enrolment("eve");
    let Some(enrol) = registered.enrol.clone() else { panic!() };
    let subject = Subject { surname: text(), ..enrol.subject.clone() };
    for lie in [Enrol { key: KeyType::P384, ..enrol.clone() }, Enrol { subject, ..enrol }] {
        let lie = Registration { enrol: Some(lie), ..registered.clone() };
        let greeting = greet(&Context::registered(&registered).unwrap());
        assert_eq!(evil.hello(&lie, &greeting, None).await.unwrap_err(), Refusal::Channel);
    }
}

#[tokio::test]
async fn a_38_with_a_swapped_or_altered_key_nothing_is_signed() {
    let evil = Evil::start();
    let (ann, bob) = (evil.enrol("ann").await, evil.enrol("bob").await);
    let hashes = [Hash::of("contract")];
    let Authorized { sad, .. } = evil.sad(&ann, &hashes).await;
    let asked = |key: &Bytes, owned: &Owned, client: &str, hashes: &[Hash]| Sign {
        credential: owned.id.clone(),
        client: client.to_owned(),
        user: None,
        sad: sad.clone(),
        key: key.clone(),
        scheme: SCHEME,
        hashes: hashes.iter().map(|hash| hash.digest.clone().into()).collect(),
    };
    let changed = |place: usize| {
        let mut key = ann.key.clone();
        let place = place % key.0.len();
        key.0[place] ^= 1;
        key
    };
    let last = ann.key.0.len() - 1;
    let cut = Bytes(ann.key.0[..last].to_vec());
    for key in [bob.key.clone(), changed(0), changed(40), changed(last / 2), changed(last), cut, Bytes(Vec::new())] {
        let heard = evil.say::<Signed>(path::SIGN, &asked(&key, &ann, CLIENT, &hashes)).await;
        assert_eq!(heard.unwrap_err(), Refusal::ForeignKey);
    }
    // The SAD of another key, client, list.
    for (asked, refusal) in [
        (asked(&bob.key, &bob, CLIENT, &hashes), Refusal::InvalidSad),
        (asked(&ann.key, &ann, "other", &hashes), Refusal::InvalidSad),
        (asked(&ann.key, &ann, CLIENT, &[Hash::of("another contract")]), Refusal::HashNotAuthorized),
    ] {
        assert_eq!(evil.say::<Signed>(path::SIGN, &asked).await.unwrap_err(), refusal);
    }
    let signed: Signed = evil.say(path::SIGN, &asked(&ann.key, &ann, CLIENT, &hashes)).await.unwrap();
    assert!(ann.public.verifies(&Algorithm::usual("P-256"), &hashes[0], &signed.signatures[0].0));
    // Inside the channel, where the gateway sends the key beside a record it cannot read.
    let registered = Registration { signatures: 5, list: Vec::new(), ..registration(&ann, Operation::Sign, &[]) };
    for key in [Some(bob.key.clone()), Some(changed(last)), None] {
        let mut device = evil.open(&registered).await;
        device.key = key;
        match device.ask(&sign(&hashes, &ann.pin)).await {
            Ok((Answer::Signatures(_), _)) => panic!("signed with a key that is not the credential's"),
            Ok((_, outcome)) => assert!(!matches!(outcome, ChannelOutcome::Signed { .. })),
            Err(refusal) => assert!([Refusal::ForeignKey, Refusal::Channel, Refusal::Malformed].contains(&refusal)),
        }
    }
    let mut device = evil.open(&registered).await;
    device.key = Some(ann.key.clone());
    let (Answer::Signatures(made), _) = device.ask(&sign(&hashes, &ann.pin)).await.unwrap() else { panic!() };
    assert!(ann.public.verifies(&Algorithm::usual("P-256"), &hashes[0], &made[0]));
    // A certificate of another's key is not tied to this one.
    let issue = IssueCertificate { credential: bob.id.clone(), subject: enrolment("ann").enrol.unwrap().subject };
    if let Ok(issued) = evil.say::<IssuedCertificate>(path::ISSUE, &issue).await {
        let link = LinkCertificate { credential: ann.id.clone(), certificate: issued.certificate };
        let linked = evil.say::<CredentialStatus>(path::LINK, &link).await;
        assert!(linked.is_err_and(|refusal| [Refusal::ForeignCertificate, Refusal::Disabled].contains(&refusal)));
    }
}
