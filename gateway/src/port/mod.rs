//! What the gateway needs of the world, in words of the domain.

pub mod clock;
pub mod random;
pub mod signer;
