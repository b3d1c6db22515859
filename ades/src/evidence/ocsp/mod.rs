//! OCSP (RFC 6960): what is asked, what is answered, and whether an answer shows that a certificate is good. Answers of
//! others stay the octets they came as; here they are read only as far as they are judged.

mod answer;
mod judge;
mod message;
mod name;
mod request;

pub use answer::{Answered, Standing, refusal, successful, to_be_signed};
pub use judge::{Judged, judge};
pub use message::Status;
pub use name::Name;
pub use request::{Asked, request};

/// Media type of a request over HTTP (RFC 6960, A.1).
pub const QUERY: &str = "application/ocsp-request";
/// Media type of an answer.
pub const REPLY: &str = "application/ocsp-response";
