//! Simple PDFs, written from their objects: to measure with, to get warm with, and for tests to begin with.

/// A file of these objects, numbered from 1, with one cross-reference table (ISO 32000-1, 7.5). The first is the catalog;
/// `trailer` are further entries of the trailer.
#[must_use]
pub fn paper(objects: &[impl AsRef<[u8]>], trailer: &str) -> Vec<u8> {
    let size = objects.len() + 1;
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {size}\n0000000000 65535 f \n");
    for (place, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.extend_from_slice(format!("{} 0 obj\n", place + 1).as_bytes());
        file.extend_from_slice(object.as_ref());
        file.extend_from_slice(b"\nendobj\n");
    }
    let start = file.len();
    let end = format!("{table}trailer\n<</Size {size} /Root 1 0 R {trailer}>>\nstartxref\n{start}\n%%EOF\n");
    file.extend_from_slice(end.as_bytes());
    file
}

/// An object that is a stream of these octets.
#[must_use]
pub fn stream(octets: &[u8]) -> Vec<u8> {
    [format!("<</Length {}>>\nstream\n", octets.len()).as_bytes(), octets, b"\nendstream"].concat()
}
