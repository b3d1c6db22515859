//! The built-in CA's OCSP answers: the signer forms and signs them, here they are kept for those who ask often. Strangers
//! cannot make the HSM sign as often as they like.

use std::collections::HashMap;

use rsign_ades::evidence::Subject;
use rsign_ades::evidence::ocsp::{Asked, Name, Status, refusal};
use rsign_api::bytes::Bytes;
use rsign_api::signer::{AskOcsp, CertificateName};
use tokio::sync::Mutex;

use super::Authority;
use crate::port::signer;

/// How old an answer for strangers may be, milliseconds.
const FRESH: i64 = 5 * 60 * 1000;
/// Answers that are kept.
const KEPT: usize = 4096;
/// Answers a second that are signed for strangers.
const PACE: u32 = 50;

/// What is kept, and how many were signed in the last second.
#[derive(Debug, Default)]
pub(super) struct Answers {
    kept: Mutex<HashMap<Name, (i64, Vec<u8>)>>,
    signed: Mutex<(i64, u32)>,
}

impl Answers {
    pub(super) async fn forget(&self) {
        self.kept.lock().await.clear();
    }

    /// What is kept of this certificate, and how old it is, milliseconds.
    async fn kept(&self, name: &Name, now: i64) -> Option<(i64, Vec<u8>)> {
        let kept = self.kept.lock().await;
        kept.get(name).filter(|(at, _)| now - at < FRESH).map(|(at, answer)| (now - at, answer.clone()))
    }

    /// Whether another one may be signed for a stranger in this second.
    async fn admit(&self, now: i64) -> bool {
        let mut signed = self.signed.lock().await;
        if signed.0 != now / 1000 {
            *signed = (now / 1000, 0);
        }
        signed.1 += 1;
        signed.1 <= PACE
    }
}

/// An answer for a stranger.
#[derive(Debug, PartialEq, Eq)]
pub struct Answered {
    /// An `OCSPResponse`, DER.
    pub octets: Vec<u8>,
    /// For how long others may keep it, seconds; not at all where it has a nonce, or is no answer.
    pub keep: Option<u32>,
}

impl Authority {
    /// The word on a certificate, for this service itself: what strangers hear, no older, and whatever they ask for.
    ///
    /// # Errors
    /// When the signer does not answer.
    pub async fn word(&self, name: &Name) -> Result<Vec<u8>, signer::Error> {
        let now = self.clock.now();
        match self.answers.kept(name, now).await {
            Some((_, answer)) => Ok(answer),
            None => self.standing(name, now).await,
        }
    }

    /// The signer's word on a certificate, which is kept.
    async fn standing(&self, name: &Name, now: i64) -> Result<Vec<u8>, signer::Error> {
        let answer = self.signer.ocsp(AskOcsp { certificates: vec![wire(name)], nonce: None }).await?.answer.0;
        let mut kept = self.answers.kept.lock().await;
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(name.clone(), (now, answer.clone()));
        Ok(answer)
    }

    /// What a stranger hears to this `OCSPRequest`.
    pub async fn answer(&self, request: &[u8]) -> Answered {
        self.try_answer(request).await.unwrap_or_else(|status| Answered { octets: refusal(status), keep: None })
    }

    async fn try_answer(&self, request: &[u8]) -> Result<Answered, Status> {
        let asked = Asked::read(request).map_err(|_| Status::MalformedRequest)?;
        let own = self.published().await.map_err(|_| Status::TryLater)?.certificate;
        let own = Subject::read(&own).map_err(|_| Status::InternalError)?;
        if !asked.names.iter().all(|name| name.is_of(&own)) {
            return Err(Status::Unauthorized);
        }
        let now = self.clock.now();
        if let ([name], None) = (&asked.names[..], &asked.nonce) {
            if let Some((age, octets)) = self.answers.kept(name, now).await {
                return Ok(Answered { octets, keep: u32::try_from((FRESH - age) / 1000).ok() });
            }
            if !self.answers.admit(now).await {
                return Err(Status::TryLater);
            }
            let octets = self.standing(name, now).await.map_err(|error| failed(&error))?;
            return Ok(Answered { octets, keep: u32::try_from(FRESH / 1000).ok() });
        }
        if !self.answers.admit(now).await {
            return Err(Status::TryLater);
        }
        let ask =
            AskOcsp { certificates: asked.names.iter().map(wire).collect(), nonce: asked.nonce.clone().map(Bytes) };
        let answer = self.signer.ocsp(ask).await.map_err(|error| failed(&error))?;
        Ok(Answered { octets: answer.answer.0, keep: None })
    }
}

fn failed(error: &signer::Error) -> Status {
    tracing::warn!(error = error as &dyn std::error::Error, "no OCSP answer");
    match error {
        signer::Error::Refused(_) => Status::InternalError,
        signer::Error::Busy | signer::Error::Unavailable(_) => Status::TryLater,
    }
}

fn wire(name: &Name) -> CertificateName {
    CertificateName {
        function: name.function.to_string(),
        issuer_name: Bytes(name.issuer_name.clone()),
        issuer_key: Bytes(name.issuer_key.clone()),
        serial: Bytes(name.serial.clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use rsign_ades::evidence::ocsp;
    use rsign_ades::evidence::testing::authority;

    use super::*;
    use crate::port::clock::{Clock, Hands};
    use crate::port::fake_signer::FakeSigner;

    #[tokio::test]
    async fn strangers_hear_what_is_kept_and_make_the_signer_sign_at_a_pace() {
        let (own, other) = (authority("own"), authority("other"));
        let signer = Arc::new(FakeSigner { authority: own.subject.der.clone(), ..FakeSigner::default() });
        let clock = Arc::new(Hands(1_000_000_000_000.into()));
        let service = Authority::new(Arc::clone(&signer) as _, Arc::clone(&clock) as Arc<dyn Clock>);
        let name = Name::of(&own.certify(7), &own.subject);
        let request = ocsp::request(&name).unwrap();
        let asked = || signer.ocsp.lock().unwrap().len();
        for age in [0, FRESH - 1000] {
            clock.0.store(1_000_000_000_000 + age, Ordering::Relaxed);
            let heard = service.answer(&request).await;
            assert_eq!(heard.octets, b"an answer");
            assert_eq!(heard.keep, u32::try_from((FRESH - age) / 1000).ok());
        }
        assert_eq!(asked(), 1);
        clock.0.fetch_add(1000, Ordering::Relaxed);
        service.answer(&request).await;
        assert_eq!(asked(), 2);
        service.outdate().await;
        service.answer(&request).await;
        assert_eq!(asked(), 3, "something was revoked");
        let refused = |status| Answered { octets: refusal(status), keep: None };
        let foreign = ocsp::request(&Name::of(&other.certify(7), &other.subject)).unwrap();
        assert_eq!(service.answer(&foreign).await, refused(Status::Unauthorized));
        assert_eq!(service.answer(b"no request").await, refused(Status::MalformedRequest));
        assert_eq!(asked(), 3);
        clock.0.fetch_add(1000, Ordering::Relaxed);
        for serial in 0..PACE {
            let name = Name::of(&own.certify(u64::from(serial) + 100), &own.subject);
            assert_eq!(service.answer(&ocsp::request(&name).unwrap()).await.octets, b"an answer");
        }
        let name = Name::of(&own.certify(99), &own.subject);
        assert_eq!(service.answer(&ocsp::request(&name).unwrap()).await, refused(Status::TryLater));
        clock.0.fetch_add(FRESH, Ordering::Relaxed);
        *signer.away.lock().unwrap() = true;
        assert_eq!(service.answer(&request).await, refused(Status::TryLater));
    }
}
