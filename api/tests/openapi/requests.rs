//! Bodies that apps send: what a schema takes the code reads, and what the schema refuses the code refuses.

use rsign_api::algorithm::KeyType;
use rsign_api::csc::documents::{Offer, Wrong};
use rsign_api::csc::expression::Expression;
use rsign_api::csc::signatures::Validities;
use rsign_api::csc::{Ask, Limits};
use rsign_api::document::{Envelope, Format, Level};
use rsign_api::error::Fault;
use rsign_api::signer::Scal;
use rsign_api::version::Version;
use serde_json::{Value, json};

use super::{csc, examples};

const LIMITS: Limits = Limits { depth: 16, hashes: 1000 };

/// As a gateway has them by default.
const VALIDITIES: Validities = Validities { shortest: 1000, longest: 86_400_000, usual: 3_600_000 };

/// A service that can do everything.
const OFFER: Offer<'static> = Offer {
    formats: &[
        (Format::Cades, &[Envelope::Attached, Envelope::Detached]),
        (Format::Pades, &[Envelope::Revision]),
        (Format::Jades, &[Envelope::Attached]),
        (Format::Xades, &[Envelope::Enveloped]),
    ],
    levels: &Level::ALL,
    highest: &|_, _| Level::Lta,
    unsayable: &|_, _, _| Vec::new(),
};

/// Asks a body all that the method of this request asks, without regard to any credential.
fn read(schema: &str, ask: &Ask<'_>, body: &Value, key: KeyType) -> Result<(), Fault> {
    match schema {
        "LoginRequest" => ask.login().map(drop),
        "RevokeRequest" => ask.token().map(drop),
        "ListRequest" => {
            ask.page_token()?;
            ask.user()?;
            ask.wanted().map(drop)
        }
        "CredentialRequest" => {
            ask.credential()?;
            ask.wanted().map(drop)
        }
        "AuthorizeRequest" => {
            ask.credential()?;
            ask.signatures(u32::MAX)?;
            ask.approved(Scal::One, u32::MAX)?;
            // Which it is the credential says.
            let one = Expression::object("PIN");
            let read = [one.clone(), one.and(Expression::object("OTP"))];
            let read = read.map(|expression| ask.authentication(&expression));
            let [pin, both] = read;
            if brings_pin(body) { pin.or(both).map(drop) } else { ask.description().map(drop) }
        }
        "HandleRequest" => ask.handle().map(drop),
        "SendOtpRequest" => ask.credential().map(drop),
        "ChallengeRequest" => {
            ask.credential()?;
            ask.auth_object().map(drop)
        }
        "CreateRequest" => {
            ask.creation()?;
            ask.wanted().map(drop)
        }
        "DeleteRequest" => ask.deletion().map(drop),
        "ExtendRequest" => {
            ask.sad()?;
            ask.credential()?;
            ask.renewed(Scal::One).map(drop)
        }
        "SignHashRequest" => {
            ask.optional_sad()?;
            ask.credential()?;
            ask.digests(key)?;
            ask.mode(&VALIDITIES).map(drop)
        }
        "SignDocRequest" => {
            ask.optional_sad()?;
            // A qualifier may stand for a credential.
            if ask.qualifier()?.is_none() {
                ask.credential()?;
            }
            let documents = ask.documents(key, &OFFER).map(drop);
            documents.map_err(|wrong| match wrong {
                Wrong::Row(fault) | Wrong::Entry(fault, _) => fault,
                Wrong::Properties(_) => rsign_api::error::MALFORMED,
            })?;
            ask.mode(&VALIDITIES).map(drop)
        }
        "PollingRequest" => {
            ask.polled()?;
            ask.polled_client_data()
        }
        "TimestampRequest" => ask.stampable().map(drop),
        other => panic!("{other} is read by nobody here"),
    }
}

/// Whether somebody has typed a PIN into the app; otherwise its user is asked.
fn brings_pin(body: &Value) -> bool {
    let values = body["authData"].as_array().into_iter().flatten();
    !body["PIN"].is_null() || values.into_iter().any(|object| !object["value"].is_null())
}

/// Whether the code takes this body, with whichever key there is.
fn is_read(schema: &str, body: &Value, version: Version) -> bool {
    let text = body.to_string();
    let keys = [KeyType::Rsa4096, KeyType::P521];
    keys.into_iter()
        .any(|key| Ask::parse(text.as_bytes(), version, LIMITS).and_then(|ask| read(schema, &ask, body, key)).is_ok())
}

/// Where a document says less than the code, or more, and why.
fn differs(schema: &str, member: &str, value: &Value, body: &Value) -> bool {
    // The examples name SHA-256; that another digest does not fit it no schema says.
    let other = value[0].as_str().is_some_and(|digest| [64, 88].contains(&digest.len()));
    if other && (schema == "SignHashRequest" || body["hashAlgorithmOID"].is_string()) {
        return true;
    }
    match (schema, member) {
        // What is no string is a user there is not; the gateway says so.
        ("PollingRequest", "userID") => true,
        // Where neither it nor a qualifier is there, nothing says whose key is meant.
        ("SignDocRequest", "credentialID") => value.is_string() || value.is_null(),
        // An id that is too short or too long is an unknown one.
        (_, "credentialID" | "userID") => value.is_string(),
        // The gateway looks into it later.
        ("ListRequest", "pageToken") => value.is_string(),
        // That it is DER no schema can say.
        ("SignHashRequest", "signAlgoParams") => value.is_string(),
        // Without a PIN it is a wrong one, which no schema says: credentials may come that take none.
        ("AuthorizeRequest", "PIN") => value.is_null(),
        ("AuthorizeRequest", "authData") => true,
        // The credential says whether there is one.
        ("AuthorizeRequest", "OTP") => true,
        // Which there are the credential says.
        ("ChallengeRequest", "authObjectID") => value.is_string(),
        // It matters where the user is asked, and only there.
        ("AuthorizeRequest", "description") => true,
        // Whether it is the algorithm's own function no schema says; what is no string counts as absent.
        ("SignDocRequest", "hashAlgorithmOID") => value.is_string(),
        // Each digest fits one of the functions, but not the one that is named.
        ("AuthorizeRequest" | "ExtendRequest", "hashAlgo" | "hashAlgorithmOID") => true,
        ("SignHashRequest", "hashAlgo" | "hashAlgorithmOID" | "signAlgo") => value.is_string(),
        _ => false,
    }
}

fn odd_values() -> Vec<Value> {
    let digest = |octets: usize| data_encoding::BASE64.encode(&vec![7; octets]);
    let many: Vec<String> = vec![digest(32); 1001];
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(4_294_967_295_u32),
        json!(4_294_967_296_u64),
        json!(""),
        json!("?"),
        json!("none"),
        json!("S"),
        json!("A"),
        json!("sad_"),
        json!("rt_x"),
        json!("refresh_token"),
        json!("2.16.840.1.101.3.4.2.1"),
        json!("1.2.840.113549.1.1.1"),
        json!([]),
        json!({}),
        json!([7]),
        json!(["?"]),
        json!([digest(31)]),
        json!([digest(32)]),
        json!([digest(48), digest(48)]),
        json!([digest(64)]),
        json!([format!("{}\n", digest(32))]),
        json!([digest(32).trim_end_matches('=')]),
        json!([digest(32).replace("c=", "d=")]),
        json!(many),
        json!(many[..1000]),
    ]
}

#[test]
fn every_example_is_read() {
    for (judge, version) in csc().iter().zip([Version::V1, Version::V2]) {
        let mut count = 0;
        examples(&judge.document, "requestBody", &mut |schema, example| {
            if !schema.ends_with("Request") || ["InfoRequest", "PushRequest", "TokenRequest"].contains(&schema) {
                return;
            }
            assert!(is_read(schema, example, version), "{schema} {example}");
            count += 1;
        });
        assert!(count >= 13, "{count}");
    }
}

#[test]
fn the_schema_and_the_code_take_the_same() {
    let (mut taken, mut refused) = (0, 0);
    for (judge, version) in csc().iter().zip([Version::V1, Version::V2]) {
        let schemas = &judge.document.value["components"]["schemas"];
        examples(&judge.document, "requestBody", &mut |schema, example| {
            if !schema.ends_with("Request") || ["InfoRequest", "PushRequest", "TokenRequest"].contains(&schema) {
                return;
            }
            let members = schemas[schema]["properties"].as_object().unwrap();
            let other = json!({ "nobody": {} });
            for member in members.keys().chain(other.as_object().unwrap().keys()) {
                for value in odd_values().into_iter().map(Some).chain([None]) {
                    let mut body = example.clone();
                    match &value {
                        Some(value) => body[member] = value.clone(),
                        None => drop(body.as_object_mut().unwrap().remove(member)),
                    }
                    if differs(schema, member, value.as_ref().unwrap_or(&Value::Null), &body) {
                        continue;
                    }
                    let faults = judge.schema(schema, false, &body);
                    let is_read = is_read(schema, &body, version);
                    assert_eq!(faults.is_empty(), is_read, "{version:?} {schema} {member} {value:?}: {faults:?}");
                    if is_read { taken += 1 } else { refused += 1 }
                }
            }
        });
    }
    assert!(taken > 1000 && refused > 500, "{taken} {refused}");
}
