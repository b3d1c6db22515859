//! What is added to a signature of JSON or XML once it is there.

use crate::evidence::Evidence;

/// One unsigned property. Their order counts: each archive time-stamp is over all that stand before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addition {
    /// A time-stamp token on the signature (B-T).
    Stamp(Vec<u8>),
    /// What the signature and its time-stamps are validated with (B-LT).
    Evidence(Evidence),
    /// A time-stamp token on everything before (B-LTA).
    Archive(Vec<u8>),
    /// What the archive time-stamp before is validated with: another one follows.
    StampEvidence(Evidence),
}
