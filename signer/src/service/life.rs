//! Where a credential stands after that: its state changed, looked at, and ended when it was never activated.

use rsign_api::signer::{ChangeState, CredentialStatus, FactorKind, Refusal, State};

use super::{Result, Signer};
use crate::audit::{Entry, Event};
use crate::credential::Credential;

impl Signer {
    /// Suspends, reactivates or destroys.
    ///
    /// # Errors
    /// [`Refusal::Disabled`] when there is no such transition; [`Refusal::Malformed`] for any other state.
    pub async fn change_state(&self, asked: &ChangeState) -> Result<CredentialStatus> {
        let (next, now) = (asked.state, self.clock.now());
        if !matches!(next, State::Active | State::Suspended | State::Destroyed) {
            return Err(Refusal::Malformed.into());
        }
        let row = self.row(&asked.credential).await?;
        let allowed = (next != State::Active || row.state == State::Suspended) && row.clone().enter(next, now).is_ok();
        self.record_allowed(Entry::of(Event::StateChanged).credential(&row).because(format!("{next:?}")), allowed)
            .await?;
        let step = move |row: &mut Credential| {
            if next == State::Active && row.state != State::Suspended {
                return Err(Refusal::Disabled);
            }
            row.enter(next, now)?;
            Ok(status(row, now))
        };
        let status = self.step(&asked.credential, step).await?;
        if next == State::Destroyed {
            self.forget_pin(&asked.credential);
        }
        Ok(status)
    }

    /// Records what is about to be done, or that it was refused: the row decides again in its own step.
    pub(super) async fn record_allowed(&self, entry: Entry, allowed: bool) -> Result<()> {
        if allowed {
            return Ok(self.audit.record(entry).await?);
        }
        self.audit.record(entry.failed(Refusal::Disabled)).await?;
        Err(Refusal::Disabled.into())
    }

    pub(super) fn forget_pin(&self, credential: &str) {
        if let Ok(mut drawn) = self.drawn.lock() {
            drawn.remove(credential);
        }
    }

    /// Destroys a credential that was never activated; the state is looked at again in the step itself, since its
    /// owner may be quicker.
    async fn expire(&self, row: &Credential) -> Result<()> {
        let (now, id) = (self.clock.now(), row.id.clone());
        let step = move |row: &mut Credential| match row.state {
            State::Generated | State::Linked => row.enter(State::Destroyed, now).map(|()| true),
            _ => Ok(false),
        };
        if self.step(&id, step).await? {
            self.forget_pin(&id);
            let entry = Entry::of(Event::StateChanged).credential(row);
            self.audit.record(entry.because("destroyed: not activated in time")).await?;
        }
        Ok(())
    }

    /// Where a credential stands.
    ///
    /// # Errors
    /// [`Refusal::UnknownCredential`].
    pub async fn status(&self, credential: &str) -> Result<CredentialStatus> {
        Ok(status(&self.row(credential).await?, self.clock.now()))
    }

    /// Destroys what was not activated in time, and removes what has expired. For a timer.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tidy(&self) -> Result<()> {
        let now = self.clock.now();
        self.channels.purge(now);
        self.tables.sads.purge(now - 60_000).await?;
        let mut after = None;
        loop {
            let page = self.tables.credentials.list(None, after.as_deref(), 500).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            for (_, row) in page {
                let waits = matches!(row.state, State::Generated | State::Linked);
                if waits && row.created_at + self.policy.unfinished <= now {
                    self.expire(&row).await?;
                }
            }
        }
    }

    pub(super) async fn row(&self, credential: &str) -> Result<Credential> {
        Ok(self.tables.credentials.find(credential).await?.ok_or(Refusal::UnknownCredential)?)
    }

    pub(super) async fn step<R: Send + 'static>(
        &self,
        credential: &str,
        step: impl FnMut(&mut Credential) -> std::result::Result<R, Refusal> + Send + 'static,
    ) -> Result<R> {
        let answer = self.tables.change_credential(credential, step).await?;
        Ok(answer.unwrap_or(Err(Refusal::UnknownCredential))?)
    }
}

pub(super) fn status(row: &Credential, now: i64) -> CredentialStatus {
    CredentialStatus {
        state: row.state,
        factor: row.factor.as_ref().map_or(FactorKind::None, |factor| factor.kind),
        locked_until: row.tries.locked_until(now).map(|until| until / 1000),
    }
}
