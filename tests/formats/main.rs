//! Signed documents made with keys of these tests, judged by programs that we did not write. The same formats through the
//! whole service are in `tests/system/`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod canonical;
mod json;
mod judge;
mod level;
mod pki;
mod tsa;
mod xml;
