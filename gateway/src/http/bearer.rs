//! The Authorization header.

use axum::http::{HeaderMap, StatusCode, header};
use data_encoding::BASE64;
use rsign_api::error::{self as wire, Fault};
use zeroize::Zeroizing;

use super::error::Problem;
use super::site::Site;
use crate::domain::token::Bearer;

/// Whom the service token in the header speaks for. A header that is no `Bearer [token]` is HTTP 400 with the
/// method's own sentence, an unknown or expired token 401 (clause 10.1).
pub(super) async fn bearer(site: &Site, headers: &HeaderMap, malformed: Fault) -> Result<Bearer, Problem> {
    let token = credentials(headers, "Bearer").ok_or(malformed)?;
    Ok(site.app.tokens.resolve(token).await?)
}

/// User name and password, or client id and secret.
#[derive(Debug)]
pub(super) struct Basic {
    /// Before the colon.
    pub(super) name: String,
    /// After it.
    pub(super) password: Zeroizing<String>,
}

/// What is wrong with a Basic header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BasicError {
    /// Absent, or not `Basic [Base64]`.
    Header,
    /// What it encodes is not `name:password`.
    Pair,
}

impl From<BasicError> for Problem {
    /// The rows of auth/login: the first is HTTP 401, the second 400 (11.2).
    fn from(error: BasicError) -> Self {
        match error {
            BasicError::Header => Self::new(StatusCode::UNAUTHORIZED, wire::MALFORMED_AUTHENTICATION),
            BasicError::Pair => wire::MALFORMED_USERNAME_PASSWORD.into(),
        }
    }
}

/// Reads a Basic header (RFC 7617, UTF-8).
pub(super) fn basic(headers: &HeaderMap) -> Result<Basic, BasicError> {
    let encoded = credentials(headers, "Basic").ok_or(BasicError::Header)?;
    let decoded = Zeroizing::new(BASE64.decode(encoded.as_bytes()).map_err(|_| BasicError::Header)?);
    let text = std::str::from_utf8(&decoded).map_err(|_| BasicError::Pair)?;
    let (name, password) = text.split_once(':').ok_or(BasicError::Pair)?;
    if name.is_empty() {
        return Err(BasicError::Pair);
    }
    Ok(Basic { name: name.to_owned(), password: Zeroizing::new(password.to_owned()) })
}

/// The one word after the scheme; the scheme in any case (RFC 9110, 11.1). Two such headers are none.
fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (word, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    let one_word = !rest.is_empty() && !rest.contains(char::is_whitespace);
    (word.eq_ignore_ascii_case(scheme) && one_word).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())])
    }

    #[test]
    fn only_one_word_after_the_scheme() {
        assert_eq!(credentials(&headers("Bearer st_x"), "Bearer"), Some("st_x"));
        assert_eq!(credentials(&headers("bearer st_x"), "Bearer"), Some("st_x"));
        for bad in ["Bearer", "Bearer ", "Bearer a b", "Basic x", "st_x"] {
            assert_eq!(credentials(&headers(bad), "Bearer"), None, "{bad}");
        }
        let mut twice = headers("Bearer a");
        twice.append(header::AUTHORIZATION, "Bearer b".parse().unwrap());
        assert_eq!(credentials(&twice, "Bearer"), None);
    }

    #[test]
    fn basic_has_two_ways_to_be_wrong() {
        let pair = |text: &str| basic(&headers(&format!("Basic {}", BASE64.encode(text.as_bytes()))));
        let right = pair("alice:a:b").unwrap();
        assert_eq!((right.name.as_str(), right.password.as_str()), ("alice", "a:b"));
        assert_eq!(pair("no colon").unwrap_err(), BasicError::Pair);
        assert_eq!(pair(":x").unwrap_err(), BasicError::Pair);
        assert_eq!(basic(&headers("Basic !!!")).unwrap_err(), BasicError::Header);
        assert_eq!(basic(&HeaderMap::new()).unwrap_err(), BasicError::Header);
    }
}
