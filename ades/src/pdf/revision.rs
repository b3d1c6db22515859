//! An incremental update (ISO 32000-2, 7.5.6): objects that are new, and objects of the file with something inserted
//! into their source text, followed by a cross-reference section of the file's own kind.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::file::File;
use super::form::Form;
use super::sections::Listing;
use super::text::hexadecimal;
use super::value::{Dictionary, Id, Value};
use super::{Error, Update};

/// What a trailer says of its own section only, or of the stream it stands in.
const OF_ONE_SECTION: [&[u8]; 11] =
    [b"Size", b"Prev", b"XRefStm", b"ID", b"Type", b"W", b"Index", b"Length", b"Filter", b"DecodeParms", b"DL"];

/// Longest source text of an object that is written anew, octets: all of it goes into the update.
const SOURCE: usize = 256 << 10;

/// Most octets of an update besides its gap and the evidence it carries. Each is held for as long as its SAD lives, and
/// stored with it.
pub const BESIDE: usize = 1 << 20;

/// Room for the three numbers of a `/ByteRange` that are not zero, and the blanks between them.
const BYTE_RANGE: usize = 36;

/// A new object whose `/Contents` is still to come.
#[derive(Debug)]
struct Gapped {
    id: Id,
    before: String,
    after: String,
    /// Octets that fit into the gap.
    reserve: usize,
}

/// An update in the making.
pub(super) struct Revision<'f, 'a> {
    file: &'f File<'a>,
    edits: BTreeMap<Id, Vec<(Range<usize>, String)>>,
    sources: BTreeMap<Id, &'f [u8]>,
    added: Vec<(Id, Vec<u8>)>,
    gapped: Option<Gapped>,
    next: u32,
}

impl<'f, 'a> Revision<'f, 'a> {
    pub(super) fn of(file: &'f File<'a>) -> Self {
        let (edits, sources) = (BTreeMap::new(), BTreeMap::new());
        Self { file, edits, sources, added: Vec::new(), gapped: None, next: file.next_number }
    }

    /// With numbers above those of fields that are named and not there.
    pub(super) fn beside(mut self, form: &Form<'_>) -> Self {
        self.next = self.next.max(form.above);
        self
    }

    /// A number for a new object.
    pub(super) fn number(&mut self) -> Id {
        self.next += 1;
        (self.next - 1, 0)
    }

    /// Adds a new object.
    pub(super) fn add(&mut self, id: Id, body: impl Into<Vec<u8>>) {
        self.added.push((id, body.into()));
    }

    /// Adds a stream that is not packed.
    pub(super) fn add_stream(&mut self, id: Id, entries: &str, content: &[u8]) {
        let mut body = format!("<<{entries}/Length {}>>\nstream\n", content.len()).into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\nendstream");
        self.add(id, body);
    }

    /// Adds the dictionary that gets `/Contents` of at most `reserve` octets; its other entries stand before and behind.
    pub(super) fn add_gapped(&mut self, id: Id, before: String, after: String, reserve: usize) {
        self.gapped = Some(Gapped { id, before, after, reserve });
    }

    fn edit(&mut self, value: &Value<'f>, at: Range<usize>, text: String) -> Result<(), Error> {
        if !self.sources.contains_key(&value.owner) {
            if self.file.is_stream(value.owner)? {
                return Err(Error::Damaged("a stream stands where a dictionary should"));
            }
            let source = value.source();
            if source.len() > SOURCE {
                return Err(Error::Limit("octets in an object that would have to be changed"));
            }
            self.sources.insert(value.owner, source);
        }
        self.edits.entry(value.owner).or_default().push((at, text));
        Ok(())
    }

    /// Gives the dictionary this entry, in place of the one it may have under the key.
    pub(super) fn set(&mut self, dictionary: &Dictionary<'f>, key: &str, value: &str) -> Result<(), Error> {
        match dictionary.direct(key)? {
            Some(old) => self.edit(&old, old.start..old.end, format!(" {value} ")),
            None => {
                let end = dictionary.value.end - 2;
                self.edit(&dictionary.value, end..end, format!(" /{key} {value}"))
            }
        }
    }

    /// Adds a member to the end of an array.
    pub(super) fn push(&mut self, array: &Value<'f>, member: &str) -> Result<(), Error> {
        let end = array.end - 1;
        self.edit(array, end..end, format!(" {member}"))
    }

    /// The update, without a gap, with so many octets of evidence in it.
    pub(super) fn finish(self, evidence: usize) -> Result<Vec<u8>, Error> {
        self.write(evidence).map(|(octets, _)| octets)
    }

    /// The update, with the gap that was asked for.
    pub(super) fn finish_with_gap(self) -> Result<Update, Error> {
        let original = self.file.octets.len();
        let (octets, gap) = self.write(0)?;
        Ok(Update { octets, original, gap })
    }

    fn write(mut self, evidence: usize) -> Result<(Vec<u8>, Range<usize>), Error> {
        let base = self.file.octets.len();
        let mut octets = Vec::new();
        if !self.file.octets.ends_with(b"\n") && !self.file.octets.ends_with(b"\r") {
            octets.push(b'\n');
        }
        let mut places: BTreeMap<u32, (usize, u16)> = BTreeMap::new();
        let mut put = |octets: &mut Vec<u8>, id: Id, body: &[u8]| {
            places.insert(id.0, (base + octets.len(), id.1));
            octets.extend_from_slice(format!("{} {} obj\n", id.0, id.1).as_bytes());
            octets.extend_from_slice(body);
            octets.extend_from_slice(b"\nendobj\n");
        };
        let (mut gap, mut byte_range) = (0..0, 0..0);
        if let Some(Gapped { id, before, after, reserve }) = self.gapped.take() {
            let digits = "0".repeat(reserve * 2);
            let head = format!("<<{before}/Contents ");
            let body = format!("{head}<{digits}>/ByteRange [0 {:BYTE_RANGE$}]{after}>>", "");
            let start = octets.len() + format!("{} {} obj\n", id.0, id.1).len() + head.len();
            gap = start..start + digits.len() + 2;
            byte_range = gap.end + "/ByteRange [0 ".len()..gap.end + "/ByteRange [0 ".len() + BYTE_RANGE;
            put(&mut octets, id, body.as_bytes());
        }
        for (id, body) in std::mem::take(&mut self.added) {
            put(&mut octets, id, &body);
        }
        for (id, edits) in std::mem::take(&mut self.edits) {
            let body = apply(self.sources.get(&id).copied().unwrap_or_default(), edits)?;
            put(&mut octets, id, &body);
        }
        let listing = match self.file.listing {
            Listing::Table => self.table(&places, &octets)?,
            Listing::Stream => self.stream(places, &octets)?,
        };
        let start = base + octets.len();
        octets.extend_from_slice(&listing);
        octets.extend_from_slice(format!("startxref\n{start}\n%%EOF\n").as_bytes());
        if u32::try_from(base + octets.len()).is_err() {
            return Err(Error::Limit("octets"));
        }
        if octets.len() > gap.len() + evidence + BESIDE {
            return Err(Error::Limit("octets in what would have to be changed"));
        }
        let rest = base + octets.len() - (base + gap.end);
        let range = format!("{} {} {rest}", base + gap.start, base + gap.end);
        if let Some(room) = octets.get_mut(byte_range).filter(|room| !room.is_empty()) {
            room.copy_from_slice(format!("{range:BYTE_RANGE$}").as_bytes());
        }
        Ok((octets, gap))
    }

    fn table(&self, places: &BTreeMap<u32, (usize, u16)>, body: &[u8]) -> Result<Vec<u8>, Error> {
        let mut text = String::from("xref\n");
        for run in runs(places.keys().copied()) {
            let _ = writeln!(text, "{} {}", run.start, run.end - run.start);
            for (offset, generation) in places.range(run).map(|(_, place)| place) {
                let _ = write!(text, "{offset:010} {generation:05} n\r\n");
            }
        }
        let _ = write!(text, "trailer\n<<");
        let mut octets = text.into_bytes();
        octets.extend_from_slice(&self.trailer(self.next, body)?);
        octets.extend_from_slice(b">>\n");
        Ok(octets)
    }

    fn stream(&mut self, mut places: BTreeMap<u32, (usize, u16)>, body: &[u8]) -> Result<Vec<u8>, Error> {
        let id = self.number();
        places.insert(id.0, (self.file.octets.len() + body.len(), id.1));
        let index: Vec<String> =
            runs(places.keys().copied()).iter().map(|run| format!("{} {}", run.start, run.end - run.start)).collect();
        let mut content = Vec::with_capacity(places.len() * 7);
        for (offset, generation) in places.values() {
            content.push(1);
            content.extend_from_slice(&u32::try_from(*offset).map_err(|_| Error::Limit("octets"))?.to_be_bytes());
            content.extend_from_slice(&generation.to_be_bytes());
        }
        let mut octets = format!("{} {} obj\n<</Type /XRef", id.0, id.1).into_bytes();
        octets.extend_from_slice(&self.trailer(self.next, body)?);
        let rest = format!("/W [1 4 2]/Index [{}]/Length {}>>\nstream\n", index.join(" "), content.len());
        octets.extend_from_slice(rest.as_bytes());
        octets.extend_from_slice(&content);
        octets.extend_from_slice(b"\nendstream\nendobj\n");
        Ok(octets)
    }

    /// Entries of the trailer: those of the section before, but for what is of one section only.
    fn trailer(&self, size: u32, body: &[u8]) -> Result<Vec<u8>, Error> {
        let old = &self.file.trailer;
        let mut text = format!("/Size {size}/Prev {}", self.file.start).into_bytes();
        if let Some(id) = self.file.array(old, "ID")?
            && let Some(first) = id.first().and_then(|first| first.string())
        {
            let mut digest = Sha256::new();
            digest.update(self.file.octets.len().to_be_bytes());
            digest.update(&first);
            digest.update(body);
            let fresh = hexadecimal(digest.finalize().get(..16).unwrap_or_default());
            text.extend_from_slice(format!("/ID [<{}><{fresh}>]", hexadecimal(&first)).as_bytes());
        }
        for (key, value) in old.entries().filter(|(key, _)| !OF_ONE_SECTION.contains(&key.as_slice())) {
            text.push(b'/');
            for octet in key {
                match octet {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => text.push(*octet),
                    other => text.extend_from_slice(format!("#{other:02X}").as_bytes()),
                }
            }
            text.push(b' ');
            text.extend_from_slice(value.text());
        }
        Ok(text)
    }
}

/// The text with these replacements.
fn apply(source: &[u8], mut edits: Vec<(Range<usize>, String)>) -> Result<Vec<u8>, Error> {
    edits.sort_by_key(|(at, _)| (at.start, at.end));
    let mut octets = Vec::with_capacity(source.len() + 64);
    let mut done = 0;
    for (at, text) in edits {
        let before = source.get(done..at.start).ok_or(Error::Damaged("one object stands for two"))?;
        octets.extend_from_slice(before);
        octets.extend_from_slice(text.as_bytes());
        done = at.end;
    }
    octets.extend_from_slice(source.get(done..).unwrap_or_default());
    Ok(octets)
}

/// Runs of consecutive numbers among these, which are sorted.
fn runs(numbers: impl Iterator<Item = u32>) -> Vec<Range<u32>> {
    let mut runs: Vec<Range<u32>> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some(run) if run.end == number => run.end += 1,
            _ => runs.push(number..number + 1),
        }
    }
    runs
}
