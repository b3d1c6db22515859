//! The page tree (ISO 32000-2, 7.7.3): a page by its number, and what pages inherit.

use std::collections::BTreeSet;

use super::Error;
use super::appearance::in_order;
use super::file::File;
use super::value::{Dictionary, Id, Value};

/// How deep the tree may be.
const DEPTH: usize = 64;

/// One page.
#[derive(Debug, Clone)]
pub(super) struct Page<'a> {
    pub(super) id: Id,
    pub(super) entries: Dictionary<'a>,
    /// Degrees clockwise by which it is turned when shown: 0, 90, 180 or 270.
    pub(super) turned: i64,
    inherited: Inherited<'a>,
}

/// What a page has of the nodes above it, where it has none of its own. Boxes that cannot be read matter only where
/// something is to be seen.
#[derive(Debug, Clone)]
struct Inherited<'a> {
    turned: Option<i64>,
    media: Result<Option<Value<'a>>, Error>,
    crop: Result<Option<Value<'a>>, Error>,
}

impl Inherited<'_> {
    const NOTHING: Self = Self { turned: None, media: Ok(None), crop: Ok(None) };
}

/// The page of this number, counted from 1.
pub(super) fn page<'f>(file: &'f File<'_>, number: u32) -> Result<Page<'f>, Error> {
    let root = file.catalog()?.direct("Pages")?.and_then(|root| root.reference()).ok_or(Error::NoPages)?;
    let mut walk = Walk { file, left: number.max(1), seen: BTreeSet::new() };
    match walk.node(root, Inherited::NOTHING, DEPTH)? {
        Some(page) => Ok(page),
        None if walk.left == number.max(1) => Err(Error::NoPages),
        None => Err(Error::NoSuchPage(number)),
    }
}

/// Pages beside this one that refer to the same array of annotations.
pub(super) fn shares_annotations(file: &File<'_>, page: &Page<'_>, array: Id) -> Result<bool, Error> {
    let root = file.catalog()?.direct("Pages")?.and_then(|root| root.reference()).ok_or(Error::NoPages)?;
    let mut walk = Walk { file, left: u32::MAX, seen: BTreeSet::new() };
    walk.node(root, Inherited::NOTHING, DEPTH)?;
    for id in walk.seen {
        let Some(entries) = file.object(id)?.and_then(|node| node.dictionary()) else { continue };
        let refers = entries.direct("Annots")?.and_then(|a| a.reference()) == Some(array);
        if refers && id != page.id {
            return Ok(true);
        }
    }
    Ok(false)
}

struct Walk<'f, 'a> {
    file: &'f File<'a>,
    /// Pages still to pass, the wanted one included.
    left: u32,
    seen: BTreeSet<Id>,
}

impl<'f> Walk<'f, '_> {
    fn node(&mut self, id: Id, above: Inherited<'f>, depth: usize) -> Result<Option<Page<'f>>, Error> {
        let damaged = Error::Damaged("the page tree is no tree");
        if depth == 0 || !self.seen.insert(id) {
            return Err(damaged);
        }
        if self.seen.len() > self.file.limits.pages {
            return Err(Error::Limit("pages"));
        }
        let Some(entries) = self.file.object(id)?.and_then(|node| node.dictionary()) else { return Ok(None) };
        let own = |key, above| match self.file.value(&entries, key) {
            Ok(None) => above,
            found => found,
        };
        let inherited = Inherited {
            turned: self.file.value(&entries, "Rotate")?.and_then(|r| r.integer()).or(above.turned),
            media: own("MediaBox", above.media),
            crop: own("CropBox", above.crop),
        };
        let kids = match self.file.value(&entries, "Kids")? {
            Some(kids) => kids.members().ok_or(damaged)?,
            None => return self.leaf(id, entries, inherited),
        };
        for kid in kids {
            let kid = kid.reference().ok_or(Error::Damaged("a page is no indirect object"))?;
            if let Some(page) = self.node(kid, inherited.clone(), depth - 1)? {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    fn leaf(&mut self, id: Id, entries: Dictionary<'f>, above: Inherited<'f>) -> Result<Option<Page<'f>>, Error> {
        if self.file.name(&entries, "Type")?.is_some_and(|name| name == b"Pages") {
            return Ok(None); // a branch without leaves
        }
        self.left -= 1;
        let turned = quarters(above.turned.unwrap_or(0));
        Ok((self.left == 0).then_some(Page { id, entries, turned, inherited: above }))
    }
}

/// Degrees as they are shown: whole quarters of a turn.
pub(super) const fn quarters(degrees: i64) -> i64 {
    degrees.rem_euclid(360) / 90 * 90
}

/// By how many degrees a page is turned when shown; by none if there is none.
pub(super) fn turned(file: &File<'_>, page: Option<Dictionary<'_>>) -> Result<i64, Error> {
    let mut node = page;
    for _ in 0..DEPTH {
        let Some(entries) = node else { break };
        if let Some(turned) = file.value(&entries, "Rotate")?.and_then(|r| r.integer()) {
            return Ok(quarters(turned));
        }
        node = file.value(&entries, "Parent")?.and_then(|parent| parent.dictionary());
    }
    Ok(0)
}

/// What is shown of a page (14.11.2): its crop box, as far as its media box goes; corners in order.
pub(super) fn bounds(file: &File<'_>, page: &Page<'_>) -> Result<[f64; 4], Error> {
    let Inherited { media, crop, .. } = page.inherited.clone();
    let media = corners(file, media?.ok_or(Error::Damaged("a page has no /MediaBox"))?)?;
    let Some(crop) = crop? else { return Ok(media) };
    let crop = corners(file, crop)?;
    Ok([media[0].max(crop[0]), media[1].max(crop[1]), media[2].min(crop[2]), media[3].min(crop[3])])
}

fn corners(file: &File<'_>, value: Value<'_>) -> Result<[f64; 4], Error> {
    let damaged = Error::Damaged("a box of a page is no rectangle");
    let mut corners = Vec::new();
    for member in value.members().ok_or(damaged.clone())? {
        corners.push(file.resolve(member)?.and_then(|corner| corner.number()).ok_or(damaged.clone())?);
    }
    Ok(in_order(corners.try_into().map_err(|_| damaged)?))
}

/// The annotations of a page, if it has any.
pub(super) fn annotations<'f>(file: &'f File<'_>, page: &Page<'f>) -> Result<Option<Value<'f>>, Error> {
    match file.value(&page.entries, "Annots")? {
        Some(array) if array.is_array() => Ok(Some(array)),
        Some(_) => Err(Error::Damaged("/Annots is no array")),
        None => Ok(None),
    }
}
