//! Signed documents: the signer forms and signs, the time-stamping authority stamps, and here the pieces become what the
//! format wants. A call that fails after the signer was asked is repeated by the client and signs nothing twice: the
//! signer gives the same signature and the same octets again.

mod cades;
mod finish;
mod jades;
mod pades;
mod parallel;
mod reading;
mod text;
mod xades;

use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use rsign_ades::{Addition, Signatory};
use rsign_api::bytes::Bytes;
use rsign_api::csc::documents::{Document, Offer, SignedDocuments, ValidationInfo};
use rsign_api::csc::timestamp::Stampable;
use rsign_api::document::{Envelope, Format, Level};
use rsign_api::signer::{DocumentToSign, Property, Refusal, SignDocuments, SignedDocument};
use rsign_spool::Spool;
use secrecy::SecretString;

use self::finish::{Finished, finish};
use self::reading::Reading;
use self::text::Text;
use super::augmentation::{self, Augmentation};
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

/// Why there is no signed document.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no signature.
    #[error(transparent)]
    Signing(#[from] signing::Error),
    /// There is one, but no time-stamp on it: the same request again asks for that alone.
    #[error("no time-stamp: {0}")]
    TimeStamp(#[from] time_stamps::Error),
    /// There is one, but not what a validator will need: the same request again asks for that alone.
    #[error("no evidence: {0}")]
    Evidence(#[from] evidence::Error),
    /// There is one, but the document did not get what a validator will need: the same request again asks for that alone.
    #[error("not augmented: {0}")]
    Augmentation(#[from] augmentation::Error),
    /// What came together does not fit together.
    #[error("the signature could not be put together: {0}")]
    Unfinished(#[source] Box<dyn std::error::Error + Send + Sync>),
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
    augmentation: Augmentation,
    text: Text,
    reading: Reading,
}

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
        // What stands in a PDF for good is stamped by who is known to be good.
        let lasting = time_stamps.as_ref().map(|stamps| Arc::new(stamps.with_evidence(Arc::clone(&evidence))));
        let augmentation = Augmentation::new(Arc::clone(&signer), lasting);
        let (text, reading) = (Text::new(spool), Reading::new());
        Self { credentials, signer, time_stamps, evidence, augmentation, text, reading }
    }

    /// What it can do.
    #[must_use]
    pub fn offer(&self) -> Offer<'static> {
        Offer { formats: FORMATS, levels: levels(self.time_stamps.is_some()), highest: &highest, unsayable: &unsayable }
    }

    /// The signed documents, each in its place.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn sign(&self, order: Order) -> Result<SignedDocuments, Error> {
        let Order { bearer, credential, sad, documents, validation } = order;
        let client = bearer.client.clone();
        if documents.iter().any(text::is_too_long) {
            return Err(signing::Error::Signer(signer::Error::Refused(Refusal::Document)).into());
        }
        let certificate = self.credentials.certificate(&credential.id).await.map_err(signing::Error::from)?;
        let certificate = certificate.ok_or(signing::Error::Signer(signer::Error::Refused(Refusal::Disabled)))?;
        let chain: Vec<Bytes> = std::iter::once(certificate.end_entity).chain(certificate.chain).collect();
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
            Err(error) => return Err(signing::Error::Signer(error).into()),
        };
        let chain: Vec<Vec<u8>> = chain.into_iter().map(|der| der.0).collect();
        let completed = stream::iter(0..documents.len()).map(|place| {
            let found = documents.get(place).zip(signed.get(place));
            self.complete(found, &chain, validation, &client)
        });
        let completed: Vec<(Finished, Found)> = completed.buffered(AT_ONCE).try_collect().await?;
        let mut answer = SignedDocuments::default();
        let mut all = Found::default();
        for (finished, found) in completed {
            match finished {
                Finished::WithSignature(octets) => answer.with_signature.push(octets),
                Finished::Object(octets) => answer.objects.push(Bytes(octets)),
            }
            all.add(found);
        }
        answer.validation = validation.then(|| validation_info(all));
        Ok(answer)
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
        let stamp = self.stamp(stampable(document, signed, chain)?, document.level).await?;
        let found = if document.level >= Level::Lt || validation {
            self.evidence.gather(chain, stamp.as_deref()).await?
        } else {
            Found::default()
        };
        let turn = self.text.turn(document).await?;
        let signatory = Signatory { chain: chain.to_vec(), scheme: document.scheme };
        let finished = match (document.format, document.envelope) {
            (Format::Jades, _) => {
                self.jades(document, signed, &signatory, additions(document.level, stamp, &found)).await?
            }
            (Format::Xades, _) => {
                self.xades(document, signed, &signatory, additions(document.level, stamp, &found)).await?
            }
            (Format::Cades, Envelope::Parallel) => self.beside(document, signed, &signatory, stamp, &found).await?,
            _ if document.level < Level::Lt => finish(document, signed, chain, stamp)?,
            (Format::Pades, _) => self.lasting_pdf(document, signed, chain, stamp, &found).await?,
            (Format::Cades, _) => self.lasting(document, signed, chain, stamp, &found).await?,
        };
        let finished = self.text.put_aside(finished, turn, client).await?;
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

/// What a time-stamp on the signature is over (EN 319 122-1, 5.3, and its like), where the level wants one.
fn stampable(document: &Document, signed: &SignedDocument, chain: &[Vec<u8>]) -> Result<Option<Stampable>, Error> {
    if document.level < Level::T {
        return Ok(None);
    }
    let algorithm = document.scheme.hash();
    let hash = rsign_ades::digest(algorithm, &finish::stamped(document, signed, chain)?);
    Ok(Some(Stampable { algorithm, hash, nonce: None }))
}

/// What a level adds to a signature, all but the time-stamp on that.
fn additions(level: Level, stamp: Option<Vec<u8>>, found: &Found) -> Vec<Addition> {
    let mut additions: Vec<_> = stamp.into_iter().map(Addition::Stamp).collect();
    if level >= Level::Lt {
        let Found { certificates, crls, ocsp } = found.clone();
        additions.push(Addition::Evidence(rsign_ades::evidence::Evidence { certificates, crls, ocsp }));
    }
    additions
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

fn validation_info(found: Found) -> ValidationInfo {
    let bytes = |all: Vec<Vec<u8>>| all.into_iter().map(Bytes).collect();
    ValidationInfo { ocsp: bytes(found.ocsp), crl: bytes(found.crls), certificates: bytes(found.certificates) }
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

/// Those properties that a format cannot say; the signer judges again.
fn unsayable(format: Format, properties: &[Property]) -> Vec<String> {
    let named = properties.iter().map(|property| (property.name.as_str(), property.value.as_deref()));
    match format {
        Format::Cades => rsign_ades::cms::read_properties(named).err().unwrap_or_default(),
        Format::Pades => rsign_ades::pdf::read_properties(named).err().unwrap_or_default(),
        Format::Xades => rsign_ades::xml::read_properties(named).err().unwrap_or_default(),
        Format::Jades => rsign_ades::jws::read_properties(named).err().unwrap_or_default(),
    }
}
