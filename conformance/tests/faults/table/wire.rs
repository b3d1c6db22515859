//! What may be wrong with errors, header fields and limits.

use serde_json::{Value, json};

use super::{Fault, answer, drop_member, request};
use crate::proxy::Told;

pub(super) static FAULTS: &[Fault] = &[
    answer("errors.form", "wraps errors up", |_, told, _| {
        if told.is_error() {
            told.edit(|body| *body = json!({ "errors": [body.take()] }));
        }
    }),
    answer("errors.described", "does not say what is wrong", |_, told, _| {
        if told.is_error() {
            told.edit(|body| drop_member(body, "error_description"));
        }
    }),
    answer("errors.malformed", "breaks on what is no JSON", |asked, told, _| {
        if asked.is("credentials/info") && serde_json::from_slice::<Value>(&asked.body).is_err() {
            *told = Told::error(500, "server_error", "");
        }
    }),
    answer("errors.unimplemented", "answers 404 for 501", |_, told, _| {
        if told.status == 501 {
            told.status = 404;
        }
    }),
    answer("errors.unimplemented.code", "calls it a server error", |_, told, _| {
        if told.status == 501 {
            told.edit(|body| body["error"] = json!("server_error"));
        }
    }),
    answer("errors.unknown_members", "refuses strays", |asked, told, _| {
        if asked.says("unknownMember") {
            *told = Told::error(400, "invalid_request", "");
        }
    }),
    answer("errors.authorization.missing", "lists for anybody", |asked, told, _| {
        if asked.is("credentials/list") && !asked.headers.contains_key("authorization") {
            *told = Told::json_body(200, &json!({ "credentialIDs": [] }));
        }
    }),
    answer("errors.authorization.malformed", "answers 401 for a malformed header", |asked, told, _| {
        if asked.headers.get("authorization").is_some_and(|value| value == "Bearer") {
            told.status = 401;
        }
    }),
    answer("errors.authorization.sentence", "says it otherwise", |asked, told, _| {
        if asked.headers.get("authorization").is_some_and(|value| value == "Bearer") {
            told.edit(|body| body["error_description"] = json!("No token"));
        }
    }),
    answer("errors.authorization.unknown", "answers 400 for an unknown token", |_, told, _| {
        if told.status == 401 {
            told.status = 400;
        }
    }),
    answer("headers.content_type", "says that JSON is text", |_, told, _| told.header("content-type", "text/plain")),
    answer("headers.cache", "lets answers about people be cached", |_, told, _| {
        told.headers.remove("cache-control");
    }),
    answer("headers.cache.sad", "lets SADs be stored", |asked, told, _| {
        if asked.is("credentials/authorize") {
            told.header("cache-control", "max-age=60");
        }
    }),
    answer("headers.verb", "does not say what is allowed", |_, told, _| {
        told.headers.remove("allow");
    }),
    request("limits.body", "takes bodies of any size", |asked, _| {
        (asked.body.len() > 1 << 20).then(|| Told::json_body(200, &json!({})))
    }),
    answer("limits.depth", "breaks on deep nesting", |asked, told, _| {
        if asked.says("[[[[[[[[[[[[[[[[[[") {
            *told = Told::error(500, "server_error", "");
        }
    }),
    answer("limits.hashes", "breaks on long lists", |asked, told, _| {
        if asked.is("signatures/signHash") && asked.body.len() > 100_000 {
            *told = Told::error(503, "temporarily_unavailable", "");
        }
    }),
];
