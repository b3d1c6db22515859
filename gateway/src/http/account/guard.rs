//! Whether a form that comes back is one of ours: the browser says that it comes from our own page, and its
//! token is bound to the session, to the form, and to what the form is about.

use axum::http::{HeaderMap, HeaderValue, header};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::failure::Failure;
use super::session;
use crate::http::error::Problem;
use crate::http::site::Site;

/// Whether a POST comes from a page of this site. Browsers since 2023 say so in `Sec-Fetch-Site`, which no page can
/// forge. `Origin` decides where that is missing; it is `null` for our own forms, since our pages send no referrer
/// (Fetch, "append a request Origin header"), and then the token decides alone.
pub(super) fn is_from_here(site: &Site, headers: &HeaderMap) -> bool {
    let field = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (field("sec-fetch-site"), field(header::ORIGIN.as_str())) {
        (Some(place), _) => place == "same-origin",
        (None, Some(origin)) => origin == "null" || origin == origin_of(&site.public_url),
        (None, None) => true,
    }
}

/// Scheme, host and port of a URL, as browsers write them.
pub(super) fn origin_of(url: &str) -> String {
    url::Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

/// The token of a form.
pub(super) fn token(secret: &str, form: &str, bound: &str) -> Result<String, Failure> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(Problem::internal)?;
    for part in ["rsign form", form, bound] {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part.as_bytes());
    }
    Ok(BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
}

/// Whether two tokens are the same; takes the same time either way.
pub(super) fn fits(token: &str, presented: &str) -> bool {
    token.as_bytes().ct_eq(presented.as_bytes()).into()
}

fn visitor_cookie(site: &Site) -> &'static str {
    if site.is_secure() { "__Host-rsign-visit" } else { "rsign-visit" }
}

/// What ties forms to a browser in which nobody is signed in, and whether it is new. Nothing of it is stored here.
pub(super) fn visitor(site: &Site, headers: &HeaderMap) -> Result<(SecretString, bool), Problem> {
    match session::cookie(headers, visitor_cookie(site)) {
        Some(known) if known.len() == 43 => Ok((known.into(), false)),
        _ => Ok((site.app.random.secret().map_err(Problem::internal)?.into(), true)),
    }
}

/// `Set-Cookie` for it.
pub(super) fn remember(site: &Site, visitor: &SecretString) -> Option<HeaderValue> {
    session::write(site, visitor_cookie(site), visitor.expose_secret(), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_one_form_about_one_thing_in_one_session() {
        let (secret, other) = ("one", "two");
        let of = |secret, form, bound| token(secret, form, bound).unwrap();
        let mine = of(secret, "approve", "ar_1");
        assert!(fits(&mine, &of(secret, "approve", "ar_1")));
        for another in [of(other, "approve", "ar_1"), of(secret, "delete", "ar_1"), of(secret, "approve", "ar_2")] {
            assert!(!fits(&mine, &another));
        }
        assert!(!fits(&of(secret, "a", "bc"), &of(secret, "ab", "c")));
        assert!(!fits(&mine, ""));
    }

    #[test]
    fn an_origin_is_what_browsers_send() {
        assert_eq!(origin_of("https://Sign.Example:443/x?y"), "https://sign.example");
        assert_eq!(origin_of("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
        assert_eq!(origin_of("rubbish"), "");
    }
}
