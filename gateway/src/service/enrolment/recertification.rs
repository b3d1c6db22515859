//! Another certificate for a key in use, and what becomes of certificates when a key is destroyed.

use rsign_api::signer::{Refusal, State};

use super::{Enrolment, Error};
use crate::domain::certificate::Facts;
use crate::domain::credential::{Certificate, Known};
use crate::port::signer;

impl Enrolment {
    /// Has the key of a credential that is in use certified once more, before its certificate ends or after it has: by the CA
    /// that certifies keys now. Whatever broke off in between is taken up again. Gives the certificate that it has then.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn recertify(&self, id: &str) -> Result<Certificate, Error> {
        let credential = self.credentials.find(id).await?.ok_or(Error::UnknownCredential)?;
        // The signer's word counts: that it is active is noted here when somebody next asks.
        let is_known = credential.certified && matches!(credential.state, Known::Active | Known::Enrolling);
        if !is_known || self.stands(id).await? != Some(State::Active) {
            return Err(Error::NotInUse);
        }
        let now = self.clock.now() / 1000;
        let next = match self.credentials.proposed(id).await? {
            Some(next) if next.facts.not_after > now => next,
            ended => {
                if ended.is_some() {
                    self.credentials.succeed(id, None).await?;
                }
                let user = self.users.find(&credential.user).await?.ok_or(Error::UnknownUser)?;
                let certificate = self.certify(id, user.subject).await?;
                self.credentials.propose(id, certificate).await?
            }
        };
        // The signer takes documents with either from then on, so nobody notices when this one comes.
        match self.link(id, next.end_entity.clone()).await {
            Ok(()) => self.credentials.succeed(id, Some(next.clone())).await?,
            Err(error) => {
                let Facts { serial_number, issuer, .. } = &next.facts;
                tracing::warn!(%error, credential.id = id, serial_number, issuer, "the signer did not take a certificate");
                // It begins in a moment, or the signer is busy: the same is tried again. What is refused for another reason is of
                // no use.
                let is_final = matches!(&error, Error::Signer(signer::Error::Refused(refusal))
                    if !matches!(refusal, Refusal::CertificateExpired | Refusal::Busy));
                if is_final {
                    self.credentials.succeed(id, None).await?;
                }
                return Err(error);
            }
        }
        Ok(next)
    }

    /// Certificates of other CAs that a key has, had within their time, or was to have next. The built-in CA cannot revoke
    /// them, and EST has no word for that (RFC 7030): a person has to say it there.
    ///
    /// # Errors
    /// The store.
    pub async fn not_ours(&self, id: &str) -> Result<Vec<Facts>, Error> {
        let now = self.clock.now() / 1000;
        let present = self.credentials.certificate(id).await?.into_iter();
        let all = present.chain(self.credentials.proposed(id).await?);
        Ok(all.flat_map(|certificate| certificate.not_ours(now)).collect())
    }

    /// Tells who reads the log what to have revoked where.
    pub(super) async fn say_where_to_revoke(&self, id: &str) -> Result<(), Error> {
        for Facts { serial_number, issuer, .. } in self.not_ours(id).await? {
            tracing::warn!(
                credential.id = id,
                serial_number,
                issuer,
                "the key is destroyed; its certificate is another CA's: have it revoked there"
            );
        }
        Ok(())
    }
}
