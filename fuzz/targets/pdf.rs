//! A foreign PDF that is taken is kept octet by octet, and what is appended is read like the rest.
#![no_main]

use std::time::UNIX_EPOCH;

use libfuzzer_sys::fuzz_target;
use rsign_ades::pdf::{
    Error, Evidence, Kind, Limits, Permission, Place, Request, Update, Visible, document_time_stamp, dss, prepare,
};

fn limits() -> Limits {
    Limits { octets: 1 << 20, unpacked: 1 << 20, objects: 10_000, pages: 1000, revisions: 20 }
}

/// The file with its update, the gap filled.
fn whole(file: &[u8], update: Update) -> Vec<u8> {
    let again = Update::from_parts(update.octets().to_vec(), file.len(), update.gap());
    assert_eq!(again.as_ref(), Ok(&update));
    [file, &update.fill(b"\x30\x00").expect("two octets fit")].concat()
}

fuzz_target!(|octets: &[u8]| {
    let place = Some(Place { page: 1, rectangle: [10.0, 10.0, 99.0, 50.0] });
    let visible = Visible { place, lines: vec!["seen".to_owned()] };
    let certification = Request {
        visible: Some(visible),
        reserve: 64,
        ..Request::new(Kind::Certification(Permission::FormFilling), UNIX_EPOCH)
    };
    if let Ok(update) = prepare(octets, &certification, &limits()) {
        let file = whole(octets, update);
        let again = prepare(&file, &certification, &limits());
        assert_eq!(again, Err(Error::AlreadySigned));
    }
    let revision = Request { reserve: 64, ..Request::new(Kind::Revision, UNIX_EPOCH) };
    if let Ok(update) = prepare(octets, &revision, &limits()) {
        let file = whole(octets, update);
        let again = prepare(&file, &revision, &Limits { revisions: 30, objects: 20_000, ..limits() });
        whole(&file, again.expect("what was signed can be signed again"));
        let again = prepare(&file, &certification, &limits());
        assert!(again.is_err(), "what was signed cannot be certified");
    }
    if let Ok(update) = document_time_stamp(octets, 64, &limits()) {
        whole(octets, update);
    }
    let evidence = Evidence { certificates: vec![b"certificate".to_vec()], ..Evidence::default() };
    if let Ok(update) = dss(octets, &evidence, &limits()) {
        let file = [octets, &update].concat();
        let again = dss(&file, &evidence, &Limits { revisions: 30, objects: 20_000, ..limits() });
        assert!(again.expect("what was appended is read").len() < update.len(), "nothing is held twice");
    }
});
