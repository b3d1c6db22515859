//! Carries hello and records between a device and the signer, and does what comes of them on this side.

use rsign_api::bytes::Bytes;
use rsign_api::channel::wire::State;
use rsign_api::signer::{
    Authorized, ChannelHello, ChannelOpened, ChannelOutcome, ChannelRecord, CreatedCredential, FactorKind, Operation,
    Refusal,
};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Error, Transactions};
use crate::domain::history::{Approval, Way, code};
use crate::domain::seal::Purpose;
use crate::domain::transaction::{Origin, Progress, Transaction};
use crate::port::signer;
use crate::service::enrolment::Wanted;

/// An open channel, for the device.
pub type Opened = ChannelOpened;

/// The answer to a record.
#[derive(Debug)]
pub struct Relayed {
    /// For the device.
    pub record: Bytes,
    /// What has come of the transaction.
    pub state: State,
}

/// Where `sid` stands in a ServerHello (security.md 3.2).
const SID: std::ops::Range<usize> = 6..22;

impl Transactions {
    /// Opens the channel.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn hello(&self, tx: &str, token: &str, hello: Bytes) -> Result<Opened, Error> {
        let transaction = self.find(tx, token).await?;
        if !self.stored.greet(tx).await? {
            return Err(Error::Failed);
        }
        let ask = ChannelHello { registration: transaction.registration, hello, request: transaction.signed };
        let opened = self.signer.channel_hello(ask).await.map_err(broken)?;
        let sid = opened.hello.get(SID).map(Bytes::from).ok_or_else(nonsense)?;
        if self.stored.open(tx, sid).await? { Ok(opened) } else { Err(Error::Failed) }
    }

    /// Carries one record, and what the signer answers beside it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn record(
        &self,
        tx: &str,
        token: &str,
        finished: Option<Bytes>,
        record: Bytes,
    ) -> Result<Relayed, Error> {
        let transaction = self.find(tx, token).await?;
        let (Some(sid), false) = (transaction.sid.clone(), transaction.progress == Progress::Failed) else {
            return Err(Error::Failed);
        };
        let transaction = self.finish_making(transaction).await;
        let key = match transaction.registration.operation {
            Operation::Sign => self.credentials.find(&transaction.registration.credential).await?,
            Operation::Enrol | Operation::Authorise | Operation::ChangePin | Operation::Factor => None,
        };
        let ask = ChannelRecord { sid: sid.clone(), finished, record, key: key.map(|credential| credential.key) };
        let answer = match self.signer.channel_record(ask).await.map_err(broken) {
            Ok(answer) => answer,
            Err(error) => {
                // What the signer does not know, or no more, it is not asked again: it writes each such question down.
                if matches!(error, Error::Failed) {
                    self.stored.close(tx, sid).await?;
                }
                return Err(error);
            }
        };
        // What this side could not keep is lost, but the device shall hear all the same what the signer said.
        let signed = matches!(answer.outcome, ChannelOutcome::Signed { .. });
        let progress = match self.settle(&transaction, &sid, answer.outcome).await {
            Ok(progress) => progress,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    credential.id = transaction.registration.credential,
                    "an outcome was lost"
                );
                // But signatures that its owner would not find in the history are in that record, and stay here.
                if signed {
                    return Err(error);
                }
                Progress::Failed
            }
        };
        Ok(Relayed { record: answer.record, state: progress.state() })
    }

    /// What has come of it now.
    async fn settle(&self, found: &Transaction, sid: &Bytes, outcome: ChannelOutcome) -> Result<Progress, Error> {
        let from = found.progress.clone();
        let tx = &found.registration.tx;
        let to = match outcome {
            ChannelOutcome::Open(obstacle) => {
                tracing::info!(credential.id = found.registration.credential, ?obstacle, "nothing came of a record");
                return Ok(from);
            }
            ChannelOutcome::Authorised(authorized) => return self.keep_sad(found, sid, authorized).await,
            ChannelOutcome::Enrolled(created) => return self.keep_key(found, sid, created).await,
            ChannelOutcome::Closed if matches!(from, Progress::Open | Progress::Begun) => return Ok(from),
            ChannelOutcome::Closed if matches!(from, Progress::Made { .. }) => {
                self.note_activation(&found.registration.credential).await?;
                Progress::Done
            }
            ChannelOutcome::Closed => return Ok(from),
            ChannelOutcome::Signed { count } => {
                self.write_down(found, count).await?;
                Progress::Done
            }
            ChannelOutcome::PinChanged => Progress::Done,
            ChannelOutcome::FactorBegun => Progress::Begun,
            // The new key's own: closing the channel is still to come.
            ChannelOutcome::FactorConfirmed if matches!(from, Progress::Made { .. }) => return Ok(from),
            ChannelOutcome::FactorConfirmed => {
                self.credentials.note_factor(&found.registration.credential, FactorKind::Totp).await?;
                Progress::Done
            }
            ChannelOutcome::Failed => Progress::Failed,
        };
        self.stored.advance(tx, Some(sid), from, to.clone()).await?;
        Ok(to)
    }

    /// Keeps a SAD for who may fetch it. What nobody can fetch any more is ended.
    async fn keep_sad(&self, found: &Transaction, sid: &Bytes, authorized: Authorized) -> Result<Progress, Error> {
        let Authorized { sad, expires_in } = authorized;
        match self.try_to_keep(found, sid, &sad, expires_in).await {
            Ok(Some(progress)) => Ok(progress),
            outcome => {
                self.discard(&found.registration.client, sad).await;
                outcome?.ok_or(Error::Failed)
            }
        }
    }

    async fn try_to_keep(
        &self,
        found: &Transaction,
        sid: &Bytes,
        sad: &SecretString,
        expires_in: u32,
    ) -> Result<Option<Progress>, Error> {
        let tx = &found.registration.tx;
        self.write_down(found, found.registration.signatures).await?;
        let expires_at = self.clock.now() + i64::from(expires_in) * 1000;
        if let Origin::Prompt { prompt, .. } = &found.origin {
            // Its app waits for it: it does not depend on the browser's coming back.
            let done = self.stored.advance(tx, Some(sid), Progress::Open, Progress::Done).await?;
            let given = done && self.prompts.fulfil(prompt, sad, expires_at).await?;
            return Ok(given.then_some(Progress::Done));
        }
        let secret = sad.expose_secret().as_bytes();
        let sealed = self.material.seal(Purpose::Transaction, tx, secret, &*self.random)?;
        let to = Progress::Authorised { sad: sealed, expires_at };
        let kept = self.stored.advance(tx, Some(sid), Progress::Open, to.clone()).await?;
        Ok(kept.then_some(to))
    }

    /// Keeps a key and has it certified.
    async fn keep_key(&self, found: &Transaction, sid: &Bytes, created: CreatedCredential) -> Result<Progress, Error> {
        let registration = &found.registration;
        let enrol = registration.enrol.as_ref().ok_or_else(nonsense)?;
        let rsign_api::signer::Enrol { key, scal, multisign, stretch, factor, .. } = *enrol;
        let wanted = Wanted { key, scal, multisign, stretch, factor, mode: found.mode };
        self.enrolment.keep(&registration.credential, &registration.user, wanted, created).await?;
        // Counted once it is there, so that of two at once the later one sees the other.
        if self.enrolment.others(&registration.user, &registration.credential).await? >= self.keys_per_user {
            tracing::warn!(credential.id = registration.credential, user.id = registration.user, "one key too many");
            self.enrolment.abandon(&registration.credential).await?;
            self.stored.advance(&registration.tx, Some(sid), Progress::Open, Progress::Failed).await?;
            return Ok(Progress::Failed);
        }
        let progress = Progress::Made { linked: false };
        if !self.stored.advance(&registration.tx, Some(sid), Progress::Open, progress.clone()).await? {
            return Err(Error::Failed);
        }
        Ok(self.finish_making(Transaction { progress, ..found.clone() }).await.progress)
    }

    /// Has a key certified, if that is not done yet. A failure is not the device's: it sees the PIN it has drawn, and
    /// asks again to close, which is the next time.
    async fn finish_making(&self, found: Transaction) -> Transaction {
        let from = Progress::Made { linked: false };
        if found.progress != from {
            return found;
        }
        let credential = &found.registration.credential;
        let progress = Progress::Made { linked: true };
        let outcome = match self.enrolment.complete(credential).await {
            Ok(()) => {
                self.stored.advance(&found.registration.tx, None, from, progress.clone()).await.map_err(Error::from)
            }
            Err(error) => Err(error.into()),
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, credential.id = credential, "a new key could not be certified yet");
            return found;
        }
        Transaction { progress, ..found }
    }

    async fn note_activation(&self, credential: &str) -> Result<(), Error> {
        self.credentials.activate(credential).await?;
        Ok(self.enrolment.end(credential).await?)
    }

    /// No signature shall exist that its owner does not find in the history: this comes first.
    async fn write_down(&self, found: &Transaction, signatures: u32) -> Result<(), Error> {
        let registration = &found.registration;
        let approval = Approval {
            user: registration.user.clone(),
            client: registration.client.clone(),
            app: found.app.clone().unwrap_or_else(|| registration.client.clone()),
            credential: registration.credential.clone(),
            signatures,
            labels: found.labels.iter().flatten().cloned().collect(),
            code: code(&registration.list),
            way: Way::Sealed,
        };
        Ok(self.history.record(approval).await?)
    }
}

/// The channel broke, by the signer's word; anything else is not its fault.
fn broken(error: signer::Error) -> Error {
    match error {
        signer::Error::Refused(Refusal::Channel) => Error::Failed,
        other => other.into(),
    }
}

fn nonsense() -> Error {
    signer::Error::Unavailable("the signer's answer makes no sense".into()).into()
}
