//! Reads a request body: bounded in size and time, and wiped after use since it may hold a PIN.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use rsign_api::csc::documents::Lifted;
use rsign_api::error::{MALFORMED, TOO_LONG, TOO_SLOW};
use rsign_api::objection::{Array, Detail, Objection, Place, Reason};
use rsign_api::secret::append;
use rsign_spool::Taker;
use zeroize::Zeroizing;

use super::error::Problem;
use super::lift::{Early, Lifter, Stop};
use crate::config::limits::Limits;
use crate::service::documents::{self, MUCH};

/// How many times the limit is read and thrown away, so that an honest client hears 413 and not a reset connection.
const PATIENCE: usize = 16;

/// Octets that are taken before it is asked again whether the next go into a file.
const AT_ONCE: usize = 64 << 10;

/// The whole body (security.md ). It is never decompressed.
pub(super) async fn read(body: Body, limits: &Limits) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let patience = Duration::from_secs(limits.body_timeout_seconds);
    match tokio::time::timeout(patience, collect(body, limits.body)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, TOO_SLOW)),
    }
}

/// A body that holds documents: what is beside them, and the documents, which are taken out while they arrive. Of one that
/// will be long what came before its first long document is judged when that begins.
pub(super) async fn read_documents(
    body: Body,
    limits: &Limits,
    lifter: impl FnOnce(usize) -> Result<Lifter, Stop>,
    judge: impl AsyncFnOnce(Early) -> Result<(), Problem>,
) -> Result<(Zeroizing<Vec<u8>>, Lifted), Problem> {
    let patience = Duration::from_secs(limits.documents_timeout_seconds);
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let lifted = async {
        match lifter(announced) {
            Ok(lifter) => {
                let is_long = announced == 0 || announced as u64 > MUCH;
                lift(body, limits.documents, lifter, async |early| if is_long { judge(early).await } else { Ok(()) })
                    .await
            }
            Err(stop) => throw_away(body, limits.documents, stop).await,
        }
    };
    match tokio::time::timeout(patience, lifted).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, TOO_SLOW)),
    }
}

async fn lift(
    mut body: Body,
    limit: usize,
    mut lifter: Lifter,
    judge: impl AsyncFnOnce(Early) -> Result<(), Problem>,
) -> Result<(Zeroizing<Vec<u8>>, Lifted), Problem> {
    let (mut seen, mut judge) = (0, Some(judge));
    while let Some(mut data) = next(&mut body).await? {
        seen += data.len();
        if seen > limit {
            // With what it holds, which others wait for.
            drop(lifter);
            return throw_away(body, limit, Stop::TooLong).await;
        }
        while !data.is_empty() {
            if lifter.has_begun()
                && let Some(judge) = judge.take()
                && let Err(problem) = judge(lifter.early()).await
            {
                drop(lifter);
                return throw_away(body, limit, problem).await;
            }
            if lifter.may_block(AT_ONCE) {
                return lift_long(body, limit, (seen, data), lifter).await;
            }
            let piece = data.split_to(data.len().min(AT_ONCE));
            if let Err(stop) = lifter.push(&piece) {
                drop(lifter);
                return throw_away(body, limit, stop).await;
            }
        }
    }
    Ok(lifter.finish())
}

/// The same where a document goes into a file; these octets are the next.
async fn lift_long(
    mut body: Body,
    limit: usize,
    (mut seen, mut data): (usize, Bytes),
    lifter: Lifter,
) -> Result<(Zeroizing<Vec<u8>>, Lifted), Problem> {
    let mut taker = Taker::new(lifter, Lifter::push);
    while taker.put(data).await.map_err(Problem::internal)? {
        let Some(more) = next(&mut body).await? else { break };
        seen += more.len();
        if seen > limit {
            drop(taker);
            return throw_away(body, limit, Stop::TooLong).await;
        }
        data = more;
    }
    match taker.end().await.map_err(Problem::internal)? {
        Ok(lifter) => Ok(lifter.finish()),
        Err(stop) => throw_away(body, limit, stop).await,
    }
}

async fn next(body: &mut Body) -> Result<Option<Bytes>, Problem> {
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| Problem::from(MALFORMED))?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// Listens on for a while, so that an honest client hears why and not a reset connection.
async fn throw_away<T>(mut body: Body, limit: usize, reason: impl Into<Problem>) -> Result<T, Problem> {
    let mut seen = 0;
    while seen <= limit {
        match next(&mut body).await? {
            Some(data) => seen += data.len(),
            None => break,
        }
    }
    Err(reason.into())
}

impl From<Stop> for Problem {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Malformed => MALFORMED.into(),
            Stop::TooLong => too_long(),
            Stop::Document(entry, rsign_spool::Error::TooLong(most)) => of_entry(entry, Reason::TooLong, most),
            Stop::Document(entry, rsign_spool::Error::TooMuch(most)) => of_entry(entry, Reason::TooMuch, most),
            Stop::Documents(error) | Stop::Document(_, error) => match error {
                rsign_spool::Error::TooLong(_) | rsign_spool::Error::TooMuch(_) => too_long(),
                error @ rsign_spool::Error::Full => Self::unavailable(error),
                rsign_spool::Error::Failed(error) => documents::Error::of_file(error).into(),
            },
        }
    }
}

const fn too_long() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, TOO_LONG)
}

/// By this entry more octets than may be.
fn of_entry(index: usize, reason: Reason, most: u64) -> Problem {
    let objection = Objection::new(Place { array: Array::Documents, index }, reason);
    too_long().about(vec![objection.with(Detail::Limit(most))])
}

/// The whole body, which may have at most so many octets if the limit is not lower.
pub(super) async fn read_short(body: Body, limits: &Limits, most: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    read(body, &Limits { body: limits.body.min(most), ..*limits }).await
}

async fn collect(mut body: Body, limit: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    // With the size announced the buffer never moves.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX).min(limit);
    let mut octets = Zeroizing::new(Vec::with_capacity(announced));
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::from(MALFORMED))?;
        let Some(data) = frame.data_ref() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= limit {
            append(&mut octets, data);
        } else if seen > limit.saturating_mul(PATIENCE) {
            break;
        }
    }
    if seen > limit {
        return Err(Problem::too_long(limit));
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn a_full_disk_is_no_fault_of_ours_and_another_one_is() {
        let of = |error: std::io::Error| Problem::from(Stop::Documents(rsign_spool::Error::Failed(error)));
        for (error, status) in
            [(ErrorKind::StorageFull, 503), (ErrorKind::QuotaExceeded, 503), (ErrorKind::NotFound, 500)]
        {
            assert_eq!(of(error.into()).status().as_u16(), status, "{error}");
        }
        let cause = of(ErrorKind::StorageFull.into()).chain().unwrap();
        assert!(cause.starts_with("there is no room left in [spool] folder: "), "{cause}");
    }
}
