//! What is signed: PDFs, and messages of which every one of a run is another, so that a signature that belongs to
//! another caller does not verify.

use sha2::{Digest as _, Sha256};

/// A PDF of one page whose content is so many octets that nothing can pack, another one for each number.
pub(crate) fn pdf(octets: usize, number: usize) -> Vec<u8> {
    let mut state = number as u64 + 1;
    let mut content = Vec::with_capacity(octets + 8);
    while content.len() < octets {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        content.extend_from_slice(&state.to_be_bytes());
    }
    let head = format!("<</Length {}>>\nstream\n", content.len());
    let objects: [&[u8]; 4] = [
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 300 200]>>",
        &[head.as_bytes(), &content, b"\nendstream"].concat(),
    ];
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut table = String::from("xref\n0 5\n0000000000 65535 f \n");
    for (index, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.extend_from_slice(format!("{} 0 obj\n", index + 1).as_bytes());
        file.extend_from_slice(object);
        file.extend_from_slice(b"\nendobj\n");
    }
    let start = file.len();
    file.extend_from_slice(table.as_bytes());
    file.extend_from_slice(format!("trailer\n<</Size 5 /Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").as_bytes());
    file
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
