//! The end-to-end channel: its handshake, and each record taken, worked on by [`operation`], and answered.
//!
//! What goes wrong with a channel has one name outside, [`Refusal::Channel`]; the audit trail says more. What stands in
//! the way of what was asked inside is answered inside, and the channel goes on.

mod operation;
mod reason;
mod signed;

use rsign_api::channel::context::{Context, Purpose};
use rsign_api::channel::server::{Greeting, Offer, Session};
use rsign_api::channel::{Ephemeral, identity};
use rsign_api::signer::{
    ChannelAnswer, ChannelHello, ChannelOpened, ChannelOutcome, ChannelRecord, Operation, Refusal, Registration,
};
use zeroize::Zeroizing;

use self::operation::Worked;
use super::{Error, Result, Signer, unexpected};
use crate::audit::{Entry, Event};
use crate::certificate::spki;
use crate::channel::{CODES, Channel, Open, Progress, Sid, draw_sid};
use crate::hsm::{Answer, Job, TokenKey};

impl Signer {
    /// Opens a channel for a transaction, if the device's hello is for exactly that one.
    ///
    /// # Errors
    /// [`Refusal::Channel`] when it is not, or when the client, which signs its requests, did not ask for it;
    /// [`Refusal::UnknownCredential`], [`Refusal::Taken`] and
    /// [`Refusal::Malformed`] for a transaction that cannot be; [`Refusal::Busy`] when too many are open.
    pub async fn open_channel(&self, asked: &ChannelHello) -> Result<ChannelOpened> {
        let registration = &asked.registration;
        let purpose = self.purpose(registration).await?;
        if let Err(why) = self.is_asked_for(registration, asked.request.as_deref()).await? {
            let entry = about(Event::ChannelOpened, registration);
            self.audit.record(entry.failed(why)).await?;
            return Err(Refusal::Channel.into());
        }
        let kid = self.identity_key().await?;
        let (sid, now, life) = (draw_sid(self.instance, &*self.random), self.clock.now(), self.channels.life());
        let seconds = seconds(now);
        let offer = Offer { ephemeral: self.draw_ephemeral(), nonce: self.draw(), sid, kid, life };
        let opened = entry(Event::ChannelOpened, &sid, registration);
        let Ok(greeting) = Greeting::receive(&asked.hello, purpose, offer, seconds) else {
            self.audit.record(opened.failed("the hello is not for what was registered")).await?;
            return Err(Refusal::Channel.into());
        };
        let signature = self.sign_handshake(greeting.digest()).await?;
        let (offered, answer) = greeting.sign(&signature).map_err(|_| Refusal::Channel)?;
        self.audit.record(opened).await?;
        let ends = i64::try_from(seconds + life).unwrap_or_default().saturating_mul(1000);
        let channel = Channel {
            sid,
            registration: registration.clone(),
            ends,
            progress: Progress::Asked,
            pending: None,
            codes: CODES,
        };
        if !self.channels.enter(Box::new(Open { channel, state: Session::Offered(offered) }), now) {
            return Err(Refusal::Busy.into());
        }
        Ok(ChannelOpened {
            hello: answer.hello.0.into(),
            signature: answer.signature.0.into(),
            finished: answer.finished.0.into(),
        })
    }

    /// Takes a record, does what it asks, and answers it.
    ///
    /// # Errors
    /// [`Refusal::Channel`]: there is no such channel, or there was one until now.
    pub async fn take_record(&self, asked: &ChannelRecord) -> Result<ChannelAnswer> {
        let sid = asked.sid.0.as_slice().try_into().map_err(|_| Refusal::Channel)?;
        let now = self.clock.now();
        let Some(open) = self.channels.take(&sid, now) else {
            let entry = Entry::of(Event::ChannelFailed).channel(Some(&sid));
            self.audit.record(entry.failed("unknown, ended, or at work already")).await?;
            return Err(Refusal::Channel.into());
        };
        let Open { mut channel, state } = *open;
        let Ok((request, working)) = state.receive(asked.finished.as_deref(), &asked.record, seconds(now)) else {
            return Err(self.break_off(&channel, "a record was not this channel's next one").await?);
        };
        let worked = self.work(&mut channel, request, asked.key.as_ref()).await;
        let Worked { answer, outcome } = match worked {
            Ok(worked) => worked,
            Err(error) => {
                self.channels.end(&sid);
                return Err(error);
            }
        };
        let now = self.clock.now();
        let Ok(sealed) = working.seal(&answer, seconds(now)) else {
            return Err(self.break_off(&channel, "the channel's time was up before the answer").await?);
        };
        match sealed.next {
            Some(ready) if !matches!(outcome, ChannelOutcome::Failed | ChannelOutcome::Closed) => {
                self.channels.give_back(Box::new(Open { channel, state: Session::Ready(ready) }), now);
            }
            _ => self.channels.end(&sid),
        }
        Ok(ChannelAnswer { record: sealed.record.into(), outcome })
    }

    /// What a channel for this registration is for, if the registration can be: the signer's own row is asked, not the
    /// gateway's word.
    async fn purpose(&self, registration: &Registration) -> Result<Purpose> {
        let row = self.tables.credentials.find(&registration.credential).await?;
        match (registration.operation, row) {
            (Operation::Enrol, Some(_)) => return Err(Refusal::Taken.into()),
            (Operation::Enrol, None) if registration.key_version == 1 => {}
            (_, Some(row)) => {
                let own = row.user == registration.user
                    && row.tenant == registration.tenant
                    && row.key_version == registration.key_version;
                if !own {
                    let entry = Entry::of(Event::ChannelOpened).client(&registration.client).credential(&row);
                    self.audit.record(entry.failed("registered for another user, tenant or key version")).await?;
                    return Err(Refusal::UnknownCredential.into());
                }
            }
            (_, None) => return Err(Refusal::UnknownCredential.into()),
        }
        let purpose = Context::registered(registration).and_then(|context| context.purpose());
        Ok(purpose.map_err(|_| Refusal::Malformed)?)
    }

    /// Ends a channel that something is wrong with.
    async fn break_off(&self, channel: &Channel, why: &str) -> Result<Error> {
        self.channels.end(&channel.sid);
        self.audit.record(entry(Event::ChannelFailed, &channel.sid, &channel.registration).failed(why)).await?;
        Ok(Refusal::Channel.into())
    }

    /// `kid` of this instance's identity key; asked of the HSM once.
    async fn identity_key(&self) -> Result<[u8; 32]> {
        let ask = || async {
            match self.run(Job::TokenPublic { key: TokenKey::Identity }).await? {
                Answer::Octets(point) => {
                    let spki = spki::ec(rsign_api::algorithm::KeyType::P256, &point)
                        .map_err(|error| Error::Incident(format!("the identity key: {error}")))?;
                    Ok(identity::kid(&spki))
                }
                other => Err(unexpected(&other)),
            }
        };
        self.identity.get_or_try_init(ask).await.copied()
    }

    async fn sign_handshake(&self, digest: [u8; 32]) -> Result<[u8; 64]> {
        match self.run(Job::TokenSign { key: TokenKey::Identity, digest }).await? {
            Answer::Octets(raw) => {
                raw.try_into().map_err(|_| Error::Incident("the identity key is not P-256".to_owned()))
            }
            other => Err(unexpected(&other)),
        }
    }

    fn draw<const N: usize>(&self) -> [u8; N] {
        let mut octets = [0; N];
        self.random.fill(&mut octets);
        octets
    }

    fn draw_ephemeral(&self) -> Ephemeral {
        loop {
            let mut scalar = Zeroizing::new([0; 32]);
            self.random.fill(scalar.as_mut_slice());
            if let Some(ephemeral) = Ephemeral::from_octets(scalar) {
                return ephemeral;
            }
        }
    }
}

/// Whole seconds of Unix milliseconds.
fn seconds(milliseconds: i64) -> u64 {
    u64::try_from(milliseconds / 1000).unwrap_or_default()
}

/// An entry about a channel.
fn entry(event: Event, sid: &Sid, registration: &Registration) -> Entry {
    about(event, registration).channel(Some(sid))
}

/// An entry about what would be a channel's.
fn about(event: Event, registration: &Registration) -> Entry {
    let mut entry = Entry::of(event).client(&registration.client);
    entry.user = Some(registration.user.clone());
    entry.credential = Some(registration.credential.clone());
    entry.transaction = Some(registration.tx.clone());
    entry
}
