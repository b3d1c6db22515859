use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::expression::Expression;
use super::signatures::{Deferral, Mode, Validities};
use super::*;
use crate::algorithm::{HashAlgorithm, KeyType};
use crate::signer::Scal;

const LIMITS: Limits = Limits { depth: 16, hashes: 1000 };
const HASH: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn ask(body: &str, version: Version) -> Ask<'_> {
    Ask::parse(body.as_bytes(), version, LIMITS).unwrap()
}

fn both(body: &str, check: impl Fn(Ask<'_>)) {
    check(ask(body, Version::V1));
    check(ask(body, Version::V2));
}

#[test]
fn either_spelling_serves_either_version() {
    for name in ["hash", "hashes"] {
        both(&format!(r#"{{"{name}":["{HASH}"]}}"#), |ask| assert_eq!(ask.hashes().unwrap().len(), 1));
    }
    for body in [r#"{"PIN":"1234"}"#, r#"{"authData":[{"id":"OTP"},{"id":"PIN","value":"1234"}]}"#] {
        both(body, |ask| {
            assert_eq!(ask.authentication(&Expression::object("PIN")).unwrap().pin.expose_secret(), "1234")
        });
    }
}

#[test]
fn hashes_have_three_sentences() {
    for (body, fault) in [
        ("{}", error::HASH_MISSING),
        (r#"{"hash":"x"}"#, error::HASH_MISSING),
        (r#"{"hash":[]}"#, error::HASH_EMPTY),
        (r#"{"hash":["x"]}"#, error::HASH_BASE64),
        (r#"{"hash":[1]}"#, error::HASH_BASE64),
        (r#"{"hash":["-_-_"]}"#, error::HASH_BASE64),
        (r#"{"hash":[""]}"#, error::HASH_BASE64),
        ("{\"hash\":[\"AAAA\\n\"]}", error::HASH_BASE64),
    ] {
        both(body, |ask| assert_eq!(ask.hashes().unwrap_err(), fault, "{body}"));
    }
    let many = format!(r#"{{"hash":[{}]}}"#, vec![format!("\"{HASH}\""); 1001].join(","));
    both(&many, |ask| assert_eq!(ask.hashes().unwrap_err(), error::MALFORMED));
}

#[test]
fn number_of_signatures() {
    for (number, fault) in [
        ("null", error::SIGNATURES_MISSING),
        ("\"3\"", error::SIGNATURES_MISSING),
        ("1.5", error::SIGNATURES_MISSING),
        ("0", error::SIGNATURES_VALUE),
        ("-1", error::SIGNATURES_VALUE),
        ("101", error::SIGNATURES_TOO_HIGH),
        ("99999999999999999999", error::SIGNATURES_TOO_HIGH),
    ] {
        both(&format!(r#"{{"numSignatures":{number}}}"#), |ask| {
            assert_eq!(ask.signatures(100).unwrap_err(), fault, "{number}");
        });
    }
    both(r#"{"numSignatures":100}"#, |ask| assert_eq!(ask.signatures(100), Ok(100)));
}

#[test]
fn approved_hashes_fit_the_count() {
    let two = format!(r#"{{"hash":["{HASH}","{HASH}"]}}"#);
    both(&two, |ask| {
        assert_eq!(ask.approved(Scal::Two, 2).unwrap().len(), 2);
        assert_eq!(ask.approved(Scal::Two, 3).unwrap_err(), error::SIGNATURES_VALUE);
        assert_eq!(ask.approved(Scal::One, 3).unwrap().len(), 2);
        assert_eq!(ask.approved(Scal::One, 1).unwrap_err(), error::SIGNATURES_VALUE);
    });
    both("{}", |ask| {
        assert!(ask.approved(Scal::One, 1).unwrap().is_empty());
        assert_eq!(ask.approved(Scal::Two, 1).unwrap_err(), error::HASH_MISSING);
    });
}

#[test]
fn a_named_hash_function_fixes_the_length() {
    let named = |oid: &str| format!(r#"{{"hashes":["{HASH}"],"hashAlgorithmOID":"{oid}"}}"#);
    both(&named("2.16.840.1.101.3.4.2.1"), |ask| {
        assert_eq!(ask.approved(Scal::Two, 1).unwrap()[0].algorithm, Some(HashAlgorithm::Sha256));
    });
    both(&named("2.16.840.1.101.3.4.2.2"), |ask| {
        assert_eq!(ask.approved(Scal::Two, 1).unwrap_err(), error::DIGEST_LENGTH);
    });
    both(&named("1.3.14.3.2.26"), |ask| assert_eq!(ask.approved(Scal::Two, 1).unwrap_err(), error::HASH_ALGO));
    both(r#"{"hash":["AAAA"]}"#, |ask| assert_eq!(ask.approved(Scal::Two, 1).unwrap_err(), error::DIGEST_LENGTH));
}

#[test]
fn sign_hash_checks_in_the_tables_order() {
    let body = |rest: &str| format!(r#"{{"hash":["{HASH}"]{rest}}}"#);
    let rsa = r#","signAlgo":"1.2.840.113549.1.1.11""#;
    for (rest, fault) in [
        (String::new(), error::SIGN_ALGO_MISSING),
        (r#","signAlgo":1"#.to_owned(), error::SIGN_ALGO_MISSING),
        (r#","signAlgo":"1.2.840.113549.1.1.10""#.to_owned(), error::SIGN_ALGO_PARAMS_MISSING),
        (r#","signAlgo":"1.2.840.113549.1.1.1""#.to_owned(), error::HASH_ALGO_MISSING),
        (r#","signAlgo":"1.2.840.113549.1.1.12""#.to_owned(), error::DIGEST_LENGTH),
    ] {
        both(&body(&rest), |ask| assert_eq!(ask.digests(KeyType::Rsa2048).unwrap_err(), fault, "{rest}"));
    }
    let odd_data = body(&format!(r#"{rsa},"clientData":1"#));
    assert_eq!(ask(&odd_data, Version::V1).digests(KeyType::Rsa2048).unwrap_err(), error::CLIENT_DATA);
    assert!(ask(&odd_data, Version::V2).digests(KeyType::Rsa2048).is_ok());
}

#[test]
fn the_mode_and_what_belongs_to_it() {
    let bounds = Validities { shortest: 10, longest: 100, usual: 50 };
    let deferral = |validity, uri: Option<&str>| {
        Ok(Mode::Asynchronous(Deferral { validity, response_uri: uri.map(str::to_owned) }))
    };
    for (body, mode) in [
        ("{}", Ok(Mode::Synchronous)),
        (r#"{"operationMode":"S","validity_period":1,"response_uri":7}"#, Ok(Mode::Synchronous)),
        (r#"{"operationMode":"A"}"#, deferral(50, None)),
        (r#"{"operationMode":"A","validity_period":100,"response_uri":"https://x"}"#, deferral(100, Some("https://x"))),
        (r#"{"operationMode":"B"}"#, Err(error::OPERATION_MODE)),
        (r#"{"operationMode":7}"#, Err(error::OPERATION_MODE)),
        (r#"{"operationMode":"A","validity_period":"50"}"#, Err(error::VALIDITY_PERIOD)),
        (r#"{"operationMode":"A","validity_period":9}"#, Err(error::VALIDITY_PERIOD_BOUNDS)),
        (r#"{"operationMode":"A","validity_period":101}"#, Err(error::VALIDITY_PERIOD_BOUNDS)),
        (r#"{"operationMode":"A","validity_period":-50}"#, Err(error::VALIDITY_PERIOD_BOUNDS)),
        (r#"{"operationMode":"A","response_uri":7}"#, Err(error::RESPONSE_URI)),
    ] {
        both(body, |ask| assert_eq!(ask.mode(&bounds), mode, "{body}"));
    }
}

#[test]
fn a_sad_of_another_service_is_no_sad() {
    both(r#"{"SAD":"dummy"}"#, |ask| assert_eq!(ask.sad().unwrap_err(), error::SAD));
    both(r#"{"SAD":7}"#, |ask| assert_eq!(ask.sad().unwrap_err(), error::SAD_MISSING));
}

#[test]
fn debug_of_a_request_shows_no_secret() {
    let shown = format!("{:?}", ask(r#"{"PIN":"31415926","SAD":"sad_secret"}"#, Version::V1));
    assert!(!shown.contains("31415926") && !shown.contains("secret"), "{shown}");
}

proptest! {
    #[test]
    fn asking_never_panics(body in r#"\{("(hash|PIN|SAD|signAlgo|numSignatures|authData|certificates)":(1|"x"|\[\]|\["AA=="\]|\{\}|null),?){0,4}\}"#) {
        if let Ok(ask) = Ask::parse(body.as_bytes(), Version::V2, LIMITS) {
            let _ = (ask.hashes(), ask.signatures(9), ask.approved(Scal::One, 1), ask.digests(KeyType::P256));
            let _ = (ask.stampable().is_ok(), ask.polled(), ask.polled_user(), ask.polled_client_data());
            let _ = (ask.authentication(&Expression::object("PIN").and(Expression::object("OTP"))), ask.sad(), ask.wanted(), ask.login(), ask.token(), ask.max_results(10));
        }
    }
}
