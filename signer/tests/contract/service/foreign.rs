//! Foreign documents in helper processes: what comes back, and that whatever happens there is a clean no.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use data_encoding::BASE64URL_NOPAD;
use der::Encode as _;
use rsign_ades::evidence::Evidence;
use rsign_ades::evidence::testing::{Manner, NOW, authority, stamp};
use rsign_ades::pdf::Update;
use rsign_ades::{Envelope, Format};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::octets::Octets;
use rsign_api::signer::{Property, Refusal};
use rsign_api::timestamp::{Query, token};
use rsign_signer::foreign::process::Helpers;
use rsign_signer::foreign::{Existing, Fault, Foreign as _, Wanted};

/// The smallest PDF with a page.
fn pdf() -> Vec<u8> {
    let objects = [
        "<</Type /Catalog /Pages 2 0 R>>",
        "<</Type /Pages /Kids [3 0 R] /Count 1>>",
        "<</Type /Page /Parent 2 0 R /MediaBox [0 0 200 200]>>",
    ];
    let mut text = String::from("%PDF-1.7\n");
    let mut table = String::from("xref\n0 4\n0000000000 65535 f \n");
    for (index, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", text.len()));
        text.push_str(&format!("{} 0 obj\n{object}\nendobj\n", index + 1));
    }
    let start = text.len();
    format!("{text}{table}trailer\n<</Size 4 /Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").into_bytes()
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

async fn refused(helpers: &Helpers, document: &[u8], wanted: Wanted<'_>) -> Refusal {
    match helpers.update(&document.into(), wanted).await {
        Err(Fault::Refused(refusal, _)) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn refused_of(helpers: &Helpers, document: &Octets) -> Refusal {
    match helpers.update(document, wanted(Envelope::Revision, &[])).await {
        Err(Fault::Refused(refusal, _)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_pdf_gets_its_update_from_a_process_of_its_own() {
    let document = pdf();
    let update = helpers().update(&Octets::from(document.clone()), wanted(Envelope::Certification, &[])).await.unwrap();
    assert_eq!(update.digests(&document, HashAlgorithm::Sha256).original.len(), 32);
    assert_eq!(update.reserve(), 4096);
    let text = String::from_utf8_lossy(update.octets()).into_owned();
    assert!(text.contains("/M (D:19700102000000Z)") && text.contains("/DocMDP"), "{text}");
    let many = futures_util::future::join_all((0..8).map(|_| async {
        helpers().update(&Octets::from(document.clone()), wanted(Envelope::Certification, &[])).await.unwrap()
    }));
    assert!(many.await.iter().all(|other| *other == update));
}

#[tokio::test]
async fn what_cannot_be_signed_is_refused_by_its_reason() {
    let helpers = helpers();
    let document = pdf();
    let plain = wanted(Envelope::Revision, &[]);
    assert_eq!(refused(&helpers, b"", plain).await, Refusal::Document);
    assert_eq!(refused(&helpers, b"%PDF-1.7 but not really", plain).await, Refusal::Document);
    let says = |name: &str, value: &str| [Property { name: name.to_owned(), value: Some(value.to_owned()) }];
    assert_eq!(refused(&helpers, &document, wanted(Envelope::Revision, &says("P", "2"))).await, Refusal::Envelope);
    assert_eq!(refused(&helpers, &document, wanted(Envelope::Revision, &says("X", "2"))).await, Refusal::Property);
    let field = says("Field", "a.b");
    assert_eq!(refused(&helpers, &document, wanted(Envelope::Revision, &field)).await, Refusal::Property);
    // Far more than the limit: it is not even read.
    let long = vec![b'x'; (256 << 20) + 1];
    assert_eq!(refused(&helpers, &long, plain).await, Refusal::Document);
}

#[tokio::test]
async fn a_helper_that_ends_hangs_or_lies_is_a_clean_no() {
    let folder = tempfile::tempdir().unwrap();
    let document = pdf();
    for text in ["exit 1", "kill -SEGV $$", "printf '\\000\\000\\000\\002ab' >&0", "printf '\\377\\377\\377\\377' >&0"]
    {
        let helpers = Helpers::new(script(folder.path(), text), 1);
        assert_eq!(refused(&helpers, &document, wanted(Envelope::Revision, &[])).await, Refusal::Document, "{text}");
    }
    let hanging = Helpers::new(script(folder.path(), "echo $$ > pid; exec sleep 60"), 1);
    let hanging = hanging.with_patience(Duration::from_millis(300));
    let began = Instant::now();
    assert_eq!(refused(&hanging, &document, wanted(Envelope::Revision, &[])).await, Refusal::Document);
    assert!(began.elapsed() < Duration::from_secs(10));
    let missing = Helpers::new(folder.path().join("nothing"), 1);
    let fault = missing.update(&document.clone().into(), wanted(Envelope::Revision, &[])).await;
    assert!(matches!(fault, Err(Fault::Unavailable(_))), "{fault:?}");
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
    assert_eq!(refused(&helpers(), &document, wanted(Envelope::Revision, &[])).await, Refusal::Document);
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
    let update = helpers().update(&large.into_bytes().into(), wanted(Envelope::Revision, &[])).await.unwrap();
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
        helpers.update(&large, wanted(Envelope::Revision, &[])).await.unwrap();
    }
    let little = Helpers::new(env!("CARGO_BIN_EXE_rsign-signer").into(), 1).with_memory(150 << 20);
    assert_eq!(refused_of(&little, &large).await, Refusal::Document);
}

/// Arrays in arrays, deeper than any stack.
#[tokio::test]
async fn a_deep_document_is_refused() {
    let text = String::from_utf8(pdf()).unwrap();
    let deep = text.replace("/MediaBox [0 0 200 200]", &format!("/X {}{}", "[".repeat(40_000), "]".repeat(40_000)));
    let start = deep.find("xref\n").unwrap();
    let deep = deep.replace(&text[text.find("startxref").unwrap()..], &format!("startxref\n{start}\n%%EOF\n"));
    assert_eq!(refused(&helpers(), deep.as_bytes(), wanted(Envelope::Revision, &[])).await, Refusal::Document);
}

#[tokio::test]
async fn xml_is_read_in_a_process_of_its_own() {
    let document = b"<a  b='1'/>\n";
    let found = helpers().canonical(&document[..].into(), HashAlgorithm::Sha384).await.unwrap();
    assert_eq!(found.digest, rsign_ades::digest(HashAlgorithm::Sha384, b"<a b=\"1\"></a>"));
    for document in [&b"<!DOCTYPE a><a/>"[..], b"<a>", b"\xff", b"", &vec![b'<'; 1 << 20]] {
        match helpers().canonical(&document.into(), HashAlgorithm::Sha256).await {
            Err(Fault::Refused(Refusal::Document, _)) => {}
            other => panic!("{other:?}"),
        }
    }
    // A helper that says nothing, or takes too long.
    let folder = tempfile::tempdir().unwrap();
    let quick = Helpers::new(script(folder.path(), "exit 0"), 1);
    assert!(matches!(
        quick.canonical(&document[..].into(), HashAlgorithm::Sha256).await,
        Err(Fault::Refused(Refusal::Document, _))
    ));
}

#[tokio::test]
async fn evidence_is_judged_where_the_document_is_read() {
    let (root, document) = (authority("root"), pdf());
    let evidence = |crls: &[Vec<u8>]| Evidence {
        certificates: vec![root.certify(7).der, root.subject.der.clone()],
        crls: crls.to_vec(),
        ocsp: Vec::new(),
    };
    let good = evidence(&[root.crl((20, 20), &[])]);
    let plain = helpers().augment(&Octets::from(document.clone()), good.clone(), None, NOW).await.unwrap();
    let text = String::from_utf8_lossy(&plain.octets).into_owned();
    assert!(text.contains("/Type /DSS /Certs [4 0 R 5 0 R] /CRLs [6 0 R]") && plain.gap.is_none(), "{text}");
    // With a document time-stamp: two updates, and the gap is where it says.
    let stamped = helpers().augment(&Octets::from(document.clone()), good.clone(), Some(4096), NOW).await.unwrap();
    assert!(stamped.octets.starts_with(&plain.octets));
    let (start, end) = stamped.gap.unwrap();
    let gap = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
    let update = Update::from_parts(stamped.octets, document.len(), gap).unwrap();
    let query = Query::new(HashAlgorithm::Sha256, &update.digests(&document, HashAlgorithm::Sha256).byte_range, &[7]);
    let query = query.unwrap();
    let made = token(&stamp(&query.to_der().unwrap(), Manner::Right), &query).unwrap();
    let mut file = [document.as_slice(), &update.fill(&made).unwrap()].concat();
    assert_eq!(helpers().time_stamp(&file.clone().into()).await.unwrap().unwrap(), made);
    // Something before it is another than it was.
    file[7] ^= 1;
    match helpers().time_stamp(&file.into()).await {
        Err(Fault::Refused(Refusal::Evidence, _)) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(helpers().time_stamp(&document.clone().into()).await.unwrap(), None);
    let other = authority("other");
    for evidence in [
        evidence(&[]),
        evidence(&[root.crl((20, 20), &[7])]),
        evidence(&[root.crl((20, 20), &[]), other.crl((20, 20), &[])]),
        Evidence { certificates: vec![b"rubbish".to_vec()], ..Evidence::default() },
        Evidence::default(),
    ] {
        match helpers().augment(&Octets::from(document.clone()), evidence, None, NOW).await {
            Err(Fault::Refused(Refusal::Evidence, _)) => {}
            other => panic!("{other:?}"),
        }
    }
    // A month later the list is an old one.
    let later = helpers().augment(&Octets::from(document.clone()), good.clone(), None, NOW + 30 * 86_400).await;
    assert!(matches!(later, Err(Fault::Refused(Refusal::Evidence, _))));
    for document in [&b"no PDF"[..], b"%PDF-1.7 but not really"] {
        let refused = helpers().augment(&document.into(), good.clone(), None, NOW).await;
        assert!(matches!(refused, Err(Fault::Refused(Refusal::Document, _))));
        assert!(matches!(helpers().time_stamp(&document.into()).await, Err(Fault::Refused(Refusal::Document, _))));
    }
    let much = helpers().augment(&Octets::from(document.clone()), good, Some(u32::MAX), NOW).await;
    assert!(matches!(much, Err(Fault::Refused(Refusal::Property, _))), "no helper reserves gigabytes");
}

#[tokio::test]
async fn what_a_signed_document_is_over_is_found_in_a_process_of_its_own() {
    let helpers = helpers();
    let (sha256, header) = (HashAlgorithm::Sha256, BASE64URL_NOPAD.encode(br#"{"cty":"json"}"#));
    let jws = format!(r#" {{ "payload": "aGVsbG8", "signatures": [{{ "protected": "{header}", "signature": "" }}] }}"#);
    let found = helpers.existing(&jws.as_bytes().into(), Format::Jades, sha256).await.unwrap();
    let Existing::Jws { start, end, content_type } = found else { panic!("{found:?}") };
    let place = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
    assert_eq!((&jws[place], content_type.as_deref()), ("aGVsbG8", Some("json")));
    for (format, document) in [(Format::Cades, jws.as_str()), (Format::Jades, "{}"), (Format::Xades, "<a/>")] {
        let heard = helpers.existing(&document.as_bytes().into(), format, sha256).await;
        assert!(matches!(heard, Err(Fault::Refused(Refusal::Document, _))), "{heard:?}");
    }
}
