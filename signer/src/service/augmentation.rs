//! Signed PDFs get evidence and room for document time-stamps. A helper process reads the PDF and judges the evidence once
//! more, whoever fetched it; nothing is signed.

use std::time::UNIX_EPOCH;

use rsign_ades::evidence::Evidence;
use rsign_api::bytes::Bytes;
use rsign_api::signer::{AugmentPdf, AugmentedPdf, FoundTimeStamp, Gap, ReadTimeStamp};

use super::documents::fault;
use super::{Result, Signer};

impl Signer {
    /// What is to be appended to a PDF.
    ///
    /// # Errors
    /// [`Refusal::Document`](rsign_api::signer::Refusal::Document) for what cannot be read or must not be changed,
    /// [`Refusal::Evidence`](rsign_api::signer::Refusal::Evidence) for evidence that shows nothing.
    pub async fn augment_pdf(&self, asked: &AugmentPdf) -> Result<AugmentedPdf> {
        let octets = |all: &[Bytes]| all.iter().map(|one| one.0.clone()).collect();
        let evidence = Evidence {
            certificates: octets(&asked.certificates),
            crls: octets(&asked.crls),
            ocsp: octets(&asked.ocsp),
        };
        let now = self.wall_clock().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let augmented = self.foreign.augment(&asked.document, evidence, asked.reserve, now).await.map_err(fault)?;
        let gap = augmented.gap.map(|(start, end)| Gap { start, end });
        Ok(AugmentedPdf { appended: Bytes(augmented.octets), gap })
    }

    /// The newest document time-stamp of a PDF.
    ///
    /// # Errors
    /// [`Refusal::Document`](rsign_api::signer::Refusal::Document) for what cannot be read.
    pub async fn read_time_stamp(&self, asked: &ReadTimeStamp) -> Result<FoundTimeStamp> {
        let token = self.foreign.time_stamp(&asked.document).await.map_err(fault)?;
        Ok(FoundTimeStamp { token: token.map(Bytes) })
    }
}
