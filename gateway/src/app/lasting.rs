//! What lasting signatures need of others, wired: time-stamps, anchors and evidence. The renewal command has it without
//! the rest of the gateway.

use std::sync::Arc;

use crate::config::Config;
use crate::config::timestamp::TimestampConfig;
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::port::revocations::Revocations;
use crate::service::anchors::Anchors;
use crate::service::authority::Authority;
use crate::service::evidence::Evidence;
use crate::service::time_stamps::{Source, TimeStamps};
use crate::tsa_client::TsaClient;

/// The services.
#[derive(Debug, Clone)]
pub struct Lasting {
    /// Time-stamps; none where no authority is named.
    pub time_stamps: Option<Arc<TimeStamps>>,
    /// Evidence.
    pub evidence: Arc<Evidence>,
}

/// What they are built from.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Time-stamping authorities, in their order.
    pub stamping: Vec<Source>,
    /// Revocation data of others.
    pub revocations: Arc<dyn Revocations>,
    /// Anchors that the operator names, DER.
    pub anchors: Vec<Vec<u8>>,
}

impl Lasting {
    /// Wires them.
    ///
    /// # Errors
    /// When an anchor cannot be read.
    pub fn new(
        parts: Parts,
        authority: &Arc<Authority>,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Random>,
    ) -> anyhow::Result<Self> {
        let Parts { stamping, revocations, anchors } = parts;
        let anchors = Arc::new(Anchors::new(Arc::clone(authority), &anchors, Arc::clone(clock))?);
        let time_stamps = TimeStamps::new(stamping, Arc::clone(&anchors), Arc::clone(clock), Arc::clone(random));
        let evidence = Evidence::new(Arc::clone(authority), revocations, anchors, Arc::clone(clock));
        Ok(Self { time_stamps: time_stamps.map(Arc::new), evidence: Arc::new(evidence) })
    }
}

/// The authorities that are configured.
///
/// # Errors
/// When trust anchors of their TLS cannot be read.
pub fn stamping(config: &Config) -> anyhow::Result<Vec<Source>> {
    let source = |one: &TimestampConfig| -> anyhow::Result<Source> {
        Ok(Source { port: Arc::new(TsaClient::new(one)?), policy: one.policy() })
    };
    config.timestamp.iter().map(source).collect()
}

/// Every certificate that the operator lets paths end at.
///
/// # Errors
/// When a file cannot be read.
pub fn anchors(config: &Config) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut anchors = config.evidence.anchors()?;
    for authority in &config.timestamp {
        anchors.extend(authority.authorities()?);
    }
    Ok(anchors)
}
