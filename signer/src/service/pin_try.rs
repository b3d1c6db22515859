//! One judged PIN: a turn, a lease in the row, the HSM's word, and the lease settled by it.

use std::time::Duration;

use rsign_api::signer::{Refusal, State};

use super::{Error, Result, Signer, unexpected};
use crate::audit::{Entry, Event};
use crate::credential::{Begin, Credential, Slot};
use crate::hsm::{Answer, Fault, Job, Opener};
use crate::pin::Pin;

/// A right PIN: the KEK is in a new slot, the lease still to be settled with [`Signer::win`].
#[derive(Debug)]
pub(super) struct Won {
    /// The credential when the try began.
    pub(super) credential: Credential,
    /// The KEK under the new opener.
    pub(super) slot: Vec<u8>,
    lease: String,
    _turn: super::turn::Turn,
}

/// Where the KEK goes when the PIN was right.
pub(super) trait Destination: Send {
    /// The opener of the new slot; for a credential as it was when the try began.
    fn opener(&mut self, credential: &Credential) -> Result<Opener>;

    /// Whether the new slot is opened once more.
    fn check(&self) -> bool {
        false
    }
}

const HOUR: i64 = 3_600_000;

impl Signer {
    /// Judges a PIN.
    ///
    /// # Errors
    /// [`Refusal::WrongPin`] when it was judged and wrong, [`Refusal::PinLocked`] when it was not judged,
    /// [`Refusal::Busy`] when too many wait.
    pub(super) async fn try_pin(
        &self,
        credential: &Credential,
        client: &str,
        pin: &Pin,
        to: &mut dyn Destination,
    ) -> Result<Won> {
        let patience = Duration::from_millis(u64::try_from(self.policy.patience).unwrap_or_default());
        let deadline = tokio::time::Instant::now() + patience;
        let turn = tokio::time::timeout_at(deadline, self.turns.take(&credential.id, client)).await;
        let Ok(Some(turn)) = turn else { return Err(Refusal::Busy.into()) };
        self.heed_brake(credential).await?;
        let (lease, credential) = self.lease(&credential.id, client, deadline).await?;
        // From here on a wrong count is only avoided by settling: a task that is dropped leaves the lease to expire.
        match self.judge(&credential, pin, to).await {
            Ok(Some(slot)) => Ok(Won { credential, slot, lease, _turn: turn }),
            Ok(None) => Err(self.lose(&credential, client, lease).await?),
            Err(fault) => Err(self.give_back(&credential, client, lease, fault).await?),
        }
    }

    /// Settles a won try. `epoch` says whether the row is still the one the PIN was judged for.
    ///
    /// # Errors
    /// [`Refusal::Disabled`] when it was blocked or suspended meanwhile, [`Refusal::WrongPin`] never.
    pub(super) async fn win(&self, won: &Won, new_slot: Option<Slot>) -> Result<()> {
        let (tries, now, lease, epoch) = (self.policy.tries, self.clock.now(), won.lease.clone(), won.credential.epoch);
        let settled = self
            .tables
            .change_credential(&won.credential.id, move |row| {
                if row.epoch != epoch || row.state != State::Active || !row.tries.right(&tries, &lease, now) {
                    return false;
                }
                if let Some(slot) = &new_slot {
                    row.slot = Some(slot.clone());
                    row.epoch += 1;
                }
                true
            })
            .await?;
        if settled == Some(true) { Ok(()) } else { Err(Refusal::Disabled.into()) }
    }

    /// With a hundred wrong PINs in an hour, only credentials whose PIN was right within a day are judged.
    async fn heed_brake(&self, credential: &Credential) -> Result<()> {
        let now = self.clock.now();
        if credential.tries.right_since(now - 24 * HOUR)
            || !self.tables.brake_is_on(now - HOUR, self.policy.brake).await?
        {
            return Ok(());
        }
        Err(Refusal::PinLocked.into())
    }

    async fn lease(&self, id: &str, client: &str, deadline: tokio::time::Instant) -> Result<(String, Credential)> {
        let lease = self.draw_id();
        loop {
            let (tries, now, client, new) = (self.policy.tries, self.clock.now(), client.to_owned(), lease.clone());
            let begun = self
                .tables
                .change_credential(id, move |row| {
                    let begin = row.usable(now).map(|()| row.tries.begin(&tries, &client, &new, now));
                    block_if_exhausted(row, &tries, now);
                    (begin, row.clone())
                })
                .await?;
            match begun {
                None => return Err(Refusal::UnknownCredential.into()),
                Some((Err(refusal), _)) => return Err(refusal.into()),
                Some((Ok(Begin::Leased), credential)) => return Ok((lease, credential)),
                Some((Ok(Begin::Locked(_) | Begin::Exhausted), _)) => return Err(Refusal::PinLocked.into()),
                Some((Ok(Begin::Wait), _)) => {}
            }
            // Another instance has the leases, or one is left of a process that died.
            if tokio::time::Instant::now() >= deadline {
                return Err(Refusal::Busy.into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// `None` when the PIN is wrong.
    async fn judge(&self, credential: &Credential, pin: &Pin, to: &mut dyn Destination) -> Result<Option<Vec<u8>>> {
        let slot = credential.slot.as_ref().ok_or(Refusal::Disabled)?;
        let opener = self.stretch(credential, pin, &slot.stretching).await?;
        let new_opener = to.opener(credential)?;
        let job = Job::Rewrap { opener, slot: slot.wrapped.0.clone(), new_opener, check: to.check() };
        match self.run(job).await? {
            Answer::Rewrapped(slot) => Ok(Some(slot)),
            Answer::Refused => Ok(None),
            other => Err(unexpected(&other)),
        }
    }

    async fn lose(&self, credential: &Credential, client: &str, lease: String) -> Result<Error> {
        let (tries, now) = (self.policy.tries, self.clock.now());
        let settle = self.tables.change_credential(&credential.id, move |row| {
            row.tries.wrong(&tries, &lease, now);
            block_if_exhausted(row, &tries, now)
        });
        let entry = Entry::of(Event::Authorized).client(client).credential(credential).failed(Refusal::WrongPin);
        let (blocked, audited, braked) =
            tokio::join!(settle, self.audit.record(entry), self.tables.note_wrong_pin(now, self.policy.brake));
        audited?;
        braked?;
        if blocked? == Some(true) {
            let entry = Entry::of(Event::StateChanged).client(client).credential(credential);
            self.audit.record(entry.because("blocked: too many wrong PINs in a row")).await?;
        }
        Ok(Refusal::WrongPin.into())
    }

    async fn give_back(&self, credential: &Credential, client: &str, lease: String, fault: Error) -> Result<Error> {
        let refund = self.tables.change_credential(&credential.id, move |row| row.tries.refund(&lease));
        let entry = Entry::of(Event::HsmFault).client(client).credential(credential).failed(&fault);
        let (refunded, audited) = tokio::join!(refund, self.audit.record(entry));
        refunded?;
        audited?;
        Ok(fault)
    }

    /// The opener of a PIN slot; Argon2id runs on a thread of its own, a few at a time.
    pub(super) async fn stretch(
        &self,
        credential: &Credential,
        pin: &Pin,
        stretching: &crate::pin::Stretching,
    ) -> Result<Opener> {
        let invalid = || Error::Incident("a slot's stretch parameters are invalid".to_owned());
        if !stretching.is_slow() {
            return credential.binding().opener(pin, stretching, &self.memory).ok_or_else(invalid);
        }
        let _permit = self.stretching.acquire().await.map_err(|_| Fault::Busy)?;
        tokio::task::block_in_place(|| credential.binding().opener(pin, stretching, &self.memory)).ok_or_else(invalid)
    }
}

/// Blocks at the absolute cap; says whether it did.
fn block_if_exhausted(row: &mut Credential, tries: &crate::credential::TryPolicy, now: i64) -> bool {
    row.tries.exhausted(tries) && row.state == State::Active && row.enter(State::Blocked, now).is_ok()
}
