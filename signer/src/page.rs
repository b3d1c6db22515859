//! The signing page: static files, built into this program, that ask for the PIN in the user's browser.
//!
//! They come from the signer's own web origin, so that a gateway, even one in an attacker's hands, cannot serve other
//! ones (DESIGN 5). What belongs to one deployment, the gateway's origin and the identity keys the page trusts, is in
//! `config.json`, which is made at start and is not part of the bundle's digest.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Name of the file that `/` gives.
pub const INDEX: &str = "index.html";
/// Name of what is not in the bundle.
pub const CONFIG: &str = "config.json";

/// Every file of the bundle: a name here is all it takes.
macro_rules! bundle {
    ($($name:literal),+ $(,)?) => { &[$(($name, include_bytes!(concat!("../page/", $name)))),+] };
}

/// Name and content, sorted by name.
pub const FILES: &[(&str, &[u8])] = bundle![
    "authorise.js",
    "change.js",
    "choice.js",
    "code.js",
    "context.js",
    "destination.js",
    "element.js",
    "enrol.js",
    "exchange.js",
    "factor.js",
    "form.js",
    "handshake.js",
    "index.html",
    "list.js",
    "octets.js",
    "page.css",
    "page.js",
    "pin.js",
    "plain.js",
    "rch1.js",
    "record.js",
    "relay.js",
    "screens.js",
    "text.en.js",
    "text.pt.js",
    "tlv.js",
    "transaction.js",
    "trouble.js",
    "view.js",
];

/// SHA-256 over `"rsign/page/v1\0"` and, for each file in the order of their names, u32 length and name, u32 length
/// and content (lengths big-endian): the same for the same sources, whoever built them.
#[must_use]
pub fn digest() -> String {
    let mut hash = Sha256::new();
    hash.update(b"rsign/page/v1\0");
    for (name, content) in FILES {
        for part in [name.as_bytes(), content] {
            hash.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            hash.update(part);
        }
    }
    HEXLOWER.encode(&hash.finalize())
}

/// What the page has to be told.
#[derive(Debug, Clone, Serialize)]
pub struct Config {
    /// Origin of the gateway, `https://host[:port]`.
    pub gateway: Origin,
    /// Identity keys of signers: the page talks to nobody else.
    pub keys: Vec<IdentityKey>,
}

/// A signer's identity key.
#[derive(Debug, Clone, Serialize)]
pub struct IdentityKey {
    /// `SubjectPublicKeyInfo`, DER, base64url.
    spki: String,
}

impl IdentityKey {
    /// Of a P-256 key; `None` for anything else.
    #[must_use]
    pub fn from_spki(spki: &[u8]) -> Option<Self> {
        use rsign_api::algorithm::KeyType;
        let is_fit = crate::certificate::spki::key_type(spki).is_ok_and(|key| key == KeyType::P256);
        is_fit.then(|| Self { spki: BASE64URL_NOPAD.encode(spki) })
    }
}

/// A web origin in the form browsers send it. It stands in a header, so nothing else passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin(String);

impl Origin {
    /// The origin's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is no origin for the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an origin is https://host[:port], in lower case and without a path; http:// is for 127.0.0.1 and localhost only"
)]
pub struct NoOrigin;

impl std::str::FromStr for Origin {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        let (secure, authority) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(authority), _) => (true, authority),
            (_, Some(authority)) => (false, authority),
            _ => return Err(NoOrigin),
        };
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let host_fits =
            !host.is_empty() && host.bytes().all(|octet| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'));
        // Browsers leave the default port out and would never call such an origin equal to theirs.
        let usual = if secure { "443" } else { "80" };
        let port_fits =
            port.is_none_or(|port| port != usual && !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok());
        let allowed = secure || matches!(host, "127.0.0.1" | "localhost");
        if host_fits && port_fits && allowed { Ok(Self(text.to_owned())) } else { Err(NoOrigin) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundle_is_the_folder_and_sorted() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .and_then(|entries| {
                entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned())).collect()
            })
            .unwrap_or_default();
        names.sort();
        let embedded: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, embedded, "signer/page and the list in page.rs differ");
        assert!(!embedded.contains(&CONFIG));
    }

    #[test]
    fn an_origin_is_nothing_but_an_origin() {
        for good in
            ["https://gateway.example", "https://gateway.example:8443", "http://127.0.0.1:8080", "http://localhost"]
        {
            assert_eq!(good.parse::<Origin>().map(|origin| origin.0), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "gateway.example",
            "https://",
            "https://gateway.example/",
            "https://gateway.example:443",
            "https://gateway.example:0443",
            "https://gateway.example:99999",
            "https://gateway.example:",
            "https://gateway.example:+8443",
            "https://Gateway.example",
            "https://user@gateway.example",
            "https://*.example",
            "https://gateway.example; script-src *",
            "https://gateway.example\r\nx: y",
            "http://gateway.example",
            "http://127.0.0.1.example",
            "javascript://gateway.example",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(NoOrigin), "{bad}");
        }
    }
}
