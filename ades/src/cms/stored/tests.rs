//! Signatures with time-stamps of the moment. That validators take what comes of them is shown by the whole system.

use der::Encode as _;
use rsign_api::algorithm::Scheme;
use rsign_api::timestamp::{Query, token as granted};

use super::*;
use crate::cms::{self, Attribute, Signed};
use crate::evidence::testing::{Manner, NOW, authority, stamp};
use crate::{Signatory, digest};

const SHA256: HashAlgorithm = HashAlgorithm::Sha256;

fn token(imprint: &[u8]) -> Vec<u8> {
    let query = Query::new(SHA256, imprint, &[7]).unwrap();
    granted(&stamp(&query.to_der().unwrap(), Manner::Right, 1_800_000_000), &query).unwrap()
}

fn signature(content: Option<&[u8]>, lasting: bool) -> Vec<u8> {
    let own = authority("own");
    let signatory = Signatory { chain: vec![own.certify(7).der], scheme: Scheme::Ecdsa { hash: SHA256 } };
    let of = digest(SHA256, b"content");
    let wanted = cms::Wanted { content_type: cms::DATA, digest: &of, signing_time: None, properties: &[] };
    let attributes = cms::prepare(&wanted, &signatory).unwrap();
    let mut unsigned = vec![Attribute::signature_time_stamp(token(&of)).unwrap()];
    let crls = [own.crl((20, 20), &[])];
    let plain = Signed {
        signatory: &signatory,
        content_type: cms::DATA,
        content,
        attributes: &attributes,
        signature: &[1, 2, 3],
        certificates: &[],
        crls: &crls,
        ocsp: &[],
        unsigned: &[],
    };
    if lasting {
        let archive = Archive::prepare(&Signed { unsigned: &unsigned, ..plain }, &of).unwrap();
        unsigned.push(archive.attribute(&token(&archive.imprint)).unwrap());
    }
    cms::finish(&Signed { unsigned: &unsigned, ..plain }).unwrap()
}

fn has(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len()).any(|window| window == part)
}

#[test]
fn another_time_stamp_is_over_everything_that_was_there_and_is_new() {
    let object = signature(Some(b"content"), true);
    let mut stored = Stored::read(&object).unwrap();
    assert_eq!((stored.content().unwrap().unwrap(), stored.function().unwrap()), (b"content".to_vec(), SHA256));
    let first = stored.newest_archive().unwrap().unwrap();
    let other = authority("other");
    let certificate = other.certify_with_ocsp(8);
    let answer = other.ocsp(&certificate, crate::evidence::ocsp::Standing::Good, NOW);
    let evidence =
        Evidence { certificates: vec![certificate.der.clone()], ocsp: vec![answer.clone()], crls: Vec::new() };
    stored.add(&evidence).unwrap();
    stored.add(&evidence).unwrap();
    let archive = stored.prepare(&digest(SHA256, b"content")).unwrap();
    for part in [&certificate.der, &ocsp_response(&answer).unwrap()] {
        assert!(has(&archive.index, &digest(SHA256, part)), "the index names what was added");
    }
    assert_eq!(stored.prepare(&[0; 20]).unwrap_err().to_string(), Error::Digest.to_string());
    let renewed = stored.finish(&archive, &token(&archive.imprint)).unwrap();
    let again = Stored::read(&renewed).unwrap();
    assert_eq!((again.version, again.unsigned.len(), again.certificates.len(), again.revocations.len()), (5, 3, 2, 2));
    let archives = again.values().unwrap().into_iter().filter(|(kind, _)| *kind == ARCHIVE_TIME_STAMP_V3);
    assert_eq!(archives.filter(|(_, value)| *value == first).count(), 1, "the first stays octet by octet");
    let before = Stored::read(&object).unwrap();
    assert_eq!((&again.fields, &again.content, &again.digests), (&before.fields, &before.content, &before.digests));
    assert!(before.certificates.iter().all(|one| again.certificates.contains(one)));
}

#[test]
fn what_was_formed_here_is_stamped_as_it_was_then() {
    // The imprint of what is read is that of what was put together, for the same parts.
    let object = signature(None, false);
    let stored = Stored::read(&object).unwrap();
    assert!(stored.content().unwrap().is_none() && stored.newest_archive().unwrap().is_none());
    let archive = stored.prepare(&digest(SHA256, b"content")).unwrap();
    let fields = stored.fields.concat();
    assert!(has(&object, &fields) && archive.function == SHA256);
    assert!(stored.finish(&archive, &token(&archive.imprint)).unwrap().len() > object.len());
}

proptest::proptest! {
    #[test]
    fn nothing_that_is_read_panics(place in 0_usize..4000, octet in proptest::prelude::any::<u8>()) {
        let mut object = signature(Some(b"content"), true);
        let length = object.len();
        object[place % length] = octet;
        if let Ok(stored) = Stored::read(&object) {
            let _ = (stored.content(), stored.newest_archive(), stored.function());
            let _ = stored.prepare(&digest(SHA256, b"content"));
        }
    }
}
