//! Foreign documents in helper processes: what comes back, and that whatever happens there is a clean no.

mod reasons;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use data_encoding::BASE64URL_NOPAD;
use rsign_ades::{Envelope, Format};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::objection::Reason;
use rsign_api::octets::Octets;
use rsign_api::signer::{Property, Refusal};
use rsign_signer::foreign::process::Helpers;
use rsign_signer::foreign::{Existing, Fault, Foreign as _, Wanted};

/// The smallest PDF with a page.
pub(super) fn pdf() -> Vec<u8> {
    let objects = [
        "<</Type /Catalog /Pages 2 0 R>>",
        "<</Type /Pages /Kids [3 0 R] /Count 1>>",
        "<</Type /Page /Parent 2 0 R /MediaBox [0 0 200 200]>>",
    ];
    rsign_ades::pdf::paper(&objects, "")
}

fn wanted(envelope: Envelope, properties: &[Property]) -> Wanted<'_> {
    Wanted { envelope, properties, at: SystemTime::UNIX_EPOCH + Duration::from_secs(86_400), reserve: 4096 }
}

fn helpers() -> Helpers {
    Helpers::new(env!("CARGO_BIN_EXE_rsign-signer").into(), 2)
}

/// A helper that does something else.
pub(super) fn script(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("helper");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    path
}

async fn refused(helpers: &Helpers, document: &[u8], wanted: Wanted<'_>) -> Reason {
    match helpers.update("app", &document.into(), wanted).await {
        Err(Fault::Unfit(reason, _)) => reason,
        other => panic!("{other:?}"),
    }
}

async fn refused_of(helpers: &Helpers, document: &Octets) -> Reason {
    match helpers.update("app", document, wanted(Envelope::Revision, &[])).await {
        Err(Fault::Unfit(reason, _)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_pdf_gets_its_update_from_a_process_of_its_own() {
    let document = pdf();
    let update =
        helpers().update("app", &Octets::from(document.clone()), wanted(Envelope::Certification, &[])).await.unwrap();
    assert_eq!(update.digests(&document, HashAlgorithm::Sha256).original.len(), 32);
    assert_eq!(update.reserve(), 4096);
    let text = String::from_utf8_lossy(update.octets()).into_owned();
    assert!(text.contains("/M (D:19700102000000Z)") && text.contains("/DocMDP"), "{text}");
    let many = futures_util::future::join_all((0..8).map(|_| async {
        helpers().update("app", &Octets::from(document.clone()), wanted(Envelope::Certification, &[])).await.unwrap()
    }));
    assert!(many.await.iter().all(|other| *other == update));
}

#[tokio::test]
async fn a_helper_that_ends_hangs_or_lies_is_a_clean_no() {
    let folder = tempfile::tempdir().unwrap();
    let document = pdf();
    for text in ["exit 1", "kill -SEGV $$", "printf '\\000\\000\\000\\002ab' >&0", "printf '\\377\\377\\377\\377' >&0"]
    {
        let helpers = Helpers::new(script(folder.path(), text), 1);
        assert_eq!(refused(&helpers, &document, wanted(Envelope::Revision, &[])).await, Reason::Unreadable, "{text}");
    }
    let hanging = Helpers::new(script(folder.path(), "echo $$ > pid; exec sleep 60"), 1);
    let hanging = hanging.with_patience(Duration::from_millis(300));
    let began = Instant::now();
    assert_eq!(refused(&hanging, &document, wanted(Envelope::Revision, &[])).await, Reason::Unreadable);
    assert!(began.elapsed() < Duration::from_secs(10));
    let missing = Helpers::new(folder.path().join("nothing"), 1);
    let fault = missing.update("app", &document.clone().into(), wanted(Envelope::Revision, &[])).await;
    assert!(matches!(fault, Err(Fault::Unavailable(_))), "{fault:?}");
}

/// Which of a helper's answers says that a document is not signed, and why.
const UNFIT: u8 = 6;

/// Makes a helper that answers this, whatever it is asked.
fn answering(folder: &Path, answer: &[u8]) -> Helpers {
    let length = u32::try_from(answer.len()).unwrap().to_be_bytes();
    std::fs::write(folder.join("answer"), [&length, answer].concat()).unwrap();
    Helpers::new(script(folder, &format!("cat {} >&0; exec cat > /dev/null", folder.join("answer").display())), 1)
}

#[tokio::test]
async fn a_32_what_a_helper_says_is_cut_and_has_no_line_ends() {
    let folder = tempfile::tempdir().unwrap();
    for (text, length) in
        [("one\nline\u{1b}[31m and \"another\"".to_owned(), None), ("Anna ".repeat(10_000), Some(200))]
    {
        let answer = postcard::to_allocvec(&(UNFIT, Reason::Encrypted, &text)).unwrap();
        let fault =
            answering(folder.path(), &answer).update("app", &pdf().into(), wanted(Envelope::Revision, &[])).await;
        let Err(fault @ Fault::Unfit(Reason::Encrypted, _)) = fault else { panic!("{fault:?}") };
        let said = fault.to_string();
        assert!(!said.contains(char::is_control) && said.len() <= 200, "{said}");
        assert!(length.is_none_or(|length| said.len() == length) && !said.is_empty(), "{said}");
    }
    // It chooses one of the words, and has no other.
    let count = u8::try_from(Reason::ALL.len()).unwrap();
    for (word, expected) in [(count - 1, Reason::ALL[Reason::ALL.len() - 1]), (count, Reason::Unreadable)] {
        let answer = postcard::to_allocvec(&(UNFIT, word, "")).unwrap();
        assert_eq!(
            refused(&answering(folder.path(), &answer), &pdf(), wanted(Envelope::Revision, &[])).await,
            expected
        );
    }
    // Nor does a helper that nobody took over quote a document.
    let document = format!("<r><{}Anna:x/></r>", "Silva".repeat(1 << 20));
    let fault = helpers().canonical("app", &document.as_bytes().into(), HashAlgorithm::Sha256).await.unwrap_err();
    assert_eq!(fault.to_string(), "this XML cannot be signed: it is not well-formed");
}

#[tokio::test]
async fn an_update_that_is_too_long_is_refused_whoever_made_it() {
    let folder = tempfile::tempdir().unwrap();
    let document = pdf();
    let heard = async |pad: usize, digits: usize| {
        let (start, end) = (1, 1 + digits + 2);
        let foot = |rest: usize| {
            let (before, after) = (document.len() + start, document.len() + end);
            format!("/ByteRange [0 {before} {after} {rest} ]{}%%EOF\n", " ".repeat(pad))
        };
        // The number of the octets behind the gap is among them.
        let mut rest = 0;
        while foot(rest).len() != rest {
            rest = foot(rest).len();
        }
        let octets = format!("x<{}>{}", "0".repeat(digits), foot(rest)).into_bytes();
        let answer = postcard::to_allocvec(&(0_u8, octets, start as u64, end as u64)).unwrap();
        let helpers = answering(folder.path(), &answer);
        helpers.update("app", &document.clone().into(), wanted(Envelope::Revision, &[])).await
    };
    assert_eq!(heard(100, 8192).await.unwrap().reserve(), 4096);
    for (pad, digits) in [(100, 8190), (100, 16_384), (1 << 20, 8192), (4 << 20, 8192)] {
        let fault = heard(pad, digits).await;
        assert!(matches!(fault, Err(Fault::Unfit(Reason::Unreadable, _))), "{pad} {digits}");
    }
}

/// A few thousand octets that unpack to 16 MiB, all of which would be in the update.
#[tokio::test]
async fn a_short_pdf_makes_no_long_update() {
    let document = String::from_utf8(pdf()).unwrap();
    let long = document.replace("/Pages 2 0 R", &format!("/Pages 2 0 R/Junk({})", "A".repeat(15 << 20)));
    // The table is wrong then, and made anew.
    let objects: Vec<&str> =
        long.split("endobj\n").take(3).filter_map(|one| one.split_once(" obj\n")).map(|it| it.1).collect();
    let file = rsign_ades::pdf::paper(&objects, "");
    let fault = helpers().update("app", &file.into(), wanted(Envelope::Revision, &[])).await.unwrap_err();
    let said = "the PDF has too many octets in an object that would have to be changed";
    assert_eq!(fault.to_string(), said);
}

/// 300 MiB of spaces, packed twice.
const BOMB: &str = "\
    eNrt3D0u7GEchuER0yAZRESh0Tor0EicRq2gFqVCrxsilnBqtQVYgO7s4HxUFkCjUBEfswv/+7qqt/6VT97c5/8f7y9Hny62fr1t\
    b9wujgAAAICBu/h3NT/39dh6/7N/cAQAAAAM3cnyZDwbBV6PN386BwAAAAze9e7OyuyHwPP0bOwcAAAAMHjrLw97sy3g9/vd6qF7\
    AAAAwOD9FQwAAACAFMEAAAAAaBEMAAAAgBbBAAAAAIgRDAAAAIAWwQAAAABoEQwAAACAFsEAAAAAiBEMAAAAgBbBAAAAAGgRDAAA\
    AIAWwQAAAACIEQwAAACAFsEAAAAAaBEMAAAAgBbBAAAAAIgRDAAAAIAWwQAAAABoEQwAAACAFsEAAAAAiBEMAAAAgBbBAAAAAGgR\
    DAAAAIAWwQAAAACIEQwAAACAFsEAAAAAaBEMAAAAgBbBAAAAAIgRDAAAAIAWwQAAAABoEQwAAACAFsEAAAAAiBEMAAAAgBbBAAAA\
    AGgRDAAAAIAWwQAAAACIEQwAAACAFsEAAAAAaBEMAAAAgBbBAAAAAIgRDAAAAIAWwQAAAABoEQwAAACAFsEAAAAAiBEMAAAAgBbB\
    AAAAAGgRDAAAAIAWwQAAAACIEQwAAACAFsEAAAAAaBEMAAAAgBbBAAAAAIgRDAAAAIAWwQAAAABoEQwAAACAFsEAAAAAiBEMAAAA\
    gBbBAAAAAGgRDAAAAIAWwQAAAACIEQwAAACAFsEAAAAAaBEMAAAAgBbBAAAAAIgRDAAAAIAWwQAAAABoEQwAAACAFsEAAAAAiBEM\
    AAAAgJbT5cnC1xYwfps+La2NAODbuhmdzf+YfABT++Tq";

#[tokio::test]
async fn a_bomb_is_not_unpacked() {
    let bomb = data_encoding::BASE64.decode(BOMB.as_bytes()).unwrap();
    let mut document = b"%PDF-1.7\n".to_vec();
    let filter = "/Filter [/FlateDecode /FlateDecode]";
    let head = format!("1 0 obj\n<</Type /ObjStm /N 1 /First 4 {filter} /Length {}>>\nstream\n", bomb.len());
    let container = u8::try_from(document.len()).unwrap();
    document.extend_from_slice(head.as_bytes());
    document.extend_from_slice(&bomb);
    document.extend_from_slice(b"\nendstream\nendobj\n");
    let start = document.len();
    let entries = [[0, 0, 0, 0], [1, 0, container, 0], [2, 0, 1, 0]].concat();
    let listing = "/Type /XRef /W [1 2 1] /Size 3 /Root 2 0 R";
    document.extend_from_slice(format!("3 0 obj\n<<{listing} /Length {}>>\nstream\n", entries.len()).as_bytes());
    document.extend_from_slice(&entries);
    document.extend_from_slice(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").as_bytes());
    let began = Instant::now();
    assert_eq!(refused(&helpers(), &document, wanted(Envelope::Revision, &[])).await, Reason::Damaged);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_document_of_100_mib_gets_its_update() {
    let text = String::from_utf8(pdf()).unwrap();
    let filler = format!("%{}\n", "x".repeat(100 << 20));
    let table = text.find("xref\n").unwrap();
    let (objects, rest) = text.split_at(table);
    let rest = rest.replace(&format!("startxref\n{table}\n"), &format!("startxref\n{}\n", table + filler.len()));
    let large = [objects, &filler, &rest].concat();
    let update = helpers().update("app", &large.into_bytes().into(), wanted(Envelope::Revision, &[])).await.unwrap();
    assert!(update.octets().len() < 16 << 10);
}

/// The parser holds such an object once more; what it may take suffices every time.
#[tokio::test]
async fn an_object_of_100_mib_is_held_twice_and_no_more() {
    let text = pdf();
    let table = text.windows(5).position(|window| window == b"xref\n").unwrap();
    let (objects, rest) = text.split_at(table);
    let content: Vec<u8> = (0..100 << 20).map(|at: u32| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let head = format!("4 0 obj\n<</Length {}>>\nstream\n", content.len());
    let object = [head.as_bytes(), &content, b"\nendstream\nendobj\n"].concat();
    let rest = String::from_utf8(rest.to_vec()).unwrap();
    let rest = rest.replace("xref\n0 4\n", "xref\n0 5\n").replace("/Size 4", "/Size 5");
    let rest = rest.replace("trailer", &format!("{table:010} 00000 n \ntrailer"));
    let rest = rest.replace(&format!("startxref\n{table}\n"), &format!("startxref\n{}\n", table + object.len()));
    let large = Octets::from([objects, &object, rest.as_bytes()].concat());
    let helpers = helpers().with_memory(512 << 20);
    for _ in 0..6 {
        helpers.update("app", &large, wanted(Envelope::Revision, &[])).await.unwrap();
    }
    let little = Helpers::new(env!("CARGO_BIN_EXE_rsign-signer").into(), 1).with_memory(150 << 20);
    assert_eq!(refused_of(&little, &large).await, Reason::Unreadable);
}

/// Arrays in arrays, deeper than any stack.
#[tokio::test]
async fn a_deep_document_is_refused() {
    let text = String::from_utf8(pdf()).unwrap();
    let deep = text.replace("/MediaBox [0 0 200 200]", &format!("/X {}{}", "[".repeat(40_000), "]".repeat(40_000)));
    let start = deep.find("xref\n").unwrap();
    let deep = deep.replace(&text[text.find("startxref").unwrap()..], &format!("startxref\n{start}\n%%EOF\n"));
    assert_eq!(refused(&helpers(), deep.as_bytes(), wanted(Envelope::Revision, &[])).await, Reason::Damaged);
}

#[tokio::test]
async fn xml_is_read_in_a_process_of_its_own() {
    let document = b"<a  b='1'/>\n";
    let found = helpers().canonical("app", &document[..].into(), HashAlgorithm::Sha384).await.unwrap();
    assert_eq!(found.digest, rsign_ades::digest(HashAlgorithm::Sha384, b"<a b=\"1\"></a>"));
    let signed = b"<a><s:Signature xmlns:s='http://www.w3.org/2000/09/xmldsig#'/></a>";
    let deep = ["<a>".repeat(201), "</a>".repeat(201)].concat();
    let many = format!("<a{}/>", (0..1001).map(|at| format!(" a{at}=''")).collect::<String>());
    for (document, expected) in [
        (&b"<!DOCTYPE a><a/>"[..], Reason::Doctype),
        (b"<a>", Reason::NotWellFormed),
        (b"", Reason::NotWellFormed),
        (b"{\"a\":1}", Reason::NotWellFormed),
        (&vec![b'<'; 1 << 20], Reason::NotWellFormed),
        (b"\xff", Reason::Encoding),
        (b"<?xml version='1.1'?><a/>", Reason::Encoding),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>", Reason::Encoding),
        (signed, Reason::Signed),
        (deep.as_bytes(), Reason::TooDeep),
        (many.as_bytes(), Reason::TooMany),
        (&vec![b' '; (16 << 20) + 1], Reason::TooLong),
    ] {
        match helpers().canonical("app", &document.into(), HashAlgorithm::Sha256).await {
            Err(Fault::Unfit(reason, _)) => assert_eq!(reason, expected, "{}", String::from_utf8_lossy(document)),
            other => panic!("{other:?}"),
        }
    }
    // A helper that says nothing, or takes too long.
    let folder = tempfile::tempdir().unwrap();
    let quick = Helpers::new(script(folder.path(), "exit 0"), 1);
    assert!(matches!(
        quick.canonical("app", &document[..].into(), HashAlgorithm::Sha256).await,
        Err(Fault::Unfit(Reason::Unreadable, _))
    ));
}

#[tokio::test]
async fn what_a_signed_document_is_over_is_found_in_a_process_of_its_own() {
    let helpers = helpers();
    let (sha256, header) = (HashAlgorithm::Sha256, BASE64URL_NOPAD.encode(br#"{"cty":"json"}"#));
    let jws = format!(r#" {{ "payload": "aGVsbG8", "signatures": [{{ "protected": "{header}", "signature": "" }}] }}"#);
    let found = helpers.existing("app", &jws.as_bytes().into(), Format::Jades, sha256).await.unwrap();
    let Existing::Jws { start, end, content_type } = found else { panic!("{found:?}") };
    let place = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
    assert_eq!((&jws[place], content_type.as_deref()), ("aGVsbG8", Some("json")));
    for (format, document, expected) in [
        (Format::Cades, jws.as_str(), Reason::WrongFormat),
        (Format::Jades, "{}", Reason::WrongFormat),
        (Format::Jades, r#"{"a":1}"#, Reason::WrongFormat),
        (Format::Jades, r#"{"protected":"e30","signature":""}"#, Reason::NoContent),
        (Format::Jades, "[]", Reason::WrongFormat),
        (Format::Jades, "YQ..YQ", Reason::NoContent),
    ] {
        let heard = helpers.existing("app", &document.as_bytes().into(), format, sha256).await;
        assert!(matches!(heard, Err(Fault::Unfit(reason, _)) if reason == expected), "{heard:?}");
    }
    let heard = helpers.existing("app", &b"<a/>"[..].into(), Format::Xades, sha256).await;
    assert!(matches!(heard, Err(Fault::Refused(Refusal::Format, _))), "{heard:?}");
}
