//! The session cookie.

use axum::http::{HeaderMap, HeaderValue, header};
use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::session::Session;
use crate::http::error::Problem;
use crate::http::site::Site;

/// Who is signed in with the browser that sent this.
pub(in crate::http) async fn from(site: &Site, headers: &HeaderMap) -> Result<Option<Session>, Problem> {
    let name = name(site);
    Ok(site.app.sessions.find(cookie(headers, name)).await?)
}

/// Over plain http (sandboxes on loopback) browsers take no `__Host-` cookie.
pub(in crate::http::account) fn name(site: &Site) -> &'static str {
    if site.is_secure() { "__Host-rsign" } else { "rsign" }
}

/// `Set-Cookie` that signs in.
pub(in crate::http::account) fn set(site: &Site, value: &SecretString) -> Option<HeaderValue> {
    write(site, name(site), value.expose_secret(), "")
}

/// `Set-Cookie` that forgets.
pub(in crate::http::account) fn forget(site: &Site) -> Option<HeaderValue> {
    write(site, name(site), "", "; Max-Age=0")
}

/// A cookie for this host alone, that no script reads and no other site's form sends.
pub(in crate::http::account) fn write(site: &Site, name: &str, value: &str, more: &str) -> Option<HeaderValue> {
    let secure = if site.is_secure() { "; Secure" } else { "" };
    let mut written: HeaderValue =
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}").parse().ok()?;
    written.set_sensitive(true);
    Some(written)
}

/// The value of a cookie; one that comes twice is not believed, for somebody may have slipped in another.
pub(in crate::http::account) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let fields = headers.get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
    let pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[&str]) -> HeaderMap {
        fields.iter().map(|field| (header::COOKIE, field.parse().unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_found_among_others_and_never_doubled() {
        let found = |fields: &[&str]| cookie(&headers(fields), "rsign").map(str::to_owned);
        assert_eq!(found(&["a=b; rsign=x; c=d"]).as_deref(), Some("x"));
        assert_eq!(found(&["a=b", "rsign=x"]).as_deref(), Some("x"));
        assert_eq!(found(&["rsign=x; rsign=y"]), None);
        assert_eq!(found(&["__Host-rsign=x", "xrsign=y"]), None);
    }
}
