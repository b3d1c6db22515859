//! The interactive form (ISO 32000-2, 12.7): its fields by name, and which of them are signatures.

use std::collections::BTreeSet;

use super::Error;
use super::file::File;
use super::text;
use super::value::{Dictionary, Id};

/// How deep fields may lie in each other.
const DEPTH: usize = 32;

/// Objects that a file may have (ISO 32000-2, C.2).
const MOST_OBJECTS: u32 = 8_388_607;

/// A field that ends a branch: it has a value, and widgets show it.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    /// Partial names from the root, joined by full stops.
    pub(super) name: String,
    pub(super) entries: Dictionary<'a>,
    /// Whether its type, its own or inherited, is `Sig`.
    pub(super) is_signature: bool,
    /// The first widget that shows it, which may be the field itself.
    pub(super) widget: Dictionary<'a>,
}

/// All fields that end a branch.
#[derive(Debug, Default)]
pub(super) struct Form<'a> {
    /// The form's dictionary.
    pub(super) entries: Option<Dictionary<'a>>,
    pub(super) fields: Vec<Field<'a>>,
    /// Full names of everything, branches included.
    names: BTreeSet<String>,
    /// Above the numbers of fields that are named and not there: a new object of such a number would become that field.
    pub(super) above: u32,
}

impl<'f> Form<'f> {
    /// Reads the form of this file.
    pub(super) fn read(file: &'f File<'_>) -> Result<Self, Error> {
        let Some(entries) = file.dictionary(&file.catalog()?, "AcroForm")? else { return Ok(Self::default()) };
        let roots = file.array(&entries, "Fields")?.unwrap_or_default();
        let mut walk = Walk { file, form: Self { entries: Some(entries), ..Self::default() }, seen: BTreeSet::new() };
        for root in roots {
            walk.node(root.reference(), file.resolve(root)?.and_then(|v| v.dictionary()), None, false, DEPTH)?;
        }
        Ok(walk.form)
    }

    /// Whether any field or branch has this full name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// `Signature1`, or the first of its successors that is free.
    pub(super) fn free_name(&self) -> String {
        (1..).map(|n| format!("Signature{n}")).find(|name| !self.has(name)).unwrap_or_default()
    }

    /// Signature fields that are signed, with their signature dictionaries.
    pub(super) fn signatures(&self, file: &'f File<'_>) -> Result<Vec<(&Field<'f>, Dictionary<'f>)>, Error> {
        let mut signed = Vec::new();
        for field in self.fields.iter().filter(|field| field.is_signature) {
            if let Some(signature) = file.value(&field.entries, "V")?.and_then(|value| value.dictionary()) {
                signed.push((field, signature));
            }
        }
        Ok(signed)
    }

    /// Whether any signature field is still to be signed.
    pub(super) fn has_empty(&self, file: &File<'_>) -> Result<bool, Error> {
        for field in self.fields.iter().filter(|field| field.is_signature) {
            if file.value(&field.entries, "V")?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The signature or time-stamp that covers the most of the file.
    pub(super) fn newest(&self, file: &'f File<'_>) -> Result<Option<Dictionary<'f>>, Error> {
        let mut newest = None;
        for (_, signature) in self.signatures(file)? {
            let range = file.array(&signature, "ByteRange")?.unwrap_or_default();
            let numbers: Vec<i64> = range.iter().filter_map(|number| number.integer()).collect();
            let [.., after, rest] = numbers[..] else { return Err(Error::Damaged("a /ByteRange has no numbers")) };
            let end = after.checked_add(rest).ok_or(Error::Damaged("a /ByteRange is too long"))?;
            if newest.as_ref().is_none_or(|(last, _)| *last < end) {
                newest = Some((end, signature));
            }
        }
        Ok(newest.map(|(_, signature)| signature))
    }
}

struct Walk<'f, 'a> {
    file: &'f File<'a>,
    form: Form<'f>,
    seen: BTreeSet<Id>,
}

impl<'f> Walk<'f, '_> {
    /// Numbers that no new object will reach do not count.
    fn missing(&mut self, id: Option<Id>) {
        let number = id.map_or(0, |(number, _)| number);
        if number < MOST_OBJECTS {
            self.form.above = self.form.above.max(number + 1);
        }
    }

    fn node(
        &mut self,
        id: Option<Id>,
        entries: Option<Dictionary<'f>>,
        parent: Option<&str>,
        signature: bool,
        depth: usize,
    ) -> Result<(), Error> {
        let Some(entries) = entries else {
            self.missing(id);
            return Ok(());
        };
        if depth == 0 || id.is_some_and(|id| !self.seen.insert(id)) {
            return Err(Error::Damaged("the fields of the form are no tree"));
        }
        let partial = self.file.value(&entries, "T")?.and_then(|name| name.string()).map(|name| text::decode(&name));
        let name = match (parent, partial) {
            (Some(parent), Some(partial)) => format!("{parent}.{partial}"),
            (Some(parent), None) => parent.to_owned(),
            (None, partial) => partial.unwrap_or_default(),
        };
        self.form.names.insert(name.clone());
        let is_signature = self.file.name(&entries, "FT")?.map_or(signature, |name| name == b"Sig");
        let mut widget = None;
        for kid in self.file.array(&entries, "Kids")?.unwrap_or_default() {
            let Some(inner) = self.file.resolve(kid)?.and_then(|kid| kid.dictionary()) else {
                self.missing(kid.reference());
                continue;
            };
            if inner.direct("T")?.is_some() {
                self.node(kid.reference(), Some(inner), Some(&name), is_signature, depth - 1)?;
            } else {
                widget.get_or_insert(inner);
            }
        }
        let has_kids = entries.direct("Kids")?.is_some();
        if !has_kids || widget.is_some() {
            let widget = widget.unwrap_or_else(|| entries.clone());
            self.form.fields.push(Field { name, entries, is_signature, widget });
        }
        Ok(())
    }
}
