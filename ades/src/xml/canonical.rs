//! Canonical XML 1.0 and Exclusive XML Canonicalization 1.0, both without comments, of whole documents and of single
//! elements, on the tree of `roxmltree`. What they leave open here: parts of documents other than these two, and the
//! attributes `xml:…` that inclusive canonicalisation would have an element inherit, so that is for whole documents only.

use std::collections::BTreeMap;

use roxmltree::{Document, Node, NodeType};

/// Which namespaces are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// All that are in scope (Canonical XML 1.0).
    Inclusive,
    /// Those that elements and attributes have in their names (Exclusive Canonicalization, 3).
    Exclusive,
}

/// Where the octets go: into memory, or into a hash.
pub(super) trait Sink {
    fn write(&mut self, octets: &[u8]);
}

impl Sink for Vec<u8> {
    fn write(&mut self, octets: &[u8]) {
        self.extend_from_slice(octets);
    }
}

/// The document: its processing instructions and its element.
pub(super) fn document(document: &Document<'_>, sink: &mut impl Sink) {
    let (mut writer, mut after) = (Writer::new(document, Form::Inclusive, sink), false);
    for child in document.root().children() {
        match child.node_type() {
            NodeType::Element => {
                writer.element(child);
                after = true;
            }
            NodeType::PI if after => {
                writer.sink.write(b"\n");
                writer.instruction(child);
            }
            NodeType::PI => {
                writer.instruction(child);
                writer.sink.write(b"\n");
            }
            NodeType::Root | NodeType::Comment | NodeType::Text => {}
        }
    }
}

/// One element and what is in it, in exclusive form.
pub(super) fn element(node: Node<'_, '_>, sink: &mut impl Sink) {
    Writer::new(node.document(), Form::Exclusive, sink).element(node);
}

struct Writer<'a, S> {
    source: &'a str,
    form: Form,
    /// Prefix and name of each namespace that the elements around have written; the default one has an empty prefix.
    written: BTreeMap<&'a str, &'a str>,
    sink: &'a mut S,
}

impl<'a, S: Sink> Writer<'a, S> {
    fn new(document: &'a Document<'_>, form: Form, sink: &'a mut S) -> Self {
        Self { source: document.input_text(), form, written: BTreeMap::new(), sink }
    }

    /// Not deeper than the document was allowed to be.
    fn element(&mut self, node: Node<'a, '_>) {
        let tag = self.tag(node);
        let name = tag.split(|next: char| next.is_ascii_whitespace() || "/>".contains(next)).next().unwrap_or_default();
        let undo = self.start(node, tag, name);
        for child in node.children() {
            match child.node_type() {
                NodeType::Element => self.element(child),
                NodeType::Text => escape(self.sink, child.text().unwrap_or_default(), TEXT),
                NodeType::PI => self.instruction(child),
                NodeType::Comment | NodeType::Root => {}
            }
        }
        for part in ["</", name, ">"] {
            self.sink.write(part.as_bytes());
        }
        for (prefix, earlier) in undo {
            match earlier {
                Some(name) => self.written.insert(prefix, name),
                None => self.written.remove(prefix),
            };
        }
    }

    /// The start tag; what it changed in `written`.
    fn start(&mut self, node: Node<'a, '_>, tag: &str, name: &'a str) -> Vec<(&'a str, Option<&'a str>)> {
        let mut attributes: Vec<_> = node
            .attributes()
            .map(|one| (one.namespace().unwrap_or_default(), one.name(), &self.source[one.range_qname()], one.value()))
            .collect();
        attributes.sort_unstable();
        let mut namespaces = self.namespaces(node, tag, name);
        namespaces.sort_unstable();
        self.sink.write(b"<");
        self.sink.write(name.as_bytes());
        let mut undo = Vec::new();
        for (prefix, namespace) in namespaces {
            undo.push((prefix, self.written.insert(prefix, namespace)));
            let parts = if prefix.is_empty() { [" xmlns", ""] } else { [" xmlns:", prefix] };
            self.attribute(&parts, namespace);
        }
        for (.., name, value) in attributes {
            self.attribute(&[" ", name], value);
        }
        self.sink.write(b">");
        undo
    }

    /// The namespaces to be written here: not yet written by an element around.
    fn namespaces(&self, node: Node<'a, '_>, tag: &str, name: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut found: Vec<(&'a str, &'a str)> = match self.form {
            // Nothing changes where nothing is declared.
            Form::Inclusive if !declares(tag) => return Vec::new(),
            Form::Inclusive => node.namespaces().map(|one| (one.name().unwrap_or_default(), one.uri())).collect(),
            Form::Exclusive => {
                // Each name knows its own: none is looked for among all that are in scope.
                let element = (prefix(name).unwrap_or_default(), node.tag_name().namespace().unwrap_or_default());
                // A name of an attribute without a prefix is in no namespace.
                let attributes = node
                    .attributes()
                    .filter_map(|one| Some((prefix(&self.source[one.range_qname()])?, one.namespace()?)));
                let mut used: Vec<_> = attributes.chain([element]).collect();
                used.sort_unstable();
                used.dedup();
                used
            }
        };
        let concerned = self.form == Form::Inclusive || !name_has_prefix(tag);
        if concerned && !found.iter().any(|(prefix, _)| prefix.is_empty()) {
            // No default namespace here; that has to be said where there is one around.
            found.push(("", ""));
        }
        found.retain(|(prefix, name)| {
            *prefix != "xml" && self.written.get(prefix).copied().unwrap_or_default() != *name
        });
        found
    }

    fn instruction(&mut self, node: Node<'_, '_>) {
        let Some(instruction) = node.pi() else { return };
        self.sink.write(b"<?");
        self.sink.write(instruction.target.as_bytes());
        if let Some(value) = instruction.value.filter(|value| !value.is_empty()) {
            self.sink.write(b" ");
            escape(self.sink, value, INSTRUCTION);
        }
        self.sink.write(b"?>");
    }

    fn attribute(&mut self, name: &[&str], value: &str) {
        for part in name {
            self.sink.write(part.as_bytes());
        }
        self.sink.write(b"=\"");
        escape(self.sink, value, VALUE);
        self.sink.write(b"\"");
    }

    /// The source of the start tag, from its name to its end.
    fn tag(&self, node: Node<'_, '_>) -> &'a str {
        let text = &self.source[node.range().start + 1..node.range().end];
        let mut quote = None;
        let end = text.bytes().position(|octet| {
            match (quote, octet) {
                (None, b'"' | b'\'') => quote = Some(octet),
                (Some(open), _) if open == octet => quote = None,
                (None, b'>') => return true,
                _ => {}
            }
            false
        });
        &text[..end.map_or(text.len(), |end| end + 1)]
    }
}

/// Whether a start tag declares a namespace: not in a value, where anything may stand.
fn declares(tag: &str) -> bool {
    let (mut quote, mut before) = (None, b'<');
    for (at, octet) in tag.bytes().enumerate() {
        match (quote, octet) {
            (None, b'"' | b'\'') => quote = Some(octet),
            (Some(open), _) if open == octet => quote = None,
            (None, b'x') if before.is_ascii_whitespace() => {
                let rest = tag[at..].strip_prefix("xmlns");
                if rest.is_some_and(|rest| rest.starts_with([':', '=', ' ', '\t', '\r', '\n'])) {
                    return true;
                }
            }
            _ => {}
        }
        before = octet;
    }
    false
}

/// The prefix of a name, if it has one.
fn prefix(name: &str) -> Option<&str> {
    name.split_once(':').map(|(prefix, _)| prefix)
}

/// Whether the name of the element has a prefix.
fn name_has_prefix(tag: &str) -> bool {
    tag.split(|next: char| next.is_ascii_whitespace() || "/>".contains(next))
        .next()
        .is_some_and(|name| name.contains(':'))
}

const TEXT: &[(u8, &str)] = &[(b'&', "&amp;"), (b'<', "&lt;"), (b'>', "&gt;"), (b'\r', "&#xD;")];
const VALUE: &[(u8, &str)] =
    &[(b'&', "&amp;"), (b'<', "&lt;"), (b'"', "&quot;"), (b'\t', "&#x9;"), (b'\n', "&#xA;"), (b'\r', "&#xD;")];
const INSTRUCTION: &[(u8, &str)] = &[(b'\r', "&#xD;")];

/// Writes text with these characters as references (Canonical XML 1.0, 2.3).
fn escape(sink: &mut impl Sink, text: &str, characters: &[(u8, &str)]) {
    let octets = text.as_bytes();
    let mut from = 0;
    for (at, octet) in octets.iter().enumerate() {
        if let Some((_, reference)) = characters.iter().find(|(special, _)| special == octet) {
            sink.write(&octets[from..at]);
            sink.write(reference.as_bytes());
            from = at + 1;
        }
    }
    sink.write(&octets[from..]);
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_namespace_is_declared_by_an_attribute_not_by_a_value() {
        for tag in ["a xmlns='u'>", "a\nxmlns:b = \"u\"/>", "a b='' xmlns\t='u'>", "a b=\"'\" xmlns:c='u'>"] {
            assert!(declares(tag), "{tag}");
        }
        for tag in [
            "a>",
            "a b=\"xmlns\"/>",
            "a b=' xmlns:c=\"u\"'>",
            "xmlns>",
            "a b:xmlns='u'>",
            "a xmlnsb='u'>",
            "xmlns:a b='u'>",
        ] {
            assert!(!declares(tag), "{tag}");
        }
    }

    /// The least time of three, as one of them may have to wait for the processor; and what was made.
    fn least(work: impl Fn() -> usize) -> (Duration, usize) {
        let once = |_| {
            let began = Instant::now();
            let made = work();
            (began.elapsed(), made)
        };
        (0..3).map(once).min().unwrap()
    }

    /// The 2000 namespaces in scope would be looked through for each of these names.
    #[test]
    fn a_prefix_is_not_looked_for_among_all_namespaces() {
        let declared = |from: usize| (from..from + 999).map(|n| format!(" xmlns:n{n}=\"u{n}\"")).collect::<String>();
        let text = |prefix: &str, count| {
            let one = format!("<{prefix}:a {prefix}:b=\"\"></{prefix}:a>");
            format!("<r{}><s xmlns:near=\"u000\"{}>{}</s></r>", declared(0), declared(999), one.repeat(count))
        };
        let took = |text: &str| {
            let tree = Document::parse(text).unwrap();
            least(|| {
                let mut octets = Vec::new();
                element(tree.root_element(), &mut octets);
                octets.len()
            })
        };
        let (near, of_near) = took(&text("near", 100_000));
        let (far, of_far) = took(&text("n998", 100_000));
        assert_eq!(of_near, of_far);
        assert!(far < near * 4 + Duration::from_millis(200), "{far:?} {near:?}");
    }

    /// The 2000 namespaces in scope would be sorted for each of these elements.
    #[test]
    fn a_value_does_not_make_every_element_look_at_all_namespaces() {
        let declared = |from: usize| (from..from + 999).map(|n| format!(" xmlns:n{n}=\"u{n}\"")).collect::<String>();
        let (head, foot) = (format!("<r{}><s{}>", declared(0), declared(999)), "</s></r>");
        let text = |element: &str, count| format!("{head}{}{foot}", element.repeat(count));
        let took = |text: &str| {
            let tree = Document::parse(text).unwrap();
            least(|| {
                let mut octets = Vec::new();
                document(&tree, &mut octets);
                octets.len()
            })
        };
        // The same but for one letter.
        let (plain, of_plain) = took(&text("<a b=\"xmlnx\"></a>", 3000));
        let (said, of_said) = took(&text("<a b=\"xmlns\"></a>", 3000));
        assert_eq!(of_plain, of_said);
        assert!(said < plain * 10 + Duration::from_millis(200), "{said:?} {plain:?}");
    }
}
