//! Signatures in PDF files: PAdES (EN 319 142-1) on ISO 32000.
//!
//! A signature is an *incremental update*: the file stays as it is, octet by octet, and something is appended. Pages,
//! form and catalog that the update changes are cut from the source text, and entries are inserted into it, so that
//! whatever somebody else wrote there stays as they wrote it. [`prepare`] makes the update with a gap in it,
//! [`Update::digests`] says what has to be signed, [`Update::fill`] puts the CMS into the gap. [`dss`] and
//! [`document_time_stamp`] raise the level of what is signed.
//!
//! The file comes from anywhere. What can only be read by guessing is refused, and everything is limited ([`Limits`]);
//! still, this is meant to run in a process of its own that has nothing to lose.
//!
//! Start at `signature.rs`; `file.rs` is the reading half, `revision.rs` the writing half.

mod appearance;
mod dss;
mod error;
mod file;
mod form;
mod growing;
mod helvetica;
mod layout;
mod lexer;
mod pages;
mod paper;
mod permission;
mod prepared;
mod property;
mod request;
mod revision;
mod sections;
mod seed;
mod signature;
#[cfg(test)]
mod tests;
mod text;
mod time_stamp;
mod update;
mod value;

pub use crate::evidence::Evidence;
pub use dss::dss;
pub use error::Error;
pub(crate) use growing::Growing;
pub use paper::{paper, stream};
pub use prepared::Prepared;
pub use property::{ENTRIES, PLACES, Said, read_properties, stands_in_document};
pub use request::{Kind, Limits, Permission, Place, Request, Visible};
pub use revision::BESIDE;
pub use signature::prepare;
pub use time_stamp::{Newest, document_time_stamp, newest};
pub use update::{Digests, Update};
