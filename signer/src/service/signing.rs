//! SAD and hashes in, signatures out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rsign_api::algorithm::Scheme;
use rsign_api::bytes::Bytes;
use rsign_api::signer::{CheckSad, EntryType, Refusal, Sign, Signed};
use secrecy::SecretString;

use super::spending::Order;
use super::{Error, Result, Signer, unexpected};
use crate::audit::{Entry, Event};
use crate::credential::Credential;
use crate::hsm::{Answer, Job};
use crate::key::{self, Header, WrappedKey};
use crate::sad::{Request, SadToken, Use, request_digest};

/// Who spends a SAD, in messages of every kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spender<'a> {
    pub(super) credential: &'a str,
    pub(super) client: &'a str,
    pub(super) user: Option<&'a str>,
    pub(super) sad: &'a SecretString,
}

impl Signer {
    /// Spends approved hashes. Asked again, it answers the same bytes.
    ///
    /// # Errors
    /// See [`Refusal`]. A mismatch never destroys the SAD.
    pub async fn sign(&self, asked: &Sign) -> Result<Signed> {
        let uses = uses(asked)?;
        let spender = Spender {
            credential: &asked.credential,
            client: &asked.client,
            user: asked.user.as_deref(),
            sad: &asked.sad,
        };
        let request = self.request(spender, uses)?;
        let credential = self.signing_credential(&asked.credential, [asked.scheme]).await?;
        let key = self.wrapped_key(&credential, &asked.key).await?;
        let request = Request { epoch: credential.epoch, ..request };
        let order = Order { credential: &credential, request, key, documents: None };
        let answers = self.spend(&order).await?.into_iter().map(|answer| answer.signature).collect();
        let hashes: Vec<&Bytes> = order.request.uses.iter().map(|wanted| &wanted.hash).collect();
        Ok(Signed { signatures: in_order(&asked.hashes, &hashes, answers) })
    }

    /// Looks whether a SAD may be spent by this client. Nothing is reserved: it may be over a moment later.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn check_sad(&self, asked: &CheckSad) -> Result<()> {
        let token = SadToken::parse(&asked.sad).ok_or(Refusal::InvalidSad)?;
        let sad = self.tables.sads.find(&token.row()).await?.ok_or(Refusal::InvalidSad)?;
        let named = asked.credential.as_deref().unwrap_or(&sad.credential);
        let judged = match sad.admit(&token, &asked.client, asked.user.as_deref(), named) {
            Ok(_) => {
                let credential = self.tables.credentials.find(&sad.credential).await?.ok_or(Refusal::InvalidSad)?;
                let now = self.clock.now();
                // That a credential can not be used now has a word of its own, where it is used.
                if credential.usable(now).is_ok() { sad.lives(credential.epoch, now) } else { Ok(()) }
            }
            Err(refusal) => Err(refusal),
        };
        let Err(refusal) = judged else { return Ok(()) };
        let entry = Entry {
            user: Some(sad.user),
            credential: Some(sad.credential),
            sad: Some(sad.id),
            ..Entry::of(Event::Refused).client(&asked.client)
        };
        self.audit.record(entry.failed(refusal)).await?;
        Err(refusal.into())
    }

    /// The credential, if it can sign now, and so.
    pub(super) async fn signing_credential(
        &self,
        id: &str,
        schemes: impl IntoIterator<Item = Scheme>,
    ) -> Result<Credential> {
        let Some(credential) = self.tables.credentials.find(id).await? else {
            return Err(Refusal::UnknownCredential.into());
        };
        if !schemes.into_iter().all(|scheme| scheme.fits(credential.key)) {
            return Err(Refusal::Algorithm.into());
        }
        credential.usable(self.clock.now())?;
        Ok(credential)
    }

    /// The request for these uses; its epoch is the credential's, once that is known.
    pub(super) fn request(&self, spender: Spender<'_>, uses: Vec<Use>) -> Result<Request> {
        Ok(Request {
            token: SadToken::parse(spender.sad).ok_or(Refusal::InvalidSad)?,
            client: spender.client.to_owned(),
            user: spender.user.map(str::to_owned),
            credential: spender.credential.to_owned(),
            epoch: 0,
            digest: request_digest(&uses),
            uses,
            lease: self.draw_id(),
            until: self.clock.now() + self.policy.reservation,
        })
    }

    /// The wrapped key, if it is the one made for this credential: by the digest in the row, by its header, and by the
    /// HSM's MAC over it.
    pub(super) async fn wrapped_key(&self, credential: &Credential, octets: &[u8]) -> Result<Arc<WrappedKey>> {
        let digest = key::digest(octets);
        let known = self.checked.recall(&digest);
        let key = match &known {
            Some(key) => Some(Arc::clone(key)),
            None => WrappedKey::parse(octets).ok().map(Arc::new),
        };
        let Some(key) = key.filter(|key| *credential.wrapped_key.0 == digest && is_of(&key.header, credential)) else {
            return Err(self.foreign_key(credential).await?);
        };
        if known.is_none() {
            let mac = match self.run(Job::Mac { data: key.authenticated.clone() }).await? {
                Answer::Octets(mac) => mac,
                other => return Err(unexpected(&other)),
            };
            if !bool::from(subtle::ConstantTimeEq::ct_eq(mac.as_slice(), key.mac.as_slice())) {
                return Err(self.foreign_key(credential).await?);
            }
            self.checked.remember(digest, &key);
        }
        Ok(key)
    }

    async fn foreign_key(&self, credential: &Credential) -> Result<Error> {
        self.audit.record(Entry::of(Event::Refused).credential(credential).failed(Refusal::ForeignKey)).await?;
        Ok(Refusal::ForeignKey.into())
    }
}

/// Each hash once.
fn uses(asked: &Sign) -> Result<Vec<Use>> {
    if asked.hashes.is_empty() || asked.hashes.len() > crate::sad::MAX_ENTRIES {
        return Err(Refusal::Malformed.into());
    }
    let algorithm = asked.scheme.hash();
    if asked.hashes.iter().any(|hash| hash.len() != algorithm.len()) {
        return Err(Refusal::DigestLength.into());
    }
    let mut seen = HashSet::with_capacity(asked.hashes.len());
    let distinct = asked.hashes.iter().filter(|hash| seen.insert(hash.0.as_slice()));
    let of =
        |hash: &Bytes| Use { hash: hash.clone(), algorithm, kind: EntryType::Dtbsr, scheme: asked.scheme, form: None };
    Ok(distinct.map(of).collect())
}

/// Answers of distinct hashes, for a request that may name one twice.
fn in_order(asked: &[Bytes], distinct: &[&Bytes], answers: Vec<Bytes>) -> Vec<Bytes> {
    if asked.len() == distinct.len() {
        return answers;
    }
    let by_hash: HashMap<&Bytes, Bytes> = distinct.iter().copied().zip(answers).collect();
    asked.iter().filter_map(|hash| by_hash.get(hash).cloned()).collect()
}

fn is_of(header: &Header, credential: &Credential) -> bool {
    header.credential == credential.id
        && header.user == credential.user
        && header.tenant == credential.tenant
        && header.key_version == credential.key_version
        && header.key == credential.key
        && header.spki == credential.spki
}
