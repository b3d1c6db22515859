//! The rows of the table, one by one.

use serde_json::{Value as Json, json};

use super::*;
use crate::algorithm::HashAlgorithm;
use crate::csc::Limits;
use crate::objection::{Detail, Member};
use crate::version::Version;

const HASH: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn unsayable(_: Format, _: Array, properties: &[Property]) -> Vec<Unsayable> {
    let unknown = properties.iter().filter(|property| property.name.starts_with('x'));
    unknown.map(|property| Unsayable::new(&property.name, Reason::UnknownProperty)).collect()
}

const OFFER: Offer<'static> = Offer {
    formats: &[(Format::Cades, &[Envelope::Attached, Envelope::Detached]), (Format::Pades, &[Envelope::Certification])],
    levels: &[Level::B, Level::T, Level::Lt],
    highest: &|_, _| Level::T,
    unsayable: &unsayable,
};

fn asked(body: &Json) -> Result<Vec<Document>, Wrong> {
    let body = body.to_string();
    let limits = Limits { depth: 16, hashes: 10 };
    Ask::parse(body.as_bytes(), Version::V2, limits).unwrap().documents(KeyType::Rsa2048, &OFFER)
}

fn digest() -> Json {
    json!({ "hashes": [HASH], "signature_format": "C", "signAlgo": "1.2.840.113549.1.1.11" })
}

/// The row that it is.
fn row(outcome: Result<Vec<Document>, Wrong>) -> Fault {
    match outcome {
        Err(Wrong::Row(fault) | Wrong::Entry(fault, _)) => fault,
        other => panic!("{other:?}"),
    }
}

fn of_digests(change: impl FnOnce(&mut Json)) -> Result<Vec<Document>, Wrong> {
    let mut entry = digest();
    change(&mut entry);
    asked(&json!({ "documentDigests": [entry] }))
}

fn of_document(change: impl FnOnce(&mut Json)) -> Result<Vec<Document>, Wrong> {
    let mut entry = json!({ "document": "AQID", "signature_format": "C", "signAlgo": "1.2.840.113549.1.1.11" });
    change(&mut entry);
    asked(&json!({ "documents": [entry] }))
}

#[test]
fn defaults_are_those_of_the_format_and_of_what_is_there() {
    let [document] = &of_document(|_| {}).unwrap()[..] else { panic!("one") };
    assert_eq!((document.format, document.level, document.envelope), (Format::Cades, Level::B, Envelope::Attached));
    assert_eq!(document.subject, DocumentSubject::Document(vec![1, 2, 3].into()));
    assert_eq!(of_digests(|_| {}).unwrap()[0].envelope, Envelope::Detached);
    let pdf = |entry: &mut Json| entry["signature_format"] = "P".into();
    assert_eq!(of_digests(pdf).unwrap()[0].envelope, Envelope::Certification);
}

#[test]
fn hashes_are_an_array_or_a_string_and_each_is_a_document() {
    assert_eq!(of_digests(|entry| entry["hashes"] = HASH.into()), of_digests(|_| {}));
    assert_eq!(of_digests(|entry| entry["hashes"] = json!([HASH, HASH, HASH])).unwrap().len(), 3);
    assert_eq!(of_digests(|entry| entry["hashes"] = json!(vec![HASH; 11])), Err(error::MALFORMED.into()));
}

#[test]
fn the_hash_function_stands_in_either_place_and_contradicts_nothing() {
    let sha256 = "2.16.840.1.101.3.4.2.1";
    let bare = |entry: &mut Json| entry["signAlgo"] = "1.2.840.113549.1.1.1".into();
    assert_eq!(row(of_digests(bare)), error::HASH_ALGO_MISSING);
    let mut entry = digest();
    bare(&mut entry);
    let common = asked(&json!({ "documentDigests": [entry.clone()], "hashAlgorithmOID": sha256 })).unwrap();
    entry["hashAlgorithmOID"] = sha256.into();
    // What the entry says counts.
    let own = asked(&json!({ "documentDigests": [entry], "hashAlgorithmOID": "2.16.840.1.101.3.4.2.3" })).unwrap();
    assert_eq!((own[0].scheme, own), (Scheme::Pkcs1 { hash: HashAlgorithm::Sha256 }, common));
    let contradicting = of_digests(|entry| entry["hashAlgorithmOID"] = "2.16.840.1.101.3.4.2.3".into());
    assert_eq!(row(contradicting), error::HASH_CONTRADICTS);
}

#[test]
fn every_row_has_its_sentence() {
    let set = |name: &'static str, value: Json| move |entry: &mut Json| entry[name] = value;
    let rows: Vec<(Result<Vec<Document>, Wrong>, Fault)> = vec![
        (asked(&json!({})), error::NO_DOCUMENTS),
        (asked(&json!({ "documentDigests": [], "documents": [] })), error::NO_DOCUMENTS),
        (asked(&json!({ "documentDigests": digest() })), error::DOCUMENT_DIGESTS),
        (asked(&json!({ "documentDigests": ["x"] })), error::DOCUMENT_DIGESTS),
        (asked(&json!({ "documents": "x" })), error::DOCUMENTS),
        (
            asked(&json!({ "documents": [{ "document": "AQID" }], "documentDigests": [digest()] })),
            error::BOTH_DOCUMENTS,
        ),
        (of_digests(set("hashes", json!([]))), error::DOCUMENT_DIGESTS),
        (of_digests(set("hashes", json!(7))), error::DOCUMENT_DIGESTS),
        (of_digests(set("hashes", json!(["?"]))), error::HASHES_BASE64),
        (of_digests(set("hashes", json!("AA=="))), error::DIGEST_LENGTH),
        (of_document(set("document", json!(7))), error::DOCUMENTS),
        (of_document(set("document", json!("?"))), error::DOCUMENTS_BASE64),
        (of_digests(set("signature_format", Json::Null)), error::SIGNATURE_FORMAT_MISSING),
        (of_digests(set("signature_format", json!(7))), error::SIGNATURE_FORMAT_MISSING),
        (of_digests(set("signature_format", json!("X"))), error::SIGNATURE_FORMAT),
        (of_digests(set("conformance_level", json!("AdES-B-LT"))), error::CONFORMANCE_LEVEL),
        (of_digests(set("conformance_level", json!(1))), error::CONFORMANCE_LEVEL),
        (of_digests(set("signAlgo", Json::Null)), error::SIGN_ALGO_MISSING),
        (of_digests(set("signAlgo", json!("1.2.840.10045.4.3.2"))), error::SIGN_ALGO),
        (of_digests(set("signAlgo", json!("1.2.840.113549.1.1.10"))), error::SIGN_ALGO_PARAMS_MISSING),
        (of_digests(set("hashAlgorithmOID", json!("1.3.14.3.2.26"))), error::HASH_ALGO),
        (of_digests(set("signed_envelope_property", json!("Attached"))), error::ENVELOPE),
        (of_digests(set("signed_envelope_property", json!("Revision"))), error::ENVELOPE),
        (of_document(set("signed_envelope_property", json!("Parallel"))), error::ENVELOPE),
        (of_document(set("signed_envelope_property", json!(1))), error::ENVELOPE),
    ];
    for (outcome, fault) in rows {
        assert_eq!(row(outcome), fault);
    }
}

#[test]
fn an_empty_document_is_one() {
    let [document] = &of_document(|entry| entry["document"] = json!("")).unwrap()[..] else { panic!("one") };
    assert_eq!(document.subject, DocumentSubject::Document(Vec::new().into()));
}

#[test]
fn what_is_wrong_with_an_entry_says_which() {
    let whole =
        |document: Json| json!({ "document": document, "signature_format": "C", "signAlgo": "1.2.840.113549.1.1.11" });
    let at = |array, index, reason| Objection::new(Place { array, index }, reason);
    let of = |member, reason| at(Array::Documents, 2, reason).with(Detail::Member(member));
    for (entry, fault, objection) in [
        (json!("x"), error::DOCUMENTS, at(Array::Documents, 2, Reason::Entry)),
        (whole(Json::Null), error::DOCUMENTS, at(Array::Documents, 2, Reason::Entry)),
        (whole(json!("?")), error::DOCUMENTS_BASE64, of(Member::Document, Reason::NoBase64)),
        (json!({ "document": "AQID" }), error::SIGNATURE_FORMAT_MISSING, of(Member::SignatureFormat, Reason::Missing)),
    ] {
        let outcome = asked(&json!({ "documents": [whole(json!("AQID")), whole(json!("AQID")), entry] }));
        assert_eq!(outcome, Err(Wrong::Entry(fault, Box::new(objection))));
    }
    let mut several = digest();
    several["hashes"] = json!([HASH, HASH, HASH]);
    let mut short = digest();
    short["hashes"] = json!([HASH, "AA=="]);
    // Several hashes are several documents, of one entry.
    let outcome = asked(&json!({ "documentDigests": [several.clone(), short] }));
    assert_eq!(outcome, Err(Wrong::Entry(error::DIGEST_LENGTH, Box::new(at(Array::Digests, 1, Reason::DigestLength)))));
    let documents = asked(&json!({ "documentDigests": [several, digest()] })).unwrap();
    assert_eq!(documents.iter().map(|document| document.place.index).collect::<Vec<_>>(), [0, 0, 0, 1]);
    assert!(documents.iter().all(|document| document.place.array == Array::Digests));
}

/// One sentence of the table stands for several mistakes: the word tells them apart.
#[test]
fn every_mistake_of_an_entry_has_its_member_and_its_word() {
    let said = |outcome: Result<Vec<Document>, Wrong>| {
        let Err(Wrong::Entry(_, objection)) = outcome else { panic!("{outcome:?}") };
        let Some(Detail::Member(member)) = objection.detail else { panic!("{objection:?}") };
        (member, objection.reason)
    };
    let pdf = |level: &'static str| {
        move |entry: &mut Json| {
            entry["signature_format"] = "P".into();
            entry["conformance_level"] = level.into();
        }
    };
    let set = |name: &'static str, value: Json| move |entry: &mut Json| entry[name] = value;
    let whole: Offer<'static> = Offer {
        levels: &[Level::B, Level::Lt, Level::Lta],
        highest: &|_, of_digest| if of_digest { Level::Lt } else { Level::Lta },
        ..OFFER
    };
    let offered = |level: &'static str, validation: bool| {
        let mut entry = digest();
        pdf(level)(&mut entry);
        let body = json!({ "documentDigests": [entry], "returnValidationInfo": validation }).to_string();
        let limits = Limits { depth: 16, hashes: 10 };
        Ask::parse(body.as_bytes(), Version::V2, limits).unwrap().documents(KeyType::Rsa2048, &whole)
    };
    let pss = |entry: &mut Json| {
        entry["signAlgo"] = "1.2.840.113549.1.1.10".into();
        entry["signAlgoParams"] = "MAA=".into();
    };
    let bare = |entry: &mut Json| entry["signAlgo"] = "1.2.840.113549.1.1.1".into();
    let in_lines = format!("{}\n{}", &HASH[..20], &HASH[20..]);
    for (outcome, member, reason) in [
        (of_digests(set("hashes", json!(in_lines))), Member::Hashes, Reason::NoBase64),
        (of_document(set("document", json!("-_8="))), Member::Document, Reason::NoBase64),
        (of_digests(set("hashes", json!("AA=="))), Member::Hashes, Reason::DigestLength),
        (of_digests(set("signature_format", json!(7))), Member::SignatureFormat, Reason::Missing),
        (of_digests(set("signature_format", json!("PAdES"))), Member::SignatureFormat, Reason::UnknownFormat),
        (of_digests(set("conformance_level", json!("B-T"))), Member::ConformanceLevel, Reason::UnknownLevel),
        (offered("AdES-B-T", false), Member::ConformanceLevel, Reason::LevelNotOffered),
        (offered("AdES-B-LTA", true), Member::ConformanceLevel, Reason::LevelNeedsDocument),
        (offered("AdES-B-LT", false), Member::ConformanceLevel, Reason::LevelNeedsValidation),
        (of_digests(set("signAlgo", Json::Null)), Member::SignAlgo, Reason::Missing),
        (of_digests(set("signAlgo", json!("1.2.840.10045.4.3.2"))), Member::SignAlgo, Reason::KeyAlgorithm),
        (of_digests(set("signAlgo", json!("RS256"))), Member::SignAlgo, Reason::KeyAlgorithm),
        (of_digests(set("signAlgo", json!("1.2.840.113549.1.1.10"))), Member::SignAlgoParams, Reason::Missing),
        (of_digests(pss), Member::SignAlgoParams, Reason::AlgorithmParams),
        (of_digests(bare), Member::HashAlgorithmOid, Reason::Missing),
        (of_digests(set("hashAlgorithmOID", json!("1.3.14.3.2.26"))), Member::HashAlgorithmOid, Reason::HashAlgorithm),
        (
            of_digests(set("hashAlgorithmOID", json!("2.16.840.1.101.3.4.2.3"))),
            Member::HashAlgorithmOid,
            Reason::HashContradicts,
        ),
        (
            of_digests(set("signed_envelope_property", json!("Revision"))),
            Member::SignedEnvelopeProperty,
            Reason::UnknownEnvelope,
        ),
        (
            of_digests(set("signed_envelope_property", json!("Attached"))),
            Member::SignedEnvelopeProperty,
            Reason::EnvelopeOfDigest,
        ),
    ] {
        assert_eq!(said(outcome), (member, reason));
    }
    assert_eq!(offered("AdES-B-LT", true).unwrap().len(), 1);
}

#[test]
fn properties_that_cannot_be_said_are_named() {
    let with = |properties: Json| of_digests(|entry| entry["signed_props"] = properties);
    let value = |name: &str| json!({ "attribute_name": name, "attribute_value": "AA==" });
    let place = Place { array: Array::Digests, index: 0 };
    let named = |said: &[(&str, Reason)]| {
        let one = |(name, reason): &(&str, Reason)| {
            let objection = Objection::new(place, *reason);
            if name.is_empty() { objection } else { objection.of(name) }
        };
        Err(Wrong::Properties(said.iter().map(one).collect()))
    };
    let unknown = [("xa", Reason::UnknownProperty), ("xb", Reason::UnknownProperty)];
    assert_eq!(with(json!([value("xa"), value("mime-type"), value("xb")])), named(&unknown));
    let number = json!([{ "attribute_name": "mime-type", "attribute_value": 7 }]);
    assert_eq!(with(number), named(&[("mime-type", Reason::BadValue)]));
    assert_eq!(with(json!([{ "attribute_value": "AA==" }])), named(&[("", Reason::NoProperty)]));
    assert_eq!(with(json!("mime-type")), named(&[("", Reason::NoProperty)]));
    let said = with(json!([value("mime-type"), { "attribute_name": "content-time-stamp" }])).unwrap();
    assert_eq!(said[0].properties.len(), 2);
}

#[test]
fn levels_are_read_in_any_case() {
    let level = of_digests(|entry| entry["conformance_level"] = "Ades-B-t".into()).unwrap()[0].level;
    assert_eq!(level, Level::T);
}

#[test]
fn many_hashes_do_not_multiply_what_is_said_of_them() {
    let of = |hashes: usize, value: usize| {
        of_digests(|entry| {
            entry["hashes"] = vec![HASH; hashes].into();
            entry["signed_props"] = json!([{ "attribute_name": "y", "attribute_value": "A".repeat(value) }]);
        })
    };
    assert_eq!(of(10, MOST_SAID / 10 - 1).unwrap().len(), 10);
    assert_eq!(row(of(10, MOST_SAID / 10)), error::MALFORMED);
    assert_eq!(row(of(11, 1)), error::MALFORMED);
    let two = |hashes: usize| json!({ "documentDigests": [digest(), with_hashes(hashes)] });
    assert_eq!(asked(&two(9)).unwrap().len(), 10);
    assert_eq!(row(asked(&two(10))), error::MALFORMED);
}

fn with_hashes(many: usize) -> Json {
    let mut entry = digest();
    entry["hashes"] = vec![HASH; many].into();
    entry
}
