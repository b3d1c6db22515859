//! What a client brings to explicit authorization (2.5, 11.6): v1's `PIN` and `OTP`, or v2's `authData`.
//!
//! There are two expressions here, `PIN` and `PIN AND OTP`: a PIN opens the key, so none that is true without it could
//! be kept. What does not satisfy the credential's expression is refused before anything is judged, and costs no try.

use secrecy::SecretString;

use super::Ask;
use crate::error::{self, Fault};
use crate::json::Value;

/// The authentication objects of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expression {
    /// `PIN`.
    Pin,
    /// `PIN AND OTP`.
    PinAndOtp,
}

impl Expression {
    /// As `auth.expression` has it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Pin => "PIN",
            Self::PinAndOtp => "PIN AND OTP",
        }
    }
}

/// What satisfies an expression, to be judged by the signer.
#[derive(Debug)]
pub struct Brought {
    /// The PIN.
    pub pin: SecretString,
    /// The code, where the expression has one.
    pub code: Option<SecretString>,
}

/// The objects of `authData`.
const PIN: &str = "PIN";
const OTP: &str = "OTP";

impl Ask<'_> {
    /// The objects that the expression wants, and no others. An empty code counts as none: clients have a field for it
    /// whether there is one or not.
    ///
    /// # Errors
    /// OTP before PIN, as the rows of 11.6 stand: an object that is missing, no string, there twice, or not of this
    /// credential.
    pub fn authentication(&self, expression: Expression) -> Result<Brought, Fault> {
        self.are_known()?;
        let given = |name| self.body.get(name).or_else(|| self.object(name));
        let code = match (expression, given(OTP).map(Value::text)) {
            (Expression::PinAndOtp, Some(Some(code))) => Some(SecretString::from(code)),
            (Expression::Pin, None | Some(Some(""))) => None,
            _ => return Err(error::OTP),
        };
        let pin = given(PIN).and_then(Value::text).map(SecretString::from).ok_or(error::PIN)?;
        Ok(Brought { pin, code })
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

    fn told(body: &serde_json::Value, expression: Expression) -> Told {
        let body = body.to_string();
        let limits = Limits { depth: 16, hashes: 10 };
        let ask = Ask::parse(body.as_bytes(), Version::V2, limits).unwrap();
        let brought = ask.authentication(expression)?;
        let code = brought.code.map(|code| code.expose_secret().to_owned());
        Ok((brought.pin.expose_secret().to_owned(), code))
    }

    #[test]
    fn an_expression_is_satisfied_by_its_objects_alone() {
        let (pin, otp) = (json!({ "id": "PIN", "value": "1" }), json!({ "id": "OTP", "value": "2" }));
        let (one, both) = (Ok(("1".to_owned(), None)), Ok(("1".to_owned(), Some("2".to_owned()))));
        let data = |objects: &[&serde_json::Value]| json!({ "authData": objects });
        use Expression::{Pin, PinAndOtp};
        for (body, expression, expected) in [
            (data(&[&pin]), Pin, &one),
            (data(&[&otp, &pin]), PinAndOtp, &both),
            (json!({ "PIN": "1", "OTP": "2" }), PinAndOtp, &both),
            (json!({ "PIN": "1", "authData": [otp] }), PinAndOtp, &both),
            (json!({ "PIN": "1", "OTP": "" }), Pin, &one),
            (json!({ "PIN": "1", "OTP": null, "authData": null }), Pin, &one),
            (data(&[&pin, &json!({ "id": "OTP" })]), Pin, &one),
        ] {
            assert_eq!(&told(&body, expression), expected, "{body}");
        }
        let strange = json!({ "id": "SMS", "value": "2" });
        for (body, expression, fault) in [
            (data(&[]), Pin, error::PIN),
            (json!({}), PinAndOtp, error::OTP),
            (data(&[&pin]), PinAndOtp, error::OTP),
            (data(&[&otp]), PinAndOtp, error::PIN),
            (data(&[&pin, &json!({ "id": "OTP" })]), PinAndOtp, error::OTP),
            (data(&[&pin, &json!({ "id": "OTP", "value": 2 })]), PinAndOtp, error::OTP),
            // One too many, twice, of another name, no object, no array.
            (data(&[&pin, &otp]), Pin, error::OTP),
            (data(&[&pin, &pin]), Pin, error::PIN),
            (data(&[&pin, &strange]), Pin, error::PIN),
            (data(&[&pin, &json!("OTP")]), Pin, error::PIN),
            (data(&[&json!({ "value": "1" })]), Pin, error::PIN),
            (json!({ "PIN": "1", "authData": {} }), Pin, error::PIN),
            (json!({ "PIN": 1 }), Pin, error::PIN),
        ] {
            assert_eq!(told(&body, expression), Err(fault), "{body}");
        }
    }
}
