//! What kind of signature is wanted, and what is allowed to be signed.

use std::time::SystemTime;

/// What a certified document may still become (ISO 32000-2, table 257).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// P = 1: nothing, but for validation data and document time-stamps.
    NoChanges,
    /// P = 2: forms are filled in, and others sign.
    FormFilling,
    /// P = 3: annotations are made, too.
    Annotations,
}

impl Permission {
    pub(super) const fn number(self) -> i64 {
        match self {
            Self::NoChanges => 1,
            Self::FormFilling => 2,
            Self::Annotations => 3,
        }
    }
}

/// Kind of signature, as the CSC API names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The first signature of a document, which says what may still change.
    Certification(Permission),
    /// Any signature.
    Revision,
}

/// Lines of text in a rectangle.
#[derive(Debug, Clone, PartialEq)]
pub struct Visible {
    /// Where a new field goes; none for one that is there and stays where it is.
    pub place: Option<Place>,
    /// What it says.
    pub lines: Vec<String>,
}

/// A rectangle on a page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Page, counted from 1.
    pub page: u32,
    /// Left, bottom, right and top in units of the page, usually 1/72 inch.
    pub rectangle: [f64; 4],
}

/// The signature that is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its kind.
    pub kind: Kind,
    /// An empty signature field of the document, or the name of a new one; none for a new one of any name. Where the document
    /// has empty ones, a new one with a name has a place, too.
    pub field: Option<String>,
    /// When it is made, by whatever clock (`/M`).
    pub time: SystemTime,
    /// `/Reason`. Must be absent where the CMS has a commitment-type-indication.
    pub reason: Option<String>,
    /// `/Location`.
    pub location: Option<String>,
    /// `/Name` of the signer.
    pub name: Option<String>,
    /// `/ContactInfo`.
    pub contact: Option<String>,
    /// What is seen of it on a page, if anything.
    pub visible: Option<Visible>,
    /// Octets the CMS may have, at most.
    pub reserve: usize,
}

impl Request {
    /// An invisible signature in a new field, with room for a time-stamp.
    #[must_use]
    pub fn new(kind: Kind, time: SystemTime) -> Self {
        Self {
            kind,
            field: None,
            time,
            reason: None,
            location: None,
            name: None,
            contact: None,
            visible: None,
            reserve: 16 << 10,
        }
    }
}

/// What a file may have at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Octets.
    pub octets: usize,
    /// Octets of its unpacked object streams together.
    pub unpacked: usize,
    /// Indirect objects.
    pub objects: u32,
    /// Nodes of the page tree.
    pub pages: usize,
    /// Cross-reference sections.
    pub revisions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { octets: 256 << 20, unpacked: 64 << 20, objects: 1_000_000, pages: 100_000, revisions: 1000 }
    }
}
