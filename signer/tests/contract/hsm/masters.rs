//! Two versions of K_MK on one token: each opens what is under it, and a start finds both.

use rsign_api::algorithm::KeyType;
use rsign_signer::hsm::{Answer, Fault, Hsm, Job, MasterVersion, Pool};

use super::TOKEN;
use crate::harness::child::{Flaw, Forged, forge};
use crate::harness::{Made, Officers, TestToken, opener};

const FIRST: MasterVersion = MasterVersion::FIRST;
const SECOND: MasterVersion = FIRST.next();

fn rotated() -> Option<TestToken> {
    let token = TestToken::ready(TOKEN)?;
    Officers::of(&token).rotate(&token);
    Some(token)
}

#[tokio::test]
async fn a_slot_opens_under_its_own_version_only_and_is_renewed_under_the_next() {
    let Some(token) = rotated() else { return };
    let pool = token.pool().await;
    let (pin, sad) = (opener(1), opener(2).under(SECOND));
    let made = Made::by(&*pool, KeyType::P256, &pin).await;
    let Job::Rewrap { opener, slot, new_opener, check, .. } = made.rewrap(&pin, &sad, false) else { panic!() };
    let job = Job::Rewrap { opener, slot, new_opener, check, renew: Some(SECOND) };
    let answer = pool.run(job.clone()).await;
    let Ok(Answer::Rewrapped { slot, renewed: Some(renewed) }) = answer else { panic!("{answer:?}") };
    assert!(slot != renewed && renewed != made.slot && renewed.len() == 40);
    let (sad_slot, pin_slot) = (Made { slot, ..made.clone() }, Made { slot: renewed.clone(), ..made.clone() });
    for (one, opens, opens_not) in [
        (&made, &pin, pin.under(SECOND)),
        (&sad_slot, &sad, sad.under(FIRST)),
        (&pin_slot, &pin.under(SECOND), pin.clone()),
    ] {
        assert!(one.is_signed(&one.sign(&*pool, opens).await));
        assert!(matches!(one.sign(&*pool, &opens_not).await, Ok(Answer::Refused)));
    }
    let Ok(Answer::Rewrapped { renewed: again, .. }) = pool.run(job).await else { panic!() };
    assert_eq!(again, Some(renewed), "whoever renews it, however often");
    pool.stop().await;
}

#[tokio::test]
async fn a_version_that_a_worker_was_not_told_of_is_a_fault_and_no_refusal() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let pool = token.pool().await;
    let pin = opener(1);
    let made = Made::by(&*pool, KeyType::P256, &pin).await;
    let jobs = [
        made.job(&pin.under(SECOND)),
        made.rewrap(&pin.under(SECOND), &opener(2), false),
        made.rewrap(&pin, &opener(2).under(SECOND), true),
        Job::Generate { key: KeyType::P256, opener: pin.under(SECOND) },
    ];
    for job in jobs {
        let Err(Fault::Device(said)) = pool.run(job).await else { panic!("it was done, or refused") };
        assert!(said.contains("master-2"), "{said}");
    }
    assert!(made.is_signed(&made.sign(&*pool, &pin).await), "the worker goes on");
    pool.stop().await;
}

#[tokio::test]
async fn a_start_names_the_version_that_does_not_open() {
    let Some(token) = rotated() else { return };
    let good = token.pool_settings().await;
    for version in [FIRST, SECOND] {
        let mut settings = good.clone();
        let canaries = &mut settings.masters.canaries;
        let other = if version == FIRST { SECOND } else { FIRST };
        canaries.insert(version, canaries[&other].clone());
        let refused = Pool::start(settings).await.expect_err("a foreign canary");
        let named = format!("K_MK {version}: the canary does not open");
        assert!(refused.contains(&named) && !refused.contains(&format!("K_MK {other}:")), "{refused}");
    }
    // A program that knows but one K_MK reads the newest canary, and looks for it under the first key.
    let mut earlier = good.clone();
    earlier.masters = rsign_signer::hsm::Masters::first(token.ceremony().await.canary.0);
    assert!(Pool::start(earlier).await.expect_err("another's canary").contains("the canary does not open"));

    forge(&token, Forged::Master, Flaw::Missing);
    let refused = Pool::start(good).await.expect_err("no first K_MK");
    assert!(refused.contains("0 keys on the token are labelled rsign/master/v1"), "{refused}");
}

/// An earlier K_MK was destroyed while another signer runs: its workers can still be replaced.
#[tokio::test]
async fn a_worker_is_replaced_after_an_earlier_version_was_destroyed() {
    let Some(token) = rotated() else { return };
    let mut settings = token.pool_settings().await;
    (settings.workers, settings.replace_after) = (1, 3);
    let pool = Pool::start(settings).await.unwrap();
    let (old, new) = (opener(1), opener(1).under(SECOND));
    let lost = Made::by(&*pool, KeyType::P256, &old).await;
    let made = Made::by(&*pool, KeyType::P256, &new).await;
    forge(&token, Forged::Master, Flaw::Missing);
    for _ in 0..8 {
        assert!(made.is_signed(&made.sign(&*pool, &new).await));
    }
    let Err(Fault::Device(said)) = lost.sign(&*pool, &old).await else { panic!("it was opened, or refused") };
    assert!(said.contains("master-1"), "{said}");
    pool.stop().await;
}

#[tokio::test]
async fn a_key_that_is_not_as_it_should_be_is_not_taken_for_the_next() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let officers = Officers::of(&token);
    // Whatever lies under its label: only what could have been made by the command is taken.
    forge(&token, Forged::NextMaster, Flaw::Imported);
    let said = officers.agree(&token, &["master", "new"]);
    assert!(!said.success && said.text.contains("rsign/master/v2"), "{}", said.text);
    assert_eq!(token.ceremony().await.master, FIRST);
    // Those words were about that attempt, and are good for no other.
    for officer in &officers.0 {
        let said = officer.says_again(&token, &["master", "new"]);
        assert!(!said.success && said.text.contains("is good no more"), "{}", said.text);
    }
    forge(&token, Forged::NextMaster, Flaw::None);
    officers.rotate(&token);
    assert_eq!(token.ceremony().await.master, SECOND, "one that a call made which got no further");
    token.pool().await.stop().await;
}
