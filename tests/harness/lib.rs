//! What the tests of the whole system stand on: real programs as child processes, real HTTP, independent verification.
//!
//! * [`Sandbox`]: `rsign sandbox` as anybody would run it; [`shared`] for tests that leave it as it was
//! * [`Pieces`]: signer and gateway one by one, to be killed, restarted and given other stores
//! * [`Api`], [`Session`]: the wire, as raw as a test wants it
//! * [`Browser`], [`channel`]: a person's browser and device, without a screen
//! * [`totp`]: an authenticator app
//! * [`verify`]: signatures, judged by aws-lc-rs and by the openssl program
//! * [`dss`]: signed documents, judged by EU DSS
//!
//! No way of ending a test leaves a process behind: see [`Watchdog`].
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on shall say where")]

pub mod api;
mod audit;
pub mod channel;
mod contract;
pub mod dss;
mod mongod;
mod operator;
pub mod paper;
mod pieces;
mod programs;
mod ready;
mod sandbox;
mod seed;
mod service;
pub mod totp;
pub mod verify;
mod watchdog;
mod web;

pub use api::{Answer, Api, Session, Version};
pub use audit::Trail;
pub use mongod::Mongod;
pub use operator::{Enrolled, Operator, Wanted};
pub use pieces::Pieces;
pub use programs::{demanded, program, repository, skip, softhsm2};
pub use ready::{Client, Credential, Ready, User};
pub use sandbox::{Sandbox, shared};
pub use seed::{Folder, TWO_SITES, blank, seeded, seeding_took};
pub use service::{Service, alive, command, free_port, kill, send};
pub use verify::{Algorithm, Hash};
pub use watchdog::Watchdog;
pub use web::{Browser, Seen, parameter};
