//! Languages the pages speak.

use serde::{Deserialize, Serialize};

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Portuguese as in Portugal.
    Pt,
}

impl Language {
    /// All, in the order they are offered.
    pub const ALL: [Self; 2] = [Self::En, Self::Pt];

    /// Its short name, as the signing page is told.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Pt => "pt",
        }
    }

    /// What `lang` of a page says (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Pt => "pt-PT",
        }
    }

    /// The language of one tag, whatever its region: `pt-BR` is read as Portuguese.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(primary))
    }

    /// The first we speak of a list like that of `ui_locales`: by spaces, best first.
    #[must_use]
    pub fn of_locales(locales: &str) -> Option<Self> {
        locales.split_whitespace().take(MOST).find_map(Self::of_tag)
    }

    /// The one that an `Accept-Language` field likes best (RFC 9110, 12.5.4).
    #[must_use]
    pub fn accepted(field: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for item in field.split(',').take(MOST) {
            let (tag, parameters) = item.split_once(';').unwrap_or((item, ""));
            let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.trim().parse().ok());
            let (Some(language), Some(weight)) = (Self::of_tag(tag.trim()), weight) else { continue };
            if weight > best.map_or(0.0, |(weight, _)| weight) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

/// Items of a list that are looked at; browsers send five or so.
const MOST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_language_we_speak_is_chosen() {
        assert_eq!(Language::accepted("fr, pt-BR;q=0.8, en;q=0.9"), Some(Language::En));
        assert_eq!(Language::accepted("pt-PT,pt;q=0.9,en;q=0.8"), Some(Language::Pt));
        assert_eq!(Language::accepted("en;q=0, pt;q=0.1"), Some(Language::Pt));
        assert_eq!(Language::accepted("pt;q=NaN, de"), None);
        assert_eq!(Language::accepted(""), None);
        assert_eq!(Language::of_locales("fr-FR PT_pt en"), Some(Language::Pt));
    }
}
