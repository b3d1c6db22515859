//! A lie to both sides, and apps that sign their requests.

use super::*;

/// The documented limit (DESIGN 5; SECURITY.md): where the app signs nothing, page and signer have only the gateway's
/// word for what it asked.
#[tokio::test]
async fn a_37_a_lie_to_both_sides_succeeds_for_an_app_that_signs_nothing() {
    let evil = Evil::start();
    let owned = evil.enrol("ann").await;
    let (asked, lie) = ([Hash::of("what the app asked")], [Hash::of("what the gateway wants")]);
    let registered = registration(&owned, Operation::Authorise, &lie);
    let (answer, outcome) = evil.open(&registered).await.ask(&approve(&registered, &owned.pin)).await.unwrap();
    assert!(matches!(answer, Answer::Done), "{}", word(&answer));
    let ChannelOutcome::Authorised(Authorized { sad, .. }) = outcome else { panic!("{outcome:?}") };
    let sign = |hashes: &[Hash]| Sign {
        credential: owned.id.clone(),
        client: CLIENT.to_owned(),
        user: None,
        sad: sad.clone(),
        key: owned.key.clone(),
        scheme: SCHEME,
        hashes: hashes.iter().map(|hash| hash.digest.clone().into()).collect(),
    };
    let signed: Signed = evil.say(path::SIGN, &sign(&lie)).await.unwrap();
    assert!(owned.public.verifies(&Algorithm::usual("P-256"), &lie[0], &signed.signatures[0].0), "the limit");
    // What the user can see: the code on the page is that of the lie, and not the one the app computes itself; and what
    // the app asked is not signed with it.
    let code =
        |hashes: &[Hash]| rsign_api::channel::list::short_code(&List::registered(&entries(hashes)).unwrap().digest());
    assert_ne!(code(&asked), code(&lie));
    assert_eq!(evil.say::<Signed>(path::SIGN, &sign(&asked)).await.unwrap_err(), Refusal::HashNotAuthorized);
}

#[tokio::test]
async fn a_37_a_lie_to_both_sides_fails_for_an_app_that_signs_its_requests() {
    let evil = Evil::start();
    let (owned, other) = (evil.enrol("ann").await, evil.enrol("bob").await);
    let hashes = Hash::many("asked", 2);
    let hardened = |owned, hashes: &[Hash]| Registration {
        client: HARDENED.to_owned(),
        ..registration(owned, Operation::Authorise, hashes)
    };
    let registered = hardened(&owned, &hashes);
    let request = || Some(evil.request(&registered));
    let refused = async |lie: &Registration, request| evil.try_open(lie, request).await.err();
    for (what, lie) in [
        ("other hashes", hardened(&owned, &Hash::many("evil", 2))),
        ("one more", hardened(&owned, &[&hashes[..], &[Hash::of("more")]].concat())),
        ("one fewer", hardened(&owned, &hashes[..1])),
        ("another order", hardened(&owned, &[hashes[1].clone(), hashes[0].clone()])),
        ("another key and user", hardened(&other, &hashes)),
        ("more signatures", Registration { signatures: 3, ..registered.clone() }),
    ] {
        assert_eq!(refused(&lie, request()).await, Some(Refusal::Channel), "{what}");
    }
    assert_eq!(evil.recorded("the client asked for something else than was registered"), 6);
    // Without the request, with one of the gateway's making, with an old part of a true one.
    let honest = request().unwrap();
    let (message, signature) = honest.rsplit_once('.').unwrap();
    let of_another = evil.request(&hardened(&owned, &Hash::many("evil", 2)));
    let forged = format!("{}.{signature}", of_another.rsplit_once('.').unwrap().0);
    for request in [None, Some(String::new()), Some(format!("{message}.")), Some(forged)] {
        assert_eq!(refused(&registered, request).await, Some(Refusal::Channel));
    }
    assert_eq!((evil.judged(&owned), evil.judged(&other)), (0, 0));
    // What it asked, it gets.
    let mut device = evil.try_open(&registered, request()).await.unwrap();
    let (answer, _) = device.ask(&approve(&registered, &owned.pin)).await.unwrap();
    assert!(matches!(answer, Answer::Done), "{}", word(&answer));
    // A native list comes from the device itself, inside the channel: there is nothing to lie about, and no request.
    let native = Registration { signatures: 2, list: Vec::new(), ..hardened(&owned, &[]) };
    let native = Registration { operation: Operation::Sign, ..native };
    let mut device = evil.try_open(&native, None).await.unwrap();
    device.key = Some(owned.key.clone());
    let (Answer::Signatures(made), _) = device.ask(&sign(&hashes, &owned.pin)).await.unwrap() else { panic!() };
    assert!(owned.public.verifies(&Algorithm::usual("P-256"), &hashes[1], &made[1]));
    let status: CredentialStatus = evil.say(path::STATUS, &json!({ "credential": owned.id })).await.unwrap();
    assert_eq!(status.state, State::Active);
}

/// A gateway may also name another app, to both sides: one that signs nothing. The user reads that name; and a signer
/// that serves none but those with a key refuses.
#[tokio::test]
async fn a_37_naming_an_app_that_signs_nothing_gets_around_the_signature_unless_all_have_to_sign() {
    for required in [false, true] {
        let evil = Evil::with(required);
        let owned = evil.enrol("ann").await;
        let asked = registration(&owned, Operation::Authorise, &[Hash::of("asked")]);
        let asked = Registration { client: HARDENED.to_owned(), ..asked };
        let lie = Registration { client: CLIENT.to_owned(), list: entries(&[Hash::of("evil")]), ..asked.clone() };
        for request in [None, Some(evil.request(&asked))] {
            let heard = evil.try_open(&lie, request).await.err();
            assert_eq!(heard, required.then_some(Refusal::Channel));
        }
        // To the page under the hardened app's name, and to the signer under the other's: that is one side only.
        let page = Context::registered(&Registration { client: HARDENED.to_owned(), ..lie.clone() }).unwrap();
        assert_eq!(evil.hello(&lie, &greet(&page), None).await.unwrap_err(), Refusal::Channel);
        assert!(evil.try_open(&asked, Some(evil.request(&asked))).await.is_ok());
    }
}

/// The honest gateway carries the app's signature as it is, and the signer believes only that.
#[tokio::test]
async fn a_37_what_an_app_signed_reaches_the_signer_through_the_real_gateway() {
    let mut evil = Evil::start();
    evil.pieces.start_gateway();
    let api = evil.pieces.api();
    let app = api.client(&evil.pieces.operator().add_client(HARDENED, "sealed", true)).await;
    let credential = evil.pieces.users[0].credential("P-256");
    let hashes = Hash::many("signed for", 2);
    let wish = |hashes: &[Hash]| {
        let owned = (credential.id.clone(), evil.pieces.users[0].id.clone());
        let signatures = u32::try_from(hashes.len()).unwrap();
        Registration {
            operation: Operation::Authorise,
            tx: String::new(),
            tenant: String::new(),
            user: owned.1,
            client: HARDENED.to_owned(),
            credential: owned.0,
            key_version: 1,
            signatures,
            list: entries(hashes),
            enrol: None,
            label: None,
        }
    };
    let mut asked = crate::channel::members(credential, &hashes);
    let pinned = evil.pinned();
    for request in [Value::Null, evil.request(&wish(&Hash::many("other", 2))).into(), "x".into()] {
        asked["request"] = request;
        let heard = channel::Device::try_register(&app, &asked, &pinned).await.err().expect("no channel");
        assert_eq!((heard.status, &heard.json["error"]), (409, &json!("failed")));
    }
    asked["request"] = evil.request(&wish(&hashes)).into();
    let mut device = channel::Device::register(&app, &asked, &pinned).await;
    assert_eq!(device.approve(&credential.pin).await.0, "done");
    let reference = format!("rch1:{}", device.tx);
    let heard = crate::channel::authorize(&app, harness::Version::V1, &asked, &reference).await.ok();
    let sad = heard["SAD"].as_str().unwrap();
    let key = PublicKey::of("P-256", &app.certificate(credential).await);
    let made = app.sign(credential, sad, &Algorithm::usual("P-256"), &hashes).await;
    assert!(key.verifies(&Algorithm::usual("P-256"), &hashes[1], &made[1]));
}
