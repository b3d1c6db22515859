//! `credential create`, `certify`, `recertify`, `list`, `state`, `reconcile`. No PIN passes here: the signer's host shows it.

mod recertify;

use clap::Subcommand;
use rsign_api::algorithm::KeyType;
use rsign_api::signer::{CredentialName, CredentialStatus, FactorKind, Refusal, Scal, State, Stretch};
use serde_json::json;

use super::{print, show};
use crate::app::Parts;
use crate::config::Config;
use crate::domain::certificate::Facts;
use crate::domain::credential::{AuthMode, Certificate, Credential as Stored, Known};
use crate::port::signer;
use crate::service::account::keys::{Standing, standing};
use crate::service::enrolment::{Enrolment, Wanted};

#[derive(Debug, Subcommand)]
pub(super) enum Credential {
    /// Makes a key in the HSM, has it certified by the CA ([est], or the built-in one), ties the two together.
    Create {
        /// `userID`.
        #[arg(long)]
        user: String,
        /// RSA-2048, RSA-3072, RSA-4096, P-256, P-384 or P-521.
        #[arg(long)]
        key: KeyType,
        /// 2: a SAD is bound to the hashes; 1: to their number.
        #[arg(long, default_value = "2", value_parser = scal)]
        scal: Scal,
        /// Most signatures of one authorization.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        multisign: u32,
        /// How the PIN is stretched: argon2id or hmac.
        #[arg(long, default_value = "argon2id", value_parser = stretch)]
        stretch: Stretch,
        /// What it needs besides its PIN: none, totp for codes of an authenticator app, or online for codes that are
        /// sent to the user's contact.
        #[arg(long, default_value = "none", value_parser = factor)]
        factor: FactorKind,
        /// How apps get a SAD of it: explicit, with the PIN; or implicit, by asking its owner in the account.
        #[arg(long, value_enum, default_value = "explicit")]
        mode: AuthMode,
    },
    /// Has a new key certified that was made, and could not be certified then.
    Certify {
        /// `credentialID`.
        #[arg(long)]
        id: String,
    },
    /// Gives keys in use another certificate, of the CA that certifies keys now; what was signed stays as it is. One JSON object
    /// a line: the certificate that each has then, or why it has none.
    #[command(group = clap::ArgGroup::new("which").required(true))]
    Recertify {
        /// Of this one, `credentialID`.
        #[arg(long, group = "which")]
        id: Option<String>,
        /// Of all whose certificates end within so many days, or have ended; those of disabled accounts excepted.
        #[arg(long, group = "which", value_name = "DAYS")]
        before: Option<u32>,
    },
    /// Lists credentials, one JSON object a line: what tells them apart, how each stands (ready, locked, blocked,
    /// suspended, expired, unfinished, destroyed; unknown where the signer does not say), whether it can sign now, and as
    /// what the signer has it (unknown where it has no such credential).
    List {
        /// Of this user only, `userID`.
        #[arg(long)]
        user: Option<String>,
    },
    /// Suspends, reactivates or destroys. The signer is told even if it is known here that it was told before.
    State {
        /// `credentialID`.
        #[arg(long)]
        id: String,
        /// active, suspended or destroyed.
        #[arg(value_parser = state)]
        state: (State, Known),
    },
    /// Tells the signer again of every credential that is destroyed or suspended here, as after its store was restored
    /// from a backup; one JSON object a line: as what the signer had it, and has it now (unknown where it has no such
    /// credential).
    Reconcile,
}

pub(super) async fn run(command: Credential, config: &Config, parts: &Parts) -> anyhow::Result<()> {
    match command {
        Credential::Create { user, key, scal, multisign, stretch, factor, mode } => {
            if factor == FactorKind::Online {
                let found = parts.repositories.users.find(&user).await?.and_then(|user| user.contact);
                let reached = found.is_some_and(|contact| parts.couriers.reaches(&contact));
                anyhow::ensure!(
                    reached,
                    "codes do not reach this user: see `user contact`, and [otp] of the configuration"
                );
            }
            anyhow::ensure!(
                mode == AuthMode::Explicit || config.page.sign_origin.is_some(),
                "keys of mode implicit are approved on the signing page, and there is none: [page] sign_origin"
            );
            parts.fit_tenant(&config.tenant).await?;
            let wanted = Wanted { key, scal, multisign, stretch, factor, mode };
            let id = parts.enrolment(&config.tenant).create(&user, wanted).await?;
            print(&json!({ "credentialID": id }))
        }
        Credential::Certify { id } => {
            parts.enrolment(&config.tenant).complete(&id).await?;
            print(&json!({ "credentialID": id }))
        }
        Credential::Recertify { id, before } => {
            recertify::run(&parts.enrolment(&config.tenant), parts, id, before.unwrap_or_default()).await
        }
        Credential::List { user } => list(user.as_deref(), parts).await,
        Credential::State { id, state: (state, known) } => {
            let enrolment = parts.enrolment(&config.tenant);
            let has = enrolment.change_state(&id, state, known).await?;
            let mut line = json!({ "credentialID": id, "state": state, "signer": word(has) });
            // Our list of what is revoked says nothing of another CA's certificates.
            let elsewhere = match state {
                State::Destroyed => enrolment.not_ours(&id).await?,
                _ => Vec::new(),
            };
            if !elsewhere.is_empty() {
                let told = |one: &Facts| json!({ "issuer": one.issuer, "serialNumber": one.serial_number });
                line["revoke_at"] = elsewhere.iter().map(told).collect();
            }
            print(&line)
        }
        Credential::Reconcile => reconcile(&parts.enrolment(&config.tenant), parts).await,
    }
}

/// Credentials that are read at once.
const PAGE: usize = 100;

async fn list(user: Option<&str>, parts: &Parts) -> anyhow::Result<()> {
    let mut after: Option<String> = None;
    loop {
        let page = parts.repositories.credentials.of_user(user, after.as_deref(), PAGE).await?;
        for credential in &page {
            let certificate = parts.repositories.credentials.certificate(&credential.id).await?;
            let status = parts.signer.status(CredentialName { credential: credential.id.clone() }).await;
            if !show(&line(credential, certificate.as_ref(), &status, parts.clock.now() / 1000))? {
                return Ok(());
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.id.clone()),
            _ => return Ok(()),
        }
    }
}

/// Goes on whatever happens to one, and whoever listens.
async fn reconcile(enrolment: &Enrolment, parts: &Parts) -> anyhow::Result<()> {
    let (mut failed, mut told, mut after) = (0_usize, Ok(true), None::<String>);
    loop {
        let page = parts.repositories.credentials.of_user(None, after.as_deref(), PAGE).await?;
        for credential in &page {
            if !matches!(credential.state, Known::Destroyed | Known::Suspended) {
                continue;
            }
            let (id, state) = (&credential.id, credential.state);
            let line = match enrolment.reconcile(credential).await {
                Ok(found) => {
                    let (had, has) = found.unzip();
                    json!({ "credentialID": id, "state": state, "signer_had": word(had), "signer": word(has) })
                }
                Err(error) => {
                    failed += 1;
                    json!({ "credentialID": id, "state": state, "failed": format!("{:#}", anyhow::Error::from(error)) })
                }
            };
            if matches!(told, Ok(true)) {
                told = show(&line);
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.id.clone()),
            _ => break,
        }
    }
    anyhow::ensure!(failed == 0, "the signer could not be told of {failed} credentials");
    told.map(drop)
}

/// As what the signer has a credential.
fn word(state: Option<State>) -> serde_json::Value {
    state.map_or_else(|| "unknown".into(), |state| json!(state))
}

/// All that tells one key of a person from another, and whether it can sign now.
fn line(
    credential: &Stored,
    certificate: Option<&Certificate>,
    status: &signer::Result<CredentialStatus>,
    now: i64,
) -> serde_json::Value {
    let facts = certificate.map(|certificate| &certificate.facts);
    let has = match status {
        Ok(status) => Some(word(Some(status.state))),
        Err(signer::Error::Refused(Refusal::UnknownCredential)) => Some(word(None)),
        Err(_) => None,
    };
    let status = status.as_ref().ok();
    // What was taken away here stays so, whatever a signer says that was restored from a backup.
    let standing = match (credential.state, facts) {
        (Known::Destroyed, _) => Standing::Destroyed,
        (Known::Suspended, _) if status.is_none_or(|status| status.state != State::Destroyed) => Standing::Suspended,
        (_, None) => Standing::Unfinished,
        (_, Some(facts)) => standing(status, facts.not_after, now),
    };
    let (standing, locked_until) = match standing {
        Standing::Ready => ("ready", None),
        Standing::Unfinished => ("unfinished", None),
        Standing::Locked(until) => ("locked", Some(until)),
        Standing::Blocked => ("blocked", None),
        Standing::Suspended => ("suspended", None),
        Standing::Expired => ("expired", None),
        Standing::Destroyed => ("destroyed", None),
        Standing::Unknown => ("unknown", None),
    };
    let mut line = json!({
        "credentialID": credential.id,
        "userID": credential.user,
        "key": credential.key_type,
        "scal": credential.scal,
        "multisign": credential.multisign,
        "factor": credential.factor,
        "mode": credential.mode,
        "state": credential.state,
        "signer": has,
        "standing": standing,
        "can_sign": standing == "ready",
        "locked_until": locked_until,
        "subject": facts.map(|facts| facts.subject.as_str()),
        "issuer": facts.map(|facts| facts.issuer.as_str()),
        "not_before": facts.map(|facts| facts.not_before),
        "not_after": facts.map(|facts| facts.not_after),
    });
    if let Some(sentence) = status.and_then(|status| disagreement(credential.state, status.state)) {
        line["disagreement"] = sentence.into();
    }
    line
}

/// What the two sides say of a credential that cannot both be so.
const fn disagreement(here: Known, there: State) -> Option<&'static str> {
    match (here, there) {
        (Known::Destroyed, State::Destroyed) | (Known::Suspended, State::Suspended | State::Blocked) => None,
        (Known::Destroyed, _) => Some("destroyed here and not at the signer: `credential reconcile` tells it again"),
        (Known::Suspended, State::Destroyed) => Some("destroyed at the signer and only suspended here"),
        (Known::Suspended, _) => Some("suspended here and not at the signer: `credential reconcile` tells it again"),
        (_, State::Destroyed) => Some("destroyed at the signer and not here: `credential state` can say so here, too"),
        _ => None,
    }
}

fn scal(text: &str) -> Result<Scal, String> {
    match text {
        "1" => Ok(Scal::One),
        "2" => Ok(Scal::Two),
        _ => Err("1 or 2".to_owned()),
    }
}

fn stretch(text: &str) -> Result<Stretch, String> {
    match text {
        "argon2id" => Ok(Stretch::Argon2id),
        "hmac" => Ok(Stretch::Hmac),
        _ => Err("argon2id or hmac".to_owned()),
    }
}

fn factor(text: &str) -> Result<FactorKind, String> {
    match text {
        "none" => Ok(FactorKind::None),
        "totp" => Ok(FactorKind::Totp),
        "online" => Ok(FactorKind::Online),
        _ => Err("none, totp or online".to_owned()),
    }
}

fn state(text: &str) -> Result<(State, Known), String> {
    match text {
        "active" => Ok((State::Active, Known::Active)),
        "suspended" => Ok((State::Suspended, Known::Suspended)),
        "destroyed" => Ok((State::Destroyed, Known::Destroyed)),
        _ => Err("active, suspended or destroyed".to_owned()),
    }
}
