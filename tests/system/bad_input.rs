//! What is wrong is answered with the standard's status, code and sentence, in the words of the URL's version; nothing
//! is signed, no PIN is judged, and the right request works right after.

mod transport;

use harness::api::{authorize, sign_hash};
use harness::verify::{Sha, pss_params};
use harness::{Algorithm, Answer, Credential, Hash, Version, Wanted, shared};
use serde_json::{Value, json};

use crate::common::Outsider;
use crate::rows::{Row, ask, row, spelled};

const LONG: &str = "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.";
const LONG_CAPITALS: &str = "The request is missing a REQUIRED parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.";
const HEADER_V2: &str = "Malformed authorization header";
const CREDENTIAL_MISSING: &str = "Missing (or invalid type) string parameter credentialID";
const CREDENTIAL: &str = "Invalid parameter credentialID";
const SAD: &str = "Invalid parameter SAD";
const NOT_AUTHORIZED: [&str; 2] = ["Hash is not authorized by the SAD.", "Hash is not authorized by the SAD"];

/// A body with one member changed; null takes it away (and means the same to the service).
fn but(body: &Value, name: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[name] = value;
    body
}

/// Nothing was signed and no PIN was judged, and the credential works.
async fn is_untouched(who: &Outsider) {
    let trail = shared().trail();
    let of = |event: &'static str, outcome| {
        let entries = trail.of(event, outcome).filter(|entry| entry["credential"] == *who.credential.id);
        entries.count()
    };
    assert_eq!(of("signed", "success") + of("authorized", "success") + of("authorized", "failure"), 0);
    who.can_sign().await;
}

#[tokio::test]
async fn a_12_authorize_answers_by_its_rows() {
    let who = Outsider::enrol("rows", Wanted::QUICK).await;
    let hash = Hash::of("rows");
    let right = authorize(&who.credential, &who.credential.pin, std::slice::from_ref(&hash));
    let two = [hash.base64(), hash.base64()];
    let missing = "Missing (or invalid type) array parameter hash";
    let integer = "Missing (or invalid type) integer parameter numSignatures";
    let rows = vec![
        row(json!({}), CREDENTIAL_MISSING),
        row(but(&right, "credentialID", Value::Null), CREDENTIAL_MISSING),
        row(but(&right, "credentialID", json!(7)), CREDENTIAL_MISSING),
        row(but(&right, "credentialID", json!([who.credential.id])), CREDENTIAL_MISSING),
        row(but(&right, "credentialID", json!("")), CREDENTIAL),
        row(but(&right, "credentialID", json!("../etc/passwd")), CREDENTIAL),
        row(but(&right, "credentialID", json!("x".repeat(100_000))), CREDENTIAL),
        row(but(&right, "numSignatures", Value::Null), integer),
        row(but(&right, "numSignatures", json!("1")), integer),
        row(but(&right, "numSignatures", json!(1.5)), integer),
        row(but(&right, "numSignatures", json!(true)), integer),
        row(but(&right, "hash", Value::Null), missing),
        row(but(&right, "hash", json!(hash.base64())), missing),
        row(but(&right, "hash", json!({ "0": hash.base64() })), missing),
        row(but(&right, "hash", json!([])), "Empty hash array"),
        row(but(&right, "hash", json!([7])), "Invalid Base64 hash string parameter"),
        row(but(&right, "hash", json!([""])), "Invalid Base64 hash string parameter"),
        row(but(&right, "hash", json!(["not Base64"])), "Invalid Base64 hash string parameter"),
        row(but(&right, "hash", json!(["AAAA\nAAAA"])), "Invalid Base64 hash string parameter"),
        row(but(&right, "hash", json!([vec![hash.base64()]])), "Invalid Base64 hash string parameter"),
        row(but(&right, "hash", json!(["AAAA"])), "Invalid digest value length"),
        row(but(&right, "hashAlgo", json!(Sha::Sha512.oid())), "Invalid digest value length"),
        Row(
            but(&right, "hashAlgo", json!("1.3.14.3.2.26")),
            ["Invalid parameter hashAlgo", "Invalid parameter hashAlgorithmOID"],
        ),
        Row(
            but(&right, "hashAlgo", json!("SHA-256")),
            ["Invalid parameter hashAlgo", "Invalid parameter hashAlgorithmOID"],
        ),
        row(but(&right, "hash", json!(two)), "Invalid value for parameter numSignatures"),
        row(but(&right, "numSignatures", json!(2)), "Invalid value for parameter numSignatures"),
    ];
    ask(&who.session, "credentials/authorize", rows).await;
    is_untouched(&who).await;
}

#[tokio::test]
async fn a_12_no_count_but_that_of_the_hashes() {
    let who = Outsider::enrol("counts", Wanted { multisign: 10, ..Wanted::QUICK }).await;
    let right = authorize(&who.credential, &who.credential.pin, &[Hash::of("counts")]);
    let rows = vec![
        row(but(&right, "numSignatures", json!(0)), "Invalid value for parameter numSignatures"),
        row(but(&right, "numSignatures", json!(-1)), "Invalid value for parameter numSignatures"),
        row(but(&right, "numSignatures", json!(i64::MIN)), "Invalid value for parameter numSignatures"),
        row(but(&right, "numSignatures", json!(11)), "Numbers of signatures is too high"),
        row(but(&right, "numSignatures", json!(1_u64 << 32 | 1)), "Numbers of signatures is too high"),
        row(but(&right, "numSignatures", json!(u64::MAX)), "Numbers of signatures is too high"),
        row(
            authorize(&who.credential, &who.credential.pin, &Hash::many("counts", 11)),
            "Numbers of signatures is too high",
        ),
    ];
    ask(&who.session, "credentials/authorize", rows).await;
    is_untouched(&who).await;
}

#[tokio::test]
async fn a_pin_that_is_no_string_is_wrong_and_costs_no_try() {
    let who = Outsider::enrol("typed", Wanted::QUICK).await;
    let right = authorize(&who.credential, &who.credential.pin, &[Hash::of("typed")]);
    let bodies = [
        ("v1", but(&right, "PIN", Value::Null)),
        ("v1", but(&right, "PIN", json!(12_345_678))),
        ("v1", but(&right, "PIN", json!([who.credential.pin]))),
        ("v2", but(&but(&right, "PIN", Value::Null), "authData", json!([]))),
        (
            "v2",
            but(&but(&right, "PIN", Value::Null), "authData", json!([{ "id": "OTP", "value": who.credential.pin }])),
        ),
        ("v2", but(&but(&right, "PIN", Value::Null), "authData", json!([{ "id": "PIN" }]))),
        ("v2", but(&but(&right, "PIN", Value::Null), "authData", json!({ "id": "PIN", "value": who.credential.pin }))),
    ];
    for (version, body) in bodies {
        let heard = who.session.call(&format!("{version}/credentials/authorize"), body.clone()).await;
        let expected = if version == "v1" {
            (400, "invalid_pin", "The PIN is invalid")
        } else {
            (400, "invalid_authentication_data", "The authentication data is invalid")
        };
        assert_eq!(heard.error(), expected, "{body}");
    }
    is_untouched(&who).await;
}

#[tokio::test]
async fn sign_hash_answers_by_its_rows_and_the_sad_stays_good() {
    let who = Outsider::enrol("sign-rows", Wanted { key: "RSA-2048", ..Wanted::QUICK }).await;
    let hash = Hash::of("sign rows");
    let sad = who.session.authorize(&who.credential, std::slice::from_ref(&hash)).await;
    let right = sign_hash(&who.credential, &sad, &Algorithm::pkcs1(Sha::Sha256), std::slice::from_ref(&hash));
    let bare = but(&right, "signAlgo", json!("1.2.840.113549.1.1.1"));
    let pss = but(&right, "signAlgo", json!("1.2.840.113549.1.1.10"));
    let params = |octets: &[u8]| but(&pss, "signAlgoParams", json!(data_encoding::BASE64.encode(octets)));
    let sad_missing = "Missing (or invalid type) string parameter SAD";
    let missing = "Missing (or invalid type) array parameter hash";
    let algo_missing = "Missing (or invalid type) string parameter signAlgo";
    let hash_algo_missing = [
        "Missing (or invalid type) string parameter hashAlgo",
        "Missing (or invalid type) string parameter hashAlgorithmOID",
    ];
    let hash_algo = ["Invalid parameter hashAlgo", "Invalid parameter hashAlgorithmOID"];
    let no_params = "Missing (or invalid type) string parameter signAlgoParams";
    let bad_params = "Invalid parameter signAlgoParams";
    let rows = vec![
        row(json!({}), sad_missing),
        row(but(&right, "SAD", Value::Null), sad_missing),
        row(but(&right, "SAD", json!(7)), sad_missing),
        row(but(&right, "SAD", json!("dummy")), SAD),
        row(but(&right, "credentialID", Value::Null), CREDENTIAL_MISSING),
        row(but(&right, "credentialID", json!({})), CREDENTIAL_MISSING),
        row(but(&right, "credentialID", json!("nobody's")), CREDENTIAL),
        row(but(&right, "hash", Value::Null), missing),
        row(but(&right, "hash", json!("x")), missing),
        row(but(&right, "hash", json!([])), "Empty hash array"),
        row(but(&right, "hash", json!(["%%%%"])), "Invalid Base64 hash string parameter"),
        row(but(&right, "hash", json!([hash.base64().trim_end_matches('=')])), "Invalid Base64 hash string parameter"),
        row(but(&right, "signAlgo", Value::Null), algo_missing),
        row(but(&right, "signAlgo", json!([11])), algo_missing),
        row(but(&right, "signAlgo", json!("sha256WithRSAEncryption")), "Invalid parameter signAlgo"),
        // not of this key, and too weak for any.
        row(but(&right, "signAlgo", json!("1.2.840.10045.4.3.2")), "Invalid parameter signAlgo"),
        row(but(&right, "signAlgo", json!("1.2.840.113549.1.1.5")), "Invalid parameter signAlgo"),
        row(pss.clone(), no_params),
        row(but(&pss, "signAlgoParams", json!(7)), no_params),
        row(params(b""), bad_params),
        row(params(&[0x30, 0]), bad_params),
        row(params(&pss_params(Sha::Sha256, Sha::Sha512, 32)), bad_params),
        row(params(&pss_params(Sha::Sha256, Sha::Sha256, 223)), bad_params),
        Row(bare.clone(), hash_algo_missing),
        Row(but(&bare, "hashAlgo", json!(7)), hash_algo_missing),
        Row(but(&bare, "hashAlgo", json!("1.3.14.3.2.26")), hash_algo),
        Row(but(&bare, "hashAlgo", json!("x")), hash_algo),
        row(but(&right, "hash", json!([Hash::with(Sha::Sha512, "x").base64()])), "Invalid digest value length"),
        row(but(&bare, "hashAlgo", json!(Sha::Sha384.oid())), "Invalid digest value length"),
        row(but(&right, "signAlgo", json!("1.2.840.113549.1.1.13")), "Invalid digest value length"),
        Row(but(&right, "hash", json!([Hash::of("another").base64()])), NOT_AUTHORIZED),
        // more than was approved.
        Row(but(&right, "hash", json!([hash.base64(), Hash::of("another").base64()])), NOT_AUTHORIZED),
    ];
    ask(&who.session, "signatures/signHash", rows).await;
    let odd = but(&right, "clientData", json!({}));
    let heard = who.session.call("v1/signatures/signHash", odd).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter clientData"));
    let mode = but(&spelled(Version::V2, &right), "operationMode", json!("B"));
    let heard = who.session.call("v2/signatures/signHash", mode).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter operationMode"));
    // After all that it is still good for what it was given for.
    who.verifies(
        &Algorithm::pkcs1(Sha::Sha256),
        &hash,
        &harness::api::signatures(&who.session.call("v1/signatures/signHash", right).await.ok())[0],
    );
}

#[tokio::test]
async fn extend_transaction_answers_with_the_sentences_of_sign_hash() {
    let who = Outsider::enrol("extend-rows", Wanted::QUICK).await;
    let hash = Hash::of("extend rows");
    let sad = who.session.authorize(&who.credential, std::slice::from_ref(&hash)).await;
    let right = json!({ "credentialID": who.credential.id, "SAD": sad, "hash": [hash.base64()] });
    let rows = vec![
        row(but(&right, "SAD", Value::Null), "Missing (or invalid type) string parameter SAD"),
        row(but(&right, "SAD", json!("sad_x")), SAD),
        row(but(&right, "credentialID", Value::Null), CREDENTIAL_MISSING),
        row(but(&right, "credentialID", json!("x")), CREDENTIAL),
        row(but(&right, "hash", Value::Null), "Missing (or invalid type) array parameter hash"),
        row(but(&right, "hash", json!([])), "Empty hash array"),
        row(but(&right, "hash", json!(["AAAA"])), "Invalid digest value length"),
        // what was not approved cannot be slipped in.
        Row(but(&right, "hash", json!([Hash::of("another").base64()])), NOT_AUTHORIZED),
    ];
    ask(&who.session, "credentials/extendTransaction", rows).await;
    assert_eq!(who.session.sign(&who.credential, &sad, &Algorithm::usual("P-256"), &[hash]).await.len(), 1);
}

#[tokio::test]
async fn info_list_and_revoke_answer_by_their_rows() {
    let who = Outsider::enrol("other-rows", Wanted::QUICK).await;
    let id = &who.credential.id;
    let certificates = "Invalid parameter certificates";
    let rows = vec![
        row(json!({}), CREDENTIAL_MISSING),
        row(json!({ "credentialID": 7 }), CREDENTIAL_MISSING),
        row(json!({ "credentialID": "x" }), CREDENTIAL),
        row(json!({ "credentialID": id, "certificates": "all" }), certificates),
        row(json!({ "credentialID": id, "certificates": 1 }), certificates),
    ];
    ask(&who.session, "credentials/info", rows).await;

    let rows = vec![
        row(json!({ "userID": who.user.id }), "userID parameter MUST be null"),
        row(json!({ "pageToken": "x" }), "Invalid parameter pageToken"),
        row(json!({ "pageToken": 7 }), "Invalid parameter pageToken"),
    ];
    ask(&who.session, "credentials/list", rows).await;
    let heard = who.session.call("v2/credentials/list", json!({ "certificates": "all" })).await;
    assert_eq!(heard.error(), (400, "invalid_request", certificates));

    let app = shared().api().client(shared().ready.client("legacy", "clear")).await;
    let user = "Invalid parameter userID";
    let rows = vec![row(json!({ "userID": "x" }), user), row(json!({ "userID": 7 }), user), row(json!({}), user)];
    ask(&app, "credentials/list", rows).await;

    let token = "Missing (or invalid type) string parameter token";
    let unknown = "Invalid string parameter token";
    let rows = vec![
        row(json!({}), token),
        row(json!({ "token": 7 }), token),
        row(
            json!({ "token": who.session.token, "token_type_hint": "id_token" }),
            "Invalid string parameter token_type_hint",
        ),
        row(json!({ "token": "x" }), unknown),
        row(json!({ "token": "st_x" }), unknown),
        // Another client's.
        row(json!({ "token": app.token }), unknown),
    ];
    ask(&who.session, "auth/revoke", rows).await;
    is_untouched(&who).await;
}

/// What an answer says, without what is of this one answer alone.
fn told(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status, answer.json.to_string(), headers)
}

#[tokio::test]
async fn a_17_a_foreign_credential_looks_like_none() {
    let (mine, other) = (Outsider::enrol("mine", Wanted::QUICK).await, Outsider::enrol("other", Wanted::QUICK).await);
    let app = shared().operator().add_client(&format!("app-{}", mine.user.username), "clear", false);
    shared().operator().link(&app, &mine.user.id);
    let app = mine.session.api.client(&app).await;
    let unknown = Credential { id: "0123456789abcdef0123456789abcdef".to_owned(), ..other.credential.clone() };
    let hash = [Hash::of("foreign")];
    let sad = mine.session.authorize(&mine.credential, &hash).await;
    for session in [&mine.session, &app] {
        for version in Version::BOTH {
            let bodies = |credential: &Credential| {
                [
                    ("credentials/info", json!({ "credentialID": credential.id })),
                    ("credentials/authorize", authorize(credential, &other.credential.pin, &hash)),
                    (
                        "credentials/extendTransaction",
                        json!({ "credentialID": credential.id, "SAD": sad, "hash": [hash[0].base64()] }),
                    ),
                    ("signatures/signHash", sign_hash(credential, &sad, &Algorithm::usual("P-256"), &hash)),
                ]
            };
            for ((method, foreign), (_, none)) in bodies(&other.credential).into_iter().zip(bodies(&unknown)) {
                let method = format!("{}/{method}", version.segment());
                let foreign = session.call(&method, spelled(version, &foreign)).await;
                let none = session.call(&method, spelled(version, &none)).await;
                assert_eq!(foreign.error(), (400, "invalid_request", CREDENTIAL), "{method}");
                assert_eq!(told(&foreign), told(&none), "{method}");
            }
        }
    }
    let foreign = app.call("v1/credentials/list", json!({ "userID": other.user.id })).await;
    let none = app.call("v1/credentials/list", json!({ "userID": "0123456789abcdef0123456789abcdef" })).await;
    assert_eq!(told(&foreign), told(&none));
    is_untouched(&other).await;
}
