//! Writes the services' configuration.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::free_port;
use super::layout::{Layout, write_private};

/// Where Debian, Ubuntu, Fedora, Arch and Homebrew put SoftHSM2's module.
const MODULES: [&str; 6] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm.so",
    "/usr/lib/pkcs11/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

/// HSM PIN, configuration key, SoftHSM2's own configuration.
pub(super) fn write_secrets(layout: &Layout) -> anyhow::Result<()> {
    write_private(&layout.file("hsm-pin"), random_hex::<16>()?.as_bytes())?;
    write_private(&layout.file("configuration-key"), random_hex::<32>()?.as_bytes())?;
    let softhsm2 = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
        layout.file("tokens").display()
    );
    write_private(&layout.file("softhsm2.conf"), softhsm2.as_bytes())
}

/// What the gateway signs with where it has codes brought; made anew in folders of an older rsign.
pub(super) fn write_otp_key(layout: &Layout) -> anyhow::Result<()> {
    let file = layout.file("otp-key");
    if file.exists() {
        return Ok(());
    }
    let octets = data_encoding::HEXLOWER.decode(random_hex::<32>()?.as_bytes())?;
    write_private(&file, data_encoding::BASE64.encode(&octets).as_bytes())
}

/// Where the CA's certificate and revocation list are served. The address stands in certificates, so it is kept; if
/// another program has it now, validators would not find the list.
pub(super) fn pki_address(layout: &Layout) -> anyhow::Result<SocketAddr> {
    let file = layout.file("pki-address");
    if let Ok(text) = std::fs::read_to_string(&file) {
        let address = text.trim().parse().with_context(|| file.display().to_string())?;
        std::net::TcpListener::bind::<SocketAddr>(address).with_context(|| {
            format!("{address} stands in the certificates of this folder, but cannot be bound; free it, or use another folder")
        })?;
        return Ok(address);
    }
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    write_private(&file, address.to_string().as_bytes())?;
    Ok(address)
}

/// Files with the addresses of the last start.
pub(super) const GATEWAY: &str = "gateway-address";
pub(super) const PAGE: &str = "page-address";

/// The address of the last start in this folder, if nobody else has it now: what apps and browsers were told stays right.
pub(super) fn kept_address(folder: &Path, name: &str) -> Option<SocketAddr> {
    let address: SocketAddr = std::fs::read_to_string(folder.join(name)).ok()?.trim().parse().ok()?;
    // Where others can reach it is said anew each time.
    let is_free = address.ip().is_loopback() && std::net::TcpListener::bind(address).is_ok();
    is_free.then_some(address)
}

pub(super) fn write_signer(layout: &Layout, pki: SocketAddr) -> anyhow::Result<()> {
    // The policy OID is under the enterprise number for documentation (RFC 5612): nobody's policy.
    let config = format!(
        r#"instance = "signer-1"

[listen]
address = "127.0.0.1:0"
certificate = {certificate}
key = {key}
gateway_certificate = {gateway}

[store]
engine = "sqlite"
path = {store}

[hsm]
module = {module}
token = "rsign"
pin_file = {pin}
derive = "aes-cbc-encrypt-data"
wrap = "kwp-0x210a"

[hsm.environment]
SOFTHSM2_CONF = {softhsm2}

[admin]
socket = {socket}
pin_command = true

# For tests of apps and of speed; a trust service leaves these out.
[factor]
codes_per_hour = 3600000

[documents]
properties = true

[enrolment]
scal1 = true
hmac = true

[ca]
name = "rsign sandbox CA"
country = "PT"
organization = "rsign sandbox, not a trust service"
crl_url = "http://{pki}/ca.crl"
ocsp_url = "http://{pki}/ocsp"
certificate_url = "http://{pki}/ca.cer"
policy = "1.3.6.1.4.1.32473.1"
"#,
        certificate = quoted(&layout.file("signer.pem")),
        key = quoted(&layout.file("signer.key")),
        gateway = quoted(&layout.file("gateway-client.pem")),
        store = quoted(&layout.file("signer.sqlite")),
        module = quoted(&module()?),
        pin = quoted(&layout.file("hsm-pin")),
        softhsm2 = quoted(&layout.file("softhsm2.conf")),
        socket = quoted(&admin_socket(layout)),
    );
    write_private(&layout.signer_config(), config.as_bytes())
}

/// A Unix socket's path has at most 107 bytes: a folder that lies deep gets its socket elsewhere.
fn admin_socket(layout: &Layout) -> PathBuf {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let socket = layout.file("signer.sock");
    if socket.as_os_str().len() <= 100 {
        return socket;
    }
    let mut hasher = DefaultHasher::new();
    socket.hash(&mut hasher);
    std::env::temp_dir().join(format!("rsign-{:016x}.sock", hasher.finish()))
}

/// What the gateway's file depends on.
#[derive(Debug)]
pub(super) struct Gateway<'a> {
    pub(super) listen: SocketAddr,
    pub(super) http: bool,
    pub(super) pki: SocketAddr,
    pub(super) signer: &'a str,
    pub(super) sign_origin: &'a str,
    /// What browsers call it by, where that is not the bound address.
    pub(super) public_url: Option<&'a str>,
    pub(super) tsa: &'a str,
    /// Where codes to telephones go.
    pub(super) codes: &'a str,
}

pub(super) fn write_gateway(layout: &Layout, gateway: &Gateway<'_>) -> anyhow::Result<()> {
    let Gateway { listen, http, pki, signer, sign_origin, public_url, tsa, codes } = gateway;
    let file = |name: &str| quoted(&layout.file(name));
    let tls = if *http {
        String::new()
    } else {
        format!("certificate = {}\nkey = {}\n", file("gateway.pem"), file("gateway.key"))
    };
    let public_url = public_url.map(|url| format!("public_url = \"{url}\"\n")).unwrap_or_default();
    let config = format!(
        r#"[listen]
address = "{listen}"
{tls}{public_url}
[pki]
address = "{pki}"

[store]
engine = "sqlite"
path = {store}

[signer]
url = "https://{signer}"
ca = {ca}
certificate = {certificate}
key = {key}

[info]
name = "rsign sandbox"
description = "A whole remote-signing service on this computer, for people who build signing apps"

[auth]
basic = true
configuration_key_file = {configuration_key}

[account]
sign_up = true
keys = ["P-256", "P-384", "RSA-3072", "RSA-2048"]
certificate_policies = ["1.3.6.1.4.1.32473.1"]

[page]
sign_origin = "{sign_origin}"

[timestamp]
url = "{tsa}"

# Every telephone is the sandbox's own.
[otp.webhook]
url = "{codes}"
key_file = {otp_key}
loopback = true

# Apps are tried out here, and measured.
[limits]
client_calls_per_second = 100000
user_calls_per_second = 100000
"#,
        store = file("gateway.sqlite"),
        ca = file("tls-ca.pem"),
        certificate = file("gateway-client.pem"),
        key = file("gateway-client.key"),
        configuration_key = file("configuration-key"),
        otp_key = file("otp-key"),
    );
    write_private(&layout.gateway_config(), config.as_bytes())
}

/// A TOML string.
fn quoted(path: &Path) -> String {
    toml::Value::String(path.display().to_string()).to_string()
}

fn module() -> anyhow::Result<PathBuf> {
    if let Some(module) = std::env::var_os("SOFTHSM2_MODULE") {
        return Ok(module.into());
    }
    let found = MODULES.iter().map(Path::new).find(|path| path.exists());
    found.map(Path::to_owned).context(
        "SoftHSM2 was not found; install it (Debian: `apt-get install softhsm2`) or name its library in SOFTHSM2_MODULE",
    )
}

/// So many random octets, hexadecimal.
pub(super) fn random_hex<const OCTETS: usize>() -> anyhow::Result<String> {
    let mut octets = [0; OCTETS];
    aws_lc_rs::rand::fill(&mut octets).map_err(|_| anyhow::anyhow!("the operating system gives no randomness"))?;
    Ok(data_encoding::HEXLOWER.encode(&octets))
}
