//! What a record asks, done by the same services as what comes in a message: the same tries, SADs and audit.
//!
//! A PIN goes from the decrypted record straight into a [`Pin`]; both are wiped when this is over.

use rsign_api::bytes::Bytes;
use rsign_api::channel::Secret;
use rsign_api::channel::body::{Answer, Authorize, ChangePin, Enrol, Factor, Reason, Request, Sign};
use rsign_api::channel::context::enrol_digest;
use rsign_api::channel::list::List;
use rsign_api::signer::{
    ChannelOutcome, CreateCredential, Entry as Hash, FactorKind, Refusal, RevokeSad, Sign as Spend, State,
};

use super::super::authorization::Approval;
use super::super::{Error, Result, Signer};
use crate::audit::Event;
use crate::channel::{Channel, Progress};
use crate::pin::Pin;

/// A request as far as it got: for the device, and for the gateway.
pub(super) struct Worked {
    pub(super) answer: Answer,
    pub(super) outcome: ChannelOutcome,
}

/// Why a request was not done.
pub(super) enum Stop {
    /// What the device was shown is not what the gateway registered.
    Differs(&'static str),
    /// Something only the channel knows.
    Reason(Reason),
    /// A service said so.
    Error(Error),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

type Done = std::result::Result<Worked, Stop>;

impl Signer {
    /// Does what a record asks; `key` is what the gateway sent beside it.
    ///
    /// # Errors
    /// When not even the refusal could be recorded.
    pub(super) async fn work(&self, channel: &mut Channel, request: Request, key: Option<&Bytes>) -> Result<Worked> {
        let done = match request {
            Request::Close => self.close(channel).await,
            Request::Factor(Factor::Confirm { factor })
                if matches!(channel.progress, Progress::Enrolled | Progress::Begun) =>
            {
                self.confirm_inside(channel, &factor).await
            }
            _ if channel.progress != Progress::Asked => Err(Stop::Reason(Reason::Expired)),
            Request::Enrol(asked) => self.enrol_inside(channel, &asked).await,
            Request::Authorize(asked) => self.authorize_inside(channel, &asked).await,
            Request::Sign(asked) => self.sign_inside(channel, &asked, key).await,
            Request::ChangePin(asked) => self.change_pin_inside(channel, &asked).await,
            Request::Factor(Factor::Begin { pin, factor }) => self.begin_inside(channel, &pin, factor.as_ref()).await,
            // Nothing was begun.
            Request::Factor(Factor::Confirm { .. }) => Err(Stop::Reason(Reason::Refused)),
        };
        let reason = match done {
            Ok(worked) => return Ok(worked),
            Err(Stop::Differs(what)) => {
                let entry = super::entry(Event::ChannelFailed, &channel.sid, &channel.registration);
                self.audit.record(entry.failed(what)).await?;
                return Ok(Worked { answer: Answer::Refused(Reason::ListMismatch), outcome: ChannelOutcome::Failed });
            }
            Err(Stop::Reason(reason)) => reason,
            Err(Stop::Error(error)) => self.reason(channel, &error).await,
        };
        Ok(Worked { answer: Answer::Refused(reason), outcome: ChannelOutcome::Open(super::reason::obstacle(reason)) })
    }

    async fn enrol_inside(&self, channel: &mut Channel, asked: &Enrol) -> Done {
        if asked.factor.is_some() {
            // There is no credential yet that could have one.
            return Err(Refusal::WrongFactor.into());
        }
        let registration = &channel.registration;
        let enrol = registration.enrol.as_ref().ok_or(Refusal::Malformed)?;
        if enrol_digest(enrol.key, &enrol.subject) != Ok(asked.digest) {
            return Err(Stop::Differs("another key or subject inside than registered"));
        }
        let create = CreateCredential {
            tenant: registration.tenant.clone(),
            user: registration.user.clone(),
            credential: registration.credential.clone(),
            key: enrol.key,
            scal: enrol.scal,
            multisign: enrol.multisign,
            stretch: enrol.stretch,
            factor: enrol.factor,
            label: registration.label.clone(),
            subject: enrol.subject.clone(),
        };
        let (pin, drawn) = match &asked.new_pin {
            Some(chosen) => (read_pin(chosen)?.strong().map_err(|_| Refusal::WeakPin)?, None),
            None => {
                let pin = self.draw_pin().await?;
                let shown = Secret::new(pin.reveal().as_bytes().to_vec());
                (pin, Some(shown))
            }
        };
        let created = self.create_under(&pin, &create).await?;
        let factor = match enrol.factor {
            FactorKind::None | FactorKind::Online => None,
            FactorKind::Totp => {
                let row = self.row(&registration.credential).await?;
                let generator = self.generator(&row.binding()).await?;
                Some(self.tell(&generator, registration.label.as_deref(), &registration.credential)?)
            }
        };
        channel.progress = Progress::Enrolled;
        Ok(Worked { answer: Answer::Enrolled { pin: drawn, factor }, outcome: ChannelOutcome::Enrolled(created) })
    }

    async fn authorize_inside(&self, channel: &mut Channel, asked: &Authorize) -> Done {
        let registration = &channel.registration;
        let registered = match registration.list.as_slice() {
            [] => None,
            list => Some(List::registered(list).map_err(|_| Refusal::Malformed)?.digest()),
        };
        if asked.list_digest != registered {
            return Err(Stop::Differs("another list inside than registered"));
        }
        if asked.signatures != registration.signatures {
            return Err(Stop::Differs("another number of signatures inside than registered"));
        }
        let pin = read_pin(&asked.pin)?;
        let approval = approval(channel, registration.signatures, &registration.list);
        let authorized = self.approve(approval, code(asked.factor.as_ref()), &pin).await?;
        channel.progress = Progress::Done;
        Ok(Worked { answer: Answer::Done, outcome: ChannelOutcome::Authorised(authorized) })
    }

    /// Native mode: approved and signed in one; no SAD leaves.
    async fn sign_inside(&self, channel: &mut Channel, asked: &Sign, key: Option<&Bytes>) -> Done {
        let registration = &channel.registration;
        let list: Vec<Hash> = asked
            .list
            .entries()
            .iter()
            .map(|entry| Hash {
                r#type: entry.r#type,
                algorithm: Some(asked.list.algorithm()),
                hash: entry.hash.clone().into(),
                label: entry.label.map(|label| label.to_vec().into()),
            })
            .collect();
        let count = u32::try_from(list.len()).map_err(|_| Refusal::Malformed)?;
        if registration.signatures != 0 && count > registration.signatures {
            return Err(Stop::Differs("more signatures inside than registered"));
        }
        // What would fail after the PIN was judged is found before.
        let key = key.ok_or(Refusal::ForeignKey)?;
        let credential = self.own_credential(&registration.credential, &registration.user).await?;
        if !asked.scheme.fits(credential.key) {
            return Err(Refusal::Algorithm.into());
        }
        self.wrapped_key(&credential, key).await?;
        let (code, pin) = (code(asked.factor.as_ref()), read_pin(&asked.pin)?);
        let authorized = self.approve(approval(channel, count, &list), code, &pin).await?;
        let spend = Spend {
            credential: credential.id,
            client: registration.client.clone(),
            user: Some(registration.user.clone()),
            sad: authorized.sad,
            key: key.clone(),
            scheme: asked.scheme,
            hashes: list.into_iter().map(|entry| entry.hash).collect(),
        };
        let signed = self.sign(&spend).await;
        if signed.is_err() {
            // Nobody else has it; this only tidies up.
            let _ = self.revoke(&RevokeSad { client: spend.client, sad: spend.sad }).await;
        }
        let signatures = signed?.signatures.into_iter().map(|signature| signature.0).collect();
        channel.progress = Progress::Done;
        Ok(Worked { answer: Answer::Signatures(signatures), outcome: ChannelOutcome::Signed { count } })
    }

    async fn change_pin_inside(&self, channel: &mut Channel, asked: &ChangePin) -> Done {
        let registration = &channel.registration;
        let credential = self.own_credential(&registration.credential, &registration.user).await?;
        let (pin, new_pin) = (read_pin(&asked.pin)?, read_pin(&asked.new_pin)?);
        let code = code(asked.factor.as_ref());
        self.replace_pin(&credential, &registration.client, code, &pin, new_pin).await?;
        channel.progress = Progress::Done;
        Ok(Worked { answer: Answer::Done, outcome: ChannelOutcome::PinChanged })
    }

    /// Judges PIN and old code, and tells the new factor; it waits in the channel's memory for its first code.
    async fn begin_inside(&self, channel: &mut Channel, pin: &Secret, factor: Option<&Secret>) -> Done {
        let registration = &channel.registration;
        let credential = self.own_credential(&registration.credential, &registration.user).await?;
        let (pin, client) = (read_pin(pin)?, &registration.client);
        let (pending, generator) = self.begin_factor(&credential, client, &pin, code(factor)).await?;
        let told = self.tell(&generator, registration.label.as_deref(), &registration.credential)?;
        channel.pending = Some(pending);
        channel.progress = Progress::Begun;
        Ok(Worked { answer: Answer::Begun(told), outcome: ChannelOutcome::FactorBegun })
    }

    /// The first code of a new factor, which its owner has five tries for.
    async fn confirm_inside(&self, channel: &mut Channel, code: &Secret) -> Done {
        if channel.codes == 0 {
            return Err(Stop::Reason(Reason::Expired));
        }
        let registration = &channel.registration;
        let confirmed = match &channel.pending {
            Some(pending) => {
                let credential = self.own_credential(&registration.credential, &registration.user).await?;
                self.confirm_factor(&credential, &registration.client, pending, code.reveal()).await
            }
            None => self.confirm_enrolled(&registration.credential, &registration.client, code.reveal()).await,
        };
        if matches!(confirmed, Err(Error::Refused(Refusal::WrongFactor))) {
            channel.codes -= 1;
        }
        confirmed?;
        if channel.pending.take().is_some() {
            channel.progress = Progress::Done;
        }
        Ok(Worked { answer: Answer::Done, outcome: ChannelOutcome::FactorConfirmed })
    }

    /// To close after an enrolment is to say that the PIN is noted: it activates the credential.
    async fn close(&self, channel: &Channel) -> Done {
        if channel.progress == Progress::Enrolled {
            let credential = &channel.registration.credential;
            match self.row(credential).await?.state {
                State::Generated => return Err(Stop::Reason(Reason::NotYet { retry_after: Some(1) })),
                State::Active => {}
                _ => {
                    self.activate(credential, false).await?;
                }
            }
        }
        Ok(Worked { answer: Answer::Closed, outcome: ChannelOutcome::Closed })
    }
}

fn approval<'a>(channel: &'a Channel, signatures: u32, list: &'a [Hash]) -> Approval<'a> {
    let registration = &channel.registration;
    Approval {
        credential: &registration.credential,
        user: &registration.user,
        client: &registration.client,
        signatures,
        list,
        channel: Some(&channel.sid),
    }
}

/// Octets that are no text are nobody's PIN, and no try.
fn read_pin(octets: &Secret) -> std::result::Result<Pin, Stop> {
    Pin::from_octets(octets.reveal()).ok_or(Stop::Reason(Reason::Refused))
}

fn code(factor: Option<&Secret>) -> Option<&[u8]> {
    factor.map(Secret::reveal)
}
