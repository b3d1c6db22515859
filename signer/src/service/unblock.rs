//! Two officers bring back a credential that too many wrong PINs have blocked (F-02, F-21). Each signs a statement that
//! names this block and no other, with a key that never comes here.

use rsign_api::signer::{Refusal, State};

use super::{Error, Result, Signer};
use crate::audit::{Entry, Event};
use crate::credential::Credential;
use crate::key_folder;
use crate::officers::{Proposal, is_signed};

/// How far unblocking has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unblocking {
    /// One officer's word is there; another's is needed.
    Proposed,
    /// Both are: the credential is active.
    Done,
}

impl Signer {
    /// What an officer signs to unblock a credential: text, each line ended by a line feed.
    ///
    /// # Errors
    /// [`Refusal::Disabled`] when it is not blocked.
    pub async fn unblock_statement(&self, credential: &str, officer: &str) -> Result<String> {
        let row = self.row(credential).await?;
        if row.state == State::Blocked { Ok(statement(&row, officer)) } else { Err(Refusal::Disabled.into()) }
    }

    /// Takes an officer's signature of that statement: ECDSA (DER) or RSA PKCS#1 v1.5, over its SHA-256.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`] for a name without a key and for a signature that is not of that key and statement;
    /// [`Refusal::Disabled`] when the credential is not blocked.
    pub async fn unblock(&self, credential: &str, officer: &str, signature: &[u8]) -> Result<Unblocking> {
        let row = self.row(credential).await?;
        let entry = Entry::of(Event::UnblockProposed).credential(&row);
        let Some(key) = self.officer(officer).await? else {
            self.audit.record(entry.failed("no officer of this name has a key here")).await?;
            return Err(Refusal::NotAllowed.into());
        };
        if !is_signed(&key, &statement(&row, officer), signature) {
            self.audit.record(entry.failed(format!("not signed by officer {officer}"))).await?;
            return Err(Refusal::NotAllowed.into());
        }
        self.record_allowed(entry.because(format!("officer {officer}")), row.state == State::Blocked).await?;
        let word = Proposal::of(officer, &key, self.clock.now());
        let (life, since) = (self.policy.proposal, row.changed_at);
        let first = self.step(credential, move |row: &mut Credential| {
            // Unblocked and blocked again since: the signature was about the earlier block.
            if row.changed_at == since { row.unblock(word.clone(), life) } else { Err(Refusal::Disabled) }
        });
        let Some(first) = first.await? else { return Ok(Unblocking::Proposed) };
        let entry = Entry::of(Event::StateChanged).credential(&row);
        self.audit.record(entry.because(format!("unblocked by officers {first} and {officer}"))).await?;
        Ok(Unblocking::Done)
    }

    async fn officer(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(folder) = &self.officers else { return Ok(None) };
        key_folder::read(folder, name).await.map_err(|error| Error::Incident(format!("an officer's key: {error}")))
    }
}

fn statement(row: &Credential, officer: &str) -> String {
    let (id, since) = (&row.id, row.changed_at);
    format!("rsign/unblock/v1\ncredential {id}\nblocked {since}\nofficer {officer}\n")
}
