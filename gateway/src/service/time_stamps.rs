//! Time-stamps of authorities the operator chose: the first that gives a good one is taken, in the order of the
//! configuration. One that is away, or answers what is no answer, is asked last for a while, so that a dead authority does
//! not slow down every call. One that refuses a request is not: what is asked is a client's choice, and whom the others
//! hear first is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use der::Encode as _;
use der::asn1::ObjectIdentifier;
use rsign_ades::evidence::{Subject, stamp};
use rsign_api::csc::timestamp::Stampable;
use rsign_api::timestamp::{self, Query, Unfit};

use super::anchors::Anchors;
use super::evidence::{self, Evidence};
use crate::port::clock::Clock;
use crate::port::random::{Exhausted, Random};
use crate::port::signer;
use crate::port::time_stamps::{TimeStamps as Port, Unavailable};

/// How long an authority that failed is asked after the others, milliseconds.
const LAST: i64 = 30 * 1000;

/// Why there is no time-stamp.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The authority did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// It answered something else.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// It answered with something that nobody would believe.
    #[error(transparent)]
    Unbelievable(#[from] stamp::Wrong),
    /// There would be no room for it in a signature.
    #[error("the time-stamp token has {0} octets, more than there is room for")]
    TooLong(usize),
    /// The certificate of who stamped leads to no anchor.
    #[error(
        "the certificate of {0}, who stamped, leads to none of the anchors; authorities of its [[timestamp]] names more"
    )]
    NoAnchor(String),
    /// Nothing shows that the authority's certificate is good, or something the contrary.
    #[error(transparent)]
    Evidence(#[from] evidence::Error),
    /// What the built-in CA is could not be learned.
    #[error(transparent)]
    Signer(#[from] signer::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
}

impl From<der::Error> for Error {
    fn from(error: der::Error) -> Self {
        Self::Unfit(Unfit::Malformed(error))
    }
}

/// What a failure says of the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It gave no answer, or one that is none, or says that it cannot: the next request fares no better.
    Its,
    /// There is no evidence about it: that concerns what is to last.
    Evidence,
    /// Nothing: it does not do what was asked, or others failed.
    Nobodys,
}

impl Error {
    /// Of a request with a nonce that a client chose, or one of ours: those that are long some authorities cut.
    fn fault(&self, chosen: bool) -> Fault {
        match self {
            Self::Evidence(_) => Fault::Evidence,
            Self::Unfit(Unfit::Foreign(what)) if chosen && *what == "nonce" => Fault::Nobodys,
            Self::Unfit(Unfit::Refused(_))
            | Self::Unavailable(Unavailable::Refused(_))
            | Self::Signer(_)
            | Self::Random(_) => Fault::Nobodys,
            Self::Unavailable(_) | Self::Unfit(_) | Self::Unbelievable(_) | Self::TooLong(_) | Self::NoAnchor(_) => {
                Fault::Its
            }
        }
    }
}

/// An authority.
#[derive(Debug, Clone)]
pub struct Source {
    /// How it is reached.
    pub port: Arc<dyn Port>,
    /// The policy that its stamps must be made under; any where absent.
    pub policy: Option<ObjectIdentifier>,
}

/// An authority, and until when it is asked last, Unix milliseconds.
#[derive(Debug)]
struct Ranked {
    source: Source,
    last_until: AtomicI64,
    /// The same for what needs evidence.
    without_evidence_until: AtomicI64,
}

impl Ranked {
    fn is_last(&self, lasting: bool, now: i64) -> bool {
        let until = |until: &AtomicI64| until.load(Ordering::Relaxed) > now;
        until(&self.last_until) || lasting && until(&self.without_evidence_until)
    }

    /// It gave a good one.
    fn praise(&self, lasting: bool) {
        self.last_until.store(0, Ordering::Relaxed);
        if lasting {
            self.without_evidence_until.store(0, Ordering::Relaxed);
        }
    }

    fn blame(&self, fault: Fault, until: i64) {
        match fault {
            Fault::Its => self.last_until.store(until, Ordering::Relaxed),
            Fault::Evidence => self.without_evidence_until.store(until, Ordering::Relaxed),
            Fault::Nobodys => {}
        }
    }
}

/// The service.
#[derive(Debug)]
pub struct TimeStamps {
    authorities: Arc<[Ranked]>,
    /// About whoever stamps there has to be evidence, where this is there.
    evidence: Option<Arc<Evidence>>,
    anchors: Arc<Anchors>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl TimeStamps {
    /// Of these authorities; `None` where there is none.
    #[must_use]
    pub fn new(
        sources: Vec<Source>,
        anchors: Arc<Anchors>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Option<Self> {
        let rank = |source| Ranked { source, last_until: AtomicI64::new(0), without_evidence_until: AtomicI64::new(0) };
        let authorities: Arc<[Ranked]> = sources.into_iter().map(rank).collect();
        (!authorities.is_empty()).then_some(Self { authorities, evidence: None, anchors, clock, random })
    }

    /// The same authorities for what is to last: of each there has to be evidence, or the next one is asked.
    #[must_use]
    pub fn with_evidence(&self, evidence: Arc<Evidence>) -> Self {
        Self {
            authorities: Arc::clone(&self.authorities),
            evidence: Some(evidence),
            anchors: Arc::clone(&self.anchors),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
        }
    }

    /// A `TimeStampToken` on this hash. Where the client names no nonce one is drawn: an old answer is not taken.
    ///
    /// # Errors
    /// See [`Error`]: that of the authority that was asked last, when none gave a good one.
    pub async fn stamp(&self, asked: Stampable) -> Result<Vec<u8>, Error> {
        self.first(asked, self.evidence.as_deref()).await
    }

    /// The same for a signature that is to last: of an authority about whose certificates there is evidence.
    ///
    /// # Errors
    /// The same.
    pub async fn lasting(&self, asked: Stampable, evidence: &Evidence) -> Result<Vec<u8>, Error> {
        self.first(asked, Some(evidence)).await
    }

    async fn first(&self, asked: Stampable, evidence: Option<&Evidence>) -> Result<Vec<u8>, Error> {
        let chosen = asked.nonce.is_some();
        let nonce = match asked.nonce {
            Some(nonce) => nonce,
            None => {
                let mut drawn = vec![0; 8];
                self.random.fill(&mut drawn)?;
                drawn
            }
        };
        let query = Query::new(asked.algorithm, &asked.hash, &nonce)?;
        let (now, lasting) = (self.clock.now(), evidence.is_some());
        let (tried, untried): (Vec<_>, Vec<_>) = self.authorities.iter().partition(|one| one.is_last(lasting, now));
        let mut failure = None;
        for authority in untried.into_iter().chain(tried) {
            match self.ask(&authority.source, query.clone(), evidence).await {
                Ok(token) => {
                    authority.praise(lasting);
                    return Ok(token);
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a time-stamping authority failed");
                    authority.blame(error.fault(chosen), self.clock.now() + LAST);
                    failure = Some(error);
                }
            }
        }
        Err(failure.unwrap_or_else(|| Unavailable::Away("there is none".into()).into()))
    }

    async fn ask(&self, source: &Source, query: Query, evidence: Option<&Evidence>) -> Result<Vec<u8>, Error> {
        let query = Query { policy: source.policy, ..query };
        let answer = source.port.ask(query.to_der()?).await?;
        let token = timestamp::token(&answer, &query)?;
        if token.len() > timestamp::LONGEST {
            return Err(Error::TooLong(token.len()));
        }
        let stamp = stamp::judge(&token)?;
        if !stamp.is_fresh(u64::try_from(self.clock.now() / 1000).unwrap_or_default()) {
            return Err(stamp::Wrong::Time.into());
        }
        let pool: Vec<Subject> = stamp.brought.iter().filter_map(|der| Subject::read(der).ok()).collect();
        if self.anchors.path(&stamp.signer, &pool).await?.is_none() {
            return Err(Error::NoAnchor(evidence::subject(&stamp.signer)));
        }
        if let Some(evidence) = evidence {
            evidence.gather(&[], Some(&token)).await?;
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests;
