//! Whether a configuration fits what the store was begun with: it is refused at the start, and not at the first call that
//! needs it.

use anyhow::Context as _;
use rsign_storage::Location;

use crate::app::Parts;
use crate::domain::seal::Purpose;

/// What only the signer keeps.
const OF_SIGNER: [&str; 3] = ["ceremony", "issued", "sad"];

/// Refuses the store of `rsign-signer`, before anything is written into it.
///
/// # Errors
/// When it is that, or cannot be looked at.
pub async fn of_gateway(location: &Location) -> anyhow::Result<()> {
    let found = rsign_storage::collections(location).await.context("[store]")?;
    let foreign = found.iter().any(|name| OF_SIGNER.contains(&name.as_str()));
    anyhow::ensure!(!foreign, "[store] {location} is the store of rsign-signer; the gateway needs one of its own");
    Ok(())
}

impl Parts {
    /// Refuses another tenant than the one that keys are bound to: they would open no more.
    ///
    /// # Errors
    /// When it is another, or the store fails.
    pub async fn fit_tenant(&self, tenant: &str) -> anyhow::Result<()> {
        let marks = &self.repositories.marks;
        match marks.tenant().await? {
            Some(known) if known == tenant => return Ok(()),
            Some(known) => {
                let keys = self.repositories.credentials.of_user(None, None, 1).await?;
                anyhow::ensure!(
                    keys.is_empty(),
                    "tenant is \"{tenant}\", and the keys in the store are bound to the tenant \"{known}\""
                );
            }
            None => {}
        }
        Ok(marks.set_tenant(tenant).await?)
    }

    /// Refuses another configuration key than the one that clients' secrets were sealed under.
    ///
    /// # Errors
    /// When it opens some of them no more, or the store fails.
    pub async fn fit_configuration_key(&self) -> anyhow::Result<()> {
        let Some(material) = self.material.as_deref() else { return Ok(()) };
        let clients = self.repositories.clients.all().await?.into_iter();
        let closed = clients.filter(|client| {
            let sealed = client.account_key.as_ref();
            sealed.is_some_and(|sealed| material.open(Purpose::AccountToken, &client.id, sealed).is_none())
        });
        let closed: Vec<String> = closed.map(|client| client.id).collect();
        anyhow::ensure!(
            closed.is_empty(),
            "[auth] configuration_key_file holds another key than the one that the secrets of {} were sealed under: put \
             that one back, or give them new secrets (client secret --id …)",
            closed.join(", ")
        );
        Ok(())
    }
}
