//! What an update looks like, and that it changes nothing but what it must.

use std::io::Write as _;

use rsign_api::algorithm::HashAlgorithm;

use super::*;

/// A file whose catalog, pages and page lie in an object stream.
fn packed() -> Vec<u8> {
    let objects = [CATALOG, PAGES, PAGE];
    let (mut heads, mut bodies) = (String::new(), String::new());
    for (index, object) in objects.iter().enumerate() {
        heads.push_str(&format!("{} {} ", index + 1, bodies.len()));
        bodies.push_str(&format!("{object} "));
    }
    let mut file = b"%PDF-1.7\n".to_vec();
    let container = file.len();
    let length = heads.len() + bodies.len();
    write!(file, "4 0 obj\n<</Type /ObjStm /N 3 /First {} /Length {length}>>\nstream\n", heads.len()).unwrap();
    write!(file, "{heads}{bodies}\nendstream\nendobj\n").unwrap();
    let start = file.len();
    let mut entries = vec![0, 0, 0, 0];
    for index in 0..3 {
        entries.extend_from_slice(&[2, 0, 4, index]);
    }
    for offset in [container, start] {
        entries.extend_from_slice(&[1, (offset >> 8) as u8, offset as u8, 0]);
    }
    write!(file, "5 0 obj\n<</Type /XRef /W [1 2 1] /Size 6 /Root 1 0 R /Length {}>>\nstream\n", entries.len())
        .unwrap();
    file.extend_from_slice(&entries);
    write!(file, "\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").unwrap();
    file
}

#[test]
fn the_gap_is_all_that_is_not_signed() {
    let file = plain();
    let update = sign(&file, &approval()).unwrap();
    let [zero, before, after, rest] = update.byte_range();
    let octets = update.octets().to_vec();
    let whole = [file.as_slice(), &octets].concat();
    assert_eq!((zero, after - before, after + rest), (0, 34, whole.len()));
    assert_eq!(whole[before..after], *format!("<{}>", "0".repeat(32)).as_bytes());
    let covered = [&whole[..before], &whole[after..]].concat();
    let digests = update.digests(&file, HashAlgorithm::Sha384);
    assert_eq!(digests.byte_range, crate::digest(HashAlgorithm::Sha384, &covered));
    assert_eq!(digests.original, crate::digest(HashAlgorithm::Sha384, &file));
    let filled = update.clone().fill(&[0xAB, 0xCD]).unwrap();
    assert_eq!(filled[update.gap()], *format!("<ABCD{}>", "0".repeat(28)).as_bytes());
}

#[test]
fn an_update_from_elsewhere_is_looked_at() {
    let file = plain();
    let update = sign(&file, &approval()).unwrap();
    let (octets, gap) = (update.octets().to_vec(), update.gap());
    let from = |octets: &[u8], length, gap| Update::from_parts(octets.to_vec(), length, gap);
    assert_eq!(from(&octets, file.len(), gap.clone()), Ok(update));
    assert!(from(&octets, file.len() + 1, gap.clone()).is_err());
    assert!(from(&octets, file.len(), gap.start..gap.end - 1).is_err());
    assert!(from(&octets, file.len(), gap.start + 1..gap.end).is_err());
    assert!(from(&octets, file.len(), 0..0).is_err());
    assert!(from(&octets, file.len(), usize::MAX - 1..usize::MAX).is_err());
    let mut other = octets.clone();
    other[gap.start + 1] = b'1';
    assert!(from(&other, file.len(), gap.clone()).is_err(), "the gap must be empty");
    assert!(from(&[&octets[..], b"x"].concat(), file.len(), gap).is_err(), "nothing may follow");
}

#[test]
fn numbers_stay_as_they_were_written() {
    assert!(appended(&plain()).contains("/MediaBox [0 0 595.2755905511812 842] /Annots [5 0 R]>>"));
}

#[test]
fn a_table_is_followed_by_a_table() {
    let text = appended(&plain());
    assert!(
        text.contains("xref\n1 1\n") && text.contains("\n3 4\n") && text.contains("trailer\n<</Size 7/Prev "),
        "{text}"
    );
    let identified = file_with(&[CATALOG, PAGES, PAGE], "/ID [<01> <02>] /Info 3 0 R /Own#20Key (x)");
    let text = appended(&identified);
    assert!(text.contains("/Info 3 0 R/Own#20Key (x)") && text.contains("/ID [<01><"), "{text}");
    assert!(!text.contains("<02>"), "the second identifier changes");
    assert_eq!(text.matches("/Size").count(), 1);
}

#[test]
fn a_stream_is_followed_by_a_stream() {
    let file = packed();
    let update = sign(&file, &approval()).unwrap();
    let text = String::from_utf8_lossy(update.octets()).into_owned();
    assert!(text.contains("9 0 obj\n<</Type /XRef/Size 10/Prev ") && text.contains("/Index [1 1 3 1 6 4]"), "{text}");
    assert!(!text.contains("trailer"));
    let twice = signed(&signed(&file, &approval()), &approval());
    assert!(sign(&twice, &approval()).is_ok(), "what was appended is read like the rest");
}

#[test]
fn annotations_are_added_where_they_are() {
    let page = |annotations: &str| PAGE.replace("/MediaBox", &format!("/Annots {annotations} /MediaBox"));
    let direct = file(&[CATALOG, PAGES, &page("[9 0 R]")]);
    assert!(appended(&direct).contains("/Annots [9 0 R 5 0 R]"));
    let indirect = appended(&file(&[CATALOG, PAGES, &page("4 0 R"), "[9 0 R]"]));
    assert!(indirect.contains("4 0 obj\n[9 0 R 6 0 R]") && !indirect.contains("3 0 obj"), "{indirect}");
    let dangling = appended(&file(&[CATALOG, PAGES, &page("77 0 R")]));
    assert!(dangling.contains("/Annots  [5 0 R] "), "{dangling}");
    refuses(&file(&[CATALOG, PAGES, &page("<<>>")]), &approval(), &Error::Damaged("/Annots is no array"));
}

#[test]
fn an_array_that_serves_twice_gets_one_member() {
    let page = PAGE.replace("/MediaBox", "/Annots 4 0 R /MediaBox");
    let form = "<</Type /Catalog /Pages 2 0 R /AcroForm <</Fields 4 0 R>>>>";
    let text = appended(&file(&[form, PAGES, &page, "[]"]));
    assert!(text.contains("4 0 obj\n[ 6 0 R]\nendobj"), "{text}");
}

#[test]
fn annotations_that_two_pages_share_are_not_changed() {
    let page = PAGE.replace("/MediaBox", "/Annots 5 0 R /MediaBox");
    let pages = "<</Type /Pages /Kids [3 0 R 4 0 R] /Count 2>>";
    let text = appended(&file(&[CATALOG, pages, &page, &page, "[9 0 R]"]));
    assert!(
        text.contains("3 0 obj\n") && text.contains("/Annots  [9 0 R 7 0 R] ") && !text.contains("\n5 0 obj"),
        "{text}"
    );
}

#[test]
fn generations_are_kept_and_free_numbers_are_not_taken() {
    let text = String::from_utf8(plain()).unwrap();
    let text = text.replace("3 0 obj", "3 7 obj").replace("[3 0 R]", "[3 7 R]");
    let at = text.find("3 7 obj").unwrap();
    let text = text.replace(&format!("{at:010} 00000 n"), &format!("{at:010} 00007 n"));
    let text = text.replace("0000000000 65535 f", "0000000002 65535 f").replace("/Size 4", "/Size 40");
    let update = appended(text.as_bytes());
    assert!(update.contains("3 7 obj\n<</Type /Page") && update.contains(" 00007 n\r\n"), "{update}");
    assert!(update.contains("40 0 obj\n<</Type /Sig") && update.contains("/Size 43"), "{update}");
}

#[test]
fn a_certification_is_named_in_the_catalog() {
    let text = appended_by(&plain(), &certification(Permission::FormFilling));
    assert!(
        text.contains("/TransformMethod /DocMDP /TransformParams <</Type /TransformParams /V /1.2 /P 2>>"),
        "{text}"
    );
    assert!(text.contains("/AcroForm 6 0 R /Perms <</DocMDP 4 0 R>>>>"), "{text}");
    let other = appended_by(&with("/Perms <</UR3 9 0 R>>", &[]), &certification(Permission::FormFilling));
    assert!(other.contains("/Perms <</UR3 9 0 R /DocMDP 4 0 R>>"), "{other}");
    assert!(appended(&plain()).contains("/M (D:19700102000000Z)>>"));
}

#[test]
fn what_is_kept_between_the_steps_is_short_and_comes_back() {
    let file = plain();
    let update = sign(&file, &Request { reserve: 16 << 10, ..approval() }).unwrap();
    let prepared = Prepared { attributes: vec![0x31, 0], update };
    let octets = prepared.to_octets();
    assert!(octets.len() < 2048, "{}", octets.len());
    assert_eq!(Prepared::from_octets(&octets, file.len()), Ok(prepared));
    assert!(Prepared::from_octets(&octets, file.len() + 1).is_err());
    for length in 0..octets.len() {
        assert!(Prepared::from_octets(&octets[..length], file.len()).is_err(), "{length}");
    }
}
