//! Reads a request body: bounded in size and time, and wiped after use since it may hold a PIN.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use rsign_api::csc::documents::Lifted;
use rsign_api::error::MALFORMED;
use zeroize::Zeroizing;

use super::error::Problem;
use super::lift::{Lifter, Stop};
use crate::config::limits::Limits;

/// How many times the limit is read and thrown away, so that an honest client hears 413 and not a reset connection.
const PATIENCE: usize = 16;

/// The whole body (security.md ). It is never decompressed.
pub(super) async fn read(body: Body, limits: &Limits) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let patience = Duration::from_secs(limits.body_timeout_seconds);
    match tokio::time::timeout(patience, collect(body, limits.body)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, MALFORMED)),
    }
}

/// A body that holds documents: what is beside them, and the documents, which are taken out while they arrive.
pub(super) async fn read_documents(
    body: Body,
    limits: &Limits,
    lifter: impl FnOnce(usize) -> Lifter,
) -> Result<(Zeroizing<Vec<u8>>, Lifted), Problem> {
    let patience = Duration::from_secs(limits.documents_timeout_seconds);
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    match tokio::time::timeout(patience, lift(body, limits.documents, lifter(announced))).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, MALFORMED)),
    }
}

async fn lift(mut body: Body, limit: usize, lifter: Lifter) -> Result<(Zeroizing<Vec<u8>>, Lifted), Problem> {
    let mut seen = 0_usize;
    let mut lifter = Ok(lifter);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::from(MALFORMED))?;
        let Ok(data) = frame.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        lifter = match lifter {
            Ok(_) if seen > limit => Err(Stop::TooLong),
            Ok(lifter) => push(lifter, data).await?,
            // Thrown away, so that an honest client hears why.
            Err(stop) => Err(stop),
        };
        if seen > limit.saturating_mul(2) {
            break;
        }
    }
    lifter.map(Lifter::finish).map_err(Problem::from)
}

/// What may block does so where that holds up nobody.
async fn push(mut lifter: Lifter, data: Bytes) -> Result<Result<Lifter, Stop>, Problem> {
    let blocks = lifter.may_block();
    let work = move || lifter.push(&data).map(|()| lifter);
    if blocks { tokio::task::spawn_blocking(work).await.map_err(Problem::internal) } else { Ok(work()) }
}

impl From<Stop> for Problem {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Malformed => MALFORMED.into(),
            Stop::TooLong | Stop::Documents(rsign_spool::Error::TooLong) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, MALFORMED)
            }
            Stop::Documents(error @ rsign_spool::Error::Full) => Self::unavailable(error),
            Stop::Documents(error @ rsign_spool::Error::Failed(_)) => Self::internal(error),
        }
    }
}

/// The whole body, which may have at most so many octets if the limit is not lower.
pub(super) async fn read_short(body: Body, limits: &Limits, most: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    read(body, &Limits { body: limits.body.min(most), ..*limits }).await
}

async fn collect(mut body: Body, limit: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    // With the size announced the buffer never moves, so no copy of a PIN is left behind.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX).min(limit);
    let mut octets = Zeroizing::new(Vec::with_capacity(announced));
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::from(MALFORMED))?;
        let Some(data) = frame.data_ref() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= limit {
            octets.extend_from_slice(data);
        } else if seen > limit.saturating_mul(PATIENCE) {
            break;
        }
    }
    if seen > limit {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, MALFORMED));
    }
    Ok(octets)
}
