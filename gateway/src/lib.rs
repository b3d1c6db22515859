//! The gateway: the public zone of rsign. It speaks CSC and OAuth2 to signing apps, holds accounts, clients, tokens
//! (as digests), certificates and the wrapped keys, and asks the signer for everything that needs a key.
//!
//! One direction: [`http`] → handler → [`service`] → [`port`] → adapter ([`signer_client`], [`identity_client`],
//! [`callback_client`], [`tsa_client`], [`mail_client`], [`webhook_client`], [`est_client`], [`store`]). [`app`] is the only place where they meet.
//!
//! One `signatures/signHash` walks through: `http/router.rs` (the route table) → `http/dispatch.rs` (bearer, body,
//! error, log) → `http/csc/sign_hash.rs` → `service/credentials.rs` (may this bearer name this credential?) →
//! `service/signing.rs` → `port/signer.rs` → `signer_client/`. It costs four point reads of the store at most, no
//! write, and one request to the signer.

pub mod app;
pub mod callback_client;
pub mod command;
pub mod config;
pub mod domain;
pub mod est_client;
pub mod http;
pub mod identity_client;
pub mod mail_client;
mod outside;
pub mod port;
pub mod revocation_client;
pub mod service;
pub mod signer_client;
pub mod store;
pub mod telemetry;
pub mod tsa_client;
pub mod webhook_client;
