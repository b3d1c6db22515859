//! The account pages as a browser without scripts sees them.

mod abuse;
mod approve;
mod browser;
mod contact;
mod external;
mod held;
mod house;
mod me;
mod pages;
mod waiting;
mod withdrawn;

use std::sync::Arc;

use super::Bench;
use crate::domain::transaction::Transaction;
use crate::service::account::history::History;

impl Bench {
    fn history(&self) -> History {
        let stored = self.parts.repositories.history.clone();
        History::new(stored, 30, Arc::clone(&self.parts.clock), Arc::clone(&self.parts.random))
    }

    /// What a redirect to the signing page stands for, and the key type of its enrolment.
    async fn transaction(&self, location: &str) -> (Transaction, String) {
        let (tx, token) = location.strip_prefix("https://sign.example/#").unwrap().split_once('.').unwrap();
        let found = self.parts.repositories.transactions.find(tx).await.unwrap().unwrap();
        assert_eq!(found.token, crate::domain::token::digest(token));
        let kind = found.registration.enrol.as_ref().map(|enrol| enrol.key.name().to_owned());
        (found, kind.unwrap_or_default())
    }
}
