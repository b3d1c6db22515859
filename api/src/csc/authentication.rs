//! What a client brings to explicit authorization (2.5, 11.6): v1's `PIN` and `OTP`, or v2's `authData`.
//!
//! What does not satisfy the credential's expression is refused before anything is judged, and costs no try. A PIN opens
//! the key, so every expression of a credential here needs it.

use secrecy::SecretString;

use super::Ask;
use super::expression::{Expression, Presence};
use crate::error::{self, Fault};
use crate::json::Value;

/// What satisfies an expression, to be judged by the signer.
#[derive(Debug)]
pub struct Brought {
    /// The PIN.
    pub pin: SecretString,
    /// The code, where one was brought.
    pub code: Option<SecretString>,
}

/// A value that is no string.
struct NoText;

/// What opens the key: an object of `authData`, and a member of v1.
pub const PIN: &str = "PIN";
/// A code, made or sent: the same.
pub const OTP: &str = "OTP";

impl Ask<'_> {
    /// Objects that satisfy the expression, and none that it does not name. An empty code counts as none: clients have a
    /// field for it whether there is one or not.
    ///
    /// # Errors
    /// OTP before PIN, as the rows of 11.6 stand: an object that is missing, no string, there twice, or not of this
    /// credential.
    pub fn authentication(&self, expression: &Expression) -> Result<Brought, Fault> {
        self.are_known()?;
        let code = self.brought(OTP).map_err(|NoText| error::OTP)?.filter(|code| !code.is_empty());
        let with_pin = if code.is_some() { &[PIN, OTP][..] } else { &[PIN] };
        let is_strange = code.is_some() && expression.presence(OTP) == Presence::Absent;
        // What a PIN would not mend is the code's fault.
        if is_strange || !expression.holds(with_pin) {
            return Err(error::OTP);
        }
        let pin = self.brought(PIN).map_err(|NoText| error::PIN)?.ok_or(error::PIN)?;
        Ok(Brought { pin: SecretString::from(pin), code: code.map(SecretString::from) })
    }

    /// The value of an object, under either version's name.
    fn brought(&self, name: &str) -> Result<Option<&str>, NoText> {
        let value = self.body.get(name).or_else(|| self.object(name));
        value.map(|value| value.text().ok_or(NoText)).transpose()
    }

    /// The transaction that a PIN value of sealed transport names: `rch1:` and its id (DESIGN 5).
    #[must_use]
    pub fn sealed_pin(&self) -> Option<&str> {
        self.body.get(PIN).or_else(|| self.object(PIN))?.text()?.strip_prefix("rch1:")
    }

    /// Whether every element of `authData` is an object of ours, and each once.
    fn are_known(&self) -> Result<(), Fault> {
        let Some(elements) = self.body.get("authData") else { return Ok(()) };
        let Value::Array(elements) = elements else { return Err(error::PIN) };
        let mut seen = Vec::new();
        for element in elements {
            let Value::Object(object) = element else { return Err(error::PIN) };
            match object.get("id").and_then(Value::text) {
                Some(id) if [PIN, OTP].contains(&id) && !seen.contains(&id) => seen.push(id),
                _ => return Err(error::PIN),
            }
        }
        Ok(())
    }

    fn object(&self, id: &str) -> Option<&Value<'_>> {
        let Some(Value::Array(objects)) = self.body.get("authData") else { return None };
        objects.iter().find_map(|object| match object {
            Value::Object(object) if object.get("id").and_then(Value::text) == Some(id) => object.get("value"),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;
    use crate::csc::Limits;
    use crate::version::Version;

    type Told = Result<(String, Option<String>), Fault>;

    fn told(body: &serde_json::Value, expression: &str) -> Told {
        let body = body.to_string();
        let limits = Limits { depth: 16, hashes: 10 };
        let ask = Ask::parse(body.as_bytes(), Version::V2, limits).unwrap();
        let brought = ask.authentication(&expression.parse().unwrap())?;
        let code = brought.code.map(|code| code.expose_secret().to_owned());
        Ok((brought.pin.expose_secret().to_owned(), code))
    }

    #[test]
    fn an_expression_is_satisfied_by_its_objects_alone() {
        const PIN_ALONE: &str = "PIN";
        const BOTH: &str = "PIN AND OTP";
        const EITHER: &str = "PIN AND (OTP OR SMS)";
        let (pin, otp) = (json!({ "id": "PIN", "value": "1" }), json!({ "id": "OTP", "value": "2" }));
        let (one, both) = (Ok(("1".to_owned(), None)), Ok(("1".to_owned(), Some("2".to_owned()))));
        let data = |objects: &[&serde_json::Value]| json!({ "authData": objects });
        for (body, expression, expected) in [
            (data(&[&pin]), PIN_ALONE, &one),
            (data(&[&otp, &pin]), BOTH, &both),
            (json!({ "PIN": "1", "OTP": "2" }), BOTH, &both),
            (json!({ "PIN": "1", "authData": [otp] }), BOTH, &both),
            (json!({ "PIN": "1", "OTP": "" }), PIN_ALONE, &one),
            (json!({ "PIN": "1", "OTP": null, "authData": null }), PIN_ALONE, &one),
            (data(&[&pin, &json!({ "id": "OTP" })]), PIN_ALONE, &one),
            (data(&[&otp, &pin]), EITHER, &both),
            (data(&[&pin]), "PIN OR OTP", &one),
        ] {
            assert_eq!(&told(&body, expression), expected, "{body}");
        }
        let strange = json!({ "id": "SMS", "value": "2" });
        for (body, expression, fault) in [
            (data(&[]), PIN_ALONE, error::PIN),
            (json!({}), BOTH, error::OTP),
            (data(&[&pin]), BOTH, error::OTP),
            (data(&[&otp]), BOTH, error::PIN),
            (data(&[&pin, &json!({ "id": "OTP" })]), BOTH, error::OTP),
            (data(&[&pin, &json!({ "id": "OTP", "value": 2 })]), BOTH, error::OTP),
            (json!({ "PIN": "1", "OTP": "" }), BOTH, error::OTP),
            (data(&[&pin]), EITHER, error::OTP),
            (data(&[&otp]), EITHER, error::PIN),
            (data(&[&pin, &otp]), "PIN XOR OTP", error::OTP),
            // One too many, twice, of another name, no object, no array.
            (data(&[&pin, &otp]), PIN_ALONE, error::OTP),
            (data(&[&pin, &pin]), PIN_ALONE, error::PIN),
            (data(&[&pin, &strange]), PIN_ALONE, error::PIN),
            (data(&[&pin, &json!("OTP")]), PIN_ALONE, error::PIN),
            (data(&[&json!({ "value": "1" })]), PIN_ALONE, error::PIN),
            (json!({ "PIN": "1", "authData": {} }), PIN_ALONE, error::PIN),
            (json!({ "PIN": 1 }), PIN_ALONE, error::PIN),
        ] {
            assert_eq!(told(&body, expression), Err(fault), "{body}");
        }
    }
}
