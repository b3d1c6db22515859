//! What reaches the terminal. The service's words are somebody else's: nothing in them moves the cursor, begins a line
//! or turns one around.

use rsign_api::line::escaped;

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
    escaped(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn nothing_said_elsewhere_controls_the_terminal() {
        assert_eq!(shown("Serviço de assinatura"), "Serviço de assinatura");
        assert_eq!(shown("a\u{1b}[2Jb\r\nc\u{9b}"), "a\\u{1b}[2Jb\\r\\nc\\u{9b}");
        assert_eq!(shown("x\u{202e}y"), "x\\u{202e}y");
    }
}
