//! Lines of a log. What strangers say may stand in one (an address in a certificate, a word of another server), and must not
//! look like a line of its own, or do something to who reads it.

use std::borrow::Cow;
use std::io::{self, Write};

/// Characters that are no control characters and still end a line, or turn round or hide what stands beside them.
const ODD: [char; 16] = [
    '\u{200b}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}',
    '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}', '\u{061c}', '\u{feff}',
];

/// A text in one line: what is not for the eye is written as an escape.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    rewritten(text, |odd, line| line.extend(odd.escape_default()))
}

/// The same of a JSON text, in its own escapes (RFC 8259, 7): who reads the JSON finds what stood there.
#[must_use]
pub fn escaped_json(json: &str) -> Cow<'_, str> {
    rewritten(json, |odd, line| {
        for unit in odd.encode_utf16(&mut [0; 2]) {
            line.push_str(&format!("\\u{unit:04x}"));
        }
    })
}

fn rewritten(text: &str, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    let is_odd = |next: char| next.is_control() || ODD.contains(&next);
    if !text.contains(is_odd) {
        return text.into();
    }
    let mut line = String::with_capacity(text.len() + 16);
    for next in text.chars() {
        if is_odd(next) { escape(next, &mut line) } else { line.push(next) }
    }
    line.into()
}

/// Writes events, each given at once and ended by a line end, as one line each.
#[derive(Debug)]
pub struct Lines<W>(pub W);

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let (text, end) = match event.split_last() {
            Some((b'\n', text)) => (text, &b"\n"[..]),
            _ => (event, &b""[..]),
        };
        self.0.write_all(&[escaped(&String::from_utf8_lossy(text)).as_bytes(), end].concat())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_is_in_it() {
        let mut log = Lines(Vec::new());
        log.write_all("a\nb \r\x1b[31m\t\u{85}\u{2028}\u{202e} \"quoted\" \u{e9}\u{20ac}\n".as_bytes()).unwrap();
        log.write_all(b"no end").unwrap();
        let expected = "a\\nb \\r\\u{1b}[31m\\t\\u{85}\\u{2028}\\u{202e} \"quoted\" \u{e9}\u{20ac}\nno end";
        assert_eq!(String::from_utf8(log.0).unwrap(), expected);
        assert!(matches!(escaped("plain \u{e9}"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_says_the_same_to_who_reads_it() {
        let name = "a\u{202e}fdp.\u{2028}\u{85}\u{7f}\u{e9}\n";
        let json = serde_json::to_string(name).unwrap();
        let line = escaped_json(&json);
        assert_eq!(line, "\"a\\u202efdp.\\u2028\\u0085\\u007f\u{e9}\\n\"");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), name);
    }
}
