//! What goes over the wire, and nothing else: no I/O, no HTTP library, no store.
//!
//! * [`csc`] holds requests and answers of the CSC API, [`error`] its sentences, [`json`] how bodies are read.
//! * [`algorithm`] ties OIDs to keys, hashes and signature schemes; [`sign_algo`] reads what clients write of them.
//! * [`channel`] is RCH1, the end-to-end channel between a user's device and the signer: both its ends.
//! * [`objection`] is what of a call is refused, and why, in words that are ours.
//! * [`octets`] are documents, which may be too long to hold; [`parts`] what was made of one.
//! * [`timestamp`] is RFC 3161, as far as a gateway reads it.
//! * [`signer`] is what gateway and signer say to each other; [`line`] what both let into their logs, [`lanes`] how their
//!   callers have turns.
#![warn(missing_docs)]

pub mod algorithm;
pub mod bytes;
pub mod channel;
pub mod csc;
pub mod document;
pub mod error;
pub mod json;
pub mod lanes;
pub mod line;
pub mod objection;
pub mod octets;
pub mod parts;
pub mod secret;
pub mod sign_algo;
pub mod sign_server;
pub mod signer;
pub mod timestamp;
pub mod version;
