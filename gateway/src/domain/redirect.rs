//! Redirect URIs: which are taken, which match, and how an answer is written into one.

use url::form_urlencoded::byte_serialize;

/// How a registration for any port of the loopback interface begins (RFC 8252, 7.3): by address, since `localhost`
/// may be somebody else's.
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// Whether a presented URI is one of those registered: the same string, or for a native app's loopback address
/// registered without port the same string with one. Nothing is normalised.
#[must_use]
pub fn is_registered(registered: &[String], presented: &str) -> bool {
    registered.iter().any(|uri| uri == presented || without_port(uri, presented).is_some_and(|bare| bare == *uri))
}

/// The presented URI without its port, if the registered one stands for all ports.
fn without_port(registered: &str, presented: &str) -> Option<String> {
    let host = LOOPBACK.into_iter().find(|host| registered.starts_with(&format!("{host}/")))?;
    let (port, path) = presented.strip_prefix(host)?.strip_prefix(':')?.split_once('/')?;
    let plain = !port.starts_with('0') && port.bytes().all(|c| c.is_ascii_digit());
    (plain && port.parse::<u16>().is_ok()).then(|| format!("{host}/{path}"))
}

/// Why a URI cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a redirect URI is https, http on a loopback address, or an app's own scheme with a dot in it; without fragment"
)]
pub struct Unfit;

/// Whether a URI may be registered: nothing that a browser would run, nothing that travels in clear.
///
/// # Errors
/// [`Unfit`].
pub fn check(uri: &str) -> Result<(), Unfit> {
    let parsed = url::Url::parse(uri).map_err(|_| Unfit)?;
    let loopback = matches!(parsed.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    let fits = match parsed.scheme() {
        "https" => true,
        "http" => loopback,
        own => own.contains('.'),
    };
    let whole = parsed.fragment().is_none() && parsed.username().is_empty() && parsed.password().is_none();
    let plain = uri.len() <= 2000 && uri.bytes().all(|c| c.is_ascii_graphic());
    if fits && whole && plain { Ok(()) } else { Err(Unfit) }
}

/// The URI with an answer appended to its query. A space is written `%20`, which every client reads back.
#[must_use]
pub fn with_answer(uri: &str, parameters: &[(&str, &str)]) -> String {
    let mut answer = uri.to_owned();
    let mut separator = if uri.contains('?') { '&' } else { '?' };
    for (name, value) in parameters {
        answer.push(separator);
        answer.push_str(name);
        answer.push('=');
        answer.push_str(&byte_serialize(value.as_bytes()).collect::<String>().replace('+', "%20"));
        separator = '&';
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(presented: &str) -> bool {
        is_registered(&["https://app.example/cb".to_owned(), "http://127.0.0.1/callback".to_owned()], presented)
    }

    #[test]
    fn a_01_only_the_registered_string_matches() {
        for good in [
            "https://app.example/cb",
            "http://127.0.0.1/callback",
            "http://127.0.0.1:1/callback",
            "http://127.0.0.1:65535/callback",
        ] {
            assert!(matches(good), "{good}");
        }
        for bad in [
            "https://app.example/cb/",
            "https://app.example/cb?x=1",
            "https://app.example/cb#x",
            "https://app.example:443/cb",
            "https://APP.example/cb",
            "https://app.example/CB",
            "https://app.example%2fcb",
            "https://app.example/x/../cb",
            "https://app.example@evil.example/cb",
            "https://evil.example/https://app.example/cb",
            "https://app.example.evil.example/cb",
            "http://app.example/cb",
            "http://localhost/callback",
            "http://localhost:1/callback",
            "http://127.0.0.1:0/callback",
            "http://127.0.0.1:01/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:/callback",
            "http://127.0.0.1:1/callback/",
            "http://127.0.0.1:1/callback?x",
            "http://127.0.0.1:1@evil.example/callback",
            "http://127.0.0.1.evil.example/callback",
            "http://127.1:1/callback",
            "http://0177.0.0.1:1/callback",
            "https://127.0.0.1:1/callback",
            "http://[::1]:1/callback",
            "",
        ] {
            assert!(!matches(bad), "{bad}");
        }
        // One that was registered with a port has that port.
        assert!(!is_registered(&["http://127.0.0.1:8080/cb".to_owned()], "http://127.0.0.1:8081/cb"));
    }

    #[test]
    fn what_a_browser_would_run_is_not_registered() {
        for good in ["https://a.example/x?y=z", "http://127.0.0.1/cb", "http://[::1]/cb", "com.example.app:/cb"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "http://a.example/cb",
            "https://a.example/cb#x",
            "https://a@b.example/",
            "/cb",
            "https://a.example/ x",
            "app:/cb",
        ] {
            assert_eq!(check(bad), Err(Unfit), "{bad}");
        }
    }

    #[test]
    fn a_29_an_answer_cannot_leave_its_parameter() {
        let state = "a b+c&d=e\"#\u{e9}";
        let answer = with_answer("https://a.example/cb?x=1", &[("code", "ac_1"), ("state", state)]);
        assert!(answer.starts_with("https://a.example/cb?x=1&code=ac_1&state=a%20b%2Bc%26d%3De"), "{answer}");
        let read = url::Url::parse(&answer).unwrap();
        assert_eq!(read.query_pairs().find(|(name, _)| name == "state").unwrap().1, state);
        assert!(answer.is_ascii());
    }
}
