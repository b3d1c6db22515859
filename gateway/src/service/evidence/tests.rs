//! Chains, with CRLs that come, do not come, or say something else. That tokens are read is shown by the whole system.

use std::sync::atomic::Ordering;

use super::*;
use crate::domain::evidence::tests::{NOW, authority};
use crate::port::clock::Hands;
use crate::port::fake_revocations::FakeRevocations;
use crate::port::fake_signer::FakeSigner;

const URL: &str = "http://ca.example/crl";

fn service(revocations: &Arc<FakeRevocations>, anchors: Vec<Vec<u8>>) -> (Evidence, Arc<Hands>) {
    let clock = Arc::new(Hands((i64::try_from(NOW).unwrap() * 1000).into()));
    let built_in = Authority::new(Arc::new(FakeSigner::default()), Arc::clone(&clock) as Arc<dyn Clock>);
    let revocations = Arc::clone(revocations) as Arc<dyn Revocations>;
    (Evidence::new(Arc::new(built_in), revocations, anchors, Arc::clone(&clock) as Arc<dyn Clock>), clock)
}

#[tokio::test]
async fn a_chain_up_to_its_root_and_a_crl_for_who_can_be_revoked() {
    let (root, revocations) = (authority("root"), Arc::new(FakeRevocations::default()));
    let chain = [root.certify(7).der, root.subject.der.clone()];
    let crl = root.crl((20, 20), &[]);
    revocations.crls.lock().unwrap().insert(URL.to_owned(), crl.clone());
    let (evidence, clock) = service(&revocations, Vec::new());
    let found = evidence.gather(&chain, None).await.unwrap();
    assert_eq!(found, Found { certificates: chain.to_vec(), crls: vec![crl.clone()], ocsp: Vec::new() });
    // Kept for a while, then fetched again.
    evidence.gather(&chain, None).await.unwrap();
    assert_eq!(*revocations.asked.lock().unwrap(), 1);
    clock.0.fetch_add(FRESH, Ordering::Relaxed);
    evidence.gather(&chain, None).await.unwrap();
    assert_eq!(*revocations.asked.lock().unwrap(), 2);
    // The root may be one that the operator names.
    let (evidence, _) = service(&revocations, vec![root.subject.der.clone()]);
    assert_eq!(evidence.gather(&chain[..1], None).await.unwrap(), found);
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_an_error_and_never_left_out() {
    let (root, revocations) = (authority("root"), Arc::new(FakeRevocations::default()));
    let chain = [root.certify(7).der, root.subject.der.clone()];
    let put = |crl: Vec<u8>| revocations.crls.lock().unwrap().insert(URL.to_owned(), crl);
    let (evidence, clock) = service(&revocations, Vec::new());
    assert!(matches!(evidence.gather(&chain, None).await, Err(Error::Unavailable(_))));
    assert!(matches!(evidence.gather(&chain[..1], None).await, Err(Error::NoIssuer)));
    // Of the same name, but not who signed it.
    let other = [chain[0].clone(), authority("root").subject.der];
    assert!(matches!(evidence.gather(&other, None).await, Err(Error::NoIssuer)));
    assert!(matches!(evidence.gather(&[vec![0x30, 0]], None).await, Err(Error::Malformed(_))));
    assert!(matches!(evidence.gather(&chain, Some(b"no token")).await, Err(Error::Malformed(_))));
    for (crl, wrong) in [
        (root.crl((20, 20), &[7]), Wrong::Revoked),
        (root.crl((20, 1), &[]), Wrong::Stale),
        (authority("root").crl((20, 20), &[]), Wrong::Signature),
    ] {
        // At once: what was bad is not kept.
        put(crl);
        assert!(matches!(evidence.gather(&chain, None).await, Err(Error::Wrong(found)) if found == wrong), "{wrong}");
    }
}
