//! A foreign XML document: what of it is signed, and where the signature goes.

use bergshamra_c14n::{C14nMode, C14nSink, canonicalize_doc, canonicalize_doc_to};
use bergshamra_xml::NodeSet;
use rsign_api::algorithm::HashAlgorithm;
use uppsala::{NodeKind, Parser};

use super::Error;
use crate::Hasher;

/// Longest document that is read, in bytes. The parser needs some twenty times as much where elements are short.
pub const LIMIT: usize = 16 << 20;

/// How deep elements may stand in each other.
pub const MAX_DEPTH: u32 = 200;

/// Namespace of XML signatures.
pub(super) const XMLDSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// A document that can have a signature inside.
#[derive(Debug)]
pub struct Document<'a> {
    text: &'a str,
    tree: uppsala::Document<'a>,
    /// Where the end tag of the document element begins, or where its only tag ends in `/>`.
    end: usize,
    /// Name of the document element if it has that only tag.
    empty: Option<&'a str>,
}

impl<'a> Document<'a> {
    /// Reads a document: XML 1.0 with namespaces, UTF-8, no document type declaration (so no entities but the five of XML),
    /// no signature yet: one more child of the document element would break a signature over the whole document.
    ///
    /// # Errors
    /// [`Error::Document`] for all others.
    pub fn read(document: &'a [u8]) -> Result<Self, Error> {
        if document.len() > LIMIT {
            return Err(refused("it is too long"));
        }
        let text = std::str::from_utf8(document).map_err(|_| refused("it is not UTF-8"))?;
        let tree = parse(text)?;
        if let Some(declaration) = &tree.xml_declaration {
            if declaration.version != "1.0" {
                return Err(refused("only XML 1.0 has a canonical form"));
            }
            let encoding = declaration.encoding.as_deref().unwrap_or("UTF-8");
            if !["UTF-8", "US-ASCII"].iter().any(|known| known.eq_ignore_ascii_case(encoding)) {
                return Err(refused("it declares another encoding than UTF-8"));
            }
        }
        if !tree.get_elements_by_tag_name_ns(XMLDSIG, "Signature").is_empty() {
            return Err(refused("it has a signature already, which another inside would break"));
        }
        let root = tree.document_element().ok_or_else(|| refused("it has no element"))?;
        let range = tree.node_range(root).ok_or_else(|| refused("it has no element"))?;
        let element = text.get(range.clone()).ok_or_else(|| refused("it has no element"))?;
        // No tag has another `<` inside, so the last one begins the end tag, or the only tag.
        let last = element.rfind('<').ok_or_else(|| refused("it has no element"))?;
        let (end, empty) = match element.strip_suffix("/>") {
            Some(tag) if last == 0 => (range.end - 2, Some(name(tag))),
            _ if element[last..].starts_with("</") => (range.start + last, None),
            _ => return Err(refused("its element does not end")),
        };
        Ok(Self { text, tree, end, empty })
    }

    /// Digest of the canonical form: what [`super::Content::Enveloped`] wants.
    ///
    /// # Errors
    /// When it has none.
    pub fn digest(&self, hash: HashAlgorithm) -> Result<Vec<u8>, Error> {
        let mut hasher = Sink(Hasher::new(hash));
        canonicalize_doc_to::<&str, _>(&self.tree, C14nMode::Inclusive, None, &[], &mut hasher).map_err(refused)?;
        Ok(hasher.0.finish())
    }

    /// The document with this element as the last child of its document element. Its octets stay as they are, but for the
    /// slash of a document element that had no content.
    pub(super) fn with(&self, element: &str) -> Vec<u8> {
        let (before, after) = self.text.split_at(self.end);
        let parts: &[&str] = match self.empty {
            None => &[before, element, after],
            Some(name) => &[before, ">", element, "</", name, ">", &after[2..]],
        };
        parts.concat().into_bytes()
    }
}

/// The exclusive canonical form of the only element of this name in the namespace of XML signatures (or of XAdES).
pub(super) fn canonical(signature: &str, name: &str) -> Result<Vec<u8>, Error> {
    let tree = parse(signature)?;
    let found: Vec<_> = tree
        .descendants(tree.root())
        .into_iter()
        .filter(|node| matches!(tree.node_kind(*node), Some(NodeKind::Element(element)) if element.name.local_name == name))
        .collect();
    let [node] = found[..] else { return Err(Error::Unfinished) };
    let nodes = NodeSet::tree_without_comments(node, &tree);
    canonicalize_doc::<&str>(&tree, C14nMode::Exclusive, Some(&nodes), &[]).map_err(|_| Error::Unfinished)
}

fn parse(text: &str) -> Result<uppsala::Document<'_>, Error> {
    Parser::new().with_max_depth(MAX_DEPTH).with_forbid_dtd(true).parse(text).map_err(refused)
}

/// The name in a tag that lacks its `>`.
fn name(tag: &str) -> &str {
    tag[1..].split(|next: char| next.is_ascii_whitespace()).next().unwrap_or_default()
}

fn refused(why: impl ToString) -> Error {
    Error::Document(why.to_string())
}

/// Hashes the canonical form as it comes, so that it never stands in memory.
struct Sink(Hasher);

impl C14nSink for Sink {
    fn write(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }
}
