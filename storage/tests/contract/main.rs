//! What a store must do, written once in `suite/` and mounted twice: on SQLite and on MongoDB.
//!
//! Each mount (`sqlite.rs`, `mongo.rs`) gives the suite a `Bench`: an empty place for a store, how to open it, and how
//! to reach behind its back. MongoDB runs as a process of this test; say where it is with `MONGOD=/path/to/mongod`
//! (`deploy/ci/fetch-mongod.sh`). Without it that half is skipped, loudly, and fails where `CI` is set.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::duplicate_mod,
    reason = "a test fails by panicking, and the suite is mounted twice on purpose"
)]

mod common;
mod mongo;
mod sqlite;
