//! What is signed: PDFs, and messages of which every one of a run is another, so that a signature that belongs to
//! another caller does not verify.

use rsign_ades::pdf;
use sha2::{Digest as _, Sha256};

/// A PDF of one page whose content is so many octets that nothing can pack, another one for each number.
pub(crate) fn pdf(octets: usize, number: usize) -> Vec<u8> {
    let mut state = number as u64 + 1;
    let mut content = Vec::with_capacity(octets + 8);
    while content.len() < octets {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        content.extend_from_slice(&state.to_be_bytes());
    }
    let objects: [&[u8]; 4] = [
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 300 200]>>",
        &pdf::stream(&content),
    ];
    pdf::paper(&objects, "")
}

/// The message with this number.
pub(super) fn message(number: u64) -> [u8; 24] {
    let mut message = *b"rsign bench 0000 \0\0\0\0\0\0\0";
    message[16..].copy_from_slice(&number.to_be_bytes());
    message
}

pub(super) fn digest(number: u64) -> [u8; 32] {
    Sha256::digest(message(number)).into()
}
