//! What reaches the terminal. The service's words are somebody else's: nothing in them moves the cursor, begins a line
//! or turns one around.

/// One line about what happens.
pub(super) fn step(what: &str) {
    println!("  {}", shown(what));
}

/// One line about what is wrong.
pub(super) fn complain(what: &str) {
    eprintln!("rsign: {}", shown(what));
}

/// A text on one line, as it reads: control characters and those that change the direction are written out.
pub(super) fn shown(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_directional(c) {
            line.extend(c.escape_unicode());
        } else {
            line.push(c);
        }
    }
    line
}

/// Bidirectional controls (Unicode UAX 9, 2), and the separators that end lines.
const fn is_directional(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn nothing_said_elsewhere_controls_the_terminal() {
        assert_eq!(shown("Serviço de assinatura"), "Serviço de assinatura");
        assert_eq!(shown("a\u{1b}[2Jb\r\nc\u{9b}"), "a\\u{1b}[2Jb\\u{d}\\u{a}c\\u{9b}");
        assert_eq!(shown("x\u{202e}y"), "x\\u{202e}y");
    }
}
