//! `signatures/timestamp` (11.10 in 1.0.4.0, 11.13 in 2.0.0.2).

use std::sync::Arc;

use axum::http::StatusCode;
use rsign_api::bytes::Bytes;
use rsign_api::csc::timestamp::Stamp;
use rsign_api::error::NOT_IMPLEMENTED;

use crate::http::dispatch::{Answer, Call};
use crate::http::error::Problem;
use crate::http::reply::Reply;
use crate::http::site::Site;

/// A token of the authority behind this service.
pub(in crate::http) fn handle(site: Arc<Site>, call: Call) -> Answer {
    Box::pin(async move {
        let Some(time_stamps) = &site.app.time_stamps else {
            return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, NOT_IMPLEMENTED));
        };
        let token = time_stamps.stamp(call.content.ask()?.stampable()?).await?;
        Reply::json(&Stamp { timestamp: Bytes(token) })
    })
}
