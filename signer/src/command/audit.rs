//! `audit verify` and `audit show`: for auditors, without the service.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use data_encoding::HEXLOWER;
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::line::{escaped, escaped_json};
use rsign_storage::{Chained, Chains, GENESIS};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::audit::{Entry, Head};
use crate::config::Config;

const PAGE: usize = 1000;

/// Entries back from itself that a checkpoint may be about.
const REACH: usize = 10_000;

/// First words of the last line, which says what all the others were about.
const VERIFIED: &str = "verified: ";

pub(super) async fn verify(config: &Config, key: Option<&Path>, known: Option<&Path>) -> anyhow::Result<()> {
    let key = key.map(|path| {
        let key = SubjectPublicKeyInfoDer::from_pem_file(path);
        key.with_context(|| path.display().to_string()).map(|key| key.to_vec())
    });
    let key = key.transpose()?;
    let mut known = known.map(read_known).transpose()?.unwrap_or_default();
    let (store, names) = chains(config).await?;
    let (mut entries, mut times) = (0, Times::default());
    for chain in &names {
        let walk = check(&*store, chain, key.as_deref(), known.remove(chain)).await?;
        let signed = match (&key, walk.signed) {
            (None, _) => String::new(),
            (Some(_), 0) => ", never signed".to_owned(),
            (Some(_), signed) => format!(", signed up to {signed}"),
        };
        let head = HEXLOWER.encode(&walk.hash);
        println!("chain {chain}: {} entries, unbroken, head {head}{signed}, {}", walk.last, walk.times);
        entries += walk.last;
        times.add(walk.times);
    }
    if let Some(chain) = known.keys().next() {
        bail!("chain {chain} was known and is gone");
    }
    let own = &config.instance;
    ensure!(names.contains(own), "there is no audit chain of this configuration's instance {own} in {}", config.store);
    println!("{VERIFIED}{} chains, {entries} entries, {times}, in {}", names.len(), config.store);
    Ok(())
}

/// The chains of the store, and their names: at least one. An empty place is not a trail without fault.
async fn chains(config: &Config) -> anyhow::Result<(Box<dyn Chains>, Vec<String>)> {
    let opened = rsign_storage::open_chains(&config.store).await;
    let opened = opened.with_context(|| format!("the store {} does not open", config.store))?;
    let store = opened.with_context(|| format!("there is no audit chain in {}: it is no store", config.store))?;
    let names = store.chains().await.with_context(|| config.store.to_string())?;
    ensure!(!names.is_empty(), "there is no audit chain in {}", config.store);
    // Whoever writes the store may call one so that it says more lines than its own.
    if let Some(odd) = names.iter().find(|name| matches!(escaped(name), Cow::Owned(_))) {
        bail!("no signer's chain is called {} in {}: somebody wrote the store", escaped(odd), config.store);
    }
    Ok((store, names))
}

/// Reads a chain from its first entry on.
async fn check(
    store: &dyn Chains,
    chain: &str,
    key: Option<&[u8]>,
    wanted: Option<(u64, [u8; 32])>,
) -> anyhow::Result<Walk> {
    let mut walk = Walk::along(chain);
    loop {
        let entries = store.read_chain(chain, walk.last + 1, PAGE).await?;
        if entries.is_empty() {
            break;
        }
        match rsign_storage::verify(walk.hash, walk.last, &entries) {
            Ok(next) => walk.hash = next,
            Err(place) => bail!("chain {chain} is broken at entry {place}"),
        }
        for entry in &entries {
            walk.step(entry, key)?;
            if let Some((sequence, hash)) = &wanted
                && *sequence == entry.sequence
                && *hash != entry.hash
            {
                bail!("chain {chain} is not the one that was known: entry {sequence} is another");
            }
        }
        walk.last += entries.len() as u64;
    }
    if let Some((sequence, _)) = wanted
        && sequence > walk.last
    {
        bail!("chain {chain} has lost entries: {sequence} were known, {} are there", walk.last);
    }
    Ok(walk)
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
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with(VERIFIED));
    let mut known = HashMap::new();
    for line in lines {
        let (chain, end) = read(line).with_context(|| format!("{}: not understood: {line}", path.display()))?;
        let before = known.insert(chain.clone(), end);
        ensure!(before.is_none(), "{}: chain {chain} stands there twice", path.display());
    }
    Ok(known)
}

/// When the first and the last of some entries were written, Unix milliseconds.
#[derive(Debug, Default, Clone, Copy)]
struct Times(Option<(i64, i64)>);

impl Times {
    fn add(&mut self, others: Self) {
        self.0 = match (self.0, others.0) {
            (Some((first, last)), Some((other_first, other_last))) => {
                Some((first.min(other_first), last.max(other_last)))
            }
            (own, others) => own.or(others),
        };
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some((first, last)) = self.0 else { return to.write_str("without a time") };
        let said = |time: i64| {
            let time = OffsetDateTime::from_unix_timestamp(time / 1000).ok()?;
            time.format(&Rfc3339).ok()
        };
        let [first, last] = [first, last].map(|time| said(time).unwrap_or_else(|| time.to_string()));
        write!(to, "from {first} to {last}")
    }
}

/// One chain, read from its first entry on.
struct Walk {
    chain: Arc<str>,
    /// Number and hash of the last entry that was read.
    last: u64,
    hash: [u8; 32],
    times: Times,
    /// Of the last entries, the newest last.
    hashes: VecDeque<(u64, [u8; 32])>,
    /// The last entry the HSM signed.
    signed: u64,
}

impl Walk {
    fn along(chain: &str) -> Self {
        let (hashes, times) = (VecDeque::new(), Times::default());
        Self { chain: chain.into(), last: 0, hash: GENESIS, times, hashes, signed: 0 }
    }

    fn step(&mut self, entry: &Chained, key: Option<&[u8]>) -> anyhow::Result<()> {
        let event = serde_json::from_slice::<Entry>(&entry.event).ok();
        self.times.add(Times(event.as_ref().map(|event| (event.time, event.time))));
        let checkpoint = event.and_then(|event| event.checkpoint);
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
    let (store, names) = chains(config).await?;
    let mut out = std::io::stdout().lock();
    for chain in names {
        let mut next = 1;
        loop {
            let entries = store.read_chain(&chain, next, PAGE).await?;
            if entries.is_empty() {
                break;
            }
            for entry in &entries {
                let event = String::from_utf8_lossy(&entry.event);
                let event = escaped_json(&event);
                writeln!(out, r#"{{"chain":"{chain}","sequence":{},"event":{event}}}"#, entry.sequence)?;
            }
            next += entries.len() as u64;
        }
    }
    Ok(())
}
