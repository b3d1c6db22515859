//! The end-to-end channel as devices see it (DESIGN 5): an app registers what it wants (`POST /rch`), and whoever has
//! the token of the transaction reads what it is, shakes hands, and sends records. Nobody else's page may: CORS answers
//! the signing page's origin and no other.

mod code;
mod cors;
mod describe;
mod fault;
mod register;
mod relay;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use super::site::Site;

/// What is served here.
pub(super) const PATHS: [&str; 5] = ["/rch", "/rch/{tx}", "/rch/{tx}/hello", "/rch/{tx}/record", "/rch/{tx}/code"];

/// `/rch` and what is below it.
pub(super) fn routes(site: &Arc<Site>) -> Router<Arc<Site>> {
    let [registration, transaction, hello, record, code] = PATHS;
    let transaction = Router::new()
        .route(transaction, get(describe::describe).options(cors::preflight))
        .route(hello, post(relay::hello).options(cors::preflight))
        .route(record, post(relay::record).options(cors::preflight))
        .route(code, post(code::send).options(cors::preflight))
        .layer(from_fn_with_state(Arc::clone(site), cors::guard));
    Router::new().route(registration, post(register::register)).merge(transaction)
}
