//! What the store was begun with, and may not be opened without.

use std::sync::Arc;

use rsign_storage::{Collection, Place, Result, Store, Table, Update};
use serde::{Deserialize, Serialize};

use super::collection;

pub(super) const MARK: Collection = collection("mark");

/// The mark of the tenant.
const TENANT: &str = "tenant";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Mark {
    value: String,
}

/// Marks, by what they are of.
#[derive(Debug, Clone)]
pub struct Marks(Table<Mark>);

impl Marks {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        Self(Table::new(Arc::clone(store), MARK, |_| Place::default()))
    }

    /// The tenant that keys here are bound to; none where nobody said so yet.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn tenant(&self) -> Result<Option<String>> {
        Ok(self.0.find(TENANT).await?.map(|mark| mark.value))
    }

    /// Records it.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn set_tenant(&self, tenant: &str) -> Result<()> {
        let value = tenant.to_owned();
        self.0.update(TENANT, move |_| (Update::Put(Mark { value: value.clone() }), ())).await
    }
}
