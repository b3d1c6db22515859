//! The PIN's counters, on the real HSM, whose jobs are counted.

use std::sync::Arc;

use rsign_api::algorithm::KeyType;
use rsign_api::signer::{Authorize, Refusal, State};
use rsign_signer::service::{Error, Policy, Result, Signer};
use tokio::task::JoinHandle;

use super::house::{DAY, HOUR, House, MINUTE, Owned, hash, refusal};
use super::probe::{Mishap, is_rewrap};
use crate::harness::{soon, until};

async fn try_pin(house: &House, owned: &Owned, client: &str, pin: &str) -> Result<()> {
    let asked = Authorize { client: client.to_owned(), ..owned.authorize_with(pin, &[hash(1)]) };
    house.signer.authorize(&asked).await.map(|_| ())
}

/// A wrong PIN; what was said.
async fn wrong(house: &House, owned: &Owned, client: &str, number: u32) -> Refusal {
    refusal(try_pin(house, owned, client, &owned.wrong_pin(number)).await)
}

async fn right(house: &House, owned: &Owned, client: &str) -> Result<()> {
    try_pin(house, owned, client, &owned.pin).await
}

/// A call under way.
type Call = JoinHandle<Result<()>>;

fn call(signer: &Arc<Signer>, asked: Authorize) -> Call {
    let signer = Arc::clone(signer);
    tokio::spawn(async move { signer.authorize(&asked).await.map(|_| ()) })
}

/// What was said to each.
async fn heard(calls: Vec<Call>) -> Vec<Result<()>> {
    let mut outcomes = Vec::new();
    for call in calls {
        outcomes.push(soon(call).await.unwrap());
    }
    outcomes
}

/// So many at once, from these clients in turn; what was said to each.
async fn at_once(
    house: &House,
    owned: &Owned,
    clients: &[&str],
    count: u32,
    pin: impl Fn(u32) -> String,
) -> Vec<Result<()>> {
    let asked = |number: u32| Authorize {
        client: clients[number as usize % clients.len()].to_owned(),
        ..owned.authorize_with(&pin(number), &[hash(1)])
    };
    heard((0..count).map(|number| call(&house.signer, asked(number))).collect()).await
}

fn said(outcomes: &[Result<()>], expected: Refusal) -> usize {
    outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Refused(refusal)) if *refusal == expected)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_19_three_wrong_pins_of_a_client_five_of_all_then_locked_right_pin_included() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    house.hsm.forget();
    for number in 0..3 {
        assert_eq!(wrong(&house, &owned, "a", number).await, Refusal::WrongPin);
    }
    assert_eq!(wrong(&house, &owned, "a", 3).await, Refusal::PinLocked);
    assert_eq!(refusal(right(&house, &owned, "a").await), Refusal::PinLocked);
    assert_eq!(house.hsm.judged(), 3);
    for number in 4..6 {
        assert_eq!(wrong(&house, &owned, "b", number).await, Refusal::WrongPin);
    }
    for client in ["a", "b", "c"] {
        assert_eq!(refusal(right(&house, &owned, client).await), Refusal::PinLocked);
    }
    assert_eq!(house.hsm.judged(), 5, "no more PINs reach the HSM");

    house.clock.advance(15 * MINUTE - 1);
    assert_eq!(refusal(right(&house, &owned, "c").await), Refusal::PinLocked);
    house.clock.advance(1);
    right(&house, &owned, "c").await.unwrap();
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_19_locks_double_and_the_fifteenth_wrong_pin_in_a_row_blocks_for_good() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let before = house.row(&owned).await.epoch;
    for (lock, clients) in [(15 * MINUTE, ["a", "a", "a", "b", "b"]), (30 * MINUTE, ["c", "c", "c", "d", "d"])] {
        for (number, client) in clients.into_iter().enumerate() {
            assert_eq!(wrong(&house, &owned, client, u32::try_from(number).unwrap()).await, Refusal::WrongPin);
        }
        let until = house.signer.status(&owned.id).await.unwrap().locked_until.unwrap();
        let now = rsign_signer::clock::Clock::now(&*house.clock);
        assert_eq!(until, (now + lock) / 1000);
        assert_eq!(refusal(right(&house, &owned, "c").await), Refusal::PinLocked);
        house.clock.advance(lock);
    }
    for (number, client) in ["e", "e", "f", "f", "g"].into_iter().enumerate() {
        assert_eq!(house.row(&owned).await.state, State::Active);
        assert_eq!(wrong(&house, &owned, client, u32::try_from(number).unwrap()).await, Refusal::WrongPin);
    }
    assert_eq!(house.row(&owned).await.state, State::Blocked);
    assert!(house.row(&owned).await.epoch > before, "its SADs end");
    house.clock.advance(30 * DAY);
    assert_eq!(refusal(right(&house, &owned, "h").await), Refusal::PinLocked);
    assert_eq!(refusal(house.change_state(&owned, State::Active).await), Refusal::Disabled);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_pin_clears_the_count() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    for _ in 0..10 {
        for number in 0..2 {
            assert_eq!(wrong(&house, &owned, "a", number).await, Refusal::WrongPin);
        }
        right(&house, &owned, "a").await.unwrap();
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_22_a_client_that_guesses_locks_itself_out_not_the_owner() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    for number in 0..3 {
        assert_eq!(wrong(&house, &owned, "evil", number).await, Refusal::WrongPin);
    }
    right(&house, &owned, "good").await.unwrap();
    assert_eq!(refusal(right(&house, &owned, "evil").await), Refusal::PinLocked, "its own lock goes on");
    right(&house, &owned, "good").await.unwrap();
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_string_is_judged_as_a_pin() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let long = "9".repeat(100_000);
    for odd in ["", " ", "\0", "🗝️", &long, &format!(" {}", owned.pin), &format!("{}\n", owned.pin)] {
        assert_eq!(refusal(try_pin(&house, &owned, "a", odd).await), Refusal::WrongPin);
        right(&house, &owned, "a").await.unwrap();
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_20_two_hundred_wrong_pins_at_once_and_three_reach_the_hsm() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    house.hsm.forget();
    let outcomes = at_once(&house, &owned, &["a"], 200, |number| owned.wrong_pin(number)).await;
    assert_eq!((said(&outcomes, Refusal::WrongPin), said(&outcomes, Refusal::PinLocked)), (3, 197));
    assert_eq!((house.hsm.judged(), house.hsm.count(is_rewrap)), (3, 3));
    assert_eq!(refusal(right(&house, &owned, "a").await), Refusal::PinLocked);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_20_two_hundred_wrong_pins_at_once_from_ten_clients_and_five_reach_the_hsm() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    house.hsm.forget();
    let clients = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let outcomes = at_once(&house, &owned, &clients, 200, |number| owned.wrong_pin(number)).await;
    assert_eq!((said(&outcomes, Refusal::WrongPin), said(&outcomes, Refusal::PinLocked)), (5, 195));
    assert_eq!(house.hsm.judged(), 5);
    house.close().await;
}

/// As A-20, over two instances on one store: the row decides, not the queue of one process.
#[tokio::test(flavor = "multi_thread")]
async fn a_20_two_instances_together_let_no_more_through() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let other = house.restarted();
    house.hsm.forget();
    let calls: Vec<_> = (0..100)
        .map(|number| {
            let signer = if number % 2 == 0 { &house.signer } else { &other };
            call(signer, owned.authorize_with(&owned.wrong_pin(number), &[hash(1)]))
        })
        .collect();
    let outcomes = heard(calls).await;
    assert_eq!((said(&outcomes, Refusal::WrongPin), said(&outcomes, Refusal::PinLocked)), (3, 97));
    assert_eq!(house.hsm.judged(), 3);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_right_pins_at_once_all_succeed() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let outcomes = at_once(&house, &owned, &["a"], 100, |_| owned.pin.clone()).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_beyond_the_queue_hear_busy_and_cost_nothing() {
    let house = House::with(Policy { waiting: 8, patience: 300, ..Policy::default() }).await;
    let owned = house.enrol(KeyType::P256).await;
    let gate = house.hsm.hold(is_rewrap);
    let calls: Vec<_> = (0..20).map(|_| call(&house.signer, owned.authorize(&[hash(1)]))).collect();
    // Three are at the HSM until the others have heard.
    until("the others were answered", || calls.iter().filter(|call| call.is_finished()).count() == 17).await;
    gate.add_permits(3);
    let outcomes = heard(calls).await;
    let given = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!((given, said(&outcomes, Refusal::Busy)), (3, 17), "{outcomes:?}");
    house.hsm.well();
    for number in 0..3 {
        assert_eq!(wrong(&house, &owned, "a", number).await, Refusal::WrongPin, "every try is left");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_21_a_try_whose_process_died_stays_counted() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    house.hsm.forget();
    house.hsm.afflict(is_rewrap, Mishap::Hangs);
    for number in 0..3 {
        let (signer, asked) = (house.restarted(), owned.authorize_with(&owned.wrong_pin(number), &[hash(1)]));
        let dying = tokio::spawn(async move { signer.authorize(&asked).await.map(|_| ()) });
        let begun = usize::try_from(number).unwrap() + 1;
        until("the PIN is at the HSM", || house.hsm.count(is_rewrap) == begun).await;
        dying.abort();
        assert!(dying.await.unwrap_err().is_cancelled());
    }
    house.hsm.well();
    house.clock.advance(30_000);
    assert_eq!(refusal(right(&house, &owned, super::house::CLIENT).await), Refusal::PinLocked);
    assert_eq!(house.row(&owned).await.tries.failed(), 3);
    right(&house, &owned, "another").await.unwrap();
    house.close().await;
}

/// One guess on each of many credentials: no lock of any of them would notice.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_hundred_wrong_pins_in_an_hour_a_client_is_judged_only_where_it_was_right_lately() {
    let house = House::open().await;
    let (known, idle) = (house.enrol(KeyType::P256).await, house.enrol(KeyType::P256).await);
    right(&house, &known, "evil").await.unwrap();
    for number in 0..100 {
        let victim = house.enrol(KeyType::P256).await;
        assert_eq!(wrong(&house, &victim, "evil", number).await, Refusal::WrongPin);
    }
    house.hsm.forget();
    assert_eq!(refusal(right(&house, &idle, "evil").await), Refusal::PinLocked, "the same answer as for a lock");
    assert_eq!(house.hsm.judged(), 0);
    right(&house, &known, "evil").await.unwrap();
    right(&house, &idle, "good").await.unwrap();
    house.clock.advance(HOUR);
    right(&house, &idle, "evil").await.unwrap();
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_over_many_credentials_does_not_pass_the_brake_and_right_pins_do_not_use_it_up() {
    let house = House::with(Policy { brake: 5, ..Policy::default() }).await;
    let mut all = Vec::new();
    for _ in 0..12 {
        all.push(house.enrol(KeyType::P256).await);
    }
    for owned in &all[..8] {
        right(&house, owned, "evil").await.unwrap();
    }
    house.clock.advance(DAY);
    house.hsm.forget();
    let calls: Vec<_> = all
        .iter()
        .map(|owned| {
            let asked = owned.authorize_with(&owned.wrong_pin(1), &[hash(1)]);
            call(&house.signer, Authorize { client: "evil".to_owned(), ..asked })
        })
        .collect();
    let outcomes = heard(calls).await;
    assert_eq!((said(&outcomes, Refusal::WrongPin), said(&outcomes, Refusal::PinLocked)), (5, 7));
    assert_eq!(house.hsm.judged(), 5);
    house.close().await;
}

/// The PIN was right, but the credential was suspended (or its PIN changed) before the SAD was given.
#[tokio::test(flavor = "multi_thread")]
async fn a_right_pin_that_was_overtaken_is_not_counted_as_wrong() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    house.hsm.forget();
    let gate = house.hsm.hold(is_rewrap);
    let (signer, asked) = (Arc::clone(&house.signer), owned.authorize(&[hash(1)]));
    let overtaken = tokio::spawn(async move { signer.authorize(&asked).await });
    until("the PIN is at the HSM", || house.hsm.count(is_rewrap) == 1).await;
    house.change_state(&owned, State::Suspended).await.unwrap();
    gate.add_permits(1);
    assert_eq!(refusal(soon(overtaken).await.unwrap()), Refusal::Disabled);
    house.change_state(&owned, State::Active).await.unwrap();
    house.hsm.well();
    house.clock.advance(30_000);
    for number in 0..3 {
        assert_eq!(wrong(&house, &owned, super::house::CLIENT, number).await, Refusal::WrongPin, "every try is left");
    }
    house.close().await;
}
