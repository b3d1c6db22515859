//! What the gateway needs of the world, in words of the domain.

pub mod callback;
pub mod clock;
pub mod courier;
#[cfg(test)]
pub(crate) mod fake_callback;
#[cfg(test)]
pub(crate) mod fake_courier;
#[cfg(test)]
pub(crate) mod fake_identity;
#[cfg(test)]
pub(crate) mod fake_revocations;
#[cfg(test)]
pub(crate) mod fake_signer;
#[cfg(test)]
pub(crate) mod fake_time_stamps;
pub mod identity;
pub mod issuer;
pub mod random;
pub mod revocations;
pub mod signer;
pub mod time_stamps;
