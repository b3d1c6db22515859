//! Which foreign documents take one more signature, and what of them stays.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::objection::Unsayable;
use serde_json::{Value, json};

use super::*;
use crate::digest;
use crate::evidence::Evidence;

const RSA: Scheme = Scheme::Pkcs1 { hash: HashAlgorithm::Sha256 };

fn signatory(scheme: Scheme) -> Signatory {
    Signatory { chain: vec![b"certificate".to_vec()], scheme }
}

fn decoded(protected: &str) -> Value {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(protected.as_bytes()).unwrap()).unwrap()
}

fn encoded(json: &str) -> String {
    BASE64URL_NOPAD.encode(json.as_bytes())
}

#[test]
fn attached_is_compact_and_signs_header_and_payload() {
    let content = Content::Attached { document: b"hello", media_type: Some("application/a/b") };
    let protected = prepare(&content, &Said::default(), UNIX_EPOCH + Duration::from_secs(17), &signatory(RSA)).unwrap();
    let header = decoded(&protected);
    assert_eq!(
        (&header["alg"], &header["iat"], &header["cty"]),
        (&"RS256".into(), &17.into(), &"application/a/b".into())
    );
    let signed = to_be_signed(&protected, &content);
    assert_eq!(signed, format!("{protected}.aGVsbG8").into_bytes());
    let jws = finish(&protected, &content, &signatory(RSA), b"\x01\x02", &[]).unwrap();
    assert_eq!(jws, format!("{protected}.aGVsbG8.AQI").into_bytes());
    let stamped =
        finish(&protected, &content, &signatory(RSA), b"\x01\x02", &[Addition::Stamp(b"token".to_vec())]).unwrap();
    let stamped: Value = serde_json::from_slice(&stamped).unwrap();
    assert_eq!(stamped["payload"], "aGVsbG8");
    let stamp = decoded(stamped["header"]["etsiU"][0].as_str().unwrap());
    assert_eq!(stamp, json!({"sigTst": {"tstTokens": [{"val": "dG9rZW4="}]}}));
    assert_eq!(to_be_stamped(&signatory(RSA), b"\x01\x02").unwrap(), b"AQI");
}

#[test]
fn detached_has_no_payload() {
    let hash = digest(HashAlgorithm::Sha256, b"hello");
    let content = Content::Detached { name: "urn:\"x", digest: &hash, media_type: None };
    let protected = prepare(&content, &Said::default(), SystemTime::now(), &signatory(RSA)).unwrap();
    assert_eq!(decoded(&protected)["sigD"]["pars"][0], "urn:\"x");
    assert_eq!(to_be_signed(&protected, &content), format!("{protected}.").into_bytes());
    let stamped = finish(&protected, &content, &signatory(RSA), b"v", &[Addition::Stamp(b"token".to_vec())]).unwrap();
    assert!(serde_json::from_slice::<Value>(&stamped).unwrap().get("payload").is_none());
    let short = Content::Detached { name: "x", digest: &hash[1..], media_type: None };
    assert!(matches!(prepare(&short, &Said::default(), SystemTime::now(), &signatory(RSA)), Err(Error::Digest)));
}

#[test]
fn what_others_said_stays_as_it_was() {
    let protected = encoded(r#"{"alg":"none","x":1}"#);
    let general = format!(
        r#" {{"payload":"aGVsbG8","signatures":[{{"signature":"AQ","protected":"{protected}","header":{{"b":1.10,"b2":"\u0041"}}}},{{"header":{{"alg":"x"}},"signature":""}}]}} "#
    );
    let signed = Signed::read(general.as_bytes()).unwrap();
    let content = Content::Parallel(&signed);
    let ours = prepare(&content, &Said::default(), SystemTime::now(), &signatory(RSA)).unwrap();
    assert_eq!(to_be_signed(&ours, &content), format!("{ours}.aGVsbG8").into_bytes());
    let jws = String::from_utf8(finish(&ours, &content, &signatory(RSA), b"v", &[]).unwrap()).unwrap();
    assert!(jws.contains(r#""header":{"b":1.10,"b2":"\u0041"}"#), "{jws}");
    assert!(jws.starts_with(r#"{"payload":"aGVsbG8","signatures":["#));
    let flattened =
        format!(r#"{{"payload":"aGVsbG8","protected":"{protected}","header":{{"c":1e2}},"signature":"AQ"}}"#);
    let signed = Signed::read(flattened.as_bytes()).unwrap();
    let jws =
        String::from_utf8(finish(&ours, &Content::Parallel(&signed), &signatory(RSA), b"v", &[]).unwrap()).unwrap();
    assert!(
        jws.contains(&format!(r#"[{{"protected":"{protected}","header":{{"c":1e2}},"signature":"AQ"}},"#)),
        "{jws}"
    );
}

#[test]
fn what_is_no_jws_takes_no_signature() {
    let (plain, raw) = (encoded("{}"), encoded(r#"{"b64":false}"#));
    let many = format!(r#"{{"payload":"aA","signatures":[{}]}}"#, vec![r#"{"signature":"AQ"}"#; 65].join(","));
    for document in [
        "",
        "hello",
        "{}",
        "[]",
        "a.b",
        "a.b.c.d",
        &format!("{plain}..AQ"),
        &format!("{plain}.!.AQ"),
        &format!("{plain}.aA=.AQ"),
        &format!("{raw}.aA.AQ"),
        "!.aA.AQ",
        &format!("{}.aA.AQ", encoded("[")),
        r#"{"payload":"aA","signatures":[]}"#,
        r#"{"payload":"aA","signatures":[{"signature":"AQ"}],"signature":"AQ"}"#,
        r#"{"payload":"aA","signatures":[1]}"#,
        r#"{"payload":"aA","signature":"A!"}"#,
        r#"{"payload":"aA","payload":"aA","signature":"AQ"}"#,
        r#"{"signature":"AQ"}"#,
        &many,
    ] {
        assert!(matches!(Signed::read(document.as_bytes()), Err(Error::Parallel(..))), "{document:.60}");
    }
    Signed::read(format!("{plain}.aA.AQ\n").as_bytes()).unwrap();
}

#[test]
fn what_is_added_stands_in_order_and_is_stamped_in_order() {
    let document = vec![7; 3 * (3 << 14) + 1];
    let content = Content::Attached { document: &document, media_type: None };
    let who = signatory(RSA);
    let protected = prepare(&content, &Said::default(), UNIX_EPOCH, &who).unwrap();
    let data = Evidence { certificates: vec![b"c".to_vec()], crls: vec![b"l".to_vec()], ocsp: Vec::new() };
    let additions = [
        Addition::Stamp(b"1".to_vec()),
        Addition::Evidence(data.clone()),
        Addition::Archive(b"2".to_vec()),
        Addition::StampEvidence(data),
    ];
    let signed: Value = serde_json::from_slice(&finish(&protected, &content, &who, b"v", &additions).unwrap()).unwrap();
    let elements: Vec<_> =
        signed["header"]["etsiU"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    let (certificates, lists) = (json!([{"x509Cert": {"val": "Yw=="}}]), json!({"crlVals": [{"val": "bA=="}]}));
    assert_eq!(
        elements.iter().map(|one| decoded(one)).collect::<Vec<_>>(),
        [
            json!({"sigTst": {"tstTokens": [{"val": "MQ=="}]}}),
            json!({"xVals": certificates}),
            json!({"rVals": lists}),
            json!({"arcTst": {"tstTokens": [{"val": "Mg=="}]}}),
            json!({"tstVD": {"xVals": certificates, "rVals": lists}}),
        ]
    );
    // TS 119 182-1, 5.3.6.3, put together by hand of what stands in the signature.
    let over = |payload: &str| {
        let all = [payload, ".", &protected, ".", "dg", ".", &elements[..3].concat()].concat();
        digest(HashAlgorithm::Sha256, all.as_bytes())
    };
    let imprint = |content: &Content<'_>, detached: &[u8]| {
        archive_imprint(&protected, content, detached, &who, b"v", &additions[..2]).unwrap()
    };
    assert_eq!(imprint(&content, b""), over(&BASE64URL_NOPAD.encode(&document)));
    let detached = Content::Detached { name: "", digest: &[], media_type: None };
    assert_eq!(imprint(&detached, b"document"), over("document"));
    let beside = Signed::of_payload("aGVsbG8", None).unwrap();
    assert_eq!(imprint(&Content::Parallel(&beside), b""), over("aGVsbG8"));
}

#[test]
fn the_payload_is_where_it_is_said_to_be() {
    let header = encoded("{}");
    for document in [
        format!(" {header}.aGVsbG8.AQ"),
        format!(r#" {{ "signature":"AQ", "payload" : "aGVsbG8" , "protected":"{header}" }}"#),
        r#"{"signatures":[{"signature":"AQ","header":{"payload":"x"}}],"payload":"aGVsbG8"}"#.to_owned(),
    ] {
        let signed = Signed::read(document.as_bytes()).unwrap();
        assert_eq!(&document[signed.place()], "aGVsbG8", "{document}");
    }
    assert!(Signed::of_payload("aGVsbG8=", None).is_err());
}

fn said(properties: &[(&'static str, &str)]) -> Result<Said, Vec<Unsayable>> {
    let encoded: Vec<_> = properties.iter().map(|(name, json)| (*name, BASE64.encode(json.as_bytes()))).collect();
    read_properties(encoded.iter().map(|(name, value)| (*name, Some(value.as_str()))))
}

#[test]
fn properties_stand_in_the_header_and_have_to_be_understood() {
    let properties = [
        ("srCms", r#"[{"commId":{"id":"urn:oid:1.2.3","desc":"a\u0041"}}]"#),
        ("sigPl", r#" {"addressCountry":"PT"} "#),
        ("srAts", r#"{"claimed":[{"mediaType":"text/plain","encoding":"utf-8","qVals":["Director"]}]}"#),
        ("cty", r#""application/json""#),
    ];
    let said = said(&properties).unwrap();
    let attached = Content::Attached { document: b"{}", media_type: None };
    let header = decoded(&prepare(&attached, &said, SystemTime::now(), &signatory(RSA)).unwrap());
    assert_eq!(header["srCms"], json!([{"commId": {"id": "urn:oid:1.2.3", "desc": "aA"}}]));
    assert_eq!(header["sigPl"], json!({"addressCountry": "PT"}));
    assert_eq!(header["srAts"]["claimed"][0]["qVals"], json!(["Director"]));
    assert_eq!((&header["cty"], &header["crit"]), (&json!("json"), &json!(["srCms", "sigPl", "srAts"])));
    let hash = digest(HashAlgorithm::Sha256, b"hello");
    let detached = Content::Detached { name: "a:b", digest: &hash, media_type: None };
    let header = decoded(&prepare(&detached, &said, SystemTime::now(), &signatory(RSA)).unwrap());
    assert_eq!(header["sigD"]["ctys"], json!(["json"]));
    assert_eq!(header["crit"], json!(["srCms", "sigPl", "srAts", "sigD", "b64"]));
    assert!(header.get("cty").is_none());
}

#[test]
fn properties_that_are_not_understood_are_named() {
    for (name, json) in [
        ("srCms", "[]"),
        ("srCms", r#"[{"commId":{"id":"no uri"}}]"#),
        ("srCms", r#"[{"commId":{"id":"a:b"},"commQuals":[{}]}]"#),
        ("srCms", r#"[{"commId":{"id":"a:b","docRefs":["a:b"]}}]"#),
        ("sigPl", "{}"),
        ("sigPl", r#"{"planet":"Mars"}"#),
        ("sigPl", r#"{"addressCountry":1}"#),
        ("sigPl", r#"{"addressCountry":"a","addressCountry":"b"}"#),
        ("srAts", r#"{"claimed":[]}"#),
        ("srAts", r#"{"claimed":[{"mediaType":"x","encoding":"","qVals":["a"]}]}"#),
        ("srAts", r#"{"claimed":[{"mediaType":"a/b","encoding":"","qVals":[]}]}"#),
        ("srAts", r#"{"certified":[{"x509AttrCert":{"val":"AA=="}}]}"#),
        ("cty", "json"),
        ("cty", r#""json""#),
    ] {
        assert_eq!(said(&[(name, json)]), Err(vec![Unsayable::new(name, Reason::BadValue)]), "{json}");
    }
    let unknown = |name| Unsayable::new(name, Reason::UnknownProperty);
    for (name, json) in [("iat", "1"), ("alg", r#""none""#), ("crit", "[]")] {
        assert_eq!(said(&[(name, json)]), Err(vec![unknown(name)]), "{json}");
    }
    let long = format!(r#"{{"addressCountry":"{}"}}"#, "x".repeat(8192));
    let place = r#"{"addressCountry":"PT"}"#;
    assert!(said(&[("sigPl", &long)]).is_err() && said(&[("sigPl", place)]).is_ok());
    let twice = Unsayable::new("sigPl", Reason::SaidTwice);
    assert_eq!(said(&[("sigPl", place), ("sigPl", place), ("x", "1")]), Err(vec![twice, unknown("x")]));
    let invalid = [Unsayable::new("sigPl", Reason::NoValue), Unsayable::new("cty", Reason::BadValue)];
    assert_eq!(read_properties([("sigPl", None), ("cty", Some("?"))]).unwrap_err(), invalid);
}
