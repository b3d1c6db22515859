//! Why a file is not signed. Whatever the reason, nothing was written.

use rsign_api::objection::Reason;

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
    /// No new field can have this name.
    #[error("a new field cannot have this name: {0}")]
    FieldName(&'static str),
    /// No rectangle is given, and no field of this name is there: to be seen in, or to be the one of several empty ones.
    #[error("there is no field of this name")]
    NoField,
    /// The field of this name is of another kind.
    #[error("the field is no signature field")]
    NotSignature,
    /// The field of this name is signed.
    #[error("the field is signed already")]
    Taken,
    /// A place is given to a field that has one.
    #[error("the field has a place of its own")]
    Placed,
    /// The field is none that is seen.
    #[error("the field is not seen")]
    Unseen,
    /// The empty field has requirements that are not met.
    #[error("the signature field {0}")]
    Seed(&'static str),
    /// The rectangle of a visible signature is not wholly on its page.
    #[error("the rectangle is not wholly on its page")]
    OffPage,
    /// The rectangle of a visible signature is too small.
    #[error("nothing would be seen in the signature's rectangle")]
    Small,
    /// The text of a visible signature could not be read.
    #[error("the text does not fit into the signature's rectangle")]
    Text,
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

impl Error {
    /// The word for it, where it lies in the file or in what is to be said in it.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        Some(match self {
            Self::NotPdf => Reason::WrongFormat,
            Self::Encrypted => Reason::Encrypted,
            Self::Damaged(_) => Reason::Damaged,
            Self::Hybrid => Reason::Hybrid,
            Self::NoPages => Reason::NoPages,
            Self::NoSuchPage(_) => Reason::NoSuchPage,
            Self::Limit("octets") => Reason::TooLong,
            Self::Limit(_) => Reason::TooMany,
            Self::Locked => Reason::Locked,
            Self::Certified => Reason::Certified,
            Self::AlreadySigned => Reason::NotFirst,
            Self::FieldName(_) => Reason::FieldName,
            Self::NoField => Reason::NoSuchField,
            Self::NotSignature => Reason::NotSignatureField,
            Self::Taken => Reason::FieldTaken,
            Self::Placed => Reason::FieldPlaced,
            Self::Unseen => Reason::FieldUnseen,
            Self::Seed(_) => Reason::FieldDemands,
            Self::OffPage => Reason::OffPage,
            Self::Small => Reason::TooSmall,
            Self::Text => Reason::TextTooLong,
            Self::Character(_) => Reason::Character,
            Self::Stamp | Self::Wish(_) | Self::TooLong { .. } => return None,
        })
    }
}
