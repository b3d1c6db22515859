//! What is seen of a signature: lines of text in a rectangle, as a form XObject (ISO 32000-2, 8.10 and 12.5.5).

use super::Error;
use super::file::File;
use super::helvetica;
use super::revision::Revision;
use super::text::{hexadecimal, number};
use super::value::{Dictionary, Id};

/// Room between the frame and the text, units of the page.
const MARGIN: f64 = 4.0;
/// From one line to the next, in sizes of the font.
const LEADING: f64 = 1.2;
/// Sizes of the font, units of the page.
const LARGEST: f64 = 12.0;
const SMALLEST: f64 = 2.0;
/// Lines and characters that may be asked for.
const LINES: usize = 32;
const CHARACTERS: usize = 500;

/// The rectangle, its corners in order; refused if nothing would be seen in it.
pub(super) fn check([x1, y1, x2, y2]: [f64; 4]) -> Result<[f64; 4], Error> {
    let rectangle = [x1.min(x2), y1.min(y2), x1.max(x2), y1.max(y2)];
    let [left, bottom, right, top] = rectangle;
    let sane = rectangle.iter().all(|corner| corner.is_finite() && corner.abs() <= 14_400.0); // annex C: 200 inches
    if sane && right - left >= 2.0 * MARGIN + SMALLEST && top - bottom >= 2.0 * MARGIN + SMALLEST {
        return Ok(rectangle);
    }
    Err(Error::Wish("nothing would be seen in the signature's rectangle"))
}

/// The rectangle of a widget, if it has one in which something is seen.
pub(super) fn rectangle(file: &File<'_>, widget: &Dictionary<'_>) -> Result<Option<[f64; 4]>, Error> {
    let mut corners = [0.0; 4];
    let members = file.array(widget, "Rect")?.unwrap_or_default();
    for (corner, member) in corners.iter_mut().zip(members) {
        *corner = file.resolve(member)?.and_then(|corner| corner.number()).unwrap_or(0.0);
    }
    Ok(check(corners).ok())
}

/// Adds the appearance for a rectangle on a page that is shown turned by so many degrees; the text stands upright.
pub(super) fn add(
    revision: &mut Revision<'_, '_>,
    [left, bottom, right, top]: [f64; 4],
    turned: i64,
    lines: &[String],
) -> Result<Id, Error> {
    let (across, up) = (right - left, top - bottom);
    let (width, height, matrix) = match turned {
        90 => (up, across, [0.0, 1.0, -1.0, 0.0, across, 0.0]),
        180 => (across, up, [-1.0, 0.0, 0.0, -1.0, across, up]),
        270 => (up, across, [0.0, -1.0, 1.0, 0.0, 0.0, up]),
        _ => (across, up, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
    };
    let content = draw(width, height, lines)?;
    let font = "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding>>";
    let entries = format!(
        "/Type /XObject /Subtype /Form /BBox [0 0 {} {}] /Matrix [{}] /Resources <</Font <</F1 {font}>>>>",
        number(width),
        number(height),
        matrix.map(number).join(" ")
    );
    let id = revision.number();
    revision.add_stream(id, &entries, content.as_bytes());
    Ok(id)
}

/// The content stream: a frame, and the lines as large as they fit.
fn draw(width: f64, height: f64, lines: &[String]) -> Result<String, Error> {
    if lines.len() > LINES || lines.iter().any(|line| line.chars().count() > CHARACTERS) {
        return Err(Error::Wish("the visible signature has too much text"));
    }
    let coded: Vec<Vec<u8>> = lines.iter().map(|line| encode(line)).collect::<Result<_, _>>()?;
    let widest = coded.iter().map(|line| line.iter().map(|c| f64::from(helvetica::width(*c))).sum::<f64>());
    let widest = widest.fold(1.0, f64::max) / 1000.0;
    let count = f64::from(u32::try_from(coded.len()).unwrap_or(u32::MAX)).max(1.0);
    let (inner_width, inner_height) = (width - 2.0 * MARGIN, height - 2.0 * MARGIN);
    let size = LARGEST.min(inner_width / widest).min(inner_height / (count * LEADING)).max(SMALLEST);
    let first = height - MARGIN - size;
    let mut content = format!("q\n0.5 w\n0.25 0.25 {} {} re\nS\nBT\n", number(width - 0.5), number(height - 0.5));
    content.push_str(&format!("/F1 {} Tf\n{} TL\n", number(size), number(size * LEADING)));
    content.push_str(&format!("{} {} Td\n", number(MARGIN), number(first)));
    for line in &coded {
        content.push_str(&format!("<{}> Tj\nT*\n", hexadecimal(line)));
    }
    content.push_str("ET\nQ");
    Ok(content)
}

fn encode(line: &str) -> Result<Vec<u8>, Error> {
    line.chars().map(|c| helvetica::code(c).ok_or(Error::Character(c))).collect()
}
