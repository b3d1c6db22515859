//! `serve`: the listeners, housekeeping, and a stop that lets calls finish.

mod ending;

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use super::ready;
use crate::app::{App, Parts};
use crate::config::Config;
use crate::http::{Bounds, ClientCertificates, Handle, Site, Tls, bind, closing_router, pki_router, router, serve};
use crate::service::certification::Certification;

/// Between two rounds of housekeeping.
const ROUND: Duration = Duration::from_secs(60);

/// About.
const ROUNDS_A_DAY: u32 = 24 * 60;

pub(super) async fn run(mut config: Config, parts: Parts, ready_file: Option<&Path>) -> anyhow::Result<()> {
    parts.fit_tenant(&config.tenant).await?;
    parts.fit_configuration_key().await?;
    let listener = bind(config.listen.address)?;
    let address = listener.local_addr()?;
    let pki_listener = config.pki.as_ref().map(|pki| bind(pki.address)).transpose()?;
    let pki_address = pki_listener.as_ref().map(TcpListener::local_addr).transpose()?;
    let mutual_listener = config.mutual_tls.as_ref().map(|mutual| bind(mutual.address)).transpose()?;
    let mutual_address = mutual_listener.as_ref().map(TcpListener::local_addr).transpose()?;
    if let (Some(mutual), Some(address)) = (&mut config.mutual_tls, mutual_address) {
        mutual.public_url.get_or_insert_with(|| format!("https://{address}"));
    }
    let tls = tls(&config, ClientCertificates::Ignored)?;
    let asking = tls_of_clients(&config)?;
    let bounds = Bounds::new(&config.limits);
    let public_url = config.listen.public_url(address);
    if config.listen.is_called_otherwise(address) && config.account.address_field.is_none() {
        tracing::warn!(
            "[listen] public_url names another host than the bound address; if a reverse proxy stands there, name the \
             field it writes callers' addresses into, [account] address_field: without it all callers are one, and \
             one who guesses passwords slows all others down"
        );
    }
    let grace = Duration::from_secs(config.limits.grace_seconds);
    let site = Arc::new(Site::new(App::new(&config, &parts, &public_url)?, config, &public_url)?);
    let spool = &site.app.spool;
    spool
        .try_folder()
        .with_context(|| format!("[spool] folder {}: no file can be made there", spool.folder().display()))?;
    let handle = Handle::new();
    let late = tokio::spawn(answer_late(listener.try_clone()?, tls.clone(), Arc::clone(&site), bounds.clone()));
    stop_on_signal(handle.clone(), Arc::clone(&site), grace)?;
    if let Some(elsewhere) = parts.elsewhere.clone() {
        tokio::spawn(look_at_ca(elsewhere));
    }
    let housekeeping = tokio::spawn(keep_house(Arc::clone(&site)));
    let public = serve(listener, tls, router(Arc::clone(&site)), handle.clone(), &bounds);
    let mutual = async {
        match mutual_listener {
            Some(listener) => serve(listener, asking, router(Arc::clone(&site)), handle.clone(), &bounds).await,
            None => Ok(()),
        }
    };
    let pki = async {
        match pki_listener {
            Some(listener) => serve(listener, None, pki_router(Arc::clone(&site)), handle.clone(), &bounds).await,
            None => Ok(()),
        }
    };
    if let Some(path) = ready_file {
        ready::write(path, address, pki_address, mutual_address)?;
    }
    tracing::info!(%address, pki = pki_address.map(tracing::field::display), "serving {public_url}");
    let outcome = tokio::try_join!(public, mutual, pki);
    late.abort();
    housekeeping.abort();
    outcome?;
    tracing::info!("stopped");
    Ok(())
}

fn tls(config: &Config, clients: ClientCertificates) -> anyhow::Result<Option<Tls>> {
    match (&config.listen.certificate, &config.listen.key) {
        (Some(certificate), Some(key)) => Tls::read(certificate, key, clients).map(Some),
        _ => Ok(None),
    }
}

/// Of the listener that asks clients for certificates, where there is one.
fn tls_of_clients(config: &Config) -> anyhow::Result<Option<Tls>> {
    if config.mutual_tls.is_some() { tls(config, ClientCertificates::Asked) } else { Ok(None) }
}

/// From the stop on, until calls under way have ended: who comes by then is told so, a load balancer above all, and finds
/// no closed door.
async fn answer_late(listener: TcpListener, tls: Option<Tls>, site: Arc<Site>, bounds: Bounds) {
    site.app.stopping.begun().await;
    if let Err(error) = serve(listener, tls, closing_router(site), Handle::new(), &bounds).await {
        tracing::warn!(%error, "who comes during the stop is not answered");
    }
}

/// Said at the start, before it costs a key.
async fn look_at_ca(elsewhere: Certification) {
    match elsewhere.look().await {
        Ok(()) => tracing::info!("the CA of [est] answers"),
        Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "keys cannot be certified now"),
    }
}

async fn keep_house(site: Arc<Site>) {
    let mut rounds = tokio::time::interval(ROUND);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // As they are at the start: others that lie there by then are not shown yet.
    let shown = ending::shown(&site.config);
    for round in 0_u32.. {
        rounds.tick().await;
        if round % ROUNDS_A_DAY == 0 {
            shown.iter().for_each(|certificate| certificate.warn(site.app.clock.now() / 1000));
        }
        site.app.housekeeping.round().await;
    }
}

fn stop_on_signal(handle: Handle, site: Arc<Site>, grace: Duration) -> anyhow::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
                _ = hangup.recv() => {
                    tracing::warn!("SIGHUP: the configuration is read at the start only; it takes a restart");
                }
            }
        }
        tracing::info!("stopping");
        site.app.stopping.begin();
        handle.graceful_shutdown(None);
        tokio::time::sleep(grace).await;
        // What is idle was closed at once, and a connection carries one call at a time.
        let cut = handle.connection_count();
        tracing::warn!(calls = cut, "calls that were not over after {} seconds are cut off", grace.as_secs());
        handle.shutdown();
    });
    Ok(())
}
