//! Whether a message is one of a document. For tests: what is wrong is said in words.

use std::collections::HashMap;
use std::sync::Mutex;

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use crate::{Document, Operation};

/// An answer, as it was heard.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// Its header fields; names in lower case.
    pub headers: &'a [(String, String)],
    /// Its body.
    pub body: &'a [u8],
}

/// A document and the schemas that were compiled so far.
#[derive(Debug)]
pub struct Judge {
    /// The document.
    pub document: Document,
    closed: Value,
    validators: Mutex<HashMap<(bool, String), std::sync::Arc<Validator>>>,
}

impl Judge {
    /// Over this document.
    #[must_use]
    pub fn new(document: Document) -> Self {
        let closed = closed(&document.value);
        Self { document, closed, validators: Mutex::default() }
    }

    /// What is wrong with an answer to a request of this operation. A member that the document does not name is wrong.
    #[must_use]
    pub fn answer(&self, operation: Operation<'_>, answer: Answer<'_>) -> Vec<String> {
        let status = answer.status.to_string();
        let mut pointer = format!("/paths/{}/{}/responses/{status}", escaped(operation.path), operation.method);
        let Some(mut response) = self.document.value.pointer(&pointer) else {
            return vec![format!("status {status} is not documented")];
        };
        if let Some(target) = response.get("$ref").and_then(Value::as_str) {
            pointer = target.trim_start_matches('#').to_owned();
            response = self.document.resolve(response);
        }
        let mut faults = self.headers(response, answer.headers);
        let content = response.get("content").and_then(Value::as_object);
        let Some((kind, content)) = content.and_then(|content| content.iter().next()) else {
            if !answer.body.is_empty() {
                faults.push("a body that is not documented".to_owned());
            }
            return faults;
        };
        let said = field(answer.headers, "content-type").unwrap_or_default();
        if said.split(';').next() != Some(kind) {
            faults.push(format!("content-type {said:?} in place of {kind}"));
        } else if kind == "application/json" && content.get("schema").is_some() {
            let pointer = format!("{pointer}/content/{}/schema", escaped(kind));
            match serde_json::from_slice(answer.body) {
                Ok(body) => faults.extend(self.at(true, &pointer, &body)),
                Err(error) => faults.push(format!("a body that is no JSON: {error}")),
            }
        }
        faults
    }

    /// What is wrong with a request of this operation. Only JSON bodies are judged.
    #[must_use]
    pub fn request(&self, operation: Operation<'_>, body: &[u8]) -> Vec<String> {
        let wanted = operation.value.get("requestBody").unwrap_or(&Value::Null);
        if wanted.pointer("/content/application~1json/schema").is_none() {
            return Vec::new();
        }
        let body = if body.iter().all(u8::is_ascii_whitespace) { &b"{}"[..] } else { body };
        let Ok(body) = serde_json::from_slice(body) else { return vec!["a body that is no JSON".to_owned()] };
        let path = escaped(operation.path);
        let pointer = format!("/paths/{path}/{}/requestBody/content/application~1json/schema", operation.method);
        self.at(false, &pointer, &body)
    }

    /// What is wrong with a value, by the schema of this name; a closed one takes no member that it does not name.
    #[must_use]
    pub fn schema(&self, name: &str, closed: bool, value: &Value) -> Vec<String> {
        self.at(closed, &format!("/components/schemas/{name}"), value)
    }

    fn headers(&self, response: &Value, heard: &[(String, String)]) -> Vec<String> {
        let fields = response.get("headers").and_then(Value::as_object).into_iter().flatten();
        let mut faults = Vec::new();
        for (name, header) in fields {
            let header = self.document.resolve(header);
            let schema = header.get("schema").unwrap_or(&Value::Null);
            match field(heard, &name.to_ascii_lowercase()) {
                None if header.get("required") == Some(&json!(true)) => faults.push(format!("no {name}")),
                Some(value) if schema.get("const").and_then(Value::as_str).is_some_and(|wanted| wanted != value) => {
                    faults.push(format!("{name}: {value}"));
                }
                Some(value) if schema.get("type") == Some(&json!("integer")) && value.parse::<i64>().is_err() => {
                    faults.push(format!("{name}: {value}"));
                }
                _ => {}
            }
        }
        faults
    }

    /// What is wrong with a value, by the schema at this place (a JSON pointer).
    ///
    /// # Panics
    /// When there is no schema.
    #[must_use]
    pub fn at(&self, closed: bool, pointer: &str, value: &Value) -> Vec<String> {
        let mut validators = self.validators.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let validator = validators.entry((closed, pointer.to_owned())).or_insert_with(|| {
            let root = if closed { &self.closed } else { &self.document.value };
            std::sync::Arc::new(compile(root, pointer))
        });
        let validator = std::sync::Arc::clone(validator);
        drop(validators);
        validator.iter_errors(value).map(|error| format!("at {:?}: {error}", error.instance_path().as_str())).collect()
    }
}

/// The schema at this place, with all that it may refer to beside it.
#[expect(clippy::panic, reason = "a test that cannot go on shall say where")]
fn compile(root: &Value, pointer: &str) -> Validator {
    let schema = json!({ "$ref": format!("#{}", pointer.replace('{', "%7B").replace('}', "%7D")),
        "components": root["components"], "paths": root["paths"] });
    let options = jsonschema::options().with_draft(Draft::Draft202012);
    options.build(&schema).unwrap_or_else(|error| panic!("{pointer} is no schema: {error}"))
}

/// The document with every answer's schema closed. In the document they are open, so that answers may grow.
fn closed(document: &Value) -> Value {
    let mut document = document.clone();
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        schemas.values_mut().for_each(close);
    }
    document
}

fn close(schema: &mut Value) {
    let Value::Object(members) = schema else { return };
    if members.contains_key("properties") && members.get("type") == Some(&json!("object")) {
        members.entry("additionalProperties").or_insert(json!(false));
    }
    for (name, inner) in members.iter_mut() {
        match (name.as_str(), inner) {
            ("properties", Value::Object(properties)) => properties.values_mut().for_each(close),
            ("items", inner) => close(inner),
            ("oneOf" | "anyOf", Value::Array(choices)) => choices.iter_mut().for_each(close),
            _ => {}
        }
    }
}

fn field<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
