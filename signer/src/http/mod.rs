//! The only place that knows `axum` and TLS: the gateway's messages in, answers out; and, in a process of its own, the
//! signing page for browsers.

mod documents;
mod error;
mod page;
mod router;
mod tls;

pub use page::{Transport, page, page_dates, serve_page};
pub use router::router;
pub use tls::{Dated, PeerRejections, Serving, Tls, serve};
