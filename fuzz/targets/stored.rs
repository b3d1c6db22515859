//! What gets another archive time-stamp is read again afterwards.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rsign_ades::Stored;
use rsign_ades::evidence::Evidence;
use rsign_ades::stored::{Error, Found};
use rsign_api::parts::joined;

fuzz_target!(|octets: &[u8]| {
    let Ok(Found::Stamped(mut stored)) = Stored::read(octets) else { return };
    if !stored.is_attached() {
        stored.bring(b"content");
    }
    let _ = stored.check();
    let tokens: Vec<Vec<u8>> = stored.stamps().map(<[u8]>::to_vec).collect();
    let mut stamped = 0;
    for (place, token) in tokens.into_iter().enumerate() {
        let evidence = Evidence { certificates: vec![vec![0x30, 0]], ..Evidence::default() };
        let added = stored.add(place, evidence).is_ok() && stored.imprint(place).is_ok();
        if added && stored.stamp(place, token).is_ok() {
            stamped += 1;
        }
    }
    let Ok(parts) = stored.finish() else { return };
    let whole = joined(parts, Some(&octets.into())).expect("parts of what was read");
    match Stored::read(&whole.whole(usize::MAX).expect("held")) {
        Ok(again) => assert!(stamped == 0 || matches!(again, Found::Stamped(_)), "it is renewed once more"),
        // The token is over what was there before.
        Err(Error::Imprint) => assert!(octets.starts_with(b"%PDF-")),
        Err(error) => assert!(error.to_string().contains("too "), "{error}"),
    }
});
