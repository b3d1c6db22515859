//! Opens store and HSM as the configuration says.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use data_encoding::HEXLOWER;
use rsign_storage::{Leisure, Store};
use sha2::{Digest as _, Sha256};

use super::lock::{self, Lock};
use super::owner;
use crate::ceremony::CeremonyRow;
use crate::config::Config;
use crate::hsm::{Pool, PoolSettings};
use crate::store::{COLLECTIONS, Tables};

/// The store, made where there is none: for the ceremony.
pub(super) async fn new_store(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    open(config, Leisure::default()).await
}

/// The store of a ceremony.
pub(super) async fn store(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    store_at_leisure(config, Leisure::default()).await
}

pub(super) async fn store_at_leisure(config: &Config, leisure: Leisure) -> anyhow::Result<Arc<dyn Store>> {
    file(config)?;
    open(config, leisure).await
}

/// The store's file, where it is one. It has to be there: a path that was mistyped shall not become a store.
fn file(config: &Config) -> anyhow::Result<Option<&Path>> {
    let Some(path) = config.store.file() else { return Ok(None) };
    let there = path.try_exists().with_context(|| path.display().to_string())?;
    ensure!(there, "there is no store {} ([store] path): `rsign-signer init` makes it", path.display());
    Ok(Some(path))
}

/// Refuses a store that is another user's, before anything is left beside it.
pub(super) fn own(config: &Config) -> anyhow::Result<()> {
    file(config)?.map_or(Ok(()), owner::is_own)
}

/// Nobody else serves this instance over this store while the lock is there: two would write into one audit chain, each
/// as if it were alone. Of a database that machines share, each says with `instance` which one it is.
pub(super) fn lock(config: &Config) -> anyhow::Result<Option<Lock>> {
    let Some(path) = file(config)? else { return Ok(None) };
    // By whatever name it is reached, it is one store.
    let path = path.canonicalize().with_context(|| path.display().to_string())?;
    let mut name = path.into_os_string();
    // An instance may be called anything, a file may not.
    let instance = Sha256::digest(config.instance.as_bytes());
    name.push(format!(".{}", HEXLOWER.encode(instance.get(..8).unwrap_or_default())));
    let lock = lock::take(name.as_ref());
    let lock = lock.with_context(|| format!("instance {} of the store {} ([store])", config.instance, config.store))?;
    Ok(Some(lock))
}

/// What only the gateway keeps.
const OF_GATEWAY: [&str; 3] = ["client", "user", "session"];

/// Refuses the store of `rsign-gateway`, before anything is written into it.
async fn refuse_gateways(config: &Config) -> anyhow::Result<()> {
    let found = rsign_storage::collections(&config.store).await;
    let found = found.with_context(|| format!("the store {} ([store]) does not open", config.store))?;
    let foreign = found.iter().any(|name| OF_GATEWAY.contains(&name.as_str()));
    ensure!(!foreign, "[store] {} is the store of rsign-gateway; the signer needs one of its own", config.store);
    Ok(())
}

async fn open(config: &Config, leisure: Leisure) -> anyhow::Result<Arc<dyn Store>> {
    refuse_gateways(config).await?;
    let opened = rsign_storage::open_with(&config.store, COLLECTIONS, leisure).await;
    opened.with_context(|| format!("the store {} ([store]) does not open", config.store))
}

pub(super) async fn ceremony(store: &Arc<dyn Store>) -> anyhow::Result<CeremonyRow> {
    match Tables::new(store).ceremony().await? {
        Some(row) => Ok(row),
        None => bail!("there was no key ceremony in this store: run `rsign-signer init` first"),
    }
}

pub(super) async fn hsm(config: &Config, ceremony: &CeremonyRow) -> anyhow::Result<Arc<Pool>> {
    let settings = PoolSettings {
        program: std::env::current_exe()?,
        token: config.token(),
        masters: ceremony.masters(),
        workers: config.hsm.workers,
        threads: config.hsm.threads,
        queue: config.hsm.queue,
        replace_after: config.hsm.replace_after,
    };
    Pool::start(settings).await.map_err(|error| anyhow::anyhow!("the HSM does not open: {error}"))
}
