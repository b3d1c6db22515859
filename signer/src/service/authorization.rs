//! PIN in, SAD out; and what can be done with a SAD but signing: extend it, end it.

use rsign_api::bytes::Bytes;
use rsign_api::signer::{Authorize, Authorized, ChangePin, Entry as Hash, Extend, Refusal, RevokeSad, Scal};
use rsign_storage::Update;
use secrecy::ExposeSecret as _;

use super::pin_try::Destination;
use super::{Error, Result, Signer, unexpected};
use crate::audit::{Entry, Event};
use crate::channel::Sid;
use crate::credential::{Credential, Slot};
use crate::hsm::{Answer, Job, MasterVersion, Opener};
use crate::pin::{Pin, Stretching};
use crate::sad::{self, Item, Presented, Sad, SadToken};

/// What the owner's PIN shall approve.
#[derive(Debug, Clone, Copy)]
pub(super) struct Approval<'a> {
    pub(super) credential: &'a str,
    pub(super) user: &'a str,
    pub(super) client: &'a str,
    pub(super) signatures: u32,
    pub(super) list: &'a [Hash],
    /// The channel it came over; none for what came in clear.
    pub(super) channel: Option<&'a Sid>,
}

impl Signer {
    /// Gives a SAD for the PIN of the credential's owner.
    ///
    /// # Errors
    /// See [`Refusal`]; nothing is judged unless the request is right in everything else.
    /// [`Refusal::NotAllowed`] where clients have to sign their requests: this one has no place for a signature.
    pub async fn authorize(&self, asked: &Authorize) -> Result<Authorized> {
        if self.clients.required() {
            let mut entry = Entry::of(Event::Authorized).client(&asked.client);
            (entry.user, entry.credential) = (Some(asked.user.clone()), Some(asked.credential.clone()));
            self.audit.record(entry.failed("in clear, where clients sign their requests")).await?;
            return Err(Error::Setting { refusal: Refusal::NotAllowed, setting: "[clients] required = true" });
        }
        let approval = Approval {
            credential: &asked.credential,
            user: &asked.user,
            client: &asked.client,
            signatures: asked.signatures,
            list: &asked.list,
            channel: None,
        };
        let code = asked.code.as_ref().map(|code| code.expose_secret().as_bytes());
        self.approve(approval, code, &Pin::to_judge(&asked.pin)).await
    }

    /// See [`Signer::authorize`]; for a PIN that came some other way than in a message.
    pub(super) async fn approve(&self, asked: Approval<'_>, code: Option<&[u8]>, pin: &Pin) -> Result<Authorized> {
        let credential = self.own_credential(asked.credential, asked.user).await?;
        credential.usable(self.clock.now())?;
        let items = admissible(&credential, asked.signatures, asked.list)?;
        let master = self.master().await?;
        self.spend_code(&credential, asked.client, code).await?;
        let mut grant = Grant { signer: self, asked, master, items: Some(items), made: None };
        let won = self.try_pin(&credential, asked.client, pin, &mut grant).await?;
        let Some((token, mut sad)) = grant.made.take() else {
            return Err(Error::Incident("a PIN was right, but no SAD was formed".to_owned()));
        };
        sad.slot = Some(Bytes(won.slot.clone()));
        let entry = Entry::of(Event::Authorized).client(asked.client).channel(asked.channel);
        let entry =
            entry.credential(&won.credential).hashes(&sad.id, asked.signatures as usize, &sad::list_digest(&sad.items));
        let entry = if won.credential.factor.is_some() { entry.because("PIN and second factor") } else { entry };
        let entry = entry.master(won.renewed.as_ref().map(|slot| slot.master));
        let (id, expires_at) = (sad.id.clone(), sad.expires_at);
        let (settled, stored, audited) =
            tokio::join!(self.win(&won, None), self.tables.sads.insert(&id, sad), self.audit.record(entry));
        settled?;
        stored?;
        audited?;
        Ok(self.authorized(&token, expires_at))
    }

    /// Renews a SAD: unspent approved hashes, a later expiry, the same count.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn extend(&self, asked: &Extend) -> Result<Authorized> {
        let token = SadToken::parse(&asked.sad).ok_or(Refusal::InvalidSad)?;
        // The row may change while the HSM works; then what was computed is void, and it is done again.
        for _ in 0..5 {
            if let Some(authorized) = self.try_extend(asked, &token).await? {
                return Ok(authorized);
            }
        }
        Err(Refusal::Busy.into())
    }

    async fn try_extend(&self, asked: &Extend, token: &SadToken) -> Result<Option<Authorized>> {
        let sad = self.tables.sads.find(&token.row()).await?.ok_or(Refusal::InvalidSad)?;
        let presented = sad.admit(token, &asked.client, asked.user.as_deref(), &asked.credential)?;
        let credential = self.own_credential(&sad.credential, &sad.user).await?;
        let now = self.clock.now();
        credential.usable(now)?;
        if sad.epoch != credential.epoch {
            return Err(Refusal::InvalidSad.into());
        }
        if sad.expires_at <= now {
            return Err(Refusal::SadExpired.into());
        }
        if presented == Presented::Earlier {
            return self.repeat_extension(&sad, token).map(Some);
        }
        let slot = sad.slot.clone().ok_or(Refusal::HashNotAuthorized)?;
        let renewed = self.renew(&sad, token, &asked.list, now)?;
        let master = self.master().await?;
        let job = Job::Rewrap {
            opener: token.opener(&sad.binding(), sad.master),
            slot: slot.0,
            new_opener: renewed.token.opener(&renewed.binding, master),
            check: false,
            renew: None,
        };
        let new_slot = match self.run(job).await? {
            Answer::Rewrapped { slot, .. } => Bytes(slot),
            Answer::Refused => return Err(self.incident(&credential, "the SAD's slot does not open").await?),
            other => return Err(unexpected(&other)),
        };
        let entry = Entry::of(Event::Extended).client(&asked.client).credential(&credential).hashes(
            &sad.id,
            renewed.sad.items.len(),
            &sad::list_digest(&renewed.sad.items),
        );
        self.audit.record(entry).await?;
        let (named, token_now, expires_at) = (asked.list.clone(), renewed.token.clone(), renewed.sad.expires_at);
        let (before, binding) = (sad.handle.clone(), renewed.binding);
        let stored = self
            .tables
            .change_sad(&sad.id, move |row| {
                let renewed = row.extended_to(&named, expires_at, (new_slot.clone(), master), &token_now);
                match renewed {
                    Ok(renewed) if row.handle == before && renewed.binding() == binding => {
                        *row = renewed;
                        Ok(())
                    }
                    _ => Err(()),
                }
            })
            .await?;
        Ok(matches!(stored, Some(Ok(()))).then(|| self.authorized(&renewed.token, expires_at)))
    }

    fn renew(&self, sad: &Sad, token: &SadToken, named: &[Hash], now: i64) -> Result<Renewed> {
        let expires_at = (now + self.policy.sad_life).min(sad.absolute_until);
        // The binding does not depend on the handle, so it is known before the new token is.
        let draft = sad.extended_to(named, expires_at, (Bytes::default(), sad.master), token)?;
        let binding = draft.binding();
        let token = token.extended(&binding).ok_or(Refusal::InvalidSad)?;
        Ok(Renewed { token, sad: draft, binding })
    }

    /// A client that did not hear the answer asks again with the earlier SAD and gets the same one.
    fn repeat_extension(&self, sad: &Sad, token: &SadToken) -> Result<Authorized> {
        let is_last = sad.earlier.last().is_some_and(|last| last.0 == token.handle());
        let again = token.extended(&sad.binding()).filter(|again| is_last && sad.handle.0 == again.handle());
        Ok(self.authorized(&again.ok_or(Refusal::InvalidSad)?, sad.expires_at))
    }

    /// Ends a SAD.
    ///
    /// # Errors
    /// [`Refusal::InvalidSad`] for an unknown one and for one of another client, which is left alone.
    pub async fn revoke(&self, asked: &RevokeSad) -> Result<()> {
        let token = SadToken::parse(&asked.sad).ok_or(Refusal::InvalidSad)?;
        let sad = self.tables.sads.find(&token.row()).await?.ok_or(Refusal::InvalidSad)?;
        sad.admit(&token, &asked.client, None, &sad.credential)?;
        let entry = Entry {
            user: Some(sad.user),
            credential: Some(sad.credential),
            sad: Some(sad.id.clone()),
            ..Entry::of(Event::Revoked).client(&asked.client)
        };
        self.audit.record(entry).await?;
        self.tables.sads.update(&sad.id, |_| (Update::Remove, ())).await?;
        Ok(())
    }

    /// Gives the credential another PIN. One compare-and-set replaces the slot and ends every live SAD.
    ///
    /// # Errors
    /// See [`Refusal`]; a wrong old PIN is a counted try.
    pub async fn change_pin(&self, asked: &ChangePin) -> Result<()> {
        let credential = self.own_credential(&asked.credential, &asked.user).await?;
        let (pin, new_pin) = (Pin::to_judge(&asked.pin), Pin::to_judge(&asked.new_pin));
        let code = asked.code.as_ref().map(|code| code.expose_secret().as_bytes());
        self.replace_pin(&credential, &asked.client, code, &pin, new_pin).await
    }

    /// See [`Signer::change_pin`].
    pub(super) async fn replace_pin(
        &self,
        credential: &Credential,
        client: &str,
        code: Option<&[u8]>,
        pin: &Pin,
        new_pin: Pin,
    ) -> Result<()> {
        credential.usable(self.clock.now())?;
        let new_pin = new_pin.strong().map_err(|_| Refusal::WeakPin)?;
        if pin.equals(&new_pin) {
            return Err(Refusal::WeakPin.into());
        }
        let stretching = self.fresh_stretching(credential.slot.as_ref().map(|slot| &slot.stretching));
        // Stretched before the try: the lease shall not run while Argon2id does.
        let master = self.master().await?;
        let opener = {
            let _permit = self.stretching.acquire().await.map_err(|_| Refusal::Busy)?;
            self.stretch(credential, &new_pin, &stretching, master)?
        };
        self.spend_code(credential, client, code).await?;
        let won = self.try_pin(credential, client, pin, &mut NewSlot::of(credential, opener)).await?;
        let slot = Slot { stretching, wrapped: Bytes(won.slot.clone()), master };
        self.audit.record(Entry::of(Event::PinChanged).client(client).credential(&won.credential)).await?;
        self.win(&won, Some(slot)).await
    }

    /// The credential, if it is this user's; one of anyone else looks like none.
    pub(super) async fn own_credential(&self, id: &str, user: &str) -> Result<Credential> {
        let found = self.tables.credentials.find(id).await?;
        Ok(found.filter(|credential| credential.user == user).ok_or(Refusal::UnknownCredential)?)
    }

    pub(super) fn fresh_stretching(&self, like: Option<&Stretching>) -> Stretching {
        let mut salt = [0; 16];
        self.random.fill(&mut salt);
        let kind = match like {
            Some(Stretching::Hmac { .. }) => rsign_api::signer::Stretch::Hmac,
            _ => rsign_api::signer::Stretch::Argon2id,
        };
        Stretching::new(kind, salt)
    }

    fn authorized(&self, token: &SadToken, expires_at: i64) -> Authorized {
        let seconds = (expires_at - self.clock.now()) / 1000;
        Authorized { sad: token.reveal(), expires_in: u32::try_from(seconds).unwrap_or_default() }
    }

    pub(super) async fn incident(&self, credential: &Credential, what: &str) -> Result<Error> {
        self.audit.record(Entry::of(Event::HsmFault).credential(credential).failed(what)).await?;
        Ok(Error::Incident(what.to_owned()))
    }
}

/// What the standard and the credential allow to be asked for (csc.md 2.3).
fn admissible(credential: &Credential, signatures: u32, list: &[Hash]) -> Result<Vec<Item>> {
    if signatures == 0 {
        return Err(Refusal::Malformed.into());
    }
    if signatures > credential.multisign {
        return Err(Refusal::TooManySignatures.into());
    }
    let counts_agree = match credential.scal {
        Scal::Two => !list.is_empty() && list.len() == signatures as usize,
        Scal::One => list.len() <= signatures as usize,
    };
    if !counts_agree {
        return Err(Refusal::CountMismatch.into());
    }
    Ok(sad::items(list)?)
}

/// An extension that is not stored yet.
struct Renewed {
    token: SadToken,
    sad: Sad,
    binding: [u8; 32],
}

/// The SAD to be, formed when the try begins: its epoch is the row's then.
struct Grant<'a> {
    signer: &'a Signer,
    asked: Approval<'a>,
    master: MasterVersion,
    items: Option<Vec<Item>>,
    made: Option<(SadToken, Sad)>,
}

impl Destination for Grant<'_> {
    fn opener(&mut self, credential: &Credential) -> Result<Opener> {
        let (token, now) = (SadToken::draw(&*self.signer.random), self.signer.clock.now());
        let sad = Sad {
            id: token.row(),
            credential: credential.id.clone(),
            user: credential.user.clone(),
            client: self.asked.client.to_owned(),
            key_version: credential.key_version,
            epoch: credential.epoch,
            scal: credential.scal,
            signatures: self.asked.signatures,
            handle: Bytes(token.handle().to_vec()),
            earlier: Vec::new(),
            slot: None,
            master: self.master,
            items: self.items.take().unwrap_or_default(),
            expires_at: now + self.signer.policy.sad_life,
            absolute_until: now + self.signer.policy.sad_absolute,
        };
        let opener = token.opener(&sad.binding(), sad.master);
        self.made = Some((token, sad));
        Ok(opener)
    }
}

/// The slot of the next PIN, or for the next factor.
pub(super) struct NewSlot {
    opener: Opener,
    /// The salt of the factor that the credential had when the opener was made.
    factor: Option<Bytes>,
}

impl NewSlot {
    pub(super) fn of(credential: &Credential, opener: Opener) -> Self {
        Self { opener, factor: credential.factor.as_ref().map(|factor| factor.salt.clone()) }
    }
}

impl Destination for NewSlot {
    /// A slot made for a factor that was replaced meanwhile would open to nobody.
    fn opener(&mut self, credential: &Credential) -> Result<Opener> {
        let same = self.factor.as_ref() == credential.factor.as_ref().map(|factor| &factor.salt);
        if same { Ok(self.opener.clone()) } else { Err(Refusal::Disabled.into()) }
    }

    fn check(&self) -> bool {
        true
    }
}
