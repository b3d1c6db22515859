//! The parts of a signature, put together, are what the formats make of the whole document; and what is asked for that is not
//! known is an error.

use std::time::UNIX_EPOCH;

use der::Encode as _;
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::octets::Octets;
use rsign_api::parts::joined;
use rsign_api::timestamp::{Query, token as granted};

use super::*;
use crate::evidence::testing::{Manner, authority, stamp};
use crate::{digest, jws, xml};

const SHA256: HashAlgorithm = HashAlgorithm::Sha256;
const DOCUMENT: &[u8] = b"<a b=\"1\">\n<c/></a>\n";
const VALUE: &[u8] = &[7; 256];

fn signatory() -> Signatory {
    let scheme = Scheme::Pkcs1 { hash: SHA256 };
    Signatory { chain: vec![authority("own").certify(7).der], scheme }
}

fn token(hash: &[u8]) -> Vec<u8> {
    let query = Query::new(SHA256, hash, &[7]).unwrap();
    granted(&stamp(&query.to_der().unwrap(), Manner::Right, 1_800_000_000), &query).unwrap()
}

fn lasting() -> Vec<Addition> {
    let root = authority("root");
    let evidence = Evidence {
        certificates: vec![root.certify(8).der, root.subject.der.clone()],
        crls: vec![root.crl((20, 20), &[])],
        ocsp: vec![b"\x30\x00".to_vec()],
    };
    vec![Addition::Stamp(token(&[1; 32])), Addition::Evidence(evidence)]
}

/// All of it, of a document that is known as little as will do.
fn whole(signature: &Signature<'_>, document: &[u8]) -> Vec<u8> {
    let parts = signature.finish().unwrap();
    joined(parts, Some(&Octets::from(document))).unwrap().whole(usize::MAX).unwrap().into_owned()
}

fn elsewhere(document: &[u8]) -> Known<'static> {
    Known { length: Some(document.len() as u64), ..Known::default() }
}

fn known(document: &[u8]) -> Known<'_> {
    Known { octets: Some(document), ..Known::default() }
}

#[test]
fn json_of_parts_is_json_of_the_whole() {
    let (signatory, hash) = (signatory(), digest(SHA256, DOCUMENT));
    let attached = Content::Attached { document: DOCUMENT, media_type: None };
    let detached = Content::Detached { name: "x", digest: &hash, media_type: None };
    for additions in [Vec::new(), lasting()] {
        for (envelope, content) in [(Envelope::Attached, attached), (Envelope::Detached, detached)] {
            let protected = jws::prepare(&content, &jws::Said::default(), UNIX_EPOCH, &signatory).unwrap();
            let signature = Signature {
                format: Format::Jades,
                envelope,
                signatory: &signatory,
                prepared: protected.as_bytes(),
                value: VALUE,
                additions: &additions,
                document: elsewhere(DOCUMENT),
            };
            let expected = jws::finish(&protected, &content, &signatory, VALUE, &additions).unwrap();
            assert_eq!(whole(&signature, DOCUMENT), expected, "{envelope:?}");
            assert_eq!(signature.to_be_stamped().unwrap(), jws::to_be_stamped(&signatory, VALUE).unwrap());
            assert!(matches!(signature.archive_imprint(), Err(Error::Unknown("octets"))));
            let imprint = Signature { document: known(DOCUMENT), ..signature }.archive_imprint().unwrap();
            let expected = jws::archive_imprint(&protected, &content, DOCUMENT, &signatory, VALUE, &additions);
            assert_eq!(imprint, expected.unwrap(), "{envelope:?}");
        }
        let others = br#" { "payload":"aGVsbG8", "signatures":[ {"signature":"AQ"} ] } "#;
        let read = jws::Signed::read(others).unwrap();
        let content = Content::Parallel(&read);
        let protected = jws::prepare(&content, &jws::Said::default(), UNIX_EPOCH, &signatory).unwrap();
        let signature = Signature {
            format: Format::Jades,
            envelope: Envelope::Parallel,
            signatory: &signatory,
            prepared: protected.as_bytes(),
            value: VALUE,
            additions: &additions,
            document: known(others),
        };
        let expected = jws::finish(&protected, &content, &signatory, VALUE, &additions).unwrap();
        assert_eq!(whole(&signature, others), expected);
        assert_eq!(jws::Signed::read(&expected).unwrap().content_type(), None, "it takes another one");
        assert!(matches!(
            Signature { document: elsewhere(others), ..signature }.finish(),
            Err(Error::Unknown("octets"))
        ));
        let odd = Signature { document: known(b"{}"), ..signature }.finish();
        assert!(matches!(odd, Err(Error::Jws(jws::Error::Parallel(..)))));
    }
}

#[test]
fn xml_of_parts_is_xml_of_the_whole() {
    let (signatory, hash) = (signatory(), digest(SHA256, DOCUMENT));
    for additions in [Vec::new(), lasting()] {
        for document in [DOCUMENT, b"<a/>", b"<x:a xmlns:x='urn:x' />\n"] {
            let read = xml::Document::read(document).unwrap();
            let canonical = read.digest(SHA256).unwrap();
            let media_type = "text/xml";
            let spot = read.spot();
            for (envelope, content, place) in [
                (Envelope::Enveloped, xml::Content::Enveloped { digest: &canonical }, Place::Within { document, spot }),
                (Envelope::Enveloping, xml::Content::Enveloping { digest: &hash, media_type }, Place::Around(document)),
                (Envelope::Detached, xml::Content::Detached { name: "x", digest: &hash, media_type }, Place::Detached),
            ] {
                let element = xml::prepare(&content, &xml::Said::default(), UNIX_EPOCH, &signatory).unwrap();
                let prepared =
                    if envelope == Envelope::Enveloped { xml::stored(spot, &element) } else { element.clone() };
                let signature = Signature {
                    format: Format::Xades,
                    envelope,
                    signatory: &signatory,
                    prepared: prepared.as_bytes(),
                    value: VALUE,
                    additions: &additions,
                    document: elsewhere(document),
                };
                let expected = xml::finish(&element, &signatory, VALUE, &additions, place).unwrap();
                assert_eq!(whole(&signature, document), expected, "{envelope:?}");
                assert!(matches!(signature.archive_imprint(), Err(Error::Unknown("octets"))));
                let imprint = Signature { document: known(document), ..signature }.archive_imprint().unwrap();
                let expected = xml::archive_imprint(&element, &signatory, VALUE, &additions, place, document);
                assert_eq!(imprint, expected.unwrap(), "{envelope:?}");
                let elsewhere = Signature { envelope: Envelope::Attached, ..signature };
                assert!(matches!(elsewhere.finish(), Err(Error::Envelope)));
            }
        }
    }
}

#[test]
fn cms_of_parts_is_cms_of_the_whole() {
    let (signatory, hash) = (signatory(), digest(SHA256, DOCUMENT));
    let wanted = cms::Wanted { content_type: cms::DATA, digest: &hash, signing_time: None, properties: &[] };
    let attributes = cms::prepare(&wanted, &signatory).unwrap();
    let plain = Signature {
        format: Format::Cades,
        envelope: Envelope::Attached,
        signatory: &signatory,
        prepared: &attributes,
        value: VALUE,
        additions: &[],
        document: elsewhere(DOCUMENT),
    };
    assert_eq!(plain.to_be_stamped().unwrap(), VALUE);
    let attached = whole(&plain, DOCUMENT);
    let read = Existing::read(&attached).unwrap();
    assert_eq!((read.content(), attached[read.place()].first()), (DOCUMENT, Some(&0x30)));
    let detached = Signature { envelope: Envelope::Detached, document: Known::default(), ..plain };
    assert_eq!(detached.finish().unwrap().len(), 1);
    // With all that a level can add: the archive time-stamp is over what stands before it.
    let mut additions = lasting();
    let known_by_digest = Known { digest: Some(&hash), ..elsewhere(DOCUMENT) };
    let imprint = Signature { additions: &additions, document: known_by_digest, ..plain }.archive_imprint().unwrap();
    assert!(matches!(Signature { additions: &additions, ..plain }.archive_imprint(), Err(Error::Unknown("digest"))));
    additions.push(Addition::Archive(token(&imprint)));
    let lasting = whole(&Signature { additions: &additions, document: known_by_digest, ..plain }, DOCUMENT);
    let stored = cms::Stored::read(&lasting).unwrap();
    assert_eq!(stored.content(), Some(DOCUMENT));
    assert!(stored.newest(0).unwrap().is_some());
    // Beside that one more, with the same.
    let other = self::signatory();
    let attributes = cms::prepare(&wanted, &other).unwrap();
    let beside = Signature {
        envelope: Envelope::Parallel,
        signatory: &other,
        prepared: &attributes,
        additions: &additions[..2],
        document: known(&lasting),
        ..plain
    };
    let imprint = beside.archive_imprint().unwrap();
    let mut all = additions[..2].to_vec();
    all.push(Addition::Archive(token(&imprint)));
    let both = whole(&Signature { additions: &all, ..beside }, &lasting);
    let read = Existing::read(&both).unwrap();
    assert_eq!(read.content(), DOCUMENT);
    let before = Existing::read(&lasting).unwrap();
    for kept in before.certificates().iter().chain(&before.revocations()) {
        assert!(read.certificates().contains(kept) || read.revocations().contains(kept));
    }
    assert!(matches!(
        Signature { additions: &[Addition::StampEvidence(Evidence::default())], ..plain }.finish(),
        Err(Error::Renewal)
    ));
    assert!(matches!(Signature { envelope: Envelope::Revision, ..plain }.finish(), Err(Error::Envelope)));
    let odd = Signature { document: known(b"\x30\x03"), ..beside }.finish();
    assert!(matches!(odd, Err(Error::Cms(cms::Error::Parallel(..)))));
}
