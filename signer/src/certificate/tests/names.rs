//! Names of persons: what is written, and what is refused.

use der::{Encode as _, Tag, Tagged as _};
use rsign_api::signer::Subject;

use super::subject;
use crate::certificate::{Error, name};

#[test]
fn a_name_is_written_in_the_order_of_its_fields() {
    let name = name::subject(&subject()).unwrap();
    assert_eq!(
        name.to_string(),
        "CN=Müller\\, Zoë,SERIALNUMBER=PNOEE-38001085718,SN=Müller-Lüdenscheidt,GN=Zoë,O=Näidis OÜ,C=EE"
    );
    let country = name.iter().next().unwrap().to_der().unwrap();
    // SEQUENCE { 2.5.4.6, PrintableString "EE" }
    assert_eq!(country, [0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x06, 0x13, 0x02, b'E', b'E']);
    let tags: Vec<Tag> = name.iter().map(|attribute| attribute.value.tag()).collect();
    let (printable, utf8) = (Tag::PrintableString, Tag::Utf8String);
    assert_eq!(tags, [printable, utf8, utf8, utf8, printable, utf8]);
    let plain = Subject { organization: None, ..subject() };
    assert!(!name::subject(&plain).unwrap().to_string().contains("O="));
}

#[test]
fn what_breaks_a_rule_is_refused_by_name() {
    let person = subject();
    for (subject, attribute, fault) in [
        (Subject { country: "ee".into(), ..person.clone() }, "country", "is not two capital letters"),
        (Subject { country: "Ü".into(), ..person.clone() }, "country", "is not two capital letters"),
        (Subject { country: "EST".into(), ..person.clone() }, "country", "is too long"),
        (Subject { organization: Some(String::new()), ..person.clone() }, "organization", "is empty"),
        (Subject { organization: Some("ö".repeat(65)), ..person.clone() }, "organization", "is too long"),
        (Subject { given_name: " ".into(), ..person.clone() }, "given_name", "is empty"),
        (Subject { given_name: "Zo\u{0}".into(), ..person.clone() }, "given_name", "has a control character"),
        (Subject { surname: "s".repeat(32_769), ..person.clone() }, "surname", "is too long"),
        (Subject { surname: "a\u{202e}b".into(), ..person.clone() }, "surname", "has a control character"),
        (
            Subject { serial_number: "ä".into(), ..person.clone() },
            "serial_number",
            "has a character outside PrintableString",
        ),
        (Subject { serial_number: "1".repeat(65), ..person.clone() }, "serial_number", "is too long"),
        (Subject { common_name: "a\nb".into(), ..person.clone() }, "common_name", "has a control character"),
        (Subject { common_name: "c".repeat(65), ..person.clone() }, "common_name", "is too long"),
    ] {
        let error = name::subject(&subject).unwrap_err();
        assert_eq!(error.to_string(), format!("{attribute} of the name {fault}"));
        assert!(matches!(error, Error::Name { .. }));
    }
}

#[test]
fn the_longest_values_are_accepted() {
    let longest = Subject { organization: Some("ö".repeat(64)), common_name: "漢".repeat(64), ..subject() };
    assert!(name::subject(&longest).is_ok());
}
