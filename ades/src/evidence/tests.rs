//! Lists, answers and paths made by rcgen, right and wrong.

use der::asn1::{ObjectIdentifier, OctetString};
use rcgen::{CrlDistributionPoint, CrlIssuingDistributionPoint, CrlScope, KeyUsagePurpose};

use super::ocsp::{Asked, Name, Standing};
use super::testing::{ANSWERS, NOW, STAMPS, authority};
use super::*;

#[test]
fn a_crl_of_the_issuer_that_holds_and_does_not_name_the_certificate() {
    let (own, other) = (authority("own"), authority("other"));
    let somebody = own.certify(7);
    assert!(own.subject.is_root() && !somebody.is_root());
    assert!(somebody.is_issued_by(&own.subject) && !somebody.is_issued_by(&other.subject));
    assert!(!somebody.is_issued_by(&authority("own").subject), "the name alone is nothing");
    assert_eq!(somebody.crl_urls(), ["http://ca.example/crl"]);
    let judged = |crl: &[u8]| crl::judge(crl, &somebody, &own.subject, NOW);
    assert_eq!(judged(&own.crl((20, 20), &[8])), Ok(()));
    assert_eq!(judged(&own.crl((20, 20), &[7])), Err(Wrong::Revoked));
    assert_eq!(judged(&other.crl((20, 20), &[])), Err(Wrong::Foreign));
    // Of one with the same name and another key.
    assert_eq!(judged(&authority("own").crl((20, 20), &[])), Err(Wrong::Signature));
    assert_eq!(crl::judge(&own.crl((20, 1), &[]), &somebody, &own.subject, NOW + 86_400), Err(Wrong::Stale));
    assert_eq!(crl::judge(&own.crl((20, 20), &[]), &somebody, &own.subject, NOW - 30 * 86_400), Err(Wrong::Stale));
    for rubbish in [&b""[..], b"rubbish", &own.subject.der] {
        assert_eq!(judged(rubbish), Err(Wrong::Malformed));
    }
    let young = own.certify_for(9, &[STAMPS], true, (2026, 2030)).subject;
    assert_eq!(crl::judge(&own.crl((20, 20), &[]), &young, &own.subject, NOW), Ok(()));
    let younger = own.certify_for(9, &[STAMPS], true, (2027, 2030)).subject;
    assert_eq!(crl::judge(&own.crl((20, 20), &[]), &younger, &own.subject, NOW), Err(Wrong::Stale), "it is older");
}

#[test]
fn a_crl_of_who_may_sign_none_shows_nothing() {
    let own = authority("own");
    for (usages, expected) in [
        (&[][..], Ok(())),
        (&[KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign], Ok(())),
        (&[KeyUsagePurpose::KeyCertSign], Err(Wrong::Signature)),
    ] {
        let below = own.authority("below", None, usages);
        let somebody = below.certify(7);
        assert_eq!(crl::judge(&below.crl((20, 20), &[]), &somebody, &below.subject, NOW), expected, "{usages:?}");
    }
}

#[test]
fn a_crl_about_other_certificates_of_the_issuer_shows_nothing() {
    let own = authority("own");
    let somebody = own.certify(7);
    for (url, scope, expected) in [
        ("http://ca.example/crl", None, Ok(())),
        ("http://ca.example/crl", Some(CrlScope::UserCertsOnly), Ok(())),
        ("http://ca.example/crl", Some(CrlScope::CaCertsOnly), Err(Wrong::Foreign)),
        ("http://ca.example/of-others", None, Err(Wrong::Foreign)),
    ] {
        let distribution_point = CrlDistributionPoint { uris: vec![url.to_owned()] };
        let crl = own.crl_about(Some(CrlIssuingDistributionPoint { distribution_point, scope }), (20, 20), &[]);
        assert_eq!(crl::judge(&crl, &somebody, &own.subject, NOW), expected, "{url}");
    }
}

#[test]
fn an_ocsp_answer_of_the_issuer_or_of_who_it_names() {
    let (own, other) = (authority("own"), authority("other"));
    let somebody = own.certify_with_ocsp(7);
    assert_eq!(somebody.ocsp_urls(), ["http://ca.example/ocsp"]);
    assert_eq!(somebody.crl_urls(), ["http://ca.example/crl"]);
    let judged = |answer: &[u8]| ocsp::judge(answer, &somebody, &own.subject, NOW).map(|judged| judged.responder);
    let good = own.ocsp(&somebody, Standing::Good, NOW);
    assert!(judged(&good).unwrap().is_none());
    let revoked = Standing::Revoked { at: NOW, reason: x509_cert::ext::pkix::CrlReason::KeyCompromise };
    assert_eq!(judged(&own.ocsp(&somebody, revoked, NOW)).err(), Some(Wrong::Revoked));
    assert_eq!(judged(&own.ocsp(&somebody, revoked, NOW - 3600)).err(), Some(Wrong::Revoked), "it stays so");
    let on_hold = Standing::Revoked { at: NOW, reason: x509_cert::ext::pkix::CrlReason::CertificateHold };
    assert_eq!(judged(&own.ocsp(&somebody, on_hold, NOW)).err(), Some(Wrong::Revoked));
    assert_eq!(judged(&own.ocsp(&somebody, on_hold, NOW - 3600)).err(), Some(Wrong::Stale), "it may be good again");
    assert_eq!(judged(&own.ocsp(&somebody, Standing::Unknown, NOW)).err(), Some(Wrong::Unknown));
    assert_eq!(judged(&own.ocsp(&own.certify(8), Standing::Good, NOW)).err(), Some(Wrong::Foreign), "about another");
    assert_eq!(judged(&own.ocsp(&somebody, Standing::Good, NOW - 3600)).err(), Some(Wrong::Stale));
    assert_eq!(judged(&own.ocsp(&somebody, Standing::Good, NOW + 301)).err(), Some(Wrong::Stale));
    assert_eq!(judged(&other.ocsp(&somebody, Standing::Good, NOW)).err(), Some(Wrong::Foreign));
    // Of the same key's name, and spoilt.
    let mut spoilt = good.clone();
    *spoilt.last_mut().unwrap() ^= 1;
    assert!(matches!(judged(&spoilt).err(), Some(Wrong::Signature | Wrong::Malformed)));
    // A responder: named by the issuer, for that, and valid.
    let by = |holder: &testing::Holder| judged(&own.ocsp_by(Some(holder), &somebody, Standing::Good, NOW));
    let responder = own.certify_for(9, &[ANSWERS], true, (2026, 2030));
    let found = by(&responder).unwrap().unwrap();
    assert!(found.der == responder.subject.der && found.is_exempt());
    assert!(!by(&own.certify_for(9, &[ANSWERS], false, (2026, 2030))).unwrap().unwrap().is_exempt());
    assert_eq!(
        by(&own.certify_for(9, &[STAMPS], true, (2026, 2030))).err(),
        Some(Wrong::Foreign),
        "for another purpose"
    );
    assert_eq!(by(&own.certify_for(9, &[ANSWERS], true, (2020, 2025))).err(), Some(Wrong::Foreign), "expired");
    assert_eq!(by(&other.certify_for(9, &[ANSWERS], true, (2026, 2030))).err(), Some(Wrong::Foreign));
    for rubbish in [&b""[..], b"rubbish", &own.subject.der, &own.crl((20, 20), &[])] {
        assert_eq!(judged(rubbish).err(), Some(Wrong::Malformed));
    }
    assert_eq!(judged(&ocsp::refusal(ocsp::Status::TryLater)).err(), Some(Wrong::Unknown));
}

#[test]
fn a_request_names_the_certificate_and_is_read_again() {
    let own = authority("own");
    let somebody = own.certify(7);
    let name = Name::of(&somebody, &own.subject);
    let asked = Asked::read(&ocsp::request(&name).unwrap()).unwrap();
    assert_eq!(asked, Asked { names: vec![name.clone()], nonce: None });
    assert!(name.names(&somebody, &own.subject) && !name.names(&own.certify(8), &own.subject));
    assert!(name.is_of(&own.subject) && !name.is_of(&authority("own").subject));
    assert_eq!((name.issuer_key, name.serial), (testing::sha1(own.subject.key()), vec![7]));
    assert!(Asked::read(b"").is_err() && Asked::read(&own.subject.der).is_err());
}

fn extension(oid: &str, critical: bool, content: &[u8]) -> x509_cert::ext::Extension {
    let extn_value = OctetString::new(content).unwrap();
    x509_cert::ext::Extension { extn_id: ObjectIdentifier::new_unwrap(oid), critical, extn_value }
}

#[test]
fn a_crl_that_leaves_something_out_says_nothing_whether_that_is_critical_or_not() {
    let own = authority("own");
    let somebody = own.certify(7);
    let whole = own.crl((20, 20), &[8]);
    let only_authorities: &[u8] = &[0x30, 3, 0x82, 1, 0xff];
    for critical in [true, false] {
        for (oid, content) in [("2.5.29.28", only_authorities), ("2.5.29.28", &[5, 0]), ("2.5.29.27", &[2, 1, 1])] {
            let crl = own.crl_changed(&whole, |list| {
                list.crl_extensions.get_or_insert_default().push(extension(oid, critical, content));
            });
            assert_eq!(crl::judge(&crl, &somebody, &own.subject, NOW), Err(Wrong::Foreign), "{oid} {critical}");
        }
        let unknown = own.crl_changed(&whole, |list| {
            list.crl_extensions.get_or_insert_default().push(extension("1.2.3.4", critical, &[5, 0]));
        });
        let expected = if critical { Err(Wrong::Foreign) } else { Ok(()) };
        assert_eq!(crl::judge(&unknown, &somebody, &own.subject, NOW), expected);
    }
}

#[test]
fn a_crl_with_an_entry_that_is_not_understood_says_nothing_of_anybody() {
    let own = authority("own");
    let somebody = own.certify(7);
    for (oid, critical, expected) in [
        ("2.5.29.21", true, Ok(())),
        ("2.5.29.24", true, Ok(())),
        ("1.2.3.4", false, Ok(())),
        ("1.2.3.4", true, Err(Wrong::Malformed)),
        ("2.5.29.29", true, Err(Wrong::Malformed)),
        ("2.5.29.29", false, Err(Wrong::Malformed)),
    ] {
        let crl = own.crl_changed(&own.crl((20, 20), &[8]), |list| {
            let entry = &mut list.revoked_certificates.as_mut().unwrap()[0];
            entry.crl_entry_extensions = Some(vec![extension(oid, critical, &[0x0a, 1, 1])]);
        });
        assert_eq!(crl::judge(&crl, &somebody, &own.subject, NOW), expected, "{oid} {critical}");
    }
}

#[test]
fn of_several_words_on_a_certificate_the_worst_counts() {
    let own = authority("own");
    let somebody = own.certify_with_ocsp(7);
    let revoked = Standing::Revoked { at: NOW, reason: x509_cert::ext::pkix::CrlReason::KeyCompromise };
    for (standings, expected) in [
        (&[Standing::Good, Standing::Good][..], None),
        (&[Standing::Good, revoked], Some(Wrong::Revoked)),
        (&[revoked, Standing::Good], Some(Wrong::Revoked)),
        (&[Standing::Good, Standing::Unknown], Some(Wrong::Unknown)),
        (&[Standing::Unknown, revoked], Some(Wrong::Revoked)),
    ] {
        let answer = own.ocsp_words(None, &somebody, standings, NOW);
        assert_eq!(ocsp::judge(&answer, &somebody, &own.subject, NOW).err(), expected, "{standings:?}");
    }
}

/// What a CA's certificate may say, and whether it vouches for anybody then: for whoever looks for a path, and for who puts
/// the evidence into a document.
#[test]
fn an_authority_that_says_something_that_is_not_evaluated_vouches_for_nobody() {
    const USAGE: &[u64] = &[2, 5, 29, 15];
    // A subtree of directory names: an empty one.
    const SUBTREE: &[u8] = &[0x30, 8, 0xa0, 6, 0x30, 4, 0xa4, 2, 0x30, 0];
    let root = authority("root");
    let cases: [(&str, &[testing::Said<'_>], bool); 8] = [
        ("nothing", &[], true),
        ("unknown", &[(&[1, 2, 3, 4], false, &[5, 0])], true),
        ("unknown and critical", &[(&[1, 2, 3, 4], true, &[5, 0])], false),
        ("name constraints", &[(&[2, 5, 29, 30], false, SUBTREE)], false),
        ("critical name constraints", &[(&[2, 5, 29, 30], true, SUBTREE)], false),
        ("usage", &[(USAGE, true, &[3, 2, 1, 6])], true),
        ("malformed usage", &[(USAGE, true, &[5, 0])], false),
        ("two usages", &[(USAGE, true, &[3, 2, 1, 6]), (USAGE, true, &[3, 2, 1, 6])], false),
    ];
    for (name, said, expected) in cases {
        let below = root.authority_that_says("below", said);
        let leaf = below.certify(7);
        let pool = [below.subject.clone()];
        assert_eq!(path(&leaf, &pool, std::slice::from_ref(&root.subject), NOW).is_some(), expected, "{name}");
        let certificates = [&leaf, &below.subject, &root.subject].map(|one| one.der.clone()).to_vec();
        let crls = vec![root.crl((20, 20), &[]), below.crl((20, 20), &[])];
        let judged = judge(&Evidence { certificates, crls, ocsp: Vec::new() }, NOW);
        assert_eq!(judged, if expected { Ok(()) } else { Err(Flaw::NoIssuer) }, "{name}");
    }
}

#[test]
fn an_end_that_demands_something_unknown_has_no_path() {
    let own = authority("own");
    let anchors = [own.subject.clone()];
    for (critical, expected) in [(false, Ok(())), (true, Err(Flaw::Purpose))] {
        let leaf = own.certify_that_says(7, &[(&[1, 2, 3, 4], critical, &[5, 0])]).subject;
        assert_eq!(path(&leaf, &[], &anchors, NOW).is_some(), expected.is_ok());
        let certificates = [&leaf, &own.subject].map(|one| one.der.clone()).to_vec();
        let evidence = Evidence { certificates, crls: vec![own.crl((20, 20), &[])], ocsp: Vec::new() };
        assert_eq!(judge(&evidence, NOW), expected);
    }
    // A responder neither, nor one whose key may not sign.
    let somebody = own.certify_with_ocsp(7);
    let purpose: &[u8] = &[0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 9];
    for (said, expected) in [
        (None, None),
        (Some((&[1, 2, 3, 4][..], true, &[5, 0][..])), Some(Wrong::Foreign)),
        (Some((&[2, 5, 29, 15], true, &[3, 2, 7, 0x80])), None),
        (Some((&[2, 5, 29, 15], true, &[3, 2, 2, 4])), Some(Wrong::Foreign)),
        (Some((&[2, 5, 29, 15], true, &[5, 0])), Some(Wrong::Foreign)),
    ] {
        let all: Vec<testing::Said<'_>> = [(&[2, 5, 29, 37][..], true, purpose)].into_iter().chain(said).collect();
        let responder = own.certify_that_says(9, &all);
        let answer = own.ocsp_by(Some(&responder), &somebody, Standing::Good, NOW);
        assert_eq!(ocsp::judge(&answer, &somebody, &own.subject, NOW).err(), expected, "{said:?}");
    }
}

#[test]
fn an_authority_for_other_purposes_lets_nobody_stamp() {
    const PURPOSES: &[u64] = &[2, 5, 29, 37];
    let (serving, stamping, any): (&[u8], &[u8], &[u8]) = (
        &[0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1],
        &[0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 8],
        &[0x30, 6, 6, 4, 0x55, 0x1d, 0x25, 0],
    );
    let root = authority("root");
    for (purposes, critical, expected) in [
        (serving, true, false),
        (serving, false, false),
        (stamping, false, true),
        (any, false, true),
        (&[5, 0], false, false),
    ] {
        let upper = root.authority_that_says("upper", &[(PURPOSES, critical, purposes)]);
        let lower = upper.authority("lower", None, &[]);
        let leaf = lower.certify_for(7, &[STAMPS], false, (2026, 2030)).subject;
        let pool = [lower.subject.clone(), upper.subject.clone()];
        let anchors = [root.subject.clone()];
        assert_eq!(path(&leaf, &pool, &anchors, NOW).is_some(), expected, "{purposes:?}");
        assert!(path(&lower.certify(8), &pool, &anchors, NOW).is_some() || purposes == [5, 0], "one for anything");
        let certificates = [&leaf, &lower.subject, &upper.subject, &root.subject].map(|one| one.der.clone()).to_vec();
        let crls = [&root, &upper, &lower].map(|one| one.crl((20, 20), &[])).to_vec();
        let judged = judge(&Evidence { certificates, crls, ocsp: Vec::new() }, NOW);
        assert_eq!(judged, if expected { Ok(()) } else { Err(Flaw::Purpose) }, "{purposes:?} {critical}");
    }
}

#[test]
fn a_path_leads_to_an_anchor_or_nowhere() {
    let (own, other) = (authority("own"), authority("other"));
    let leaf = own.certify_for(7, &[STAMPS], false, (2026, 2028)).subject;
    let (pool, anchors) = ([own.subject.clone(), other.subject.clone()], [own.subject.clone()]);
    let found = path(&leaf, &pool, &anchors, NOW).unwrap();
    assert_eq!(found.iter().map(|one| &one.der).collect::<Vec<_>>(), [&leaf.der, &own.subject.der]);
    assert!(path(&leaf, &[], &anchors, NOW).is_some(), "anchors are known issuers");
    assert!(path(&leaf, &pool, &[other.subject], NOW).is_none(), "another root");
    assert!(path(&leaf, &pool, &[], NOW).is_none());
    assert!(path(&leaf, &pool, &anchors, NOW + 2 * 366 * 86_400).is_none(), "expired");
    assert!(path(&own.subject, &[], &anchors, NOW).is_some(), "an anchor itself");
    // An end entity issues nothing, whatever it signed.
    assert!(path(&leaf, &[], std::slice::from_ref(&leaf), NOW).is_none());
}

#[test]
fn a_path_is_no_longer_than_its_authorities_allow() {
    let root = authority("root");
    let found = |first: Option<u8>, second: Option<u8>| {
        let upper = root.authority("upper", first, &[]);
        let lower = upper.authority("lower", second, &[]);
        let pool = [lower.subject.clone(), upper.subject.clone()];
        let anchors = [root.subject.clone()];
        path(&lower.certify(7), &pool, &anchors, NOW).map(|path| path.len())
    };
    assert_eq!(found(None, None), Some(4));
    assert_eq!(found(Some(1), Some(0)), Some(4), "who signed at the end does not count");
    assert_eq!(found(Some(0), None), None);
    assert_eq!(found(Some(0), Some(0)), None);
}

/// The second look finds what the first one does.
#[test]
fn what_enters_a_document_has_no_path_that_is_longer_than_its_authorities_allow() {
    let root = authority("root");
    let found = |first: Option<u8>, second: Option<u8>| {
        let upper = root.authority("upper", first, &[]);
        let lower = upper.authority("lower", second, &[]);
        let leaf = lower.certify(7);
        let pool = [&leaf, &lower.subject, &upper.subject, &root.subject].map(|one| one.der.clone());
        let crls = [root.crl((20, 20), &[]), upper.crl((20, 20), &[]), lower.crl((20, 20), &[])];
        judge(&Evidence { certificates: pool.to_vec(), crls: crls.to_vec(), ocsp: Vec::new() }, NOW)
    };
    assert_eq!(found(None, None), Ok(()));
    assert_eq!(found(Some(1), Some(0)), Ok(()), "who signed at the end does not count");
    assert_eq!(found(Some(0), None), Err(Flaw::TooLong));
    assert_eq!(found(Some(0), Some(0)), Err(Flaw::TooLong));
}

#[test]
fn what_enters_a_document_is_whole_and_has_no_strays() {
    let (own, other) = (authority("own"), authority("other"));
    let somebody = own.certify_with_ocsp(7);
    let responder = own.certify_for(9, &[ANSWERS], true, (2026, 2030));
    let certificates = |list: &[&Subject]| list.iter().map(|one| one.der.clone()).collect::<Vec<_>>();
    let chain = certificates(&[&somebody, &own.subject]);
    let (crl, good) = (own.crl((20, 20), &[]), own.ocsp(&somebody, Standing::Good, NOW));
    let of = |certificates: &[Vec<u8>], crls: &[&Vec<u8>], ocsp: &[&Vec<u8>]| {
        let copy = |list: &[&Vec<u8>]| list.iter().map(|one| (*one).clone()).collect();
        let evidence = Evidence { certificates: certificates.to_vec(), crls: copy(crls), ocsp: copy(ocsp) };
        judge(&evidence, NOW)
    };
    assert_eq!(of(&chain, &[&crl], &[]), Ok(()));
    assert_eq!(of(&chain, &[], &[&good]), Ok(()));
    assert_eq!(of(&chain, &[&crl], &[&good]), Ok(()));
    let delegated = own.ocsp_by(Some(&responder), &somebody, Standing::Good, NOW);
    let with_responder = certificates(&[&somebody, &own.subject, &responder.subject]);
    assert_eq!(of(&with_responder, &[], &[&delegated]), Ok(()), "nobody need ask about the responder");
    assert_eq!(of(&[], &[], &[]), Err(Flaw::Nothing));
    assert_eq!(of(&chain, &[], &[]), Err(Flaw::NoWord));
    assert_eq!(of(&chain[..1], &[&crl], &[]), Err(Flaw::NoIssuer));
    assert_eq!(of(&[chain[0].clone(), other.subject.der.clone()], &[&crl], &[]), Err(Flaw::NoIssuer));
    assert_eq!(of(&chain, &[&crl, &other.crl((20, 20), &[])], &[]), Err(Flaw::Stray));
    assert_eq!(of(&chain, &[&crl], &[&own.ocsp(&own.certify(8), Standing::Good, NOW)]), Err(Flaw::Stray));
    assert_eq!(of(&chain, &[&own.crl((20, 20), &[7])], &[&good]), Err(Flaw::Revoked), "one word is enough");
    assert_eq!(of(&[vec![0x30, 0]], &[&crl], &[]), Err(Flaw::Certificate));
    let old = own.certify_for(7, &[STAMPS], false, (2020, 2024)).subject;
    assert_eq!(of(&certificates(&[&old, &own.subject]), &[&crl], &[]), Err(Flaw::Expired));
    assert_eq!(of(&vec![chain[1].clone(); 65], &[], &[]), Err(Flaw::TooMuch));
}

proptest::proptest! {
    #[test]
    fn nothing_that_is_read_panics(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let own = authority("own");
        let _ = crl::judge(&octets, &own.subject, &own.subject, NOW);
        let _ = ocsp::judge(&octets, &own.subject, &own.subject, NOW);
        let _ = Asked::read(&octets);
        let _ = Subject::read(&octets);
    }
}
