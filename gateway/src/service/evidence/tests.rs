//! Chains, with CRLs and OCSP answers that come, do not come, or say something else. That tokens are read is shown by the
//! whole system.

use std::sync::atomic::Ordering;

use rsign_ades::evidence::ocsp::Standing;
use rsign_ades::evidence::testing::{ANSWERS, CRL, NOW, OCSP, authority};

use super::*;
use crate::port::clock::Hands;
use crate::port::fake_revocations::FakeRevocations;
use crate::port::fake_signer::FakeSigner;

fn service(revocations: &Arc<FakeRevocations>, anchors: &[Vec<u8>]) -> (Evidence, Arc<Hands>) {
    service_of(&Arc::new(FakeSigner::default()), revocations, anchors)
}

fn service_of(
    signer: &Arc<FakeSigner>,
    revocations: &Arc<FakeRevocations>,
    anchors: &[Vec<u8>],
) -> (Evidence, Arc<Hands>) {
    let clock = Arc::new(Hands((i64::try_from(NOW).unwrap() * 1000).into()));
    let time = || Arc::clone(&clock) as Arc<dyn Clock>;
    let built_in = Arc::new(Authority::new(Arc::clone(signer) as _, time()));
    let anchors = Arc::new(Anchors::new(Arc::clone(&built_in), anchors, time()).unwrap());
    let revocations = Arc::clone(revocations) as Arc<dyn Revocations>;
    (Evidence::new(built_in, revocations, anchors, time()), clock)
}

#[tokio::test]
async fn a_chain_up_to_its_root_and_a_crl_for_who_can_be_revoked() {
    let (root, revocations) = (authority("root"), Arc::new(FakeRevocations::default()));
    let chain = [root.certify(7).der, root.subject.der.clone()];
    let crl = root.crl((20, 20), &[]);
    revocations.crls.lock().unwrap().insert(CRL.to_owned(), crl.clone());
    let (evidence, clock) = service(&revocations, &chain[1..]);
    let found = evidence.gather(&chain, None).await.unwrap();
    assert_eq!(found, Found { certificates: chain.to_vec(), crls: vec![crl.clone()], ocsp: Vec::new() });
    // Kept for a while, then fetched again.
    evidence.gather(&chain, None).await.unwrap();
    assert_eq!(*revocations.asked.lock().unwrap(), 1);
    clock.0.fetch_add(FRESH, Ordering::Relaxed);
    evidence.gather(&chain, None).await.unwrap();
    assert_eq!(*revocations.asked.lock().unwrap(), 2);
    // The root need not come along.
    assert_eq!(evidence.gather(&chain[..1], None).await.unwrap(), found);
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_an_error_and_never_left_out() {
    let (root, revocations) = (authority("root"), Arc::new(FakeRevocations::default()));
    let chain = [root.certify(7).der, root.subject.der.clone()];
    let put = |crl: Vec<u8>| revocations.crls.lock().unwrap().insert(CRL.to_owned(), crl);
    let (evidence, clock) = service(&revocations, &chain[1..]);
    assert!(matches!(evidence.gather(&chain, None).await, Err(Error::Unavailable(_))));
    // Of the same name, but not who signed it.
    let other = [authority("root").certify(7).der, chain[1].clone()];
    assert!(matches!(evidence.gather(&other, None).await, Err(Error::NoAnchor(_))));
    assert!(matches!(evidence.gather(&[vec![0x30, 0]], None).await, Err(Error::Malformed(_))));
    assert!(matches!(evidence.gather(&chain, Some(b"no token")).await, Err(Error::Malformed(_))));
    for (crl, wrong) in [
        (root.crl((20, 20), &[7]), Wrong::Revoked),
        (root.crl((20, 1), &[]), Wrong::Stale),
        (authority("root").crl((20, 20), &[]), Wrong::Signature),
    ] {
        // At once: what was bad is not kept.
        put(crl);
        clock.0.fetch_add(1000, Ordering::Relaxed);
        assert!(matches!(evidence.gather(&chain, None).await, Err(Error::Wrong(found)) if found == wrong), "{wrong}");
    }
}

#[tokio::test]
async fn a_crl_is_judged_once_a_minute() {
    let (root, revocations) = (authority("root"), Arc::new(FakeRevocations::default()));
    let somebody = root.certify(7);
    let chain = [somebody.der.clone(), root.subject.der.clone()];
    let good = root.crl((20, 20), &[]);
    revocations.crls.lock().unwrap().insert(CRL.to_owned(), good.clone());
    let (evidence, clock) = service(&revocations, &chain[1..]);
    evidence.gather(&chain, None).await.unwrap();
    let known =
        |crl: &[u8], of: &Subject| evidence.verdicts.lock().unwrap().good.contains(&verdict(crl, of, &root.subject));
    assert!(known(&good, &somebody) && !known(&good, &root.certify(8)), "of this certificate alone");
    // One that would be refused if it were looked at.
    let old = root.crl((20, 1), &[]);
    revocations.crls.lock().unwrap().insert(CRL.to_owned(), old.clone());
    clock.0.fetch_add(FRESH, Ordering::Relaxed);
    let minute = clock.0.load(Ordering::Relaxed) / MINUTE;
    evidence.verdicts.lock().unwrap().of(minute).insert(verdict(&old, &somebody, &root.subject));
    assert_eq!(evidence.gather(&chain, None).await.unwrap().crls, std::slice::from_ref(&old));
    clock.0.fetch_add(MINUTE, Ordering::Relaxed);
    assert!(matches!(evidence.gather(&chain, None).await, Err(Error::Wrong(Wrong::Stale))));
    assert!(!known(&old, &somebody));
}

#[test]
fn verdicts_are_few() {
    let mut verdicts = Verdicts::default();
    for number in 0..=VERDICTS {
        verdicts.of(7).insert(number.to_be_bytes().to_vec());
    }
    assert_eq!(verdicts.good.len(), 1);
    verdicts.of(8);
    assert!(verdicts.good.is_empty());
}

#[tokio::test]
async fn nobody_is_asked_about_a_certificate_that_leads_to_no_anchor() {
    let (root, revocations) = (authority("root"), Arc::new(FakeRevocations::default()));
    let chain = [root.certify_with_ocsp(7).der, root.subject.der.clone()];
    revocations.crls.lock().unwrap().insert(CRL.to_owned(), root.crl((20, 20), &[]));
    let (evidence, _) = service(&revocations, &[authority("another").subject.der]);
    // Though it brings its root along.
    let error = evidence.gather(&chain, None).await.unwrap_err().to_string();
    assert!(error.contains("CN=") && error.contains("[evidence] anchors"), "{error}");
    assert_eq!(*revocations.asked.lock().unwrap(), 0);
    assert!(revocations.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_ocsp_answer_comes_first_and_a_crl_has_to_do_without() {
    let (root, revocations) = (authority("root"), Arc::new(FakeRevocations::default()));
    let somebody = root.certify_with_ocsp(7);
    let chain = [somebody.der.clone(), root.subject.der.clone()];
    let answer = |octets: Vec<u8>| revocations.answers.lock().unwrap().insert(OCSP.to_owned(), octets);
    let (evidence, clock) = service(&revocations, &chain[1..]);
    let good = root.ocsp(&somebody, Standing::Good, NOW);
    answer(good.clone());
    let found = evidence.gather(&chain, None).await.unwrap();
    assert_eq!(found, Found { certificates: chain.to_vec(), crls: Vec::new(), ocsp: vec![good] });
    let request = ocsp::Asked::read(&revocations.requests.lock().unwrap()[0]).unwrap();
    assert!(request.names[0].names(&somebody, &root.subject));
    evidence.gather(&chain, None).await.unwrap();
    assert_eq!(revocations.requests.lock().unwrap().len(), 1, "kept for a while");
    clock.0.fetch_add(FRESH, Ordering::Relaxed);
    // A responder that has no word, or an old one: the list.
    let crl = root.crl((20, 20), &[]);
    revocations.crls.lock().unwrap().insert(CRL.to_owned(), crl.clone());
    for octets in [root.ocsp(&somebody, Standing::Unknown, NOW), root.ocsp(&somebody, Standing::Good, NOW - 7200)] {
        answer(octets);
        let found = evidence.gather(&chain, None).await.unwrap();
        assert_eq!((found.crls, found.ocsp), (vec![crl.clone()], Vec::new()));
    }
    // Revoked is revoked, whatever the list says.
    let reason = x509_cert::ext::pkix::CrlReason::KeyCompromise;
    answer(root.ocsp(&somebody, Standing::Revoked { at: NOW, reason }, NOW));
    assert!(matches!(evidence.gather(&chain, None).await, Err(Error::Wrong(Wrong::Revoked))));
}

#[tokio::test]
async fn a_responder_comes_along_with_a_word_on_itself() {
    let (root, revocations) = (authority("root"), Arc::new(FakeRevocations::default()));
    let somebody = root.certify_with_ocsp(7);
    let chain = [somebody.der.clone(), root.subject.der.clone()];
    let answer = |octets: Vec<u8>| revocations.answers.lock().unwrap().insert(OCSP.to_owned(), octets);
    let (exempt, asked_about) =
        (root.certify_for(8, &[ANSWERS], true, (2026, 2030)), root.certify_for(9, &[ANSWERS], false, (2026, 2030)));
    let (evidence, _) = service(&revocations, &chain[1..]);
    answer(root.ocsp_by(Some(&exempt), &somebody, Standing::Good, NOW));
    let found = evidence.gather(&chain, None).await.unwrap();
    assert!(found.certificates.contains(&exempt.subject.der) && found.crls.is_empty() && found.ocsp.len() == 1);
    assert_eq!(*revocations.asked.lock().unwrap(), 0);
    let (evidence, _) = service(&revocations, &chain[1..]);
    answer(root.ocsp_by(Some(&asked_about), &somebody, Standing::Good, NOW));
    assert!(matches!(evidence.gather(&chain, None).await, Err(Error::Unavailable(_))));
    revocations.crls.lock().unwrap().insert(CRL.to_owned(), root.crl((20, 20), &[]));
    let found = evidence.gather(&chain, None).await.unwrap();
    assert!(found.certificates.contains(&asked_about.subject.der) && found.crls.len() == 1 && found.ocsp.len() == 1);
    let whole = rsign_ades::evidence::Evidence { certificates: found.certificates, crls: found.crls, ocsp: found.ocsp };
    assert_eq!(rsign_ades::evidence::judge(&whole, NOW), Ok(()), "the signer takes it, too");
    revocations.crls.lock().unwrap().insert(CRL.to_owned(), root.crl((20, 20), &[9]));
    let (evidence, _) = service(&revocations, &chain[1..]);
    assert!(matches!(evidence.gather(&chain, None).await, Err(Error::Wrong(Wrong::Revoked))), "a revoked responder");
}

#[tokio::test]
async fn of_the_built_in_ca_the_answer_of_its_responder_comes_or_else_its_crl() {
    let own = authority("own");
    let (asked, silent) = (own.certify_with_ocsp(7), own.certify(8));
    let responder = own.certify_for(9, &[ANSWERS], true, (2026, 2030));
    let crl = own.crl((20, 20), &[]);
    let signer = FakeSigner { authority: own.subject.der.clone(), ..FakeSigner::default() };
    let answer = own.ocsp_by(Some(&responder), &asked, Standing::Good, NOW);
    (*signer.answer.lock().unwrap(), *signer.crl.lock().unwrap()) = (answer.clone(), crl.clone());
    let (signer, revocations) = (Arc::new(signer), Arc::new(FakeRevocations::default()));
    let (evidence, clock) = service_of(&signer, &revocations, &[]);
    for _ in 0..2 {
        let found = evidence.gather(std::slice::from_ref(&asked.der), None).await.unwrap();
        assert_eq!((&found.ocsp, found.crls.len(), found.certificates.len()), (&vec![answer.clone()], 0, 3));
        assert!(found.certificates.contains(&responder.subject.der));
        let (certificates, crls, ocsp) = (found.certificates, found.crls, found.ocsp);
        let whole = rsign_ades::evidence::Evidence { certificates, ocsp, crls };
        assert_eq!(rsign_ades::evidence::judge(&whole, NOW), Ok(()), "the signer takes it, too");
    }
    assert_eq!(signer.ocsp.lock().unwrap().len(), 1, "kept for a while");
    // One that names no responder.
    let found = evidence.gather(std::slice::from_ref(&silent.der), None).await.unwrap();
    assert_eq!((found.ocsp.len(), found.crls), (0, vec![crl.clone()]));
    // A signer whose CA answers by itself, or has no answer.
    for octets in [own.ocsp(&asked, Standing::Good, NOW), b"no answer".to_vec()] {
        *signer.answer.lock().unwrap() = octets;
        clock.0.fetch_add(FRESH, Ordering::Relaxed);
        let found = evidence.gather(std::slice::from_ref(&asked.der), None).await.unwrap();
        assert_eq!((found.ocsp.len(), found.crls), (0, vec![crl.clone()]));
    }
    let reason = x509_cert::ext::pkix::CrlReason::KeyCompromise;
    *signer.answer.lock().unwrap() = own.ocsp_by(Some(&responder), &asked, Standing::Revoked { at: NOW, reason }, NOW);
    clock.0.fetch_add(FRESH, Ordering::Relaxed);
    assert!(matches!(evidence.gather(std::slice::from_ref(&asked.der), None).await, Err(Error::Wrong(Wrong::Revoked))));
    assert_eq!(*revocations.asked.lock().unwrap(), 0, "nothing is fetched from itself");
}

#[tokio::test]
async fn what_is_kept_has_bounds_in_number_and_octets() {
    let (evidence, _) = service(&Arc::new(FakeRevocations::default()), &[]);
    let held = async || {
        let kept = evidence.kept.lock().await;
        (kept.len(), kept.values().map(|(_, octets)| octets.len()).sum::<usize>())
    };
    for place in 0..20 {
        evidence.keep(format!("long {place}"), vec![0; 4 << 20]).await;
        assert!(held().await.1 <= ROOM, "{place}");
        assert!(evidence.kept(&format!("long {place}")).await.is_some());
    }
    evidence.keep("too long".to_owned(), vec![0; ROOM]).await;
    assert!(evidence.kept("too long").await.is_none() && evidence.kept("long 19").await.is_some());
    for place in 0..=KEPT {
        evidence.keep(format!("short {place}"), vec![0]).await;
        assert!(held().await.0 <= KEPT);
    }
}
