//! `auth.expression` (2.5, 11.5): which authentication objects satisfy a credential. AND binds closest, then XOR, then OR.

use std::fmt;
use std::str::FromStr;

/// Longest text that is read, octets: its parentheses are as deep at most.
const LONGEST: usize = 256;

/// An expression over ids of authentication objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// This object.
    Object(String),
    /// All of them.
    And(Vec<Self>),
    /// An odd number of them: of two, one and not the other.
    Xor(Vec<Self>),
    /// At least one of them.
    Or(Vec<Self>),
}

/// How v1 says whether an object has to be brought (`PIN.presence`, `OTP.presence`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Always.
    Needed,
    /// There is a way without it.
    Optional,
    /// The expression does not name it.
    Absent,
}

impl Presence {
    /// The word, a string in JSON.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Needed => "true",
            Self::Optional => "optional",
            Self::Absent => "false",
        }
    }
}

/// What is no expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an expression is ids with AND, OR, XOR and parentheses between them")]
pub struct Malformed;

impl Expression {
    /// One object alone.
    #[must_use]
    pub fn object(id: &str) -> Self {
        Self::Object(id.to_owned())
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::And(vec![self, other])
    }

    /// Whether these objects satisfy it.
    #[must_use]
    pub fn holds(&self, brought: &[&str]) -> bool {
        let parts = |parts: &[Self]| parts.iter().filter(|part| part.holds(brought)).count();
        match self {
            Self::Object(id) => brought.contains(&id.as_str()),
            Self::And(all) => parts(all) == all.len(),
            Self::Xor(all) => parts(all) % 2 == 1,
            Self::Or(all) => parts(all) > 0,
        }
    }

    /// Ids of all objects, each once, in their order.
    #[must_use]
    pub fn objects(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.gather(&mut found);
        found
    }

    fn gather<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::Object(id) if found.contains(&id.as_str()) => {}
            Self::Object(id) => found.push(id),
            Self::And(all) | Self::Xor(all) | Self::Or(all) => all.iter().for_each(|part| part.gather(found)),
        }
    }

    /// Whether this object has to be brought.
    #[must_use]
    pub fn presence(&self, id: &str) -> Presence {
        let objects = self.objects();
        let Some(place) = objects.iter().position(|known| *known == id) else { return Presence::Absent };
        let others: Vec<&str> = objects.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, id)| *id).collect();
        // Whether any choice of the others is enough: there are few.
        let is_enough = (0..1u32 << others.len().min(16)).any(|choice| {
            let chosen = others.iter().enumerate().filter(|(at, _)| choice >> at & 1 == 1);
            self.holds(&chosen.map(|(_, id)| *id).collect::<Vec<_>>())
        });
        if is_enough { Presence::Optional } else { Presence::Needed }
    }

    /// How close its parts stand together.
    const fn rank(&self) -> u8 {
        match self {
            Self::Or(_) => 0,
            Self::Xor(_) => 1,
            Self::And(_) => 2,
            Self::Object(_) => 3,
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, word) = match self {
            Self::Object(id) => return f.write_str(id),
            Self::And(parts) => (parts, " AND "),
            Self::Xor(parts) => (parts, " XOR "),
            Self::Or(parts) => (parts, " OR "),
        };
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                f.write_str(word)?;
            }
            if part.rank() <= self.rank() { write!(f, "({part})")? } else { part.fmt(f)? }
        }
        Ok(())
    }
}

impl FromStr for Expression {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if text.len() > LONGEST {
            return Err(Malformed);
        }
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let mut words = spaced.split_whitespace().peekable();
        let whole = read(&mut words, 0)?;
        if words.next().is_none() { Ok(whole) } else { Err(Malformed) }
    }
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

/// The operators, the loosest first.
const OPERATORS: [&str; 3] = ["OR", "XOR", "AND"];

/// What stands between operators of this place in [`OPERATORS`], or an id, or parentheses.
fn read(words: &mut Words<'_>, place: usize) -> Result<Expression, Malformed> {
    let Some(operator) = OPERATORS.get(place) else {
        return match words.next().ok_or(Malformed)? {
            "(" => {
                let inner = read(words, 0)?;
                if words.next() == Some(")") { Ok(inner) } else { Err(Malformed) }
            }
            id if id == ")" || OPERATORS.contains(&id) => Err(Malformed),
            id => Ok(Expression::object(id)),
        };
    };
    let first = read(words, place + 1)?;
    let mut parts = vec![first];
    while words.next_if_eq(operator).is_some() {
        parts.push(read(words, place + 1)?);
    }
    Ok(match (parts.len(), place) {
        (1, _) => parts.remove(0),
        (_, 0) => Expression::Or(parts),
        (_, 1) => Expression::Xor(parts),
        _ => Expression::And(parts),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Expression {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn it_holds_as_the_words_say() {
        for (text, enough, too_little) in [
            ("PIN", &["PIN", "PIN OTP"][..], &["", "OTP"][..]),
            ("PIN AND OTP", &["PIN OTP", "OTP PIN"], &["", "PIN", "OTP"]),
            ("PIN AND (OTP OR SMS)", &["PIN OTP", "PIN SMS", "PIN OTP SMS"], &["PIN", "OTP SMS", "SMS"]),
            ("PIN AND OTP OR SMS", &["SMS", "PIN OTP"], &["PIN", "OTP"]),
            ("OTP XOR SMS", &["OTP", "SMS"], &["", "OTP SMS"]),
            ("PIN AND OTP XOR SMS", &["SMS", "PIN OTP"], &["PIN OTP SMS", "PIN"]),
            ("((PIN))", &["PIN"], &[""]),
        ] {
            let expression = read(text);
            let holds = |brought: &&str| expression.holds(&brought.split_whitespace().collect::<Vec<_>>());
            assert!(enough.iter().all(holds) && !too_little.iter().any(holds), "{text}");
        }
    }

    #[test]
    fn it_is_written_with_the_parentheses_it_needs() {
        for (text, written) in [
            ("PIN", "PIN"),
            ("(PIN) AND OTP", "PIN AND OTP"),
            ("PIN AND(OTP OR SMS)", "PIN AND (OTP OR SMS)"),
            ("(PIN AND OTP) OR SMS", "PIN AND OTP OR SMS"),
            ("PIN AND OTP AND SMS", "PIN AND OTP AND SMS"),
            ("PIN AND (OTP XOR SMS)", "PIN AND (OTP XOR SMS)"),
        ] {
            assert_eq!(read(text).to_string(), written);
        }
        assert_eq!(Expression::object("PIN").and(Expression::object("OTP")), read("PIN AND OTP"));
    }

    #[test]
    fn v1_hears_what_is_needed() {
        let expression = read("PIN AND (OTP OR SMS)");
        assert_eq!(expression.objects(), ["PIN", "OTP", "SMS"]);
        let presence = |id| expression.presence(id).text();
        assert_eq!(["PIN", "OTP", "SMS", "FACE"].map(presence), ["true", "optional", "optional", "false"]);
        assert_eq!(read("PIN").presence("OTP"), Presence::Absent);
        assert_eq!(read("PIN AND OTP").presence("OTP"), Presence::Needed);
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in ["", "AND", "PIN AND", "PIN OTP", "(PIN", "PIN)", "()", "PIN AND OR OTP", "OR PIN"] {
            assert_eq!(text.parse::<Expression>(), Err(Malformed), "{text}");
        }
        assert_eq!(format!("{}PIN{}", "(".repeat(200), ")".repeat(200)).parse::<Expression>(), Err(Malformed));
    }

    fn any() -> impl Strategy<Value = Expression> {
        let object = prop::sample::select(vec!["PIN", "OTP", "SMS"]).prop_map(Expression::object);
        object.prop_recursive(3, 12, 3, |inner| {
            let parts = prop::collection::vec(inner, 2..4);
            (parts, 0..3u8).prop_map(|(parts, which)| match which {
                0 => Expression::And(parts),
                1 => Expression::Xor(parts),
                _ => Expression::Or(parts),
            })
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(expression in any()) {
            let text = expression.to_string();
            prop_assume!(text.len() <= LONGEST);
            prop_assert_eq!(text.parse::<Expression>().unwrap(), expression);
        }

        #[test]
        fn reading_never_panics(text in "[()ANDORXPI ]{0,300}") {
            let _ = text.parse::<Expression>();
        }
    }
}
