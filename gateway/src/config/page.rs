//! `[page]`: the signing page, which comes from the signer's own origin (DESIGN 5).

use serde::Deserialize;

/// Where the signing page is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PageConfig {
    /// Its origin, `https://host[:port]`; absent: there is none, and no PIN can be asked for in a browser.
    pub sign_origin: Option<String>,
}

impl PageConfig {
    pub(super) fn faults(&self) -> Vec<String> {
        match &self.sign_origin {
            Some(origin) if !is_origin(origin) => {
                vec!["[page] sign_origin is no origin: https://host, or http on loopback, without path".to_owned()]
            }
            _ => Vec::new(),
        }
    }
}

/// Whether it is written as browsers write the `Origin` of a page: what is compared has to be equal.
fn is_origin(origin: &str) -> bool {
    let Ok(url) = url::Url::parse(origin) else { return false };
    let loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    let secure = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    secure && url.origin().ascii_serialization() == origin
}

#[cfg(test)]
mod tests {
    use super::is_origin;

    #[test]
    fn an_origin_is_what_browsers_send() {
        for good in ["https://sign.example", "https://localhost:8443", "http://localhost:1"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in
            ["https://sign.example/", "https://sign.example:443", "http://sign.example", "https://A.example", "x"]
        {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
