use std::sync::atomic::Ordering;

use super::*;
use crate::port::clock::Hands;

fn throttle() -> (Arc<Throttle>, Arc<Hands>) {
    let clock = Arc::new(Hands::default());
    clock.0.store(1_000_000_000, Ordering::Relaxed);
    (Arc::new(Throttle::new(Arc::clone(&clock) as Arc<dyn Clock>)), clock)
}

fn address(last: u8) -> Option<IpAddr> {
    Some(IpAddr::from([192, 0, 2, last]))
}

/// A wrong password.
async fn fail(throttle: &Arc<Throttle>, account: &str, last: u8) -> Result<(), Wait> {
    throttle.begin(account, address(last)).await.map(drop)
}

#[tokio::test]
async fn who_fails_waits_longer_and_longer_at_their_own_address() {
    let (throttle, clock) = throttle();
    for _ in 0..5 {
        fail(&throttle, "ann", 1).await.unwrap();
    }
    assert_eq!(fail(&throttle, "ann", 1).await, Err(Wait { seconds: 2 }));
    clock.0.fetch_add(1001, Ordering::Relaxed);
    fail(&throttle, "ann", 1).await.unwrap();
    clock.0.fetch_add(1001, Ordering::Relaxed);
    assert_eq!(fail(&throttle, "ann", 1).await, Err(Wait { seconds: 1 }));
    // The owner, elsewhere, does not notice; nor does another account here.
    fail(&throttle, "ann", 2).await.unwrap();
    fail(&throttle, "bob", 1).await.unwrap();
    clock.0.fetch_add(FORGET, Ordering::Relaxed);
    for _ in 0..5 {
        fail(&throttle, "ann", 1).await.unwrap();
    }
}

#[tokio::test]
async fn one_address_cannot_try_many_accounts() {
    let (throttle, _) = throttle();
    for n in 0..30 {
        fail(&throttle, &format!("user{n}"), 1).await.unwrap();
    }
    assert!(fail(&throttle, "another", 1).await.is_err());
    assert!(fail(&throttle, "another", 2).await.is_ok());
}

#[tokio::test]
async fn many_addresses_share_one_pace_for_an_account_and_its_owner_keeps_their_own() {
    let (throttle, clock) = throttle();
    throttle.begin("ann", address(200)).await.unwrap().succeeded();
    for n in 0..50 {
        fail(&throttle, "ann", n).await.unwrap();
    }
    assert!(fail(&throttle, "ann", 100).await.is_err());
    assert!(fail(&throttle, "ann", 200).await.is_ok());
    clock.0.fetch_add(2000, Ordering::Relaxed);
    assert!(fail(&throttle, "ann", 100).await.is_ok());
}

#[tokio::test]
async fn an_account_of_ones_own_does_not_wipe_the_count_of_an_address() {
    let (throttle, _) = throttle();
    for n in 0..30 {
        fail(&throttle, &format!("user{n}"), 1).await.unwrap();
        if n < 29 {
            throttle.begin("mine", address(1)).await.unwrap().succeeded();
        }
    }
    assert!(fail(&throttle, "another", 1).await.is_err());
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
    assert_eq!(judged, PAIR.free);
}

#[tokio::test]
async fn a_try_that_could_not_be_judged_does_not_count() {
    let (throttle, _) = throttle();
    for _ in 0..20 {
        throttle.begin("ann", address(1)).await.unwrap().unjudged();
    }
    fail(&throttle, "ann", 1).await.unwrap();
}

#[test]
fn an_ipv6_network_is_one_address() {
    let of = |text: &str| network(text.parse().unwrap());
    assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
    assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
}
