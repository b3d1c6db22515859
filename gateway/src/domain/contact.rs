//! Where codes reach a user.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::seal::Sealed;

/// An address, and with it the way codes take. Not shown by `Debug`: it is somebody's.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Contact {
    /// By e-mail.
    Email(String),
    /// To a telephone number, in the form of E.164, by whoever stands behind the webhook.
    Phone(String),
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.way())
    }
}

/// `name@domain` of characters that need no quoting anywhere (RFC 5321, 4.1.2; 254 octets fit a path).
fn is_mailbox(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else { return false };
    let of_name = |c: u8| c.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~".contains(&c);
    let of_domain = |c: u8| c.is_ascii_alphanumeric() || b".-".contains(&c);
    let whole = |part: &str| !part.is_empty() && part.split('.').all(|label| !label.is_empty());
    text.len() <= 254
        && (whole(name) && name.bytes().all(of_name) && name.len() <= 64)
        && (whole(domain) && domain.bytes().all(of_domain))
}

/// What is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address is name@domain, a telephone number + and 7 to 15 digits")]
pub struct Unfit;

impl Contact {
    /// An address as its owner writes it.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn read(text: &str) -> Result<Self, Unfit> {
        let text = text.trim();
        match text.strip_prefix('+') {
            Some(number) => {
                let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
                let is_one = (7..=15).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit());
                if is_one { Ok(Self::Phone(format!("+{digits}"))) } else { Err(Unfit) }
            }
            None if is_mailbox(text) => Ok(Self::Email(text.to_owned())),
            None => Err(Unfit),
        }
    }

    /// What codes are counted by that go there: the same for the spellings of an e-mail address that many providers
    /// bring to one box (capitals, points, what follows a plus sign).
    #[must_use]
    pub fn box_name(&self) -> String {
        let spelled = match self {
            Self::Phone(number) => number.clone(),
            Self::Email(address) => {
                let address = address.to_ascii_lowercase();
                let (name, domain) = address.split_once('@').unwrap_or((&address, ""));
                let name = name.split('+').next().unwrap_or_default().replace('.', "");
                format!("{name}@{domain}")
            }
        };
        HEXLOWER.encode(&Sha256::digest(spelled.as_bytes()))
    }

    /// How codes go there, as `provider` of CSC says it.
    #[must_use]
    pub const fn way(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Phone(_) => "phone",
        }
    }
}

/// How long a code for an address is good, milliseconds.
pub const PATIENCE: i64 = 10 * 60 * 1000;

/// Codes that one account has sent within [`MEMORY`]: each may cost the operator money, and trouble who has the address.
const SENT: usize = 3;

/// Wrong codes that are judged within [`MEMORY`], whatever is sent: one in 100,000 is guessed so.
const WRONG: usize = 10;

/// For how long that counts, milliseconds.
const MEMORY: i64 = 60 * 60 * 1000;

/// An address that somebody gave for an account, and what it is confirmed with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Proposal {
    /// The address and its code; none once it is confirmed, or given up.
    open: Option<Open>,
    /// When codes were sent, Unix milliseconds.
    sent: Vec<i64>,
    /// When wrong codes were judged, Unix milliseconds.
    wrong: Vec<i64>,
}

/// An address that waits for its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The address.
    pub contact: Contact,
    /// The code, sealed.
    pub code: Sealed,
    /// Unix milliseconds.
    pub expires_at: i64,
}

impl Proposal {
    /// Puts another address there; or milliseconds until that may be.
    #[must_use]
    pub fn proposing(mut self, open: Open, now: i64) -> (Self, Option<i64>) {
        self.sent.retain(|at| at + MEMORY > now);
        if let wait @ Some(_) = self.wait(now) {
            return (self, wait);
        }
        self.sent.push(now);
        self.open = Some(open);
        (self, None)
    }

    /// Milliseconds until another address may be put there, if it may not now.
    #[must_use]
    pub fn wait(&self, now: i64) -> Option<i64> {
        let mut lately = self.sent.iter().filter(|at| *at + MEMORY > now);
        let first = lately.next()?;
        (1 + lately.count() >= SENT).then(|| first + MEMORY - now)
    }

    /// What may be confirmed now. After too many wrong codes nothing may, for a while.
    #[must_use]
    pub fn open(&self, now: i64) -> Option<&Open> {
        let wrong = self.wrong.iter().filter(|at| *at + MEMORY > now).count();
        self.open.as_ref().filter(|open| open.expires_at > now && wrong < WRONG)
    }

    /// Notes a wrong code.
    #[must_use]
    pub fn guessed(mut self, now: i64) -> Self {
        self.wrong.retain(|at| at + MEMORY > now);
        self.wrong.push(now);
        self
    }

    /// Without the address.
    #[must_use]
    pub fn closed(self) -> Self {
        Self { open: None, ..self }
    }

    /// When nothing of it matters any more, Unix milliseconds.
    #[must_use]
    pub fn forgotten_at(&self) -> i64 {
        self.sent.iter().chain(&self.wrong).max().copied().unwrap_or_default() + MEMORY
    }
}

/// Codes that one address is sent, whichever accounts ask: so many within so many milliseconds.
const TO_ONE: [(usize, i64); 2] = [(5, MEMORY), (10, DAY)];
const DAY: i64 = 24 * MEMORY;

/// Codes that one address was sent, whichever accounts asked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Delivered {
    /// Unix milliseconds, oldest first.
    at: Vec<i64>,
}

impl Delivered {
    /// One more; or milliseconds until that may be.
    #[must_use]
    pub fn another(mut self, now: i64) -> (Self, Option<i64>) {
        self.at.retain(|at| at + DAY > now);
        let waits = TO_ONE.iter().filter_map(|(most, memory)| {
            let oldest = self.at.len().checked_sub(*most).and_then(|place| self.at.get(place))?;
            Some(oldest + memory - now).filter(|wait| *wait > 0)
        });
        let wait = waits.max();
        if wait.is_none() {
            self.at.push(now);
        }
        (self, wait)
    }

    /// When nothing of it matters any more, Unix milliseconds.
    #[must_use]
    pub fn forgotten_at(&self) -> i64 {
        self.at.last().copied().unwrap_or_default() + DAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_sent_five_codes_an_hour_and_ten_a_day() {
        let mut delivered = Delivered::default();
        let mut ask = |now: i64| {
            let (after, wait) = std::mem::take(&mut delivered).another(now);
            delivered = after;
            wait
        };
        assert_eq!([0, 1, 2, 3, 4].map(&mut ask), [None; 5]);
        assert_eq!(ask(5), Some(MEMORY - 5));
        assert_eq!(ask(MEMORY), None, "the first is an hour old");
        assert_eq!(ask(MEMORY), Some(1), "the second is not");
        assert_eq!([2, 3, 4, 5].map(|hours| ask(hours * MEMORY)), [None; 4]);
        assert_eq!(ask(6 * MEMORY), Some(DAY - 6 * MEMORY));
        assert_eq!(ask(DAY), None);
        assert_eq!(delivered.forgotten_at(), 2 * DAY);
    }

    #[test]
    fn spellings_of_one_box_are_one() {
        let name = |address: &str| Contact::read(address).unwrap().box_name();
        for same in ["Ann.Lee@Example.org", "annlee+1@example.org", "a.n.n.l.e.e+x+y@EXAMPLE.ORG"] {
            assert_eq!(name(same), name("annlee@example.org"), "{same}");
        }
        for other in ["annlee@example.com", "bob@example.org", "+351912345678"] {
            assert_ne!(name(other), name("annlee@example.org"), "{other}");
        }
        assert!(!name("annlee@example.org").contains("ann"));
    }

    #[test]
    fn addresses_and_numbers() {
        assert_eq!(Contact::read(" ana@example.org "), Ok(Contact::Email("ana@example.org".to_owned())));
        assert_eq!(Contact::read("+351 912-345 678"), Ok(Contact::Phone("+351912345678".to_owned())));
        let long = format!("{}@example.org", "a".repeat(250));
        for bad in [
            "",
            "ana",
            "ana@",
            "@example.org",
            "ana@example.org\r\nBcc: eve@example.org",
            "ana@example.org, eve@example.org",
            "Ana <ana@example.org>",
            "+",
            "+12345",
            "+1234567890123456",
            "+12345x78",
            "912345678",
            &long,
        ] {
            assert_eq!(Contact::read(bad), Err(Unfit), "{bad:?}");
        }
        assert_eq!(format!("{:?}", Contact::read("ana@example.org").unwrap()), "email");
    }
}
