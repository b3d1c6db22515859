//! What is added to a signature for each level, and how that is judged.

use harness::dss::Job;
use rsign_ades::evidence::Evidence;
use rsign_ades::stored::Found;
use rsign_ades::{Addition, Level, Stored, cms, stored};
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::parts::joined;
use rsign_api::timestamp;

use crate::pki::{Person, Pki};
use crate::tsa;

/// What a level adds to a signature: `stamped` is what a time-stamp on it is over, `imprint` what one behind other additions
/// is over, by the scheme's hash function.
pub(crate) fn additions(
    pki: &Pki,
    person: &Person,
    scheme: Scheme,
    level: Level,
    stamped: &[u8],
    imprint: impl Fn(&[Addition]) -> Vec<u8>,
) -> Vec<Addition> {
    let mut additions = Vec::new();
    if level >= Level::T {
        let token = tsa::stamp(pki, stamped);
        let data = data(pki, person, &token);
        additions.push(Addition::Stamp(token));
        if level >= Level::Lt {
            additions.push(Addition::Evidence(data));
        }
    }
    if level >= Level::Lta {
        let token = archive(pki, scheme.hash(), &additions, imprint);
        additions.push(Addition::Archive(token));
    }
    additions
}

/// A token over all of these.
pub(crate) fn archive(
    pki: &Pki,
    hash: HashAlgorithm,
    additions: &[Addition],
    imprint: impl Fn(&[Addition]) -> Vec<u8>,
) -> Vec<u8> {
    tsa::stamp_digest(pki, hash, &imprint(additions))
}

/// The chains of a person and of who made a token, and the list of the CA that both have.
pub(crate) fn data(pki: &Pki, person: &Person, token: &[u8]) -> Evidence {
    let mut certificates = person.chain.clone();
    certificates.extend(cms::token_certificates(token).unwrap());
    Evidence { certificates, crls: vec![std::fs::read(pki.crl()).unwrap()], ocsp: Vec::new() }
}

/// The same with the CA's word on each certificate in place of its list.
pub(crate) fn with_ocsp(pki: &Pki, data: Evidence) -> Evidence {
    let root = data.certificates[1].clone();
    let asked = data.certificates.iter().filter(|one| **one != root);
    Evidence { ocsp: asked.map(|one| pki.ocsp(one)).collect(), crls: Vec::new(), ..data }
}

/// B-LTA with OCSP answers, and one more archive time-stamp, before which stands what the first is validated with.
pub(crate) fn renewed(
    pki: &Pki,
    person: &Person,
    scheme: Scheme,
    stamped: &[u8],
    imprint: impl Fn(&[Addition]) -> Vec<u8>,
) -> Vec<Addition> {
    let mut additions = additions(pki, person, scheme, Level::T, stamped, &imprint);
    let [Addition::Stamp(token)] = &additions[..] else { panic!("one time-stamp") };
    let data = data(pki, person, token);
    additions.push(Addition::Evidence(with_ocsp(pki, data.clone())));
    additions.push(Addition::Archive(archive(pki, scheme.hash(), &additions, &imprint)));
    additions.push(Addition::StampEvidence(data));
    additions.push(Addition::Archive(archive(pki, scheme.hash(), &additions, &imprint)));
    additions
}

/// That a finished signature with the first three of these additions becomes one with all five, octet by octet, when it is
/// read again; and that it is read only beside what it signs.
pub(crate) fn renew_alike(additions: &[Addition], document: &[u8], finish: impl Fn(&[Addition]) -> Vec<u8>) {
    let [.., Addition::StampEvidence(data), Addition::Archive(newer)] = additions else { panic!("renewed once") };
    let Addition::Archive(first) = &additions[2] else { panic!("an archive time-stamp") };
    let before = finish(&additions[..3]);
    let mut stored = read(&before);
    assert_eq!(stored.stamps().collect::<Vec<_>>(), [first.as_slice()]);
    let longer = [document, b" "].concat();
    if !stored.is_attached() {
        assert!(matches!(stored.check(), Err(stored::Error::NoContent)));
        let mut other = read(&before);
        other.bring(&longer);
        assert!(matches!(other.check(), Err(stored::Error::Imprint)));
        stored.bring(document);
    }
    stored.check().unwrap();
    stored.add(0, data.clone()).unwrap();
    let (function, hash) = stored.imprint(0).unwrap();
    assert_eq!((function, hash), timestamp::imprint(newer).unwrap());
    stored.stamp(0, newer.clone()).unwrap();
    let renewed = joined(stored.finish().unwrap(), Some(&before.as_slice().into())).unwrap();
    assert!(*renewed.whole(usize::MAX).unwrap() == finish(additions));
    // Another content, or another property before the time-stamp.
    let other = finish(&[&additions[..1], &additions[2..3]].concat());
    let mut stored = read(&other);
    stored.bring(document);
    assert!(matches!(stored.check(), Err(stored::Error::Imprint)));
    assert!(matches!(Stored::read(&finish(&additions[..2])), Ok(Found::Unstamped)));
}

fn read(octets: &[u8]) -> Box<Stored<'_>> {
    match Stored::read(octets).unwrap() {
        Found::Stamped(stored) => stored,
        other => panic!("{other:?}"),
    }
}

/// Nobody is asked for revocation data: from B-LT on a signature brings them.
pub(crate) fn offline(job: Job, level: Level) -> Job {
    if level >= Level::Lt { job } else { job.without_revocation() }
}

/// As in `JAdES-BASELINE-LTA`.
pub(crate) fn suffix(level: Level) -> &'static str {
    level.name().trim_start_matches("AdES-B-")
}
