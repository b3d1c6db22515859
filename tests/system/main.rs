//! The whole system: real programs, a real token, real stores, real clients. One file a subject; names say what is
//! shown, and `a_19` stands for row A-19 of the attack table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod clients;
mod failure;
