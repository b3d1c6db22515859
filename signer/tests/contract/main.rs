//! What the signer promises of its HSM, on every token, and of its service on a real token and a real store.
//!
//! [`hsm`](softhsm2::hsm) is written once and mounted once per token; [`service`] runs on SoftHSM2. Tests that show a
//! row of the attack table (security.md 2.3) have its number in their name. Nothing here loads a PKCS#11 library into
//! the test process itself: tokens are made by `rsign-signer init`, used through worker processes, and forged by a
//! [`child`](harness::child).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::duplicate_mod, reason = "one suite, mounted once per token")]

mod desk;
mod ending;
mod handover;
mod harness;
mod masters;
mod memory;
mod officers;
mod page;
mod service;
mod settings;
mod strangers;
mod trail;
mod words;

#[path = "."]
mod softhsm2 {
    const TOKEN: crate::harness::Kind = crate::harness::Kind::SoftHsm2;
    mod hsm;
}

#[path = "."]
mod kryoptic {
    const TOKEN: crate::harness::Kind = crate::harness::Kind::Kryoptic;
    mod hsm;
}

/// Kryoptic with the other derivation it offers: what depends on that.
#[path = "hsm"]
mod kryoptic_hkdf {
    const TOKEN: crate::harness::Kind = crate::harness::Kind::KryopticHkdf;
    mod ceremony;
    mod refused;
    mod rewrap;
    mod templates;
}
