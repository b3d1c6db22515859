//! PDFs to be signed, and what stands in a signed one.

use data_encoding::HEXLOWER_PERMISSIVE;

/// A PDF of one page whose content is so many octets that nothing can pack, another one for each number.
pub(super) fn pdf(octets: usize, number: usize) -> Vec<u8> {
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

/// The CMS of the signature that was appended, with its padding, and what `/ByteRange` covers.
pub(super) fn taken_apart(signed: &[u8], original: usize) -> Option<(Vec<u8>, Vec<u8>)> {
    let update = String::from_utf8_lossy(signed.get(original..)?);
    let numbers = update.split_once("/ByteRange [")?.1.split_once(']')?.0;
    let numbers: Vec<usize> = numbers.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let [0, before, after, rest] = numbers[..] else { return None };
    let cms = HEXLOWER_PERMISSIVE.decode(signed.get(before + 1..after - 1)?).ok()?;
    (after + rest == signed.len()).then(|| (cms, [&signed[..before], &signed[after..]].concat()))
}
