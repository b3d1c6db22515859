//! The OpenAPI documents in this folder: the texts, and their operations.
//!
//! They are written by hand, since CSC defines what they describe. Tests hold them equal to the code: those of the
//! gateway (routes, authorization, every status), of `api` (types), of the whole system (every message that is
//! exchanged), and Schemathesis. With the feature `judge` this crate says whether a message is one of a document.

#[cfg(feature = "judge")]
mod judge;

use serde_json::Value;

#[cfg(feature = "judge")]
pub use judge::{Answer, Judge};

/// CSC API 1.0.4.0, and OAuth 2.0.
pub const CSC_V1: &str = include_str!("../csc-v1.yaml");
/// CSC API 2.x, and OAuth 2.0.
pub const CSC_V2: &str = include_str!("../csc-v2.yaml");
/// The end-to-end channel.
pub const CHANNEL: &str = include_str!("../channel.yaml");
/// What the gateway asks of the signer.
pub const SIGNER: &str = include_str!("../signer.yaml");
/// Where the standard leaves a choice or contradicts itself, and what rsign does; Markdown.
pub const CHOICES: &str = include_str!("../README.md");

/// A text that is no OpenAPI document.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not YAML.
    #[error("the document is no YAML: {0}")]
    Yaml(String),
    /// YAML, but not what is expected at this place.
    #[error("the document has no {0}")]
    Missing(&'static str),
}

/// A document, read.
#[derive(Debug, Clone)]
pub struct Document {
    /// All of it.
    pub value: Value,
}

/// A method on a path.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'a> {
    /// `get` or `post`.
    pub method: &'a str,
    /// As it stands in the document.
    pub path: &'a str,
    /// What the document says of it.
    pub value: &'a Value,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(yaml: &str) -> Result<Self, Error> {
        let value: Value = serde_saphyr::from_str(yaml).map_err(|error| Error::Yaml(error.to_string()))?;
        match value.get("paths") {
            Some(Value::Object(_)) => Ok(Self { value }),
            _ => Err(Error::Missing("paths")),
        }
    }

    /// Its operations, in its order.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let paths = self.value.get("paths").and_then(Value::as_object).into_iter().flatten();
        paths.flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.filter(|(method, _)| METHODS.contains(&method.as_str())).map(move |(method, value)| Operation {
                method,
                path,
                value,
            })
        })
    }

    /// The operation of a request.
    #[must_use]
    pub fn find(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        self.operations().find(|operation| operation.method.eq_ignore_ascii_case(method) && operation.serves(path))
    }

    /// What a `$ref` leads to, or the value itself.
    #[must_use]
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let target = value.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
        target.and_then(|pointer| self.value.pointer(pointer)).unwrap_or(value)
    }
}

/// Names of operations in a path item; what else stands there is none.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

impl Operation<'_> {
    /// The statuses it answers.
    #[must_use]
    pub fn statuses(&self) -> Vec<u16> {
        let responses = self.value.get("responses").and_then(Value::as_object).into_iter().flatten();
        responses.filter_map(|(status, _)| status.parse().ok()).collect()
    }

    /// Whether this path, of a request, is its.
    #[must_use]
    pub fn serves(&self, path: &str) -> bool {
        let (ours, theirs) = (self.path.split('/'), path.split('/'));
        let same = |ours: &str, theirs: &str| ours == theirs || (ours.starts_with('{') && !theirs.is_empty());
        self.path.split('/').count() == path.split('/').count()
            && ours.zip(theirs).all(|(ours, theirs)| same(ours, theirs))
    }
}

#[cfg(test)]
mod tests;
