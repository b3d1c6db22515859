//! What a form sends.

use axum::body::Body;
use rsign_api::error::MALFORMED;
use secrecy::SecretString;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::failure::Failure;
use super::guard;
use crate::http::body;
use crate::http::error::Problem;
use crate::http::site::Site;

/// Name of the field that holds the token of the form.
const TOKEN: &str = "form_token";

/// The fields, wiped after use: there may be a password among them.
pub(super) struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    /// Reads it.
    pub(super) async fn read(site: &Site, body: Body) -> Result<Self, Problem> {
        const MOST: usize = 32;
        let body = body::read(body, &site.config.limits).await?;
        let fields = form_urlencoded::parse(&body);
        let fields: Vec<_> = fields
            .take(MOST + 1)
            .map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned())))
            .collect();
        if fields.len() > MOST {
            return Err(MALFORMED.into());
        }
        Ok(Self(fields))
    }

    /// A field; one that comes twice is none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let value = found.next()?;
        found.next().is_none().then_some(value)
    }

    /// A field as text, empty if it is not there.
    pub(super) fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    /// A field that nobody else shall see.
    pub(super) fn secret(&self, name: &str) -> SecretString {
        SecretString::from(self.text(name))
    }

    /// Refuses a form whose token is not this.
    pub(super) fn require(&self, token: &str) -> Result<(), Failure> {
        if guard::fits(token, self.get(TOKEN).unwrap_or_default()) { Ok(()) } else { Err(Failure::Form) }
    }
}

impl std::fmt::Debug for Form {
    /// Names only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}
