//! The built-in CA's word on its own certificates (RFC 6960), formed here and signed by its responder. What it knows is what
//! it issued: everything else is unknown.

use der::asn1::ObjectIdentifier;
use rsign_ades::evidence::Subject;
use rsign_ades::evidence::ocsp::{Answered, Name, Standing, successful};
use rsign_api::bytes::Bytes;
use rsign_api::signer::{AnsweredOcsp, AskOcsp, CertificateName, Refusal, State};

use super::responder::Responder;
use super::{Error, Result, Signer};
use crate::certificate::CrlReason;

/// Certificates that one answer may be about.
const MOST: usize = 8;
/// How long an answer holds, seconds: as long as a suspension may go unnoticed.
const LIFE: u64 = 60 * 60;

impl Signer {
    /// How these certificates stand.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] for certificates of another CA, and for none or too many.
    pub async fn ocsp(&self, asked: &AskOcsp) -> Result<AnsweredOcsp> {
        if !(1..=MOST).contains(&asked.certificates.len()) {
            return Err(Refusal::Malformed.into());
        }
        let own = Subject::read(&self.authority_der).map_err(incident)?;
        let mut answered = Vec::with_capacity(asked.certificates.len());
        for name in &asked.certificates {
            let name = read(name).filter(|name| name.is_of(&own)).ok_or(Refusal::Malformed)?;
            let standing = self.standing(&name).await?;
            answered.push(Answered { name, standing });
        }
        let nonce = asked.nonce.as_ref().map(|nonce| nonce.0.as_slice());
        // One whose key does not open is forgotten; another one takes its place at once.
        for _ in 0..2 {
            let responder = self.responder().await?;
            if let Some(answer) = self.answer_by(&responder, &answered, nonce).await? {
                return Ok(AnsweredOcsp { answer: Bytes(answer) });
            }
        }
        Err(incident("no key of an OCSP responder opens"))
    }

    async fn answer_by(
        &self,
        responder: &Responder,
        answered: &[Answered],
        nonce: Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>> {
        let now = u64::try_from(self.clock.now() / 1000).unwrap_or_default();
        let body = responder.public.answer(answered, nonce, now, LIFE).map_err(incident)?;
        let basic = self.sign_as_responder(responder, &body).await?;
        basic.map(successful).transpose().map_err(incident)
    }

    async fn standing(&self, name: &Name) -> Result<Standing> {
        let Some(issued) = self.tables.issued(&name.serial_text()).await? else { return Ok(Standing::Unknown) };
        // A service's, which nothing revokes so far.
        let Some(credential) = issued.credential else { return Ok(Standing::Good) };
        let Some(row) = self.tables.credentials.find(&credential).await? else { return Ok(Standing::Unknown) };
        let reason = match row.state {
            State::Destroyed => CrlReason::CessationOfOperation,
            State::Suspended => CrlReason::CertificateHold,
            _ => return Ok(Standing::Good),
        };
        Ok(Standing::Revoked { at: u64::try_from(row.changed_at / 1000).unwrap_or_default(), reason })
    }
}

fn read(name: &CertificateName) -> Option<Name> {
    Some(Name {
        function: name.function.parse::<ObjectIdentifier>().ok()?,
        issuer_name: name.issuer_name.0.clone(),
        issuer_key: name.issuer_key.0.clone(),
        serial: name.serial.0.clone(),
    })
}

fn incident(error: impl std::fmt::Display) -> Error {
    Error::Incident(error.to_string())
}
