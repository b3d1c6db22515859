//! Who certifies keys, where that is not the built-in CA.

use async_trait::async_trait;

/// There is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not answer, or not as it should; it may be asked again.
    #[error("the CA does not answer as one; [est] says where it is, whom to trust there, and who we are")]
    Away(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It answered with this HTTP status, and these words.
    #[error("the CA refused the request with HTTP status {status}{}: {said}", hint(*status))]
    Refused {
        /// HTTP status.
        status: u16,
        /// Printable, one line, not long; empty where it gave no reason.
        said: String,
    },
    /// It has not decided yet: the same request is to be made again.
    #[error("the CA has not decided yet{}", after.map(|after| format!(", and wants to be asked again in {after} seconds")).unwrap_or_default())]
    Later {
        /// Seconds, where it says so.
        after: Option<u64>,
    },
}

/// Where to look after an answer of this HTTP status.
const fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => " ([est] says who we are there)",
        404 => " ([est] url says where it is)",
        _ => "",
    }
}

/// A CA.
#[async_trait]
pub trait Issuer: Send + Sync + std::fmt::Debug {
    /// Has the key of this PKCS#10 request (RFC 2986, DER) certified: all certificates that came with the answer, and those
    /// of the CA, DER, in no order and unjudged.
    async fn certify(&self, request: Vec<u8>) -> Result<Vec<Vec<u8>>, Error>;

    /// The CA's own certificates, DER, in no order and unjudged.
    async fn authorities(&self) -> Result<Vec<Vec<u8>>, Error>;
}
