//! What the gateway talks about. The store keeps these as they stand here.

pub mod certificate;
pub mod client;
pub mod credential;
pub mod token;
pub mod user;
