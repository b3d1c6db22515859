//! Prompts by id, and what lies before each user.

use std::sync::Arc;

use rsign_storage::{Collection, Place, Result, Store, Table, Update};

use super::collection;
use crate::domain::prompt::{Desk, Progress, Prompt};

pub(super) const PROMPT: Collection = collection("prompt");
pub(super) const DESK: Collection = collection("desk");

/// Prompts and desks.
#[derive(Debug, Clone)]
pub struct Prompts {
    prompts: Table<Prompt>,
    desks: Table<Desk>,
}

impl Prompts {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        let place = |prompt: &Prompt| Place { group: None, expires_at: Some(prompt.expires_at) };
        let desk = |desk: &Desk| Place { group: None, expires_at: desk.expires_at() };
        Self { prompts: Table::new(Arc::clone(store), PROMPT, place), desks: Table::new(Arc::clone(store), DESK, desk) }
    }

    /// The prompt.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn find(&self, id: &str) -> Result<Option<Prompt>> {
        self.prompts.find(id).await
    }

    /// Stores a new one.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn store(&self, prompt: Prompt) -> Result<bool> {
        let id = prompt.id.clone();
        self.prompts.insert(&id, prompt).await
    }

    /// Removes one that nobody is asked after all.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn remove(&self, id: &str) -> Result<()> {
        self.prompts.remove(id).await?;
        Ok(())
    }

    /// Decides one that still waits, and says until when the outcome is kept; `false` where it was decided, or over.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn decide(&self, id: &str, progress: Progress, until: i64, now: i64) -> Result<bool> {
        self.prompts
            .update(id, move |found| match found {
                Some(prompt) if prompt.progress == Progress::Waiting && prompt.expires_at > now => {
                    (Update::Put(Prompt { progress: progress.clone(), expires_at: until, ..prompt }), true)
                }
                _ => (Update::Keep, false),
            })
            .await
    }

    /// Gives its user time until then, if there was less.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn prolong(&self, id: &str, until: i64) -> Result<()> {
        self.prompts
            .update(id, move |found| match found {
                Some(prompt) if prompt.progress == Progress::Waiting && prompt.expires_at < until => {
                    (Update::Put(Prompt { expires_at: until, ..prompt }), ())
                }
                _ => (Update::Keep, ()),
            })
            .await
    }

    /// What lies before a user.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn desk(&self, user: &str) -> Result<Desk> {
        Ok(self.desks.find(user).await?.unwrap_or_default())
    }

    /// Changes what lies before a user, in one step, and answers.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn rearrange<R: Send + 'static>(
        &self,
        user: &str,
        change: impl Fn(Desk) -> (Desk, R) + Send + 'static,
    ) -> Result<R> {
        self.desks
            .update(user, move |found| {
                let (desk, answer) = change(found.unwrap_or_default());
                (Update::Put(desk), answer)
            })
            .await
    }

    pub(super) async fn purge(&self, now: i64) -> Result<u64> {
        Ok(self.prompts.purge(now).await? + self.desks.purge(now).await?)
    }
}
