//! `client`: registers signing apps, and puts them out.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use data_encoding::BASE64URL_NOPAD;
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{print, show_all};
use crate::app::Parts;
use crate::config::Config;
use crate::domain::client::{
    CertificateRule, Client as Registered, Constraint, PinTransport, Profile, Reach, TokenRequest,
};
use crate::domain::plain::plain;
use crate::service::clients::Registration;
use crate::service::ending::Ending;
use crate::service::oauth::assertions;

#[derive(Debug, Subcommand)]
pub(super) enum Client {
    /// Registers a signing app; its secret is generated and shown this once.
    Add {
        /// `client_id`.
        #[arg(long)]
        id: String,
        /// What users know it by; absent: the id.
        #[arg(long)]
        name: Option<String>,
        /// Its OAuth rules: hardened means pushed requests, PKCE with S256, a key or a certificate instead of a secret,
        /// and tokens bound to a key.
        #[arg(long)]
        profile: Profile,
        /// How its users' PINs come.
        #[arg(long)]
        pin_transport: PinTransport,
        /// Exact redirect URI; may be given again. `http://127.0.0.1/path` stands for every port.
        #[arg(long)]
        redirect_uri: Vec<String>,
        /// Exact `response_uri` it may be told at of signatures it fetches later, https; may be given again.
        #[arg(long)]
        response_uri: Vec<String>,
        /// Its own tokens reach every user: for sandboxes.
        #[arg(long)]
        all_users: bool,
        /// It is given refresh tokens.
        #[arg(long)]
        refresh_tokens: bool,
        /// PEM file of the public key it authenticates with.
        #[arg(long)]
        client_key: Option<PathBuf>,
        /// PEM file of the certificate it authenticates with, whoever issued it.
        #[arg(long, conflicts_with = "certificate_subject")]
        certificate: Option<PathBuf>,
        /// Subject (RFC 4514) of its certificates, from a CA of `[mutual_tls]`.
        #[arg(long)]
        certificate_subject: Option<String>,
        /// No secret is generated.
        #[arg(long)]
        no_secret: bool,
        /// It says with `account_token` which user a request is for.
        #[arg(long)]
        account_tokens: bool,
        /// It cannot keep a secret: PKCE takes its place.
        #[arg(long)]
        public: bool,
        /// Whether its tokens are bound to a key; absent: they are where the profile is hardened.
        #[arg(long)]
        sender_constraint: Option<Constraint>,
        /// Its authorization requests have to be signed with its key; register the key with the signer too.
        #[arg(long)]
        signed_requests: bool,
        /// Its token requests may have their parameters in JSON or in the query string; may be given again.
        #[arg(long)]
        token_request: Vec<TokenRequest>,
        /// oauth2/revoke answers it with 200 instead of 204.
        #[arg(long)]
        revoke_with_200: bool,
        /// credentials/sendOTP answers it with 200 and an empty object instead of 204.
        #[arg(long)]
        send_otp_with_200: bool,
        /// It is a worker of the SignServer-compatible interface, /rest/v1/workers/ID/process: credentialID and PIN
        /// come by HTTP Basic, and the client shows nothing but its certificate, where one is registered.
        #[arg(long)]
        sign_server: bool,
    },
    /// Lets an app's own tokens reach a user.
    Link {
        /// `client_id`.
        #[arg(long)]
        id: String,
        /// `userID`.
        #[arg(long)]
        user: String,
    },
    /// Lets an app's own tokens reach a user no more. What the user approved in the browser stays.
    Unlink {
        /// `client_id`.
        #[arg(long)]
        id: String,
        /// `userID`.
        #[arg(long)]
        user: String,
    },
    /// Lists all apps, a line each.
    List,
    /// Gives an app another secret, shown this once, and ends all its tokens: the one before has leaked.
    Secret {
        /// `client_id`.
        #[arg(long)]
        id: String,
    },
    /// Puts an app out: it is as if it were not registered, and all its tokens are ended.
    Disable {
        /// `client_id`.
        #[arg(long)]
        id: String,
    },
    /// Lets a disabled app in again. It has to ask for new tokens.
    Enable {
        /// `client_id`.
        #[arg(long)]
        id: String,
    },
}

/// A line of `client list`.
#[derive(Debug, Serialize)]
struct Line<'a> {
    client_id: &'a str,
    name: &'a str,
    disabled: bool,
    profile: Profile,
    pin_transport: PinTransport,
    all_users: bool,
    /// How it authenticates: `secret`, `key`, `certificate`; nothing where it is public.
    authentication: Vec<&'static str>,
    redirect_uris: &'a [String],
}

impl<'a> Line<'a> {
    fn of(client: &'a Registered) -> Self {
        let ways = [
            ("secret", client.secret.is_some()),
            ("key", client.public_key.is_some()),
            ("certificate", client.certificate.is_some()),
        ];
        Self {
            client_id: &client.id,
            name: client.name(),
            disabled: client.disabled,
            profile: client.profile,
            pin_transport: client.pin_transport,
            all_users: client.reach == Reach::All,
            authentication: ways.into_iter().filter_map(|(way, has)| has.then_some(way)).collect(),
            redirect_uris: &client.redirect_uris,
        }
    }
}

pub(super) async fn run(command: Client, config: &Config, parts: &Parts) -> anyhow::Result<()> {
    let ending = Ending::new(&parts.repositories);
    match command {
        Client::List => show_all(parts.clients().all().await?.iter().map(Line::of)),
        Client::Secret { id } => {
            let secret = parts.clients().renew_secret(&id).await?;
            // It is shown whatever happens: the one before is none any more.
            let ended = ending.of_client(&id).await;
            let (secret, counted) = (secret.expose_secret(), ended.as_ref().ok());
            print(&serde_json::json!({ "client_id": id, "client_secret": secret, "ended": counted }))?;
            Ok(ended.map(drop)?)
        }
        Client::Disable { id } => disable(&ending, &id, true).await,
        Client::Enable { id } => disable(&ending, &id, false).await,
        Client::Unlink { id, user } => {
            parts.clients().unlink(&id, &user).await?;
            print(&serde_json::json!({ "client_id": id, "userID": user }))
        }
        Client::Link { id, user } => {
            parts.clients().link(&id, &user).await?;
            print(&serde_json::json!({ "client_id": id, "userID": user }))
        }
        add @ Client::Add { .. } => {
            let registration = registration(add)?;
            let by_subject = matches!(registration.certificate, Some(CertificateRule::Subject(_)));
            let has_authorities = config.mutual_tls.as_ref().is_some_and(|mutual| mutual.ca.is_some());
            anyhow::ensure!(
                has_authorities || !by_subject,
                "--certificate-subject needs [mutual_tls] ca, which says whose certificates are known by their subject"
            );
            let id = registration.id.clone();
            let secret = parts.clients().register(registration).await?;
            let secret = secret.as_ref().map(|secret| secret.expose_secret());
            print(&serde_json::json!({ "client_id": id, "client_secret": secret }))
        }
    }
}

async fn disable(ending: &Ending, id: &str, disabled: bool) -> anyhow::Result<()> {
    let ended = ending.disable_client(id, disabled).await?.context("there is no such client")?;
    print(&serde_json::json!({ "client_id": id, "disabled": disabled, "ended": ended }))
}

fn registration(command: Client) -> anyhow::Result<Registration> {
    let Client::Add {
        id,
        name,
        profile,
        pin_transport,
        redirect_uri,
        response_uri,
        all_users,
        refresh_tokens,
        client_key,
        certificate,
        certificate_subject,
        no_secret,
        account_tokens,
        public,
        sender_constraint,
        signed_requests,
        token_request,
        revoke_with_200,
        send_otp_with_200,
        sign_server,
    } = command
    else {
        anyhow::bail!("not a registration");
    };
    let certificate = match (certificate, certificate_subject) {
        (Some(path), _) => Some(thumbprint(&path)?),
        (None, subject) => subject.map(CertificateRule::Subject),
    };
    let usual = match (profile, &certificate, &client_key) {
        (Profile::Legacy, _, _) => Constraint::None,
        (Profile::Hardened, Some(_), None) => Constraint::Certificate,
        (Profile::Hardened, _, _) => Constraint::Dpop,
    };
    Ok(Registration {
        id,
        name: name.map(|name| plain(&name, LONGEST_NAME)),
        profile,
        pin_transport,
        redirect_uris: redirect_uri,
        response_uris: response_uri,
        reach: if all_users { Reach::All } else { Reach::Linked },
        refresh_tokens,
        public_key: client_key.as_deref().map(public_key).transpose()?,
        certificate,
        secret: !no_secret && !public,
        account_tokens,
        public,
        constraint: sender_constraint.unwrap_or(usual),
        signed_requests,
        token_requests: token_request,
        revokes_with_ok: revoke_with_200,
        sends_otp_with_ok: send_otp_with_200,
        worker: sign_server,
    })
}

/// Longest name that is shown to users.
const LONGEST_NAME: usize = 80;

fn public_key(path: &Path) -> anyhow::Result<String> {
    let pem = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let fits = pem.contains("BEGIN PUBLIC KEY") && assertions::is_usable(&pem);
    anyhow::ensure!(fits, "{} is no PEM of an RSA, P-256, P-384 or Ed25519 public key", path.display());
    Ok(pem)
}

fn thumbprint(path: &Path) -> anyhow::Result<CertificateRule> {
    let certificate =
        CertificateDer::from_pem_file(path).with_context(|| format!("{} is no certificate in PEM", path.display()))?;
    Ok(CertificateRule::Thumbprint(BASE64URL_NOPAD.encode(&Sha256::digest(&certificate))))
}
