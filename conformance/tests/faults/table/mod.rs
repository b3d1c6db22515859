//! A fault for every check: one thing a wrong service might do.

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::proxy::{After, Asked, Before, Layer, Memory, Told};

/// What is wrong with the service.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The check that notices.
    pub(crate) check: &'static str,
    /// What the service does.
    pub(crate) what: &'static str,
    pub(crate) layer: Layer,
}

const fn answer(check: &'static str, what: &'static str, after: After) -> Fault {
    Fault { check, what, layer: Layer { after, ..Layer::NONE } }
}

const fn request(check: &'static str, what: &'static str, before: Before) -> Fault {
    Fault { check, what, layer: Layer { before, ..Layer::NONE } }
}

/// An error of this method has another code.
macro_rules! code {
    ($check:literal, $method:literal) => {
        answer($check, "answers errors with another code", |asked, told, _| {
            if asked.is($method) && told.is_error() {
                told.edit(|body| body["error"] = json!("wrong_thing"));
            }
        })
    };
}

/// An error of this method has another sentence.
macro_rules! words {
    ($check:literal, $method:literal) => {
        answer($check, "answers errors in other words", |asked, told, _| {
            if asked.is($method) && told.is_error() {
                told.edit(|body| body["error_description"] = json!("Something went wrong"));
            }
        })
    };
}

/// A member of this method's answer is changed.
macro_rules! member {
    ($check:literal, $what:literal, $method:literal, $change:expr) => {
        answer($check, $what, |asked, told, _| {
            if asked.is($method) && told.status == 200 {
                let change: fn(&mut Value) = $change;
                told.edit(change);
            }
        })
    };
}

/// Whatever is revoked here stays as it was.
macro_rules! not_revoked {
    ($check:literal, $method:literal) => {
        request($check, "says that it has revoked, and has not", |asked, _| asked.is($method).then(Told::nothing))
    };
}

mod credentials;
mod service;
mod signatures;
mod wire;

/// All of them.
pub(crate) fn faults() -> impl Iterator<Item = &'static Fault> {
    [service::FAULTS, credentials::FAULTS, signatures::FAULTS, wire::FAULTS].into_iter().flatten()
}

fn push(list: &mut Value, item: Value) {
    list.as_array_mut().unwrap().push(item);
}

fn drop_member(object: &mut Value, name: &str) {
    object.as_object_mut().unwrap().remove(name);
}

/// The signatures of an answer with one bit of the one at this place turned.
fn turn(told: &mut Told, at: usize) {
    told.edit(|body| {
        let mut octets = BASE64.decode(body["signatures"][at].as_str().unwrap().as_bytes()).unwrap();
        *octets.last_mut().unwrap() ^= 1;
        body["signatures"][at] = json!(BASE64.encode(&octets));
    });
}

/// Puts the hashes that were authorized last in the place of those that are asked for.
fn authorized_hashes(asked: &mut Asked, memory: &Memory, method: &str) {
    if let Some((authorized, _)) = memory.last(method)
        && asked.is("signatures/signHash")
    {
        let list = authorized.hashes();
        asked.edit(|body| {
            let name = if body["hash"].is_null() { "hashes" } else { "hash" };
            body[name] = list;
        });
    }
}

const SAD: &str = "sad_of_a_service_that_gives_them_to_everybody";

fn given() -> Told {
    Told::json_body(200, &json!({ "SAD": SAD, "expiresIn": 300 }))
}
