//! The only place that knows `axum` and TLS: the gateway's messages in, answers out.

mod error;
mod router;
mod tls;

pub use router::router;
pub use tls::{PeerRejections, Serving, serve};
