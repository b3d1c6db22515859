//! What a session, and each record in it, is for (3.5).

use super::Failure;
use crate::signer;

/// An operation. A session is opened for one of them, and besides it allows only [`Operation::Close`]; after an
/// enrolment whose answer brought a second factor also [`Operation::Factor`], which confirms it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Make a key with a PIN of the user's choice.
    Enrol,
    /// Approve a list, or a number of signatures: makes a SAD.
    Authorize,
    /// Sign hashes that never leave the channel in clear (native mode).
    Sign,
    /// Give the credential another PIN.
    ChangePin,
    /// Give the credential a second factor, or another one; confirm it with its first code.
    Factor,
    /// End the session.
    Close,
}

/// The bit that makes an operation's octet that of its answer.
const ANSWER: u8 = 0x80;

impl From<signer::Operation> for Operation {
    fn from(registered: signer::Operation) -> Self {
        match registered {
            signer::Operation::Enrol => Self::Enrol,
            signer::Operation::Authorise => Self::Authorize,
            signer::Operation::Sign => Self::Sign,
            signer::Operation::ChangePin => Self::ChangePin,
            signer::Operation::Factor => Self::Factor,
        }
    }
}

impl Operation {
    /// The octet in requests and in ctx.
    #[must_use]
    pub const fn request(self) -> u8 {
        match self {
            Self::Enrol => 0x01,
            Self::Authorize => 0x02,
            Self::Sign => 0x03,
            Self::ChangePin => 0x04,
            Self::Factor => 0x05,
            Self::Close => 0x06,
        }
    }

    /// The octet in answers.
    #[must_use]
    pub const fn answer(self) -> u8 {
        self.request() | ANSWER
    }

    /// Reads the octet of a request.
    ///
    /// # Errors
    /// Unknown, or an answer's.
    pub fn from_request(octet: u8) -> Result<Self, Failure> {
        [Self::Enrol, Self::Authorize, Self::Sign, Self::ChangePin, Self::Factor, Self::Close]
            .into_iter()
            .find(|operation| operation.request() == octet)
            .ok_or(Failure)
    }
}
