//! Messages that documents follow ([`WITH_DOCUMENTS`]): they are read while they are sent.
//!
//! [`WITH_DOCUMENTS`]: rsign_api::signer::WITH_DOCUMENTS

use std::time::Duration;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Bytes, Frame};
use rsign_api::octets::Octets;
use rsign_api::signer::WithDocuments;
use serde::Serialize;

use super::{Body, message, unavailable};
use crate::port::signer::Result;

/// Octets that come through in a second, even where the network is slow.
const PACE: u64 = 4 << 20;

/// How long a body of so many octets may take beside all else.
pub(super) const fn patience(length: u64) -> Duration {
    Duration::from_secs(length / PACE)
}

/// The body, and how long it is.
pub(super) fn body<A: Serialize + WithDocuments>(ask: &A) -> Result<(u64, Body)> {
    let message = message(ask)?;
    let length = u32::try_from(message.len()).map_err(unavailable)?;
    let documents: Vec<Octets> = ask.octets().into_iter().cloned().collect();
    let octets: u64 = documents.iter().map(Octets::len).sum();
    let whole = 4 + u64::from(length) + octets;
    let head = stream::iter([Ok(Bytes::copy_from_slice(&length.to_be_bytes())), Ok(message)]);
    let documents = stream::iter(documents).flat_map(rsign_spool::stream);
    Ok((whole, StreamBody::new(head.chain(documents).map_ok(Frame::data)).boxed_unsync()))
}
