//! Tokens, right and wrong.

use super::*;
use rsign_api::timestamp::Query;

use crate::evidence::testing::{Making, Manner, RIGHT, STAMPS, stamp, token};

const MAIL: &str = "1.3.6.1.5.5.7.3.4";

#[test]
fn only_who_may_stamp_and_did_is_believed() {
    let info = b"what a TSTInfo would be";
    let judged = |making: Making| judge(&token(info, &making)).map(drop);
    assert_eq!(judged(RIGHT), Ok(()));
    assert_eq!(judged(Making { purposes: (&[STAMPS], false), ..RIGHT }), Err(Wrong::Purpose), "not critical");
    assert_eq!(judged(Making { purposes: (&[STAMPS, MAIL], true), ..RIGHT }), Err(Wrong::Purpose), "not alone");
    assert_eq!(judged(Making { purposes: (&[MAIL], true), ..RIGHT }), Err(Wrong::Purpose));
    assert_eq!(judged(Making { certified: false, ..RIGHT }), Err(Wrong::NoCertificate));
    assert_eq!(judged(Making { spoilt: true, ..RIGHT }), Err(Wrong::Signature));
    // Another content than what was signed.
    let mut other = token(info, &RIGHT);
    let place = other.windows(4).position(|window| window == b"what").unwrap();
    other[place] = b'W';
    assert_eq!(judge(&other).map(drop), Err(Wrong::Signature));
}

#[test]
fn what_a_token_is_over() {
    let query = Query::new(HashAlgorithm::Sha256, &[7; 32], &[1]).unwrap();
    let token = timestamp::token(&stamp(&query.to_der().unwrap(), Manner::Right), &query).unwrap();
    let stamp = judge(&token).unwrap();
    assert!(stamp.is_over(HashAlgorithm::Sha256, &[7; 32]));
    assert!(!stamp.is_over(HashAlgorithm::Sha256, &[8; 32]) && !stamp.is_over(HashAlgorithm::Sha512, &[7; 32]));
    assert!(!judge(&super::super::testing::token(b"no TSTInfo", &RIGHT)).unwrap().is_over(HashAlgorithm::Sha256, &[]));
}

proptest::proptest! {
    #[test]
    fn no_token_panics(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let _ = judge(&octets);
    }
}
