//! How lines of text are set so that they fit and can be read: as large as may be, unbroken where that is not too small,
//! else broken at spaces.

use super::Error;
use super::helvetica;

/// From one line to the next, in sizes of the font.
pub(super) const LEADING: f64 = 1.2;
/// Sizes of the font, units of the page. Nobody need read smaller letters, and lines are broken before they get small.
const LARGEST: f64 = 12.0;
const SMALLEST: f64 = 6.0;
const COMFORTABLE: f64 = 8.0;
/// From one size to the next where lines are broken.
const STEP: f64 = 0.5;
/// What rounding may take away.
const HAIR: f64 = 1e-6;
/// Lines and characters that may be asked for.
const LINES: usize = 32;
const CHARACTERS: usize = 500;

/// Text as it is set.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    /// Size of the font, units of the page.
    pub(super) size: f64,
    /// Lines, in the font's encoding.
    pub(super) lines: Vec<Vec<u8>>,
}

impl Layout {
    /// These lines in so much room.
    ///
    /// # Errors
    /// [`Error::Text`] where they do not fit, [`Error::Character`].
    pub(super) fn of(lines: &[String], width: f64, height: f64) -> Result<Self, Error> {
        if lines.len() > LINES || lines.iter().any(|line| line.chars().count() > CHARACTERS) {
            return Err(Error::Text);
        }
        let lines: Vec<Vec<u8>> = lines.iter().map(|line| encode(line)).collect::<Result<_, _>>()?;
        let widest = lines.iter().map(|line| measure(line)).max().unwrap_or_default();
        let size = LARGEST.min(width * 1000.0 / f64::from(widest.max(1))).min(height / (count(&lines) * LEADING));
        if size >= COMFORTABLE || lines.is_empty() {
            return Ok(Self { size: size.max(SMALLEST), lines });
        }
        let sizes = (0..).map(|step| LARGEST - STEP * f64::from(step)).take_while(|size| *size >= SMALLEST);
        let broken = sizes.into_iter().find_map(|size| {
            let most = width * 1000.0 / size + HAIR;
            let broken: Option<Vec<_>> = lines.iter().map(|line| broken(line, most)).collect();
            let lines = broken?.concat();
            (count(&lines) * LEADING * size <= height + HAIR).then_some(Self { size, lines })
        });
        broken.ok_or(Error::Text)
    }
}

fn encode(line: &str) -> Result<Vec<u8>, Error> {
    line.chars().map(|c| helvetica::code(c).ok_or(Error::Character(c))).collect()
}

/// Thousandths of the font's size.
fn measure(line: &[u8]) -> u32 {
    line.iter().map(|c| u32::from(helvetica::width(*c))).sum()
}

fn count(lines: &[Vec<u8>]) -> f64 {
    f64::from(u32::try_from(lines.len()).unwrap_or(u32::MAX)).max(1.0)
}

/// The line in pieces of at most so many thousandths; none where a word alone is wider.
fn broken(line: &[u8], most: f64) -> Option<Vec<Vec<u8>>> {
    let (mut pieces, mut piece, mut at) = (Vec::new(), 0..0, 0);
    for word in line.split(|octet| *octet == b' ') {
        let end = at + word.len();
        if f64::from(measure(&line[piece.start..end])) > most {
            if !piece.is_empty() {
                pieces.push(line[piece.clone()].to_vec());
            }
            if f64::from(measure(word)) > most {
                return None;
            }
            piece.start = at;
        }
        piece.end = end;
        at = end + 1;
    }
    pieces.push(line[piece].to_vec());
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(lines: &[&str], width: f64, height: f64) -> Result<(f64, Vec<String>), Error> {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let Layout { size, lines } = Layout::of(&lines, width, height)?;
        Ok((size, lines.into_iter().map(|line| String::from_utf8(line).unwrap()).collect()))
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        assert_eq!(set(&["Signed by", "Ana"], 200.0, 60.0).unwrap(), (12.0, vec!["Signed by".into(), "Ana".into()]));
        // Two lines of 1.2 sizes each.
        assert_eq!(set(&["a", "b"], 200.0, 24.0).unwrap().0, 10.0);
        // An i has 222 thousandths.
        assert!((set(&["i"], 2.22, 60.0).unwrap().0 - 10.0).abs() < HAIR);
        assert_eq!(set(&[], 1.0, 1.0).unwrap().1, Vec::<String>::new());
    }

    #[test]
    fn long_lines_are_broken_at_spaces_as_large_as_they_fit() {
        let (size, lines) = set(&["one two three four five six seven", "", "eight"], 60.0, 60.0).unwrap();
        assert_eq!(lines, ["one two three", "four five six", "seven", "", "eight"].map(str::to_owned));
        // At 10 there would be a line more.
        assert_eq!(size, 9.5);
        assert_eq!(set(&["aaaa  aaaa"], 31.0, 100.0).unwrap().1, ["aaaa ".to_owned(), "aaaa".to_owned()]);
    }

    #[test]
    fn what_could_not_be_read_is_refused() {
        assert_eq!(set(&["i"], 100.0, 7.2).unwrap().0, 6.0);
        assert_eq!(set(&["i"], 100.0, 7.1), Err(Error::Text));
        assert_eq!(set(&["mmmmmmmmmm"], 49.9, 100.0), Err(Error::Text), "a word is not broken");
        assert_eq!(set(&["mmmmmmmmmm"], 50.0, 100.0).unwrap().0, 6.0);
        assert_eq!(set(&["x"; 33], 1000.0, 1000.0), Err(Error::Text));
        assert_eq!(set(&[&"x".repeat(501)], 1e6, 1000.0), Err(Error::Text));
        assert_eq!(set(&["漢"], 100.0, 100.0), Err(Error::Character('漢')));
    }
}
