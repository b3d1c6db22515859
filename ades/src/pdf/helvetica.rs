//! The font Helvetica, which every reader of PDF has, in `WinAnsiEncoding` (ISO 32000-2, 9.6.2.2 and annex D).

/// Widths of the characters from space to tilde, thousandths of the font's size.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];

/// What the codes from 128 to 159 stand for; the replacement character for nothing.
const FROM_128: [char; 32] = [
    '€', '\u{FFFD}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{FFFD}', 'Ž', '\u{FFFD}', '\u{FFFD}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{FFFD}', 'ž', 'Ÿ',
];

/// The code of a character, if the encoding has it.
pub(super) fn code(character: char) -> Option<u8> {
    match character {
        ' '..='~' | '\u{A0}'..='\u{FF}' => u8::try_from(u32::from(character)).ok(),
        char::REPLACEMENT_CHARACTER => None,
        _ => FROM_128.iter().position(|c| *c == character).and_then(|place| u8::try_from(place + 128).ok()),
    }
}

/// Width of a character in thousandths of the font's size; for those beyond ASCII an upper bound.
pub(super) fn width(code: u8) -> u16 {
    match code {
        b' '..=b'~' => WIDTHS.get(usize::from(code - b' ')).copied().unwrap_or(1000),
        0xE0..=0xE5 | 0xE8..=0xEB | 0xF0..=0xF6 | 0xF9..=0xFC => 556,
        0xC0..=0xC5 | 0xC8..=0xCB => 667,
        0xCC..=0xCF | 0xEC..=0xEF => 278,
        0xD1..=0xD6 | 0xD9..=0xDC => 778,
        _ => 1000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_have_the_codes_of_windows_1252() {
        assert_eq!(['A', 'é', '€', 'ž', 'ÿ'].map(code), [Some(65), Some(0xE9), Some(128), Some(0x9E), Some(0xFF)]);
        assert_eq!(['Ł', '\n', '\u{FFFD}', '\u{81}', 'Ж'].map(code), [None; 5]);
    }
}
