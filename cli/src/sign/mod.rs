//! `rsign sign FILE`: signs a file through any CSC service.
//!
//! The flow of a native app: discover the service from `info` ([`service`]), send the person to the browser and wait
//! for the code on a loopback port ([`consent`], RFC 8252), first for a token that may read certificates, then for one
//! that may sign exactly this file; put the signature into a detached CMS ([`document`]).

mod consent;
pub(crate) mod document;
mod service;
mod terminal;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use clap::Args;

use consent::{App, Consent};
use document::Detached;
use service::Service;
use terminal::{shown, step};

/// Options of `rsign sign`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The file to sign.
    file: PathBuf,
    /// Base address of the CSC service, with its version: `https://host/csc/v2`.
    #[arg(long, required_unless_present = "sandbox")]
    service: Option<String>,
    /// This app's `client_id` at the service, registered with the redirect URI `http://127.0.0.1/callback`.
    #[arg(long, required_unless_present = "sandbox")]
    client_id: Option<String>,
    /// File with the client's secret.
    #[arg(long)]
    client_secret_file: Option<PathBuf>,
    /// Roots to trust besides the system's, PEM.
    #[arg(long)]
    tls_ca: Option<PathBuf>,
    /// Ready file of `rsign sandbox`, in place of the four above.
    #[arg(long, conflicts_with_all = ["service", "client_id"])]
    sandbox: Option<PathBuf>,
    /// Which of the person's keys; without it the first that can sign.
    #[arg(long)]
    credential: Option<String>,
    /// Where the signature goes; without it FILE.p7s.
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Only prints the address to open.
    #[arg(long)]
    no_browser: bool,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    // Errors hold what the service said.
    sign(options).await.map_err(|error| anyhow::Error::msg(shown(&format!("{error:#}"))))
}

async fn sign(options: Options) -> anyhow::Result<()> {
    let content = std::fs::read(&options.file).with_context(|| options.file.display().to_string())?;
    let output = options.output.clone().unwrap_or_else(|| beside(&options.file));
    // Before anybody approves anything: a signature that cannot be kept is lost.
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    anyhow::ensure!(folder.is_dir(), "{}: there is no such folder to put the signature into", folder.display());
    let Place { service, app, roots, authority } = place(&options)?;
    let http = http_client(roots.as_deref())?;
    let service = Service::discover(&http, &service).await?;
    step(&format!("{}: CSC {}, at {}", service.name(), service.specification(), service.base()));
    let consent = Consent::new(&http, &app, service.authorization_server()?, !options.no_browser).await?;

    if let Some(file) = &options.sandbox {
        step(&format!("names, passwords and PINs of people to sign in as are in {}", file.display()));
    }
    let token = consent.ask("may see your certificates", &[("scope", "service")]).await?;
    let credential = service.credential(&token, options.credential.as_deref()).await?;
    step(&format!("key: {}", credential.subject));

    let detached = Detached::prepare(&content, &credential, SystemTime::now())?;
    let label = options.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let hash = data_encoding::BASE64URL_NOPAD.encode(&detached.digest);
    let list = [
        ("scope", "credential"),
        ("credentialID", credential.id.as_str()),
        ("numSignatures", "1"),
        (service.hashes_parameter(), hash.as_str()),
        ("hashAlgorithmOID", document::SHA256),
        ("description", label.as_str()),
    ];
    step(&format!("short code of what is to be signed: {}", detached.short_code()?));
    step("the page shows the same code; if it shows another, cancel there");
    let sad = consent.ask("may sign this file with your key", &list).await?;
    let signature = service.sign_hash(&token, &sad, &credential, &detached.digest).await?;

    std::fs::write(&output, detached.finish(&signature)?).with_context(|| output.display().to_string())?;
    step(&format!("signature: {}", output.display()));
    println!(
        "verify it: openssl cms -verify -binary -inform DER -in {} -content {} -CAfile {} -purpose any -out /dev/null",
        output.display(),
        options.file.display(),
        authority.as_deref().unwrap_or(Path::new("CA.pem")).display()
    );
    Ok(())
}

/// `FILE.p7s`.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".p7s");
    name.into()
}

/// Where to sign and as whom.
struct Place {
    service: String,
    app: App,
    roots: Option<PathBuf>,
    /// Who certified the keys, PEM, where that is known.
    authority: Option<PathBuf>,
}

fn place(options: &Options) -> anyhow::Result<Place> {
    if let Some(file) = &options.sandbox {
        return from_ready_file(file);
    }
    let secret = options.client_secret_file.as_ref().map(|file| {
        let secret = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        anyhow::Ok(secret.trim().to_owned())
    });
    Ok(Place {
        service: options.service.clone().unwrap_or_default(),
        app: App { client_id: options.client_id.clone().unwrap_or_default(), client_secret: secret.transpose()? },
        roots: options.tls_ca.clone(),
        authority: None,
    })
}

fn from_ready_file(file: &Path) -> anyhow::Result<Place> {
    let text = std::fs::read(file).with_context(|| format!("{}: is a sandbox running there?", file.display()))?;
    let ready: serde_json::Value = serde_json::from_slice(&text).with_context(|| file.display().to_string())?;
    let clients = ready["clients"].as_array().context("the ready file names no clients")?;
    let client = clients.iter().find(|client| client["client_secret"].is_string());
    let client = client.context("the ready file names no client with a secret")?;
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    Ok(Place {
        service: text(&ready["csc_v2"]).context("the ready file has no csc_v2")?,
        app: App {
            client_id: text(&client["client_id"]).context("a client has no client_id")?,
            client_secret: text(&client["client_secret"]),
        },
        roots: text(&ready["tls_ca"]).map(PathBuf::from),
        authority: text(&ready["signing_ca"]).map(PathBuf::from),
    })
}

fn http_client(roots: Option<&Path>) -> anyhow::Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(std::time::Duration::from_secs(10))
        .timeout(std::time::Duration::from_secs(60));
    if let Some(file) = roots {
        let pem = std::fs::read(file).with_context(|| file.display().to_string())?;
        for root in reqwest::Certificate::from_pem_bundle(&pem)? {
            builder = builder.add_root_certificate(root);
        }
    }
    Ok(builder.build()?)
}
