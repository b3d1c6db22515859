//! Why a file is not signed. Whatever the reason, nothing was written.

/// Why a file is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It does not begin as a PDF does.
    #[error("this is no PDF")]
    NotPdf,
    /// It is encrypted, with or without a password.
    #[error("the PDF is encrypted")]
    Encrypted,
    /// It could only be read by guessing, and others might guess differently.
    #[error("the PDF is damaged: {0}")]
    Damaged(&'static str),
    /// It lists its objects twice, for old readers and for new ones (ISO 32000-2, 7.5.8.4).
    #[error("the PDF is a hybrid-reference file")]
    Hybrid,
    /// It has no page.
    #[error("the PDF has no pages")]
    NoPages,
    /// It has no page of this number.
    #[error("the PDF has no page {0}")]
    NoSuchPage(u32),
    /// It has more of something than is allowed here.
    #[error("the PDF has too many {0}")]
    Limit(&'static str),
    /// Its newest time-stamp is over something else than what is there.
    #[error("the PDF's newest time-stamp is over something else than what is there")]
    Stamp,
    /// An earlier signature forbids what is asked.
    #[error("an earlier signature allows no changes")]
    Locked,
    /// It is certified, and a new field that is seen would change what was certified.
    #[error("a certified PDF takes a visible signature only in a field it has")]
    Certified,
    /// It is signed already, so that it can no longer be certified.
    #[error("the PDF is signed already and cannot be certified")]
    AlreadySigned,
    /// The field of this name is none that can be signed.
    #[error("the field cannot be signed: {0}")]
    Field(&'static str),
    /// The empty field has requirements that are not met.
    #[error("the signature field {0}")]
    Seed(&'static str),
    /// What is asked makes no sense.
    #[error("{0}")]
    Wish(&'static str),
    /// The line has a character that the standard fonts lack.
    #[error("the character {0:?} cannot be shown")]
    Character(char),
    /// What is to be filled in is longer than the gap.
    #[error("{length} octets do not fit into the {reserve} that were reserved")]
    TooLong {
        /// Octets to be filled in.
        length: usize,
        /// Octets of room.
        reserve: usize,
    },
}
