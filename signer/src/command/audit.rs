//! `audit verify` and `audit show`: for auditors, without the service.

use std::io::Write as _;

use anyhow::bail;
use rsign_storage::GENESIS;

use super::open;
use crate::config::Config;

const PAGE: usize = 1000;

pub(super) async fn verify(config: &Config) -> anyhow::Result<()> {
    let store = open::store(config).await?;
    for chain in store.chains().await? {
        let (mut hash, mut last) = (GENESIS, 0);
        loop {
            let entries = store.read_chain(&chain, last + 1, PAGE).await?;
            if entries.is_empty() {
                break;
            }
            match rsign_storage::verify(hash, last, &entries) {
                Ok(next) => hash = next,
                Err(place) => bail!("chain {chain} is broken at entry {place}"),
            }
            last += entries.len() as u64;
        }
        println!("chain {chain}: {last} entries, unbroken, head {}", data_encoding::HEXLOWER.encode(&hash));
    }
    Ok(())
}

pub(super) async fn show(config: &Config) -> anyhow::Result<()> {
    let store = open::store(config).await?;
    let mut out = std::io::stdout().lock();
    for chain in store.chains().await? {
        let mut next = 1;
        loop {
            let entries = store.read_chain(&chain, next, PAGE).await?;
            if entries.is_empty() {
                break;
            }
            for entry in &entries {
                let event = String::from_utf8_lossy(&entry.event);
                writeln!(out, r#"{{"chain":"{chain}","sequence":{},"event":{event}}}"#, entry.sequence)?;
            }
            next += entries.len() as u64;
        }
    }
    Ok(())
}
