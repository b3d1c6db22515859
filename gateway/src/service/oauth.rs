//! The authorization server: what apps ask users for ([`requests`]), what they are given for it ([`codes`]), and how
//! they prove who they are ([`assertions`], [`certificates`],
//! [`proofs`]).

pub mod account_tokens;
pub mod assertions;
pub mod certificates;
pub mod codes;
pub mod proofs;
pub mod requests;
pub mod signed_requests;
