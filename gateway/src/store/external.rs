//! Sign-ins under way at identity providers, and accounts' names there.

use std::sync::Arc;

use rsign_storage::{Collection, Place, Result, Store, Table, Update};
use serde::{Serialize, de::DeserializeOwned};

use super::collection;
use crate::domain::external::{ExternalSignIn, Introduction, Tie, Untying};

pub(super) const SIGN_IN: Collection = collection("external_sign_in");
pub(super) const INTRODUCTION: Collection = collection("introduction");
pub(super) const TIE: Collection = collection("tie");
pub(super) const UNTYING: Collection = collection("untying");

/// Names of one account that are read; there is one for each provider.
const PAGE: usize = 100;

/// All of them.
#[derive(Debug, Clone)]
pub struct External {
    sign_ins: Table<ExternalSignIn>,
    introductions: Table<Introduction>,
    ties: Table<Tie>,
    untyings: Table<Untying>,
}

impl External {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        let sign_in = |sign_in: &ExternalSignIn| Place { group: None, expires_at: Some(sign_in.expires_at) };
        let introduction = |known: &Introduction| Place { group: None, expires_at: Some(known.expires_at) };
        let tie = |tie: &Tie| Place { group: Some(tie.user.clone()), expires_at: None };
        let untying = |under_way: &Untying| Place { group: None, expires_at: Some(under_way.expires_at) };
        Self {
            sign_ins: Table::new(Arc::clone(store), SIGN_IN, sign_in),
            introductions: Table::new(Arc::clone(store), INTRODUCTION, introduction),
            ties: Table::new(Arc::clone(store), TIE, tie),
            untyings: Table::new(Arc::clone(store), UNTYING, untying),
        }
    }

    /// Notes a sign-in that begins.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn begin(&self, state: &str, sign_in: ExternalSignIn) -> Result<bool> {
        self.sign_ins.insert(state, sign_in).await
    }

    /// Takes it, once.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn take(&self, state: &str) -> Result<Option<ExternalSignIn>> {
        take(&self.sign_ins, state).await
    }

    /// Keeps an introduction while its form is filled in.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn introduce(&self, digest: &str, introduction: Introduction) -> Result<bool> {
        self.introductions.insert(digest, introduction).await
    }

    /// The introduction.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn introduction(&self, digest: &str) -> Result<Option<Introduction>> {
        self.introductions.find(digest).await
    }

    /// Takes it, once.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn take_introduction(&self, digest: &str) -> Result<Option<Introduction>> {
        take(&self.introductions, digest).await
    }

    /// The account of this name elsewhere.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn find(&self, issuer: &str, subject: &str) -> Result<Option<Tie>> {
        self.ties.find(&Tie::id(issuer, subject)).await
    }

    /// Ties a name to an account; `false` when it is tied already.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn tie(&self, tie: Tie) -> Result<bool> {
        let id = Tie::id(&tie.issuer, &tie.subject);
        self.ties.insert(&id, tie).await
    }

    /// An account's names.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn of_user(&self, user: &str) -> Result<Vec<Tie>> {
        let found = self.ties.list(Some(user), None, PAGE).await?;
        Ok(found.into_iter().map(|(_, tie)| tie).collect())
    }

    /// Lets one untying of an account begin; `false` while another is under way.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn begin_untying(&self, user: &str, now: i64, until: i64) -> Result<bool> {
        self.untyings
            .update(user, move |found| match found {
                Some(under_way) if under_way.expires_at > now => (Update::Keep, false),
                _ => (Update::Put(Untying { expires_at: until }), true),
            })
            .await
    }

    /// Lets the next one begin.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn end_untying(&self, user: &str) -> Result<()> {
        self.untyings.remove(user).await.map(drop)
    }

    /// Unties one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn untie(&self, tie: &Tie) -> Result<()> {
        self.ties.remove(&Tie::id(&tie.issuer, &tie.subject)).await.map(drop)
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        let waiting = self.sign_ins.purge(now).await? + self.introductions.purge(now).await?;
        Ok(waiting + self.untyings.purge(now).await?)
    }
}

/// One step, so that of two at once one gets it.
async fn take<T>(table: &Table<T>, id: &str) -> Result<Option<T>>
where
    T: Serialize + DeserializeOwned + Send + 'static,
{
    table
        .update(id, |found| match found {
            Some(taken) => (Update::Remove, Some(taken)),
            None => (Update::Keep, None),
        })
        .await
}
