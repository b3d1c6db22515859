//! The one message that documents follow: they are spooled while they arrive.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{BodyDataStream, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use rsign_api::octets::Octets;
use rsign_api::signer::{SignDocuments, WITH_DOCUMENTS};
use rsign_spool::{Draft, Error, Intake, Spool};
use zeroize::Zeroizing;

use super::error::away;
use super::router::{malformed, settled};
use crate::service::Signer;

/// Largest message, without documents: 1000 of them with what they are to say.
const MAX_MESSAGE: usize = 8 << 20;

/// How long one may take to arrive, with its documents.
const PATIENCE: Duration = Duration::from_secs(300);

/// Who is refused before all was read is listened to for so many octets more, so that the answer is heard.
const THROWN_AWAY: u64 = 1 << 30;

/// Serves it. The call runs in a task of its own, as all do.
pub(super) async fn sign(State(signer): State<Arc<Signer>>, spool: Spool, request: Request) -> Response {
    let with_documents = request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == WITH_DOCUMENTS);
    let mut incoming = Incoming { body: request.into_body().into_data_stream(), rest: Bytes::new() };
    let read = tokio::time::timeout(PATIENCE, read(&mut incoming, &spool, with_documents));
    let asked = match read.await.unwrap_or(Err(Stop::Malformed)) {
        Ok(asked) => asked,
        Err(stop) => {
            let _ = tokio::time::timeout(PATIENCE, incoming.throw_away()).await;
            return stop.response();
        }
    };
    settled(tokio::spawn(async move { signer.sign_documents(&asked).await }).await).into_response()
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
            Self::TooLong | Self::Documents(Error::TooLong) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            Self::Documents(Error::Full) => away(StatusCode::SERVICE_UNAVAILABLE),
            Self::Documents(Error::Failed(error)) => {
                tracing::error!(%error, "a document could not be written down");
                away(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

async fn read(incoming: &mut Incoming, spool: &Spool, with_documents: bool) -> Result<SignDocuments, Stop> {
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
    let mut asked: SignDocuments = serde_json::from_slice(&message).map_err(|_| Stop::Malformed)?;
    if !with_documents && asked.octets().next().is_some() {
        return Err(Stop::Malformed);
    }
    if with_documents {
        // Nothing is spooled for what can not be taken.
        let bounds = spool.bounds();
        let all = asked.octets().try_fold(0_u64, |all, octets| all.checked_add(octets.len()));
        if all.is_none_or(|all| all > bounds.request) || asked.octets().any(|octets| octets.len() > bounds.document) {
            return Err(Stop::TooLong);
        }
        let mut intake = spool.intake(&asked.client);
        for octets in asked.octets_mut() {
            (intake, *octets) = incoming.document(intake, octets.len()).await?;
        }
        if incoming.next().await?.is_some() {
            return Err(Stop::Malformed);
        }
    }
    Ok(asked)
}

/// A body, of which the rest of a piece waits.
struct Incoming {
    body: BodyDataStream,
    rest: Bytes,
}

impl Incoming {
    /// The next octets, at least one; none at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Stop> {
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
    async fn take(&mut self, length: usize) -> Result<Zeroizing<Vec<u8>>, Stop> {
        let mut octets = Zeroizing::new(Vec::with_capacity(length));
        while octets.len() < length {
            let mut piece = self.next().await?.ok_or(Stop::Malformed)?;
            self.rest = piece.split_off(piece.len().min(length - octets.len()));
            octets.extend_from_slice(&piece);
        }
        Ok(octets)
    }

    async fn all(&mut self, most: usize) -> Result<Zeroizing<Vec<u8>>, Stop> {
        let mut octets = Zeroizing::new(Vec::new());
        while let Some(piece) = self.next().await? {
            if octets.len() + piece.len() > most {
                return Err(Stop::TooLong);
            }
            octets.extend_from_slice(&piece);
        }
        Ok(octets)
    }

    async fn document(&mut self, intake: Intake, length: u64) -> Result<(Intake, Octets), Stop> {
        let mut draft = intake.draft();
        while draft.len() < length {
            let mut piece = self.next().await?.ok_or(Stop::Malformed)?;
            let left = usize::try_from(length - draft.len()).unwrap_or(usize::MAX);
            self.rest = piece.split_off(piece.len().min(left));
            draft = write(draft, piece).await?;
        }
        if length > SHORT { blocking(move || draft.finish()).await } else { Ok(draft.finish()?) }
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

/// A longer document may be on its way into a file.
const SHORT: u64 = 32 << 10;

async fn write(mut draft: Draft, octets: Bytes) -> Result<Draft, Stop> {
    let is_short = draft.len() + octets.len() as u64 <= SHORT;
    let work = move || draft.write(&octets).map(|()| draft);
    if is_short { Ok(work()?) } else { blocking(work).await }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Stop> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Error::Failed(std::io::Error::other(error)))).map_err(Stop::Documents)
}
