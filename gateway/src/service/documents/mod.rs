//! Signed documents: the signer forms and signs, the time-stamping authority stamps, and here the pieces are handed on until
//! they are what the format wants. A call that fails after the signer was asked is repeated by the client and signs nothing twice: the
//! signer gives the same signature and the same octets again.

mod answer;
mod completion;
mod refused;
mod space;

use std::io::ErrorKind;
use std::sync::Arc;

use futures_util::TryFutureExt as _;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use rsign_ades::Signatory;
use rsign_api::bytes::Bytes;
use rsign_api::csc::documents::{Document, Offer, SignedDocuments};
use rsign_api::csc::timestamp::Stampable;
use rsign_api::document::{Envelope, Format, Level};
use rsign_api::objection::{Array, Objection, Reason, Unsayable};
use rsign_api::octets::Octets;
use rsign_api::signer::{CheckSad, DocumentSubject, DocumentToSign, Property, Refusal, SignDocuments, SignedDocument};
use rsign_spool::Spool;
use secrecy::SecretString;
use tokio::sync::Semaphore;

use self::answer::Answer;
pub(in crate::service) use self::answer::counted;
use super::evidence::{self, Evidence, Found};
use super::signing;
use super::time_stamps::{self, TimeStamps};
use crate::domain::credential::Credential;
use crate::domain::token::Bearer;
use crate::port::signer::{self, Signer};
use crate::store::Credentials;

/// Formats, and where their signatures may stand.
pub const FORMATS: &[(Format, &[Envelope])] = &[
    (Format::Cades, &[Envelope::Attached, Envelope::Detached, Envelope::Parallel]),
    (Format::Pades, &[Envelope::Certification, Envelope::Revision]),
    (Format::Xades, &[Envelope::Enveloped, Envelope::Enveloping, Envelope::Detached]),
    (Format::Jades, &[Envelope::Attached, Envelope::Detached, Envelope::Parallel]),
];

/// Documents that are completed at once.
const AT_ONCE: usize = 8;

/// Signatures of all calls that come from the signer's helpers at the same time.
const COMPLETING: usize = 8;

/// Why there is no signed document.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no signature.
    #[error(transparent)]
    Signing(#[from] signing::Error),
    /// Some of the documents cannot be signed, or not be completed: which, and why.
    #[error("documents are refused: {}", .0.first().map_or("", |first| first.reason.explanation()))]
    Refused(Vec<Objection>),
    /// There is one, but no time-stamp on it: the same request again asks for that alone.
    #[error("no time-stamp: {0}")]
    TimeStamp(#[from] time_stamps::Error),
    /// There is one, but not what a validator will need: the same request again asks for that alone.
    #[error("no evidence: {0}")]
    Evidence(#[from] evidence::Error),
    /// There is one, but the signer did not put in what its level adds: the same request again asks for that alone.
    #[error("not completed: {0}")]
    Uncompleted(#[source] signer::Error),
    /// All together would be too long.
    #[error("the signed documents are too long together")]
    TooLong,
    /// There is no room for them on the disk now.
    #[error("there is no room left in [spool] folder")]
    NoRoom(#[source] std::io::Error),
    /// What came together does not fit together.
    #[error("the signature could not be put together: {0}")]
    Unfinished(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Of a file of the spool: a full disk is full for a while, and whatever else a file has is not waited for.
    #[must_use]
    pub fn of_file(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::NoRoom(error),
            _ => Self::Unfinished(Box::new(rsign_spool::Error::Failed(error))),
        }
    }
}

/// Who signs, and what.
#[derive(Debug)]
pub struct Order {
    /// Who asks.
    pub bearer: Bearer,
    /// With which credential.
    pub credential: Credential,
    /// The SAD.
    pub sad: SecretString,
    /// Whether the signer said a moment ago that it may be spent.
    pub checked: bool,
    /// What.
    pub documents: Vec<Document>,
    /// Whether what they are validated with is wanted too.
    pub validation: bool,
}

/// The service.
#[derive(Debug)]
pub struct Documents {
    credentials: Credentials,
    signer: Arc<dyn Signer>,
    time_stamps: Option<Arc<TimeStamps>>,
    evidence: Arc<Evidence>,
    spool: Spool,
    /// KiB of evidence that is being put into signatures: some four times as much is in memory.
    evidence_room: Semaphore,
    completing: Semaphore,
}

/// A result, and which of the answer's lists it belongs to.
#[derive(Debug)]
enum Finished {
    /// It holds the document.
    WithSignature(Octets),
    /// It stands by itself.
    Object(Vec<u8>),
}

/// Of all calls.
const EVIDENCE_AT_ONCE: u32 = 64 << 10;

impl Documents {
    /// The service; without a time-stamping authority it offers the lowest level alone.
    #[must_use]
    pub fn new(
        credentials: Credentials,
        signer: Arc<dyn Signer>,
        time_stamps: Option<Arc<TimeStamps>>,
        evidence: Arc<Evidence>,
        spool: Spool,
    ) -> Self {
        let evidence_room = Semaphore::new(EVIDENCE_AT_ONCE as usize);
        let completing = Semaphore::new(COMPLETING);
        Self { credentials, signer, time_stamps, evidence, spool, evidence_room, completing }
    }

    /// What it can do.
    #[must_use]
    pub fn offer(&self) -> Offer<'static> {
        Offer { formats: FORMATS, levels: levels(self.time_stamps.is_some()), highest: &highest, unsayable: &unsayable }
    }

    /// Looks whether a SAD may be spent: asked before much is done for it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn check(&self, bearer: &Bearer, credential: Option<String>, sad: SecretString) -> Result<(), Error> {
        let ask = CheckSad { credential, client: bearer.client.clone(), user: bearer.user.clone(), sad };
        match self.signer.check_sad(ask).await {
            Ok(_) => Ok(()),
            Err(error) => Err(signing::Error::Signer(error).into()),
        }
    }

    /// The signed documents, each in its place.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn sign(&self, order: Order) -> Result<SignedDocuments, Error> {
        let Order { bearer, credential, sad, checked, documents, validation } = order;
        let client = bearer.client.clone();
        let certificate = self.credentials.certificate(&credential.id).await.map_err(signing::Error::from)?;
        let certificate = certificate.ok_or(signing::Error::Signer(signer::Error::Refused(Refusal::Disabled)))?;
        let chain: Vec<Bytes> = std::iter::once(certificate.end_entity).chain(certificate.chain).collect();
        if !checked && is_much(&documents, validation) {
            self.check(&bearer, Some(credential.id.clone()), sad.clone()).await?;
        }
        let expected = self.foresee(&documents, &chain, validation).await?;
        let mut answer = Answer::expecting(expected, &self.spool, &client, validation)?;
        let ask = SignDocuments {
            credential: credential.id,
            client: bearer.client,
            user: bearer.user,
            sad,
            key: credential.key,
            chain: chain.clone(),
            documents: documents.iter().map(to_sign).collect(),
        };
        let signed = match self.signer.sign_documents(ask).await {
            Ok(signed) if signed.documents.len() == documents.len() => signed.documents,
            Ok(_) => {
                let odd = "the signer gave another number of signatures";
                return Err(signing::Error::Signer(signer::Error::Unavailable(odd.into())).into());
            }
            Err(signer::Error::Refused(Refusal::CertificateExpired)) => {
                let (organization, common_name) = (certificate.facts.organization, certificate.facts.common_name);
                return Err(signing::Error::CertificateExpired { organization, common_name }.into());
            }
            Err(error) => return Err(Error::from(signing::Error::Signer(error)).about(&documents, None)),
        };
        let chain: Vec<Vec<u8>> = chain.into_iter().map(|der| der.0).collect();
        let documents = documents.as_slice();
        let completed = stream::iter(0..documents.len()).map(|place| {
            let found = documents.get(place).zip(signed.get(place));
            let completed = self.complete(found, &chain, validation, &client);
            completed.map_err(move |error| error.about(documents, Some(place)))
        });
        let mut completed = std::pin::pin!(completed.buffered(AT_ONCE));
        while let Some((finished, found)) = completed.try_next().await? {
            answer.put(finished, found).await?;
        }
        Ok(answer.finish())
    }

    /// Octets that the answer will have beside the documents, where they are many. Evidence of the signer's certificates is
    /// had before anything is signed: it is the same for all signatures, and where it is not to be had there are none.
    ///
    /// # Errors
    /// Where there is no evidence, or no room.
    async fn foresee(&self, documents: &[Document], chain: &[Bytes], validation: bool) -> Result<u64, Error> {
        let chain: Vec<Vec<u8>> = chain.iter().map(|der| der.0.clone()).collect();
        let mut known = space::Known {
            chain: chain.iter().map(|der| der.len() as u64).sum(),
            evidence: 0,
            bounds: self.spool.bounds(),
        };
        if validation || documents.iter().any(|document| document.level >= Level::Lt) {
            known.evidence = self.evidence.gather(&chain, None).await?.octets();
        }
        space::judge(documents, known)
    }

    /// Octets of evidence that each signature of a level which lasts will hold, without that of its time-stamps.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn evidence(&self, credential: &str) -> Result<u64, Error> {
        let certificate = self.credentials.certificate(credential).await.map_err(signing::Error::from)?;
        let certificate = certificate.ok_or(signing::Error::Signer(signer::Error::Refused(Refusal::Disabled)))?;
        let chain = std::iter::once(certificate.end_entity).chain(certificate.chain);
        let chain: Vec<Vec<u8>> = chain.map(|der| der.0).collect();
        Ok(self.evidence.gather(&chain, None).await?.octets())
    }

    /// One document, with what its level needs, and that apart, where it is wanted so.
    async fn complete(
        &self,
        document: Option<(&Document, &SignedDocument)>,
        chain: &[Vec<u8>],
        validation: bool,
        client: &str,
    ) -> Result<(Finished, Found), Error> {
        let (document, signed) = document.ok_or_else(|| Error::Unfinished("a document is missing".into()))?;
        let signatory = Signatory { chain: chain.to_vec(), scheme: document.scheme };
        let stamp = self.stamp(stampable(document, signed, &signatory)?, document.level).await?;
        let found = if document.level >= Level::Lt || validation {
            self.evidence.gather(chain, stamp.as_deref()).await?
        } else {
            Found::default()
        };
        let share = u32::try_from(found.octets() >> 10).unwrap_or(EVIDENCE_AT_ONCE).min(EVIDENCE_AT_ONCE);
        let _room = self.evidence_room.acquire_many(share).await.map_err(unfinished)?;
        let finished = self.completed(client, document, signed, &signatory, (stamp, &found)).await?;
        Ok((finished, found))
    }

    /// The time-stamp on all that a signature has, of which this is the hash.
    async fn archive(&self, document: &Document, hash: Vec<u8>) -> Result<Vec<u8>, Error> {
        let asked = Stampable { algorithm: document.scheme.hash(), hash, nonce: None };
        let token = self.stamp(Some(asked), document.level).await?;
        token.ok_or_else(|| Error::Unfinished("there is no time-stamp".into()))
    }

    /// The token, where one is wanted.
    async fn stamp(&self, asked: Option<Stampable>, level: Level) -> Result<Option<Vec<u8>>, Error> {
        match (asked, &self.time_stamps) {
            (Some(asked), Some(time_stamps)) if level >= Level::Lt => {
                Ok(Some(time_stamps.lasting(asked, &self.evidence).await?))
            }
            (Some(asked), Some(time_stamps)) => Ok(Some(time_stamps.stamp(asked).await?)),
            // A level that is not offered was refused before.
            (Some(_), None) => Err(Error::Unfinished("there is no time-stamping authority".into())),
            (None, _) => Ok(None),
        }
    }
}

/// Octets of documents above which it is asked first whether their SAD is any good.
pub const MUCH: u64 = 4 << 20;

/// Whether the SAD is worth a question of its own: before much is sent to the signer, or others are asked for evidence.
fn is_much(documents: &[Document], validation: bool) -> bool {
    let octets = documents.iter().map(|document| match &document.subject {
        DocumentSubject::Document(octets) => octets.len(),
        DocumentSubject::Digest(_) => 0,
    });
    validation || documents.iter().any(|document| document.level >= Level::Lt) || octets.sum::<u64>() > MUCH
}

/// What a time-stamp on the signature is over (EN 319 122-1, 5.3, and its like), where the level wants one.
fn stampable(document: &Document, signed: &SignedDocument, signatory: &Signatory) -> Result<Option<Stampable>, Error> {
    if document.level < Level::T {
        return Ok(None);
    }
    let algorithm = document.scheme.hash();
    let hash = rsign_ades::digest(algorithm, &completion::to_be_stamped(document, signed, signatory)?);
    Ok(Some(Stampable { algorithm, hash, nonce: None }))
}

/// Levels, with or without a time-stamping authority.
#[must_use]
pub const fn levels(stamps: bool) -> &'static [Level] {
    if stamps { &Level::ALL } else { &[Level::B] }
}

/// The highest level of a format, of a document or of its digest alone: the archive time-stamps of JSON and XML are over
/// the document, too, and that of a PDF stands in it.
#[must_use]
pub const fn highest(format: Format, of_digest: bool) -> Level {
    match (format, of_digest) {
        (Format::Pades | Format::Xades | Format::Jades, true) => Level::Lt,
        _ => Level::Lta,
    }
}

fn to_sign(document: &Document) -> DocumentToSign {
    DocumentToSign {
        format: document.format,
        envelope: document.envelope,
        scheme: document.scheme,
        subject: document.subject.clone(),
        properties: document.properties.clone(),
    }
}

fn unfinished(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Unfinished(error.into())
}

/// Those properties that a format cannot say of what stands in this array; the signer judges again.
fn unsayable(format: Format, array: Array, properties: &[Property]) -> Vec<Unsayable> {
    let named = properties.iter().map(|property| (property.name.as_str(), property.value.as_deref()));
    match format {
        Format::Cades => rsign_ades::cms::read_properties(named).err().unwrap_or_default(),
        Format::Pades => {
            let unsaid = rsign_ades::pdf::read_properties(named).err().unwrap_or_default();
            if array == Array::Documents {
                return unsaid;
            }
            // Of what stands in the document nothing else matters.
            let beyond = |name: &str| rsign_ades::pdf::stands_in_document(name);
            let names = properties.iter().map(|property| property.name.as_str()).filter(|name| beyond(name));
            let beside = unsaid.into_iter().filter(|one| !beyond(&one.name));
            names.map(|name| Unsayable::new(name, Reason::NeedsDocument)).chain(beside).collect()
        }
        Format::Xades => rsign_ades::xml::read_properties(named).err().unwrap_or_default(),
        Format::Jades => rsign_ades::jws::read_properties(named).err().unwrap_or_default(),
    }
}
