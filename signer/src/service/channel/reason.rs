//! What a device is told inside the channel, and how little of it the gateway hears outside.

use rsign_api::channel::body::Reason;
use rsign_api::signer::{Obstacle, Refusal, State};

use super::super::{Error, Signer};
use crate::channel::Channel;
use crate::credential::Credential;

/// Seconds after which a busy service is worth another attempt.
const SOON: Option<u32> = Some(1);

impl Signer {
    /// The reason for the device; logged here, since nothing of it goes further.
    pub(super) async fn reason(&self, channel: &Channel, error: &Error) -> Reason {
        match error {
            Error::Refused(refusal) => {
                tracing::info!(%refusal, "refused in a channel");
                self.refused(channel, *refusal).await
            }
            Error::Setting { refusal, setting } => {
                tracing::info!(%refusal, setting, "refused in a channel");
                self.refused(channel, *refusal).await
            }
            Error::Documents(documents) => {
                tracing::info!(count = documents.len(), "documents refused in a channel");
                Reason::Refused
            }
            Error::Hsm(_) | Error::Store(_) => {
                tracing::error!(%error, "HSM or store failed in a channel");
                Reason::Unavailable { retry_after: SOON }
            }
            Error::Incident(_) => {
                tracing::error!(%error, "incident in a channel");
                Reason::Refused
            }
        }
    }

    async fn refused(&self, channel: &Channel, refusal: Refusal) -> Reason {
        let client = channel.registration.client.as_str();
        match refusal {
            Refusal::WrongPin => {
                let left = |row: Credential| row.tries.left(&self.policy.tries, client);
                Reason::WrongPin { tries_left: self.owned(channel).await.map(left) }
            }
            Refusal::PinLocked => match self.owned(channel).await {
                Some(row) if row.state == State::Blocked => Reason::Blocked,
                row => {
                    let now = self.clock.now();
                    let until = row.and_then(|row| row.tries.client_locked_until(client, now));
                    Reason::PinLocked { retry_after: until.map(|until| seconds_until(until, now)) }
                }
            },
            Refusal::WrongFactor => Reason::WrongFactor { retry_after: None },
            Refusal::FactorLocked => {
                let now = self.clock.now();
                let until = self.owned(channel).await.and_then(|row| row.factor?.locked_until(client, now));
                Reason::WrongFactor { retry_after: until.map(|until| seconds_until(until, now)) }
            }
            Refusal::WeakPin => Reason::WeakPin,
            Refusal::Disabled | Refusal::CertificateExpired | Refusal::UnknownCredential => Reason::Disabled,
            Refusal::Algorithm => Reason::Algorithm,
            Refusal::Busy => Reason::Unavailable { retry_after: SOON },
            Refusal::Malformed
            | Refusal::Taken
            | Refusal::NotAllowed
            | Refusal::ForeignCertificate
            | Refusal::InvalidSad
            | Refusal::SadExpired
            | Refusal::HashNotAuthorized
            | Refusal::CountMismatch
            | Refusal::TooManySignatures
            | Refusal::DigestLength
            | Refusal::ForeignKey
            | Refusal::Channel
            | Refusal::Document
            | Refusal::Evidence
            | Refusal::Envelope
            | Refusal::ForeignDocument
            | Refusal::Format
            | Refusal::Property => Reason::Refused,
        }
    }

    /// The row as it is now, for what it says of tries; nothing fails for want of it.
    async fn owned(&self, channel: &Channel) -> Option<Credential> {
        self.row(&channel.registration.credential).await.ok()
    }
}

fn seconds_until(until: i64, now: i64) -> u32 {
    u32::try_from((until - now + 999) / 1000).unwrap_or(u32::MAX)
}

/// As coarse as the gateway may know.
pub(super) const fn obstacle(reason: Reason) -> Obstacle {
    match reason {
        Reason::WrongPin { .. } => Obstacle::WrongPin,
        Reason::PinLocked { .. } | Reason::Blocked => Obstacle::PinLocked,
        Reason::WrongFactor { .. } => Obstacle::WrongFactor,
        Reason::Unavailable { .. } | Reason::NotYet { .. } => Obstacle::NotYet,
        Reason::ListMismatch
        | Reason::WeakPin
        | Reason::Expired
        | Reason::Disabled
        | Reason::Algorithm
        | Reason::Refused => Obstacle::Refused,
    }
}
