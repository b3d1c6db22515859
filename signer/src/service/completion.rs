//! Signatures get what their level adds, and those of long ago what they need to last longer: time-stamps and evidence. A helper
//! process reads the document and judges what was fetched, whoever did; nothing is signed.

use std::time::UNIX_EPOCH;

use rsign_api::signer::{CompleteSignature, CompletedSignature, RenewDocument, RenewedDocument};

use super::documents::fault;
use super::{Result, Signer};
use crate::foreign::Fault;

impl Signer {
    /// A signature with what is added to it, or what its archive time-stamp is to be over.
    ///
    /// # Errors
    /// A reason for what cannot be read or takes no signature,
    /// [`Refusal::Evidence`](rsign_api::signer::Refusal::Evidence) for time-stamps and evidence that show nothing.
    pub async fn complete_signature(&self, asked: &CompleteSignature) -> Result<CompletedSignature> {
        self.foreign.complete(asked.client.as_deref().unwrap_or_default(), asked, self.second()).await.map_err(fault)
    }

    /// What a signed document is, what newer time-stamps on it are to be over, or what it becomes with them.
    ///
    /// # Errors
    /// [`Refusal::Evidence`](rsign_api::signer::Refusal::Evidence) for time-stamps and evidence that show nothing.
    pub async fn renew_document(&self, asked: &RenewDocument) -> Result<RenewedDocument> {
        match self.foreign.renew(asked.client.as_deref().unwrap_or_default(), asked, self.second()).await {
            Ok(renewed) => Ok(renewed),
            // Whoever has so many of them hears what is wrong with which.
            Err(Fault::Unfit(_, why)) => Ok(RenewedDocument::Unfit(why)),
            Err(other) => Err(fault(other)),
        }
    }

    /// Now, Unix time.
    fn second(&self) -> u64 {
        self.wall_clock().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }
}
