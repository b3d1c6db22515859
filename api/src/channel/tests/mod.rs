//! The published vectors, value by value and case by case; whole sessions; decoders under random octets.

mod flow;
mod further;
mod limits;
mod negative;
mod property;
mod raw;
mod secrets;
mod vectors;
mod wire;

use std::sync::LazyLock;

use data_encoding::HEXLOWER;
use p256::ecdsa::SigningKey;
use serde_json::Value;
use zeroize::Zeroizing;

use super::body::Names;
use super::context::Purpose;
use super::identity::{Pinned, kid};
use super::server::{self, Offer};
use super::wire::HelloAnswer;
use super::{Ephemeral, Operation, client};

/// `openapi/channel-vectors.json`.
static VECTORS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../openapi/channel-vectors.json")).unwrap());

/// When the vectors' ServerHello was made, if its session lives as long as one may.
const START: u64 = 1_800_000_000 - super::MAX_LIFE;

fn hex(octets: &[u8]) -> String {
    HEXLOWER.encode(octets)
}

fn unhex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).unwrap()
}

/// A value of the vectors, by JSON pointer.
fn vector(pointer: &str) -> Vec<u8> {
    unhex(VECTORS.pointer(pointer).and_then(Value::as_str).unwrap())
}

fn fixed<const N: usize>(pointer: &str) -> [u8; N] {
    vector(pointer).try_into().unwrap()
}

fn ephemeral(scalar: [u8; 32]) -> Ephemeral {
    Ephemeral::from_octets(Zeroizing::new(scalar)).unwrap()
}

/// The names of sessions with typed bodies in the published files.
fn names() -> Names {
    Names { credential: "cred-1".to_owned(), key_version: 1, tx: "tx-1".to_owned() }
}

/// The vectors' session: its ctx is opaque, its records have op 01.
fn purpose() -> Purpose {
    Purpose { operation: Operation::Enrol, ctx: fixed("/inputs/ctx"), names: names() }
}

fn identity() -> SigningKey {
    SigningKey::from_slice(&vector("/inputs/static")).unwrap()
}

fn pinned() -> Pinned {
    Pinned::new([vector("/inputs/static_spki").as_slice()]).unwrap()
}

fn offer() -> Offer {
    Offer {
        ephemeral: ephemeral(fixed("/inputs/y")),
        nonce: fixed("/inputs/Ns"),
        sid: fixed("/inputs/sid"),
        kid: kid(&vector("/inputs/static_spki")),
        life: super::MAX_LIFE,
    }
}

fn greeting() -> client::Greeting {
    client::Greeting::start(purpose(), ephemeral(fixed("/inputs/x")), fixed("/inputs/Nc")).unwrap()
}

/// The signer of the vectors after its signature.
fn offered() -> (server::Offered, HelloAnswer) {
    let greeting = server::Greeting::receive(&vector("/ClientHello"), purpose(), offer(), START).unwrap();
    greeting.sign(&fixed("/sig_raw")).unwrap()
}

/// Both ends of the vectors, ready for records.
fn ready_client() -> client::Ready {
    greeting().receive(&offered().1, &pinned(), START).unwrap()
}

fn ready_server() -> server::Ready {
    offered().0.confirm(&vector("/fin_c"), START).unwrap()
}
