//! What may be wrong with signatures, of hashes and of documents, and with time-stamps.

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::{Fault, answer, authorized_hashes, drop_member, request, turn};
use crate::proxy::{Asked, Memory, Told};

pub(super) static FAULTS: &[Fault] = &[
    answer("sign.algorithms", "makes one algorithm's signatures wrong", |asked, told, _| {
        if told.status == 200 && asked.is("signatures/signHash") && asked.json()["signAlgo"] == "1.2.840.10045.4.3.3" {
            turn(told, 0);
        }
    }),
    answer("sign.algorithms", "makes wrong signatures with RSASSA-PSS", |asked, told, _| {
        if told.status == 200 && asked.is("signatures/signHash") && asked.json()["signAlgo"] == "1.2.840.113549.1.1.10"
        {
            turn(told, 0);
        }
    }),
    answer("sign.algorithms", "makes wrong signatures with PKCS#1", |asked, told, _| {
        if told.status == 200 && asked.is("signatures/signHash") && asked.json()["signAlgo"] == "1.2.840.113549.1.1.1" {
            turn(told, 0);
        }
    }),
    member!("sign.hash.batch", "mixes the order up", "signatures/signHash", |body| {
        body["signatures"].as_array_mut().unwrap().swap(3, 4);
    }),
    member!("sign.hash.batch", "answers a signature too few", "signatures/signHash", |body| {
        body["signatures"].as_array_mut().unwrap().pop();
    }),
    member!("sign.ecdsa.der", "writes r and s side by side", "signatures/signHash", |body| {
        body["signatures"][0] = json!(BASE64.encode(&[7; 64]));
    }),
    answer("sign.hash.errors", "has a code of its own for bad Base64", |asked, told, _| {
        if asked.is("signatures/signHash") && told.json()["error_description"] == "Invalid Base64 hash string parameter"
        {
            told.edit(|body| body["error"] = json!("invalid_hash"));
        }
    }),
    words!("sign.hash.sentences", "signatures/signHash"),
    request("misuse.no_sad", "signs for whoever has a token", |asked, memory| {
        if let (true, Some((_, given))) = (asked.is("signatures/signHash"), memory.last("credentials/authorize")) {
            let sad = given.json()["SAD"].clone();
            asked.edit(|body| body["SAD"] = sad);
        }
        None
    }),
    request("misuse.other_hash", "signs other hashes", |asked, memory| {
        authorized_hashes(asked, memory, "credentials/authorize");
        None
    }),
    request("misuse.too_many", "signs more than was authorized", |asked, memory| {
        authorized_hashes(asked, memory, "credentials/authorize");
        None
    }),
    answer("misuse.spent", "makes a second signature of a spent SAD", |asked, told, memory| {
        if asked.is("signatures/signHash") && told.status == 200 && memory.last("signatures/signHash").is_some() {
            turn(told, 0);
        }
    }),
    request("misuse.other_credential", "does not look for which credential a SAD is", |asked, memory| {
        if let (true, Some((authorized, _))) = (asked.is("signatures/signHash"), memory.last("credentials/authorize")) {
            let id = authorized.json()["credentialID"].clone();
            asked.edit(|body| body["credentialID"] = id);
        }
        None
    }),
    request("misuse.other_client", "does not look whose client's SAD it is", owner),
    request("misuse.other_user", "does not look whose SAD it is", owner),
    request("misuse.expired", "signs with expired SADs", |asked, _| {
        asked.headers.insert("x-ignores-expiry", "yes".parse().unwrap());
        None
    }),
    // --- later, and of documents ---
    answer("async.delivers", "delivers wrong signatures", |asked, told, _| {
        if asked.is("signatures/signPolling") && told.status == 200 {
            turn(told, 0);
        }
    }),
    request("async.refused", "signs at once though it was asked for mode A", |asked, _| {
        if asked.is("signatures/signHash") {
            asked.edit(|body| drop_member(body, "operationMode"));
        }
        None
    }),
    request("async.errors", "takes any validity_period", |asked, _| {
        if asked.is("signatures/signHash") {
            asked.edit(|body| drop_member(body, "validity_period"));
        }
        None
    }),
    words!("async.sentences", "signatures/signHash"),
    request("async.inside", "calls addresses inside", |asked, _| {
        if asked.is("signatures/signHash") {
            asked.edit(|body| drop_member(body, "response_uri"));
        }
        None
    }),
    code!("async.polling.errors", "signatures/signPolling"),
    words!("async.polling.sentences", "signatures/signPolling"),
    answer("documents.cades", "signs wrongly", |asked, told, _| {
        if asked.is("signatures/signDoc") && told.status == 200 {
            told.edit(|body| {
                let list = if body["SignatureObject"].is_null() { "DocumentWithSignature" } else { "SignatureObject" };
                let mut object = BASE64.decode(body[list][0].as_str().unwrap().as_bytes()).unwrap();
                *object.last_mut().unwrap() ^= 1;
                body[list][0] = json!(BASE64.encode(&object));
            });
        }
    }),
    answer("documents.cades", "puts a signature in the other list", |asked, told, _| {
        if asked.is("signatures/signDoc") && told.status == 200 {
            told.edit(|body| {
                let moved = body["SignatureObject"].take();
                drop_member(body, "SignatureObject");
                body["DocumentWithSignature"] = moved;
            });
        }
    }),
    request("documents.foreign", "signs whatever digest it is given", |asked, memory| {
        if let Some((authorized, _)) = memory.last("credentials/authorize")
            && asked.is("signatures/signDoc")
        {
            let list = authorized.hashes();
            asked.edit(|body| body["documentDigests"][0]["hashes"] = list);
        }
        None
    }),
    request("documents.levels", "signs at the lowest level whatever is asked for", |asked, _| {
        lower(asked, "AdES-B-B");
        None
    }),
    request("documents.levels", "keeps nothing to verify with", |asked, _| {
        lower(asked, "AdES-B-T");
        None
    }),
    request("documents.levels", "archives nothing", |asked, _| {
        if asked.json()["documentDigests"][0]["conformance_level"] == "AdES-B-LTA" {
            lower(asked, "AdES-B-LT");
        }
        None
    }),
    code!("documents.errors", "signatures/signDoc"),
    words!("documents.sentences", "signatures/signDoc"),
    request("timestamp.token", "stamps something else", |asked, _| {
        if asked.is("signatures/timestamp") {
            asked.edit(|body| body["hash"] = json!(BASE64.encode(&[7; 32])));
        }
        None
    }),
    request("timestamp.token", "leaves the nonce out", |asked, _| {
        if asked.is("signatures/timestamp") {
            asked.edit(|body| drop_member(body, "nonce"));
        }
        None
    }),
    answer("timestamp.token", "signs wrongly", |asked, told, _| {
        if asked.is("signatures/timestamp") && told.status == 200 {
            told.edit(|body| {
                let mut token = BASE64.decode(body["timestamp"].as_str().unwrap().as_bytes()).unwrap();
                *token.last_mut().unwrap() ^= 1;
                body["timestamp"] = json!(BASE64.encode(&token));
            });
        }
    }),
    request("timestamp.no_nonce", "stamps something else", |asked, _| {
        if asked.is("signatures/timestamp") {
            asked.edit(|body| body["hash"] = json!(BASE64.encode(&[7; 32])));
        }
        None
    }),
    code!("timestamp.errors", "signatures/timestamp"),
    words!("timestamp.sentences", "signatures/timestamp"),
];

/// Whoever asks, asks in the name of whom the SAD was given to.
fn owner(asked: &mut Asked, memory: &Memory) -> Option<Told> {
    if asked.is("signatures/signHash")
        && let Some((authorized, _)) = memory.last("credentials/authorize")
    {
        asked.headers.insert("authorization", authorized.headers["authorization"].clone());
    }
    None
}

/// Has documents signed at this level.
fn lower(asked: &mut Asked, level: &str) {
    if asked.is("signatures/signDoc") {
        asked.edit(|body| body["documentDigests"][0]["conformance_level"] = json!(level));
    }
}
