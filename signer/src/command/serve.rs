//! `serve`: builds the service from its parts, serves until told to stop.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rsign_spool::SpoolConfig;
use rsign_storage::Leisure;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::signals::Signals;
use super::{admin, open, socket};
use crate::SystemRandom;
use crate::audit::{Entry, Event};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::credential::CodePolicy;
use crate::foreign::process::Helpers;
use crate::http::{Dated, PeerRejections, Tls, router, serve};
use crate::service::{Parts, Policy, Signer};

pub(super) async fn run(config: &Config, ready_file: Option<&Path>) -> anyhow::Result<()> {
    let mut signals = Signals::take()?;
    let missing = config.missing();
    ensure!(missing.is_empty(), "{}", missing.join("; "));
    let tls = Tls::read(&config.listen).map_err(anyhow::Error::msg)?;
    let dates = tls.dates.clone();
    open::own(config)?;
    // Before the store: a second signer of this configuration shall not write a word into the first one's chain.
    let place = socket::listen(&config.admin.socket)?;
    let _only = open::lock(config)?;
    let leisure = Leisure::default();
    let store = open::store_at_leisure(config, leisure.clone()).await?;
    let ceremony = open::ceremony(&store).await?;
    let pool = open::hsm(config, &ceremony).await?;
    // While the HSM has more than it can take, a commit that comes a little later delays nobody.
    let hsm = Arc::downgrade(&pool);
    leisure.tell(move || hsm.upgrade().is_some_and(|hsm| hsm.waiting() > 0));
    let clock = Arc::new(SystemClock);
    let signer = Arc::new(Signer::new(Parts {
        hsm: pool.clone(),
        foreign: Arc::new(
            Helpers::new(std::env::current_exe()?, config.documents.helpers)
                .with_memory(config.documents.helper_memory),
        ),
        store,
        clock: clock.clone(),
        random: Arc::new(SystemRandom),
        instance: config.instance.clone(),
        policy: Policy {
            enrolment: config.enrolment,
            issuer: config.factor.issuer.clone(),
            codes: CodePolicy::hourly(config.factor.codes_per_hour),
            properties: config.documents.properties,
            ..Policy::default()
        },
        mechanisms: (config.hsm.derive, config.hsm.wrap),
        masters: ceremony.masters(),
        authority: ceremony.authority.0,
        profile: config.profile(),
        clients: config.clients.clone(),
        officers: config.admin.officers.clone(),
    })?);
    signer.audit().record(Entry::of(Event::Started).because(env!("CARGO_PKG_VERSION"))).await?;
    let rejections = PeerRejections::new(signer.audit().clone(), clock);
    // One gateway asks for all.
    let spool = SpoolConfig { client: config.spool.all, ..config.spool.clone() }.open(config.store.file());
    let router = router(Arc::clone(&signer), &spool);
    let serving = serve(config.listen.address, tls, router, rejections).await.map_err(anyhow::Error::msg)?;
    let admin = tokio::spawn(admin::serve(Arc::clone(&place.listener), config.admin.pin_command, Arc::clone(&signer)));
    let tidying = tokio::spawn(tidy(Arc::clone(&signer)));
    tracing::info!(address = %serving.address, "signer serving");
    let reminding = remind(dates);
    if let Some(path) = ready_file {
        announce(path, serving.address)?;
    }
    signals.end().await;
    tracing::info!("signer stopping");
    admin.abort();
    tidying.abort();
    reminding.abort();
    serving.stop(Duration::from_secs(5)).await;
    signer.audit().record(Entry::of(Event::Stopped)).await?;
    // An HSM that does not answer does not keep the service from ending.
    match tokio::time::timeout(Duration::from_secs(2), signer.checkpoint()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the audit trail's end was not signed"),
        Err(_) => tracing::error!("the audit trail's end was not signed: the HSM does not answer"),
    }
    pool.stop().await;
    drop(place);
    Ok(())
}

async fn tidy(signer: Arc<Signer>) {
    let mut every = tokio::time::interval(Duration::from_secs(30));
    loop {
        every.tick().await;
        if let Err(error) = signer.tidy().await {
            tracing::error!(%error, "tidying failed");
        }
        if let Err(error) = signer.look_at_masters().await {
            tracing::error!(%error, "there is no K_MK to wrap under");
        }
        if let Err(error) = signer.keep_responder().await {
            tracing::error!(%error, "there is no OCSP responder");
        }
        if let Err(error) = signer.checkpoint().await {
            tracing::error!(%error, "the audit trail was not signed");
        }
    }
}

/// Says which certificate ends soon, now and then once a day: who reads that the service is ready finds it said.
pub(super) fn remind(dates: Vec<Dated>) -> JoinHandle<()> {
    const DAY: Duration = Duration::from_secs(86_400);
    let say = move || {
        for notice in dates.iter().filter_map(|dated| dated.notice(SystemClock.now() / 1000)) {
            tracing::warn!("{notice}");
        }
    };
    say();
    tokio::spawn(async move {
        let mut every = tokio::time::interval_at(Instant::now() + DAY, DAY);
        loop {
            every.tick().await;
            say();
        }
    })
}

/// Written whole: a temporary name, then a rename.
pub(super) fn announce(path: &Path, address: SocketAddr) -> anyhow::Result<()> {
    let draft = path.with_extension("draft");
    let ready = serde_json::json!({ "address": address.to_string(), "pid": std::process::id() });
    std::fs::write(&draft, serde_json::to_vec(&ready)?).with_context(|| draft.display().to_string())?;
    std::fs::rename(&draft, path).with_context(|| path.display().to_string())
}
