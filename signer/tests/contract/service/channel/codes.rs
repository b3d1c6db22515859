//! Codes that are sent: drawn in the HSM, kept by what it makes of them, spent before any PIN is judged.

use rsign_api::algorithm::KeyType;
use rsign_api::channel::body::{Answer, Reason, Request};
use rsign_api::signer::{
    Authorize, ChangePin, ChannelOutcome, CreateCredential, DrawCode, DrawnCode, FactorKind, Obstacle, Operation,
    Refusal,
};
use rsign_signer::clients::Clients;
use rsign_signer::credential::{CodePolicy, Factor};
use rsign_signer::service::{Policy, Result, Signer};
use secrecy::ExposeSecret as _;

use super::super::house::{CLIENT, House, MINUTE, Owned, create, hash, refusal, text};
use super::super::probe::is_rewrap;
use super::{authorize, reason, registration, secret};
use crate::harness::{Kind, TestToken};

/// As many codes as a test likes.
fn eager() -> Policy {
    Policy { codes: CodePolicy::hourly(3_600_000), ..Policy::default() }
}

async fn with_codes(house: &House) -> Owned {
    let asked = CreateCredential { factor: FactorKind::Online, ..create("ann", KeyType::P256) };
    let created = house.signer.create(&asked).await.unwrap();
    assert_eq!(created.factor, FactorKind::Online);
    house.link(&asked.credential).await;
    let pin = house.signer.reveal_pin(&asked.credential).await.unwrap().expose_secret().to_owned();
    assert!(house.signer.reveal_factor(&asked.credential).await.unwrap().is_none(), "nothing to keep");
    assert_eq!(house.signer.acknowledge_pin(&asked.credential).await.unwrap().factor, FactorKind::Online);
    Owned::new(&asked, created, pin)
}

async fn draw(signer: &Signer, owned: &Owned, client: &str) -> Result<DrawnCode> {
    let (credential, user) = (owned.id.clone(), owned.user.clone());
    signer.draw_code(&DrawCode { credential, user, client: client.to_owned() }).await
}

async fn code(house: &House, owned: &Owned, client: &str) -> String {
    let drawn = draw(&house.signer, owned, client).await.unwrap();
    assert_eq!(drawn.seconds, 300);
    let code = drawn.code.unwrap().expose_secret().to_owned();
    assert!(code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()), "{code}");
    // Time goes on, and another may be asked for.
    house.clock.advance(5);
    code
}

fn ask(owned: &Owned, client: &str, pin: &str, code: Option<&str>) -> Authorize {
    let client = client.to_owned();
    Authorize { client, code: code.map(Into::into), ..owned.authorize_with(pin, &[hash(1)]) }
}

/// Another code of the same form.
fn other_than(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

impl House {
    async fn wrong_codes(&self, owned: &Owned) -> u32 {
        self.row(owned).await.factor.unwrap().tries.failed()
    }

    async fn wrong_pins(&self, owned: &Owned) -> u32 {
        self.row(owned).await.tries.failed()
    }
}

async fn signed_with_a_code(house: &House) {
    let owned = with_codes(house).await;
    let right = code(house, &owned, CLIENT).await;
    let sad = text(&house.signer.authorize(&ask(&owned, CLIENT, &owned.pin, Some(&right))).await.unwrap());
    let signed = house.sign(&owned, &sad, &[hash(1)]).await.unwrap();
    assert!(owned.signed(&[hash(1)], &signed));
    let (audit, row) = (house.audit().await, serde_json::to_string(&house.row(&owned).await).unwrap());
    assert!(audit.contains("code_drawn") && audit.contains("PIN and second factor"), "{audit}");
    assert!(!audit.contains(&right), "{audit}");
    assert!(!row.contains(&format!("\"{right}\"")), "{row}");
    // Once.
    let again = house.signer.authorize(&ask(&owned, CLIENT, &owned.pin, Some(&right))).await;
    assert_eq!(refusal(again), Refusal::WrongFactor);
    assert_eq!((house.wrong_codes(&owned).await, house.wrong_pins(&owned).await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_for_one_approval() {
    let house = House::with(eager()).await;
    signed_with_a_code(&house).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_on_kryoptic() {
    let Some(token) = TestToken::ready(Kind::Kryoptic) else { return };
    let house = House::on(token, eager(), Clients::default()).await;
    signed_with_a_code(&house).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_code_could_be_is_refused_and_no_guess() {
    let house = House::with(eager()).await;
    let (owned, other) = (with_codes(&house).await, with_codes(&house).await);
    let judged = house.hsm.count(is_rewrap);
    let refused = async |client: &str, code: Option<&str>| {
        refusal(house.signer.authorize(&ask(&owned, client, &owned.pin, code)).await)
    };
    assert_eq!(refused(CLIENT, None).await, Refusal::WrongFactor);
    assert_eq!(refused(CLIENT, Some("123456")).await, Refusal::WrongFactor, "none was drawn");
    // Of another credential of the same owner, of another client, replaced, expired.
    let theirs = code(&house, &other, CLIENT).await;
    assert_eq!(refused(CLIENT, Some(&theirs)).await, Refusal::WrongFactor);
    let right = code(&house, &owned, "other-client").await;
    assert_eq!(refused(CLIENT, Some(&right)).await, Refusal::WrongFactor);
    let first = code(&house, &owned, CLIENT).await;
    let second = loop {
        let next = code(&house, &owned, CLIENT).await;
        if next != first {
            break next;
        }
    };
    assert_eq!(house.wrong_codes(&owned).await, 0);
    assert_eq!(refused(CLIENT, Some(&first)).await, Refusal::WrongFactor);
    assert_eq!(house.wrong_codes(&owned).await, 1, "there is another one now, so it is a guess at that");
    house.clock.advance(5 * MINUTE);
    assert_eq!(refused(CLIENT, Some(&second)).await, Refusal::WrongFactor);
    assert_eq!((house.wrong_codes(&owned).await, house.wrong_pins(&owned).await), (1, 0));
    assert_eq!(house.hsm.count(is_rewrap), judged, "no PIN was judged");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_lock_their_client_and_leave_pin_and_others_alone() {
    let house = House::with(eager()).await;
    let owned = with_codes(&house).await;
    let judged = house.hsm.count(is_rewrap);
    let right = code(&house, &owned, CLIENT).await;
    for odd in [other_than(&right), right[..5].to_owned(), format!("{right}{}", "0".repeat(100_000))] {
        let outcome = house.signer.authorize(&ask(&owned, CLIENT, &owned.pin, Some(&odd))).await;
        assert_eq!(refusal(outcome), Refusal::WrongFactor);
    }
    let outcome = house.signer.authorize(&ask(&owned, CLIENT, &owned.pin, Some(&right))).await;
    assert_eq!(refusal(outcome), Refusal::FactorLocked);
    assert_eq!(refusal(draw(&house.signer, &owned, CLIENT).await), Refusal::FactorLocked);
    assert_eq!((house.wrong_pins(&owned).await, house.hsm.count(is_rewrap)), (0, judged));
    // Through the channel: the same lock, with its time.
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    let mut device = house.open_channel(&registered).await;
    let Request::Authorize(mut asked) = authorize(&registered, &owned.pin) else { unreachable!() };
    asked.factor = Some(secret(&right));
    let (answer, outcome) = device.ask(&Request::Authorize(asked)).await.unwrap();
    assert!(matches!(outcome, ChannelOutcome::Open(Obstacle::WrongFactor)));
    let Reason::WrongFactor { retry_after: Some(seconds) } = reason(&answer) else { panic!("{:?}", reason(&answer)) };
    assert!((15 * 60 - 1..=15 * 60).contains(&seconds), "{seconds}");
    // Another client's code is its own.
    let theirs = code(&house, &owned, "other-client").await;
    assert!(house.signer.authorize(&ask(&owned, "other-client", &owned.pin, Some(&theirs))).await.is_ok());
    house.clock.advance(15 * MINUTE);
    let right = code(&house, &owned, CLIENT).await;
    assert!(house.signer.authorize(&ask(&owned, CLIENT, &owned.pin, Some(&right))).await.is_ok());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_code_is_spent_though_the_pin_is_wrong() {
    let house = House::with(eager()).await;
    let owned = with_codes(&house).await;
    let right = code(&house, &owned, CLIENT).await;
    let outcome = house.signer.authorize(&ask(&owned, CLIENT, "wrong-PIN", Some(&right))).await;
    assert_eq!(refusal(outcome), Refusal::WrongPin);
    let outcome = house.signer.authorize(&ask(&owned, CLIENT, &owned.pin, Some(&right))).await;
    assert_eq!(refusal(outcome), Refusal::WrongFactor);
    assert_eq!((house.wrong_codes(&owned).await, house.wrong_pins(&owned).await), (0, 1));
    house.close().await;
}

/// Two instances over one store: one right code 200 times at once, then 200 wrong ones.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_at_once() {
    let house = House::with(eager()).await;
    let owned = with_codes(&house).await;
    let judged = house.hsm.count(is_rewrap);
    let right = code(&house, &owned, CLIENT).await;
    let signers = [std::sync::Arc::clone(&house.signer), house.restarted()];
    let at_once = async |code: &str| {
        let calls = (0..200).map(|place| {
            let asked = ask(&owned, CLIENT, &owned.pin, Some(code));
            let signer = std::sync::Arc::clone(&signers[place % 2]);
            tokio::spawn(async move { signer.authorize(&asked).await })
        });
        let mut refusals = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            if let Err(error) = call.await.unwrap() {
                refusals.push(refusal::<()>(Err(error)));
            }
        }
        refusals
    };
    let refusals = at_once(&right).await;
    assert_eq!(refusals, [Refusal::WrongFactor; 199]);
    assert_eq!((house.wrong_codes(&owned).await, house.hsm.count(is_rewrap)), (0, judged + 1));
    let next = code(&house, &owned, CLIENT).await;
    let refusals = at_once(&other_than(&next)).await;
    let wrong = refusals.iter().filter(|refusal| **refusal == Refusal::WrongFactor).count();
    assert_eq!((refusals.len(), wrong), (200, 3), "the others met the lock");
    assert_eq!((house.wrong_pins(&owned).await, house.hsm.count(is_rewrap)), (0, judged + 1));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_drawn_at_a_pace_and_only_where_they_are_wanted() {
    let house = House::open().await;
    let owned = with_codes(&house).await;
    for client in ["a", "a", "a", "a", "a", "b", "b", "b", "b", "b"] {
        assert!(draw(&house.signer, &owned, client).await.unwrap().code.is_some());
    }
    for client in ["a", "b", "c"] {
        let drawn = draw(&house.signer, &owned, client).await.unwrap();
        assert!(drawn.code.is_none() && (60..=120).contains(&drawn.seconds), "{client}: {drawn:?}");
    }
    house.clock.advance(MINUTE);
    assert!(draw(&house.signer, &owned, "c").await.unwrap().code.is_some());
    assert!(house.audit().await.contains("too many codes lately"));
    // At once they are no more than one after the other.
    let other = with_codes(&house).await;
    let calls = (0..200).map(|_| {
        let (signer, other) = (std::sync::Arc::clone(&house.signer), other.clone());
        tokio::spawn(async move { draw(&signer, &other, CLIENT).await.unwrap().code.is_some() })
    });
    let mut drawn = 0;
    for call in calls.collect::<Vec<_>>() {
        drawn += usize::from(call.await.unwrap());
    }
    assert_eq!(drawn, 5);
    let plain = house.enrol(KeyType::P256).await;
    assert_eq!(refusal(draw(&house.signer, &plain, CLIENT).await), Refusal::NotAllowed);
    let foreign = Owned { user: "eve".to_owned(), ..owned.clone() };
    assert_eq!(refusal(draw(&house.signer, &foreign, CLIENT).await), Refusal::UnknownCredential);
    house.change_state(&owned, rsign_api::signer::State::Suspended).await.unwrap();
    assert_eq!(refusal(draw(&house.signer, &owned, CLIENT).await), Refusal::Disabled);
    house.close().await;
}

/// What the row says is bound to the PIN slot: a weaker kind of factor, or none, opens nothing; a digest copied from
/// another credential is not one of this.
#[tokio::test(flavor = "multi_thread")]
async fn a_38_a_factor_turned_into_one_that_is_sent_opens_nothing() {
    let house = House::with(eager()).await;
    let totp = CreateCredential { factor: FactorKind::Totp, ..create("ann", KeyType::P256) };
    let created = house.signer.create(&totp).await.unwrap();
    house.link(&totp.credential).await;
    let pin = house.signer.reveal_pin(&totp.credential).await.unwrap().expose_secret().to_owned();
    house.signer.acknowledge_pin(&totp.credential).await.unwrap();
    let owned = Owned::new(&totp, created, pin);
    house.tamper_with(&owned, |row| row.factor.as_mut().unwrap().kind = FactorKind::Online).await;
    let right = code(&house, &owned, CLIENT).await;
    let outcome = house.signer.authorize(&ask(&owned, CLIENT, &owned.pin, Some(&right))).await;
    assert_eq!(refusal(outcome), Refusal::WrongPin);

    let (mine, theirs) = (with_codes(&house).await, with_codes(&house).await);
    let known = code(&house, &theirs, CLIENT).await;
    let (kept, foreign) = (house.row(&mine).await.factor.unwrap(), house.row(&theirs).await.factor.unwrap());
    let codes = foreign.codes.clone();
    house.tamper_with(&mine, move |row| row.factor = Some(Factor { codes: codes.clone(), ..kept.clone() })).await;
    let outcome = house.signer.authorize(&ask(&mine, CLIENT, &mine.pin, Some(&known))).await;
    assert_eq!(refusal(outcome), Refusal::WrongFactor);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_pin_needs_a_code_too() {
    let house = House::with(eager()).await;
    let owned = with_codes(&house).await;
    let change =
        |code: Option<&str>| ChangePin { code: code.map(Into::into), ..owned.change_pin(&owned.pin, "trüffel-4711") };
    assert_eq!(refusal(house.signer.change_pin(&change(None)).await), Refusal::WrongFactor);
    let right = code(&house, &owned, CLIENT).await;
    house.signer.change_pin(&change(Some(&right))).await.unwrap();
    let right = code(&house, &owned, CLIENT).await;
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    let mut device = house.open_channel(&registered).await;
    let Request::Authorize(mut asked) = authorize(&registered, "trüffel-4711") else { unreachable!() };
    asked.factor = Some(secret(&right));
    let (answer, outcome) = device.ask(&Request::Authorize(asked)).await.unwrap();
    assert!(matches!((answer, outcome), (Answer::Done, ChannelOutcome::Authorised(_))));
    house.close().await;
}
