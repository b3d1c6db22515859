//! How messages reach people: codes most of all.

use async_trait::async_trait;

use crate::domain::notice::Notice;

/// It did not reach them: nobody took it for delivery.
#[derive(Debug, thiserror::Error)]
#[error("the message was not taken for delivery")]
pub struct Undelivered(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Brings messages to one kind of address.
#[async_trait]
pub trait Courier: Send + Sync + std::fmt::Debug {
    /// Hands the notice over for delivery to this address. That it arrives nobody can know.
    ///
    /// # Errors
    /// [`Undelivered`].
    async fn deliver(&self, to: &str, notice: &Notice) -> Result<(), Undelivered>;
}
