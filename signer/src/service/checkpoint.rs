//! The HSM signs where the audit chain stands, now and then (F-32).

use data_encoding::HEXLOWER;

use super::{Error, Result, Signer, unexpected};
use crate::audit::{Checkpoint, Entry, Event};
use crate::hsm::{Answer, Job, TokenKey, ecdsa};

impl Signer {
    /// Signs the chain's head, if more than the last checkpoint was written since; for a timer.
    ///
    /// # Errors
    /// When HSM or store fail.
    pub async fn checkpoint(&self) -> Result<()> {
        let Some(head) = self.audit.head() else { return Ok(()) };
        let mut last = self.checkpointed.lock().await;
        if *last == head.sequence {
            return Ok(());
        }
        let signature = match self.run(Job::TokenSign { key: TokenKey::Audit, digest: head.digest() }).await? {
            Answer::Octets(raw) => ecdsa::der(&raw).ok_or_else(|| Error::Incident("the audit key".to_owned()))?,
            other => return Err(unexpected(&other)),
        };
        let checkpoint = Checkpoint {
            sequence: head.sequence,
            hash: HEXLOWER.encode(&head.hash),
            signature: HEXLOWER.encode(&signature),
        };
        let next = head.sequence + 1;
        self.audit.record(Entry { checkpoint: Some(checkpoint), ..Entry::of(Event::Checkpoint) }).await?;
        // Only what comes after the entry that holds it is news; others may have come in between.
        if self.audit.head().is_some_and(|head| head.sequence == next) {
            *last = next;
        }
        Ok(())
    }
}
