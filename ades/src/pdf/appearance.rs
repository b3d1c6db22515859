//! What is seen of a signature: lines of text in a rectangle, as a form XObject (ISO 32000-2, 8.10 and 12.5.5).

use super::Error;
use super::file::File;
use super::layout::{LEADING, Layout};
use super::pages;
use super::revision::Revision;
use super::text::{hexadecimal, number};
use super::value::{Dictionary, Id};

/// Room between the frame and the text, units of the page; less in what is small.
const MARGIN: f64 = 4.0;
/// Least width and height in which something is seen.
const LEAST: f64 = 10.0;
/// What rounding may put beyond the edge of a page: nobody sees it.
const HAIR: f64 = 0.1;

/// Corners of a rectangle in order: left, bottom, right, top.
pub(super) fn in_order([x1, y1, x2, y2]: [f64; 4]) -> [f64; 4] {
    [x1.min(x2), y1.min(y2), x1.max(x2), y1.max(y2)]
}

/// The rectangle, its corners in order; refused if nothing would be seen in it, or not all of it on a page of these bounds.
pub(super) fn check(rectangle: [f64; 4], bounds: [f64; 4]) -> Result<[f64; 4], Error> {
    let [left, bottom, right, top] = in_order(rectangle);
    if !(right - left >= LEAST && top - bottom >= LEAST) {
        return Err(Error::Small);
    }
    let [first, lowest, last, highest] = bounds;
    if left < first - HAIR || bottom < lowest - HAIR || right > last + HAIR || top > highest + HAIR {
        return Err(Error::OffPage);
    }
    Ok([left, bottom, right, top])
}

/// The rectangle of a widget, if it has one that is seen.
pub(super) fn rectangle(file: &File<'_>, widget: &Dictionary<'_>) -> Result<Option<[f64; 4]>, Error> {
    let mut corners = [0.0; 4];
    let members = file.array(widget, "Rect")?.unwrap_or_default();
    for (corner, member) in corners.iter_mut().zip(members) {
        *corner = file.resolve(member)?.and_then(|corner| corner.number()).unwrap_or(0.0);
    }
    let [left, bottom, right, top] = in_order(corners);
    Ok((right > left && top > bottom).then_some([left, bottom, right, top]))
}

/// By how many degrees what a widget shows has to be turned, so that it stands upright: as the widget itself says (table 192),
/// or else its page.
pub(super) fn turned(file: &File<'_>, widget: &Dictionary<'_>) -> Result<i64, Error> {
    if let Some(look) = file.value(widget, "MK")?.and_then(|look| look.dictionary())
        && let Some(turned) = file.value(&look, "R")?.and_then(|turned| turned.integer())
    {
        return Ok(pages::quarters(turned));
    }
    pages::turned(file, file.value(widget, "P")?.and_then(|page| page.dictionary()))
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
    let (id, font) = (revision.number(), revision.number());
    // An object of its own: tools that list fonts look each up by its number.
    revision.add(font, "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding>>");
    let entries = format!(
        "/Type /XObject /Subtype /Form /BBox [0 0 {} {}] /Matrix [{}] /Resources <</Font <</F1 {} {} R>>>>",
        number(width),
        number(height),
        matrix.map(number).join(" "),
        font.0,
        font.1
    );
    revision.add_stream(id, &entries, content.as_bytes());
    Ok(id)
}

/// The content stream: a frame, and the lines as large as they fit.
fn draw(width: f64, height: f64, lines: &[String]) -> Result<String, Error> {
    let margin = MARGIN.min(width.min(height) / 8.0);
    let Layout { size, lines } = Layout::of(lines, width - 2.0 * margin, height - 2.0 * margin)?;
    let first = height - margin - size;
    let mut content = format!("q\n0.5 w\n0.25 0.25 {} {} re\nS\nBT\n", number(width - 0.5), number(height - 0.5));
    content.push_str(&format!("/F1 {} Tf\n{} TL\n", number(size), number(size * LEADING)));
    content.push_str(&format!("{} {} Td\n", number(margin), number(first)));
    for line in &lines {
        content.push_str(&format!("<{}> Tj\nT*\n", hexadecimal(line)));
    }
    content.push_str("ET\nQ");
    Ok(content)
}
