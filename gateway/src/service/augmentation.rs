//! Signed PDFs get what a validator will need, and a time-stamp on all of it (EN 319 142-1, 5.4 and 5.5). The signer's
//! helper reads them; here only the gap is filled that it left.

use std::sync::Arc;

use rsign_ades::Hasher;
use rsign_ades::pdf::Update;
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::bytes::Bytes;
use rsign_api::csc::timestamp::Stampable;
use rsign_api::octets::Octets;
use rsign_api::signer::AugmentPdf;

use super::evidence::Found;
use super::time_stamps::{self, TimeStamps};
use crate::port::signer::{self, Signer};

/// Octets that are reserved for the token of a document time-stamp: with its certificates it has some thousand.
const RESERVE: u32 = 16 << 10;

/// Why a PDF is not augmented.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The signer did not do its part.
    #[error(transparent)]
    Signer(#[from] signer::Error),
    /// There is no time-stamp.
    #[error(transparent)]
    TimeStamp(#[from] time_stamps::Error),
    /// What came together does not fit together.
    #[error("the PDF could not be put together: {0}")]
    Unfinished(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The service.
#[derive(Debug)]
pub struct Augmentation {
    signer: Arc<dyn Signer>,
    time_stamps: Option<Arc<TimeStamps>>,
}

impl Augmentation {
    /// The service.
    #[must_use]
    pub fn new(signer: Arc<dyn Signer>, time_stamps: Option<Arc<TimeStamps>>) -> Self {
        Self { signer, time_stamps }
    }

    /// A client's document with this evidence; and with a time-stamp over a hash by this function, where one is wanted.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn pdf(
        &self,
        client: Option<&str>,
        document: Octets,
        found: &Found,
        stamp: Option<HashAlgorithm>,
    ) -> Result<Octets, Error> {
        let bytes = |all: &[Vec<u8>]| all.iter().cloned().map(Bytes).collect();
        let ask = AugmentPdf {
            document: document.clone(),
            certificates: bytes(&found.certificates),
            crls: bytes(&found.crls),
            ocsp: bytes(&found.ocsp),
            reserve: stamp.map(|_| RESERVE),
            client: client.map(str::to_owned),
        };
        let augmented = self.signer.augment_pdf(ask).await?;
        let appended = augmented.appended.0;
        let appended = match (stamp, augmented.gap) {
            (None, None) => appended,
            (Some(function), Some(gap)) => {
                let place = |at| usize::try_from(at).unwrap_or(usize::MAX);
                let length = usize::try_from(document.len()).map_err(unfinished)?;
                let update = Update::from_parts(appended, length, place(gap.start)..place(gap.end));
                let update = update.map_err(unfinished)?;
                let original = document.clone();
                let hashed = tokio::task::spawn_blocking(move || Hasher::over(function, &original)).await;
                let hash = update.digests_after(&hashed.map_err(unfinished)?.map_err(unfinished)?).byte_range;
                let token = self.stamp(Stampable { algorithm: function, hash, nonce: None }).await?;
                update.fill(&token).map_err(unfinished)?
            }
            _ => return Err(Error::Unfinished("the signer left another gap than was wanted".into())),
        };
        Ok(Octets::joined(vec![document, appended.into()]))
    }

    async fn stamp(&self, asked: Stampable) -> Result<Vec<u8>, Error> {
        // A level that is not offered was refused before.
        let stamps = self.time_stamps.as_ref();
        let stamps = stamps.ok_or_else(|| Error::Unfinished("there is no time-stamping authority".into()))?;
        Ok(stamps.stamp(asked).await?)
    }
}

fn unfinished(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Unfinished(error.into())
}
