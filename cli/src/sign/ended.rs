//! How `rsign sign` ended, where a script may want to know: each way has an exit code of its own.

use std::fmt;

use rsign_api::error::oauth2::KEY_UNUSABLE;
use rsign_api::version::Version;

/// Nothing was signed, for a reason that has an exit code.
#[derive(Debug)]
pub(super) struct Ended {
    code: u8,
    sentence: String,
}

impl Ended {
    /// The command line asks for what cannot be.
    pub(super) fn misread(sentence: &str) -> Self {
        Self { code: 2, sentence: sentence.to_owned() }
    }

    /// Something is wrong with the files, and it was said of which and what: so many are of no form that can be signed.
    pub(super) fn unasked(unfit: usize) -> Self {
        let mut sentence = "nothing was signed, and nobody was asked".to_owned();
        if unfit > 0 {
            let these = if unfit == 1 { "it" } else { "them" };
            sentence += &format!("; leave {these} out, or take --detached, which signs any file beside it");
        }
        Self { code: 3, sentence }
    }

    /// The person has no key that can sign this, as was said of each; nobody was asked for a PIN.
    pub(super) fn keyless(keys: usize) -> Self {
        let why = match keys {
            0 => "you have no signing key at this service yet; make one on its account page",
            1 => "this key cannot sign it; your account at the service says more",
            _ => "none of these keys can sign it; your account at the service says more",
        };
        Self { code: 4, sentence: format!("nothing was signed, and nobody was asked for a PIN: {why}") }
    }

    /// The person, or the service, said no in the browser; and in its words why, where it says so.
    pub(super) fn denied(said: Option<&str>) -> Self {
        let sentence = match said {
            Some(said) if said == KEY_UNUSABLE.sentence(Version::V2) => {
                "nothing was signed: the service says that this key cannot be used now, for it is locked, suspended or \
                 blocked; your account there says which, and until when"
                    .to_owned()
            }
            Some(said) => {
                format!("nothing was signed, for it was not approved in the browser; the service says: {said}")
            }
            None => "nothing was signed, for it was not approved in the browser".to_owned(),
        };
        Self { code: 4, sentence }
    }

    /// What the process answers to whoever started it.
    pub(super) const fn code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Ended {}
