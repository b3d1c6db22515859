//! Signatures with time-stamps of the moment. That validators take what comes of them is shown by the whole system.

use der::Encode as _;
use rsign_api::algorithm::Scheme;
use rsign_api::parts::joined;
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

/// What was read of this, as it is now.
fn finished(stored: Stored<'_>, object: &[u8]) -> Vec<u8> {
    joined(stored.finish().unwrap(), Some(&object.into())).unwrap().whole(usize::MAX).unwrap().into_owned()
}

/// With one more archive time-stamp on a signature.
fn renewed(mut stored: Stored<'_>, object: &[u8], signature: usize) -> Vec<u8> {
    let imprint = stored.imprint(signature, &digest(SHA256, b"content")).unwrap();
    stored.stamp(signature, &token(&imprint)).unwrap();
    finished(stored, object)
}

/// That the newest archive time-stamp is over what is there.
fn is_sound(stored: &Stored<'_>, signature: usize, content: &[u8]) -> bool {
    let token = stored.newest(signature).unwrap().unwrap();
    let (function, imprint) = rsign_api::timestamp::imprint(&token).unwrap();
    stored.stamped(signature, function, content).unwrap() == Some(imprint)
}

#[test]
fn another_time_stamp_is_over_everything_that_was_there_and_is_new() {
    let object = signature(Some(b"content"), true);
    let mut stored = Stored::read(&object).unwrap();
    assert_eq!((stored.content(), stored.function(0).unwrap()), (Some(&b"content"[..]), SHA256));
    let first = stored.newest(0).unwrap().unwrap();
    assert!(is_sound(&stored, 0, b"content") && !is_sound(&stored, 0, b"another content"));
    let other = authority("other");
    let certificate = other.certify_with_ocsp(8);
    let answer = other.ocsp(&certificate, crate::evidence::ocsp::Standing::Good, NOW);
    let evidence =
        Evidence { certificates: vec![certificate.der.clone()], ocsp: vec![answer.clone()], crls: Vec::new() };
    stored.add(&evidence).unwrap();
    stored.add(&evidence).unwrap();
    assert!(is_sound(&stored, 0, b"content"), "what was added breaks nothing");
    stored.imprint(0, &digest(SHA256, b"content")).unwrap();
    let index = stored.asked.clone().unwrap().index;
    for part in [&certificate.der, &ocsp_response(&answer).unwrap()] {
        assert!(has(&index, &digest(SHA256, part)), "the index names what was added");
    }
    let renewed = renewed(stored, &object, 0);
    let again = Stored::read(&renewed).unwrap();
    assert_eq!((again.version, again.certificates.len(), again.revocations.len()), (5, 2, 2));
    assert_eq!(again.infos[0].unsigned.len(), 3);
    let archives = again.infos[0].values().unwrap().into_iter().filter(|(kind, _)| *kind == ARCHIVE_TIME_STAMP_V3);
    assert_eq!(archives.filter(|(_, value)| *value == first).count(), 1, "the first stays octet by octet");
    let before = Stored::read(&object).unwrap();
    assert_eq!(again.infos[0].fields, before.infos[0].fields);
    assert_eq!(renewed[again.encapsulated.clone()], object[before.encapsulated.clone()]);
    assert!(before.certificates.iter().all(|one| again.certificates.contains(one)));
}

#[test]
fn what_was_formed_here_is_stamped_as_it_was_then() {
    // The imprint of what is read is that of what was put together, for the same parts.
    let object = signature(None, false);
    let mut stored = Stored::read(&object).unwrap();
    assert!(stored.content().is_none() && stored.newest(0).unwrap().is_none());
    let imprint = stored.imprint(0, &digest(SHA256, b"content")).unwrap();
    let fields = stored.infos[0].fields.concat();
    assert!(has(&object, &fields) && imprint.len() == 32);
    assert!(renewed(stored, &object, 0).len() > object.len());
}

/// The ends of the outer values not said, the content in pieces, its parts octet by octet.
fn loose(object: &[u8]) -> Vec<u8> {
    let inner = |value: &[u8]| tlv::members(value).unwrap().into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>();
    let open = |tag: u8, parts: &[Vec<u8>]| [vec![tag, 0x80], parts.concat(), vec![0, 0]].concat();
    let [kind, content] = &inner(object)[..] else { panic!() };
    let [signed] = &inner(content)[..] else { panic!() };
    let mut members = inner(signed);
    let [of, attached] = &inner(&members[2])[..] else { panic!() };
    let octets = <&OctetStringRef>::from_der(&inner(attached)[0]).unwrap().as_bytes().to_vec();
    let pieces: Vec<Vec<u8>> =
        octets.chunks(3).map(|part| [&[4, u8::try_from(part.len()).unwrap()], part].concat()).collect();
    members[2] = open(0x30, &[of.clone(), open(0xa0, &[open(0x24, &pieces)])]);
    for member in members.iter_mut().skip(3) {
        *member = open(member[0], &inner(member));
    }
    open(0x30, &[kind.clone(), open(0xa0, &[open(0x30, &members)])])
}

#[test]
fn ber_around_the_parts_changes_nothing() {
    let object = signature(Some(b"content"), true);
    let loose = loose(&object);
    assert_ne!(loose, object);
    let stored = Stored::read(&loose).unwrap();
    assert!(stored.content() == Some(b"content") && is_sound(&stored, 0, b"content"));
    let renewed = renewed(stored, &loose, 0);
    let again = Stored::read(&renewed).unwrap();
    assert!(is_sound(&again, 0, b"content") && again.infos[0].unsigned.len() == 3);
    // A part that time-stamps are over has one encoding.
    let mut broken = Stored::read(&object).unwrap();
    broken.certificates[0] = [vec![0x30, 0x80], vec![0, 0]].concat();
    let why = Stored::read(&finished(broken, &object)).unwrap_err().to_string();
    assert!(why.contains("not DER"), "{why}");
}

#[test]
fn each_of_several_signatures_gets_its_own() {
    let (one, other) = (signature(Some(b"content"), true), signature(Some(b"content"), false));
    let mut both = Stored::read(&one).unwrap();
    let second = Stored::read(&other).unwrap();
    both.infos.extend(second.infos);
    both.certificates.extend(second.certificates);
    let object = finished(both, &one);
    let both = Stored::read(&object).unwrap();
    assert_eq!(both.signatures(), 2);
    let lasting: Vec<usize> = (0..2).filter(|place| both.newest(*place).unwrap().is_some()).collect();
    let [place] = lasting[..] else { panic!("one of them lasts: {lasting:?}") };
    let renewed = renewed(both, &object, place);
    let again = Stored::read(&renewed).unwrap();
    let counts: Vec<usize> = again.infos.iter().map(|info| info.unsigned.len()).collect();
    assert!(counts.contains(&1) && counts.contains(&3), "{counts:?}");
}

#[test]
fn a_time_stamp_over_something_else_is_noticed() {
    let object = signature(Some(b"content"), true);
    let is_sound = |change: &dyn Fn(&mut Stored<'_>)| {
        let mut stored = Stored::read(&object).unwrap();
        change(&mut stored);
        let changed = finished(stored, &object);
        is_sound(&Stored::read(&changed).unwrap(), 0, b"content")
    };
    assert!(is_sound(&|_| {}));
    // Something is gone, or another than it was.
    assert!(!is_sound(&|stored| stored.certificates.clear()));
    assert!(!is_sound(&|stored| stored.revocations.clear()));
    let other = authority("somebody else").certify(9).der;
    assert!(!is_sound(&|stored| stored.certificates = vec![other.clone()]));
    assert!(!is_sound(&|stored| *stored.infos[0].fields.last_mut().unwrap() = vec![4, 3, 1, 2, 4]));
    let stamps = |stored: &mut Stored<'_>| {
        let mut values = stored.infos[0].values().unwrap();
        values.retain(|(kind, _)| *kind == ARCHIVE_TIME_STAMP_V3);
        stored.infos[0].unsigned =
            values.into_iter().map(|(kind, value)| Attribute::raw(kind, value).unwrap().to_der().unwrap()).collect();
    };
    assert!(!is_sound(&stamps), "the time-stamp on the signature is gone");
}

proptest::proptest! {
    #[test]
    fn nothing_that_is_read_panics(place in 0_usize..4000, octet in proptest::prelude::any::<u8>()) {
        let mut object = signature(Some(b"content"), true);
        let length = object.len();
        object[place % length] = octet;
        if let Ok(mut stored) = Stored::read(&object) {
            for signature in 0..stored.signatures() {
                if let Ok(Some(_)) = stored.newest(signature) {
                    let _ = stored.stamped(signature, SHA256, b"content");
                }
                let _ = stored.imprint(signature, &digest(SHA256, b"content"));
            }
        }
    }
}
