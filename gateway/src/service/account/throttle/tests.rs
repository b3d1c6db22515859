use std::sync::atomic::Ordering;

use super::*;
use crate::port::clock::Hands;

fn throttle() -> (Arc<Throttle>, Arc<Hands>) {
    let clock = Arc::new(Hands::default());
    clock.0.store(1_000_000_000, Ordering::Relaxed);
    (Arc::new(Throttle::new(PASSWORDS, Arc::clone(&clock) as Arc<dyn Clock>)), clock)
}

fn address(last: u8) -> Option<IpAddr> {
    Some(IpAddr::from([192, 0, 2, last]))
}

/// Another address for each number.
fn any(number: u32) -> Option<IpAddr> {
    Some(IpAddr::from((0x0a00_0000 + number).to_be_bytes()))
}

/// A try; after how many milliseconds it begins. It ends as told before it would.
fn begin(throttle: &Arc<Throttle>, account: &str, address: Option<IpAddr>, outcome: Outcome) -> Result<i64, Wait> {
    match throttle.decide(account, address) {
        Decision::Go(keys, delay) => {
            throttle.settle(&keys, outcome);
            Ok(delay)
        }
        Decision::Later(_) => panic!("none is being judged"),
        Decision::No(wait) => Err(wait),
    }
}

/// A wrong password.
fn fail(throttle: &Arc<Throttle>, account: &str, address: Option<IpAddr>) -> Result<i64, Wait> {
    begin(throttle, account, address, Outcome::Failed)
}

/// The right one.
fn right(throttle: &Arc<Throttle>, account: &str, address: Option<IpAddr>) -> Result<i64, Wait> {
    begin(throttle, account, address, Outcome::Right)
}

#[test]
fn who_fails_waits_at_their_own_address_and_failures_are_forgotten_one_by_one() {
    let (throttle, clock) = throttle();
    for _ in 0..5 {
        assert_eq!(fail(&throttle, "ann", address(1)), Ok(0));
    }
    assert_eq!(fail(&throttle, "ann", address(1)), Err(Wait { seconds: 31 }));
    // The owner, elsewhere, does not notice; nor does another account here.
    assert_eq!(fail(&throttle, "ann", address(2)), Ok(0));
    assert_eq!(fail(&throttle, "bob", address(1)), Ok(0));
    for _ in 0..3 {
        clock.0.fetch_add(30_000, Ordering::Relaxed);
        assert_eq!(fail(&throttle, "ann", address(1)), Ok(0));
        assert!(fail(&throttle, "ann", address(1)).is_err());
    }
    clock.0.fetch_add(5 * 30_000, Ordering::Relaxed);
    for _ in 0..5 {
        assert_eq!(fail(&throttle, "ann", address(1)), Ok(0));
    }
}

#[test]
fn one_address_cannot_try_many_accounts() {
    let (throttle, _) = throttle();
    for n in 0..30 {
        assert_eq!(fail(&throttle, &format!("user{n}"), address(1)), Ok(0));
    }
    assert!(fail(&throttle, "another", address(1)).is_err());
    assert_eq!(fail(&throttle, "another", address(2)), Ok(0));
}

#[test]
fn an_office_with_a_few_typos_a_day_is_never_slow() {
    let (throttle, clock) = throttle();
    let office = address(1);
    // A hundred people, for a week: each hour somebody mistypes, and all sign in, some of them for the first time.
    for hour in 0..7 * 24 {
        assert_eq!(fail(&throttle, &format!("person{}", hour % 100), office), Ok(0));
        for person in 0..100 {
            clock.0.fetch_add(36_000, Ordering::Relaxed);
            assert_eq!(right(&throttle, &format!("person{person}-{}", hour / 24), office), Ok(0), "{hour}");
        }
    }
}

#[test]
fn right_sign_ins_do_not_put_the_end_of_a_wait_off() {
    let (throttle, clock) = throttle();
    assert_eq!(right(&throttle, "owner", address(1)), Ok(0));
    for n in 0..30 {
        assert_eq!(fail(&throttle, &format!("user{n}"), address(1)), Ok(0));
    }
    // Who signed in from there before does not even have to wait.
    for _ in 0..30 {
        clock.0.fetch_add(1000, Ordering::Relaxed);
        assert_eq!(right(&throttle, "owner", address(1)), Ok(0));
    }
    assert_eq!(right(&throttle, "newcomer", address(1)), Ok(0));
}

#[test]
fn a_stranger_with_many_addresses_does_not_keep_an_owner_out() {
    let (throttle, clock) = throttle();
    for n in 0..50 {
        assert_eq!(fail(&throttle, "rui", any(n)), Ok(0));
    }
    // Twenty tries a second from 400 addresses, for ten minutes; each minute the owner comes, from wherever.
    let (mut judged, mut comes) = (0, 0);
    for tick in 0..12_000 {
        clock.0.fetch_add(50, Ordering::Relaxed);
        judged += u32::from(fail(&throttle, "rui", any(tick % 400)).is_ok());
        if tick % 1200 == 1199 {
            comes += 1;
            let delay = right(&throttle, "rui", address(comes));
            assert!(delay.is_ok_and(|delay| delay <= if comes == 1 { 20_000 } else { 0 }), "{delay:?}");
            // From there again, there is no queue.
            assert_eq!(right(&throttle, "rui", address(comes)), Ok(0));
        }
    }
    // The first try of each address, and one a second.
    assert!((350..=1000).contains(&judged), "{judged}");
    // Nor is the attack remembered once it is over.
    clock.0.fetch_add(51 * 30_000, Ordering::Relaxed);
    assert_eq!(right(&throttle, "rui", address(200)), Ok(0));
}

#[test]
fn guesses_from_ever_new_addresses_have_one_pace_too() {
    let (throttle, clock) = throttle();
    let (mut judged, mut longest) = (0, 0);
    // Forty new ones a second for five minutes.
    for n in 0..12_000 {
        if let Ok(delay) = fail(&throttle, "rui", any(n)) {
            (judged, longest) = (judged + 1, delay.max(longest));
        }
        clock.0.fetch_add(25, Ordering::Relaxed);
    }
    // What was free, what waits, and ten a second.
    assert!((3300..=3400).contains(&judged), "{judged}");
    assert!(longest <= 30_000, "the queue is bounded: {longest}");
}

#[test]
fn an_account_of_ones_own_does_not_wipe_the_count_of_an_address() {
    let (throttle, _) = throttle();
    for n in 0..30 {
        assert_eq!(fail(&throttle, &format!("user{n}"), address(1)), Ok(0));
        assert_eq!(right(&throttle, "mine", address(1)), Ok(0));
    }
    assert!(fail(&throttle, "another", address(1)).is_err());
}

#[test]
fn a_site_of_many_networks_is_counted_too() {
    let (throttle, _) = throttle();
    let of = |site: u16, network: u8| Some(IpAddr::from([0x2001, 0xdb8, site, u16::from(network) << 8, 0, 0, 0, 1]));
    let judged = (0..=255).filter(|n| fail(&throttle, &format!("user{n}"), of(1, *n)).is_ok()).count();
    assert_eq!(judged, 120);
    assert_eq!(fail(&throttle, "another", of(2, 0)), Ok(0));
}

#[tokio::test]
async fn right_passwords_at_once_queue_and_wrong_ones_at_once_do_not_slip_by() {
    let (throttle, _) = throttle();
    let tries: Vec<_> = (0..40)
        .map(|_| {
            let throttle = Arc::clone(&throttle);
            tokio::spawn(async move {
                let begun = throttle.begin("ann", address(1)).await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
                begun.succeeded();
                Ok::<(), Wait>(())
            })
        })
        .collect();
    for right in tries {
        right.await.unwrap().unwrap();
    }
    let tries: Vec<_> = (0..40)
        .map(|_| {
            let throttle = Arc::clone(&throttle);
            tokio::spawn(async move {
                let begun = throttle.begin("bob", address(1)).await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
                drop(begun);
                Ok::<(), Wait>(())
            })
        })
        .collect();
    let mut judged = 0;
    for wrong in tries {
        judged += u32::from(wrong.await.unwrap().is_ok());
    }
    assert_eq!(judged, PASSWORDS.pair.free);
}

#[tokio::test]
async fn a_try_that_could_not_be_judged_does_not_count() {
    let (throttle, _) = throttle();
    for _ in 0..20 {
        throttle.begin("ann", address(1)).await.unwrap().unjudged();
    }
    assert_eq!(fail(&throttle, "ann", address(1)), Ok(0));
}
