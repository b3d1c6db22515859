//! The two living versions of the CSC API.

/// Which version's sentences and answers a request gets: that of its URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `/csc/v1`, and `/csc/v0` as its alias: 1.0.4.0.
    V1,
    /// `/csc/v2`: 2.0.0.2 with the additions of 2.1 and 2.2.
    V2,
}

impl Version {
    /// `specs` of the `info` method (clause 11.1).
    #[must_use]
    pub const fn specs(self) -> &'static str {
        match self {
            Self::V1 => "1.0.4.0",
            Self::V2 => "2.0.0.2",
        }
    }
}
