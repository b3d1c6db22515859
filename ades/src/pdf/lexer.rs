//! Where the objects of PDF source text end (ISO 32000-2, 7.2 and 7.3). Nothing is copied, nothing is interpreted.

/// How deep arrays and dictionaries may lie in each other.
const MAX_DEPTH: usize = 64;

/// White space, and nothing else (7.2.3, table 1).
pub(super) fn is_blank(octet: u8) -> bool {
    matches!(octet, 0 | b'\t' | b'\n' | 0x0C | b'\r' | b' ')
}

/// What ends a name, a number or a keyword beside white space (7.2.3, table 2).
fn is_delimiter(octet: u8) -> bool {
    matches!(octet, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

fn is_regular(octet: u8) -> bool {
    !is_blank(octet) && !is_delimiter(octet)
}

/// The first position from `at` that is neither white space nor comment.
pub(super) fn skip_blank(text: &[u8], mut at: usize) -> usize {
    loop {
        match text.get(at) {
            Some(&octet) if is_blank(octet) => at += 1,
            Some(b'%') => {
                at += text.get(at..).unwrap_or_default().iter().take_while(|o| !matches!(o, b'\r' | b'\n')).count();
            }
            _ => return at,
        }
    }
}

/// Where the run of regular characters from `at` ends.
pub(super) fn skip_regular(text: &[u8], at: usize) -> usize {
    at + text.get(at..).unwrap_or_default().iter().take_while(|o| is_regular(**o)).count()
}

/// Whether this keyword stands at `at`, as a whole word.
pub(super) fn keyword(text: &[u8], at: usize, word: &[u8]) -> bool {
    text.get(at..).is_some_and(|rest| rest.starts_with(word))
        && !text.get(at + word.len()).is_some_and(|o| is_regular(*o))
}

/// An unsigned integer of at most ten digits at `at`, and where it ends.
pub(super) fn unsigned(text: &[u8], at: usize) -> Option<(u64, usize)> {
    let end = skip_regular(text, at);
    let digits = text.get(at..end).filter(|digits| (1..=10).contains(&digits.len()))?;
    let value = digits.iter().try_fold(0, |sum, o| o.is_ascii_digit().then(|| sum * 10 + u64::from(*o - b'0')))?;
    Some((value, end))
}

/// The numbers of `12 0 R` or `12 0 obj`, as `word` says, and where that ends.
pub(super) fn numbers_and_word(text: &[u8], at: usize, word: &[u8]) -> Option<((u32, u16), usize)> {
    let (number, end) = unsigned(text, at)?;
    let (generation, end) = unsigned(text, skip_blank(text, end))?;
    let at = skip_blank(text, end);
    // Some writers leave no space after `obj`, and none is needed before a delimiter.
    let whole = if word == b"R" { keyword(text, at, word) } else { text.get(at..)?.starts_with(word) };
    whole.then_some(((u32::try_from(number).ok()?, u16::try_from(generation).ok()?), at + word.len()))
}

/// Where the object ends that begins at `at`; none if there is none, or one that lies too deep.
pub(super) fn end_of(text: &[u8], at: usize) -> Option<usize> {
    end_within(text, at, MAX_DEPTH)
}

fn end_within(text: &[u8], at: usize, depth: usize) -> Option<usize> {
    match *text.get(at)? {
        b'(' => literal_end(text, at),
        b'<' if text.get(at + 1) == Some(&b'<') => group_end(text, at + 2, b">>", depth),
        b'<' => hexadecimal_end(text, at),
        b'[' => group_end(text, at + 1, b"]", depth),
        b'/' => Some(skip_regular(text, at + 1)),
        b'0'..=b'9' => match numbers_and_word(text, at, b"R") {
            Some((_, end)) => Some(end),
            None => number_end(text, at),
        },
        b'+' | b'-' | b'.' => number_end(text, at),
        _ => [&b"true"[..], b"false", b"null"].iter().find(|w| keyword(text, at, w)).map(|w| at + w.len()),
    }
}

/// The end of an array or dictionary whose first member may begin at `at`.
fn group_end(text: &[u8], mut at: usize, close: &[u8], depth: usize) -> Option<usize> {
    let depth = depth.checked_sub(1)?;
    loop {
        at = skip_blank(text, at);
        if text.get(at..)?.starts_with(close) {
            return Some(at + close.len());
        }
        at = end_within(text, at, depth)?;
    }
}

fn number_end(text: &[u8], at: usize) -> Option<usize> {
    let end = skip_regular(text, at);
    let number = text.get(at..end)?;
    let digits = number.strip_prefix(b"+").or_else(|| number.strip_prefix(b"-")).unwrap_or(number);
    let fits = digits.iter().all(|o| o.is_ascii_digit() || *o == b'.')
        && digits.iter().any(u8::is_ascii_digit)
        && digits.iter().filter(|o| **o == b'.').count() <= 1;
    fits.then_some(end)
}

fn literal_end(text: &[u8], at: usize) -> Option<usize> {
    let mut open = 0_usize;
    let mut escaped = false;
    for (position, octet) in text.iter().enumerate().skip(at) {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => open += 1,
            b')' if open == 1 => return Some(position + 1),
            b')' => open -= 1,
            _ => {}
        }
    }
    None
}

fn hexadecimal_end(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at + 1..)?;
    let length = rest.iter().take_while(|o| o.is_ascii_hexdigit() || is_blank(**o)).count();
    (rest.get(length) == Some(&b'>')).then_some(at + length + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> bool {
        end_of(text.as_bytes(), 0) == Some(text.len())
    }

    #[test]
    fn every_kind_of_object_ends_where_it_ends() {
        for text in [
            "null",
            "true",
            "-1.5",
            "+7",
            ".5",
            "12",
            "12 0 R",
            "/Name",
            "/",
            "/A#20B",
            "(a(b)c\\)d)",
            "(\\\\)",
            "<>",
            "<41 4>",
            "[]",
            "[1 2 0 R/N(x)]",
            "<<>>",
            "<</A[<</B<41>>>]/C 1>>",
            "<< % >> comment\n /A 1 >>",
        ] {
            assert!(whole(text), "{text}");
        }
        assert_eq!(end_of(b"12 0 Rx", 0), Some(2), "a number, since no reference follows");
        assert_eq!(end_of(b"/A/B", 0), Some(2));
    }

    #[test]
    fn what_is_no_object_has_no_end() {
        for text in ["", "(", "<<", "[", "<4", "<4x>", "]", ">>", "R", "1.2.3", "-", "--1", "nullx", "endobj", "{"] {
            assert_eq!(end_of(text.as_bytes(), 0), None, "{text}");
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(whole(&nested(MAX_DEPTH)));
        assert_eq!(end_of(nested(MAX_DEPTH + 1).as_bytes(), 0), None);
        assert_eq!(end_of(nested(1_000_000).as_bytes(), 0), None);
    }
}
