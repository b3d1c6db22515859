//! `[otp]`: how codes that are sent reach people. Without any of it no key can need one.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use data_encoding::BASE64;
use secrecy::SecretString;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::domain::contact::Contact;

/// The ways.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OtpConfig {
    /// By e-mail.
    pub email: Option<EmailConfig>,
    /// To telephone numbers, by a service that takes them over HTTP.
    pub webhook: Option<WebhookConfig>,
}

/// A mail server that takes our mails.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// Its name or address.
    pub host: String,
    /// Absent: 465 with `tls`, 587 with `starttls`, 25 without either.
    pub port: Option<u16>,
    /// How the way there is protected.
    #[serde(default)]
    pub security: MailSecurity,
    /// Sender's address.
    pub from: String,
    /// Name to sign in with.
    pub username: Option<String>,
    /// File with the password.
    pub password_file: Option<PathBuf>,
    /// PEM of the CAs its certificate comes from; absent: those this machine trusts.
    pub ca: Option<PathBuf>,
    /// How long it may take for each of its answers.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
}

/// How mails go to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// TLS from the first octet.
    #[default]
    Tls,
    /// TLS after STARTTLS; a server without it gets nothing.
    StartTls,
    /// None: only to this machine.
    Plain,
}

/// A service that takes codes as JSON, signed as Standard Webhooks has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Where, https.
    pub url: String,
    /// File with the key it is signed with: Base64 of 24 to 64 octets, with or without `whsec_`.
    pub key_file: PathBuf,
    /// PEM of the CAs its certificate comes from; absent: those this machine trusts.
    pub ca: Option<PathBuf>,
    /// Also a service on this machine, over http too. For tests.
    #[serde(default)]
    pub loopback: bool,
    /// How long it may take.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
}

const fn default_timeout() -> u64 {
    10
}

impl OtpConfig {
    /// Whether any way leads to people.
    #[must_use]
    pub const fn is_offered(&self) -> bool {
        self.email.is_some() || self.webhook.is_some()
    }

    pub(super) fn faults(&self) -> Vec<String> {
        let email = self.email.iter().flat_map(EmailConfig::faults);
        email.chain(self.webhook.iter().flat_map(WebhookConfig::faults)).collect()
    }
}

impl EmailConfig {
    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            MailSecurity::Tls => 465,
            MailSecurity::StartTls => 587,
            MailSecurity::Plain => 25,
        })
    }

    /// The password, where there is one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn password(&self) -> anyhow::Result<Option<SecretString>> {
        let read = |path: &PathBuf| Ok(SecretString::from(read(path)?.lines().next().unwrap_or_default()));
        self.password_file.as_ref().map(read).transpose()
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !matches!(Contact::read(&self.from), Ok(Contact::Email(_))) {
            faults.push("[otp.email] from is no e-mail address".to_owned());
        }
        if self.security == MailSecurity::Plain && !is_here(&self.host) {
            faults.push("[otp.email] security is plain, and host is not this machine".to_owned());
        }
        if self.username.is_some() != self.password_file.is_some() {
            faults.push("[otp.email] username and password_file belong together".to_owned());
        }
        if let Err(error) = self.password() {
            faults.push(format!("[otp.email] {error:#}"));
        }
        if self.timeout_seconds == 0 {
            faults.push("[otp.email] timeout_seconds must be at least 1".to_owned());
        }
        faults
    }
}

impl WebhookConfig {
    /// The key.
    ///
    /// # Errors
    /// When the file cannot be read, or holds none.
    pub fn key(&self) -> anyhow::Result<Zeroizing<Vec<u8>>> {
        let text = read(&self.key_file)?;
        let text = text.trim();
        let octets = BASE64.decode(text.strip_prefix("whsec_").unwrap_or(text).as_bytes()).map(Zeroizing::new);
        let octets = octets.ok().filter(|octets| (24..=64).contains(&octets.len()));
        octets.with_context(|| format!("{} must hold Base64 of 24 to 64 octets", self.key_file.display()))
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let fits = url::Url::parse(&self.url).is_ok_and(|url| {
            let host = url.host_str().map(|host| host.trim_matches(['[', ']']));
            url.scheme() == "https" || (self.loopback && url.scheme() == "http" && host.is_some_and(is_here))
        });
        if !fits {
            faults.push("[otp.webhook] url is no https URL".to_owned());
        }
        if let Err(error) = self.key() {
            faults.push(format!("[otp.webhook] {error:#}"));
        }
        if self.timeout_seconds == 0 {
            faults.push("[otp.webhook] timeout_seconds must be at least 1".to_owned());
        }
        faults
    }
}

/// Whether this names this machine, without asking anybody.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback())
}

fn read(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    text.with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(toml: &str) -> Vec<String> {
        toml::from_str::<OtpConfig>(toml).unwrap().faults()
    }

    #[test]
    fn plain_mail_stays_on_this_machine() {
        let email = |host: &str, security: &str| {
            format!("[email]\nhost = \"{host}\"\nsecurity = \"{security}\"\nfrom = \"rsign@example.org\"\n")
        };
        for host in ["127.0.0.1", "::1", "localhost"] {
            assert_eq!(faults(&email(host, "plain")), [""; 0]);
        }
        assert_eq!(faults(&email("mail.example.org", "plain")).len(), 1);
        for security in ["tls", "starttls"] {
            assert_eq!(faults(&email("mail.example.org", security)), [""; 0]);
        }
        let odd = email("mail.example.org", "tls").replace("rsign@example.org", "rsign") + "username = \"x\"\n";
        assert_eq!(faults(&odd).len(), 2);
    }

    #[test]
    fn a_webhook_is_https_and_has_a_key() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("whsec_{}\n", BASE64.encode(&[7; 32]))).unwrap();
        let webhook = |url: &str, more: &str| {
            faults(&format!("[webhook]\nurl = \"{url}\"\nkey_file = {:?}\n{more}", file.path()))
        };
        assert_eq!(webhook("https://sms.example/send", ""), [""; 0]);
        assert_eq!(webhook("http://sms.example/send", "").len(), 1);
        for here in ["http://127.0.0.1:1/send", "http://[::1]:1/send", "http://localhost:1/send"] {
            assert_eq!(webhook(here, "loopback = true\n"), [""; 0]);
        }
        assert_eq!(webhook("http://sms.example/send", "loopback = true\n").len(), 1);
        std::fs::write(file.path(), BASE64.encode(&[7; 16])).unwrap();
        assert_eq!(webhook("https://sms.example/send", "").len(), 1, "a short key");
    }
}
