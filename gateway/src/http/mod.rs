//! The only place that knows axum. A request meets `router.rs` (which method?), `dispatch.rs` (who asks, what body?),
//! one handler in `csc/`, `oauth2/`, `channel/`, `account/` or `openapi/`, and `error.rs` and `problem.rs` if it goes wrong.

mod account;
mod address;
mod bearer;
mod body;
mod channel;
mod connections;
mod csc;
mod dispatch;
mod error;
mod health;
mod heard;
mod lift;
mod methods;
mod oauth2;
mod openapi;
mod peer;
mod pieces;
mod pki;
mod problem;
mod recognised;
mod reply;
mod router;
mod server;
mod site;
mod workers;

pub use health::closing_router;
pub use pki::router as pki_router;
pub use router::router;
pub use server::{Bounds, ClientCertificates, Handle, Tls, bind, serve};
pub use site::Site;

#[cfg(test)]
mod tests;
