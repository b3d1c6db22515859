//! A form body; a parameter that stands twice is an error, one without value is absent (RFC 6749, 3.1).

use axum::extract::Request;
use axum::http::HeaderMap;
use rsign_api::error::MALFORMED;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::http::body;
use crate::http::error::Problem;
use crate::http::site::Site;

/// The parameters of a request. The query string is not looked at: secrets there end up in logs.
pub(super) struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    /// Reads header fields and body.
    pub(super) async fn read(site: &Site, request: Request) -> Result<(HeaderMap, Self), Problem> {
        let (head, body) = request.into_parts();
        let body = body::read(body, &site.config.limits).await?;
        Ok((head.headers, Self::parse(&body)?))
    }

    fn parse(body: &[u8]) -> Result<Self, Problem> {
        let mut parameters: Vec<(String, Zeroizing<String>)> = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            if parameters.len() == 64 || parameters.iter().any(|(known, _)| *known == name) {
                return Err(MALFORMED.into());
            }
            parameters.push((name.into_owned(), Zeroizing::new(value.into_owned())));
        }
        Ok(Self(parameters))
    }

    /// The parameter of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

impl std::fmt::Debug for Form {
    /// Names only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_is_an_error_and_empty_is_absent() {
        assert!(Form::parse(b"scope=service&scope=credential").is_err());
        let form = Form::parse(b"a=&b=x%20y").unwrap();
        assert_eq!((form.get("a"), form.get("b"), form.get("c")), (None, Some("x y"), None));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = Form::parse(&body);
        }
    }
}
