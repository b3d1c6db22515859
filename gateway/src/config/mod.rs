//! The gateway's configuration: one TOML file, one struct per section, unknown keys refused.

pub mod account;
pub mod approval;
pub mod asynchronous;
pub mod est;
pub mod evidence;
pub mod limits;
pub mod listen;
pub mod mutual_tls;
pub mod otp;
pub mod page;
#[cfg(test)]
#[path = "../../../deploy/sample.rs"]
mod sample;
pub mod service;
pub mod signer;
pub mod timestamp;

use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where apps reach the gateway.
    pub listen: listen::ListenConfig,
    /// Where clients with certificates reach it; absent: nowhere.
    pub mutual_tls: Option<mutual_tls::MutualTlsConfig>,
    /// Where anybody fetches CA certificate and CRL; absent: not served.
    pub pki: Option<listen::PkiConfig>,
    /// The store.
    pub store: rsign_storage::Location,
    /// The signer.
    pub signer: signer::SignerConfig,
    /// What `info` says.
    #[serde(default)]
    pub info: service::InfoConfig,
    /// Sign-in.
    #[serde(default)]
    pub auth: service::AuthConfig,
    /// Accounts and their pages.
    #[serde(default)]
    pub account: account::AccountConfig,
    /// The signing page.
    #[serde(default)]
    pub page: page::PageConfig,
    /// Signatures that are fetched later.
    #[serde(default)]
    pub asynchronous: asynchronous::AsynchronousConfig,
    /// Users who are asked out of band.
    #[serde(default)]
    pub approval: approval::ApprovalConfig,
    /// Time-stamping authorities; without one `signatures/timestamp` is not offered.
    #[serde(default, deserialize_with = "timestamp::one_or_several")]
    pub timestamp: Vec<timestamp::TimestampConfig>,
    /// What long-term signatures hold.
    #[serde(default)]
    pub evidence: evidence::EvidenceConfig,
    /// Another CA that certifies keys; absent: the built-in one.
    pub est: Option<est::EstConfig>,
    /// Codes that are sent.
    #[serde(default)]
    pub otp: otp::OtpConfig,
    /// Bounds.
    #[serde(default)]
    pub limits: limits::Limits,
    /// Documents on their way.
    #[serde(default)]
    pub spool: rsign_spool::SpoolConfig,
    /// Name of the tenant that credentials are bound to.
    #[serde(default = "default_tenant")]
    pub tenant: String,
}

impl Config {
    /// Reads and validates a file; says all that is wrong at once.
    ///
    /// # Errors
    /// When it cannot be read, parsed, or contradicts itself.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let config: Self = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
        let faults = config.faults();
        anyhow::ensure!(faults.is_empty(), "in {}: {}", path.display(), faults.join("; "));
        Ok(config)
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = self.listen.faults();
        if let Some(mutual_tls) = &self.mutual_tls {
            faults.extend(mutual_tls.faults(self.listen.certificate.is_some()));
        }
        faults.extend(self.signer.faults());
        faults.extend(self.timestamp.iter().flat_map(timestamp::TimestampConfig::faults));
        faults.extend(self.est.iter().flat_map(|est| est.faults(self.evidence.anchors.is_some())));
        faults.extend(self.limits.faults());
        faults.extend(self.spool.fault());
        faults.extend(self.auth.faults());
        faults.extend(self.page.faults());
        faults.extend(self.account.faults());
        faults.extend(self.asynchronous.faults());
        faults.extend(self.otp.faults());
        faults.extend(self.approval.faults());
        faults
    }
}

fn default_tenant() -> String {
    "default".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        [listen]
        address = "127.0.0.1:0"
        [store]
        engine = "sqlite"
        path = "g.sqlite"
        [signer]
        url = "https://127.0.0.1:1"
        ca = "ca.pem"
        certificate = "c.pem"
        key = "k.pem"
    "#;

    #[test]
    fn defaults_suffice() {
        let config: Config = toml::from_str(SMALL).unwrap();
        assert!(config.faults().is_empty(), "{:?}", config.faults());
        assert!(!config.auth.basic && config.account.keys.is_empty());
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        let config: Config = toml::from_str(&SMALL.replace("127.0.0.1:0", "0.0.0.0:0")).unwrap();
        assert_eq!(config.faults().len(), 1);
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(toml::from_str::<Config>(&format!("tennant = \"x\"\n{SMALL}")).is_err());
    }

    #[test]
    fn the_sample_names_every_setting_with_its_default() {
        let text = include_str!("../../../deploy/gateway.toml");
        super::sample::holds::<Config>(text);
        let config: Config = toml::from_str(text).unwrap();
        assert!(config.faults().is_empty(), "{:?}", config.faults());
    }
}
