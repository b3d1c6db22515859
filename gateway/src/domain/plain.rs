//! Text of others that people will read: names of apps, labels of documents.

/// The text without what could make it look like something else: control characters, and those that turn the
/// direction of writing or hide. Spaces of every kind become one; what is longer than `most` characters is cut.
/// Escaping is left to whoever writes it down.
#[must_use]
pub fn plain(text: &str, most: usize) -> String {
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let visible: String = spaced.filter(|c| !is_deceptive(*c)).collect();
    let mut words = visible.split(' ').filter(|word| !word.is_empty());
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        out.push(' ');
        out.push_str(word);
    }
    match out.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", out.get(..end).unwrap_or_default()),
        None => out,
    }
}

/// Control and format characters, but for the joiners that Arabic, Indic scripts and emoji are written with.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn nothing_hides_or_turns_around() {
        assert_eq!(plain("contract\u{202e}fdp.exe", 80), "contractfdp.exe");
        assert_eq!(plain(" a\t\u{2028}b\u{0}\u{200b}c \u{2066}d\u{2069}\r\n", 80), "a bc d");
        assert_eq!(plain("<b>&", 80), "<b>&");
        assert_eq!(plain("Çağrı 👩‍💻 می‌خواهم", 80), "Çağrı 👩‍💻 می‌خواهم");
        assert_eq!(plain("ação", 2), "aç…");
    }
}
