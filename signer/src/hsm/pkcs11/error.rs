//! What a PKCS#11 return code means for the signer.

use cryptoki::error::{Error, RvError};

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Session, login, device or memory are gone: the worker has to be replaced.
    #[error("{0}")]
    Lost(String),
    /// The HSM refused its user's PIN. To be tried again by a human only: most HSMs lock after a few.
    #[error("the HSM refuses the PIN of its user ([hsm] pin_file): {0}")]
    Pin(String),
    /// The HSM failed at this call.
    #[error("{0}")]
    Device(String),
    /// The token is not as the ceremony left it.
    #[error("{0}")]
    Misconfigured(String),
}

impl TokenError {
    /// The same, with what an operator should look at.
    pub(super) fn at(self, what: impl std::fmt::Display) -> Self {
        let with = |text: String| format!("{what}: {text}");
        match self {
            Self::Lost(text) => Self::Lost(with(text)),
            Self::Pin(text) => Self::Pin(with(text)),
            Self::Device(text) => Self::Device(with(text)),
            Self::Misconfigured(text) => Self::Misconfigured(with(text)),
        }
    }

    pub(super) fn misconfigured(what: impl Into<String>) -> Self {
        Self::Misconfigured(what.into())
    }
}

impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        let text = describe(&error);
        if is_loss(&error) {
            Self::Lost(text)
        } else if is_pin(&error) {
            Self::Pin(text)
        } else {
            Self::Device(text)
        }
    }
}

/// `function: code`, without the standard's prose.
pub(super) fn describe(error: &Error) -> String {
    match error {
        Error::Pkcs11(code, function) => format!("{function:?}: {code:?}"),
        other => other.to_string(),
    }
}

fn is_pin(error: &Error) -> bool {
    use RvError::{PinExpired, PinIncorrect, PinInvalid, PinLenRange, PinLocked};
    matches!(error, Error::Pkcs11(PinExpired | PinIncorrect | PinInvalid | PinLenRange | PinLocked, _))
}

/// Codes that say nothing of the key or the data. A wrong KEK shows as `CKR_GENERAL_ERROR` on SoftHSM2 and
/// `CKR_DEVICE_ERROR` on Kryoptic, so neither may be here.
fn is_loss(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(
            RvError::SessionHandleInvalid
                | RvError::SessionClosed
                | RvError::SessionCount
                | RvError::UserNotLoggedIn
                | RvError::DeviceRemoved
                | RvError::DeviceMemory
                | RvError::HostMemory
                | RvError::TokenNotPresent
                | RvError::TokenNotRecognized
                | RvError::SlotIdInvalid
                | RvError::CryptokiNotInitialized,
            _
        )
    )
}
