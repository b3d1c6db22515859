//! A second factor: enrolled with the key, added, replaced; its codes before every PIN.

mod replace;

use aws_lc_rs::hmac;
use rsign_api::algorithm::KeyType;
use rsign_api::bytes::Bytes;
use rsign_api::channel::body::{Answer, Authenticator, Factor, Reason, Request};
use rsign_api::signer::{
    Authorize, ChannelOutcome, CreateCredential, FactorKind, Obstacle, Operation, Refusal, Registration, State,
};
use rsign_signer::clients::Clients;
use rsign_signer::clock::Clock as _;
use rsign_signer::credential::Factor as Row;
use rsign_signer::service::{Policy, Signer};
use secrecy::ExposeSecret as _;

use super::super::house::{CLIENT, House, MINUTE, Owned, create, hash, refusal, text};
use super::super::probe::is_rewrap;
use super::operations::{enrol, owned};
use super::{authorize, enrolment, reason, registration, secret};
use crate::harness::{Kind, TestToken};

const PIN: &str = "trüffel-4711";
/// Milliseconds of one code.
const STEP: i64 = 30_000;

/// An authenticator app: what it was told, and HMAC-SHA-1 of another library than the signer's.
#[derive(Clone)]
struct App {
    uri: String,
    secret: Vec<u8>,
}

impl App {
    fn told(uri: &str) -> Self {
        let secret = uri.split_once("secret=").unwrap().1.split('&').next().unwrap();
        let secret = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
        assert_eq!(secret.len(), 20);
        Self { uri: uri.to_owned(), secret }
    }

    fn scanned(told: &Authenticator) -> Self {
        Self::told(std::str::from_utf8(told.uri()).unwrap())
    }

    /// RFC 4226, 5.3.
    fn code(&self, now: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        let mac = hmac::sign(&key, &(now / STEP).to_be_bytes());
        let mac = mac.as_ref();
        let offset = usize::from(mac[19] & 0xf);
        let word = u32::from_be_bytes(mac[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", word % 1_000_000)
    }
}

/// A credential that needs PIN and code, and its owner's app. A code has been spent on confirming it, so time goes on.
async fn with_factor(house: &House) -> (Owned, App) {
    let mut registered = enrolment(KeyType::P256);
    registered.enrol.as_mut().unwrap().factor = FactorKind::Totp;
    registered.label = Some("ann@example".to_owned());
    let mut device = house.open_channel(&registered).await;
    let (answer, outcome) = device.ask(&enrol(&registered, Some(PIN))).await.unwrap();
    let Answer::Enrolled { pin: None, factor: Some(told) } = answer else { panic!("no second factor") };
    let ChannelOutcome::Enrolled(created) = outcome else { panic!("{outcome:?}") };
    assert_eq!(created.factor, FactorKind::Totp);
    let app = App::scanned(&told);
    house.link(&registered.credential).await;
    let (answer, outcome) = device.ask(&confirm(&app.code(house.clock.now()))).await.unwrap();
    assert!(matches!((answer, outcome), (Answer::Done, ChannelOutcome::FactorConfirmed)));
    device.ask(&Request::Close).await.unwrap();
    house.clock.advance(STEP);
    (owned(&registered, created, PIN), app)
}

fn confirm(code: &str) -> Request {
    Request::Factor(Factor::Confirm { factor: secret(code) })
}

fn begin(pin: &str, code: Option<&str>) -> Request {
    Request::Factor(Factor::Begin { pin: secret(pin), factor: code.map(secret) })
}

fn approve(registered: &Registration, pin: &str, code: Option<&str>) -> Request {
    let Request::Authorize(mut asked) = authorize(registered, pin) else { unreachable!() };
    asked.factor = code.map(secret);
    Request::Authorize(asked)
}

fn ask(owned: &Owned, pin: &str, code: Option<&str>) -> Authorize {
    Authorize { code: code.map(Into::into), ..owned.authorize_with(pin, &[hash(1)]) }
}

impl House {
    async fn failed(&self, owned: &Owned) -> u32 {
        self.row(owned).await.tries.failed()
    }
}

async fn works(signer: &Signer, owned: &Owned, pin: &str, code: &str) -> bool {
    signer.authorize(&ask(owned, pin, Some(code))).await.is_ok()
}

async fn enrolled_and_approved(house: &House) {
    let mut registered = enrolment(KeyType::P256);
    registered.enrol.as_mut().unwrap().factor = FactorKind::Totp;
    registered.label = Some("ann@example".to_owned());
    let mut device = house.open_channel(&registered).await;
    let (answer, outcome) = device.ask(&enrol(&registered, None)).await.unwrap();
    let Answer::Enrolled { pin: Some(pin), factor: Some(told) } = answer else { panic!("PIN or factor missing") };
    let ChannelOutcome::Enrolled(created) = outcome else { panic!("{outcome:?}") };
    let app = App::scanned(&told);
    assert!(app.uri.starts_with("otpauth://totp/rsign:ann%40example?secret="), "{}", app.uri);
    house.link(&registered.credential).await;

    // Noting the PIN is not enough, a wrong code neither.
    let (answer, outcome) = device.ask(&Request::Close).await.unwrap();
    assert_eq!(reason(&answer), Reason::WrongFactor { retry_after: None });
    assert!(matches!(outcome, ChannelOutcome::Open(Obstacle::WrongFactor)));
    let now = house.clock.now();
    let (answer, _) = device.ask(&confirm(&app.code(now - 2 * STEP))).await.unwrap();
    assert_eq!(reason(&answer), Reason::WrongFactor { retry_after: None });
    let owned = owned(&registered, created, std::str::from_utf8(pin.reveal()).unwrap());
    assert_eq!(house.row(&owned).await.state, State::Linked);
    let (answer, outcome) = device.ask(&confirm(&app.code(now - STEP))).await.unwrap();
    assert!(matches!((answer, outcome), (Answer::Done, ChannelOutcome::FactorConfirmed)));
    assert!(matches!(device.ask(&Request::Close).await.unwrap().1, ChannelOutcome::Closed));
    assert_eq!(house.row(&owned).await.state, State::Active);

    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    let mut device = house.open_channel(&registered).await;
    let (answer, outcome) = device.ask(&approve(&registered, &owned.pin, Some(&app.code(now)))).await.unwrap();
    assert!(matches!(answer, Answer::Done));
    let ChannelOutcome::Authorised(authorized) = outcome else { panic!("{outcome:?}") };
    let signed = house.sign(&owned, &text(&authorized), &[hash(1)]).await.unwrap();
    assert!(owned.signed(&[hash(1)], &signed));

    let audit = house.audit().await;
    let base32 = data_encoding::BASE32_NOPAD.encode(&app.secret);
    assert!(audit.contains("PIN and second factor") && audit.contains("factor_changed"), "{audit}");
    for leak in [base32.as_str(), "otpauth", &app.code(now), &app.code(now - STEP)] {
        assert!(!audit.contains(leak), "{leak}: {audit}");
    }
    let row = serde_json::to_string(&house.row(&owned).await).unwrap();
    assert!(!row.contains(&base32) && !row.contains(&data_encoding::BASE64.encode(&app.secret)), "{row}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_enrolled_with_a_code_needs_one_for_each_approval() {
    let house = House::open().await;
    enrolled_and_approved(&house).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_on_kryoptic() {
    let Some(token) = TestToken::ready(Kind::Kryoptic) else { return };
    let house = House::on(token, Policy::default(), Clients::default()).await;
    enrolled_and_approved(&house).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_right_code_no_pin_is_judged() {
    let house = House::open().await;
    let (owned, app) = with_factor(&house).await;
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    let mut device = house.open_channel(&registered).await;
    let now = house.clock.now();
    let judged = house.hsm.count(is_rewrap);
    let (old, spent) = (app.code(now - 2 * STEP), app.code(now - STEP));
    for (what, code) in [("none", None), ("old", Some(old.as_str())), ("spent", Some(&spent)), ("short", Some("12345"))]
    {
        for pin in [PIN, "wrong-PIN"] {
            let (answer, outcome) = device.ask(&approve(&registered, pin, code)).await.unwrap();
            assert_eq!(reason(&answer), Reason::WrongFactor { retry_after: None }, "{what}");
            assert!(matches!(outcome, ChannelOutcome::Open(Obstacle::WrongFactor)), "{what}");
        }
    }
    assert_eq!((house.failed(&owned).await, house.hsm.count(is_rewrap)), (0, judged));
    assert_eq!(
        house.row(&owned).await.factor.unwrap().tries.failed(),
        4,
        "neither the missing nor the spent one counts"
    );
    let (answer, _) = device.ask(&approve(&registered, PIN, Some(&app.code(now)))).await.unwrap();
    assert!(matches!(answer, Answer::Done));
    assert_eq!(house.row(&owned).await.factor.unwrap().tries.failed(), 0);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_code_is_spent_though_the_pin_is_wrong() {
    let house = House::open().await;
    let (owned, app) = with_factor(&house).await;
    let code = app.code(house.clock.now());
    assert_eq!(refusal(house.signer.authorize(&ask(&owned, "wrong-PIN", Some(&code))).await), Refusal::WrongPin);
    assert_eq!(house.failed(&owned).await, 1);
    assert_eq!(refusal(house.signer.authorize(&ask(&owned, PIN, Some(&code))).await), Refusal::WrongFactor);
    house.clock.advance(STEP);
    assert!(works(&house.signer, &owned, PIN, &app.code(house.clock.now())).await);
    // One step ahead is good as well, and then the current one is not.
    house.clock.advance(STEP);
    let now = house.clock.now();
    assert!(works(&house.signer, &owned, PIN, &app.code(now + STEP)).await);
    assert_eq!(refusal(house.signer.authorize(&ask(&owned, PIN, Some(&app.code(now)))).await), Refusal::WrongFactor);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_for_a_credential_without_factor_is_refused() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let asked = ask(&owned, &owned.pin, Some("123456"));
    assert_eq!(refusal(house.signer.authorize(&asked).await), Refusal::WrongFactor);
    assert_eq!(house.failed(&owned).await, 0);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_codes_lock_the_factor_and_leave_the_pin_alone() {
    let house = House::open().await;
    let (owned, app) = with_factor(&house).await;
    let old = app.code(house.clock.now() - 5 * STEP);
    for client in ["a", "b", "c", "d", "e"] {
        let asked = Authorize { client: client.to_owned(), ..ask(&owned, PIN, Some(&old)) };
        assert_eq!(refusal(house.signer.authorize(&asked).await), Refusal::WrongFactor);
    }
    let right = app.code(house.clock.now());
    assert_eq!(refusal(house.signer.authorize(&ask(&owned, PIN, Some(&right))).await), Refusal::FactorLocked);
    let registered = registration(&owned, Operation::Authorise, &[hash(1)]);
    let mut device = house.open_channel(&registered).await;
    let (answer, _) = device.ask(&approve(&registered, PIN, Some(&right))).await.unwrap();
    assert_eq!(reason(&answer), Reason::WrongFactor { retry_after: Some(15 * 60) });
    assert_eq!(house.failed(&owned).await, 0, "the PIN's lock is another");
    house.clock.advance(15 * MINUTE);
    assert!(works(&house.signer, &owned, PIN, &app.code(house.clock.now())).await);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_pin_leaves_the_factor_alone() {
    let house = House::open().await;
    let (owned, app) = with_factor(&house).await;
    for _ in 0..3 {
        let code = app.code(house.clock.now());
        assert_eq!(refusal(house.signer.authorize(&ask(&owned, "wrong-PIN", Some(&code))).await), Refusal::WrongPin);
        house.clock.advance(STEP);
    }
    let code = app.code(house.clock.now());
    assert_eq!(refusal(house.signer.authorize(&ask(&owned, PIN, Some(&code))).await), Refusal::PinLocked);
    assert_eq!(house.row(&owned).await.factor.unwrap().tries.failed(), 0);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_code_in_twenty_calls_at_once_is_accepted_once() {
    let house = House::open().await;
    let (owned, app) = with_factor(&house).await;
    let code = app.code(house.clock.now());
    // Two instances over one store.
    let signers = [std::sync::Arc::clone(&house.signer), house.restarted()];
    let calls = (0..20).map(|place| {
        let (signer, asked) = (std::sync::Arc::clone(&signers[place % 2]), ask(&owned, PIN, Some(&code)));
        tokio::spawn(async move { signer.authorize(&asked).await })
    });
    let mut accepted = 0;
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(error) => assert_eq!(error.to_string(), Refusal::WrongFactor.to_string()),
        }
    }
    assert_eq!(accepted, 1);
    assert_eq!(house.row(&owned).await.factor.unwrap().tries.failed(), 0, "nobody guessed");
    // What was spent stays spent after a restart.
    assert_eq!(refusal(house.restarted().authorize(&ask(&owned, PIN, Some(&code))).await), Refusal::WrongFactor);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_38_a_factor_removed_or_swapped_in_the_store_opens_nothing() {
    let house = House::open().await;
    let (owned, app) = with_factor(&house).await;
    let (other, theirs) = with_factor(&house).await;
    let kept = house.row(&owned).await.factor.unwrap();
    let foreign = house.row(&other).await.factor.unwrap();

    house.tamper_with(&owned, |row| row.factor = None).await;
    assert_eq!(refusal(house.signer.authorize(&owned.authorize(&[hash(1)])).await), Refusal::WrongPin);

    // With a salt of one's own choice, or of a factor one has: the code may be right, the PIN is not.
    let salt = foreign.salt.clone();
    house.tamper_with(&owned, move |row| row.factor = Some(Row { salt: salt.clone(), ..kept_of(&foreign) })).await;
    let now = house.clock.now();
    let stolen = ask(&owned, PIN, Some(&theirs.code(now)));
    assert_eq!(
        refusal(house.signer.authorize(&stolen).await),
        Refusal::WrongFactor,
        "its secret is of this credential"
    );

    house.tamper_with(&owned, move |row| row.factor = Some(kept.clone())).await;
    assert!(works(&house.signer, &owned, PIN, &app.code(now)).await);
    house.close().await;
}

fn kept_of(row: &Row) -> Row {
    Row { confirmed: true, last_step: 0, ..row.clone() }
}

/// As `rsign-signer credential pin` does it.
#[tokio::test(flavor = "multi_thread")]
async fn a_drawn_pin_is_printed_with_the_factor_and_that_confirms_it() {
    let house = House::open().await;
    let asked = CreateCredential {
        factor: FactorKind::Totp,
        label: Some("carol".to_owned()),
        ..create("carol", KeyType::P256)
    };
    let created = house.signer.create(&asked).await.unwrap();
    assert_eq!(created.factor, FactorKind::Totp);
    assert_eq!(refusal(house.signer.reveal_factor(&asked.credential).await), Refusal::Disabled);
    house.link(&asked.credential).await;
    let pin = house.signer.reveal_pin(&asked.credential).await.unwrap().expose_secret().to_owned();
    let (uri, secret) = house.signer.reveal_factor(&asked.credential).await.unwrap().unwrap();
    let app = App::told(uri.expose_secret());
    assert!(app.uri.starts_with("otpauth://totp/rsign:carol?"));
    assert_eq!(data_encoding::BASE32_NOPAD.encode(&app.secret), secret.expose_secret());
    assert_eq!(house.signer.acknowledge_pin(&asked.credential).await.unwrap().factor, FactorKind::Totp);
    assert_eq!(refusal(house.signer.reveal_factor(&asked.credential).await), Refusal::Disabled);
    let owned = Owned::new(&asked, created, pin);
    let asked = Authorize { client: CLIENT.to_owned(), ..ask(&owned, &owned.pin, Some(&app.code(house.clock.now()))) };
    let sad = text(&house.signer.authorize(&asked).await.unwrap());
    assert!(house.sign(&owned, &sad, &[hash(1)]).await.is_ok());
    assert_ne!(house.row(&owned).await.factor.unwrap().salt, Bytes(app.secret));
    house.close().await;
}
