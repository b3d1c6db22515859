//! One judged PIN: a turn, a lease in the row, the HSM's word, and the lease settled by it.

use std::time::Duration;

use rsign_api::bytes::Bytes;
use rsign_api::signer::{Refusal, State};
use tokio::sync::SemaphorePermit;

use super::{Error, Result, Signer, unexpected};
use crate::audit::{Entry, Event};
use crate::credential::{Begin, Credential, Slot};
use crate::hsm::{Answer, Fault, Job, MasterVersion, Opener};
use crate::pin::Pin;

/// A right PIN: the KEK is in a new slot, the lease still to be settled with [`Signer::win`].
#[derive(Debug)]
pub(super) struct Won {
    /// The credential when the try began.
    pub(super) credential: Credential,
    /// The KEK under the new opener.
    pub(super) slot: Vec<u8>,
    /// The PIN slot under a newer K_MK, where it was under an earlier one: it takes the slot's place with the lease.
    pub(super) renewed: Option<Slot>,
    lease: String,
    _turn: super::turn::Turn,
}

/// What a right PIN brings.
struct Judged {
    slot: Vec<u8>,
    renewed: Option<Slot>,
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
        // Waited for before the lease is taken: a try shall not run out while others' PINs are stretched.
        let slow = credential.slot.as_ref().is_some_and(|slot| slot.stretching.is_slow());
        let stretching = match slow {
            true => Some(self.stretching.acquire().await.map_err(|_| Fault::Busy)?),
            false => None,
        };
        let guess = self.heed_brake(credential, client).await?;
        let judged = async {
            let (lease, credential) = self.lease(&credential.id, client, deadline).await?;
            // From here on a wrong count is only avoided by settling: a lease that is left alone expires as wrong.
            match self.judge(client, &credential, pin, to, stretching).await {
                Ok(Some(Judged { slot, renewed })) => Ok(Won { credential, slot, renewed, lease, _turn: turn }),
                Ok(None) => Err(self.lose(&credential, client, lease).await?),
                Err(fault) => Err(self.give_back(&credential, client, lease, fault).await?),
            }
        };
        let outcome = judged.await;
        if let (Some(taken), false) = (guess, matches!(outcome, Err(Error::Refused(Refusal::WrongPin)))) {
            self.tables.return_guess(client, taken).await?;
        }
        outcome
    }

    /// Settles a won try. `epoch` says whether the row is still the one the PIN was judged for.
    ///
    /// # Errors
    /// [`Refusal::Disabled`] when it was blocked or suspended meanwhile, [`Refusal::WrongPin`] never.
    pub(super) async fn win(&self, won: &Won, new_slot: Option<Slot>) -> Result<()> {
        let (tries, now, lease, epoch) = (self.policy.tries, self.clock.now(), won.lease.clone(), won.credential.epoch);
        let (judged, renewed) = (won.credential.slot.clone(), won.renewed.clone());
        let settled = self
            .tables
            .change_credential(&won.credential.id, move |row| {
                if row.epoch != epoch || row.state != State::Active {
                    // Overtaken by a block, a suspension or another change of PIN: the PIN was right all the same.
                    row.tries.refund(&lease);
                    return false;
                }
                if !row.tries.right(&tries, &lease, now) {
                    return false;
                }
                if let Some(slot) = &new_slot {
                    row.slot = Some(slot.clone());
                    row.epoch += 1;
                } else if renewed.is_some() && row.slot == judged {
                    // The same PIN and the same KEK: what was authorised before goes on.
                    row.slot.clone_from(&renewed);
                }
                true
            })
            .await?;
        if settled == Some(true) { Ok(()) } else { Err(Refusal::Disabled.into()) }
    }

    /// After a hundred wrong PINs in an hour a client's PINs are judged only where it had a right one within a day.
    /// Gives the place it took under the brake, if it needed one.
    async fn heed_brake(&self, credential: &Credential, client: &str) -> Result<Option<i64>> {
        let now = self.clock.now();
        if credential.tries.right_lately(client, now) {
            return Ok(None);
        }
        let taken = self.tables.take_guess(client, now, now - HOUR, self.policy.brake).await?;
        if taken { Ok(Some(now)) } else { Err(Refusal::PinLocked.into()) }
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
    async fn judge(
        &self,
        client: &str,
        credential: &Credential,
        pin: &Pin,
        to: &mut dyn Destination,
        stretching: Option<SemaphorePermit<'_>>,
    ) -> Result<Option<Judged>> {
        let judged = credential.slot.as_ref().ok_or(Refusal::Disabled)?;
        let newest = self.master().await?;
        let renew = (judged.master < newest).then_some(newest);
        let opener = self.stretch(credential, pin, &judged.stretching, judged.master)?;
        drop(stretching);
        let new_opener = to.opener(credential)?;
        let job = Job::Rewrap { opener, slot: judged.wrapped.0.clone(), new_opener, check: to.check(), renew };
        match self.run_for(client, job).await? {
            Answer::Rewrapped { slot, renewed } => {
                let moved = renew.zip(renewed);
                let renewed = moved.map(|(master, slot)| Slot { master, wrapped: Bytes(slot), ..judged.clone() });
                Ok(Some(Judged { slot, renewed }))
            }
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
        let (blocked, audited) = tokio::join!(settle, self.audit.record(entry));
        audited?;
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

    /// The opener of a PIN slot. Argon2id takes the thread for milliseconds, so others go on elsewhere; the caller holds
    /// a permit for it.
    pub(super) fn stretch(
        &self,
        credential: &Credential,
        pin: &Pin,
        stretching: &crate::pin::Stretching,
        master: MasterVersion,
    ) -> Result<Opener> {
        let derive = || credential.binding().opener(pin, stretching, master, &self.memory);
        let opener = if stretching.is_slow() { tokio::task::block_in_place(derive) } else { derive() };
        opener.ok_or_else(|| Error::Incident("a slot's stretch parameters are invalid".to_owned()))
    }
}

/// Blocks at the absolute cap; says whether it did.
fn block_if_exhausted(row: &mut Credential, tries: &crate::credential::TryPolicy, now: i64) -> bool {
    row.tries.exhausted(tries) && row.state == State::Active && row.enter(State::Blocked, now).is_ok()
}
