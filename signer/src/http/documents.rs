//! Messages that documents follow: they are spooled while they arrive, and hashed where they will be signed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{BodyDataStream, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, post};
use futures_util::StreamExt as _;
use rsign_ades::Hasher;
use rsign_api::octets::Octets;
use rsign_api::secret::append;
use rsign_api::signer::{WITH_DOCUMENTS, WithDocuments};
use rsign_spool::{Draft, Error, Intake, Spool, Taker};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::error::away;
use super::router::{malformed, settled};
use crate::service::{Result, Signer};

/// Largest message, without documents: 1000 of them with what they are to say, or what goes into one.
const MAX_MESSAGE: usize = 16 << 20;

/// How long one may take to arrive, with its documents.
const PATIENCE: Duration = Duration::from_secs(300);

/// Who is refused before all was read is listened to for so many octets more, so that the answer is heard.
const THROWN_AWAY: u64 = 1 << 30;

/// A message that has come, with its documents.
#[derive(Debug)]
pub(super) struct Arrived<A> {
    pub(super) asked: A,
    /// The hash function after all of each document, in their order, where they will be hashed.
    pub(super) hashed: Vec<Hasher>,
}

/// A message in, with its documents if there are some; a service call, its answer out. The call runs in a task of its own,
/// as all do.
pub(super) fn method<A, T, F, C>(spool: &Spool, serve: F) -> MethodRouter<Arc<Signer>>
where
    A: DeserializeOwned + WithDocuments + Send + 'static,
    T: Serialize + Send + 'static,
    F: Fn(Arc<Signer>, Arrived<A>) -> C + Clone + Send + Sync + 'static,
    C: Future<Output = Result<T>> + Send + 'static,
{
    let spool = spool.clone();
    post(move |State(signer): State<Arc<Signer>>, request: Request| async move {
        match take(&spool, request).await {
            Ok(arrived) => settled(tokio::spawn(serve(signer, arrived)).await).into_response(),
            Err(refused) => refused,
        }
    })
}

async fn take<A: DeserializeOwned + WithDocuments>(
    spool: &Spool,
    request: Request,
) -> std::result::Result<Arrived<A>, Response> {
    let with_documents = request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == WITH_DOCUMENTS);
    let mut incoming = Incoming { body: request.into_body().into_data_stream(), rest: Bytes::new() };
    let read = tokio::time::timeout(PATIENCE, read(&mut incoming, spool, with_documents)).await;
    match read.unwrap_or(Err(Stop::Malformed)) {
        Ok(arrived) => Ok(arrived),
        Err(stop) => {
            let _ = tokio::time::timeout(PATIENCE, incoming.throw_away()).await;
            Err(stop.response())
        }
    }
}

enum Stop {
    /// It is no such message, or has not come whole.
    Malformed,
    TooLong,
    Documents(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Documents(error)
    }
}

impl Stop {
    fn response(self) -> Response {
        match self {
            Self::Malformed => malformed(),
            Self::TooLong | Self::Documents(Error::TooLong(_) | Error::TooMuch(_)) => {
                StatusCode::PAYLOAD_TOO_LARGE.into_response()
            }
            Self::Documents(Error::Full) => away(StatusCode::SERVICE_UNAVAILABLE),
            Self::Documents(Error::Failed(error)) => {
                tracing::error!(%error, "a document could not be written down where [spool] folder says");
                away(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

async fn read<A: DeserializeOwned + WithDocuments>(
    incoming: &mut Incoming,
    spool: &Spool,
    with_documents: bool,
) -> std::result::Result<Arrived<A>, Stop> {
    let message = if with_documents {
        let length = incoming.take(4).await?;
        let length = length.iter().fold(0_usize, |sum, octet| sum << 8 | usize::from(*octet));
        if length > MAX_MESSAGE {
            return Err(Stop::TooLong);
        }
        incoming.take(length).await?
    } else {
        incoming.all(MAX_MESSAGE).await?
    };
    let mut asked: A = serde_json::from_slice(&message).map_err(|_| Stop::Malformed)?;
    if !with_documents && !asked.octets().is_empty() {
        return Err(Stop::Malformed);
    }
    let mut hashed = Vec::new();
    if with_documents {
        // Nothing is spooled for what can not be taken.
        let bounds = spool.bounds();
        let lengths: Vec<u64> = asked.octets().into_iter().map(Octets::len).collect();
        let all = lengths.iter().try_fold(0_u64, |all, length| all.checked_add(*length));
        if all.is_none_or(|all| all > bounds.request) || lengths.iter().any(|length| *length > bounds.document) {
            return Err(Stop::TooLong);
        }
        // The gateway shares the room out among its clients.
        let mut intake = spool.intake("");
        intake.expect(all.unwrap_or_default())?;
        let mut functions = asked.functions().into_iter();
        for octets in asked.octets_mut() {
            let mut document = Document { draft: intake.draft(), hasher: functions.next().map(Hasher::new) };
            document = incoming.document(document, octets.len()).await?;
            hashed.extend(document.hasher);
            (intake, *octets) = finished(document.draft).await?;
        }
        if incoming.next().await?.is_some() {
            return Err(Stop::Malformed);
        }
    }
    Ok(Arrived { asked, hashed })
}

/// A document of which some octets have come.
struct Document {
    draft: Draft,
    hasher: Option<Hasher>,
}

impl Document {
    fn write(&mut self, octets: &[u8]) -> std::result::Result<(), Error> {
        if let Some(hasher) = &mut self.hasher {
            hasher.update(octets);
        }
        self.draft.write(octets)
    }
}

async fn finished(mut draft: Draft) -> std::result::Result<(Intake, Octets), Stop> {
    if draft.stays(0) {
        return Ok(draft.finish()?);
    }
    let finished = tokio::task::spawn_blocking(move || draft.finish()).await;
    Ok(finished.map_err(|error| Error::Failed(io::Error::other(error)))??)
}

/// A body, of which the rest of a piece waits.
struct Incoming {
    body: BodyDataStream,
    rest: Bytes,
}

impl Incoming {
    /// The next octets, at least one; none at the end.
    async fn next(&mut self) -> std::result::Result<Option<Bytes>, Stop> {
        loop {
            if !self.rest.is_empty() {
                return Ok(Some(std::mem::take(&mut self.rest)));
            }
            match self.body.next().await {
                None => return Ok(None),
                Some(Ok(octets)) => self.rest = octets,
                Some(Err(_)) => return Err(Stop::Malformed),
            }
        }
    }

    /// So many octets; they may hold a SAD.
    async fn take(&mut self, length: usize) -> std::result::Result<Zeroizing<Vec<u8>>, Stop> {
        let mut octets = Zeroizing::new(Vec::with_capacity(length));
        while octets.len() < length {
            let mut piece = self.next().await?.ok_or(Stop::Malformed)?;
            self.rest = piece.split_off(piece.len().min(length - octets.len()));
            octets.extend_from_slice(&piece);
        }
        Ok(octets)
    }

    async fn all(&mut self, most: usize) -> std::result::Result<Zeroizing<Vec<u8>>, Stop> {
        let mut octets = Zeroizing::new(Vec::new());
        while let Some(piece) = self.next().await? {
            if octets.len() + piece.len() > most {
                return Err(Stop::TooLong);
            }
            append(&mut octets, &piece);
        }
        Ok(octets)
    }

    async fn document(&mut self, mut document: Document, length: u64) -> std::result::Result<Document, Stop> {
        let mut left = usize::try_from(length).map_err(|_| Stop::TooLong)?;
        if document.draft.stays(length) {
            while left > 0 {
                document.write(&self.some(&mut left).await?)?;
            }
            return Ok(document);
        }
        let mut taker = Taker::new(document, Document::write);
        while left > 0 {
            if !taker.put(self.some(&mut left).await?).await.map_err(Error::Failed)? {
                break;
            }
        }
        Ok(taker.end().await.map_err(Error::Failed)??)
    }

    /// The next of those that are left.
    async fn some(&mut self, left: &mut usize) -> std::result::Result<Bytes, Stop> {
        let mut piece = self.next().await?.ok_or(Stop::Malformed)?;
        self.rest = piece.split_off(piece.len().min(*left));
        *left -= piece.len();
        Ok(piece)
    }

    async fn throw_away(&mut self) {
        let mut seen = 0;
        while let Ok(Some(octets)) = self.next().await {
            seen += octets.len() as u64;
            if seen > THROWN_AWAY {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
