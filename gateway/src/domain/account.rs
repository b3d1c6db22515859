//! What a person says of themselves when they open an account, checked field by field.

use rsign_api::signer::Subject;
use unicode_normalization::UnicodeNormalization as _;

use super::password::{self, Weakness};
use super::plain::plain;

/// Fields of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Given name.
    GivenName,
    /// Surname.
    Surname,
    /// Country.
    Country,
    /// Kind of the identification number.
    Document,
    /// Identification number.
    Number,
    /// User name.
    Username,
    /// Password.
    Password,
    /// The password again.
    Repeated,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is empty.
    Missing,
    /// It is longer than a certificate or the store takes.
    Long,
    /// It has characters that cannot stand there.
    Characters,
    /// It is none of what was offered.
    Unknown,
    /// The user name is taken.
    Taken,
    /// The user name is too short.
    Short,
    /// The password is weak.
    Weak(Weakness),
    /// The two passwords differ.
    Differs,
}

/// All that is wrong, in the order of the form; one fault a field.
pub type Faults = Vec<(Field, Fault)>;

/// What was typed.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// Given name.
    pub given_name: String,
    /// Surname.
    pub surname: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Kind of the identification number: one of [`DOCUMENTS`], or empty for none.
    pub document: String,
    /// Identification number.
    pub number: String,
    /// User name.
    pub username: String,
}

/// Kinds of identification numbers of natural persons (EN 319 412-1, 5.1.3).
pub const DOCUMENTS: [&str; 4] = ["IDC", "PAS", "PNO", "TIN"];

/// Upper bounds of X.520: common name and serial number.
const NAME: usize = 64;

/// Most characters of a user name.
const USERNAME: usize = 64;

/// A person whose statements can stand in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    given_name: String,
    surname: String,
    country: String,
    serial_number: Option<String>,
}

/// A person, and how they will sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicant {
    /// The person.
    pub person: Person,
    /// Name to sign in with.
    pub username: String,
}

impl Person {
    /// Checks what was typed.
    ///
    /// # Errors
    /// All faults at once.
    pub fn check(typed: &Typed) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let person = Self::read(typed, &mut faults);
        if faults.is_empty() { Ok(person) } else { Err(faults) }
    }

    fn read(typed: &Typed, faults: &mut Faults) -> Self {
        let given_name = name(Field::GivenName, &typed.given_name, faults);
        let surname = name(Field::Surname, &typed.surname, faults);
        if faults.is_empty() && common_name(&given_name, &surname).chars().count() > NAME {
            faults.push((Field::Surname, Fault::Long));
        }
        let country = typed.country.clone();
        if !(country.len() == 2 && country.bytes().all(|c| c.is_ascii_uppercase())) {
            faults.push((Field::Country, if country.is_empty() { Fault::Missing } else { Fault::Unknown }));
        }
        let serial_number = serial_number(typed, faults);
        Self { given_name, surname, country, serial_number }
    }

    /// As certificates will name them; who gave no identification number is told apart by their account's id.
    #[must_use]
    pub fn subject(&self, id: &str) -> Subject {
        let generated = || format!("RS:{}-{id}", self.country);
        Subject {
            country: self.country.clone(),
            organization: None,
            given_name: self.given_name.clone(),
            surname: self.surname.clone(),
            serial_number: self.serial_number.clone().unwrap_or_else(generated),
            common_name: common_name(&self.given_name, &self.surname),
        }
    }
}

impl Applicant {
    /// Checks what was typed.
    ///
    /// # Errors
    /// All faults at once.
    pub fn check(typed: &Typed, password: &str, repeated: &str) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let person = Person::read(typed, &mut faults);
        let username = username(&typed.username, &mut faults);
        faults.extend(password_fault(password, repeated, &username));
        if faults.is_empty() { Ok(Self { person, username }) } else { Err(faults) }
    }
}

/// What is wrong with a new password that was typed twice.
#[must_use]
pub fn password_fault(password: &str, repeated: &str, username: &str) -> Option<(Field, Fault)> {
    if password.is_empty() {
        return Some((Field::Password, Fault::Missing));
    }
    match password::judge(password, username) {
        Err(weakness) => Some((Field::Password, Fault::Weak(weakness))),
        Ok(()) if password != repeated => Some((Field::Repeated, Fault::Differs)),
        Ok(()) => None,
    }
}

fn common_name(given_name: &str, surname: &str) -> String {
    format!("{given_name} {surname}")
}

fn name(field: Field, typed: &str, faults: &mut Faults) -> String {
    let name: String = plain(typed, usize::MAX).nfc().collect();
    if name.is_empty() {
        faults.push((field, Fault::Missing));
    } else if name.chars().count() > NAME {
        faults.push((field, Fault::Long));
    } else if !name.contains(char::is_alphabetic) || name.contains(['<', '>', '@', '/', '\\', ':', '=', '+', ';']) {
        faults.push((field, Fault::Characters));
    }
    name
}

fn username(typed: &str, faults: &mut Faults) -> String {
    let username: String = typed.trim().nfkc().collect();
    let length = username.chars().count();
    // A colon would end the name in a Basic header.
    let plain = username.chars().all(|c| c.is_alphanumeric() || "._-@+".contains(c));
    let fault = match length {
        0 => Some(Fault::Missing),
        _ if !plain => Some(Fault::Characters),
        1 | 2 => Some(Fault::Short),
        _ if length > USERNAME => Some(Fault::Long),
        _ => None,
    };
    faults.extend(fault.map(|fault| (Field::Username, fault)));
    username
}

/// `IDCPT-12345678`: kind, country, number (EN 319 412-1, 5.1.3).
fn serial_number(typed: &Typed, faults: &mut Faults) -> Option<String> {
    let number: String = typed.number.chars().filter(|c| !c.is_whitespace()).collect();
    match (typed.document.as_str(), number.is_empty()) {
        ("", true) => return None,
        ("", false) => faults.push((Field::Document, Fault::Missing)),
        (kind, _) if !DOCUMENTS.contains(&kind) => faults.push((Field::Document, Fault::Unknown)),
        (_, true) => faults.push((Field::Number, Fault::Missing)),
        (kind, false) => {
            let serial_number = format!("{kind}{}-{}", typed.country, number.to_ascii_uppercase());
            if !number.bytes().all(|c| c.is_ascii_alphanumeric() || b"-./".contains(&c)) {
                faults.push((Field::Number, Fault::Characters));
            } else if serial_number.len() > NAME {
                faults.push((Field::Number, Fault::Long));
            }
            return Some(serial_number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> Typed {
        Typed {
            given_name: " Inês\u{202e} ".to_owned(),
            surname: "Sá da  Costa".to_owned(),
            country: "PT".to_owned(),
            document: "IDC".to_owned(),
            number: "1234 5678x".to_owned(),
            username: "ines.sa".to_owned(),
        }
    }

    const PASSWORD: &str = "a long enough secret";

    fn faults(typed: &Typed) -> Faults {
        Applicant::check(typed, PASSWORD, PASSWORD).unwrap_err()
    }

    #[test]
    fn a_person_becomes_a_subject() {
        let subject = Applicant::check(&typed(), PASSWORD, PASSWORD).unwrap().person.subject("id");
        assert_eq!(subject.common_name, "Inês Sá da Costa");
        assert_eq!(subject.serial_number, "IDCPT-12345678X");
        let unnumbered = Typed { document: String::new(), number: String::new(), ..typed() };
        assert_eq!(Person::check(&unnumbered).unwrap().subject("id").serial_number, "RS:PT-id");
    }

    #[test]
    fn all_faults_are_told_at_once_in_the_order_of_the_form() {
        let nothing = Applicant::check(&Typed::default(), "", "").unwrap_err();
        let fields: Vec<_> = nothing.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, [Field::GivenName, Field::Surname, Field::Country, Field::Username, Field::Password]);
        assert!(nothing.iter().all(|(_, fault)| *fault == Fault::Missing));
    }

    #[test]
    fn each_field_has_its_bounds() {
        let one = |change: fn(&mut Typed)| {
            let mut typed = typed();
            change(&mut typed);
            faults(&typed)
        };
        assert_eq!(one(|typed| typed.given_name = "a".repeat(65)), [(Field::GivenName, Fault::Long)]);
        assert_eq!(one(|typed| typed.given_name = "a".repeat(60)), [(Field::Surname, Fault::Long)]);
        assert_eq!(one(|typed| typed.surname = "<b>".to_owned()), [(Field::Surname, Fault::Characters)]);
        assert_eq!(one(|typed| typed.country = "pt".to_owned()), [(Field::Country, Fault::Unknown)]);
        assert_eq!(one(|typed| typed.document = "XXX".to_owned()), [(Field::Document, Fault::Unknown)]);
        assert_eq!(one(|typed| typed.number.clear()), [(Field::Number, Fault::Missing)]);
        assert_eq!(one(|typed| typed.number = "1+1".to_owned()), [(Field::Number, Fault::Characters)]);
        assert_eq!(one(|typed| typed.username = "a:b".to_owned()), [(Field::Username, Fault::Characters)]);
        assert_eq!(one(|typed| typed.username = "ab".to_owned()), [(Field::Username, Fault::Short)]);
        let differs = Applicant::check(&typed(), PASSWORD, "another").unwrap_err();
        assert_eq!(differs, [(Field::Repeated, Fault::Differs)]);
    }
}
