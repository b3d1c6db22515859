//! Documents of others, put together by hand. Those that are made here, and what EU DSS makes of renewed ones: `tests/`.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use der::Encode as _;
use rsign_api::parts::joined;
use rsign_api::timestamp::{Query, token as granted};

use super::*;
use crate::evidence::testing::{Manner, authority, stamp};

const SHA256: HashAlgorithm = HashAlgorithm::Sha256;
const PREFIXES: &str = r#"xmlns:s="http://www.w3.org/2000/09/xmldsig#""#;

fn token(over: &[u8]) -> Vec<u8> {
    token_on(&crate::digest(SHA256, over))
}

fn token_on(hash: &[u8]) -> Vec<u8> {
    let query = Query::new(SHA256, hash, &[7]).unwrap();
    granted(&stamp(&query.to_der().unwrap(), Manner::Right, 1_800_000_000), &query).unwrap()
}

fn evidence() -> Evidence {
    Evidence { certificates: vec![authority("own").subject.der], ..Evidence::default() }
}

fn stored(document: &[u8]) -> Result<Box<Stored<'_>>, Error> {
    match Stored::read(document)? {
        Found::Stamped(stored) => Ok(stored),
        other => panic!("{other:?}"),
    }
}

/// Looked at, and renewed; read again its newer time-stamp is over what is there.
fn renew(document: &[u8]) -> Vec<u8> {
    fn read(octets: &[u8]) -> Box<Stored<'_>> {
        let mut stored = stored(octets).unwrap();
        stored.bring(b"content");
        assert_eq!(stored.stamps().len(), 1);
        stored.check().unwrap();
        stored
    }
    let mut stored = read(document);
    stored.add(0, evidence()).unwrap();
    let (function, hash) = stored.imprint(0).unwrap();
    assert_eq!(function, SHA256);
    stored.stamp(0, token_on(&hash)).unwrap();
    assert!(stored.add(1, evidence()).is_err(), "it has no other");
    let parts = stored.finish().unwrap();
    let renewed = joined(parts, Some(&document.into())).unwrap().whole(usize::MAX).unwrap().into_owned();
    read(&renewed);
    renewed
}

fn why(document: &[u8]) -> String {
    Stored::read(document).unwrap_err().to_string()
}

/// A JWS of somebody else: blanks, other members, an order of its own.
fn jws(header: &str, element: impl Fn(&str) -> String) -> String {
    let protected = BASE64URL_NOPAD.encode(header.as_bytes());
    let stamp = BASE64.encode(&token(format!("e30.{protected}.AQID.").as_bytes()));
    let element =
        element(&format!(r#"{{ "arcTst": {{ "canonAlg": "x", "tstTokens": [ {{ "val": "{stamp}" }} ] }} }}"#));
    format!(
        "{{ \"signatures\" : [ {{\"header\": {{\"kid\":\"a]\", \"etsiU\" :[ {element} ] }},\n\
         \"signature\":\"AQID\", \"protected\":\"{protected}\"}} ], \"payload\":\"e30\", \"more\": [1, 2]}}\n"
    )
}

#[test]
fn json_of_others_keeps_every_octet_and_gets_more() {
    let base64url = |element: &str| format!("\"{}\"", BASE64URL_NOPAD.encode(element.as_bytes()));
    let document = jws(r#"{"alg":"ES256"}"#, base64url);
    let renewed = String::from_utf8(renew(document.as_bytes())).unwrap();
    let (before, after) = document.split_at(document.find("] },\n").unwrap());
    let added = renewed.strip_prefix(before).unwrap().strip_suffix(after).unwrap();
    assert_eq!((added.matches(",\"").count(), added.matches('"').count()), (2, 4), "{added}");
    // What is not over its octets alone, or of several documents.
    let plain = jws(r#"{"alg":"ES256"}"#, str::to_owned);
    assert_eq!(why(plain.as_bytes()), "what was added to it (etsiU) is not Base64url");
    let several = r#"{"alg":"ES256","sigD":{"mId":"http://uri.etsi.org/19182/ObjectIdByURI","pars":["a","b"]}}"#;
    assert!(why(jws(several, base64url).as_bytes()).contains("more than one document"));
    let twice = jws(r#"{"alg":"ES256"}"#, base64url).replace("\"more\"", "\"payload\"");
    assert!(matches!(Stored::read(twice.as_bytes()), Ok(Found::Unsigned)), "a member twice is no JWS");
    let several = jws(r#"{"alg":"ES256"}"#, |_| String::new()).replace("\"etsiU\" :[  ]", "\"x\": 1");
    assert!(matches!(Stored::read(several.as_bytes()), Ok(Found::Unstamped)), "{several}");
}

#[test]
fn what_is_no_signature_is_told_from_what_cannot_be_read() {
    for nothing in ["{}", "[1]", "7", "\"text\"", "{\"a\": {\"payload\": 1}}", "<a/>", "\u{feff}<a>b</a>"] {
        assert!(matches!(Stored::read(nothing.as_bytes()), Ok(Found::Unsigned)), "{nothing}");
    }
    let unsigned = format!("<a><s:Signature {PREFIXES}/></a>");
    for plain in ["e30.e30.AQID", " e30..AQID\n", &unsigned] {
        assert!(matches!(Stored::read(plain.as_bytes()), Ok(Found::Unstamped)), "{plain}");
    }
    for (rubbish, reason) in [
        ("", "it is no PDF, CMS, JSON or XML that can be read"),
        ("text", "it is no PDF, CMS, JSON or XML that can be read"),
        ("%PDF-1.7 but not really", "the PDF is damaged"),
        ("0", "it is no CMS"),
        ("{", "it is no JSON"),
        ("{\"payload\": \"\", \"signatures\": [7]}", "it is no JWS that can be read"),
        ("<a>", "it is no XML that is read here"),
        ("<!DOCTYPE a><a/>", "it is no XML that is read here"),
    ] {
        // A single zero is JSON, and 0x30.
        assert!(why(rubbish.as_bytes()).contains(reason), "{rubbish}: {}", why(rubbish.as_bytes()));
    }
}

/// A detached XML signature with prefixes of its own.
fn xml(reference: &str, method: &str, ends: &str) -> String {
    let information = format!("<s:SignedInfo>{ends}{reference}</s:SignedInfo>");
    let canonical = information.replacen('>', &format!(" {PREFIXES}>"), 1).replace("\r\n", "\n");
    let canonical = canonical.replace("'", "\"").replace("/>", "></s:DigestMethod>");
    let value = format!("<s:SignatureValue {PREFIXES}>AQID</s:SignatureValue>");
    let stamp = BASE64.encode(&token([b"content", canonical.as_bytes(), value.as_bytes()].concat().as_slice()));
    format!(
        "<s:Signature {PREFIXES} xmlns:x='http://uri.etsi.org/01903/v1.3.2#'>{information}\
         <s:SignatureValue>AQID</s:SignatureValue><s:Object><x:QualifyingProperties><x:UnsignedProperties>\
         <x:UnsignedSignatureProperties>{ends}<y:ArchiveTimeStamp xmlns:y='http://uri.etsi.org/01903/v1.4.1#'>\
         <s:CanonicalizationMethod Algorithm='{method}'/><x:EncapsulatedTimeStamp>{ends}{stamp}</x:EncapsulatedTimeStamp>\
         </y:ArchiveTimeStamp>{ends}</x:UnsignedSignatureProperties></x:UnsignedProperties></x:QualifyingProperties>\
         </s:Object></s:Signature>"
    )
}

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const REFERENCE: &str =
    "<s:Reference URI='a'><s:DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/></s:Reference>";

#[test]
fn xml_of_others_keeps_every_octet_and_gets_more() {
    for ends in ["", "\n", "\r\n  "] {
        let document = xml(REFERENCE, EXCLUSIVE, ends);
        let renewed = String::from_utf8(renew(document.as_bytes())).unwrap();
        let (before, after) = document.split_at(document.find("</x:UnsignedSignatureProperties>").unwrap());
        assert!(renewed.starts_with(before) && renewed.ends_with(after));
        let added = &renewed[before.len()..renewed.len() - after.len()];
        // Its prefixes are others, so ours are said.
        assert!(added.starts_with("<xades141:TimeStampValidationData xmlns:xades="), "{added}");
        assert_eq!(added.matches("<xades141:ArchiveTimeStamp xmlns:xades=").count(), 1);
    }
}

#[test]
fn xml_that_signs_in_another_way_is_refused() {
    let transformed =
        REFERENCE.replace("<s:Dig", "<s:Transforms><s:Transform Algorithm='x'></s:Transform></s:Transforms><s:Dig");
    for reference in [&transformed, &REFERENCE.replace("'a'", "''"), &REFERENCE.replace("'a'", "'#a'")] {
        assert_eq!(why(xml(reference, EXCLUSIVE, "").as_bytes()), "it signs in a way that is not read here");
    }
    assert_eq!(why(xml(&REFERENCE.repeat(2), EXCLUSIVE, "").as_bytes()), "it is of more than one document");
    let one = xml(REFERENCE, EXCLUSIVE, "");
    assert!(why(format!("<a>{one}{one}</a>").as_bytes()).contains("several signatures"));
    let other = xml(REFERENCE, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "");
    assert!(why(other.as_bytes()).contains("of a kind that is not read here"));
    let referring =
        one.replace("<x:EncapsulatedTimeStamp>", "<x:Include URI='#a'></x:Include><x:EncapsulatedTimeStamp>");
    assert!(Stored::read(referring.as_bytes()).is_err());
}
