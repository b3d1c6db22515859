//! A PDF that somebody else wrote: where its objects are, and their source text. The only place that knows lopdf, which
//! reads cross-reference data and unpacks streams.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;

use lopdf::xref::XrefEntry;
use lopdf::{Document, LoadOptions, Object, Stream, dictionary};

use super::lexer::{keyword, numbers_and_word, skip_blank, unsigned};
use super::sections::{self, Listing};
use super::value::{Dictionary, Id, Value};
use super::{Error, Limits};

/// How many references may lead to each other.
const HOPS: usize = 16;

/// An object stream, unpacked.
struct Container {
    content: Vec<u8>,
    /// Number of each object in it, and where it begins.
    places: Vec<(u32, usize)>,
}

/// An opened file.
pub(super) struct File<'a> {
    pub(super) octets: &'a [u8],
    pub(super) limits: Limits,
    /// Where the newest cross-reference section begins.
    pub(super) start: usize,
    pub(super) listing: Listing,
    pub(super) trailer: Dictionary<'a>,
    entries: BTreeMap<u32, XrefEntry>,
    /// The object streams, packed.
    packed: BTreeMap<u32, Stream>,
    unpacked: BTreeMap<u32, OnceCell<Container>>,
    /// Octets that may still be unpacked.
    allowance: Cell<usize>,
    /// The lowest number above every one in use.
    pub(super) next_number: u32,
}

impl<'a> File<'a> {
    /// Opens a file; refuses what could only be read by guessing.
    pub(super) fn open(octets: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        if !octets.starts_with(b"%PDF-") {
            return Err(Error::NotPdf);
        }
        if octets.len() > limits.octets {
            return Err(Error::Limit("octets"));
        }
        let newest = sections::read(octets, limits)?;
        let size = newest.trailer.direct("Size")?.and_then(|size| size.integer());
        let size = size.and_then(|size| u32::try_from(size).ok()).ok_or(Error::Damaged("/Size is no number"))?;
        if size > limits.objects {
            return Err(Error::Limit("objects"));
        }
        let document = Document::load_mem_with_options(
            octets,
            LoadOptions {
                filter: Some(object_streams),
                max_decompressed_size: Some(limits.unpacked),
                ..LoadOptions::default()
            },
        )
        .map_err(|_| Error::Damaged("the cross-reference data is not readable"))?;
        if document.xref_recovery.is_some() || document.xref_start != newest.start {
            return Err(Error::Damaged("the cross-reference data needs repair"));
        }
        let entries = document.reference_table.entries;
        let last = entries.keys().next_back().copied().unwrap_or_default();
        if last >= limits.objects {
            return Err(Error::Limit("objects"));
        }
        let streams = document.objects.into_iter().filter_map(|((number, _), object)| match object {
            Object::Stream(stream) => Some((number, stream)),
            _ => None,
        });
        let packed: BTreeMap<u32, Stream> = streams.collect();
        Ok(Self {
            octets,
            limits: limits.clone(),
            start: newest.start,
            listing: newest.listing,
            trailer: newest.trailer,
            entries,
            unpacked: packed.keys().map(|number| (*number, OnceCell::new())).collect(),
            packed,
            allowance: Cell::new(limits.unpacked),
            next_number: size.max(last + 1),
        })
    }

    /// The object of this number; none if it is free, missing, null or of another generation.
    pub(super) fn object(&self, id: Id) -> Result<Option<Value<'_>>, Error> {
        let value = match self.entries.get(&id.0) {
            Some(XrefEntry::Normal { offset, generation }) if *generation == id.1 => {
                let start = self.body(id, *offset)?;
                Value::read(id, self.octets.get(start..).unwrap_or_default())?
            }
            Some(XrefEntry::Compressed { container, index }) if id.1 == 0 => {
                self.packed_object(id, *container, *index)?
            }
            _ => return Ok(None),
        };
        Ok((!value.is_null()).then_some(value))
    }

    /// Where the text of the object begins that should be at this offset.
    fn body(&self, id: Id, offset: u32) -> Result<usize, Error> {
        let at = usize::try_from(offset).map_err(|_| Error::Limit("octets"))?;
        match numbers_and_word(self.octets, skip_blank(self.octets, at), b"obj") {
            Some((found, end)) if found == id => Ok(end),
            _ => Err(Error::Damaged("an object is not where it should be")),
        }
    }

    fn packed_object(&self, id: Id, container: u32, index: u16) -> Result<Value<'_>, Error> {
        let missing = Error::Damaged("an object is not in its object stream");
        let Some(cell) = self.unpacked.get(&container) else { return Err(missing) };
        let container = match cell.get() {
            Some(container) => container,
            None => {
                let unpacked = self.unpack(container)?;
                cell.get_or_init(|| unpacked)
            }
        };
        let place = container.places.get(usize::from(index)).filter(|(number, _)| *number == id.0);
        let (_, start) = place.ok_or(missing)?;
        Value::read(id, container.content.get(*start..).unwrap_or_default())
    }

    fn unpack(&self, number: u32) -> Result<Container, Error> {
        let damaged = || Error::Damaged("an object stream is not readable");
        let stream = self.packed.get(&number).ok_or_else(damaged)?;
        // Where it does not end as its length says, lopdf finds another end, or none, depending on what else there is.
        let (entries, packed) = self.source_of_stream((number, 0))?.ok_or_else(damaged)?;
        let is_packed = |id: Id| matches!(self.entries.get(&id.0), Some(XrefEntry::Compressed { .. }));
        if entries.direct("Length")?.and_then(|length| length.reference()).is_some_and(is_packed) {
            return Err(damaged());
        }
        let end = self.length(&entries)?.filter(|end| ends_stream(packed.get(*end..).unwrap_or_default()));
        let packed = packed.get(..end.ok_or_else(damaged)?).unwrap_or_default();
        let content = Stream::new(stream.dict.clone(), packed.to_vec());
        let content = content.get_plain_content_with_limit(self.allowance.get()).map_err(|_| damaged())?;
        self.allowance.set(self.allowance.get().saturating_sub(content.len()));
        let entry =
            |key: &[u8]| stream.dict.get(key).and_then(Object::as_i64).ok().and_then(|n| usize::try_from(n).ok());
        let (first, count) = (entry(b"First").ok_or_else(damaged)?, entry(b"N").ok_or_else(damaged)?);
        let mut places = Vec::new();
        let mut at = 0;
        for _ in 0..count {
            let (number, end) = unsigned(&content, skip_blank(&content, at)).ok_or_else(damaged)?;
            let (offset, end) = unsigned(&content, skip_blank(&content, end)).ok_or_else(damaged)?;
            let number = u32::try_from(number).map_err(|_| damaged())?;
            let offset = usize::try_from(offset).map_err(|_| damaged())?;
            places.push((number, first.saturating_add(offset)));
            at = end;
        }
        Ok(Container { content, places })
    }

    /// The object itself, or what it refers to; none for null.
    pub(super) fn resolve<'f>(&'f self, mut value: Value<'f>) -> Result<Option<Value<'f>>, Error> {
        for _ in 0..HOPS {
            match value.reference() {
                Some(id) => match self.object(id)? {
                    Some(next) => value = next,
                    None => return Ok(None),
                },
                None => return Ok((!value.is_null()).then_some(value)),
            }
        }
        Err(Error::Damaged("references lead in a circle"))
    }

    /// The value of this key, references followed.
    pub(super) fn value<'f>(&'f self, dictionary: &Dictionary<'f>, key: &str) -> Result<Option<Value<'f>>, Error> {
        dictionary.direct(key)?.map_or(Ok(None), |value| self.resolve(value))
    }

    /// The dictionary under this key; anything else there is damage.
    pub(super) fn dictionary<'f>(
        &'f self,
        parent: &Dictionary<'f>,
        key: &str,
    ) -> Result<Option<Dictionary<'f>>, Error> {
        self.value(parent, key)?
            .map(|value| value.dictionary().ok_or(Error::Damaged("a dictionary is none")))
            .transpose()
    }

    /// Members of the array under this key; anything else there is damage.
    pub(super) fn array<'f>(&'f self, parent: &Dictionary<'f>, key: &str) -> Result<Option<Vec<Value<'f>>>, Error> {
        self.value(parent, key)?.map(|value| value.members().ok_or(Error::Damaged("an array is none"))).transpose()
    }

    /// The name under this key.
    pub(super) fn name(&self, parent: &Dictionary<'_>, key: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.value(parent, key)?.and_then(|value| value.name()))
    }

    /// The document catalog (7.7.2).
    pub(super) fn catalog(&self) -> Result<Dictionary<'_>, Error> {
        let missing = Error::Damaged("the catalog is missing");
        if self.trailer.direct("Root")?.and_then(|root| root.reference()).is_none() {
            return Err(missing);
        }
        self.dictionary(&self.trailer, "Root")?.ok_or(missing)
    }

    /// Whether this object is a stream, which an edit of its text would cut off from its content.
    pub(super) fn is_stream(&self, id: Id) -> Result<bool, Error> {
        let Some(XrefEntry::Normal { offset, .. }) = self.entries.get(&id.0) else { return Ok(false) };
        let start = self.body(id, *offset)?;
        let text = self.octets.get(start..).unwrap_or_default();
        let value = Value::read(id, text)?;
        let after = skip_blank(text, 0) + value.end;
        Ok(text.get(skip_blank(text, after)..).is_some_and(|rest| rest.starts_with(b"stream")))
    }

    /// Entries of a stream, and the text from its content to the end of the file; none for what is no stream.
    fn source_of_stream(&self, id: Id) -> Result<Option<(Dictionary<'_>, &[u8])>, Error> {
        let Some(XrefEntry::Normal { offset, .. }) = self.entries.get(&id.0) else { return Ok(None) };
        let start = self.body(id, *offset)?;
        let text = self.octets.get(start..).unwrap_or_default();
        let value = Value::read(id, text)?;
        let Some(entries) = value.dictionary() else { return Ok(None) };
        let at = skip_blank(text, skip_blank(text, 0) + value.end);
        if !keyword(text, at, b"stream") {
            return Ok(None);
        }
        let at = at + b"stream".len();
        let at = at + if text.get(at..).is_some_and(|rest| rest.starts_with(b"\r\n")) { 2 } else { 1 };
        Ok(text.get(at..).map(|content| (entries, content)))
    }

    /// `/Length` of a stream, octets.
    fn length(&self, entries: &Dictionary<'_>) -> Result<Option<usize>, Error> {
        let length = self.value(entries, "Length")?.and_then(|length| length.integer());
        Ok(length.and_then(|length| usize::try_from(length).ok()))
    }

    /// Content of a stream that is not packed at all or by Flate alone; none for others.
    pub(super) fn stream(&self, id: Id) -> Result<Option<Vec<u8>>, Error> {
        let Some((entries, content)) = self.source_of_stream(id)? else { return Ok(None) };
        let Some(content) = self.length(&entries)?.and_then(|length| content.get(..length)) else { return Ok(None) };
        if self.value(&entries, "DecodeParms")?.is_some() {
            return Ok(None);
        }
        let filter = match self.value(&entries, "Filter")? {
            None => return Ok(Some(content.to_vec())),
            Some(filter) => filter.members().map_or(Some(filter), |m| m.first().copied().filter(|_| m.len() == 1)),
        };
        if filter.and_then(|f| f.name()).is_none_or(|name| name != b"FlateDecode") {
            return Ok(None);
        }
        let stream = Stream::new(dictionary! { "Filter" => "FlateDecode" }, content.to_vec());
        Ok(stream.get_plain_content_with_limit(self.allowance.get()).ok())
    }
}

/// Whether this is what follows the content of a stream: at most one end of line, and the keyword.
fn ends_stream(text: &[u8]) -> bool {
    let line = [b"\r\n".as_slice(), b"\n", b"\r"].into_iter().find_map(|end| text.strip_prefix(end));
    keyword(line.unwrap_or(text), 0, b"endstream")
}

/// Of all objects, lopdf need keep no more than the object streams: the rest is read from its source text.
fn object_streams(id: Id, object: &mut Object) -> Option<(Id, Object)> {
    let is_container = object.as_stream().is_ok_and(|stream| stream.dict.has_type(b"ObjStm"));
    // It looks only at whether something comes back: what is kept is the object itself.
    is_container.then_some((id, Object::Null))
}
