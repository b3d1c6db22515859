//! PDFs of these tests' own making: a line of text on each page.

use std::fmt::Write as _;

/// A PDF with one page for each of these turns (`/Rotate`), shown as 300 by 200 units every one.
#[must_use]
pub fn pdf(turns: &[u32]) -> Vec<u8> {
    let kids: Vec<String> = (0..turns.len()).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
    let mut objects = vec![
        "<</Type /Catalog /Pages 2 0 R>>".to_owned(),
        format!("<</Type /Pages /Kids [{}] /Count {}>>", kids.join(" "), kids.len()),
        "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>".to_owned(),
    ];
    for (page, turn) in turns.iter().enumerate() {
        let (width, height) = if turn % 180 == 0 { (300, 200) } else { (200, 300) };
        let text = format!("BT /F1 12 Tf 20 20 Td (Page {}) Tj ET", page + 1);
        objects.push(format!(
            "<</Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Rotate {turn} /Contents {} 0 R \
             /Resources <</Font <</F1 3 0 R>>>>>>",
            5 + 2 * page
        ));
        objects.push(format!("<</Length {}>>\nstream\n{text}\nendstream", text.len()));
    }
    let mut file = String::from("%PDF-1.7\n");
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (index, object) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", file.len());
        let _ = write!(file, "{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let start = file.len();
    let size = objects.len() + 1;
    file.push_str(&table);
    let _ = write!(file, "trailer\n<</Size {size} /Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n");
    file.into_bytes()
}
