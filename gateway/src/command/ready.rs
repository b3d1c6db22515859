//! The ready file: who started us learns the ports from it.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;

/// Writes it under a temporary name first, so that a reader sees all of it or nothing.
pub(super) fn write(
    path: &Path,
    address: SocketAddr,
    pki: Option<SocketAddr>,
    mutual: Option<SocketAddr>,
) -> anyhow::Result<()> {
    let ready = serde_json::json!({
        "address": address.to_string(),
        "pki": pki.map(|pki| pki.to_string()),
        "mutual_tls": mutual.map(|mutual| mutual.to_string()),
        "pid": std::process::id(),
    });
    let mut name = path.file_name().context("the ready file needs a name")?.to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let mut file = std::fs::File::create(&temporary)?;
    file.write_all(ready.to_string().as_bytes())?;
    std::fs::rename(&temporary, path).with_context(|| format!("cannot write {}", path.display()))
}
