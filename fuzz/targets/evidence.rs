//! Certificates, revocation data, OCSP requests and time-stamp tokens of others are read or refused.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rsign_ades::evidence::{Evidence, Subject, crl, judge, ocsp, path, stamp};

static ROOT: LazyLock<Subject> = LazyLock::new(|| certificate(include_bytes!("../seeds/evidence/root")));
static LEAF: LazyLock<Subject> = LazyLock::new(|| certificate(include_bytes!("../seeds/evidence/leaf")));
/// When the seeds were made, Unix seconds.
const NOW: u64 = 1_796_090_400;

fn certificate(der: &[u8]) -> Subject {
    Subject::read(der).expect("a certificate")
}

fuzz_target!(|octets: &[u8]| {
    let _ = crl::judge(octets, &LEAF, &ROOT, NOW);
    let _ = ocsp::judge(octets, &LEAF, &ROOT, NOW);
    if let Ok(asked) = ocsp::Asked::read(octets) {
        for name in &asked.names {
            if let Ok(request) = ocsp::request(name) {
                let again = ocsp::Asked::read(&request).expect("what is asked here can be read");
                assert_eq!(again.names, [name.clone()]);
            }
        }
    }
    if let Ok(subject) = Subject::read(octets) {
        let _ = (subject.crl_urls(), subject.ocsp_urls(), subject.is_exempt(), subject.not_after());
        let anchors = [ROOT.clone()];
        if let Some(found) = path(&subject, &[LEAF.clone()], &anchors, NOW) {
            assert!(found.len() <= 9 && found.last().is_some_and(|last| last.der == ROOT.der));
        }
        let certificates = vec![octets.to_vec(), ROOT.der.clone()];
        let _ = judge(&Evidence { certificates, ocsp: vec![octets.to_vec()], crls: Vec::new() }, NOW);
    }
    let _ = stamp::judge(octets);
});
