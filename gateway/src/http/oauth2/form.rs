//! A form body; a parameter that stands twice is an error, one without value is absent (RFC 6749, 3.1).

use axum::body::Body;
use rsign_api::csc::authorization::Parameters;
use rsign_api::error::MALFORMED;
use rsign_api::json::{Object, Value};
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::http::body;
use crate::http::error::Problem;
use crate::http::site::Site;

/// The parameters of a request.
pub(super) struct Form {
    parameters: Vec<(String, Zeroizing<String>)>,
    repeated: Vec<String>,
    octets: usize,
}

/// What may come from somebody who has not shown who they are, octets. Long lists are for pushed requests of clients
/// that have.
pub(super) const SHORT: usize = 64 * 1024;

/// Parameters that are read; real requests have a dozen.
const MOST: usize = 64;

impl Form {
    /// Reads a body whose parameters may stand there once only. The query string is not looked at: secrets there end
    /// up in logs.
    pub(super) async fn read(site: &Site, body: Body) -> Result<Self, Problem> {
        let body = body::read(body, &site.config.limits).await?;
        let form = Self::parse(&body);
        if form.is_clear() { Ok(form) } else { Err(MALFORMED.into()) }
    }

    /// Reads parameters; which of them stand there twice is told by [`Form::is_clear`] and [`Form::repeats`].
    pub(super) fn parse(encoded: &[u8]) -> Self {
        let mut form = Self { parameters: Vec::new(), repeated: Vec::new(), octets: encoded.len() };
        for (name, value) in form_urlencoded::parse(encoded) {
            if form.parameters.len() == MOST || form.parameters.iter().any(|(known, _)| *known == name) {
                form.repeated.push(name.into_owned());
                continue;
            }
            form.parameters.push((name.into_owned(), Zeroizing::new(value.into_owned())));
        }
        form
    }

    /// How long it is as it came.
    pub(super) const fn octets(&self) -> usize {
        self.octets
    }

    /// Reads a JSON object; a member that is no text says nothing a form could say.
    pub(super) fn parse_json(json: &[u8], depth: usize) -> Option<Self> {
        let object = Object::parse(json, depth).ok()?;
        let mut parameters = Vec::new();
        for (name, value) in object.members().filter(|(_, value)| **value != Value::Null) {
            parameters.push((name.to_owned(), Zeroizing::new(value.text()?.to_owned())));
        }
        Some(Self { parameters, repeated: Vec::new(), octets: json.len() })
    }

    /// Without these parameters.
    pub(super) fn without(mut self, names: &[&str]) -> Self {
        self.parameters.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// Whether every parameter stands there once.
    pub(super) const fn is_clear(&self) -> bool {
        self.repeated.is_empty()
    }

    /// Whether this one stands there more than once.
    pub(super) fn repeats(&self, name: &str) -> bool {
        self.repeated.iter().any(|repeated| repeated == name)
    }

    /// The parameter of this name; none where it stands there twice.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name && !self.repeats(name));
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

impl Parameters for Form {
    fn get(&self, name: &str) -> Option<&str> {
        Self::get(self, name)
    }

    fn repeats(&self, name: &str) -> bool {
        Self::repeats(self, name)
    }

    fn is_clear(&self) -> bool {
        Self::is_clear(self)
    }
}

impl std::fmt::Debug for Form {
    /// Names only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.parameters.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_is_an_error_and_empty_is_absent() {
        let twice = Form::parse(b"scope=service&state=x&scope=credential");
        assert!(!twice.is_clear() && twice.repeats("scope") && !twice.repeats("state"));
        assert_eq!((twice.get("scope"), twice.get("state")), (None, Some("x")));
        let form = Form::parse(b"a=&b=x%20y");
        assert!(form.is_clear());
        assert_eq!((form.get("a"), form.get("b"), form.get("c")), (None, Some("x y"), None));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = Form::parse(&body);
        }
    }
}
