//! The signer's configuration: one TOML file, every fault of it named at once.

mod places;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::certificate::name::AuthorityName;
use crate::certificate::{Profile, QcStatements, is_location};
use crate::clients::Clients;
use crate::credential::EnrolmentPolicy;
use crate::foreign::process::MEMORY;
use crate::hsm::pkcs11::{Derive, TokenSettings, Wrap};

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of this instance: names its audit chain.
    pub instance: String,
    /// Where the gateway reaches it.
    pub listen: Listen,
    /// Where its rows are.
    pub store: rsign_storage::Location,
    /// The HSM.
    pub hsm: HsmSection,
    /// Commands on the signer's own host.
    pub admin: Admin,
    /// The built-in CA.
    pub ca: Ca,
    /// Which keys may be made.
    #[serde(default)]
    pub enrolment: EnrolmentPolicy,
    /// Clients that sign their requests.
    #[serde(default)]
    pub clients: Clients,
    /// Second factors.
    #[serde(default)]
    pub factor: FactorSection,
    /// Signed documents.
    #[serde(default)]
    pub documents: DocumentsSection,
    /// Documents on their way.
    #[serde(default)]
    pub spool: rsign_spool::SpoolConfig,
}

/// Signed documents.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DocumentsSection {
    /// Whether signatures may say what an app asks for in `signed_props`: reason, place, role, text on the page. The
    /// user approves the document's hash and is not shown them.
    pub properties: bool,
    /// Processes at most that read foreign documents at the same time, half of them for one client; more documents wait.
    /// One more waits for the next.
    pub helpers: usize,
    /// Octets of memory that each may take.
    pub helper_memory: u64,
}

impl Default for DocumentsSection {
    fn default() -> Self {
        // One client alone can use every processor.
        let helpers = 2 * std::thread::available_parallelism().map_or(2, usize::from);
        Self { properties: false, helpers, helper_memory: MEMORY }
    }
}

/// Second factors.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FactorSection {
    /// What authenticator apps call this service; at most 32 octets of it are shown.
    pub issuer: String,
    /// Codes an hour that are drawn to be sent for one credential, half of them for one client; ten and five may come
    /// at once.
    pub codes_per_hour: u32,
}

impl Default for FactorSection {
    fn default() -> Self {
        Self { issuer: "rsign".to_owned(), codes_per_hour: 60 }
    }
}

/// Mutual TLS.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Address and port; port 0 takes a free one, which the ready file names.
    pub address: SocketAddr,
    /// The signer's certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// The one client certificate that is let in, PEM: compared octet by octet; and beside it the one that takes its
    /// place, while it is being changed.
    pub gateway_certificate: PathBuf,
}

/// Token, mechanisms and workers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HsmSection {
    /// The vendor's PKCS#11 library.
    pub module: PathBuf,
    /// Label of the token.
    pub token: String,
    /// File with the HSM user's PIN.
    pub pin_file: PathBuf,
    /// How wrapping keys are derived.
    pub derive: Derive,
    /// How keys are wrapped.
    pub wrap: Wrap,
    /// Worker processes.
    #[serde(default = "defaults::workers")]
    pub workers: u32,
    /// Threads of each.
    #[serde(default = "defaults::threads")]
    pub threads: u32,
    /// Jobs that may wait.
    #[serde(default = "defaults::queue")]
    pub queue: usize,
    /// Jobs after which a worker is replaced.
    #[serde(default = "defaults::replace_after")]
    pub replace_after: u64,
    /// Environment of the vendor's library.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}

/// The admin socket.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// A Unix socket, mode 0600.
    pub socket: PathBuf,
    /// Whether `credential pin` hands out drawn PINs: for enrolment without pages.
    #[serde(default)]
    pub pin_command: bool,
    /// A folder with one public key, `NAME.pem`, for each officer: two of them together unblock a credential.
    #[serde(default)]
    pub officers: Option<PathBuf>,
}

/// Name and URLs of the built-in CA.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ca {
    /// `CN`.
    pub name: String,
    /// `C`.
    pub country: String,
    /// `O`.
    pub organization: String,
    /// Where the revocation list is served.
    #[serde(default)]
    pub crl_url: Option<String>,
    /// Where the CA certificate is served.
    #[serde(default)]
    pub certificate_url: Option<String>,
    /// Where OCSP is answered, RFC 6960.
    #[serde(default)]
    pub ocsp_url: Option<String>,
    /// Policy OID of the certificates.
    #[serde(default)]
    pub policy: Option<String>,
}

mod defaults {
    pub(super) fn workers() -> u32 {
        std::thread::available_parallelism().map_or(2, |cores| u32::try_from(cores.get()).unwrap_or(2))
    }

    pub(super) const fn threads() -> u32 {
        1
    }

    pub(super) const fn queue() -> usize {
        2048
    }

    pub(super) const fn replace_after() -> u64 {
        20_000
    }
}

impl Config {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// A text that names every fault.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let config: Self = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let faults = config.faults();
        if faults.is_empty() { Ok(config) } else { Err(format!("{}: {}", path.display(), faults.join("; "))) }
    }

    fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self.spool.fault().into_iter().collect();
        if self.instance.is_empty() || self.instance.len() > 64 {
            faults.push("instance has 1 to 64 characters".to_owned());
        }
        let softhsm = self.hsm.module.to_string_lossy().contains("softhsm");
        if softhsm && self.hsm.derive != Derive::AesCbcEncryptData {
            faults.push("SoftHSM2 derives with aes-cbc-encrypt-data only".to_owned());
        }
        let kryoptic = self.hsm.module.to_string_lossy().contains("kryoptic");
        if kryoptic && self.hsm.derive == Derive::AesCbcEncryptData {
            faults.push("aes-cbc-encrypt-data is broken on Kryoptic; use sp800-108-hmac".to_owned());
        }
        let counts = [
            ("[hsm] workers", u64::from(self.hsm.workers)),
            ("[hsm] threads", u64::from(self.hsm.threads)),
            ("[hsm] queue", self.hsm.queue as u64),
            ("[hsm] replace_after", self.hsm.replace_after),
            ("[documents] helpers", self.documents.helpers as u64),
            ("[enrolment] multisign", u64::from(self.enrolment.multisign)),
        ];
        for (setting, _) in counts.into_iter().filter(|(_, count)| *count == 0) {
            faults.push(format!("{setting} must not be 0"));
        }
        let urls = [
            ("certificate_url", &self.ca.certificate_url),
            ("crl_url", &self.ca.crl_url),
            ("ocsp_url", &self.ca.ocsp_url),
        ];
        for (name, url) in urls {
            if let Some(url) = url
                && !is_location(url)
            {
                faults.push(format!("[ca] {name} {url:?} is no http or https URL, so no certificate could name it"));
            }
        }
        if let Some(policy) = &self.ca.policy
            && policy.parse::<der::asn1::ObjectIdentifier>().is_err()
        {
            faults.push(format!("ca.policy {policy} is no object identifier"));
        }
        faults
    }

    /// What a worker needs of it.
    #[must_use]
    pub fn token(&self) -> TokenSettings {
        TokenSettings {
            module: self.hsm.module.clone(),
            label: self.hsm.token.clone(),
            pin_file: self.hsm.pin_file.clone(),
            derive: self.hsm.derive,
            wrap: self.hsm.wrap,
            environment: self.hsm.environment.clone(),
        }
    }

    /// What certificates of the built-in CA look like.
    #[must_use]
    pub fn profile(&self) -> Profile {
        Profile {
            policies: self.ca.policy.iter().filter_map(|policy| policy.parse().ok()).collect(),
            qc: QcStatements::default(),
            issuer_url: self.ca.certificate_url.clone(),
            crl_url: self.ca.crl_url.clone(),
            ocsp_url: self.ca.ocsp_url.clone(),
        }
    }

    /// The CA's own name.
    #[must_use]
    pub fn authority_name(&self) -> AuthorityName {
        AuthorityName {
            country: self.ca.country.clone(),
            organization: self.ca.organization.clone(),
            common_name: self.ca.name.clone(),
        }
    }
}

#[cfg(test)]
#[path = "../../deploy/sample.rs"]
mod sample;

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn the_sample_names_every_setting_with_its_default() {
        let text = include_str!("../../deploy/signer.toml");
        super::sample::holds::<Config>(text);
        let config: Config = toml::from_str(text).unwrap();
        assert!(config.faults().is_empty(), "{:?}", config.faults());
    }

    #[test]
    fn what_could_not_work_is_named() {
        let text = include_str!("../../deploy/signer.toml");
        let said = |line: &str, instead: &str| {
            assert!(text.contains(line), "{line}");
            let config: Config = toml::from_str(&text.replace(line, instead)).unwrap();
            config.faults().join("; ")
        };
        for setting in ["workers = 4", "threads = 1", "queue = 2048", "replace_after = 20000"] {
            let (name, _) = setting.split_once(' ').unwrap();
            let fault = said(&format!("#{setting}"), &format!("{name} = 0\n#"));
            assert_eq!(fault, format!("[hsm] {name} must not be 0"));
        }
        assert_eq!(said("#helpers = 8", "helpers = 0 #"), "[documents] helpers must not be 0");
        assert_eq!(said("#multisign = 1000", "multisign = 0"), "[enrolment] multisign must not be 0");
        for name in ["certificate_url", "crl_url", "ocsp_url"] {
            for url in ["pki.example.org/ca", "ldap://pki.example.org/ca", "http://", "http://pki.example.org/a b"] {
                let fault = said(&format!("#{name} = "), &format!("{name} = \"{url}\" #"));
                assert!(fault.contains(&format!("[ca] {name} {url:?}")), "{fault}");
            }
            assert_eq!(said(&format!("#{name} = "), &format!("{name} = \"https://pki.example.org/x\" #")), "");
        }
    }
}
