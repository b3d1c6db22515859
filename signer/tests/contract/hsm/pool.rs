//! Workers come and go, and no call is lost.

use std::sync::Arc;
use std::time::Duration;

use rsign_api::algorithm::KeyType;
use rsign_signer::hsm::{Answer, Fault, Hsm, Job, Pool, PoolSettings};

use super::TOKEN;
use crate::harness::{Made, TestToken, opener, soon, until};

/// So many signatures asked for at once; what became of each.
async fn burst(pool: &Arc<Pool>, made: &Made, count: usize) -> Vec<Result<Answer, Fault>> {
    let calls = (0..count).map(|_| {
        let (pool, made) = (Arc::clone(pool), made.clone());
        tokio::spawn(async move { made.sign(&*pool, &opener(1)).await })
    });
    let mut outcomes = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        outcomes.push(soon(call).await.unwrap());
    }
    outcomes
}

/// As a burst, each call repeated while its worker is lost, as the service does (which gives up sooner).
async fn stubborn_burst(pool: &Arc<Pool>, made: &Made, count: usize) {
    let calls = (0..count).map(|_| {
        let (pool, made) = (Arc::clone(pool), made.clone());
        tokio::spawn(async move {
            loop {
                match made.sign(&*pool, &opener(1)).await {
                    Err(Fault::Lost) => {}
                    outcome => return made.is_signed(&outcome),
                }
            }
        })
    });
    for call in calls.collect::<Vec<_>>() {
        assert!(soon(call).await.unwrap(), "each call gets its signature");
    }
}

async fn is_whole(token: &TestToken, pool: &Pool, workers: usize) {
    let whole = u32::try_from(workers).unwrap();
    until("all workers are ready", || pool.ready() == whole).await;
    until("no other process is left", || token.workers().pids().len() == workers).await;
}

#[tokio::test]
async fn workers_are_replaced_after_their_share_and_nothing_is_lost() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = Pool::start(PoolSettings { replace_after: 50, ..token.pool_settings().await }).await.unwrap();
    let first = token.workers().pids();
    assert_eq!(first.len(), 2);
    let made = Made::by(&*pool, KeyType::P256, &opener(1)).await;
    for _ in 0..5 {
        let outcomes = burst(&pool, &made, 100).await;
        assert!(outcomes.iter().all(|outcome| made.is_signed(outcome)));
    }
    is_whole(&token, &pool, 2).await;
    assert!(token.workers().pids().is_disjoint(&first), "after 500 jobs none of the first is left");
    pool.stop().await;
    assert!(token.workers().pids().is_empty(), "each has been waited for");
}

/// The pool as one client has it.
#[derive(Debug)]
struct Of(Arc<Pool>, &'static str);

#[async_trait::async_trait]
impl Hsm for Of {
    async fn run(&self, job: Job) -> Result<Answer, Fault> {
        self.0.run_for(self.1, job).await
    }

    fn ready(&self) -> u32 {
        self.0.ready()
    }
}

#[tokio::test]
async fn a_26_a_clients_job_does_not_wait_for_all_of_anothers() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = Pool::start(PoolSettings { workers: 1, queue: 400, ..token.pool_settings().await }).await.unwrap();
    let made = Made::by(&*pool, KeyType::P256, &opener(1)).await;
    let sign = |client: &'static str| {
        let (pool, made) = (Of(Arc::clone(&pool), client), made.clone());
        tokio::spawn(async move { made.sign(&pool, &opener(1)).await })
    };
    let mut many: Vec<_> = (0..400).map(|_| sign("many")).collect();
    until("they wait", || pool.waiting() > 350).await;
    assert!(made.is_signed(&soon(sign("one")).await.unwrap()));
    assert!(pool.waiting() > 200, "{} of the others wait", pool.waiting());
    // All places were taken: some of those hear that there is none. A fast token empties them again meanwhile.
    many.extend((0..600).map(|_| sign("many")));
    until("there is no place", || pool.waiting() > 300).await;
    assert!(made.is_signed(&soon(sign("one")).await.unwrap()));
    let mut refused = 0;
    for outcome in many {
        match soon(outcome).await.unwrap() {
            Err(Fault::Busy) => refused += 1,
            outcome => assert!(made.is_signed(&outcome), "{outcome:?}"),
        }
    }
    assert!((1..600).contains(&refused), "{refused}");
    pool.stop().await;
}

#[tokio::test]
async fn a_workers_memory_stays_within_its_share() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = Pool::start(PoolSettings { workers: 1, ..token.pool_settings().await }).await.unwrap();
    let made = Made::by(&*pool, KeyType::P256, &opener(1)).await;
    burst(&pool, &made, 100).await;
    let pid = token.workers().pids().pop_first().unwrap();
    let before = token.workers().resident(pid);
    // Not all at once: a slow machine would let some of them wait in vain.
    for _ in 0..10 {
        let outcomes = burst(&pool, &made, 100).await;
        assert!(outcomes.iter().all(|outcome| made.is_signed(outcome)), "{outcomes:?}");
    }
    let after = token.workers().resident(pid);
    assert!(before > 0 && after > 0, "one worker made them all: {before} KiB, {after} KiB");
    // It may have given some back meanwhile.
    let grown = after.saturating_sub(before);
    // SoftHSM2 2.6.1 keeps 0.7 KiB of each signature's session objects until C_Finalize.
    assert!(grown < 3 * 1024, "{grown} KiB after 1000 signatures");
    pool.stop().await;
}

// SoftHSM2 rewrites the token's own file at each login, and not atomically: a worker killed just then takes the token
// with it. So these tests kill workers that have logged in, and only those.

#[tokio::test]
async fn a_killed_worker_loses_no_call_and_is_replaced() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = token.pool().await;
    let made = Made::by(&*pool, KeyType::P256, &opener(1)).await;
    for _ in 0..4 {
        is_whole(&token, &pool, 2).await;
        let load = {
            let (pool, made) = (Arc::clone(&pool), made.clone());
            tokio::spawn(async move { burst(&pool, &made, 200).await })
        };
        tokio::time::sleep(Duration::from_millis(20)).await;
        token.workers().signal("KILL", *token.workers().pids().first().unwrap());
        for outcome in soon(load).await.unwrap() {
            assert!(made.is_signed(&outcome) || matches!(outcome, Err(Fault::Lost)), "{outcome:?}");
        }
    }
    is_whole(&token, &pool, 2).await;
    let outcomes = burst(&pool, &made, 20).await;
    assert!(outcomes.iter().all(|outcome| made.is_signed(outcome)), "the pool has healed");
    pool.stop().await;
}

#[tokio::test]
async fn all_workers_killed_again_and_again_and_every_call_is_done() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = token.pool().await;
    let made = Made::by(&*pool, KeyType::P256, &opener(1)).await;
    for _ in 0..6 {
        is_whole(&token, &pool, 2).await;
        let load = {
            let (pool, made) = (Arc::clone(&pool), made.clone());
            tokio::spawn(async move { stubborn_burst(&pool, &made, 100).await })
        };
        tokio::time::sleep(Duration::from_millis(15)).await;
        token.workers().signal_all("KILL");
        soon(load).await.unwrap();
    }
    is_whole(&token, &pool, 2).await;
    pool.stop().await;
    assert!(token.workers().pids().is_empty());
}

#[tokio::test]
async fn a_full_queue_says_busy_and_what_waits_is_done() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let settings = PoolSettings { workers: 1, queue: 4, ..token.pool_settings().await };
    let pool = Pool::start(settings).await.unwrap();
    let made = Made::by(&*pool, KeyType::P256, &opener(1)).await;
    token.workers().signal_all("STOP");
    let mut calls = Vec::new();
    for _ in 0..20 {
        let (pool, made) = (Arc::clone(&pool), made.clone());
        calls.push(tokio::spawn(async move { made.sign(&*pool, &opener(1)).await }));
        // One after the other, so that the worker's hands are filled from the queue before the queue is full.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(soon(pool.run(Job::Check)).await.unwrap_err(), Fault::Busy);
    token.workers().signal_all("CONT");
    let mut outcomes = Vec::new();
    for call in calls {
        outcomes.push(soon(call).await.unwrap());
    }
    let done = outcomes.iter().filter(|outcome| made.is_signed(outcome)).count();
    let busy = outcomes.iter().filter(|outcome| matches!(outcome, Err(Fault::Busy))).count();
    // Two in the worker's hands, four in the queue.
    assert_eq!((done, busy), (6, 14), "{outcomes:?}");
    pool.stop().await;
}

/// A library that hangs is not a wrong PIN, nor does it hold its callers for ever.
#[tokio::test]
async fn a_worker_that_hangs_is_busy_for_its_callers_and_is_replaced() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let settings = PoolSettings { workers: 1, ..token.pool_settings().await };
    let pool = Pool::start_with_patience(settings, Duration::from_millis(300)).await.unwrap();
    let made = Made::by(&*pool, KeyType::P256, &opener(1)).await;
    let hung = token.workers().pids();
    token.workers().signal_all("STOP");
    let outcomes = burst(&pool, &made, 10).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(Fault::Busy))), "{outcomes:?}");
    until("another worker is there", || {
        !token.workers().pids().is_empty() && token.workers().pids().is_disjoint(&hung)
    })
    .await;
    is_whole(&token, &pool, 1).await;
    // A machine busy with other things may take longer for a signature than this pool waits for one.
    let signs = async {
        loop {
            match made.sign(&*pool, &opener(1)).await {
                Err(Fault::Busy | Fault::Lost) => {}
                outcome => return outcome,
            }
        }
    };
    assert!(made.is_signed(&soon(signs).await));
    pool.stop().await;
}

/// Most HSMs lock their user out after a few wrong PINs.
#[tokio::test]
async fn an_hsm_that_refuses_its_users_pin_is_not_asked_again_and_again() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = token.pool().await;
    std::fs::write(token.path("hsm-pin"), "no longer the PIN").unwrap();
    token.workers().signal_all("KILL");
    until("both seats are empty", || pool.ready() == 0).await;
    // Who still waits hears of it when the last seat gives up; who comes later, at once.
    let waited = soon(pool.run(Job::Check)).await;
    assert!(matches!(waited, Err(Fault::Lost | Fault::Busy)), "{waited:?}");
    assert_eq!(pool.run(Job::Check).await.unwrap_err(), Fault::Busy);
    until("they have given up", || token.workers().pids().is_empty()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(token.workers().pids().is_empty(), "given up");
    pool.stop().await;
}

#[tokio::test]
async fn a_pool_that_stops_answers_every_call() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = Pool::start(PoolSettings { workers: 1, ..token.pool_settings().await }).await.unwrap();
    let made = Made::by(&*pool, KeyType::P256, &opener(1)).await;
    let load = {
        let (pool, made) = (Arc::clone(&pool), made.clone());
        tokio::spawn(async move { burst(&pool, &made, 200).await })
    };
    tokio::time::sleep(Duration::from_millis(20)).await;
    soon(pool.stop()).await;
    for outcome in soon(load).await.unwrap() {
        assert!(made.is_signed(&outcome) || matches!(outcome, Err(Fault::Lost | Fault::Busy)), "{outcome:?}");
    }
    assert!(pool.run(Job::Check).await.is_err(), "nothing more is taken");
}

#[tokio::test]
async fn an_answer_too_long_for_a_frame_is_a_fault_not_silence() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = Pool::start(PoolSettings { workers: 1, threads: 2, ..token.pool_settings().await }).await.unwrap();
    let outcome = soon(pool.run(Job::Random { length: 2 << 20 })).await;
    assert!(matches!(outcome, Err(Fault::Device(_) | Fault::Lost)), "{outcome:?}");
    let outcome = soon(pool.run(Job::Mac { data: vec![0; 2 << 20] })).await;
    assert!(matches!(outcome, Err(Fault::Device(_))), "{outcome:?}");
    soon(pool.run(Job::Check)).await.unwrap();
    pool.stop().await;
}

#[tokio::test]
async fn workers_of_many_threads_answer_each_call_with_its_own_answer() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = Pool::start(PoolSettings { workers: 1, threads: 4, ..token.pool_settings().await }).await.unwrap();
    let (one, two) =
        (Made::by(&*pool, KeyType::P256, &opener(1)).await, Made::by(&*pool, KeyType::P256, &opener(1)).await);
    let (of_one, of_two) = tokio::join!(burst(&pool, &one, 200), burst(&pool, &two, 200));
    assert!(of_one.iter().all(|outcome| one.is_signed(outcome)));
    assert!(of_two.iter().all(|outcome| two.is_signed(outcome)));
    pool.stop().await;
}
