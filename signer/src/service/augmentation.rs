//! Signatures get what their level adds: PDFs evidence and room for document time-stamps, the other formats time-stamps and
//! evidence. A helper process reads the document and judges once more what was fetched, whoever did; nothing is signed.

use std::time::UNIX_EPOCH;

use rsign_ades::Format;
use rsign_ades::evidence::Evidence;
use rsign_api::bytes::Bytes;
use rsign_api::signer::{
    AugmentPdf, AugmentedPdf, CompleteSignature, CompletedSignature, FoundTimeStamp, Gap, ReadTimeStamp, Refusal,
};

use super::documents::fault;
use super::{Result, Signer};

impl Signer {
    /// What is to be appended to a PDF.
    ///
    /// # Errors
    /// A reason for what cannot be read or must not be changed, [`Refusal::Evidence`] for evidence that shows nothing.
    pub async fn augment_pdf(&self, asked: &AugmentPdf) -> Result<AugmentedPdf> {
        let octets = |all: &[Bytes]| all.iter().map(|one| one.0.clone()).collect();
        let evidence = Evidence {
            certificates: octets(&asked.certificates),
            crls: octets(&asked.crls),
            ocsp: octets(&asked.ocsp),
        };
        let client = asked.client.as_deref().unwrap_or_default();
        let augmented = self.foreign.augment(client, &asked.document, evidence, asked.reserve, self.second()).await;
        let augmented = augmented.map_err(fault)?;
        let gap = augmented.gap.map(|(start, end)| Gap { start, end });
        Ok(AugmentedPdf { appended: Bytes(augmented.octets), gap })
    }

    /// A signature of CAdES, JAdES or XAdES with what is added to it, or what its archive time-stamp is to be over.
    ///
    /// # Errors
    /// A reason for what cannot be read or takes no signature, [`Refusal::Evidence`] for time-stamps and evidence that show
    /// nothing, [`Refusal::Format`] for PDFs.
    pub async fn complete_signature(&self, asked: &CompleteSignature) -> Result<CompletedSignature> {
        if asked.format == Format::Pades {
            return Err(Refusal::Format.into());
        }
        self.foreign.complete(asked.client.as_deref().unwrap_or_default(), asked, self.second()).await.map_err(fault)
    }

    /// Now, Unix time.
    fn second(&self) -> u64 {
        self.wall_clock().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }

    /// The newest document time-stamp of a PDF.
    ///
    /// # Errors
    /// A reason for what cannot be read.
    pub async fn read_time_stamp(&self, asked: &ReadTimeStamp) -> Result<FoundTimeStamp> {
        let token = self.foreign.time_stamp("", &asked.document).await.map_err(fault)?;
        Ok(FoundTimeStamp { token: token.map(Bytes) })
    }
}
