//! `[est]`: another CA than the built-in one, that certifies new keys, asked over EST (RFC 7030).

use std::path::PathBuf;

use anyhow::Context as _;
use secrecy::SecretString;
use serde::Deserialize;
use zeroize::Zeroizing;

/// How the CA is reached, and who we are there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EstConfig {
    /// Up to `/.well-known/est`, or with the CA's label behind it; https.
    pub url: String,
    /// PEM of the CAs its TLS certificate comes from; absent: those this machine trusts.
    pub ca: Option<PathBuf>,
    /// Our certificate there, PEM, with what stands above it.
    pub certificate: Option<PathBuf>,
    /// Its private key, PEM.
    pub key: Option<PathBuf>,
    /// Our name there, for HTTP Basic.
    pub username: Option<String>,
    /// File with the password.
    pub password_file: Option<PathBuf>,
    /// How long it may take for one answer.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
}

const fn default_timeout() -> u64 {
    30
}

impl EstConfig {
    /// Name and password, where that is how we sign in.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn login(&self) -> anyhow::Result<Option<(String, SecretString)>> {
        let (Some(name), Some(path)) = (&self.username, &self.password_file) else { return Ok(None) };
        let text = std::fs::read_to_string(path).map(Zeroizing::new);
        let text = text.with_context(|| format!("[est] password_file {}", path.display()))?;
        let password = text.lines().next().unwrap_or_default();
        anyhow::ensure!(!password.is_empty(), "[est] password_file {} holds no password", path.display());
        Ok(Some((name.clone(), SecretString::from(password))))
    }

    /// `anchored`: whether the operator names roots that certificates may lead to.
    pub(super) fn faults(&self, anchored: bool) -> Vec<String> {
        let mut faults = Vec::new();
        let mut fault = |wrong: bool, text: &str| {
            if wrong {
                faults.push(format!("[est] {text}"));
            }
        };
        fault(!url::Url::parse(&self.url).is_ok_and(|url| url.scheme() == "https"), "url is no https URL");
        fault(self.certificate.is_some() != self.key.is_some(), "certificate and key belong together");
        fault(self.username.is_some() != self.password_file.is_some(), "username and password_file belong together");
        fault(
            self.certificate.is_none() && self.username.is_none(),
            "needs certificate and key, or username and password_file: a CA certifies nobody's requests",
        );
        fault(
            !anchored,
            "needs [evidence] anchors: the root that its certificates lead to, which is not learnt from the CA itself",
        );
        fault(self.timeout_seconds == 0, "timeout_seconds must be at least 1");
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_named() {
        let read = |text: &str| toml::from_str::<EstConfig>(text).unwrap();
        let whole = read("url = \"https://ca.example/.well-known/est\"\ncertificate = \"c\"\nkey = \"k\"");
        assert!(whole.faults(true).is_empty(), "{:?}", whole.faults(true));
        assert_eq!(whole.faults(false).len(), 1);
        let wrong = read("url = \"http://ca.example\"\nkey = \"k\"\nusername = \"u\"\ntimeout_seconds = 0");
        assert_eq!(wrong.faults(true).len(), 4, "{:?}", wrong.faults(true));
        assert_eq!(read("url = \"https://ca.example\"").faults(true).len(), 1);
        let missing = read("url = \"https://ca.example\"\nusername = \"u\"\npassword_file = \"/nowhere\"");
        assert!(format!("{:#}", missing.login().unwrap_err()).contains("/nowhere"));
    }
}
