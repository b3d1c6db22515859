//! Files that are not signed.

use super::*;

#[test]
fn what_can_only_be_guessed_is_refused() {
    let whole = plain();
    let text = String::from_utf8(whole.clone()).unwrap();
    refuses(b"", &approval(), &Error::NotPdf);
    refuses(b"%PDF-1.7\n", &approval(), &Error::Damaged("startxref is missing"));
    refuses(&[b"x", whole.as_slice()].concat(), &approval(), &Error::NotPdf);
    let moved = text.replace("%PDF-1.7\n", "%PDF-1.7\n\n\n\n");
    assert!(matches!(sign(moved.as_bytes(), &approval()), Err(Error::Damaged(_))));
    for (from, to) in
        [("/Root 1 0 R", ""), ("/Root 1 0 R", "/Root 9 0 R"), ("/Size 4", ""), ("/Size 4", "/Prev 0/Size 4")]
    {
        let damaged = text.replace(from, to);
        assert!(matches!(sign(damaged.as_bytes(), &approval()), Err(Error::Damaged(_))), "{from} {to}");
    }
    for length in 0..whole.len() - 1 {
        assert!(sign(&whole[..length], &approval()).is_err(), "cut off at {length}");
    }
}

#[test]
fn an_object_stream_that_does_not_end_as_it_says_is_refused() {
    let seed = include_bytes!("../../../../fuzz/seeds/pdf/packed");
    assert!(sign(seed, &approval()).is_ok());
    let at = seed.windows(7).position(|window| window == b"/Annots").unwrap();
    // One octet more than its length; the cross-reference stream moves by one, too, onto the line end before it.
    let longer = [&seed[..at], b" ", &seed[at..]].concat();
    refuses(&longer, &approval(), &Error::Damaged("an object stream is not readable"));
}

#[test]
fn encrypted_and_hybrid_files_are_refused() {
    refuses(&file_with(&[CATALOG, PAGES, PAGE], "/Encrypt <</Filter /Standard>>"), &approval(), &Error::Encrypted);
    refuses(&file_with(&[CATALOG, PAGES, PAGE], "/XRefStm 9"), &approval(), &Error::Hybrid);
}

#[test]
fn files_without_the_page_are_refused() {
    refuses(&file(&[CATALOG, "<</Type /Pages /Kids [] /Count 0>>"]), &approval(), &Error::NoPages);
    refuses(&file(&["<</Type /Catalog>>"]), &approval(), &Error::NoPages);
    let place = Some(Place { page: 2, rectangle: [0.0, 0.0, 100.0, 50.0] });
    let visible = Visible { place, lines: Vec::new() };
    refuses(&plain(), &Request { visible: Some(visible), ..approval() }, &Error::NoSuchPage(2));
    let circle = file(&[CATALOG, "<</Type /Pages /Kids [2 0 R] /Count 1>>"]);
    refuses(&circle, &approval(), &Error::Damaged("the page tree is no tree"));
}

#[test]
fn limits_are_kept() {
    let file = plain();
    let limited = |limits: Limits| prepare(&file, &approval(), &limits);
    let least = Limits { octets: file.len(), unpacked: 0, objects: 4, pages: 2, revisions: 1 };
    assert!(limited(least.clone()).is_ok());
    assert_eq!(limited(Limits { octets: file.len() - 1, ..least.clone() }), Err(Error::Limit("octets")));
    assert_eq!(limited(Limits { objects: 3, ..least.clone() }), Err(Error::Limit("objects")));
    assert_eq!(limited(Limits { pages: 1, ..least.clone() }), Err(Error::Limit("pages")));
    let twice = signed(&file, &approval());
    let more = Limits { octets: twice.len(), objects: 9, ..least };
    let error = Err(Error::Damaged("the chain of cross-reference sections does not end"));
    assert_eq!(prepare(&twice, &approval(), &more), error);
}

#[test]
fn a_key_that_stands_twice_where_it_matters_is_refused() {
    let twice = Error::Damaged("a dictionary has a key twice");
    refuses(&with("/AcroForm null /AcroForm <</Fields []>>", &[]), &approval(), &twice);
    refuses(&with("/Pages 2 0 R", &[]), &approval(), &twice);
    assert!(sign(&with("/Unknown 1 /Unknown 2", &[]), &approval()).is_ok(), "what nobody asks does not matter");
}

#[test]
fn certified_documents_decide() {
    let once = signed(&plain(), &certification(Permission::NoChanges));
    refuses(&once, &approval(), &Error::Locked);
    refuses(&once, &certification(Permission::NoChanges), &Error::AlreadySigned);
    assert!(document_time_stamp(&once, 64, &Limits::default()).is_ok(), "time-stamps may always follow");
    assert!(dss(&once, &Default::default(), &Limits::default()).is_ok());
    for permission in [Permission::FormFilling, Permission::Annotations] {
        let once = signed(&plain(), &certification(permission));
        let twice = signed(&once, &approval());
        refuses(&twice, &certification(permission), &Error::AlreadySigned);
        refuses(&twice, &seen([0.0, 0.0, 100.0, 50.0], &[]), &Error::Certified);
    }
    refuses(&signed(&plain(), &approval()), &certification(Permission::FormFilling), &Error::AlreadySigned);
}

#[test]
fn wishes_without_sense_are_refused() {
    let shown = |rectangle, line: &str| sign(&plain(), &seen(rectangle, &[line]));
    for rectangle in [[0.0; 4], [f64::NAN; 4], [0.0, 0.0, f64::INFINITY, 9.0], [0.0, 0.0, 100.0, 1.0]] {
        assert_eq!(shown(rectangle, ""), Err(Error::Small), "{rectangle:?}");
    }
    assert_eq!(shown([0.0, 0.0, 90.0, 90.0], "漢"), Err(Error::Character('漢')));
    assert_eq!(shown([0.0, 0.0, 90.0, 90.0], &"x".repeat(501)), Err(Error::Text));
    assert!(shown([90.0, 90.0, 0.0, 0.0], "corners in any order").is_ok());
    for reserve in [0, usize::MAX] {
        assert!(matches!(sign(&plain(), &Request { reserve, ..approval() }), Err(Error::Wish(_))));
    }
    let long = sign(&plain(), &approval()).unwrap().fill(&[0x30; 17]);
    assert_eq!(long, Err(Error::TooLong { length: 17, reserve: 16 }));
}

/// A few octets that unpack to many would be many in the update, and in the store.
#[test]
fn an_update_is_short_whatever_it_has_to_change() {
    let limits = Limits::default();
    let (short, long) = (format!("/Junk ({})", "A".repeat(200 << 10)), format!("/Junk ({})", "A".repeat(256 << 10)));
    let source = Error::Limit("octets in an object that would have to be changed");
    assert!(prepare(&with(&short, &[]), &approval(), &limits).is_ok());
    refuses(&with(&long, &[]), &approval(), &source);
    let page = |junk: &str| file(&[CATALOG, PAGES, &PAGE.replace(">>", &format!("{junk}>>"))]);
    refuses(&page(&long), &approval(), &source);
    let form = |junk: &str| with("/AcroForm 4 0 R", &[&format!("<</Fields [] {junk}>>")]);
    refuses(&form(&long), &approval(), &source);
    assert_eq!(document_time_stamp(&form(&long), 16, &limits), Err(source.clone()));
    // What is not copied may be as long as it likes.
    assert!(prepare(&with("", &[&format!("<<{long}>>")]), &approval(), &limits).is_ok());
    // Each is short enough, and the trailer is copied, too.
    let sum = Error::Limit("octets in what would have to be changed");
    let trailer = file_with(&[CATALOG, PAGES, PAGE], &format!("/Junk ({})", "A".repeat(1 << 20)));
    refuses(&trailer, &approval(), &sum);
}
