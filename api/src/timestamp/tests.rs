//! Queries as they are written, answers as they are read.

use der::Any;

use super::*;

/// DER of a constructed or primitive value.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = u16::try_from(body.len()).unwrap();
    let mut out = vec![tag];
    match length {
        0..=127 => out.push(length as u8),
        128..=255 => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(body);
    out
}

fn answer(status: u8, imprint: &[u8], nonce: &[u8], kind: ObjectIdentifier) -> Vec<u8> {
    let time = tlv(0x18, &[b"20261124120000.123Z"]);
    let policy = ObjectIdentifier::new_unwrap("1.2.3").to_der().unwrap();
    let info = tlv(0x30, &[&[2, 1, 1], &policy, imprint, &[2, 1, 7], &time, nonce, &tlv(0xa0, &[&[5, 0]])]);
    let encapsulated = tlv(0x30, &[&kind.to_der().unwrap(), &tlv(0xa0, &[&tlv(4, &[&info])])]);
    let signed = tlv(0x30, &[&[2, 1, 3], &tlv(0x31, &[]), &encapsulated, &tlv(0xa0, &[b"\x30\x03\x02\x01\x01"])]);
    let token = tlv(0x30, &[&SIGNED_DATA.to_der().unwrap(), &tlv(0xa0, &[&signed])]);
    let status = tlv(0x30, &[&[2, 1, status], &tlv(0x30, &[&tlv(0x0c, &[b"said"])])]);
    tlv(0x30, &[&status, &token])
}

#[test]
fn only_a_stamp_on_what_was_asked_is_taken() {
    let query = Query::new(HashAlgorithm::Sha256, &[7; 32], &[0x80, 1]).unwrap();
    let (imprint, nonce) = (query.message_imprint.to_der().unwrap(), query.nonce.to_der().unwrap());
    for status in [0, 1] {
        let token = token(&answer(status, &imprint, &nonce, TST_INFO), &query).unwrap();
        assert_eq!(super::imprint(&token), Ok((HashAlgorithm::Sha256, vec![7; 32])));
    }
    assert!(super::imprint(&[0x30, 0]).is_err());
    // With NULL as parameters it is the same hash function.
    let null = AlgorithmIdentifierOwned { oid: HashAlgorithm::Sha256.oid(), parameters: Some(Any::null()) };
    let null = MessageImprint { hash_algorithm: null, ..query.message_imprint.clone() }.to_der().unwrap();
    assert!(token(&answer(0, &null, &nonce, TST_INFO), &query).is_ok());
    let other = MessageImprint::new(HashAlgorithm::Sha256, &[8; 32]).unwrap().to_der().unwrap();
    let long = MessageImprint::new(HashAlgorithm::Sha512, &[7; 32]).unwrap().to_der().unwrap();
    for (answer, fault) in [
        (answer(2, &imprint, &nonce, TST_INFO), Unfit::Refused(2)),
        (answer(0, &other, &nonce, TST_INFO), Unfit::Foreign("imprint")),
        (answer(0, &long, &nonce, TST_INFO), Unfit::Foreign("imprint")),
        (answer(0, &imprint, &[2, 1, 9], TST_INFO), Unfit::Foreign("nonce")),
        (answer(0, &imprint, &[], TST_INFO), Unfit::Foreign("nonce")),
        (answer(0, &imprint, &nonce, SIGNED_DATA), Unfit::Foreign("content type")),
    ] {
        assert_eq!(token(&answer, &query), Err(fault));
    }
    let under = |policy| Query { policy: Some(ObjectIdentifier::new_unwrap(policy)), ..query.clone() };
    let right = answer(0, &imprint, &nonce, TST_INFO);
    assert!(token(&right, &under("1.2.3")).is_ok());
    assert_eq!(token(&right, &under("1.2.4")), Err(Unfit::Foreign("policy")));
    // Refused, as TSAs say it: without a token.
    assert_eq!(token(&tlv(0x30, &[&tlv(0x30, &[&[2, 1, 2]])]), &query), Err(Unfit::Refused(2)));
    let words = tlv(0x30, &[&tlv(0x0c, &[b"said"])]);
    let refusal = |failure: &[u8]| tlv(0x30, &[&tlv(0x30, &[&[2, 1, 2], &words, failure])]);
    for (failure, unfit) in [
        (&[3, 2, 7, 0x80][..], Unfit::Refused(2)),        // badAlg
        (&[3, 3, 1, 0, 2], Unfit::Unable(2)),             // timeNotAvailable
        (&[3, 3, 0, 0, 1], Unfit::Refused(2)),            // unacceptedPolicy
        (&[3, 5, 6, 0, 0, 0, 0x40], Unfit::Unable(2)),    // systemFailure
        (&[3, 5, 6, 0x20, 2, 0, 0x40], Unfit::Unable(2)), // several
    ] {
        assert_eq!(token(&refusal(failure), &query), Err(unfit));
    }
    assert!(matches!(token(&tlv(0x30, &[&tlv(0x30, &[&[2, 1, 0]])]), &query), Err(Unfit::Malformed(_))));
}

#[test]
fn what_is_stamped_is_read_strictly() {
    let imprint = MessageImprint::new(HashAlgorithm::Sha256, &[7; 32]).unwrap().to_der().unwrap();
    let policy = ObjectIdentifier::new_unwrap("1.2.3").to_der().unwrap();
    let info = |version: u8, at: &[u8], rest: &[&[u8]]| {
        let head = [&[2, 1, version], policy.as_slice(), &imprint, &[2, 1, 7], &tlv(0x18, &[at])].concat();
        time(&tlv(0x30, &[&head, &rest.concat()]))
    };
    let at = b"20261201000000Z";
    let (accuracy, ordering, nonce, tsa): (&[u8], &[u8], &[u8], &[u8]) =
        (&[0x30, 3, 2, 1, 1], &[1, 1, 0xff], &[2, 1, 9], &[0xa0, 2, 5, 0]);
    let extension = |critical: &[u8]| tlv(0xa1, &[&tlv(0x30, &[&policy, critical, &[4, 0]])]);
    let (harmless, critical) = (extension(&[]), extension(&[1, 1, 0xff]));
    assert_eq!(info(1, at, &[accuracy, ordering, nonce, tsa, &harmless]), Ok(1_796_083_200));
    assert_eq!(info(1, b"20261201000000.25Z", &[]), Ok(1_796_083_200));
    assert_eq!(info(1, at, &[&critical]), Err(Unfit::Critical));
    for (version, at, rest) in [
        (2, &at[..], &[nonce][..]),
        (1, at, &[nonce, nonce]),
        (1, at, &[nonce, accuracy]),
        (1, at, &[&[4, 0]]),
        (1, b"20261201000000", &[]),
        (1, b"20261201000000.Z", &[]),
        (1, b"20261201000000.xZ", &[]),
        (1, b"20261301000000Z", &[]),
    ] {
        assert!(matches!(info(version, at, rest), Err(Unfit::Malformed(_))), "{version} {at:?} {rest:?}");
    }
}

#[test]
fn a_nonce_keeps_its_first_bit() {
    let query = Query::new(HashAlgorithm::Sha256, &[7; 32], &[0x80]).unwrap();
    assert_eq!(query.nonce.to_der().unwrap(), [2, 2, 0, 0x80]);
}

proptest::proptest! {
    #[test]
    fn no_answer_panics(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let query = Query::new(HashAlgorithm::Sha256, &[7; 32], &[1]).unwrap();
        let _ = token(&octets, &query);
    }
}
