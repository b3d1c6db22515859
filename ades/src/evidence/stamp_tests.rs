//! Tokens, right and wrong.

use super::*;
use crate::evidence::testing::{Making, RIGHT, STAMPS, token};

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

proptest::proptest! {
    #[test]
    fn no_token_panics(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let _ = judge(&octets);
    }
}
