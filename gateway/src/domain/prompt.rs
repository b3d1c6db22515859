//! What an app asks its user for without bringing a PIN, and what waits for a user in all: bounded, so that nobody is
//! asked until they give in.

use data_encoding::HEXLOWER;
use rsign_api::signer::Entry;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::seal::Sealed;
use super::token::Eras;

/// How long a prompt waits for its user, milliseconds.
pub const PATIENCE: i64 = 5 * 60 * 1000;

/// For how long it counts that an app asked in vain, and that a user was sent word, milliseconds.
const MEMORY: i64 = 60 * 60 * 1000;

/// A user is sent word of prompts this often within [`MEMORY`] at most,
const WORDS: usize = 6;

/// and not again so soon, milliseconds.
const PAUSE: i64 = 2 * 60 * 1000;

/// A prompt: what is asked for, as the app asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Its id, which is the handle too: good for its client only.
    pub id: String,
    /// The client that asks.
    pub client: String,
    /// What users know it by.
    pub app: String,
    /// The user who is asked.
    pub user: String,
    /// Of when it is: what an operator ended since is asked by nobody any more.
    #[serde(default)]
    pub eras: Eras,
    /// The key.
    pub credential: String,
    /// Signatures asked for.
    pub signatures: u32,
    /// Hashes to approve; may be empty where the credential is SCAL 1.
    pub list: Vec<Entry>,
    /// `description`: what the app says it is about, cleaned.
    pub description: Option<String>,
    /// What the client asked for, as it signed it, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<String>,
    /// What has come of it.
    pub progress: Progress,
    /// Unix milliseconds.
    pub asked_at: i64,
    /// Unix milliseconds.
    pub expires_at: i64,
}

/// What has come of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Progress {
    /// Nothing yet.
    Waiting,
    /// The user approved: the app may fetch the SAD, as often as its answer gets lost.
    Approved {
        /// The SAD, sealed under the configuration key.
        sad: Sealed,
    },
    /// The user refused.
    Refused,
}

impl Prompt {
    /// What two requests have in common that ask for the same.
    #[must_use]
    pub fn digest(&self) -> String {
        let Self { client, credential, signatures, description, signed, list, .. } = self;
        let wish = serde_json::json!([client, credential, signatures, description, signed, list]);
        HEXLOWER.encode(&Sha256::digest(wish.to_string()))
    }
}

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Prompts of one client that wait for one user.
    pub of_client: usize,
    /// Prompts that wait for one user in all.
    pub of_user: usize,
    /// Prompts of one client that one user refused or left alone within an hour.
    pub in_vain: usize,
}

/// What lies before one user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Desk {
    /// Prompts, oldest first.
    slips: Vec<Slip>,
    /// Apps that the user wants to hear nothing of.
    blocked: Vec<Blocked>,
    /// Prompts that came to nothing.
    in_vain: Vec<InVain>,
    /// When the user was sent word of one, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    told: Vec<i64>,
}

/// A prompt on a desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slip {
    /// Id of the prompt.
    pub id: String,
    /// Its client.
    pub client: String,
    /// Of when it is.
    #[serde(default)]
    pub eras: Eras,
    /// See [`Prompt::digest`].
    pub digest: String,
    /// Whether the user has approved it, and the app has not fetched the SAD.
    pub approved: bool,
    /// Unix milliseconds.
    pub until: i64,
}

/// An app that a user blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// `client_id`.
    pub client: String,
    /// What it was called.
    pub app: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct InVain {
    client: String,
    at: i64,
}

/// What becomes of a prompt that is put on a desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Laid {
    /// It lies there.
    New,
    /// The same was asked before, under this id.
    Known(String),
    /// The user blocked the app.
    Blocked,
    /// There are too many; milliseconds until there may be room.
    Full(i64),
}

impl Desk {
    /// Puts a prompt there, unless it lies there already, the app is blocked, or there are too many.
    #[must_use]
    pub fn lay(self, slip: Slip, bounds: Bounds, now: i64) -> (Self, Laid) {
        let mut desk = self.tidied(now);
        if desk.blocked.iter().any(|blocked| blocked.client == slip.client) {
            return (desk, Laid::Blocked);
        }
        let same = |known: &&Slip| known.client == slip.client && known.digest == slip.digest;
        if let Some(known) = desk.slips.iter().find(same) {
            let id = known.id.clone();
            return (desk, Laid::Known(id));
        }
        if let Some(wait) = desk.wait(&slip.client, bounds, now) {
            return (desk, Laid::Full(wait));
        }
        desk.slips.push(slip);
        (desk, Laid::New)
    }

    /// Milliseconds until this client may ask something else, if it has to wait.
    fn wait(&self, client: &str, bounds: Bounds, now: i64) -> Option<i64> {
        let left = |until: Option<i64>| until.map(|until| (until - now).max(1));
        let waiting = || self.slips.iter().filter(|slip| !slip.approved);
        let of_client = || waiting().filter(|slip| slip.client == client);
        if of_client().count() >= bounds.of_client {
            return left(of_client().map(|slip| slip.until).min());
        }
        if waiting().count() >= bounds.of_user {
            return left(waiting().map(|slip| slip.until).min());
        }
        let in_vain: Vec<i64> = self.in_vain.iter().filter(|it| it.client == client).map(|it| it.at).collect();
        let surplus = in_vain.len().checked_sub(bounds.in_vain)?;
        left(in_vain.get(surplus).map(|at| at + MEMORY))
    }

    /// Gives a prompt more time.
    #[must_use]
    pub fn prolonged(mut self, id: &str, until: i64) -> Self {
        for slip in self.slips.iter_mut().filter(|slip| slip.id == id) {
            slip.until = slip.until.max(until);
        }
        self
    }

    /// Notes that the user approved: the app has until then to fetch what it gets.
    #[must_use]
    pub fn approved(mut self, id: &str, until: i64) -> Self {
        for slip in self.slips.iter_mut().filter(|slip| slip.id == id) {
            (slip.approved, slip.until) = (true, until);
        }
        self
    }

    /// Takes a prompt away whose SAD was fetched: the same, asked again, is something new.
    #[must_use]
    pub fn fetched(mut self, id: &str) -> Self {
        self.slips.retain(|slip| slip.id != id);
        self
    }

    /// Takes a prompt away that the user refused.
    #[must_use]
    pub fn refused(mut self, id: &str, now: i64) -> Self {
        let (gone, kept): (Vec<_>, Vec<_>) = self.slips.into_iter().partition(|slip| slip.id == id);
        self.slips = kept;
        self.in_vain.extend(gone.into_iter().map(|slip| InVain { client: slip.client, at: now }));
        self
    }

    /// Takes away all prompts of an app that wait; their ids.
    #[must_use]
    pub fn without(mut self, client: &str) -> (Self, Vec<String>) {
        let of_it = |slip: &Slip| slip.client == client && !slip.approved;
        let (gone, kept): (Vec<_>, Vec<_>) = self.slips.into_iter().partition(of_it);
        self.slips = kept;
        (self, gone.into_iter().map(|slip| slip.id).collect())
    }

    /// The same, and hears nothing of the app any more.
    #[must_use]
    pub fn blocking(self, app: Blocked) -> (Self, Vec<String>) {
        let (mut desk, gone) = self.without(&app.client);
        if !desk.blocked.iter().any(|blocked| blocked.client == app.client) {
            desk.blocked.push(app);
        }
        (desk, gone)
    }

    /// Hears an app again.
    #[must_use]
    pub fn hearing(mut self, client: &str) -> Self {
        self.blocked.retain(|blocked| blocked.client != client);
        self
    }

    /// What lies there.
    #[must_use]
    pub fn slips(&self) -> &[Slip] {
        &self.slips
    }

    /// Takes away what an operator has ended; nobody asked in vain.
    #[must_use]
    pub fn withdrawing(mut self, ids: &[String]) -> Self {
        self.slips.retain(|slip| !ids.contains(&slip.id));
        self
    }

    /// Without what is over.
    #[must_use]
    pub fn tidied(mut self, now: i64) -> Self {
        let (kept, over): (Vec<_>, Vec<_>) = self.slips.into_iter().partition(|slip| slip.until > now);
        self.slips = kept;
        let left_alone = over.into_iter().filter(|slip| !slip.approved);
        self.in_vain.extend(left_alone.map(|slip| InVain { client: slip.client, at: slip.until }));
        self.in_vain.retain(|it| it.at + MEMORY > now);
        self.in_vain.sort_by_key(|it| it.at);
        self
    }

    /// Whether the user may be sent word now; then it is noted.
    #[must_use]
    pub fn telling(mut self, now: i64) -> (Self, bool) {
        self.told.retain(|at| at + MEMORY > now);
        let may = self.told.len() < WORDS && self.told.last().is_none_or(|at| at + PAUSE <= now);
        self.told.extend(may.then_some(now));
        (self, may)
    }

    /// Ids of what waits for the user now, oldest first.
    pub fn waiting(&self, now: i64) -> impl Iterator<Item = &str> {
        self.slips.iter().filter(move |slip| !slip.approved && slip.until > now).map(|slip| slip.id.as_str())
    }

    /// Apps that are blocked.
    #[must_use]
    pub fn blocked(&self) -> &[Blocked] {
        &self.blocked
    }

    /// When nothing is left to remember, Unix milliseconds; never where an app is blocked.
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        let ends = self.slips.iter().map(|slip| slip.until).chain(self.in_vain.iter().map(|it| it.at));
        let ends = ends.chain(self.told.iter().copied());
        self.blocked.is_empty().then(|| ends.max().unwrap_or_default() + MEMORY)
    }
}

#[cfg(test)]
mod tests;
