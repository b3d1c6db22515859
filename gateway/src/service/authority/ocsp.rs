//! The built-in CA's OCSP answers: the signer forms and signs them, here they are kept for those who ask often. Strangers
//! cannot make the HSM sign as often as they like, and none of them so often that nothing is left for others: who asks for
//! more waits a little, since validators take a refusal for a failed check, and are told to try later only then.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use rsign_ades::evidence::Subject;
use rsign_ades::evidence::ocsp::{Asked, Name, Status, refusal};
use rsign_api::bytes::Bytes;
use rsign_api::signer::{AskOcsp, CertificateName};
use tokio::sync::Mutex;

use super::Authority;
use crate::port::clock::Clock;
use crate::port::signer;
use crate::service::account::throttle::network;

/// How old an answer for strangers may be, milliseconds.
const FRESH: i64 = 5 * 60 * 1000;
/// Answers that are kept.
const KEPT: usize = 4096;
/// Answers a second that are signed for strangers.
const PACE: u32 = 50;
/// And for those of one network: what one validator needs for a chain or two.
const SHARE: u32 = 10;
/// Seconds in which somebody may look whether there is room for an answer: validators give up after some ten seconds.
const TRIES: u32 = 4;
/// Strangers who wait for that at once, and those of one network.
const WAITING: usize = 256;
const WAITING_THERE: usize = 32;

/// What is kept, how many were signed in the last second, and who waits for the next.
#[derive(Debug, Default)]
pub(super) struct Answers {
    kept: Mutex<Kept>,
    signed: Mutex<Signed>,
    waiting: Waiting,
}

/// Who waits, by network.
#[derive(Debug, Default)]
struct Waiting(std::sync::Mutex<HashMap<Option<IpAddr>, usize>>);

/// A place among those; it is another's when it is dropped.
#[derive(Debug)]
struct Place<'a> {
    of: &'a Waiting,
    network: Option<IpAddr>,
}

impl Waiting {
    fn places(&self) -> MutexGuard<'_, HashMap<Option<IpAddr>, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, network: Option<IpAddr>) -> Option<Place<'_>> {
        let mut places = self.places();
        if places.values().sum::<usize>() >= WAITING || places.get(&network).is_some_and(|own| *own >= WAITING_THERE) {
            return None;
        }
        *places.entry(network).or_default() += 1;
        Some(Place { of: self, network })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut places = self.of.places();
        if let Some(own) = places.get_mut(&self.network) {
            *own -= 1;
            if *own == 0 {
                places.remove(&self.network);
            }
        }
    }
}

#[derive(Debug, Default)]
struct Kept {
    /// How often all was forgotten: an answer that was asked for before is not kept after.
    age: u64,
    answers: HashMap<Name, (i64, Vec<u8>)>,
}

/// Of one second.
#[derive(Debug, Default)]
struct Signed {
    second: i64,
    all: u32,
    /// No more networks than answers.
    networks: HashMap<Option<IpAddr>, u32>,
}

impl Answers {
    pub(super) async fn forget(&self) {
        let mut kept = self.kept.lock().await;
        kept.age += 1;
        kept.answers.clear();
    }

    /// What is kept of this certificate, and how old it is, milliseconds.
    async fn kept(&self, name: &Name, now: i64) -> Option<(i64, Vec<u8>)> {
        let kept = self.kept.lock().await;
        kept.answers.get(name).filter(|(at, _)| now - at < FRESH).map(|(at, answer)| (now - at, answer.clone()))
    }

    /// Whether another one may be signed for a stranger from there: in this second, or in one of the next.
    async fn admit(&self, address: Option<IpAddr>, clock: &dyn Clock) -> bool {
        if self.has_room(address, clock.now()).await {
            return true;
        }
        let Some(_place) = self.waiting.take(address.map(network)) else { return false };
        for _ in 1..TRIES {
            let rest = 1000 - clock.now().rem_euclid(1000);
            tokio::time::sleep(Duration::from_millis(rest.unsigned_abs())).await;
            if self.has_room(address, clock.now()).await {
                return true;
            }
        }
        false
    }

    /// Whether another one may be signed in this second for a stranger from there; then it counts.
    async fn has_room(&self, address: Option<IpAddr>, now: i64) -> bool {
        let mut signed = self.signed.lock().await;
        if signed.second != now / 1000 {
            *signed = Signed { second: now / 1000, ..Signed::default() };
        }
        if signed.all >= PACE {
            return false;
        }
        let own = signed.networks.entry(address.map(network)).or_default();
        if *own >= SHARE {
            return false;
        }
        *own += 1;
        signed.all += 1;
        true
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
        let age = self.answers.kept.lock().await.age;
        let answer = self.signer.ocsp(AskOcsp { certificates: vec![wire(name)], nonce: None }).await?.answer.0;
        let mut kept = self.answers.kept.lock().await;
        // Something may have been revoked since.
        if kept.age == age {
            if kept.answers.len() >= KEPT {
                kept.answers.clear();
            }
            kept.answers.insert(name.clone(), (now, answer.clone()));
        }
        Ok(answer)
    }

    /// What a stranger hears to this `OCSPRequest`.
    pub async fn answer(&self, request: &[u8], address: Option<IpAddr>) -> Answered {
        self.try_answer(request, address)
            .await
            .unwrap_or_else(|status| Answered { octets: refusal(status), keep: None })
    }

    /// What is kept of this certificate, for a stranger.
    async fn kept(&self, name: Option<&Name>) -> Option<Answered> {
        let (age, octets) = self.answers.kept(name?, self.clock.now()).await?;
        Some(Answered { octets, keep: u32::try_from((FRESH - age) / 1000).ok() })
    }

    async fn try_answer(&self, request: &[u8], address: Option<IpAddr>) -> Result<Answered, Status> {
        let asked = Asked::read(request).map_err(|_| Status::MalformedRequest)?;
        let own = self.published().await.map_err(|_| Status::TryLater)?.certificate;
        let own = Subject::read(&own).map_err(|_| Status::InternalError)?;
        if !asked.names.iter().all(|name| name.is_of(&own)) {
            return Err(Status::Unauthorized);
        }
        let alone = <&[Name; 1]>::try_from(&asked.names[..]).ok().map(|[name]| name);
        let plain = alone.filter(|_| asked.nonce.is_none());
        if let Some(kept) = self.kept(plain).await {
            return Ok(kept);
        }
        let admitted = self.answers.admit(address, self.clock.as_ref()).await;
        // Meanwhile somebody else may have asked for the same. It is better than nothing for who came with a nonce, too.
        if let Some(kept) = self.kept(if admitted { plain } else { alone }).await {
            return Ok(kept);
        }
        if !admitted {
            return Err(Status::TryLater);
        }
        if let Some(name) = plain {
            let octets = self.standing(name, self.clock.now()).await.map_err(|error| failed(&error))?;
            return Ok(Answered { octets, keep: u32::try_from(FRESH / 1000).ok() });
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
        signer::Error::Refused(_) | signer::Error::Documents(_) => Status::InternalError,
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
    use crate::port::clock::{Clock, Hands, SystemClock};
    use crate::port::fake_signer::FakeSigner;

    /// The end of a second: who waits for the next waits a millisecond.
    const START: i64 = 1_000_000_000_999;

    #[tokio::test]
    async fn strangers_hear_what_is_kept_and_make_the_signer_sign_at_a_pace() {
        let (own, other) = (authority("own"), authority("other"));
        let signer = Arc::new(FakeSigner { authority: own.subject.der.clone(), ..FakeSigner::default() });
        let clock = Arc::new(Hands(START.into()));
        let service = Authority::new(Arc::clone(&signer) as _, Arc::clone(&clock) as Arc<dyn Clock>);
        let name = Name::of(&own.certify(7), &own.subject);
        let request = ocsp::request(&name).unwrap();
        let asked = || signer.ocsp.lock().unwrap().len();
        for age in [0, FRESH - 1000] {
            clock.0.store(START + age, Ordering::Relaxed);
            let heard = service.answer(&request, None).await;
            assert_eq!(heard.octets, b"an answer");
            assert_eq!(heard.keep, u32::try_from((FRESH - age) / 1000).ok());
        }
        assert_eq!(asked(), 1);
        clock.0.fetch_add(1000, Ordering::Relaxed);
        service.answer(&request, None).await;
        assert_eq!(asked(), 2);
        service.outdate().await;
        service.answer(&request, None).await;
        assert_eq!(asked(), 3, "something was revoked");
        let refused = |status| Answered { octets: refusal(status), keep: None };
        let foreign = ocsp::request(&Name::of(&other.certify(7), &other.subject)).unwrap();
        assert_eq!(service.answer(&foreign, None).await, refused(Status::Unauthorized));
        assert_eq!(service.answer(b"no request", None).await, refused(Status::MalformedRequest));
        assert_eq!(asked(), 3);
        clock.0.fetch_add(1000, Ordering::Relaxed);
        let ask = async |serial: u32, place: u8| {
            let request = ocsp::request(&Name::of(&own.certify(u64::from(serial) + 100), &own.subject)).unwrap();
            service.answer(&request, Some(IpAddr::from([192, 0, 2, place]))).await
        };
        for place in 1..=5 {
            for serial in 0..SHARE {
                assert_eq!(ask(u32::from(place) * SHARE + serial, place).await.octets, b"an answer");
            }
            assert_eq!(ask(0, place).await, refused(Status::TryLater), "the share of one network");
        }
        assert_eq!(ask(0, 6).await, refused(Status::TryLater), "the pace of all");
        let kept = ask(SHARE, 6).await;
        assert_eq!(kept.octets, b"an answer", "what is kept is everybody's");
        let request =
            with_nonce(&ocsp::request(&Name::of(&own.certify(u64::from(SHARE) + 100), &own.subject)).unwrap());
        assert_eq!(Asked::read(&request).unwrap().nonce.as_deref(), Some(&b"a nonce!"[..]));
        assert_eq!(service.answer(&request, None).await, kept, "better than none");
        clock.0.fetch_add(FRESH, Ordering::Relaxed);
        *signer.away.lock().unwrap() = true;
        assert_eq!(service.answer(&request, None).await, refused(Status::TryLater));
    }

    /// RFC 6960, 4.4.1.
    fn with_nonce(request: &[u8]) -> Vec<u8> {
        let wrap = |tag: u8, content: &[u8]| [&[tag, u8::try_from(content.len()).unwrap()], content].concat();
        let name = b"\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x02";
        let extension = wrap(0x30, &[name, &wrap(0x04, &wrap(0x04, b"a nonce!"))[..]].concat());
        let extensions = wrap(0xa2, &wrap(0x30, &extension));
        wrap(0x30, &wrap(0x30, &[&request[4..], &extensions].concat()))
    }

    #[tokio::test]
    async fn who_asks_for_more_than_the_share_waits_for_the_next_second() {
        let own = authority("own");
        let signer = Arc::new(FakeSigner { authority: own.subject.der.clone(), ..FakeSigner::default() });
        let service = Arc::new(Authority::new(signer, Arc::new(SystemClock)));
        let asked: Vec<_> = (0..SHARE + 5)
            .map(|serial| {
                let request = ocsp::request(&Name::of(&own.certify(u64::from(serial) + 100), &own.subject)).unwrap();
                let service = Arc::clone(&service);
                tokio::spawn(async move { service.answer(&request, Some(IpAddr::from([192, 0, 2, 1]))).await })
            })
            .collect();
        for one in asked {
            assert_eq!(one.await.unwrap().octets, b"an answer");
        }
    }

    #[test]
    fn no_network_takes_all_places_to_wait() {
        let waiting = Waiting::default();
        let network = |last| Some(IpAddr::from([192, 0, 2, last]));
        let mut taken: Vec<_> = (0..WAITING_THERE).map(|_| waiting.take(network(0)).unwrap()).collect();
        assert!(waiting.take(network(0)).is_none());
        for last in 1..8 {
            taken.extend((0..WAITING_THERE).map(|_| waiting.take(network(last)).unwrap()));
        }
        assert!(waiting.take(network(9)).is_none(), "all are taken");
        drop(taken);
        assert!(waiting.places().is_empty());
    }

    #[tokio::test]
    async fn what_was_asked_before_a_revocation_is_not_kept_after_it() {
        let own = authority("own");
        let signer = Arc::new(FakeSigner { authority: own.subject.der.clone(), ..FakeSigner::default() });
        let clock = Arc::new(Hands(START.into()));
        let service = Arc::new(Authority::new(Arc::clone(&signer) as _, clock as Arc<dyn Clock>));
        let request = ocsp::request(&Name::of(&own.certify(7), &own.subject)).unwrap();
        let asked = || signer.ocsp.lock().unwrap().len();
        // The signer has answered, and the answer is on its way when the word of a revocation comes.
        let turn = Arc::clone(&signer.ocsp_turn).acquire_owned().await.unwrap();
        let (waiting, request) = (Arc::clone(&service), Arc::new(request));
        let earlier = tokio::spawn({
            let request = Arc::clone(&request);
            async move { waiting.answer(&request, None).await }
        });
        while asked() == 0 {
            tokio::task::yield_now().await;
        }
        service.outdate().await;
        drop(turn);
        assert_eq!(earlier.await.unwrap().octets, b"an answer");
        service.answer(&request, None).await;
        assert_eq!(asked(), 2, "the signer is asked again");
    }
}
