//! Which passwords are taken. No rule about kinds of characters: length is what counts (NIST SP 800-63B, 3.1.1.2).

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::user::canonical;

/// Fewest characters.
pub const SHORTEST: usize = 12;

/// Most characters: more is an attempt to keep us busy.
pub const LONGEST: usize = 128;

/// What is wrong with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer characters than [`SHORTEST`].
    Short,
    /// More than [`LONGEST`].
    Long,
    /// What everybody tries first: known ones, one character over and over, runs of the alphabet or the keyboard.
    Common,
    /// The user name is most of it.
    Personal,
}

/// Beginnings or ends that make most of the long passwords in lists of stolen ones.
const COMMON: [&str; 16] = [
    "password",
    "passw0rd",
    "palavrapasse",
    "palavra-passe",
    "senha",
    "qwerty",
    "azerty",
    "iloveyou",
    "letmein",
    "welcome",
    "benfica",
    "portugal",
    "sporting",
    "administrator",
    "changeme",
    "football",
];

/// Rows that fingers run along.
const RUNS: [&str; 6] = [
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "01234567890123456789",
    "1q2w3e4r5t6y7u8i9o0p",
    "qazwsxedcrfvtgbyhnujmikolp",
];

/// Judges a new password.
///
/// # Errors
/// Its weakness.
pub fn judge(password: &str, username: &str) -> Result<(), Weakness> {
    let plain = Zeroizing::new(password.nfkc().flat_map(char::to_lowercase).take(LONGEST + 1).collect::<String>());
    let length = plain.chars().count();
    if length < SHORTEST {
        return Err(Weakness::Short);
    }
    if length > LONGEST {
        return Err(Weakness::Long);
    }
    if is_common(&plain, length) {
        return Err(Weakness::Common);
    }
    let username = canonical(username);
    if leaves_little(&plain, length, &username) {
        return Err(Weakness::Personal);
    }
    Ok(())
}

fn is_common(plain: &str, length: usize) -> bool {
    let different = plain.chars().collect::<BTreeSet<_>>().len();
    let reversed = Zeroizing::new(plain.chars().rev().collect::<String>());
    let runs = |text: &str| RUNS.iter().any(|run| run.contains(text));
    different < 5 || runs(plain) || runs(&reversed) || COMMON.iter().any(|word| leaves_little(plain, length, word))
}

/// Whether the word is in it, however often, and not much besides.
fn leaves_little(plain: &str, length: usize, word: &str) -> bool {
    const MUCH: usize = 6;
    let times = if word.is_empty() { 0 } else { plain.matches(word).count() };
    times > 0 && length.saturating_sub(times.saturating_mul(word.chars().count())) < MUCH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_and_what_everybody_tries_does_not() {
        for (password, expected) in [
            ("short", Err(Weakness::Short)),
            ("onze-letras", Err(Weakness::Short)),
            ("aaaaaaaaaaaaaaaa", Err(Weakness::Common)),
            ("Password1234", Err(Weakness::Common)),
            ("passwordpassword", Err(Weakness::Common)),
            ("qwertyuiopas", Err(Weakness::Common)),
            ("987654321098", Err(Weakness::Common)),
            ("ann.lee@2024", Err(Weakness::Personal)),
            ("correct horse battery", Ok(())),
            ("My password is long enough", Ok(())),
            ("ação e reação", Ok(())),
        ] {
            assert_eq!(judge(password, "Ann.Lee"), expected, "{password}");
        }
        assert_eq!(judge(&"ab1 x".repeat(26), ""), Err(Weakness::Long));
    }
}
