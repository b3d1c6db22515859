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
        objects.push(String::from_utf8_lossy(&rsign_ades::pdf::stream(text.as_bytes())).into_owned());
    }
    rsign_ades::pdf::paper(&objects, "")
}

/// The same file with these objects once more, or besides: appended as an editor does, with the catalog in its place.
#[must_use]
pub fn edited(file: &[u8], objects: &[(usize, &str)]) -> Vec<u8> {
    let text = String::from_utf8_lossy(file);
    let before = text.rsplit("startxref\n").next().and_then(|rest| rest.lines().next()).unwrap_or_default();
    let (mut file, mut table) = (file.to_vec(), String::from("xref\n"));
    for (number, object) in objects {
        let _ = writeln!(table, "{number} 1\n{:010} 00000 n ", file.len());
        file.extend_from_slice(format!("{number} 0 obj\n{object}\nendobj\n").as_bytes());
    }
    let (start, size) = (file.len(), objects.iter().map(|(number, _)| number + 1).max().unwrap_or_default());
    let end = format!("{table}trailer\n<</Size {size} /Root 1 0 R /Prev {before}>>\nstartxref\n{start}\n%%EOF\n");
    file.extend_from_slice(end.as_bytes());
    file
}
