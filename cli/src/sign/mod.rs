//! `rsign sign FILE...`: signs files through any CSC service.
//!
//! The flow of a native app: decide what each file becomes ([`plan`]), discover the service ([`place`], [`service`]) from `info`,
//! look whether the files can be signed at all ([`look`]) and have a place ([`output`]), send the person to the browser and
//! wait for the code on a loopback port ([`consent`], [`loopback`]), first for a token that may read certificates, of which one
//! is taken ([`keys`]), then for one that may sign exactly these files ([`approval`]). The service forms the signed documents
//! ([`remote`]), or, where it signs hashes only, this program does ([`local`]). What comes back is judged before it is kept
//! ([`received`]).

mod approval;
mod consent;
mod ended;
mod farewell;
mod keys;
mod local;
mod look;
mod loopback;
mod output;
mod place;
mod plan;
mod reach;
mod received;
mod remote;
mod service;
mod terminal;
mod verifiers;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, anyhow, ensure};
use clap::Args;
use rsign_api::signer::EntryType;

use approval::{Item, Words};
use consent::Consent;
use ended::Ended;
use keys::Wanted;
use local::Formed;
use place::Place;
use plan::Level;
use service::Service;
use terminal::{complain, step};

/// Options of `rsign sign`.
#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub(crate) struct Options {
    /// Files to sign, with one approval: a PDF or XML gets its signature inside, JSON becomes a JWS, others get a signature
    /// beside them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only signatures beside the files (CAdES): the service gets their digests alone.
    #[arg(long)]
    detached: bool,
    /// How long the signature should be good by itself: lt and lta bring what a validator will need later.
    #[arg(long, value_enum, default_value = "b")]
    level: Level,
    /// Base address of the CSC service, with its version: `https://host/csc/v2`.
    #[arg(long, required_unless_present = "sandbox")]
    service: Option<String>,
    /// This app's `client_id` at the service, registered with the redirect URI `http://127.0.0.1/callback`.
    #[arg(long, required_unless_present = "sandbox")]
    client_id: Option<String>,
    /// File with the client's secret.
    #[arg(long)]
    client_secret_file: Option<PathBuf>,
    /// A file of roots to trust besides the system's, PEM: for a service whose TLS certificate is of a CA of its own.
    #[arg(long = "ca", alias = "tls-ca", value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// Ready file of `rsign sandbox`, in place of the four above.
    #[arg(long, conflicts_with_all = ["service", "client_id"])]
    sandbox: Option<PathBuf>,
    /// The credentialID of one of the person's keys; without it you are asked at a terminal, and elsewhere it is the newest
    /// that can sign.
    #[arg(long)]
    credential: Option<String>,
    /// Where the signature, or the file that has it, goes; without it a name like FILE-signed.pdf, FILE.jws or FILE.p7s.
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Replaces files that have the names of what is made.
    #[arg(long)]
    replace: bool,
    /// Only prints the address to open.
    #[arg(long)]
    no_browser: bool,
}

/// What scripts go by; 2 is for words of the command line that are none.
const CODES: &str = "\
Exit codes:
  0  every file was signed, verified as far as it says, and is in its place
  1  something else went wrong; what was signed is kept, and it says where
  2  the command line cannot be read so
  3  a file is not there, cannot be signed, or what it becomes has no place: nobody was asked, nothing was signed
  4  it was not approved in the browser, or no key of the person can sign it now (it is locked, say): nothing was signed";

pub(crate) async fn run(options: Options) -> ExitCode {
    let Err(error) = sign(options).await else { return ExitCode::SUCCESS };
    // Errors hold what the service said.
    complain(&format!("{error:#}"));
    error.downcast_ref::<Ended>().map_or(ExitCode::FAILURE, |ended| ExitCode::from(ended.code()))
}

async fn sign(options: Options) -> anyhow::Result<()> {
    let (mut files, unread) = plan::read(&options.files, options.detached, options.output.as_deref())?;
    unread.iter().for_each(|why| complain(why));
    if files.is_empty() {
        return Err(Ended::unasked(0).into());
    }
    let Place { service, app, roots, authority } = Place::of(&options)?;
    let http = http_client(roots.as_deref())?;
    let service = Service::discover(&http, &service).await?;
    step(&format!("{}: CSC {}, at {}", service.name(), service.specification(), service.base()));
    let remote = service.forms(&files, options.level);
    if !remote {
        ensure!(
            options.level == Level::B,
            "this service does not form signed documents of level {}",
            options.level.word()
        );
        files = files.into_iter().map(|file| file.for_hashes(options.output.as_deref())).collect();
        step("it does not form documents as wanted here: it signs hashes, and PDFs or CMS are formed by this program");
    }
    // Before anybody approves anything: a signature that cannot be kept is lost, and a PIN is typed for nothing.
    let (unplaced, unfit) = (output::unplaced(&files, options.replace), look::unfit(&files));
    unplaced.iter().chain(&unfit).for_each(|why| complain(why));
    if !(unread.is_empty() && unplaced.is_empty() && unfit.is_empty()) {
        return Err(Ended::unasked(unfit.len()).into());
    }
    let consent = Consent::new(&http, &app, service.authorization_server()?, !options.no_browser).await?;

    if let Some(file) = &options.sandbox {
        step(&format!("names, passwords and PINs of people to sign in as are in {}", file.display()));
    }
    let token = consent.ask("may see your certificates", &[("scope", "service".to_owned())]).await?;
    let credential = keys::choose(&service, &token, options.credential.as_deref(), Wanted::of(&files)).await?;

    let now = SystemTime::now();
    let formed: Vec<Formed<'_>> = if remote {
        Vec::new()
    } else {
        files.iter().map(|file| Formed::prepare(file, &credential, now)).collect::<anyhow::Result<_>>()?
    };
    let items: Vec<Item> = if remote {
        files.iter().map(|file| Item::new(file, file.digest(), remote::kind(file.form))).collect()
    } else {
        let item = |(file, formed): (_, &Formed<'_>)| Item::new(file, formed.digest.clone(), EntryType::Dtbsr);
        files.iter().zip(&formed).map(item).collect()
    };
    let words = Words::best(consent.details(), service.hashes_parameter());
    step(&format!("short code of what is to be signed: {}", words.short_code(&items)?));
    step("the page shows the same code; if it shows another, cancel there");
    let what = match files.len() {
        1 => "may sign this file with your key".to_owned(),
        many => format!("may sign these {many} files with your key"),
    };
    let sad = consent.ask(&what, &words.parameters(&credential.id, &items)).await?;
    let signed = if remote {
        remote::sign(&service, &token, &sad, &credential, options.level, &files).await?
    } else {
        let digests: Vec<&[u8]> = formed.iter().map(|formed| formed.digest.as_slice()).collect();
        let signatures = service.sign_hashes(&token, &sad, &credential, &digests).await?;
        let finished = formed.into_iter().zip(signatures).map(|(formed, signature)| formed.finish(&signature));
        finished.collect::<anyhow::Result<_>>()?
    };
    // What was approved is kept, all of it that can be; and it is said what could not.
    let mut failed: Option<anyhow::Error> = None;
    for (file, octets) in files.iter().zip(signed) {
        let kept = received::judge(file, &octets, &credential).and_then(|judged| {
            file.keep(&octets, options.replace)?;
            Ok(judged)
        });
        match kept {
            Ok(judged) => {
                step(&format!("signed: {}", file.output.display()));
                step(&format!("  {}", judged.said(file.form, options.level)));
                if file.has_changed() {
                    step(&format!("  but {} has changed since: this signs what it was", file.path.display()));
                }
            }
            Err(error) => {
                let error = match file.keep_apart(&octets) {
                    Ok(place) => error.context(format!("what the service gave is in {}", place.display())),
                    Err(lost) => anyhow!("what the service gave is lost: {error:#}; {lost:#}"),
                };
                if let Some(earlier) = failed.replace(error) {
                    complain(&format!("{earlier:#}"));
                }
            }
        }
    }
    verifiers::say(&files, options.level, authority.as_deref());
    failed.map_or(Ok(()), Err)
}

fn http_client(roots: Option<&Path>) -> anyhow::Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(std::time::Duration::from_secs(10))
        .timeout(std::time::Duration::from_secs(60));
    if let Some(file) = roots {
        let pem = std::fs::read(file).with_context(|| file.display().to_string())?;
        let found = reqwest::Certificate::from_pem_bundle(&pem).ok().filter(|found| !found.is_empty());
        let found = found.with_context(|| format!("{} holds no certificates in PEM", file.display()))?;
        for root in found {
            builder = builder.add_root_certificate(root);
        }
    }
    Ok(builder.build()?)
}
