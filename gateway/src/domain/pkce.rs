//! PKCE (RFC 7636).

use data_encoding::BASE64URL_NOPAD;
use rsign_api::error::{Fault, oauth2 as wire};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// What a client committed itself to when it asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Challenge {
    /// The verifier itself: only for clients of the legacy profile.
    Plain(String),
    /// SHA-256 of the verifier.
    S256(String),
}

impl Challenge {
    /// Reads `code_challenge` and `code_challenge_method`; without a method it is `plain`.
    ///
    /// # Errors
    /// The parameter that is wrong.
    pub fn read(challenge: Option<&str>, method: Option<&str>) -> Result<Option<Self>, Fault> {
        let Some(challenge) = challenge else {
            return if method.is_none() { Ok(None) } else { Err(wire::CHALLENGE_MISSING) };
        };
        match method {
            None | Some("plain") if is_verifier(challenge) => Ok(Some(Self::Plain(challenge.to_owned()))),
            Some("S256") if is_verifier(challenge) && challenge.len() == 43 => {
                Ok(Some(Self::S256(challenge.to_owned())))
            }
            None | Some("plain" | "S256") => Err(wire::CHALLENGE),
            Some(_) => Err(wire::CHALLENGE_METHOD),
        }
    }

    /// Whether this is the verifier of it.
    #[must_use]
    pub fn fits(&self, verifier: &str) -> bool {
        let (expected, found) = match self {
            Self::Plain(challenge) => (challenge, verifier.to_owned()),
            Self::S256(challenge) => (challenge, BASE64URL_NOPAD.encode(&Sha256::digest(verifier))),
        };
        is_verifier(verifier) && bool::from(expected.as_bytes().ct_eq(found.as_bytes()))
    }
}

/// 43 to 128 unreserved characters (4.1).
fn is_verifier(text: &str) -> bool {
    let unreserved = |c: u8| c.is_ascii_alphanumeric() || b"-._~".contains(&c);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc() {
        let challenge = Challenge::read(Some(CHALLENGE), Some("S256")).unwrap().unwrap();
        assert!(challenge.fits(VERIFIER) && !challenge.fits(CHALLENGE) && !challenge.fits(""));
        let plain = Challenge::read(Some(VERIFIER), None).unwrap().unwrap();
        assert!(plain.fits(VERIFIER) && !plain.fits(CHALLENGE));
    }

    #[test]
    fn a_04_short_or_odd_challenges() {
        let long = "x".repeat(129);
        for (challenge, method, fault) in [
            (Some("short"), Some("S256"), wire::CHALLENGE),
            (Some("short"), None, wire::CHALLENGE),
            (Some(long.as_str()), Some("plain"), wire::CHALLENGE),
            (Some(&VERIFIER[..42]), Some("plain"), wire::CHALLENGE),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c="), Some("S256"), wire::CHALLENGE),
            (Some(CHALLENGE), Some("s256"), wire::CHALLENGE_METHOD),
            (Some(CHALLENGE), Some("none"), wire::CHALLENGE_METHOD),
            (None, Some("S256"), wire::CHALLENGE_MISSING),
        ] {
            assert_eq!(Challenge::read(challenge, method), Err(fault), "{challenge:?} {method:?}");
        }
        assert_eq!(Challenge::read(None, None), Ok(None));
    }
}
