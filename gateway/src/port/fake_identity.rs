//! An identity provider that vouches for whom a test names, if the browser is the one that asked.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use secrecy::ExposeSecret as _;

use super::identity::{Answer, Error, IdentityProvider, Question, Result};
use crate::domain::external::Identity;

pub(crate) const ISSUER: &str = "https://idp.example";

/// Its codes are subjects.
#[derive(Debug, Default)]
pub(crate) struct FakeProvider {
    /// Nonce and verifier of what it was asked, by state.
    asked: Mutex<HashMap<String, (String, String)>>,
}

#[async_trait]
impl IdentityProvider for FakeProvider {
    async fn question(&self, question: &Question) -> Result<String> {
        let secrets = (question.nonce.clone(), question.verifier.expose_secret().to_owned());
        self.asked.lock().unwrap().insert(question.state.clone(), secrets);
        Ok(format!("{ISSUER}/authorize?state={}", question.state))
    }

    async fn identity(&self, question: &Question, answer: Answer) -> Result<Identity> {
        let secrets = (question.nonce.clone(), question.verifier.expose_secret().to_owned());
        if self.asked.lock().unwrap().get(&question.state) != Some(&secrets) {
            return Err(Error::Refused("the verifier is wrong"));
        }
        if answer.issuer.is_some_and(|issuer| issuer != ISSUER) {
            return Err(Error::Refused("another provider answered"));
        }
        Ok(Identity {
            issuer: ISSUER.to_owned(),
            subject: answer.code.expose_secret().to_owned(),
            given_name: Some("Inês".to_owned()),
            family_name: None,
        })
    }
}
