//! What a signed document is called on the wire: its format, level, and where the signature stands (CSC 11.11).

use serde::{Deserialize, Serialize};

/// Format of a signature over a document: `signature_format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    /// CAdES: CMS (EN 319 122-1).
    #[serde(rename = "C")]
    Cades,
    /// PAdES: in a PDF (EN 319 142-1).
    #[serde(rename = "P")]
    Pades,
    /// XAdES: XML (EN 319 132-1).
    #[serde(rename = "X")]
    Xades,
    /// JAdES: JSON (TS 119 182-1).
    #[serde(rename = "J")]
    Jades,
}

impl Format {
    /// All of them, in the order of the standard's table.
    pub const ALL: [Self; 4] = [Self::Cades, Self::Xades, Self::Pades, Self::Jades];

    /// The letter of the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cades => "C",
            Self::Pades => "P",
            Self::Xades => "X",
            Self::Jades => "J",
        }
    }

    /// The format a letter names.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Where the signature may stand; the first is the default.
    #[must_use]
    pub const fn envelopes(self) -> &'static [Envelope] {
        match self {
            Self::Cades | Self::Jades => &[Envelope::Attached, Envelope::Detached, Envelope::Parallel],
            Self::Pades => &[Envelope::Certification, Envelope::Revision],
            Self::Xades => &[Envelope::Enveloped, Envelope::Enveloping, Envelope::Detached],
        }
    }
}

/// Level of a baseline signature (EN 319 1x2-1, clause 6): `conformance_level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Level {
    /// B-B: signed.
    #[default]
    #[serde(rename = "B-B")]
    B,
    /// B-T: with a time-stamp on the signature.
    #[serde(rename = "B-T")]
    T,
    /// B-LT: with everything a validator needs besides its roots.
    #[serde(rename = "B-LT")]
    Lt,
    /// B-LTA: with a time-stamp on all of that.
    #[serde(rename = "B-LTA")]
    Lta,
}

impl Level {
    /// All of them, lowest first.
    pub const ALL: [Self; 4] = [Self::B, Self::T, Self::Lt, Self::Lta];

    /// The name of the wire; the older ETSI names lack the first `B-`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::B => "AdES-B-B",
            Self::T => "AdES-B-T",
            Self::Lt => "AdES-B-LT",
            Self::Lta => "AdES-B-LTA",
        }
    }

    /// The level a name of either generation names, in any case: the texts write `Ades` and `AdES`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let suffix = name.to_ascii_uppercase();
        match suffix.strip_prefix("ADES-")? {
            "B-B" | "B" => Some(Self::B),
            "B-T" | "T" => Some(Self::T),
            "B-LT" | "LT" => Some(Self::Lt),
            "B-LTA" | "LTA" => Some(Self::Lta),
            _ => None,
        }
    }
}

/// Where a signature stands with regard to its document: `signed_envelope_property`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Envelope {
    /// The document is inside the signature (C, J).
    Attached,
    /// The signature stands by itself (C, J, X).
    Detached,
    /// Beside the signatures that are there already (C, J).
    Parallel,
    /// A certification signature, the first of its PDF (P).
    Certification,
    /// An approval signature, a new revision of its PDF (P).
    Revision,
    /// The signature is inside the document (X).
    Enveloped,
    /// The document is inside the signature (X).
    Enveloping,
}

impl Envelope {
    /// Every property of every format.
    pub const ALL: [Self; 7] = [
        Self::Attached,
        Self::Detached,
        Self::Parallel,
        Self::Certification,
        Self::Revision,
        Self::Enveloped,
        Self::Enveloping,
    ];

    /// The name of the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Attached => "Attached",
            Self::Detached => "Detached",
            Self::Parallel => "Parallel",
            Self::Certification => "Certification",
            Self::Revision => "Revision",
            Self::Enveloped => "Enveloped",
            Self::Enveloping => "Enveloping",
        }
    }

    /// The property a name names, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|envelope| envelope.name().eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_names_of_two_generations_in_any_case() {
        for (name, level) in [
            ("AdES-B-B", Level::B),
            ("Ades-B-T", Level::T),
            ("ades-lt", Level::Lt),
            ("AdES-B", Level::B),
            ("AdES-LTA", Level::Lta),
            ("AdES-B-LTA", Level::Lta),
        ] {
            assert_eq!(Level::named(name), Some(level), "{name}");
        }
        for name in ["", "B-B", "AdES-", "AdES-B-", "AdES-B-X", "AdES-C", " AdES-B-B"] {
            assert_eq!(Level::named(name), None, "{name}");
        }
        assert!(Level::ALL.into_iter().all(|level| Level::named(level.name()) == Some(level)));
    }

    #[test]
    fn every_format_has_a_letter_and_a_default() {
        assert!(Format::ALL.into_iter().all(|format| Format::named(format.name()) == Some(format)));
        let defaults = Format::ALL.map(|format| format.envelopes()[0]);
        assert_eq!(defaults, [Envelope::Attached, Envelope::Enveloped, Envelope::Certification, Envelope::Attached]);
        assert!(Envelope::ALL.into_iter().all(|one| Envelope::named(&one.name().to_uppercase()) == Some(one)));
    }
}
