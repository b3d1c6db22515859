//! What refusals are called.

use axum::http::header;
use rsign_api::version::Version;

use super::*;

fn said(refusal: Refusal, version: Version) -> (u16, &'static str, String) {
    let problem = refused(refusal);
    let body = problem.body(version);
    (problem.status().as_u16(), body.error, body.error_description)
}

#[test]
fn refusals_speak_the_language_of_the_version() {
    let pin = |version| said(Refusal::WrongPin, version);
    assert_eq!(pin(Version::V1), (400, "invalid_pin", "The PIN is invalid".to_owned()));
    assert_eq!(pin(Version::V2), (400, "invalid_authentication_data", "The authentication data is invalid".to_owned()));
    assert_eq!(said(Refusal::PinLocked, Version::V1).2, "PIN locked");
    assert_eq!(said(Refusal::PinLocked, Version::V2).2, "Credential locked");
    assert_eq!(said(Refusal::WrongFactor, Version::V1), (400, "invalid_otp", "The OTP is invalid".to_owned()));
    assert_eq!(said(Refusal::WrongFactor, Version::V2), pin(Version::V2));
    assert_eq!(said(Refusal::FactorLocked, Version::V1).2, "OTP locked");
    assert_eq!(said(Refusal::FactorLocked, Version::V2).2, "Credential locked");
}

#[test]
fn what_is_busy_says_when_to_come_back() {
    let response = refused(Refusal::Busy).response(Version::V2);
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
}

#[test]
fn tampering_is_our_fault_and_is_logged() {
    let problem = refused(Refusal::ForeignKey);
    assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(problem.chain().unwrap().contains("wrapped key"));
}
