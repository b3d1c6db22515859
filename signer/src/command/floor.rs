//! `hsm-floor`: measures the token itself for `rsign bench`, one slice for each line it reads.
//!
//! In: `KEY path|sign THREADS MILLISECONDS`. Out: `COUNT NANOSECONDS CPU-MICROSECONDS`, one line each.

use std::collections::HashMap;
use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use anyhow::Context as _;
use rsign_api::algorithm::KeyType;

use super::open;
use crate::config::Config;
use crate::hsm::pkcs11::{Floor, FloorKind, Token};

pub(super) async fn run(config: &Config) -> anyhow::Result<()> {
    let store = open::store(config).await?;
    let ceremony = open::ceremony(&store).await?;
    drop(store);
    let token = Token::open(&config.token(), &ceremony.masters())?;
    let mut prepared: HashMap<KeyType, Floor> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split_whitespace();
        let mut word = || words.next().context("KEY path|sign THREADS MILLISECONDS");
        let key: KeyType = word()?.parse().map_err(anyhow::Error::msg)?;
        let kind = if word()? == "sign" { FloorKind::Sign } else { FloorKind::Path };
        let (threads, milliseconds) = (word()?.parse()?, word()?.parse()?);
        let floor = match prepared.entry(key) {
            std::collections::hash_map::Entry::Occupied(floor) => floor.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => place.insert(Floor::prepare(&token, key)?),
        };
        let before = cpu_microseconds();
        let (count, took) = floor.run(&token, kind, threads, Duration::from_millis(milliseconds))?;
        println!("{count} {} {}", took.as_nanos(), cpu_microseconds() - before);
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// User and system time of this process so far.
fn cpu_microseconds() -> u64 {
    // utime and stime are the 14th and 15th words of stat, in clock ticks; the 2nd may hold spaces.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let words = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().skip(11).take(2));
    let ticks: u64 = words.into_iter().flatten().filter_map(|word| word.parse::<u64>().ok()).sum();
    ticks * 10_000
}
