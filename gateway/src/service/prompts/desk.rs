//! What waits for a user, as the user's pages show it, and what the user says besides the PIN: no, and never again.

use super::{Error, Prompts};
use crate::domain::prompt::{Blocked, Desk, PATIENCE, Progress, Prompt};
use crate::domain::transaction;

impl Prompts {
    /// What waits for this user, oldest first.
    ///
    /// # Errors
    /// The store.
    pub async fn waiting(&self, user: &str) -> Result<Vec<Prompt>, Error> {
        let now = self.clock.now();
        let desk = self.desk(user).await?;
        let mut prompts = Vec::new();
        for id in desk.waiting(now) {
            let found = self.stored.find(id).await?;
            prompts.extend(found.filter(|prompt| prompt.progress == Progress::Waiting && prompt.expires_at > now));
        }
        Ok(prompts)
    }

    /// How much waits for this user.
    ///
    /// # Errors
    /// The store.
    pub async fn count(&self, user: &str) -> Result<usize, Error> {
        Ok(self.desk(user).await?.waiting(self.clock.now()).count())
    }

    /// The desk without what an operator has ended.
    async fn desk(&self, user: &str) -> Result<Desk, Error> {
        let desk = self.stored.desk(user).await?;
        let gone = self.withdrawn(user, &desk).await?;
        Ok(desk.withdrawing(&gone))
    }

    /// Ids of what lies on this desk and was ended by an operator.
    pub(super) async fn withdrawn(&self, user: &str, desk: &Desk) -> Result<Vec<String>, Error> {
        let mut gone = Vec::new();
        for slip in desk.slips() {
            if !self.presence.stands(&slip.client, Some(user), slip.eras).await? {
                gone.push(slip.id.clone());
            }
        }
        Ok(gone)
    }

    /// A prompt of this user; another's is as unknown as one that never was.
    ///
    /// # Errors
    /// Unknown; withdrawn, where its user had not decided; the store.
    pub async fn find(&self, user: &str, id: &str) -> Result<Prompt, Error> {
        let found = if id.len() <= super::LONGEST { self.stored.find(id).await? } else { None };
        let alive = |prompt: &Prompt| prompt.user == user && prompt.expires_at > self.clock.now();
        let prompt = found.filter(alive).ok_or(Error::Unknown)?;
        if prompt.progress == Progress::Waiting && !self.stands(&prompt).await? {
            return Err(Error::Withdrawn);
        }
        Ok(prompt)
    }

    /// Gives its user time to type the PIN.
    ///
    /// # Errors
    /// The store.
    pub async fn prolong(&self, prompt: &Prompt) -> Result<(), Error> {
        let (id, until) = (prompt.id.clone(), self.clock.now() + transaction::PATIENCE);
        self.stored.prolong(&id, until).await?;
        Ok(self.stored.rearrange(&prompt.user, move |desk| (desk.prolonged(&id, until), ())).await?)
    }

    /// The user says no. `false` where it was decided before.
    ///
    /// # Errors
    /// The store.
    pub async fn refuse(&self, prompt: &Prompt) -> Result<bool, Error> {
        let now = self.clock.now();
        if !self.stored.decide(&prompt.id, Progress::Refused, prompt.expires_at, now).await? {
            return Ok(false);
        }
        let id = prompt.id.clone();
        self.stored.rearrange(&prompt.user, move |desk| (desk.refused(&id, now), ())).await?;
        Ok(true)
    }

    /// The user says no to all this app asks, now and later.
    ///
    /// # Errors
    /// The store.
    pub async fn block(&self, prompt: &Prompt) -> Result<(), Error> {
        let app = Blocked { client: prompt.client.clone(), app: prompt.app.clone() };
        let mut gone = self.stored.rearrange(&prompt.user, move |desk| desk.blocking(app.clone())).await?;
        tracing::info!(client.id = prompt.client, user.id = prompt.user, "a user blocked an app");
        gone.push(prompt.id.clone());
        self.refuse_all(&gone).await
    }

    /// The user takes an app's access away: what it asked for is refused.
    ///
    /// # Errors
    /// The store.
    pub async fn withdraw(&self, user: &str, client: &str) -> Result<(), Error> {
        let client = client.to_owned();
        let gone = self.stored.rearrange(user, move |desk| desk.without(&client)).await?;
        self.refuse_all(&gone).await
    }

    async fn refuse_all(&self, ids: &[String]) -> Result<(), Error> {
        let now = self.clock.now();
        for id in ids {
            self.stored.decide(id, Progress::Refused, now + PATIENCE, now).await?;
        }
        Ok(())
    }

    /// Apps that this user blocked.
    ///
    /// # Errors
    /// The store.
    pub async fn blocked(&self, user: &str) -> Result<Vec<Blocked>, Error> {
        Ok(self.stored.desk(user).await?.blocked().to_vec())
    }

    /// The user wants to hear an app again.
    ///
    /// # Errors
    /// The store.
    pub async fn hear(&self, user: &str, client: &str) -> Result<(), Error> {
        let client = client.to_owned();
        Ok(self.stored.rearrange(user, move |desk| (desk.hearing(&client), ())).await?)
    }
}
