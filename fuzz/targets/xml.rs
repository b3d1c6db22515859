//! A foreign document that is taken gets its signature as the last child of its element, and without it is what it was.
#![no_main]

use std::sync::LazyLock;
use std::time::UNIX_EPOCH;

use libfuzzer_sys::fuzz_target;
use rsign_ades::completion::{Known, Signature};
use rsign_ades::xml::{Content, Document, Place, Said, finish, prepare, stored, to_be_signed};
use rsign_ades::{Envelope, Format, Signatory};
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::parts::joined;

const HASH: HashAlgorithm = HashAlgorithm::Sha256;

static SIGNATORY: LazyLock<Signatory> =
    LazyLock::new(|| Signatory { chain: vec![b"certificate".to_vec()], scheme: Scheme::Pkcs1 { hash: HASH } });

fuzz_target!(|octets: &[u8]| {
    let Ok(document) = Document::read(octets) else { return };
    let digest = document.digest(HASH).expect("what was read has a canonical form");
    let unfinished = prepare(&Content::Enveloped { digest: &digest }, &Said::default(), UNIX_EPOCH, &SIGNATORY)
        .expect("all is said");
    to_be_signed(&unfinished).expect("it has a canonical form");
    let place = Place::Within { document: octets, spot: document.spot() };
    let signed = finish(&unfinished, &SIGNATORY, b"value", &[], place).expect("all is there");
    let prepared = stored(document.spot(), &unfinished);
    let signature = Signature {
        format: Format::Xades,
        envelope: Envelope::Enveloped,
        signatory: &SIGNATORY,
        prepared: prepared.as_bytes(),
        value: b"value",
        additions: &[],
        document: Known { octets: Some(octets), length: Some(octets.len() as u64), digest: None },
    };
    signature.archive_imprint().expect("all is there");
    let parts = joined(signature.finish().expect("all is there"), Some(&octets.into())).expect("the document has it");
    assert_eq!(*parts.whole(usize::MAX).expect("held"), signed, "the same in parts");
    let signed = String::from_utf8(signed).expect("text");
    let tree = roxmltree::Document::parse(&signed).expect("it is XML still");
    let element = tree.root_element().last_element_child().expect("the signature");
    assert_eq!(element.tag_name().name(), "Signature");
    assert!(element.next_sibling().is_none(), "nothing follows it");
    let range = element.range();
    let without = [&signed[..range.start], &signed[range.end..]].concat();
    if !without.as_bytes().eq(octets) {
        assert!(without.len() > octets.len(), "only an end tag was added");
    }
    let again = Document::read(without.as_bytes()).expect("what was read before");
    assert_eq!(again.digest(HASH).expect("a canonical form"), digest);
});
