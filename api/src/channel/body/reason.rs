//! Why the signer did not do what was asked. Only the user's device reads this; outside the channel the gateway sees no
//! more than that it failed (3.4).

use super::super::Failure;

/// A result other than done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// 1: judged and wrong.
    #[error("the PIN is wrong")]
    WrongPin {
        /// Tries this client has left before a lock.
        tries_left: Option<u32>,
    },
    /// 2: not judged, too many wrong ones before.
    #[error("the PIN is locked")]
    PinLocked {
        /// Seconds until PINs are judged again.
        retry_after: Option<u32>,
    },
    /// 3: too many wrong PINs in all; only two officers together bring the credential back.
    #[error("the credential is blocked")]
    Blocked,
    /// 4: what the user was shown is not what the signer was asked for.
    #[error("the list is another one than was registered")]
    ListMismatch,
    /// 5: the second factor is missing, wrong or was used before; or too many were wrong. The PIN was not judged.
    #[error("the second factor is wrong")]
    WrongFactor {
        /// Seconds until codes are judged again, where the factor is locked.
        retry_after: Option<u32>,
    },
    /// 6: a new PIN that policy does not allow, or the old one again.
    #[error("the new PIN is too weak")]
    WeakPin,
    /// 7: the transaction is over: too late, or finished before.
    #[error("the transaction is over")]
    Expired,
    /// 8: the credential is not active, suspended or destroyed, or its certificate has expired.
    #[error("the credential is disabled")]
    Disabled,
    /// 9: the key cannot make such a signature, or policy forbids it.
    #[error("the algorithm is not one of the key's")]
    Algorithm,
    /// 10: a queue is full, or the HSM or the store is away; no try was counted.
    #[error("the service is busy")]
    Unavailable {
        /// Seconds after which another attempt makes sense.
        retry_after: Option<u32>,
    },
    /// 11: anything else that the same request would meet again.
    #[error("the request is refused")]
    Refused,
    /// 12: close after an enrolment whose certificate is not there yet: close again later.
    #[error("not yet")]
    NotYet {
        /// Seconds after which another attempt makes sense.
        retry_after: Option<u32>,
    },
}

impl Reason {
    /// The result code, 1 to 12; 0 is done.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::WrongPin { .. } => 1,
            Self::PinLocked { .. } => 2,
            Self::Blocked => 3,
            Self::ListMismatch => 4,
            Self::WrongFactor { .. } => 5,
            Self::WeakPin => 6,
            Self::Expired => 7,
            Self::Disabled => 8,
            Self::Algorithm => 9,
            Self::Unavailable { .. } => 10,
            Self::Refused => 11,
            Self::NotYet { .. } => 12,
        }
    }

    /// Seconds to wait, where it says so.
    #[must_use]
    pub const fn retry_after(self) -> Option<u32> {
        match self {
            Self::PinLocked { retry_after }
            | Self::WrongFactor { retry_after }
            | Self::Unavailable { retry_after }
            | Self::NotYet { retry_after } => retry_after,
            _ => None,
        }
    }

    /// Tries left, where it says so.
    #[must_use]
    pub const fn tries_left(self) -> Option<u32> {
        if let Self::WrongPin { tries_left } = self { tries_left } else { None }
    }

    /// The reason that has this code and says exactly these numbers.
    pub(super) fn read(code: u16, retry_after: Option<u32>, tries_left: Option<u32>) -> Result<Self, Failure> {
        let reason = match code {
            1 => Self::WrongPin { tries_left },
            2 => Self::PinLocked { retry_after },
            3 => Self::Blocked,
            4 => Self::ListMismatch,
            5 => Self::WrongFactor { retry_after },
            6 => Self::WeakPin,
            7 => Self::Expired,
            8 => Self::Disabled,
            9 => Self::Algorithm,
            10 => Self::Unavailable { retry_after },
            11 => Self::Refused,
            12 => Self::NotYet { retry_after },
            _ => return Err(Failure),
        };
        let exact = reason.retry_after() == retry_after && reason.tries_left() == tries_left;
        if exact { Ok(reason) } else { Err(Failure) }
    }
}
