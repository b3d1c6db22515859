//! Codes that are sent: drawn from the HSM's randomness, kept as what the HSM makes of them, judged before any PIN.
//!
//! The gateway has a code delivered, so it sees it: such a factor says nothing about the gateway, it keeps out who
//! learned a PIN and reads nobody's mail.

use rsign_api::bytes::Bytes;
use rsign_api::signer::{DrawCode, DrawnCode, FactorKind, Refusal};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{Error, Result, Signer, unexpected};
use crate::audit::{Entry, Event};
use crate::credential::{Credential, Factor, Presented, SentCode};
use crate::hsm::{Answer, Job};
use crate::pin::digits;

/// Digits of a code.
const LENGTH: usize = 6;
/// Octets of a nonce.
const NONCE: usize = 16;

impl Signer {
    /// Draws a code of the credential's second factor, for this client, in the place of its earlier one.
    ///
    /// # Errors
    /// [`Refusal::UnknownCredential`], [`Refusal::Disabled`] where it cannot sign, [`Refusal::NotAllowed`] where its
    /// factor is another or none, [`Refusal::FactorLocked`] while codes are not judged anyway.
    pub async fn draw_code(&self, asked: &DrawCode) -> Result<DrawnCode> {
        let credential = self.own_credential(&asked.credential, &asked.user).await?;
        let now = self.clock.now();
        credential.usable(now)?;
        let factor = credential.factor.as_ref().filter(|factor| factor.kind == FactorKind::Online);
        let Some(factor) = factor else { return Err(Refusal::NotAllowed.into()) };
        if factor.locked_until(&asked.client, now).is_some() {
            return Err(self.refuse_drawing(&credential, &asked.client, Refusal::FactorLocked).await?);
        }
        // Looked at before the HSM is asked, and again when the row is changed.
        if let Some(wait) = factor.codes.wait(&self.policy.codes, &asked.client, now) {
            return self.too_many(&credential, &asked.client, wait).await;
        }
        let code = self.draw_digits().await?;
        let mut nonce = [0; NONCE];
        self.random.fill(&mut nonce);
        let digest = self.code_digest(&credential, &asked.client, &nonce, code.as_bytes()).await?;
        let sent =
            SentCode { nonce: Bytes(nonce.to_vec()), digest: Bytes(digest), expires_at: now + self.policy.codes.life };
        self.audit.record(Entry::of(Event::CodeDrawn).client(&asked.client).credential(&credential)).await?;
        let (policy, client, salt) = (self.policy.codes, asked.client.clone(), factor.salt.clone());
        let step = move |row: &mut Credential| {
            row.usable(now)?;
            let factor = row.factor.as_mut().filter(|factor| factor.salt == salt).ok_or(Refusal::Disabled)?;
            Ok(factor.codes.put(&policy, &client, sent.clone(), now))
        };
        match self.step(&credential.id, step).await? {
            Ok(()) => {
                let seconds = seconds(self.policy.codes.life);
                Ok(DrawnCode { code: Some(SecretString::from(code.as_str())), seconds })
            }
            Err(wait) => self.too_many(&credential, &asked.client, wait).await,
        }
    }

    async fn too_many(&self, credential: &Credential, client: &str, wait: i64) -> Result<DrawnCode> {
        let entry = Entry::of(Event::CodeDrawn).client(client).credential(credential);
        self.audit.record(entry.failed("too many codes lately")).await?;
        Ok(DrawnCode { code: None, seconds: seconds(wait).max(1) })
    }

    async fn refuse_drawing(&self, credential: &Credential, client: &str, refusal: Refusal) -> Result<Error> {
        let entry = Entry::of(Event::CodeDrawn).client(client).credential(credential);
        self.audit.record(entry.failed(refusal)).await?;
        Ok(refusal.into())
    }

    async fn draw_digits(&self) -> Result<Zeroizing<String>> {
        loop {
            match self.run(Job::Random { length: 4 * LENGTH }).await? {
                Answer::Octets(octets) => {
                    if let Some(code) = digits(&Zeroizing::new(octets), LENGTH) {
                        return Ok(code);
                    }
                }
                other => return Err(unexpected(&other)),
            }
        }
    }

    async fn code_digest(&self, credential: &Credential, client: &str, nonce: &[u8], code: &[u8]) -> Result<Vec<u8>> {
        let data = credential.binding().code_data(client, nonce, code).ok_or(Refusal::Malformed)?;
        match self.run(Job::FactorSecret { data }).await? {
            Answer::Octets(digest) => Ok(digest),
            other => Err(unexpected(&other)),
        }
    }

    /// What a code would be known by; `None` where none is out for this client.
    pub(super) async fn known_by(
        &self,
        credential: &Credential,
        factor: &Factor,
        client: &str,
        code: &[u8],
    ) -> Result<Option<Presented>> {
        let Some(sent) = factor.codes.live(client, self.clock.now()) else { return Ok(None) };
        // However long or odd it is, it is a guess: what no code can be is judged like any other.
        let code = code.get(..LENGTH + 1).unwrap_or(code);
        let digest = self.code_digest(credential, client, &sent.nonce, code).await?;
        Ok(Some(Presented::Sent { nonce: sent.nonce.clone(), digest: Bytes(digest) }))
    }
}

fn seconds(milliseconds: i64) -> u32 {
    u32::try_from(milliseconds.div_euclid(1000) + i64::from(milliseconds.rem_euclid(1000) > 0)).unwrap_or(u32::MAX)
}
