//! A signature that is fetched later (`operationMode` A).

use rsign_api::bytes::Bytes;
use rsign_api::csc::documents::SignedDocuments;
use rsign_api::objection::Objection;
use rsign_api::signer::Refusal;
use serde::{Deserialize, Serialize};

use super::token::{Bearer, Eras};

/// What becomes of one asynchronous `signHash` or `signDoc`. The SAD is not here: a job that is lost is lost (DESIGN 4).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// The client that asked.
    pub client: String,
    /// The credential's owner.
    pub user: String,
    /// Of when it is: what comes of it is nobody's where an operator ended that since. None of before this was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eras: Option<Eras>,
    /// The credential.
    pub credential: String,
    /// Whether documents were asked for, which errors have sentences of their own for.
    #[serde(default)]
    pub documents: bool,
    /// How far it is.
    pub progress: Progress,
    /// When it is forgotten, Unix milliseconds.
    pub expires_at: i64,
}

/// How far a job is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Progress {
    /// Under way in a process of the gateway, and given up after this time, Unix milliseconds: then that process died.
    Running(i64),
    /// The signatures, in the order of the hashes.
    Signed(Vec<Bytes>),
    /// The signed documents.
    Documents(SignedDocuments),
    /// There will be none.
    Failed(Failure),
}

/// Why there are no signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The signer said no.
    Refused(Refusal),
    /// Documents cannot be signed: which, and why.
    Documents(Vec<Objection>),
    /// The certificate's time is over; its subject, for the sentence.
    CertificateExpired {
        /// `O`.
        organization: String,
        /// `CN`.
        common_name: String,
    },
    /// Nobody knows; the same request gives the same signatures.
    Lost,
}

impl Job {
    /// Whether this bearer may fetch it: the same client, the same user where the bearer has one, and the same
    /// credential where it is a credential's token (DESIGN 4).
    #[must_use]
    pub fn is_for(&self, bearer: &Bearer, credential: Option<&str>) -> bool {
        self.client == bearer.client
            && bearer.user.as_ref().is_none_or(|user| *user == self.user)
            && credential.is_none_or(|credential| credential == self.credential)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::client::Reach;

    #[test]
    fn a_job_is_for_its_client_user_and_credential() {
        let job = Job {
            client: "app".to_owned(),
            user: "ana".to_owned(),
            eras: None,
            credential: "c1".to_owned(),
            documents: false,
            progress: Progress::Failed(Failure::Lost),
            expires_at: 0,
        };
        let bearer = |client: &str, user: Option<&str>| Bearer {
            client: client.to_owned(),
            user: user.map(str::to_owned),
            reach: Reach::All,
            key: None,
            eras: Eras::default(),
        };
        assert!(job.is_for(&bearer("app", None), None) && job.is_for(&bearer("app", Some("ana")), Some("c1")));
        assert!(!job.is_for(&bearer("other", Some("ana")), None));
        assert!(!job.is_for(&bearer("app", Some("rui")), None));
        assert!(!job.is_for(&bearer("app", Some("ana")), Some("c2")));
    }
}
