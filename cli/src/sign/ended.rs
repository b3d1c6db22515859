//! How `rsign sign` ended, where a script may want to know: each way has an exit code of its own.

use std::fmt;

/// Nothing was signed, for a reason that has an exit code.
#[derive(Debug)]
pub(super) struct Ended {
    code: u8,
    sentence: String,
}

impl Ended {
    /// So many of the files cannot be signed; which and why was said.
    pub(super) fn unfit(files: usize) -> Self {
        let these = if files == 1 { "it" } else { "them" };
        let sentence = format!(
            "nothing was signed, and nobody was asked; leave {these} out, or take --detached, which signs any file beside it"
        );
        Self { code: 3, sentence }
    }

    /// The person, or the service, said no in the browser.
    pub(super) fn denied(said: &str) -> Self {
        Self {
            code: 4,
            sentence: format!(
                "nothing was signed: you cancelled in the browser, or the service did not let you go on; it says: {said}"
            ),
        }
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
