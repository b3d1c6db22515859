//! `client add`, `client link`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use secrecy::ExposeSecret as _;

use super::print;
use crate::app::Parts;
use crate::domain::client::{PinTransport, Profile, Reach};
use crate::service::clients::Registration;

#[derive(Debug, Subcommand)]
pub(super) enum Client {
    /// Registers a signing app; its secret is generated and shown this once.
    Add {
        /// `client_id`.
        #[arg(long)]
        id: String,
        /// Its OAuth rules.
        #[arg(long)]
        profile: Profile,
        /// How its users' PINs come.
        #[arg(long)]
        pin_transport: PinTransport,
        /// Exact redirect URI; may be given again.
        #[arg(long)]
        redirect_uri: Vec<String>,
        /// Its own tokens reach every user: for sandboxes.
        #[arg(long)]
        all_users: bool,
        /// It is given refresh tokens.
        #[arg(long)]
        refresh_tokens: bool,
        /// PEM file of the public key it authenticates with.
        #[arg(long)]
        client_key: Option<PathBuf>,
        /// No secret is generated.
        #[arg(long)]
        no_secret: bool,
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
}

pub(super) async fn run(command: Client, parts: &Parts) -> anyhow::Result<()> {
    match command {
        Client::Link { id, user } => {
            parts.clients().link(&id, &user).await?;
            print(&serde_json::json!({ "client_id": id, "userID": user }))
        }
        add @ Client::Add { .. } => {
            let registration = registration(add)?;
            let id = registration.id.clone();
            let secret = parts.clients().register(registration).await?;
            let secret = secret.as_ref().map(|secret| secret.expose_secret());
            print(&serde_json::json!({ "client_id": id, "client_secret": secret }))
        }
    }
}

fn registration(command: Client) -> anyhow::Result<Registration> {
    let Client::Add { id, profile, pin_transport, redirect_uri, all_users, refresh_tokens, client_key, no_secret } =
        command
    else {
        anyhow::bail!("not a registration");
    };
    for uri in &redirect_uri {
        url::Url::parse(uri).with_context(|| format!("{uri} is no URI"))?;
    }
    let public_key = match client_key {
        Some(path) => {
            let pem = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            anyhow::ensure!(pem.contains("BEGIN PUBLIC KEY"), "{} is no public key in PEM", path.display());
            Some(pem)
        }
        None => None,
    };
    let reach = if all_users { Reach::All } else { Reach::Linked };
    Ok(Registration {
        id,
        profile,
        pin_transport,
        redirect_uris: redirect_uri,
        reach,
        refresh_tokens,
        public_key,
        secret: !no_secret,
    })
}
