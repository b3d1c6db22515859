//! Many at once on one document: every step counts once, and of those only one can win, one does.

use std::sync::{Arc, Mutex};

use rsign_storage::{Store, Update};
use serde::{Deserialize, Serialize};

use super::bench;
use crate::common::{Counter, at_once, counters, increment, table};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Voucher {
    redeemed_by: Option<usize>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_redeem_and_one_wins() {
    let Some(bench) = bench().await else { return };
    let store = bench.open().await;
    let vouchers = table::<Voucher>(&store);
    vouchers.insert("v", Voucher { redeemed_by: None }).await.unwrap();
    let racing = vouchers.clone();
    let won = at_once(50, move |who| {
        let vouchers = racing.clone();
        async move {
            let redeem = move |found: Option<Voucher>| match found {
                Some(Voucher { redeemed_by: None }) => (Update::Put(Voucher { redeemed_by: Some(who) }), Some(who)),
                _ => (Update::Keep, None),
            };
            vouchers.update("v", redeem).await
        }
    })
    .await;
    let winners: Vec<usize> = won.into_iter().flatten().collect();
    let stored = vouchers.find("v").await.unwrap().unwrap().redeemed_by;
    assert_eq!(winners.len(), 1);
    assert_eq!(winners.first().copied(), stored);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_hundred_increments_give_four_hundred() {
    let Some(bench) = bench().await else { return };
    let counters = counters(&bench.open().await);
    let racing = counters.clone();
    let mut seen = at_once(400, move |_| {
        let counters = racing.clone();
        async move { increment(&counters, "c").await }
    })
    .await;
    seen.sort_unstable();
    assert_eq!(seen, (1..=400).collect::<Vec<u64>>(), "each saw its own");
    assert_eq!(counters.find("c").await.unwrap(), Some(Counter { value: 400 }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_insert_and_one_wins() {
    let Some(bench) = bench().await else { return };
    // Eight through each of two openers, so that the database itself must decide.
    let both = [counters(&bench.open().await), counters(&bench.open().await)];
    let racing = both.clone();
    let inserted = at_once(16, move |who| {
        let [one, two] = racing.clone();
        let counters = if who % 2 == 0 { one } else { two };
        async move { Ok((who as u64, counters.insert("c", Counter { value: who as u64 }).await?)) }
    })
    .await;
    let winners: Vec<u64> = inserted.into_iter().filter(|(_, won)| *won).map(|(who, _)| who).collect();
    let stored = both[1].find("c").await.unwrap().unwrap().value;
    assert_eq!(winners, [stored]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_openers_lose_no_increment() {
    let Some(bench) = bench().await else { return };
    let both = [counters(&bench.open().await), counters(&bench.open().await)];
    let racing = both.clone();
    at_once(200, move |number| {
        let [one, two] = racing.clone();
        let counters = if number % 2 == 0 { one } else { two };
        async move { increment(&counters, &format!("c{}", number % 3)).await }
    })
    .await;
    let mut total = 0;
    for id in ["c0", "c1", "c2"] {
        total += both[0].find(id).await.unwrap().unwrap().value;
    }
    assert_eq!(total, 200);
}

/// A document that is removed and created again must not be taken for the old one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_token_passed_between_openers_is_never_doubled() {
    let Some(bench) = bench().await else { return };
    let openers: Vec<Arc<dyn Store>> = vec![bench.open().await, bench.open().await, bench.open().await];
    counters(&openers[0]).insert("token", Counter::default()).await.unwrap();
    let holders = Arc::new(Mutex::new(0_usize));
    let most = Arc::new(Mutex::new(0_usize));
    let tables: Vec<_> = openers.iter().map(counters).collect();
    let (held, peak) = (Arc::clone(&holders), Arc::clone(&most));
    at_once(6, move |who| {
        let tokens = tables[who % 3].clone();
        let (holders, most) = (Arc::clone(&held), Arc::clone(&peak));
        async move {
            for _ in 0..20 {
                if !tokens.remove("token").await? {
                    continue;
                }
                {
                    let mut now = holders.lock().unwrap();
                    *now += 1;
                    let mut most = most.lock().unwrap();
                    *most = (*most).max(*now);
                }
                tokio::task::yield_now().await;
                *holders.lock().unwrap() -= 1;
                assert!(tokens.insert("token", Counter::default()).await?);
            }
            Ok(())
        }
    })
    .await;
    assert_eq!(*most.lock().unwrap(), 1);
    assert!(counters(&openers[0]).remove("token").await.unwrap());
}
