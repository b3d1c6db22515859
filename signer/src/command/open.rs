//! Opens store and HSM as the configuration says.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use rsign_storage::{Leisure, Store};

use crate::config::Config;
use crate::hsm::{Pool, PoolSettings};
use crate::store::{COLLECTIONS, CeremonyRow, Tables};

pub(super) async fn store(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    store_at_leisure(config, Leisure::default()).await
}

pub(super) async fn store_at_leisure(config: &Config, leisure: Leisure) -> anyhow::Result<Arc<dyn Store>> {
    rsign_storage::open_with(&config.store, COLLECTIONS, leisure).await.context("the store does not open")
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
        canary: ceremony.canary.0.clone(),
        workers: config.hsm.workers,
        threads: config.hsm.threads,
        queue: config.hsm.queue,
        replace_after: config.hsm.replace_after,
    };
    Pool::start(settings).await.map_err(|error| anyhow::anyhow!("the HSM does not open: {error}"))
}
