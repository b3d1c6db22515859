use std::collections::HashMap;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::*;

const LIMITS: Limits = Limits { depth: 16, hashes: 3 };
const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const SIGNED_DATA: &str = "https://cloudsignatureconsortium.org/2025/credential";

struct Given(HashMap<&'static str, String>);

impl Parameters for Given {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

fn given(parameters: &[(&'static str, &str)]) -> Given {
    Given(parameters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
}

fn read(parameters: &[(&'static str, &str)]) -> Result<Scope, Fault> {
    Scope::read(&given(parameters), LIMITS)
}

fn wish(parameters: &[(&'static str, &str)]) -> Wish {
    match read(parameters) {
        Ok(Scope::Credential(wish)) => wish,
        other => panic!("{other:?}"),
    }
}

/// A digest whose Base64 has all that the two alphabets do not share.
fn digest(last: u8) -> [u8; 32] {
    let mut octets = [0xfb; 32];
    octets[31] = last;
    octets
}

#[test]
fn a_10_a_hash_is_the_same_in_every_alphabet() {
    let (url, standard) = (BASE64URL_NOPAD.encode(&digest(1)), BASE64.encode(&digest(1)));
    for list in [url.clone(), format!("{url}="), standard.clone(), standard.trim_end_matches('=').to_owned()] {
        let wish = wish(&[("scope", "credential"), ("credentialID", "c"), ("numSignatures", "1"), ("hash", &list)]);
        assert_eq!(wish.list[0].hash.0, digest(1), "{list}");
    }
    let two = format!("{url},{standard}");
    let wish = wish(&[("scope", "credential"), ("credentialID", "c"), ("hashes", &two), ("hashAlgorithmOID", SHA256)]);
    assert_eq!((wish.signatures, wish.list.len(), wish.list[0].algorithm), (2, 2, Some(HashAlgorithm::Sha256)));
}

#[test]
fn scope_is_one_word() {
    assert_eq!(read(&[]).unwrap(), Scope::Service);
    assert_eq!(read(&[("scope", "service")]).unwrap(), Scope::Service);
    for scope in ["service credential", "credential service", "openid", "Credential"] {
        assert_eq!(read(&[("scope", scope)]).unwrap_err(), error::INVALID_SCOPE, "{scope}");
    }
    // Who forgets the scope shall not be given the service instead of a signature.
    assert_eq!(read(&[("credentialID", "c")]).unwrap_err(), wire::CREDENTIAL_SCOPE);
}

#[test]
fn flat_parameters_are_refused_one_by_one() {
    let hash = BASE64URL_NOPAD.encode(&digest(1));
    let four = [hash.as_str(); 4].join(",");
    let rows: [(&[(&'static str, &str)], Fault); 13] = [
        (&[("numSignatures", "1")], wire::CREDENTIAL_MISSING),
        (&[("credentialID", "c")], wire::SIGNATURES_MISSING),
        (&[("credentialID", "c"), ("numSignatures", "0")], error::SIGNATURES_VALUE),
        (&[("credentialID", "c"), ("numSignatures", "-1")], error::SIGNATURES_VALUE),
        (&[("credentialID", "c"), ("numSignatures", "+1")], error::SIGNATURES_VALUE),
        (&[("credentialID", "c"), ("numSignatures", "99999999999")], error::SIGNATURES_VALUE),
        (&[("credentialID", "c\n"), ("numSignatures", "1")], error::CREDENTIAL),
        (&[("credentialID", "c"), ("hash", &four)], wire::HASHES),
        (&[("credentialID", "c"), ("hash", "AAAA")], wire::HASHES),
        (&[("credentialID", "c"), ("hash", "?")], wire::HASHES),
        (&[("credentialID", "c"), ("hash", &hash), ("hashes", &hash)], wire::HASHES),
        (&[("credentialID", "c"), ("hash", &hash), ("hashAlgorithmOID", "1.3.14.3.2.26")], wire::HASH_ALGORITHM),
        (&[("credentialID", "c"), ("hash", &hash), ("hashAlgorithmOID", "2.16.840.1.101.3.4.2.3")], wire::HASHES),
    ];
    for (parameters, fault) in rows {
        let with_scope: Vec<_> = parameters.iter().copied().chain([("scope", "credential")]).collect();
        assert_eq!(read(&with_scope).unwrap_err(), fault, "{parameters:?}");
    }
}

#[test]
fn a_12_more_hashes_than_signatures() {
    let two = [digest(1), digest(2)].map(|hash| BASE64URL_NOPAD.encode(&hash)).join(",");
    let asked = [("scope", "credential"), ("credentialID", "c"), ("numSignatures", "1"), ("hash", two.as_str())];
    assert_eq!(read(&asked).unwrap_err(), error::SIGNATURES_VALUE);
}

#[test]
fn details_of_both_years() {
    let digests = json!([{ "hash": BASE64.encode(&digest(1)), "label": "a \u{202e}b\n" }]);
    let of = |kind: &str| json!({ "type": kind, "credentialID": "c", "documentDigests": digests, "hashAlgorithmOID": SHA256 });
    // 2.0 knows no types; 2.2 without one means data to be signed. An array or, as some send it, a bare object.
    for (kind, expected, said) in
        [("credential", EntryType::Untyped, None), (SIGNED_DATA, EntryType::Dtbsr, Some("DTBSR"))]
    {
        for text in [of(kind).to_string(), json!([of(kind)]).to_string()] {
            let wish = wish(&[("authorization_details", &text)]);
            assert_eq!((wish.signatures, wish.list[0].r#type), (1, expected));
            assert_eq!(wish.labels, [Some("a b".to_owned())], "A-30");
            assert_eq!(wish.list[0].label.as_deref(), Some(&Sha256::digest("a b")[..]));
            let granted = serde_json::to_value(GrantedDetails::of(&wish, "c")).unwrap();
            assert_eq!((&granted["type"], &granted["numSignatures"]), (&json!(kind), &json!(1)));
            assert_eq!(granted["documentDigests"][0]["hashType"].as_str(), said);
            assert_eq!(granted["documentDigests"][0]["hash"], BASE64.encode(&digest(1)));
            assert!(wish.is_repeated_by(
                &text.replace(&BASE64.encode(&digest(1)), &BASE64URL_NOPAD.encode(&digest(1))),
                LIMITS
            ));
            assert!(!wish.is_repeated_by(&text.replace("credentialID\":\"c\"", "credentialID\":\"d\""), LIMITS));
        }
    }
}

#[test]
fn malformed_details_are_refused() {
    let hash = BASE64.encode(&digest(1));
    let good = json!({ "type": "credential", "credentialID": "c", "documentDigests": [{ "hash": hash }],
        "hashAlgorithmOID": SHA256 });
    let with = |name: &str, value: serde_json::Value| {
        let mut changed = good.clone();
        changed[name] = value;
        changed.to_string()
    };
    let renewal = "https://cloudsignatureconsortium.org/2025/credential-renewal";
    for (text, fault) in [
        ("{'type': 'credential'}".to_owned(), wire::DETAILS),
        ("[]".to_owned(), wire::DETAILS),
        (json!([good, good]).to_string(), wire::DETAILS),
        (good.to_string().replacen("{", "{\"type\":\"credential\",", 1), wire::DETAILS),
        (with("type", json!(renewal)), wire::DETAILS_TYPE),
        (with("type", json!(null)), wire::DETAILS_TYPE),
        (with("credentialID", json!(null)), wire::DETAILS),
        (with("hashAlgorithmOID", json!("1.3.14.3.2.26")), wire::DETAILS),
        (with("documentDigests", json!([])), wire::DETAILS),
        (with("documentDigests", json!([{ "hash": "AAAA" }])), wire::DETAILS),
        (with("documentDigests", json!([{ "hash": hash, "hashType": "x" }])), wire::DETAILS),
        (with("documentDigests", json!([{ "hash": hash, "label": "x".repeat(501) }])), wire::DETAILS),
        (with("numSignatures", json!(0)), wire::DETAILS),
    ] {
        assert_eq!(read(&[("authorization_details", &text)]).unwrap_err(), fault, "{text}");
    }
}

#[test]
fn flat_parameters_may_repeat_the_details_but_not_contradict_them() {
    let details = json!([{ "type": "credential", "credentialID": "c", "hashAlgorithmOID": SHA256,
        "documentDigests": [{ "hash": BASE64.encode(&digest(1)) }] }])
    .to_string();
    let (same, other) = (BASE64URL_NOPAD.encode(&digest(1)), BASE64URL_NOPAD.encode(&digest(2)));
    let with = |name, value: &str| read(&[("scope", "credential"), ("authorization_details", &details), (name, value)]);
    for (name, right, wrong) in [
        ("credentialID", "c", "d"),
        ("numSignatures", "1", "2"),
        ("hashes", same.as_str(), other.as_str()),
        ("hashAlgorithmOID", SHA256, "2.16.840.1.101.3.4.2.2"),
    ] {
        assert!(with(name, right).is_ok(), "{name}");
        assert_eq!(with(name, wrong).unwrap_err(), wire::CONTRADICTION, "{name}");
    }
    let service = [("scope", "service"), ("authorization_details", details.as_str())];
    assert_eq!(read(&service).unwrap_err(), wire::CREDENTIAL_SCOPE);
}

#[test]
fn the_version_is_read_off_the_words() {
    for (parameters, pushed, dialect) in [
        (&[("hash", "x"), ("code_challenge", "x")][..], false, Dialect::V1),
        (&[("hash", "x"), ("hashAlgorithmOID", "x")], true, Dialect::V1),
        (&[("numSignatures", "1")], false, Dialect::V1),
        (&[("numSignatures", "1"), ("code_challenge", "x")], false, Dialect::V2),
        (&[("numSignatures", "1")], true, Dialect::V2),
        (&[("hashes", "x")], false, Dialect::V2),
        (&[("authorization_details", "x"), ("hash", "x")], false, Dialect::V2),
    ] {
        assert_eq!(Dialect::of(&given(parameters), pushed), dialect, "{parameters:?}");
    }
}
