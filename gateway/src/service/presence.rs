//! Whether app and person are still there, and nothing of theirs was ended by an operator since: looked at whenever
//! something is used that was stored before, since to take it away would be a race.

use crate::domain::client::{ACCOUNT, BASIC};
use crate::domain::token::{Bearer, Eras};
use crate::store::{Clients, Repositories, Users};

/// The service.
#[derive(Debug, Clone)]
pub struct Presence {
    clients: Clients,
    users: Users,
}

impl Presence {
    /// The service over its repositories.
    #[must_use]
    pub fn new(repositories: &Repositories) -> Self {
        Self { clients: repositories.clients.clone(), users: repositories.users.clone() }
    }

    /// Whether app and person are there, in these eras.
    ///
    /// # Errors
    /// The store.
    pub async fn stands(&self, client: &str, user: Option<&str>, eras: Eras) -> rsign_storage::Result<bool> {
        if self.era_of_client(client).await? != Some(eras.client) {
            return Ok(false);
        }
        let Some(user) = user else { return Ok(true) };
        Ok(self.users.find(user).await?.is_some_and(|user| user.era == eras.user))
    }

    /// The eras of what this bearer asks of this person, as the bearer was recognised; `None` where the person is not
    /// there.
    ///
    /// # Errors
    /// The store.
    pub async fn of(&self, bearer: &Bearer, user: &str) -> rsign_storage::Result<Option<Eras>> {
        if bearer.user.is_some() {
            return Ok(Some(bearer.eras));
        }
        Ok(self.users.find(user).await?.map(|user| Eras { user: user.era, ..bearer.eras }))
    }

    /// Our own have one era, which never ends.
    async fn era_of_client(&self, client: &str) -> rsign_storage::Result<Option<u32>> {
        if [ACCOUNT, BASIC].contains(&client) {
            return Ok(Some(0));
        }
        Ok(self.clients.find(client).await?.map(|client| client.era))
    }
}
