//! The Authorization header, and what binds a token to its holder.

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use data_encoding::BASE64;
use rsign_api::error::{self as wire, Fault};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::error::Problem;
use super::peer;
use super::site::Site;
use crate::domain::token::{Bearer, Commission, Confirmation, Kind};
use crate::service::oauth::proofs::{self, Shown};

/// What the token in the header is good for.
#[derive(Debug)]
pub(super) enum Holder {
    /// The methods of the API.
    Service(Bearer),
    /// Its own credential, and nothing else (DESIGN 4).
    Credential(Bearer, Own),
    /// One errand, and nothing else.
    Errand(Bearer, Commission),
}

impl Holder {
    const fn bearer(&self) -> &Bearer {
        match self {
            Self::Service(bearer) | Self::Credential(bearer, _) | Self::Errand(bearer, _) => bearer,
        }
    }
}

/// What is said of a token that is good for something else.
pub(super) fn of_another_kind() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, wire::INVALID_TOKEN)
}

/// A credential-scope token: which credential it is of, and the SAD that it is.
#[derive(Debug)]
pub(super) struct Own {
    /// The credential.
    pub(super) credential: String,
    /// The SAD.
    pub(super) sad: SecretString,
}

/// Whom the token in the header speaks for. A header that is no `Bearer [token]` is HTTP 400 with the method's own
/// sentence, an unknown or expired token 401 (clause 10.1). A token in the query string is none.
pub(super) async fn holder(site: &Site, head: &Parts, malformed: Fault) -> Result<Holder, Problem> {
    let bearer = credentials(&head.headers, "Bearer");
    let (token, proved) = match (bearer, credentials(&head.headers, "DPoP")) {
        (Some(token), _) => (token, false),
        (None, Some(token)) => (token, true),
        (None, None) => return Err(malformed.into()),
    };
    let holder = match Kind::of(token) {
        Some(Kind::Sad) => {
            let found = site.app.tokens.resolve_credential(token).await?;
            Holder::Credential(found.bearer, Own { credential: found.credential, sad: SecretString::from(token) })
        }
        _ => match site.app.tokens.resolve(token).await? {
            (bearer, None) => Holder::Service(bearer),
            (bearer, Some(commission)) => Holder::Errand(bearer, commission),
        },
    };
    let confirmed = match &holder.bearer().key {
        None => !proved,
        Some(Confirmation::X5t(thumbprint)) => {
            !proved && peer::thumbprint(&head.extensions).as_ref() == Some(thumbprint)
        }
        Some(Confirmation::Jkt(thumbprint)) if proved => {
            proof(site, head, Some(token)).await?.as_ref() == Some(thumbprint)
        }
        Some(Confirmation::Jkt(_)) => false,
    };
    // A thief of a bound token hears what one who made it up hears.
    if !confirmed {
        return Err(of_another_kind());
    }
    // Counted once it is known who calls, so that nobody uses up another's calls.
    site.app.rates.admit(holder.bearer())?;
    Ok(holder)
}

/// Whom a service token in the header speaks for; a token of another kind is none.
pub(super) async fn bearer(site: &Site, head: &Parts, malformed: Fault) -> Result<Bearer, Problem> {
    match holder(site, head, malformed).await? {
        Holder::Service(bearer) => Ok(bearer),
        Holder::Credential(..) | Holder::Errand(..) => Err(of_another_kind()),
    }
}

/// The thumbprint of the key that a DPoP proof in the header proves, if there is a proof (RFC 9449, 4.3).
pub(super) async fn proof(site: &Site, head: &Parts, token: Option<&str>) -> Result<Option<String>, Problem> {
    let mut proofs = head.headers.get_all("dpop").iter();
    let Some(proof) = proofs.next() else { return Ok(None) };
    let one = proofs.next().is_none();
    let proof = proof.to_str().ok().filter(|_| one).ok_or(wire::oauth2::DPOP_PROOF)?;
    let shown = Shown { proof, method: head.method.as_str(), path: head.uri.path(), token };
    let status = if token.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    match site.app.proofs.check(shown).await {
        Ok(thumbprint) => Ok(Some(thumbprint)),
        Err(error @ proofs::Error::Store(_)) => Err(error.into()),
        Err(error) => Err(Problem::from(error).with_status(status).with_nonce(site.app.proofs.nonce())),
    }
}

/// The token of a Bearer header, whatever it is.
pub(super) fn token(headers: &HeaderMap) -> Option<&str> {
    credentials(headers, "Bearer")
}

/// User name and password, or client id and secret.
pub(super) struct Basic {
    /// Before the colon.
    pub(super) name: String,
    /// After it.
    pub(super) password: Zeroizing<String>,
}

impl std::fmt::Debug for Basic {
    /// Whose, and not what it is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Basic").field("name", &self.name).finish_non_exhaustive()
    }
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
        assert!(!format!("{:?}", pair("alice:the-secret").unwrap()).contains("secret"), "A-33");
        assert_eq!(pair("no colon").unwrap_err(), BasicError::Pair);
        assert_eq!(pair(":x").unwrap_err(), BasicError::Pair);
        assert_eq!(basic(&headers("Basic !!!")).unwrap_err(), BasicError::Header);
        assert_eq!(basic(&HeaderMap::new()).unwrap_err(), BasicError::Header);
    }
}
