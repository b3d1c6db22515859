//! The JSON shapes: one spelling of octets, no member that is not known.

use super::super::wire::{HelloAnswer, HelloRequest, RecordAnswer, RecordRequest, State};
use super::{offered, vector};

#[test]
fn shapes() {
    let request = HelloRequest { hello: vec![0xfb, 0xff].into() };
    assert_eq!(serde_json::to_string(&request).unwrap(), r#"{"hello":"-_8"}"#);
    let (_, answer) = offered();
    let text = serde_json::to_string(&answer).unwrap();
    assert_eq!(serde_json::from_str::<HelloAnswer>(&text).unwrap(), answer);
    let first = r#"{"finished":"AA","record":"AQ"}"#;
    let next = r#"{"record":"AQ"}"#;
    for text in [first, next] {
        let request: RecordRequest = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&request).unwrap(), text);
    }
    let answer = r#"{"record":"AQ","state":"done"}"#;
    let read: RecordAnswer = serde_json::from_str(answer).unwrap();
    assert_eq!((read.record.0.as_slice(), read.state), (&[1][..], State::Done));
    assert_eq!(serde_json::to_string(&read).unwrap(), answer);
}

#[test]
fn another_spelling_is_refused() {
    for (text, why) in [
        (r#"{"hello":"AQ=="}"#, "padding"),
        (r#"{"hello":"+/8"}"#, "the other alphabet"),
        (r#"{"hello":"AR"}"#, "bits left over"),
        (r#"{"hello":"A"}"#, "half an octet"),
        (r#"{"hello":" AQ"}"#, "a space"),
        (r#"{"hello":[1]}"#, "no string"),
        (r#"{"hello":"AQ","grant":""}"#, "a member that is not known"),
        (r#"{"hello":"AQ","hello":"AQ"}"#, "a member twice"),
        ("{}", "no member"),
    ] {
        assert!(serde_json::from_str::<HelloRequest>(text).is_err(), "{why}");
    }
}

#[test]
fn debug_shows_lengths_only() {
    let request = HelloRequest { hello: vector("/ClientHello").into() };
    assert_eq!(format!("{request:?}"), "HelloRequest { hello: [137 bytes] }");
}
