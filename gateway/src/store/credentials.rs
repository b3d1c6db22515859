//! Credentials, and enrolments that are under way.

use std::sync::Arc;

use rsign_api::bytes::Bytes;
use rsign_api::signer::FactorKind;
use rsign_storage::{Collection, Place, Result, Store, Table, Update};

use super::collection;
use crate::domain::credential::{Certificate, Credential, Enrolment, Known};

pub(super) const CREDENTIAL: Collection = collection("credential");
pub(super) const CERTIFICATE: Collection = collection("certificate");
pub(super) const ENROLMENT: Collection = collection("enrolment");

/// Credentials and their certificates, by credential id; those that exist for their owner are grouped by user.
#[derive(Debug, Clone)]
pub struct Credentials {
    credentials: Table<Credential>,
    certificates: Table<Certificate>,
}

impl Credentials {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        Self {
            credentials: Table::new(Arc::clone(store), CREDENTIAL, place),
            certificates: Table::new(Arc::clone(store), CERTIFICATE, |_| Place::default()),
        }
    }

    /// The credential.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn find(&self, id: &str) -> Result<Option<Credential>> {
        self.credentials.find(id).await
    }

    /// Stores a new one; `false` when the id is taken.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn store(&self, credential: Credential) -> Result<bool> {
        let id = credential.id.clone();
        self.credentials.insert(&id, credential).await
    }

    /// Gives it its certificate, unless it has one. Gives the one that it has then.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn certify(&self, id: &str, certificate: Certificate) -> Result<Certificate> {
        let has = self.keep_first(id, certificate).await?;
        self.change(id, |credential| credential.certified = true).await?;
        Ok(has)
    }

    /// Its certificate.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn certificate(&self, id: &str) -> Result<Option<Certificate>> {
        self.certificates.find(id).await
    }

    /// Keeps the certificate that is to be its next; one that is kept already stays. Gives the one that is kept.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn propose(&self, id: &str, certificate: Certificate) -> Result<Certificate> {
        self.keep_first(&next(id), certificate).await
    }

    async fn keep_first(&self, id: &str, certificate: Certificate) -> Result<Certificate> {
        let step = move |found: Option<Certificate>| match found {
            Some(kept) => (Update::Keep, kept),
            None => (Update::Put(certificate.clone()), certificate.clone()),
        };
        self.certificates.update(id, step).await
    }

    /// The certificate that is to be its next.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn proposed(&self, id: &str) -> Result<Option<Certificate>> {
        self.certificates.find(&next(id)).await
    }

    /// Gives it the certificate that was to be its next; none, where the signer does not take that.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn succeed(&self, id: &str, certificate: Option<Certificate>) -> Result<()> {
        if let Some(certificate) = certificate {
            let step = move |found: Option<Certificate>| match found {
                Some(present) => (Update::Put(certificate.clone().after(present)), ()),
                None => (Update::Put(certificate.clone()), ()),
            };
            self.certificates.update(id, step).await?;
        }
        self.certificates.remove(&next(id)).await?;
        Ok(())
    }

    /// Records where it stands; a destroyed one stays destroyed and loses its wrapped key.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn record(&self, id: &str, state: Known) -> Result<()> {
        self.change(id, move |credential| match credential.state {
            Known::Destroyed => {}
            _ => {
                credential.state = state;
                if state == Known::Destroyed {
                    credential.key.0.clear();
                }
            }
        })
        .await
    }

    /// Records that its enrolment ended well; says nothing where something else became of it meanwhile.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn activate(&self, id: &str) -> Result<()> {
        self.change(id, |credential| {
            if credential.state == Known::Enrolling {
                credential.state = Known::Active;
            }
        })
        .await
    }

    /// Records what the signer told of its second factor.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn note_factor(&self, id: &str, factor: FactorKind) -> Result<()> {
        self.change(id, move |credential| credential.factor = factor).await
    }

    /// A user's credentials in order of id (everybody's with `None`), those after `after`.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn of_user(&self, user: Option<&str>, after: Option<&str>, limit: usize) -> Result<Vec<Credential>> {
        let found = self.credentials.list(user, after, limit).await?;
        Ok(found.into_iter().map(|(_, credential)| credential).collect())
    }

    async fn change(&self, id: &str, change: impl Fn(&mut Credential) + Send + 'static) -> Result<()> {
        self.credentials
            .update(id, move |found| match found {
                Some(mut credential) => {
                    change(&mut credential);
                    (Update::Put(credential), ())
                }
                None => (Update::Keep, ()),
            })
            .await
    }
}

/// Where the next certificate of a credential is kept; ids have no spaces.
fn next(id: &str) -> String {
    format!("{id} next")
}

/// What has no certificate yet, or is gone, is in no list.
fn place(credential: &Credential) -> Place {
    let listed = credential.certified && credential.state != Known::Destroyed;
    Place { group: listed.then(|| credential.user.clone()), expires_at: None }
}

/// Enrolments that are not finished, by credential id.
#[derive(Debug, Clone)]
pub struct Enrolments(Table<Enrolment>);

impl Enrolments {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        let place = |enrolment: &Enrolment| Place { group: enrolment.user.clone(), expires_at: None };
        Self(Table::new(Arc::clone(store), ENROLMENT, place))
    }

    /// Notes that one begins.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn begin(&self, credential: &str, user: &str, started_at: i64) -> Result<bool> {
        self.0.insert(credential, Enrolment { started_at, user: Some(user.to_owned()), request: None }).await
    }

    /// Keeps the request that a CA is asked with, as long as the enrolment is under way.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn keep_request(&self, credential: &str, request: Bytes) -> Result<()> {
        let step = move |found: Option<Enrolment>| match found {
            Some(enrolment) => (Update::Put(Enrolment { request: Some(request.clone()), ..enrolment }), ()),
            None => (Update::Keep, ()),
        };
        self.0.update(credential, step).await
    }

    /// That request; none where there is no such enrolment, or none was kept.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn request(&self, credential: &str) -> Result<Option<Bytes>> {
        Ok(self.0.find(credential).await?.and_then(|enrolment| enrolment.request))
    }

    /// Notes that one is over, either way.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn end(&self, credential: &str) -> Result<bool> {
        self.0.remove(credential).await
    }

    /// Some of a user's that are under way.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn of_user(&self, user: &str, limit: usize) -> Result<Vec<(String, Enrolment)>> {
        self.0.list(Some(user), None, limit).await
    }

    /// Some that are under way: ids and when they began.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn open(&self, after: Option<&str>, limit: usize) -> Result<Vec<(String, Enrolment)>> {
        self.0.list(None, after, limit).await
    }
}
