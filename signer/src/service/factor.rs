//! The second factor: a code is judged before the PIN is, and spent at once; a new factor is begun with PIN and old
//! code, and holds from its own first code on.

use rsign_api::bytes::Bytes;
use rsign_api::channel::body::Authenticator;
use rsign_api::signer::{FactorKind, Refusal, State};

use super::authorization::NewSlot;
use super::{Error, Result, Signer, unexpected};
use crate::audit::{Entry, Event};
use crate::channel::Pending;
use crate::credential::{Credential, Factor, Presented, Slot, Spend};
use crate::hsm::{Answer, Job};
use crate::pin::{Binding, Pin};
use crate::totp::Generator;

impl Signer {
    /// Judges and spends a code of the credential's second factor, where it has one. No PIN was judged yet, and none is
    /// after a refusal.
    ///
    /// # Errors
    /// [`Refusal::WrongFactor`] when it is wrong (which counts), missing or spent (which does not: neither is a guess),
    /// or where there is no factor: whoever sends one believes otherwise. [`Refusal::FactorLocked`] when it was not
    /// judged.
    pub(super) async fn spend_code(&self, credential: &Credential, client: &str, code: Option<&[u8]>) -> Result<()> {
        let (factor, code) = match (&credential.factor, code) {
            (None, None) => return Ok(()),
            (Some(factor), Some(code)) => (factor, code),
            _ => return Err(self.refuse_code(credential, client, Refusal::WrongFactor).await?),
        };
        if factor.locked_until(client, self.clock.now()).is_some() {
            return Err(self.refuse_code(credential, client, Refusal::FactorLocked).await?);
        }
        let Some(presented) = self.present(credential, factor, client, code).await? else {
            return Err(self.refuse_code(credential, client, Refusal::WrongFactor).await?);
        };
        let (salt, whose, now) = (factor.salt.clone(), client.to_owned(), self.clock.now());
        let spent = self
            .tables
            .change_credential(&credential.id, move |row| {
                row.usable(now)?;
                let factor = row.factor.as_mut().filter(|factor| factor.confirmed && factor.salt == salt);
                Ok(factor.map_or(Spend::Wrong, |factor| factor.spend(&whose, &presented, now)))
            })
            .await?;
        match spent.unwrap_or(Err(Refusal::UnknownCredential))? {
            Spend::Accepted => Ok(()),
            Spend::Wrong => Err(self.refuse_code(credential, client, Refusal::WrongFactor).await?),
            Spend::Locked(_) => Err(self.refuse_code(credential, client, Refusal::FactorLocked).await?),
        }
    }

    /// What a code is to the row; `None` where there is none it could be.
    async fn present(
        &self,
        credential: &Credential,
        factor: &Factor,
        client: &str,
        code: &[u8],
    ) -> Result<Option<Presented>> {
        if factor.kind == FactorKind::Online {
            return self.known_by(credential, factor, client, code).await;
        }
        let step = self.generator(&credential.binding()).await?.step_of(code, self.clock.now());
        Ok(Some(Presented::Step(step)))
    }

    pub(super) async fn refuse_code(&self, credential: &Credential, client: &str, refusal: Refusal) -> Result<Error> {
        let entry = Entry::of(Event::Authorized).client(client).credential(credential);
        self.audit.record(entry.failed(refusal)).await?;
        Ok(refusal.into())
    }

    /// Has the HSM make a factor's secret anew.
    pub(super) async fn generator(&self, binding: &Binding<'_>) -> Result<Generator> {
        let data = binding.factor_data().ok_or_else(|| Error::Incident("there is no second factor".to_owned()))?;
        match self.run(Job::FactorSecret { data }).await? {
            Answer::Octets(octets) => {
                Generator::from_octets(octets).ok_or_else(|| Error::Incident("a factor's secret is short".to_owned()))
            }
            other => Err(unexpected(&other)),
        }
    }

    /// What an authenticator app is told of a factor, under the name its owner knows the account by.
    pub(super) fn tell(&self, generator: &Generator, label: Option<&str>, credential: &str) -> Result<Authenticator> {
        let label = label.filter(|label| !label.trim().is_empty()).unwrap_or(credential);
        let told = generator.authenticator(&self.policy.issuer, label);
        told.ok_or_else(|| Error::Incident("no QR code holds a factor's URI".to_owned()))
    }

    /// Judges code and PIN, and wraps the KEK for a new factor. Nothing is stored: the old one, or none, holds until
    /// [`Signer::confirm_factor`].
    pub(super) async fn begin_factor(
        &self,
        credential: &Credential,
        client: &str,
        pin: &Pin,
        code: Option<&[u8]>,
    ) -> Result<(Pending, Generator)> {
        credential.usable(self.clock.now())?;
        let factor = self.draw_factor(FactorKind::Totp);
        let next = Credential { factor: Some(factor.clone()), ..credential.clone() };
        let generator = self.generator(&next.binding()).await?;
        let stretching = self.fresh_stretching(credential.slot.as_ref().map(|slot| &slot.stretching));
        let master = self.master().await?;
        let opener = {
            let _permit = self.stretching.acquire().await.map_err(|_| Refusal::Busy)?;
            self.stretch(&next, pin, &stretching, master)?
        };
        self.spend_code(credential, client, code).await?;
        let won = self.try_pin(credential, client, pin, &mut NewSlot::of(credential, opener)).await?;
        self.win(&won, None).await?;
        let slot = Slot { stretching, wrapped: Bytes(won.slot.clone()), master };
        Ok((Pending { factor, slot, epoch: won.credential.epoch }, generator))
    }

    /// Puts the new factor and its slot in place of what there is, if the code is one of it; live SADs end.
    ///
    /// # Errors
    /// [`Refusal::WrongFactor`]; [`Refusal::Disabled`] when the credential changed meanwhile.
    pub(super) async fn confirm_factor(
        &self,
        credential: &Credential,
        client: &str,
        pending: &Pending,
        code: &[u8],
    ) -> Result<()> {
        let Pending { factor, slot, epoch } = pending.clone();
        let next = Credential { factor: Some(factor), ..credential.clone() };
        let factor = self.confirmed(&next, code).await?;
        let entry = Entry::of(Event::FactorChanged).client(client).credential(credential);
        self.audit.record(entry.because(if credential.factor.is_some() { "replaced" } else { "added" })).await?;
        let replaced = self
            .tables
            .change_credential(&credential.id, move |row| {
                let is_as_it_was = row.epoch == epoch && row.state == State::Active;
                if is_as_it_was {
                    row.slot = Some(slot.clone());
                    row.factor = Some(factor.clone());
                    row.epoch += 1;
                }
                is_as_it_was
            })
            .await?;
        if replaced == Some(true) { Ok(()) } else { Err(Refusal::Disabled.into()) }
    }

    /// The factor that a credential was made with has shown its first code.
    ///
    /// # Errors
    /// [`Refusal::WrongFactor`]; [`Refusal::Disabled`] when it was confirmed before, or there is none.
    pub(super) async fn confirm_enrolled(&self, credential: &str, client: &str, code: &[u8]) -> Result<()> {
        let row = self.row(credential).await?;
        if row.factor.as_ref().is_none_or(|factor| factor.confirmed) {
            return Err(Refusal::Disabled.into());
        }
        let factor = self.confirmed(&row, code).await?;
        let entry = Entry::of(Event::FactorChanged).client(client).credential(&row);
        self.audit.record(entry.because("enrolled")).await?;
        let confirmed = self
            .tables
            .change_credential(credential, move |row| {
                let is_this = row.factor.as_ref().is_some_and(|found| found.salt == factor.salt && !found.confirmed);
                if is_this {
                    row.factor = Some(factor.clone());
                }
                is_this
            })
            .await?;
        if confirmed == Some(true) { Ok(()) } else { Err(Refusal::Disabled.into()) }
    }

    /// The credential's factor, confirmed by this code, which is spent with it.
    async fn confirmed(&self, credential: &Credential, code: &[u8]) -> Result<Factor> {
        let step = self.generator(&credential.binding()).await?.step_of(code, self.clock.now());
        match (&credential.factor, step) {
            (Some(factor), Some(step)) => Ok(Factor { confirmed: true, last_step: step, ..factor.clone() }),
            _ => Err(Refusal::WrongFactor.into()),
        }
    }

    pub(super) fn draw_factor(&self, kind: FactorKind) -> Factor {
        let mut salt = [0; 32];
        self.random.fill(&mut salt);
        Factor::new(kind, salt)
    }
}
