//! Asks users for what apps want signed and bring no PIN for: the user approves in the account and types the PIN on the
//! signing page, and the app gets the SAD, in the answer it waits for or by the handle it was given.

mod desk;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rsign_api::signer::{Authorized, Entry};
use secrecy::{ExposeSecret as _, SecretString};

use super::credentials::{self, Credentials};
use super::post::Post;
use super::presence::Presence;
use super::stopping::{Stopped, Stopping};
use crate::domain::client::BASIC;
use crate::domain::credential::Credential;
use crate::domain::notice::About;
use crate::domain::prompt::{Bounds, Laid, PATIENCE, Progress, Prompt, Slip};
use crate::domain::seal::{self, Material, Purpose};
use crate::domain::token::{Bearer, Kind};
use crate::port::clock::Clock;
use crate::port::random::{Exhausted, Random};
use crate::store::{Clients, Prompts as Stored};

/// How often a call that waits looks whether its user has decided.
const INTERVAL: Duration = Duration::from_millis(300);

/// Calls that wait for one prompt at once: an app that repeats itself does not keep more of us busy.
const WAITERS: usize = 4;

/// Longest handle that is looked up; ours have 46 characters.
const LONGEST: usize = 64;

/// Why a user is not asked, or why there is no SAD.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none of this handle for this bearer.
    #[error("there is no such prompt")]
    Unknown,
    /// The user said no, or wants to hear nothing of this app.
    #[error("the user refused")]
    Refused,
    /// An operator has ended what the app, or the user, had under way.
    #[error("an operator has ended it")]
    Withdrawn,
    /// The user has not decided in the time that a call waits.
    #[error("the user has not decided in time")]
    Undecided,
    /// Nobody waits any more.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The user is asked too much already.
    #[error("too much waits for this user; there may be room in {0} seconds")]
    Full(u32),
    /// Wrong PINs have locked the credential.
    #[error("the credential is locked")]
    Locked,
    /// The credential could not be looked at.
    #[error(transparent)]
    Credential(#[from] credentials::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
    /// The SAD could not be sealed.
    #[error(transparent)]
    Seal(#[from] seal::Failed),
}

/// What an app asks its user for.
#[derive(Debug)]
pub struct Wish {
    /// Signatures.
    pub signatures: u32,
    /// Hashes.
    pub list: Vec<Entry>,
    /// `description`.
    pub description: Option<String>,
    /// The request as the app signed it, where it did.
    pub signed: Option<String>,
}

/// What has become of a prompt, for its app.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing yet.
    Waiting,
    /// The user approved.
    Approved(Authorized),
}

/// Calls that wait, by prompt.
pub(crate) type Waiters = Mutex<HashMap<String, usize>>;

/// The service, and what it stands on.
#[derive(Debug)]
pub struct Prompts {
    /// Where prompts are kept.
    pub(crate) stored: Stored,
    /// Registered apps.
    pub(crate) clients: Clients,
    /// Whether who asks, and who is asked, are still there.
    pub(crate) presence: Presence,
    /// Credentials and who reaches them.
    pub(crate) credentials: Arc<Credentials>,
    /// What SADs that wait are sealed under.
    pub(crate) material: Arc<Material>,
    /// What tells users.
    pub(crate) post: Arc<Post>,
    /// How much may wait.
    pub(crate) bounds: Bounds,
    /// How long a call waits.
    pub(crate) patience: Duration,
    /// Time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Chance.
    pub(crate) random: Arc<dyn Random>,
    /// None yet.
    pub(crate) waiters: Waiters,
    /// Whether there is still time to wait.
    pub(crate) stopping: Arc<Stopping>,
}

impl Prompts {
    /// Puts a wish before its user; the handle. What was asked and not answered yet is not asked again.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn ask(&self, bearer: &Bearer, credential: &Credential, wish: Wish) -> Result<String, Error> {
        self.require_unlocked(credential).await?;
        let now = self.clock.now();
        let eras = self.presence.of(bearer, &credential.user).await?.ok_or(Error::Withdrawn)?;
        let prompt = Prompt {
            id: Kind::Handle.draw(&*self.random)?.expose_secret().to_owned(),
            client: bearer.client.clone(),
            app: self.called(&bearer.client).await?,
            user: credential.user.clone(),
            eras,
            credential: credential.id.clone(),
            signatures: wish.signatures,
            list: wish.list,
            description: wish.description,
            signed: wish.signed,
            progress: Progress::Waiting,
            asked_at: now,
            expires_at: now + PATIENCE,
        };
        let slip = Slip {
            id: prompt.id.clone(),
            client: prompt.client.clone(),
            eras,
            digest: prompt.digest(),
            approved: false,
            until: prompt.expires_at,
        };
        match self.lay(slip, &prompt).await? {
            Laid::New => {
                tracing::info!(client.id = prompt.client, credential.id = prompt.credential, "a user is asked");
                self.tell(&prompt).await?;
                Ok(prompt.id)
            }
            Laid::Known(id) => Ok(id),
            Laid::Blocked => Err(Error::Refused),
            Laid::Full(wait) => Err(Error::Full(u32::try_from((wait + 999) / 1000).unwrap_or(1))),
        }
    }

    /// Puts a slip on its user's desk. The prompt is there before: what lies on a desk can be looked at.
    async fn lay(&self, slip: Slip, prompt: &Prompt) -> Result<Laid, Error> {
        let (bounds, now) = (self.bounds, prompt.asked_at);
        let desk = self.stored.desk(&prompt.user).await?;
        // What was withdrawn is not what is asked now, and takes nobody's room.
        let gone = self.withdrawn(&prompt.user, &desk).await?;
        let (_, likely) = desk.withdrawing(&gone).lay(slip.clone(), bounds, now);
        if likely != Laid::New {
            return Ok(likely);
        }
        self.stored.store(prompt.clone()).await?;
        let laid = self
            .stored
            .rearrange(&prompt.user, move |desk| desk.withdrawing(&gone).lay(slip.clone(), bounds, now))
            .await?;
        if laid != Laid::New {
            self.stored.remove(&prompt.id).await?;
        }
        Ok(laid)
    }

    /// Sends the user word, where there is an address, and not too often. Nobody waits for it, and an approval does not
    /// hang on it: what waits stands in the account.
    async fn tell(&self, prompt: &Prompt) -> Result<(), Error> {
        let contact = self.post.contact(&prompt.user).await?.filter(|contact| self.post.reaches(contact));
        let Some(contact) = contact else { return Ok(()) };
        let now = self.clock.now();
        if self.stored.rearrange(&prompt.user, move |desk| desk.telling(now)).await? {
            let (post, app) = (Arc::clone(&self.post), prompt.app.clone());
            tokio::spawn(async move {
                if let Err(error) = post.send(&contact, About::Waiting { app }).await {
                    tracing::warn!(%error, "a user could not be sent word of a request");
                }
            });
        }
        Ok(())
    }

    /// Waits for the user's decision, but not for long. What was asked stays asked when the gateway stops.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn wait(&self, id: &str) -> Result<Authorized, Error> {
        let _turn = self.turn(id)?;
        let end = tokio::time::Instant::now() + self.patience;
        loop {
            // Right after it was laid there it may not be found yet.
            if let Some(prompt) = self.stored.find(id).await?
                && let Outcome::Approved(authorized) = self.outcome(&prompt).await?
            {
                return Ok(authorized);
            }
            if tokio::time::Instant::now() + INTERVAL > end {
                return Err(Error::Undecided);
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = self.stopping.begun() => return Err(Stopped.into()),
            }
        }
    }

    /// What has become of it, for who holds the handle and speaks for the same client and user. An answer that got lost
    /// is given again as long as the SAD is good.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn check(&self, bearer: &Bearer, handle: &str) -> Result<Outcome, Error> {
        let found = if handle.len() <= LONGEST { self.stored.find(handle).await? } else { None };
        let prompt = found.filter(|prompt| prompt.client == bearer.client && prompt.expires_at > self.clock.now());
        let prompt = prompt.ok_or(Error::Unknown)?;
        let credential = match self.credentials.reach(bearer, &prompt.credential).await {
            Err(credentials::Error::Unknown) => return Err(Error::Unknown),
            reached => reached?,
        };
        let outcome = self.outcome(&prompt).await?;
        if matches!(outcome, Outcome::Waiting) {
            self.require_unlocked(&credential).await?;
        }
        Ok(outcome)
    }

    /// Gives the app the SAD that its user's PIN became. `false` where the prompt was decided otherwise meanwhile.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn fulfil(&self, id: &str, sad: &SecretString, expires_at: i64) -> Result<bool, Error> {
        let Some(prompt) = self.stored.find(id).await? else { return Ok(false) };
        if !self.stands(&prompt).await? {
            return Ok(false);
        }
        let secret = sad.expose_secret().as_bytes();
        let sad = self.material.seal(Purpose::Prompt, id, secret, &*self.random)?;
        if !self.stored.decide(id, Progress::Approved { sad }, expires_at, self.clock.now()).await? {
            return Ok(false);
        }
        let id = id.to_owned();
        self.stored.rearrange(&prompt.user, move |desk| (desk.approved(&id, expires_at), ())).await?;
        Ok(true)
    }

    async fn outcome(&self, prompt: &Prompt) -> Result<Outcome, Error> {
        if !self.stands(prompt).await? {
            return Err(Error::Withdrawn);
        }
        let now = self.clock.now();
        match &prompt.progress {
            Progress::Waiting if prompt.expires_at > now => Ok(Outcome::Waiting),
            Progress::Waiting => Err(Error::Undecided),
            Progress::Refused => Err(Error::Refused),
            Progress::Approved { sad } => {
                let opened = self.material.open(Purpose::Prompt, &prompt.id, sad).ok_or(Error::Unknown)?;
                let sad = std::str::from_utf8(opened.expose_secret()).map_err(|_| Error::Unknown)?;
                let expires_in = u32::try_from((prompt.expires_at - now) / 1000).unwrap_or(0);
                let id = prompt.id.clone();
                self.stored.rearrange(&prompt.user, move |desk| (desk.fetched(&id), ())).await?;
                Ok(Outcome::Approved(Authorized { sad: SecretString::from(sad), expires_in }))
            }
        }
    }

    /// Whether who asks, and who is asked, are still there as they were.
    async fn stands(&self, prompt: &Prompt) -> rsign_storage::Result<bool> {
        self.presence.stands(&prompt.client, Some(&prompt.user), prompt.eras).await
    }

    async fn require_unlocked(&self, credential: &Credential) -> Result<(), Error> {
        let locked_until = self.credentials.locked_until(credential).await?;
        let is_locked = locked_until.is_some_and(|until| until > self.clock.now() / 1000);
        if is_locked { Err(Error::Locked) } else { Ok(()) }
    }

    async fn called(&self, client: &str) -> rsign_storage::Result<String> {
        let found = if client == BASIC { None } else { self.clients.find(client).await? };
        Ok(found.map_or_else(|| client.to_owned(), |found| found.name().to_owned()))
    }

    /// A turn to wait for this prompt.
    fn turn(&self, id: &str) -> Result<Turn<'_>, Error> {
        let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiters.entry(id.to_owned()).or_default();
        if *count >= WAITERS {
            return Err(Error::Full(1));
        }
        *count += 1;
        Ok(Turn { waiters: &self.waiters, id: id.to_owned() })
    }
}

/// A call that waits; counted until it ends, however it does.
struct Turn<'a> {
    waiters: &'a Waiters,
    id: String,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = waiters.get_mut(&self.id) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                waiters.remove(&self.id);
            }
        }
    }
}
