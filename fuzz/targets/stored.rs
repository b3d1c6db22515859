//! What gets another archive time-stamp is read again afterwards.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rsign_ades::Stored;
use rsign_ades::evidence::Evidence;

fuzz_target!(|octets: &[u8]| {
    let Ok(Some(mut stored)) = Stored::read(octets) else { return };
    if !stored.is_attached() {
        stored.bring(b"content".to_vec());
    }
    let mut stamped = 0;
    for signature in 0..stored.signatures() {
        let Ok(Some(token)) = stored.newest(signature) else { continue };
        let _ = stored.check(signature, &token);
        let evidence = Evidence { certificates: vec![vec![0x30, 0]], ..Evidence::default() };
        let added = stored.add(signature, evidence).is_ok() && stored.imprint(signature).is_ok();
        if added && stored.stamp(signature, token).is_ok() {
            stamped += 1;
        }
    }
    let Ok(whole) = stored.finish() else { return };
    match Stored::read(&whole) {
        Ok(again) => assert!(stamped == 0 || again.is_some(), "it is renewed once more"),
        Err(error) => assert!(error.to_string().contains("too "), "{error}"),
    }
});
