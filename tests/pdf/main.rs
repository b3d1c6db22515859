//! Signed PDFs, judged by programs we did not write: pyHanko, poppler's pdfsig and qpdf. The keys are of this test, so
//! that many documents are signed fast; that the service signs PDFs is tested with the whole system.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod foreign;
mod hand;
mod judge;
mod visible;
