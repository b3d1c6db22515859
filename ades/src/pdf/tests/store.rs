//! The document security store and document time-stamps.

use der::Encode as _;
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::timestamp::{Query, token as granted};

use super::*;
use crate::evidence::Evidence;
use crate::evidence::testing::{Manner, stamp};

fn evidence(certificates: &[&[u8]]) -> Evidence {
    Evidence { certificates: certificates.iter().map(|c| c.to_vec()).collect(), ..Evidence::default() }
}

fn add(file: &[u8], evidence: &Evidence) -> (Vec<u8>, String) {
    let update = dss(file, evidence, &Limits::default()).unwrap();
    ([file, &update].concat(), String::from_utf8_lossy(&update).into_owned())
}

#[test]
fn a_store_is_made_then_merged_into() {
    let crl = Evidence { crls: vec![b"crl".to_vec()], ..evidence(&[b"one", b"two", b"one"]) };
    let (file, text) = add(&plain(), &crl);
    assert!(text.contains("<</Type /DSS /Certs [4 0 R 5 0 R] /CRLs [6 0 R]>>"), "{text}");
    assert!(text.contains("/Extensions <</ESIC <</BaseVersion /1.7 /ExtensionLevel 1>>>>"), "{text}");
    assert!(text.contains("4 0 obj\n<</Length 3>>\nstream\none\nendstream"), "{text}");
    let more = Evidence { ocsp: vec![b"ocsp".to_vec()], ..evidence(&[b"two", b"three"]) };
    let (_, text) = add(&file, &more);
    let merged = "7 0 obj\n<</Type /DSS /Certs  [4 0 R 5 0 R 8 0 R]  /CRLs [6 0 R] /OCSPs [9 0 R]>>";
    assert!(text.contains(merged) && !text.contains("two"), "{text}");
}

#[test]
fn a_store_of_others_is_merged_into_wherever_its_parts_are() {
    let file = with(
        "/DSS <</Certs 4 0 R /VRI <</AB <<>>>>>> /Extensions <</ADBE 1>> /Version /1.4",
        &["[5 0 R]", "<</Length 6 0 R>>\nstream\none\nendstream", "3"],
    );
    let (_, text) = add(&file, &evidence(&[b"one", b"two"]));
    assert!(
        text.contains("/Certs  [5 0 R 7 0 R]  /VRI")
            && !text.contains("4 0 obj")
            && text.contains("/Extensions <</ADBE 1 /ESIC"),
        "{text}"
    );
    let newer = String::from_utf8(plain()).unwrap().replace("%PDF-1.7", "%PDF-2.0").into_bytes();
    assert!(!add(&newer, &evidence(&[b"one"])).1.contains("ESIC"));
}

#[test]
fn a_store_of_others_makes_no_long_update() {
    let limits = Limits::default();
    let one = evidence(&[b"one"]);
    let store = |junk: usize| with("/DSS 4 0 R", &[&format!("<</Junk ({})>>", "A".repeat(junk))]);
    assert!(dss(&store(200 << 10), &one, &limits).is_ok());
    let source = Error::Limit("octets in an object that would have to be changed");
    assert_eq!(dss(&store(256 << 10), &one, &limits), Err(source));
    // Its members stand elsewhere, and are all named anew.
    let members = |count: usize| with("/DSS <</Certs 4 0 R>>", &[&format!("[{}]", "5 0 R ".repeat(count)), "7"]);
    assert!(dss(&members(1000), &one, &limits).is_ok());
    let sum = Error::Limit("octets in what would have to be changed");
    assert_eq!(dss(&members(200_000), &one, &limits), Err(sum));
    // Evidence itself may be long.
    let long = Evidence { crls: vec![vec![7; 3 << 20]], ..Evidence::default() };
    assert!(dss(&plain(), &long, &limits).unwrap().len() > 3 << 20);
}

#[test]
fn a_time_stamp_has_no_time_of_its_own() {
    let update = document_time_stamp(&plain(), 64, &Limits::default()).unwrap();
    let text = String::from_utf8_lossy(update.octets()).into_owned();
    assert!(
        text.contains("<</Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161 /Contents <00"),
        "{text}"
    );
    assert!(!text.contains("/M "), "{text}");
    assert_eq!(update.reserve(), 64);
}

#[test]
fn the_newest_time_stamp_is_the_last_signature_or_there_is_none() {
    let last = |file: &[u8]| newest(file, &Limits::default()).unwrap();
    let room = |file: &[u8]| document_time_stamp(file, 2048, &Limits::default()).unwrap();
    let stamped = |file: &[u8]| {
        let update = room(file);
        let token = token(&update.digests(file, HashAlgorithm::Sha384).byte_range);
        ([file, &update.fill(&token).unwrap()].concat(), token)
    };
    assert_eq!(last(&plain()), Newest::None);
    let file = signed(&plain(), &approval());
    assert_eq!(last(&file), Newest::Signature);
    let (file, first) = stamped(&file);
    assert_eq!(last(&file), Newest::TimeStamp(first));
    let (file, second) = stamped(&file);
    assert_eq!(last(&file), Newest::TimeStamp(second.clone()));
    // One octet that it is over is another, or it is over something else.
    let mut spoilt = file.clone();
    let comment = spoilt.windows(9).position(|window| window == b"%PDF-1.7\n").unwrap();
    spoilt[comment + 7] = b'6';
    assert_eq!(newest(&spoilt, &Limits::default()), Err(Error::Stamp));
    let elsewhere = [file.as_slice(), &room(&file).fill(&second).unwrap()].concat();
    assert_eq!(newest(&elsewhere, &Limits::default()), Err(Error::Stamp));
    let none = [file.as_slice(), &room(&file).fill(b"\x30\x03\x02\x01\x01").unwrap()].concat();
    let unreadable = Err(Error::Damaged("a time-stamp's token cannot be read"));
    assert_eq!(newest(&none, &Limits::default()), unreadable);
    // Somebody signed since, or added something: nothing is over all of it.
    assert_eq!(last(&signed(&file, &approval())), Newest::Signature);
    assert_eq!(last(&add(&file, &evidence(&[b"one"])).0), Newest::Signature);
    assert_eq!(newest(&wider(&file), &Limits::default()), Err(Error::Damaged(WIDER)));
    assert!(newest(b"no PDF", &Limits::default()).is_err());
    assert!(document_time_stamp(&plain(), 2 << 20, &Limits::default()).is_err());
}

const WIDER: &str = "a /ByteRange leaves out more than its time-stamp";

/// One more time-stamp, which leaves an octet before its own place out, too.
fn wider(file: &[u8]) -> Vec<u8> {
    let update = document_time_stamp(file, 2048, &Limits::default()).unwrap();
    let text = String::from_utf8([file, update.octets()].concat()).unwrap();
    let (head, tail) = text.rsplit_once("/ByteRange [").unwrap();
    let (range, tail) = tail.split_once(']').unwrap();
    let numbers: Vec<usize> = range.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let [_, before, after, rest] = numbers[..] else { panic!("{range}") };
    let less = format!("{:width$}", format!("0 {} {after} {rest}", before - 1), width = range.len());
    let text = format!("{head}/ByteRange [{less}]{tail}");
    let covered = [&text.as_bytes()[..before - 1], &text.as_bytes()[after..]].concat();
    let token = data_encoding::HEXLOWER.encode(&token(&crate::digest(HashAlgorithm::Sha384, &covered)));
    format!("{}{token}{}", &text[..=before], &text[before + 1 + token.len()..]).into_bytes()
}

fn token(hash: &[u8]) -> Vec<u8> {
    let query = Query::new(HashAlgorithm::Sha384, hash, &[7]).unwrap();
    granted(&stamp(&query.to_der().unwrap(), Manner::Right, 1_800_000_000), &query).unwrap()
}

#[test]
fn what_is_there_already_is_said_of_the_newest_signature() {
    let (file, _) = add(&signed(&plain(), &approval()), &evidence(&[b"one", b"two"]));
    let again = signed(&file, &approval());
    let (file, text) = add(&again, &evidence(&[b"two"]));
    // The SHA-1 of 30 00 and the zeros that fill 16 octets.
    let related = "/VRI <</D26C96E36852C179040B6A320184A228B2BCFF3D << /Cert [";
    assert!(text.contains(related) && !text.contains("stream"), "{text}");
    let update = sign(&file, &approval()).unwrap().fill(b"\x30\x01\x00").unwrap();
    let (_, text) = add(&[file, update].concat(), &evidence(&[b"one"]));
    assert!(text.contains(related) && text.matches("<< /Cert [").count() == 2, "{text}");
    let unsigned = add(&plain(), &evidence(&[b"one"])).0;
    assert!(dss(&unsigned, &evidence(&[b"one"]), &Limits::default()).unwrap().is_empty());
}

#[test]
fn what_could_not_be_read_again_is_refused_at_once() {
    let damaged = with("/AcroForm [1 2]", &[]);
    let twice = |file: &[u8]| dss(file, &evidence(&[b"one"]), &Limits::default());
    assert_eq!(twice(&damaged), Err(Error::Damaged("a dictionary is none")));
    assert!(twice(&with("/AcroForm <</Fields []>>", &[])).is_ok());
}
