//! Documents that were taken out of a body while it arrived: in their place stand texts that no client can know.

use crate::octets::Octets;

/// What was taken out of one body.
#[derive(Debug)]
pub struct Lifted {
    /// Drawn for this body, so that nobody can name what is another's, or what is not there.
    mark: String,
    documents: Vec<Option<Octets>>,
}

impl Lifted {
    /// Nothing yet. `mark` was drawn for this body: at least 128 bits, in letters that JSON writes as they are.
    #[must_use]
    pub const fn new(mark: String) -> Self {
        Self { mark, documents: Vec::new() }
    }

    /// Takes a document, or what was no Base64; the text that is to stand in its place.
    pub fn put(&mut self, document: Option<Octets>) -> String {
        self.documents.push(document);
        // A hyphen is no letter of Base64.
        format!("{}-{}", self.mark, self.documents.len() - 1)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// What this text stands for, if it stands for anything: the document, or none where it was no Base64.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Option<&Octets>> {
        let place: usize = text.strip_prefix(self.mark.as_str())?.strip_prefix('-')?.parse().ok()?;
        self.documents.get(place).map(Option::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_texts_stand_for_documents() {
        let mut lifted = Lifted::new("0123".to_owned());
        let first = lifted.put(Some(vec![1].into()));
        let second = lifted.put(None);
        assert_eq!(lifted.find(&first), Some(Some(&vec![1].into())));
        assert_eq!(lifted.find(&second), Some(None));
        for other in ["", "0123", "0123-", "0123-2", "0124-0", "-0", "AQID"] {
            assert_eq!(lifted.find(other), None, "{other}");
        }
    }
}
