//! `audit verify` and `audit show`: for auditors, without the service.

use std::collections::{HashMap, VecDeque};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use data_encoding::HEXLOWER;
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_storage::{Chained, GENESIS};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;

use super::open;
use crate::audit::{Entry, Head};
use crate::config::Config;

const PAGE: usize = 1000;

/// Entries back from itself that a checkpoint may be about.
const REACH: usize = 10_000;

pub(super) async fn verify(config: &Config, key: Option<&Path>, known: Option<&Path>) -> anyhow::Result<()> {
    let key = key.map(|path| {
        let key = SubjectPublicKeyInfoDer::from_pem_file(path);
        key.with_context(|| path.display().to_string()).map(|key| key.to_vec())
    });
    let key = key.transpose()?;
    let mut known = known.map(read_known).transpose()?.unwrap_or_default();
    let store = open::store(config).await?;
    for chain in store.chains().await? {
        let mut walk = Walk { chain: chain.as_str().into(), hashes: VecDeque::new(), signed: 0 };
        let wanted = known.remove(&chain);
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
            for entry in &entries {
                walk.step(entry, key.as_deref())?;
                if let Some((sequence, hash)) = &wanted
                    && *sequence == entry.sequence
                    && *hash != entry.hash
                {
                    bail!("chain {chain} is not the one that was known: entry {sequence} is another");
                }
            }
            last += entries.len() as u64;
        }
        if let Some((sequence, _)) = wanted
            && sequence > last
        {
            bail!("chain {chain} has lost entries: {sequence} were known, {last} are there");
        }
        let signed = match (&key, walk.signed) {
            (None, _) => String::new(),
            (Some(_), 0) => ", never signed".to_owned(),
            (Some(_), signed) => format!(", signed up to {signed}"),
        };
        println!("chain {chain}: {last} entries, unbroken, head {}{signed}", HEXLOWER.encode(&hash));
    }
    if let Some(chain) = known.keys().next() {
        bail!("chain {chain} was known and is gone");
    }
    Ok(())
}

/// Number and hash of the last entry, by chain, from the lines this command printed.
fn read_known(path: &Path) -> anyhow::Result<HashMap<String, (u64, [u8; 32])>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let read = |line: &str| {
        let (chain, rest) = line.strip_prefix("chain ")?.rsplit_once(": ")?;
        let (entries, rest) = rest.split_once(" entries, unbroken, head ")?;
        let hash = HEXLOWER.decode(rest.get(..64)?.as_bytes()).ok()?.try_into().ok()?;
        Some((chain.to_owned(), (entries.parse().ok()?, hash)))
    };
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| read(line).with_context(|| format!("{}: not understood: {line}", path.display()))).collect()
}

/// One chain, read from its first entry on.
struct Walk {
    chain: Arc<str>,
    /// Of the last entries, the newest last.
    hashes: VecDeque<(u64, [u8; 32])>,
    /// The last entry the HSM signed.
    signed: u64,
}

impl Walk {
    fn step(&mut self, entry: &Chained, key: Option<&[u8]>) -> anyhow::Result<()> {
        let checkpoint = serde_json::from_slice::<Entry>(&entry.event).ok().and_then(|entry| entry.checkpoint);
        if let (Some(checkpoint), Some(key)) = (checkpoint, key) {
            let place = entry.sequence;
            let signed = self.hashes.iter().rev().find(|(sequence, _)| *sequence == checkpoint.sequence);
            let Some((sequence, hash)) = signed.filter(|(_, hash)| HEXLOWER.encode(hash) == checkpoint.hash) else {
                bail!("chain {}: entry {place} signs another past", self.chain);
            };
            let head = Head { chain: Arc::clone(&self.chain), sequence: *sequence, hash: *hash };
            let signature = HEXLOWER.decode(checkpoint.signature.as_bytes()).unwrap_or_default();
            let scheme = Scheme::Ecdsa { hash: HashAlgorithm::Sha256 };
            if !crate::certificate::verify(key, scheme, &head.digest(), &signature) {
                bail!("chain {}: the signature in entry {place} is not the audit key's", self.chain);
            }
            self.signed = *sequence;
        }
        if self.hashes.len() == REACH {
            self.hashes.pop_front();
        }
        self.hashes.push_back((entry.sequence, entry.hash));
        Ok(())
    }
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
