//! `page`: the signing page from its own origin, by a process that holds no secret but its TLS key.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;

use super::serve::{announce, remind};
use super::signals::Signals;
use crate::http::{Transport, page, page_dates, serve_page};
use crate::page::{Config, IdentityKey, Origin, digest};

/// Arguments of `page`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Prints the digest of the built-in page and ends.
    #[arg(long, exclusive = true)]
    digest: bool,
    /// Where browsers reach it; port 0 takes a free one, which the ready file names.
    #[arg(long, value_name = "ADDRESS:PORT", required_unless_present = "digest")]
    listen: Option<SocketAddr>,
    /// Its certificate chain, PEM; without one it speaks plain HTTP, on this machine only.
    #[arg(long, requires = "key")]
    certificate: Option<PathBuf>,
    /// The certificate's key, PEM.
    #[arg(long, requires = "certificate")]
    key: Option<PathBuf>,
    /// Origin of the gateway, `https://host[:port]`.
    #[arg(long, required_unless_present = "digest")]
    gateway: Option<Origin>,
    /// Identity keys the page trusts, as `rsign-signer identity` prints them: PEM, one after the other, or one in DER.
    #[arg(long, value_name = "FILE", required_unless_present = "digest")]
    keys: Option<PathBuf>,
    /// Written when it is serving: `{"address", "pid"}`.
    #[arg(long)]
    ready_file: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let (Some(listen), Some(gateway), Some(keys)) = (arguments.listen, arguments.gateway, arguments.keys) else {
        println!("{}", digest());
        return Ok(());
    };
    let tls = arguments.certificate.as_deref().zip(arguments.key.as_deref());
    let transport = match (tls.is_some(), listen.ip().is_loopback()) {
        (false, false) => {
            bail!("plain HTTP is for this machine only: name --certificate and --key, or listen on 127.0.0.1")
        }
        (false, true) => Transport::Plain,
        (true, true) => Transport::LocalTls,
        (true, false) => Transport::Tls,
    };
    let mut signals = Signals::take()?;
    let dates = arguments.certificate.as_deref().map(page_dates).transpose().map_err(anyhow::Error::msg)?;
    let router = page(&Config { gateway, keys: identity_keys(&keys)? }, transport)?;
    let serving = serve_page(listen, tls, router).await.map_err(anyhow::Error::msg)?;
    tracing::info!(address = %serving.address, digest = digest(), "signing page served");
    let reminding = remind(dates.unwrap_or_default());
    if let Some(path) = arguments.ready_file {
        announce(&path, serving.address)?;
    }
    signals.end().await;
    reminding.abort();
    serving.stop(Duration::from_secs(2)).await;
    Ok(())
}

fn identity_keys(file: &Path) -> anyhow::Result<Vec<IdentityKey>> {
    let name = || file.display().to_string();
    let content = std::fs::read(file).with_context(name)?;
    let mut keys = Vec::new();
    if content.starts_with(b"-----") {
        for key in SubjectPublicKeyInfoDer::pem_slice_iter(&content) {
            keys.push(key.with_context(name)?.to_vec());
        }
    } else {
        keys.push(content);
    }
    let keys: Option<Vec<IdentityKey>> = keys.iter().map(|spki| IdentityKey::from_spki(spki)).collect();
    match keys {
        Some(keys) if !keys.is_empty() => Ok(keys),
        _ => bail!("{}: identity keys are P-256 public keys, as `rsign-signer identity` prints them", name()),
    }
}
