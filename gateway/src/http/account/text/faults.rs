//! Which sentence tells of which fault.

use super::Text;
use crate::domain::account::{Fault, Field};
use crate::domain::password::Weakness;

impl Text {
    /// What is wrong with a field of the sign-up form, and what would be right.
    pub(in crate::http::account) fn fault(&self, field: Field, fault: Fault) -> &'static str {
        let said = &self.fault;
        match (field, fault) {
            (Field::GivenName, Fault::Missing) => said.given_name,
            (Field::Surname, Fault::Missing) => said.surname,
            (Field::GivenName | Field::Surname, Fault::Long) => said.name_long,
            (Field::GivenName | Field::Surname, _) => said.name_characters,
            (Field::Country, _) => said.country,
            (Field::Document, _) => said.document,
            (Field::Number, Fault::Missing) => said.number,
            (Field::Number, Fault::Long) => said.number_long,
            (Field::Number, _) => said.number_characters,
            (Field::Username, Fault::Missing) => said.username,
            (Field::Username, Fault::Short) => said.username_short,
            (Field::Username, Fault::Long) => said.username_long,
            (Field::Username, Fault::Taken) => said.username_taken,
            (Field::Username, _) => said.username_characters,
            (Field::Password, Fault::Weak(Weakness::Short)) => said.password_short,
            (Field::Password, Fault::Weak(Weakness::Long)) => said.password_long,
            (Field::Password, Fault::Weak(Weakness::Common)) => said.password_common,
            (Field::Password, Fault::Weak(Weakness::Personal)) => said.password_personal,
            (Field::Password, _) => said.password,
            (Field::Repeated, _) => said.repeated,
        }
    }
}
