//! Time-stamps of an authority the operator chose.

use std::sync::Arc;

use der::Encode as _;
use rsign_api::csc::timestamp::Stampable;
use rsign_api::timestamp::{self, Query, Unfit};

use crate::port::random::{Exhausted, Random};
use crate::port::time_stamps::{TimeStamps as Authority, Unavailable};

/// Why there is no time-stamp.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The authority did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// It answered something else.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
}

impl From<der::Error> for Error {
    fn from(error: der::Error) -> Self {
        Self::Unfit(Unfit::Malformed(error))
    }
}

/// The service.
#[derive(Debug)]
pub struct TimeStamps {
    authority: Arc<dyn Authority>,
    random: Arc<dyn Random>,
}

impl TimeStamps {
    /// Of this authority.
    #[must_use]
    pub fn new(authority: Arc<dyn Authority>, random: Arc<dyn Random>) -> Self {
        Self { authority, random }
    }

    /// A `TimeStampToken` on this hash. Where the client names no nonce one is drawn: an old answer is not taken.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn stamp(&self, asked: Stampable) -> Result<Vec<u8>, Error> {
        let nonce = match asked.nonce {
            Some(nonce) => nonce,
            None => {
                let mut drawn = vec![0; 8];
                self.random.fill(&mut drawn)?;
                drawn
            }
        };
        let query = Query::new(asked.algorithm, &asked.hash, &nonce)?;
        let answer = self.authority.ask(query.to_der()?).await?;
        Ok(timestamp::token(&answer, &query)?)
    }
}
