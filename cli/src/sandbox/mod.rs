//! `rsign sandbox`: a whole service on this computer, seeded, for people who build CSC apps (DESIGN 8).
//!
//! [`layout`] says which file lies where, [`tls`] makes the certificates between the parts, [`settings`] writes the
//! services' configuration, [`process`] starts and ends them, [`seed`] makes clients, users and credentials through
//! the operator's own commands, [`tsa`] stamps times, [`codes`] is the telephone that codes are sent to, [`ready`] tells
//! the world.

mod codes;
mod layout;
mod process;
mod ready;
mod seed;
mod settings;
mod tls;
mod tsa;

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use codes::Codes;
use layout::write_private;
use tsa::Tsa;

pub(crate) use layout::Layout;
pub(crate) use process::{Programs, Service};
pub(crate) use ready::Ready;
pub(crate) use seed::credential;

/// Options of `rsign sandbox`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Written when all is serving: addresses, clients, users, PINs, in one JSON object (mode 0600). Without it,
    /// ready.json in the folder where everything is kept.
    #[arg(long)]
    pub(crate) ready_file: Option<PathBuf>,
    /// Where everything is kept; created if absent. Without it, a temporary folder that goes when the sandbox ends.
    #[arg(long)]
    pub(crate) data_dir: Option<PathBuf>,
    /// Address of the CSC API; port 0 takes a free one. Without it, the one of the last start in --data-dir while it is
    /// free, or else a free one.
    #[arg(long)]
    pub(crate) listen: Option<SocketAddr>,
    /// Plain HTTP, on loopback only.
    #[arg(long)]
    pub(crate) http: bool,
    #[command(flatten)]
    pub(crate) sites: Sites,
}

/// Names under which browsers find the two origins, for tests: someone has to lead them here. Without them it is
/// 127.0.0.1 and localhost.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Sites {
    /// Name of the gateway's site.
    #[arg(long, hide = true, conflicts_with = "http")]
    gateway_name: Option<String>,
    /// Name of the signing page's site.
    #[arg(long, hide = true, conflicts_with = "http")]
    page_name: Option<String>,
}

impl Sites {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.gateway_name.iter().chain(&self.page_name).map(String::as_str)
    }
}

/// How long the services may take to end.
const GRACE: Duration = Duration::from_secs(9);

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let is_loopback = options.listen.is_none_or(|address| address.ip().is_loopback());
    anyhow::ensure!(!options.http || is_loopback, "--http is for loopback addresses only");
    options.ready_file.as_deref().map_or(Ok(()), has_a_folder)?;
    let temporary;
    let folder = match &options.data_dir {
        Some(folder) => folder.clone(),
        None => {
            temporary = tempfile::Builder::new().prefix("rsign-sandbox-").tempdir()?;
            temporary.path().to_owned()
        }
    };
    let listen = options.listen.or_else(|| settings::kept_address(&folder, settings::GATEWAY));
    let listen = listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
    let ready_file = options.ready_file.clone().unwrap_or_else(|| folder.join("ready.json"));
    let started = tokio::select! {
        started = Sandbox::start(&folder, listen, options.http, &options.sites) => Some(started?),
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
    };
    let Some(mut sandbox) = started else {
        // What was running was killed when its handle was dropped; a worker ends with the job it has in hand.
        process::wait_for_none(&folder, GRACE).await;
        anyhow::bail!("stopped before it was ready");
    };
    sandbox.ready.write(&ready_file)?;
    println!("{}", sandbox.ready.told(&ready_file));
    let ended = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        name = sandbox.any_ended() => Err(anyhow::anyhow!("the {name} ended by itself; its log says why")),
    };
    let _ = std::fs::remove_file(&ready_file);
    sandbox.stop().await;
    ended
}

/// The ready file is written last: a folder that is not there would be noticed after all the work.
fn has_a_folder(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    anyhow::ensure!(folder.is_dir(), "--ready-file: there is no folder {}", folder.display());
    Ok(())
}

/// The running parts.
#[derive(Debug)]
pub(crate) struct Sandbox {
    pub(crate) ready: Ready,
    pub(crate) layout: Layout,
    gateway: Service,
    signer: Service,
    page: Service,
    _tsa: Tsa,
    _codes: Codes,
    /// Held as long as the folder is in use.
    _lock: std::fs::File,
}

impl Sandbox {
    /// Starts everything in this folder, making what is missing.
    pub(crate) async fn start(
        folder: &Path,
        mut listen: SocketAddr,
        http: bool,
        sites: &Sites,
    ) -> anyhow::Result<Self> {
        let programs = Programs::beside_this()?;
        let layout = Layout::open(folder)?;
        let lock = layout.lock()?;
        anyhow::ensure!(
            !layout.is_complete() || layout.file("identity.pem").exists(),
            "{} was made by an older rsign, without a signing page; name another folder or remove it",
            folder.display()
        );
        if !layout.is_complete() {
            layout.start_afresh()?;
            tls::make(&layout, sites.names())?;
            settings::write_secrets(&layout)?;
        }
        let pki = settings::pki_address(&layout)?;
        settings::write_signer(&layout, pki)?;
        if !layout.is_complete() {
            process::command(&programs.signer, &layout.signer_config(), &["init", "--create-token"]).await?;
            let identity = process::command(&programs.signer, &layout.signer_config(), &["identity"]).await?;
            write_private(&layout.file("identity.pem"), identity.as_bytes())?;
        }
        let signer =
            Service::start("signer", &programs.signer, &layout.signer_config(), &layout.file("signer.ready")).await?;
        let address = signer.address("address")?;
        let page = Page::reserve(&layout, http)?;
        let sign_origin = page.origin(sites);
        let public_url = match &sites.gateway_name {
            None => None,
            Some(name) => {
                // Stands in the gateway's configuration, so it must be known before it is bound.
                if listen.port() == 0 {
                    listen.set_port(free_port()?);
                }
                Some(format!("https://{name}:{}", listen.port()))
            }
        };
        let mut tsa = Tsa::bind()?;
        tsa.serve(&programs, &layout).await?;
        settings::write_otp_key(&layout)?;
        let codes = Codes::serve(&layout)?;
        settings::write_gateway(
            &layout,
            &settings::Gateway {
                listen,
                http,
                pki,
                signer: address,
                sign_origin: &sign_origin,
                public_url: public_url.as_deref(),
                tsa: tsa.url(),
                codes: codes.url(),
            },
        )?;
        let seeded = if layout.is_complete() {
            seed::Seeded::read(&layout)?
        } else {
            let seeded = seed::make(&programs, &layout).await?;
            seeded.write(&layout)?;
            seeded
        };
        let gateway =
            Service::start("gateway", &programs.gateway, &layout.gateway_config(), &layout.file("gateway.ready"))
                .await?;
        let bound = gateway.address("address")?;
        write_private(&layout.file(settings::GATEWAY), bound.as_bytes())?;
        let bound = format!("{}://{bound}", if http { "http" } else { "https" });
        let origin = public_url.unwrap_or(bound);
        let page = page.start(&programs, &layout, &origin).await?;
        let signing_ca = ready::fetch_authority(gateway.address("pki")?, &layout).await?;
        let pids = ready::processes(&gateway, &signer, &page);
        let ready =
            Ready::new([&origin, &sign_origin, tsa.url(), codes.url()], &layout, http, &signing_ca, seeded, pids);
        Ok(Self { ready, layout, gateway, signer, page, _tsa: tsa, _codes: codes, _lock: lock })
    }

    /// Name of the first part that ended by itself.
    async fn any_ended(&mut self) -> &'static str {
        tokio::select! {
            name = self.gateway.ended() => name,
            name = self.signer.ended() => name,
            name = self.page.ended() => name,
        }
    }

    /// Every process of the service now: gateway, signer, workers, page.
    pub(crate) fn pids(&self) -> std::collections::BTreeMap<String, u32> {
        ready::processes(&self.gateway, &self.signer, &self.page)
    }

    /// Ends the gateway before the signer, so that nobody calls one that is gone; waits for all.
    pub(crate) async fn stop(self) {
        self.page.stop(GRACE / 4).await;
        self.gateway.stop(GRACE / 2).await;
        self.signer.stop(GRACE / 2).await;
    }
}

/// The signing page: another site than the gateway's to a browser, as it would be for an operator. The gateway is at
/// 127.0.0.1, so this is at localhost.
struct Page {
    /// Keeps the port, which the gateway must know before the page is served, from everybody else until then.
    reserved: std::net::TcpListener,
    port: u16,
    http: bool,
}

impl Page {
    fn reserve(layout: &Layout, http: bool) -> anyhow::Result<Self> {
        let last = settings::kept_address(&layout.file(""), settings::PAGE);
        let address = last.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
        let reserved = std::net::TcpListener::bind(address).context("no free port")?;
        let address = reserved.local_addr()?;
        write_private(&layout.file(settings::PAGE), address.to_string().as_bytes())?;
        let port = address.port();
        Ok(Self { reserved, port, http })
    }

    fn origin(&self, sites: &Sites) -> String {
        let name = sites.page_name.as_deref().unwrap_or("localhost");
        format!("{}://{name}:{}", if self.http { "http" } else { "https" }, self.port)
    }

    async fn start(self, programs: &Programs, layout: &Layout, gateway: &str) -> anyhow::Result<Service> {
        drop(self.reserved);
        let listen = format!("127.0.0.1:{}", self.port);
        let (keys, certificate, key) = (layout.file("identity.pem"), layout.file("page.pem"), layout.file("page.key"));
        let mut words: Vec<&OsStr> = vec!["page".as_ref(), "--listen".as_ref(), listen.as_ref()];
        words.extend(["--gateway".as_ref(), gateway.as_ref(), "--keys".as_ref(), keys.as_os_str()]);
        if !self.http {
            words.extend(["--certificate".as_ref(), certificate.as_os_str(), "--key".as_ref(), key.as_os_str()]);
        }
        Service::start_with("signing page", &programs.signer, &words, &layout.file("page.ready")).await
    }
}

/// A free loopback port, for what must be known before it is bound.
fn free_port() -> anyhow::Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("no free port")?;
    Ok(listener.local_addr()?.port())
}
