//! `master list`, `new` and `destroy`: the versions of K_MK. What changes them takes two officers and a signer that does
//! not run: its workers know the versions that there were when they began, and it alone writes its audit chain.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail, ensure};
use serde::Serialize;

use super::lock::Lock;
use super::{open, socket};
use crate::audit::{Audit, Entry, Event};
use crate::ceremony::{Act, CeremonyRow, EarlierState, MasterError, RETIREMENT, Round, Uses};
use crate::clock::{Clock as _, SystemClock, text};
use crate::config::Config;
use crate::hsm::MasterVersion;
use crate::hsm::pkcs11::{Token, destroy_master, make_master};
use crate::key_folder;
use crate::officers::{Proposal, is_signed};
use crate::service::Policy;
use crate::store::Tables;
use crate::{Random as _, SystemRandom};

/// An officer, and the file with the signature of the statement, once there is one.
pub(super) struct Word<'a> {
    pub(super) officer: &'a str,
    pub(super) signature: Option<&'a Path>,
}

/// What a command that changes something works with.
struct Desk<'a> {
    config: &'a Config,
    tables: Tables,
    audit: Audit,
    row: CeremonyRow,
    /// Nobody serves meanwhile.
    _alone: (Option<socket::Place>, Option<Lock>),
}

/// One version, for the operator.
#[derive(Debug, Serialize)]
struct Listed {
    version: MasterVersion,
    state: &'static str,
    made_at: String,
    /// Until then it cannot be destroyed.
    #[serde(skip_serializing_if = "Option::is_none")]
    retiring_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destroyed_at: Option<String>,
    credentials: usize,
    sads: usize,
    ocsp_responder: bool,
}

/// Prints every version, one JSON object a line.
pub(super) async fn list(config: &Config) -> anyhow::Result<()> {
    let store = open::store(config).await?;
    let row = open::ceremony(&store).await?;
    let uses = Uses::all(&Tables::new(&store), SystemClock.now()).await?;
    let line = |version: MasterVersion, made_at: i64, state: Option<EarlierState>| {
        let uses = uses.get(&version).copied().unwrap_or_default();
        let (mut retiring_until, mut destroyed_at) = (None, None);
        let state = match state {
            None => "current",
            Some(EarlierState::Kept) if uses.is_none() => "unused",
            Some(EarlierState::Kept) => "in_use",
            Some(EarlierState::Retiring { since }) => {
                retiring_until = Some(text(since + RETIREMENT));
                "retiring"
            }
            Some(EarlierState::Destroying) => "destroying",
            Some(EarlierState::Destroyed { at }) => {
                destroyed_at = Some(text(at));
                "destroyed"
            }
        };
        let Uses { credentials, sads, responder: ocsp_responder } = uses;
        let made_at = text(made_at);
        let listed =
            Listed { version, state, made_at, retiring_until, destroyed_at, credentials, sads, ocsp_responder };
        serde_json::to_string(&listed)
    };
    for one in &row.earlier {
        println!("{}", line(one.version, one.made_at, Some(one.state))?);
    }
    println!("{}", line(row.master, row.made_at.unwrap_or(row.performed_at), None)?);
    Ok(())
}

/// Makes the next K_MK, when two officers agree.
pub(super) async fn new(config: &Config, word: &Word<'_>) -> anyhow::Result<()> {
    open::own(config)?;
    let Some(signature) = word.signature else {
        let store = open::store(config).await?;
        let act = Act::New(open::ceremony(&store).await?.next());
        return ask(&Tables::new(&store), act, word.officer).await;
    };
    let mut desk = Desk::open(config).await?;
    let version = desk.row.next();
    let Some(officers) = desk.agree(Act::New(version), word.officer, signature).await? else { return Ok(()) };
    let entry = || Entry::of(Event::MasterMade).master(Some(version));
    let canary = match desk.make(version) {
        Ok(canary) => canary,
        Err(error) => {
            desk.audit.record(entry().failed(&error)).await?;
            return Err(error.context(format!(
                "{version} was not made, and nothing has changed. Whoever wants to try again has to be agreed with again"
            )));
        }
    };
    desk.audit.record(entry().because(officers)).await?;
    let now = SystemClock.now();
    if let Err(error) = desk.change(move |row| row.promote(version, canary.clone(), now)).await {
        desk.audit.record(entry().failed(&error)).await?;
        return Err(error);
    }
    println!(
        "{version} is made and is the current K_MK from the signer's next start on. PIN slots move to it one by one, when \
         their owners use their PINs. Back the token up now; every other signer on this store needs the token as it is \
         now, and a restart."
    );
    Ok(())
}

/// Has an earlier K_MK retire, when two officers agree; destroys one that has retired.
pub(super) async fn destroy(config: &Config, version: MasterVersion, word: Option<Word<'_>>) -> anyhow::Result<()> {
    open::own(config)?;
    let store = open::store(config).await?;
    let (mut row, tables) = (open::ceremony(&store).await?, Tables::new(&store));
    if !row.earlier(version)?.state.is_over() {
        is_free(&tables, version).await?;
    }
    match word {
        Some(Word { officer, signature: None }) => ask(&tables, Act::Destroy(version), officer).await,
        Some(Word { officer, signature: Some(signature) }) => {
            Desk::open(config).await?.retire(version, officer, signature).await
        }
        None => Desk::open(config).await?.destroy(version).await,
    }
}

impl<'a> Desk<'a> {
    async fn open(config: &'a Config) -> anyhow::Result<Self> {
        const STOPPED: &str = "the signer has to be stopped for this";
        let place = socket::keep(&config.admin.socket).context(STOPPED)?;
        let only = open::lock(config).context(STOPPED)?;
        if place.is_none() && only.is_none() {
            eprintln!(
                "Nothing on this host tells whether a signer is instance {} of {}: make sure that none is, until this has \
                 ended.",
                config.instance, config.store
            );
        }
        let store = open::store(config).await?;
        let audit = Audit::new(Arc::clone(&store), &config.instance, Arc::new(SystemClock));
        let row = open::ceremony(&store).await?;
        Ok(Self { config, tables: Tables::new(&store), audit, row, _alone: (place, only) })
    }

    /// Takes an officer's word. Says who agreed, when two do.
    async fn agree(&mut self, act: Act, officer: &str, signature: &Path) -> anyhow::Result<Option<String>> {
        let (Act::New(version) | Act::Destroy(version)) = act;
        let entry = Entry::of(Event::MasterProposed).master(Some(version));
        let signature = std::fs::read(signature).with_context(|| signature.display().to_string())?;
        let Some(folder) = &self.config.admin.officers else {
            bail!("no officer is known here: [admin] officers names the folder of their keys");
        };
        let Some(key) = key_folder::read(folder, officer).await.context("an officer's key")? else {
            self.audit.record(entry.failed("no officer of this name has a key here")).await?;
            bail!("no officer {officer} is known here");
        };
        let now = SystemClock.now();
        let Some(round) = self.row.round.clone().filter(|round| round.holds(now)) else {
            self.audit.record(entry.failed(format!("no statement is good now: officer {officer}: {act}"))).await?;
            return Err(MasterError::Lapsed.into());
        };
        if !is_signed(&key, &self.row.statement(&round, act, officer), &signature) {
            self.audit.record(entry.failed(format!("not signed by officer {officer}: {act}"))).await?;
            bail!("that is not officer {officer}'s signature of the statement `{act}` as it is printed now");
        }
        self.audit.record(entry.because(format!("officer {officer}: {act}"))).await?;
        let end = text(round.until);
        let (word, life) = (Proposal::of(officer, &key, now), Policy::default().proposal);
        let first = self
            .change(move |row| {
                let first = row.agree(&round, act, word.clone(), life)?;
                match act {
                    Act::New(version) if version != row.next() => return Err(MasterError::NotNext(version)),
                    // Its end begins with the second word, in the same step.
                    Act::Destroy(version) if first.is_some() => row.retire(version, now)?,
                    _ => {}
                }
                Ok(first)
            })
            .await?;
        let Some(first) = first else {
            println!("noted; another officer has to agree before {end}");
            return Ok(None);
        };
        Ok(Some(format!("officers {first} and {officer}")))
    }

    /// The next K_MK on the token: its canary, once everything on the token was looked at as at a start.
    fn make(&self, version: MasterVersion) -> anyhow::Result<Vec<u8>> {
        let settings = self.config.token();
        let canary = make_master(&settings, &self.row.masters(), version)?;
        let mut next = self.row.clone();
        next.promote(version, canary.clone(), 0)?;
        Token::open(&settings, &next.masters())?;
        Ok(canary)
    }

    async fn retire(mut self, version: MasterVersion, officer: &str, signature: &Path) -> anyhow::Result<()> {
        let Some(officers) = self.agree(Act::Destroy(version), officer, signature).await? else { return Ok(()) };
        let EarlierState::Retiring { since } = self.row.earlier(version)?.state else {
            bail!("its end was agreed to before: run this without an officer");
        };
        self.audit.record(Entry::of(Event::MasterRetired).master(Some(version)).because(officers)).await?;
        println!(
            "{version} retires: nothing is wrapped under it any more. The signer may run meanwhile; from {} on, `rsign-signer \
             master destroy {version}` destroys it.",
            text(since + RETIREMENT)
        );
        Ok(())
    }

    async fn destroy(mut self, version: MasterVersion) -> anyhow::Result<()> {
        let now = SystemClock.now();
        // Before it is said anywhere that it was done.
        self.row.clone().destroy(version, now)?;
        if !self.row.earlier(version)?.state.is_over() {
            is_free(&self.tables, version).await?;
        }
        let entry = || Entry::of(Event::MasterDestroyed).master(Some(version));
        self.audit.record(entry().because("intended")).await?;
        // First in the store: no signer asks for it any more when it starts. If the token fails, the same call again.
        self.change(move |row| row.destroy(version, now)).await?;
        let was_there = match destroy_master(&self.config.token(), &self.row.masters(), version) {
            Ok(was_there) => was_there,
            Err(error) => {
                self.audit.record(entry().failed(&error)).await?;
                return Err(anyhow!(error).context(format!("{version} may still be on the token: run this once more")));
            }
        };
        let found = if was_there { "on this token" } else { "it was not on this token" };
        self.audit.record(entry().because(found)).await?;
        self.change(move |row| row.destroyed(version, now)).await?;
        if was_there {
            println!(
                "{version} is destroyed on this token. Copies of the token, and its backups, have it still: run this once \
                 on each copy."
            );
        } else {
            println!("{version} was destroyed before: it is not on this token.");
        }
        Ok(())
    }

    /// One step over what the ceremony left; keeps what came of it.
    async fn change<R: Send + 'static>(
        &mut self,
        mut step: impl FnMut(&mut CeremonyRow) -> Result<R, MasterError> + Send + 'static,
    ) -> anyhow::Result<R> {
        let changed = self.tables.change_ceremony(move |row| step(row).map(|answer| (answer, row.clone()))).await?;
        let (answer, row) = changed.context("the store has lost what the ceremony left")??;
        self.row = row;
        Ok(answer)
    }
}

/// Nothing stands under it.
async fn is_free(tables: &Tables, version: MasterVersion) -> anyhow::Result<()> {
    let uses = Uses::all(tables, SystemClock.now()).await?.remove(&version).unwrap_or_default();
    ensure!(
        uses.is_none(),
        "{version} is still needed: {uses}. A credential moves when its owner uses the PIN, a SAD ends within a quarter of \
         an hour, and the running signer moves the key of the OCSP responder"
    );
    Ok(())
}

/// Prints what an officer has to sign.
async fn ask(tables: &Tables, act: Act, officer: &str) -> anyhow::Result<()> {
    ensure!(key_folder::is_name(officer), "an officer's name is of letters, digits, - _ and .");
    let mut nonce = [0; 16];
    SystemRandom.fill(&mut nonce);
    let now = SystemClock.now();
    let next = Round::begin(now, Policy::default().proposal, nonce);
    let asked = tables.change_ceremony(move |row| {
        let round = row.join(next.clone(), now);
        Ok::<_, MasterError>((round, row.clone()))
    });
    let (round, row) = asked.await?.context("the store has lost what the ceremony left")??;
    print!("{}", row.statement(&round, act, officer));
    super::admin::say_how_to_sign();
    Ok(())
}
