//! Text strings, names, dates and numbers as PDF writes them (ISO 32000-2, 7.3.4, 7.3.5, 7.9.2, 7.9.4).

use std::fmt::Write as _;
use std::time::SystemTime;

use der::DateTime;

use super::Error;

/// A text string: a literal one where ASCII is enough, else UTF-16BE with its mark, in hexadecimal.
pub(super) fn string(text: &str) -> String {
    if text.bytes().all(|octet| matches!(octet, b' '..=b'~')) {
        return format!("({})", text.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)"));
    }
    let mut hexadecimal = String::from("<FEFF");
    for unit in text.encode_utf16() {
        let _ = write!(hexadecimal, "{unit:04X}");
    }
    hexadecimal + ">"
}

/// What a text string says. Octets that are no UTF are taken for Latin-1, of which PDFDocEncoding differs in few places.
pub(super) fn decode(octets: &[u8]) -> String {
    match octets {
        [0xFE, 0xFF, units @ ..] => utf16(units, u16::from_be_bytes),
        [0xFF, 0xFE, units @ ..] => utf16(units, u16::from_le_bytes),
        [0xEF, 0xBB, 0xBF, utf8 @ ..] => String::from_utf8_lossy(utf8).into_owned(),
        _ => octets.iter().map(|octet| char::from(*octet)).collect(),
    }
}

fn utf16(octets: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = octets.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// `(D:20261130215900Z)`.
pub(super) fn date(time: SystemTime) -> Result<String, Error> {
    let t = DateTime::from_system_time(time).map_err(|_| Error::Wish("the time is not of this era"))?;
    let (hour, minute, second) = (t.hour(), t.minutes(), t.seconds());
    Ok(format!("(D:{:04}{:02}{:02}{hour:02}{minute:02}{second:02}Z)", t.year(), t.month(), t.day()))
}

/// A number with at most three decimals.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Upper-case hexadecimal.
pub(super) fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        let _ = write!(text, "{octet:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn text_goes_in_and_comes_out() {
        assert_eq!(string("a(b)\\"), r"(a\(b\)\\)");
        assert_eq!(string("Łódź"), "<FEFF014100F30064017A>");
        assert_eq!(decode(&[0xFE, 0xFF, 0x01, 0x41, 0, b'x']), "Łx");
        assert_eq!(decode(b"\xEF\xBB\xBF\xC5\x81"), "Ł");
        assert_eq!(decode(b"a\xE9"), "aé");
    }

    #[test]
    fn numbers_and_dates_are_plain() {
        assert_eq!([number(1.0), number(0.12345), number(-3.5), number(100.0)], ["1", "0.123", "-3.5", "100"]);
        assert_eq!(date(SystemTime::UNIX_EPOCH + Duration::from_secs(86_400)).unwrap(), "(D:19700102000000Z)");
    }
}
