//! SAD and documents, or their digests, in; signatures out. What was approved is the document's digest; what the key
//! signs is formed here around it, with the signer's own clock, so that nobody in front can have it sign anything else.

mod form;
mod pades;

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rsign_ades::{Hasher, Signatory};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::bytes::Bytes;
use rsign_api::objection::Reason;
use rsign_api::octets::{Octets, PIECE};
use rsign_api::signer::{
    DocumentSubject, DocumentToSign, EntryType, Refusal, RefusedDocument, SignDocuments, SignedDocument,
    SignedDocuments,
};
use tokio::time::Instant;

use self::form::{Formed, Read, form_one};
pub(super) use self::pades::fault;
use super::signing::Spender;
use super::spending::{Foreseen, Order, Piece};
use super::{Error, Result, Signer};
use crate::credential::Credential;
use crate::sad::{KEPT, MAX_ENTRIES, Request, Sad, SadToken, Use, form_digest};

/// How long the documents of one request may take to be read.
const READING: Duration = Duration::from_secs(60);

/// What was formed around the documents of a request, by approved hash.
#[derive(Debug, Default)]
pub(super) struct Documents(HashMap<Bytes, Formed>);

/// One that is to be signed.
#[derive(Debug)]
struct Document {
    asked: DocumentToSign,
    /// Its digest by the scheme's hash function, which is not always the one it was approved by.
    digest: Vec<u8>,
    /// The hash function after all of the document, where that is here.
    hashed: Option<Hasher>,
    /// What was found in it, if its signature will stand in it.
    read: Read,
}

impl Signer {
    /// Spends approved documents. Asked again, it answers the same bytes.
    ///
    /// # Errors
    /// See [`Refusal`]. A mismatch never destroys the SAD.
    pub async fn sign_documents(&self, asked: &SignDocuments) -> Result<SignedDocuments> {
        self.sign_hashed(asked, Vec::new()).await
    }

    /// The same where the documents were hashed while they came: by the functions of their schemes, in their order.
    ///
    /// # Errors
    /// See [`Refusal`]. A mismatch never destroys the SAD.
    pub async fn sign_hashed(&self, asked: &SignDocuments, hashed: Vec<Hasher>) -> Result<SignedDocuments> {
        let mut hashed = hashed.into_iter();
        if asked.documents.is_empty() || asked.documents.len() > MAX_ENTRIES {
            return Err(Refusal::Malformed.into());
        }
        let token = SadToken::parse(&asked.sad).ok_or(Refusal::InvalidSad)?;
        let schemes = asked.documents.iter().map(|document| document.scheme);
        let credential = self.signing_credential(&asked.credential, schemes).await?;
        let key = self.wrapped_key(&credential, &asked.key).await?;
        own_certificate(&credential, &asked.chain, self.clock.now())?;
        let chain: Vec<Vec<u8>> = asked.chain.iter().map(|der| der.0.clone()).collect();
        // To see by which hash function a document was approved, and what is refused anyway; what counts is the claim.
        let sad = self.tables.sads.find(&token.row()).await?.ok_or(Refusal::InvalidSad)?;
        let mut places = Vec::with_capacity(asked.documents.len());
        let mut uses: Vec<Use> = Vec::with_capacity(asked.documents.len());
        let mut by_hash = HashMap::with_capacity(asked.documents.len());
        let mut twice = HashSet::new();
        for document in &asked.documents {
            let (wanted, digest, hashed) = judged(document, &sad, &mut hashed).await?;
            places.push(wanted.hash.clone());
            match uses.iter().find(|other| other.hash == wanted.hash) {
                None => {
                    let document = Document { asked: document.clone(), digest, hashed, read: Read::Nothing };
                    by_hash.insert(wanted.hash.clone(), document);
                    uses.push(wanted);
                }
                Some(same) if *same == wanted => {}
                // At most one signature for an approved hash.
                Some(_) => drop(twice.insert(wanted.hash)),
            }
        }
        let spender = Spender {
            credential: &asked.credential,
            client: &asked.client,
            user: asked.user.as_deref(),
            sad: &asked.sad,
        };
        let request = Request { epoch: credential.epoch, ..self.request(spender, uses)? };
        let mut order = Order { credential: &credential, request, key, documents: None };
        let mut documents = Documents::default();
        let why = sad.why(&order.request);
        let foreseen = self.foresee(&order, sad).await.map_err(|error| match error {
            Error::Refused(refusal @ (Refusal::ForeignDocument | Refusal::HashNotAuthorized)) => {
                unauthorized(refusal, &places, &order.request.uses, &why)
            }
            other => other,
        })?;
        if !twice.is_empty() {
            return Err(refused(&places, |hash| twice.contains(hash).then_some(Reason::AskedTwice)));
        }
        // Nothing foreign is read for a request that will be refused, or has its answers.
        if foreseen == Foreseen::Work {
            self.read(&asked.client, &places, &mut by_hash, &chain).await?;
            documents = self.form(by_hash, chain).await?;
            for wanted in &mut order.request.uses {
                wanted.kept = documents.0.get(&wanted.hash).map_or(0, |formed| formed.prepared.len());
            }
        }
        // Nothing is signed that cannot be given out.
        let lengths = places.iter().filter_map(|hash| documents.0.get(hash)).map(|formed| formed.prepared.len());
        deliverable(lengths, places.len())?;
        let order = Order { documents: Some(&documents), ..order };
        let answers = self.spend(&order).await.map_err(|error| match error {
            Error::Refused(Refusal::Document) => together(places.len()),
            other => other,
        })?;
        let answers: HashMap<&Bytes, _> = order.request.uses.iter().map(|wanted| &wanted.hash).zip(answers).collect();
        let prepared = |hash| answers.get(hash).and_then(|answer| answer.prepared.as_ref());
        deliverable(places.iter().filter_map(prepared).map(|prepared| prepared.len()), places.len())?;
        let signed = places.iter().map(|hash| {
            let answer = answers.get(hash).filter(|answer| answer.prepared.is_some());
            let answer = answer.ok_or_else(|| Error::Incident("a document was signed as a hash".to_owned()))?;
            Ok(SignedDocument {
                signature: answer.signature.clone(),
                prepared: answer.prepared.clone().unwrap_or_default(),
            })
        });
        Ok(SignedDocuments { documents: signed.collect::<Result<_>>()? })
    }

    /// Reads what has to be read of each document before anything is reserved, in their order. All that cannot be signed are
    /// named, wherever they stand.
    async fn read(
        &self,
        client: &str,
        places: &[Bytes],
        by_hash: &mut HashMap<Bytes, Document>,
        chain: &[Vec<u8>],
    ) -> Result<()> {
        let end = Instant::now() + READING;
        let mut seen = HashMap::with_capacity(by_hash.len());
        let mut refused = Vec::new();
        for (place, hash) in (0..).zip(places) {
            if !seen.contains_key(hash) {
                let Some(document) = by_hash.get_mut(hash) else { continue };
                let signatory = Signatory { chain: chain.to_vec(), scheme: document.asked.scheme };
                let reading = self.formable(client, &document.asked, &signatory);
                let reason = match tokio::time::timeout_at(end, reading).await.unwrap_or(Err(Refusal::Busy.into())) {
                    Ok(read) => {
                        document.read = read;
                        None
                    }
                    Err(Error::Documents(one)) => one.first().map(|one| one.reason),
                    Err(error) if refused.is_empty() => return Err(error),
                    // It is refused whatever comes of the rest.
                    Err(_) => break,
                };
                seen.insert(hash, reason);
            }
            let reason = seen.get(hash).copied().flatten();
            refused.extend(reason.map(|reason| RefusedDocument { place, reason }));
        }
        if refused.is_empty() { Ok(()) } else { Err(Error::Documents(refused)) }
    }

    /// What is to be signed of each document, formed now, before anything is reserved: how long it is counts. Long documents
    /// are read and hashed where that holds up nobody.
    async fn form(&self, by_hash: HashMap<Bytes, Document>, chain: Vec<Vec<u8>>) -> Result<Documents> {
        let at = self.wall_clock();
        let form = move || {
            let one = |(hash, document): (Bytes, Document)| {
                let signatory = Signatory { chain: chain.clone(), scheme: document.asked.scheme };
                Ok((hash, form_one(&document, &signatory, at)?))
            };
            by_hash.into_iter().map(one).collect::<Result<_>>().map(Documents)
        };
        tokio::task::spawn_blocking(form).await.map_err(|error| Error::Incident(error.to_string()))?
    }

    /// Now.
    pub(super) fn wall_clock(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(u64::try_from(self.clock.now()).unwrap_or_default())
    }
}

impl Documents {
    /// What is to be signed for each use.
    pub(super) fn pieces(&self, uses: &[Use]) -> Result<Vec<Piece>> {
        let piece = |wanted: &Use| {
            let formed = self.0.get(&wanted.hash);
            let formed = formed.ok_or_else(|| Error::Incident("a use without its document".to_owned()))?;
            Ok(Piece {
                hash: wanted.hash.clone(),
                digest: formed.digest.clone(),
                scheme: wanted.scheme,
                prepared: Some(Bytes(formed.prepared.clone())),
            })
        };
        uses.iter().map(piece).collect()
    }
}

/// Of a refusal of all of them the reasons of each, where there are any.
fn unauthorized(refusal: Refusal, places: &[Bytes], uses: &[Use], why: &[Option<Reason>]) -> Error {
    let why: HashMap<&Bytes, Reason> =
        uses.iter().zip(why).filter_map(|(wanted, reason)| Some((&wanted.hash, (*reason)?))).collect();
    if why.is_empty() { refusal.into() } else { refused(places, |hash| why.get(hash).copied()) }
}

/// Each that there is a reason for.
fn refused(places: &[Bytes], why: impl Fn(&Bytes) -> Option<Reason>) -> Error {
    let one = |(place, hash)| Some(RefusedDocument { place, reason: why(hash)? });
    Error::Documents((0..).zip(places).filter_map(one).collect())
}

/// That what was formed around so many documents, each as often as it was asked for, fits into an answer.
fn deliverable(lengths: impl Iterator<Item = usize>, count: usize) -> Result<()> {
    if lengths.sum::<usize>() <= KEPT { Ok(()) } else { Err(together(count)) }
}

/// None of them is too long by itself.
fn together(count: usize) -> Error {
    tracing::warn!("what is formed around the documents of a request is too long");
    let places = (0..).take(count);
    Error::Documents(places.map(|place| RefusedDocument { place, reason: Reason::TooLongTogether }).collect())
}

/// The first certificate is one that is linked to the key.
fn own_certificate(credential: &Credential, chain: &[Bytes], now: i64) -> Result<()> {
    let first = chain.first().ok_or(Refusal::Malformed)?;
    let digest = rsign_ades::digest(HashAlgorithm::Sha256, first);
    if credential.has_certificate(&digest, now) { Ok(()) } else { Err(Refusal::ForeignCertificate.into()) }
}

/// What a document spends, its digest by the scheme's hash function, and that function after all of it.
async fn judged(
    document: &DocumentToSign,
    sad: &Sad,
    arrived: &mut impl Iterator<Item = Hasher>,
) -> Result<(Use, Vec<u8>, Option<Hasher>)> {
    let scheme = document.scheme;
    let form = Some(form_digest(document.format, document.envelope, &document.properties));
    match &document.subject {
        DocumentSubject::Digest(digest) if digest.len() != scheme.hash().len() => Err(Refusal::DigestLength.into()),
        DocumentSubject::Digest(digest) => {
            let (hash, algorithm) = (digest.clone(), scheme.hash());
            Ok((Use { hash, algorithm, kind: EntryType::Sdr, scheme, form, kept: 0 }, digest.0.clone(), None))
        }
        DocumentSubject::Document(octets) => {
            let hashed = match arrived.next() {
                Some(hashed) => hashed,
                None => hashed(octets, scheme.hash()).await?,
            };
            let digest = hashed.clone().finish();
            let (hash, algorithm) = approved(octets, &digest, scheme.hash(), sad).await?;
            Ok((Use { hash, algorithm, kind: EntryType::Sodr, scheme, form, kept: 0 }, digest, Some(hashed)))
        }
    }
}

/// The hash that a document was approved by: by the scheme's function, or whichever stands in the list.
async fn approved(
    octets: &Octets,
    digest: &[u8],
    function: HashAlgorithm,
    sad: &Sad,
) -> Result<(Bytes, HashAlgorithm)> {
    let listed = |hash: &[u8]| sad.items.iter().any(|item| *item.entry.hash.0 == *hash);
    if !listed(digest) {
        for other in HashAlgorithm::ALL.into_iter().filter(|other| *other != function) {
            if sad.items.iter().all(|item| item.entry.hash.len() != other.len()) {
                continue;
            }
            let hash = hashed(octets, other).await?.finish();
            if listed(&hash) {
                return Ok((Bytes(hash), other));
            }
        }
    }
    Ok((Bytes(digest.to_vec()), function))
}

/// A hash function after all of a document, so that others are held up for one piece at most. What is not in memory is
/// read where that holds up nobody.
async fn hashed(octets: &Octets, function: HashAlgorithm) -> Result<Hasher> {
    if let Some(held) = octets.held() {
        let mut hasher = Hasher::new(function);
        for piece in held.chunks(PIECE) {
            hasher.update(piece);
            tokio::task::yield_now().await;
        }
        return Ok(hasher);
    }
    let octets = octets.clone();
    let hashed = tokio::task::spawn_blocking(move || Hasher::over(function, &octets)).await;
    let hashed = hashed.map_err(|error| Error::Incident(error.to_string()))?;
    hashed.map_err(|error| Error::Incident(format!("a document cannot be read: {error}")))
}
