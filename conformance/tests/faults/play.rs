//! What the service behind the proxy does not have yet, or does not show with the credentials there are, played by the
//! rules of the standard: so that checks are seen to pass on it, and then to fail on its faulty twin.

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, OnceLock};

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};

use crate::proxy::{Asked, Layer, Memory, Told};

/// The methods that can be played.
const METHODS: [&str; 7] = [
    "credentials/authorizeCheck",
    "credentials/getChallenge",
    "credentials/sendOTP",
    "credentials/create",
    "credentials/delete",
    "signatures/signPolling",
    "signatures/timestamp",
];

/// What `info` of the service lacks is played, and nothing else.
pub(crate) static MISSING: Layer = Layer { before: play, after: tell };

fn tell(asked: &Asked, told: &mut Told, memory: &mut Memory) {
    if asked.is("info") {
        told.edit(|info| {
            let methods = info["methods"].as_array_mut().unwrap();
            for name in METHODS {
                if !methods.iter().any(|known| known == name) {
                    methods.push(json!(name));
                    memory.write("played", json!(name));
                }
            }
            if info["asynchronousOperationMode"] == false {
                info["asynchronousOperationMode"] = json!(true);
                memory.write("played", json!("mode A"));
            }
        });
    }
    deliver_later(asked, told, memory);
}

fn plays(memory: &Memory, name: &str) -> bool {
    memory.notes.iter().any(|(note, value)| note == "played" && value == name)
}

fn play(asked: &mut Asked, memory: &Memory) -> Option<Told> {
    let method = asked.method().to_owned();
    if method == "signatures/signHash" && plays(memory, "mode A") {
        return mode_a(asked);
    }
    if !plays(memory, &method) {
        return None;
    }
    let body = asked.json();
    Some(match method.as_str() {
        "credentials/authorizeCheck" => refused("Invalid parameter handle"),
        "credentials/getChallenge" if !looks_real(&body["credentialID"]) => refused("Invalid parameter credentialID"),
        "credentials/getChallenge" => refused("Invalid parameter authObjectID"),
        "credentials/sendOTP" if body["credentialID"].is_string() => refused("Invalid parameter credentialID"),
        "credentials/sendOTP" => refused("Missing (or invalid type) string parameter credentialID"),
        "signatures/signPolling" => match body["requestID"].as_str() {
            None => refused("Missing (or invalid type) string parameter requestID"),
            Some(id) => match memory.note(id) {
                None => refused("Invalid parameter requestID"),
                Some(_) if polls(memory, id) < 2 => Told::error(
                    202,
                    "accepted_request",
                    "The previous async request has been accepted but not yet completed",
                ),
                Some(made) => Told::json_body(200, made),
            },
        },
        "signatures/timestamp" => stamp(&body),
        _ => refused("The authorization is not one to create or delete credentials"),
    })
}

fn refused(sentence: &str) -> Told {
    Told::error(400, "invalid_request", sentence)
}

/// Ids of the service are hexadecimal; those that checks make up are not.
fn looks_real(id: &Value) -> bool {
    id.as_str().is_some_and(|id| id.len() == 32 && id.bytes().all(|c| c.is_ascii_hexdigit()))
}

fn polls(memory: &Memory, id: &str) -> usize {
    memory
        .before
        .iter()
        .filter(|(asked, _)| asked.is("signatures/signPolling") && asked.json()["requestID"] == *id)
        .count()
}

/// Judges what belongs to mode A, and asks the service to sign at once.
fn mode_a(asked: &mut Asked) -> Option<Told> {
    let body = asked.json();
    if body["operationMode"] != "A" {
        return None;
    }
    match &body["validity_period"] {
        Value::Null => {}
        period => match period.as_u64() {
            None => return Some(refused("Invalid parameter validity_period")),
            Some(period) if period > 1_000_000_000 => return Some(refused("Out of bounds parameter validity_period")),
            Some(_) => {}
        },
    }
    // No address is one this test would call.
    if !body["response_uri"].is_null() {
        return Some(refused("Invalid parameter response_uri"));
    }
    asked.edit(|body| {
        body.as_object_mut().unwrap().remove("operationMode");
    });
    None
}

/// Keeps what the service answered at once for whoever comes for it.
fn deliver_later(asked: &Asked, told: &mut Told, memory: &mut Memory) {
    let number = memory.before.len();
    if asked.is("signatures/signHash")
        && asked.json()["operationMode"] == "A"
        && told.status == 200
        && plays(memory, "mode A")
    {
        let id = format!("response-{number}");
        memory.write(id.clone(), told.json());
        *told = Told::json_body(200, &json!({ "responseID": id }));
    }
}

/// Something about the credential or the service that only this check looks at: whether the service has the method or
/// not, it does not have it with these credentials.
pub(crate) fn situation(check: &str) -> Layer {
    match check {
        "authorize.check" => Layer { before: delivered, after: announce },
        "async.refused" => Layer { before: no_mode_a, after: says_no_mode_a },
        "credential.cert_info.default" => Layer { after: brief, ..Layer::NONE },
        "otp.send" => Layer { before: sent, after: online },
        "challenge.answers" => Layer { before: challenged, after: challenge },
        "misuse.expired" => Layer { before: expired, after: short },
        _ => Layer::NONE,
    }
}

/// An authorization that takes its time.
fn announce(asked: &Asked, told: &mut Told, memory: &mut Memory) {
    if asked.is("credentials/authorize") && told.status == 200 {
        let handle = format!("handle-{}", memory.before.len());
        memory.write(handle.clone(), told.json());
        *told = Told::json_body(202, &json!({ "handle": handle }));
    }
}

fn delivered(asked: &mut Asked, memory: &Memory) -> Option<Told> {
    let body = asked.json();
    let sad = body["handle"].as_str().and_then(|handle| memory.note(handle))?;
    asked.is("credentials/authorizeCheck").then(|| Told::json_body(200, sad))
}

/// A service without mode A.
fn says_no_mode_a(asked: &Asked, told: &mut Told, _: &mut Memory) {
    if asked.is("info") {
        told.edit(|info| info["asynchronousOperationMode"] = json!(false));
    }
}

fn no_mode_a(asked: &mut Asked, _: &Memory) -> Option<Told> {
    let asks = asked.is("signatures/signHash") && asked.json()["operationMode"] == "A";
    asks.then(|| refused("Invalid parameter operationMode"))
}

/// A service that says of a certificate only what it is asked for.
fn brief(asked: &Asked, told: &mut Told, _: &mut Memory) {
    if asked.is("credentials/info") && asked.json()["certInfo"] != true {
        told.edit(|body| {
            for name in ["issuerDN", "subjectDN", "serialNumber", "validFrom", "validTo"] {
                body["cert"].as_object_mut().unwrap().remove(name);
            }
        });
    }
}

fn online(asked: &Asked, told: &mut Told, _: &mut Memory) {
    if asked.is("credentials/info") {
        told.edit(|body| body["OTP"] = json!({ "presence": "true", "type": "online", "format": "N", "ID": "phone" }));
    }
}

fn sent(asked: &mut Asked, _: &Memory) -> Option<Told> {
    asked.is("credentials/sendOTP").then(Told::nothing)
}

fn challenged(asked: &mut Asked, _: &Memory) -> Option<Told> {
    let asks = asked.is("credentials/getChallenge") && asked.json()["authObjectID"] == "CHALLENGE";
    asks.then(|| Told::json_body(200, &json!({ "challenge": "1234" })))
}

fn challenge(asked: &Asked, told: &mut Told, _: &mut Memory) {
    if asked.is("credentials/info") {
        told.edit(|body| body["auth"]["objects"] = json!([{ "type": "ChallengeResponse", "id": "CHALLENGE" }]));
    }
}

fn short(asked: &Asked, told: &mut Told, _: &mut Memory) {
    if asked.is("credentials/authorize") {
        told.edit(|body| body["expiresIn"] = json!(1));
    }
}

fn expired(asked: &mut Asked, _: &Memory) -> Option<Told> {
    (asked.is("signatures/signHash") && !asked.headers.contains_key("x-ignores-expiry")).then(|| refused("SAD expired"))
}

// --- a time-stamping service: openssl's ---

fn stamp(body: &Value) -> Told {
    let Some(hash) = body["hash"].as_str() else {
        return refused("Missing (or invalid type) string parameter hash");
    };
    if hash.is_empty() {
        return refused("Empty hash parameter");
    }
    let Ok(digest) = BASE64.decode(hash.as_bytes()) else { return refused("Invalid Base64 hash string parameter") };
    let (last, length) = match body["hashAlgo"].as_str() {
        Some("2.16.840.1.101.3.4.2.1") => (1, 32),
        Some("2.16.840.1.101.3.4.2.2") => (2, 48),
        Some("2.16.840.1.101.3.4.2.3") => (3, 64),
        _ => return refused("Invalid parameter hashAlgo"),
    };
    if digest.len() != length {
        return refused("Invalid digest value length");
    }
    let nonce = match body["nonce"].as_str() {
        None => Vec::new(),
        Some(text) => match HEXLOWER.decode(text.as_bytes()) {
            Ok(octets) => tag(2, &octets),
            Err(_) => return refused("Invalid parameter nonce"),
        },
    };
    let algorithm = tag(0x30, &[&[6, 9, 0x60, 0x86, 0x48, 1, 101, 3, 4, 2, last][..], &[5, 0]].concat());
    let imprint = tag(0x30, &[algorithm, tag(4, &digest)].concat());
    let query = tag(0x30, &[vec![2, 1, 1], imprint, nonce, vec![1, 1, 0xff]].concat());
    Told::json_body(200, &json!({ "timestamp": BASE64.encode(&authority(&query)) }))
}

fn tag(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).ok().filter(|length| *length < 128).expect("short");
    [&[number, length], content].concat()
}

const CONFIGURATION: &str = "
[tsa]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
certs = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
";

/// The token for a query.
fn authority(query: &[u8]) -> Vec<u8> {
    // One at a time: it counts in a file.
    static FOLDER: OnceLock<Mutex<tempfile::TempDir>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tsa.cnf"), CONFIGURATION).unwrap();
        std::fs::write(folder.path().join("serial"), "01").unwrap();
        let make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tsa.key -out tsa.pem -days 2 \
                    -subj /CN=TSA -addext extendedKeyUsage=critical,timeStamping";
        openssl(folder.path(), make);
        Mutex::new(folder)
    });
    let folder = folder.lock().unwrap();
    std::fs::write(folder.path().join("query"), query).unwrap();
    openssl(folder.path(), "ts -reply -config tsa.cnf -section tsa -queryfile query -token_out -out token");
    std::fs::read(folder.path().join("token")).unwrap()
}

fn openssl(folder: &Path, words: &str) {
    let output = Command::new("openssl").args(words.split_whitespace()).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&output.stderr));
}
