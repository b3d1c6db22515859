//! What a sentence is in each version, and those that are made of parts.

use super::*;

#[test]
fn versions_differ_where_the_texts_do() {
    assert_eq!(PIN.body(Version::V1), ErrorBody::new("invalid_pin", "The PIN is invalid"));
    assert_eq!(PIN.code(Version::V2), "invalid_authentication_data");
    assert_eq!(OTP.body(Version::V1), ErrorBody::new("invalid_otp", "The OTP is invalid"));
    assert_eq!(OTP.body(Version::V2), PIN.body(Version::V2));
    assert_eq!(HEADER.sentence(Version::V1), LONG);
    assert_eq!(HEADER.sentence(Version::V2), "Malformed authorization header");
    assert!(HASH_NOT_AUTHORIZED.sentence(Version::V1).ends_with('.'));
    assert!(!HASH_NOT_AUTHORIZED.sentence(Version::V2).ends_with('.'));
}

#[test]
fn every_body_says_its_sentence_twice() {
    let body = serde_json::to_value(SAD_EXPIRED.body(Version::V2)).unwrap();
    assert_eq!(body["error_description"], body["message"]);
    assert_eq!(body_too_long(512 * 1024).message, "The body is longer than 512 KiB");
    assert_eq!(body_too_long(1000).message, "The body is longer than 1000 octets");
    assert_eq!(signed_properties(&["a", "<b>", "a"]).message, "Invalid parameter signed_props (a, b)");
    assert_eq!(
        certificate_expired(Version::V1, "ACME", "Ann Lee").message,
        "Signing certificate 'O=ACME,CN=Ann Lee' is expired."
    );
}
