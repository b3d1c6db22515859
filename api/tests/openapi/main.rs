//! The OpenAPI documents and the types of this crate say the same: members, and what is taken for well formed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod answers;
mod fields;
mod requests;
mod signer;

use std::collections::BTreeSet;

use rsign_openapi::{CSC_V1, CSC_V2, Document, Judge, SIGNER};
use serde_json::Value;

fn judge(text: &str) -> Judge {
    Judge::new(Document::parse(text).unwrap())
}

fn csc() -> [Judge; 2] {
    [CSC_V1, CSC_V2].map(judge)
}

/// The members that a schema names.
fn named(schema: &Value) -> BTreeSet<String> {
    schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

/// Calls for each example of an operation: its schema's name, and the example.
fn examples(document: &Document, place: &str, seen: &mut dyn FnMut(&str, &Value)) {
    fn walk(document: &Document, value: &Value, seen: &mut dyn FnMut(&str, &Value)) {
        let value = document.resolve(value);
        if let Some(name) = value["schema"]["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
            value.get("example").into_iter().for_each(|example| seen(name, example));
            let several = value.get("examples").and_then(Value::as_object).into_iter().flatten();
            several.for_each(|(_, example)| seen(name, &example["value"]));
        }
        for inner in value.get("content").and_then(Value::as_object).into_iter().flat_map(|content| content.values()) {
            walk(document, inner, seen);
        }
    }
    for operation in document.operations() {
        match &operation.value[place] {
            Value::Object(responses) if place == "responses" => {
                responses.values().for_each(|response| walk(document, response, seen));
            }
            other => walk(document, other, seen),
        }
    }
}
