//! The whole system: real programs, a real token, real stores, real clients. One file a subject; names say what is
//! shown, and `a_19` stands for row A-19 of the attack table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod abuse;
mod asynchronous;
mod bad_input;
mod browser;
mod channel;
mod clients;
mod common;
mod concurrency;
mod conformance;
mod demo;
mod documents;
mod every_document;
mod evil_gateway;
mod failure;
mod foreign_tsa;
mod implicit;
mod jsign;
mod judges;
mod kills;
mod kinds;
mod kryoptic;
mod limits;
mod long_documents;
mod memory;
mod mutual_tls;
mod oauth2;
mod ocsp;
mod one_time_codes;
mod pages;
mod pin;
mod renewal;
mod rows;
mod sad;
mod sandbox;
mod secrets;
mod sign_doc;
mod sign_doc_parallel;
mod sign_doc_text;
mod sign_pdf;
mod stores;
mod timestamp;
mod tolerance;
mod wire_v1;
mod wire_v2;
