//! The key ceremony makes all keys once, and never touches what is there.

use rsign_signer::hsm::{Answer, Hsm, Job, Pool, PoolSettings, TokenKey};

use super::TOKEN;
use crate::harness::TestToken;
use crate::harness::child::{Flaw, Forged, forge};

/// Tells this token's keys from any other's.
async fn fingerprint(token: &TestToken) -> Vec<Vec<u8>> {
    let pool = token.pool().await;
    let public = [TokenKey::Identity, TokenKey::Audit, TokenKey::Authority].map(|key| Job::TokenPublic { key });
    let mut marks = Vec::new();
    let data = || b"fingerprint".to_vec();
    for job in public.into_iter().chain([Job::Mac { data: data() }, Job::FactorSecret { data: data() }]) {
        let Ok(Answer::Octets(octets)) = pool.run(job).await else { panic!() };
        marks.push(octets);
    }
    pool.stop().await;
    marks
}

#[tokio::test]
async fn a_second_ceremony_changes_nothing() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let before = (fingerprint(&token).await, token.ceremony().await.canary);
    let again = token.init(&[]);
    assert!(again.success && again.text.contains("Nothing was changed"), "{}", again.text);
    assert_eq!((fingerprint(&token).await, token.ceremony().await.canary), before);
}

#[tokio::test]
async fn keys_of_a_ceremony_this_store_does_not_know_are_never_overwritten() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let (before, canary) = (fingerprint(&token).await, token.ceremony().await.canary);
    let kept = std::fs::read(token.path("signer.sqlite")).unwrap();
    token.forget_store();
    let again = token.init(&[]);
    assert!(!again.success && again.text.contains("nothing was changed"), "{}", again.text);
    let again = token.init(&["--create-token"]);
    assert!(!again.success && again.text.contains("exists"), "{}", again.text);
    token.forget_store();
    std::fs::write(token.path("signer.sqlite"), kept).unwrap();
    assert_eq!(token.ceremony().await.canary, canary, "the store is back");
    assert_eq!(fingerprint(&token).await, before);
}

#[tokio::test]
async fn half_a_ceremony_is_refused_by_what_is_there_and_what_is_not() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    forge(&token, Forged::Mac, Flaw::Missing);
    let known = token.init(&[]);
    assert!(!known.success && known.text.contains("not its token"), "{}", known.text);
    token.forget_store();
    let fresh = token.init(&[]);
    assert!(!fresh.success, "{}", fresh.text);
    assert!(fresh.text.contains("rsign/master/v1") && fresh.text.contains("not rsign/header-mac/v1"), "{}", fresh.text);
}

/// A token of a ceremony before there were second factors gets their key, and keeps everything else.
#[tokio::test]
async fn an_earlier_ceremony_is_completed_once() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let before = fingerprint(&token).await;
    forge(&token, Forged::Factor, Flaw::Missing);
    let refused = Pool::start(token.pool_settings().await).await.expect_err("no second-factor key");
    assert!(refused.contains("rsign-signer init"), "{refused}");
    let again = token.init(&[]);
    assert!(again.success && again.text.contains("their key was made now"), "{}", again.text);
    let after = fingerprint(&token).await;
    assert_eq!(before[..4], after[..4]);
    assert_ne!(before[4], after[4], "another key: factors of the lost one are lost");
    let again = token.init(&[]);
    assert!(again.success && again.text.contains("Nothing was changed"), "{}", again.text);
    assert_eq!(fingerprint(&token).await, after);
}

#[tokio::test]
async fn another_ceremonys_canary_does_not_open() {
    let (Some(token), Some(other)) = (TestToken::ready(TOKEN), TestToken::ready(TOKEN)) else { return };
    let mut settings = token.pool_settings().await;
    settings.masters = other.ceremony().await.masters();
    let refused = Pool::start(settings).await.expect_err("a foreign canary");
    assert!(refused.contains("the canary does not open"), "{refused}");
}

#[tokio::test]
async fn another_master_key_under_the_same_label_does_not_open_the_canary() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    forge(&token, Forged::Master, Flaw::None);
    let refused = Pool::start(token.pool_settings().await).await.expect_err("another K_MK");
    assert!(refused.contains("the canary does not open"), "{refused}");
    let known = token.init(&[]);
    assert!(!known.success && known.text.contains("not its token"), "{}", known.text);
}

#[tokio::test]
async fn what_is_misconfigured_is_named() {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let good = token.pool_settings().await;
    type Fault<'a> = &'a dyn Fn(&mut PoolSettings);
    let faults: [(&str, Fault<'_>); 4] = [
        ("/no/such/module.so", &|settings| settings.token.module = "/no/such/module.so".into()),
        ("labelled nobody", &|settings| settings.token.label = "nobody".to_owned()),
        ("/no/such/pin", &|settings| settings.token.pin_file = "/no/such/pin".into()),
        ("/no/such/program", &|settings| settings.program = "/no/such/program".into()),
    ];
    for (named, fault) in faults {
        let mut settings = good.clone();
        fault(&mut settings);
        let error = Pool::start(settings).await.expect_err(named);
        assert!(error.contains(named), "{named}: {error}");
    }
    std::fs::write(token.path("hsm-pin"), "not the PIN").unwrap();
    let error = Pool::start(good).await.expect_err("a wrong HSM PIN");
    assert!(error.to_lowercase().contains("pin"), "{error}");
    assert!(!error.contains("not the PIN"), "the HSM's PIN is not repeated: {error}");
}
