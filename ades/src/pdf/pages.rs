//! The page tree (ISO 32000-2, 7.7.3): a page by its number, and what pages inherit.

use std::collections::BTreeSet;

use super::Error;
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
}

/// The page of this number, counted from 1.
pub(super) fn page<'f>(file: &'f File<'_>, number: u32) -> Result<Page<'f>, Error> {
    let root = file.catalog()?.direct("Pages")?.and_then(|root| root.reference()).ok_or(Error::NoPages)?;
    let mut walk = Walk { file, left: number.max(1), seen: BTreeSet::new() };
    match walk.node(root, None, DEPTH)? {
        Some(page) => Ok(page),
        None if walk.left == number.max(1) => Err(Error::NoPages),
        None => Err(Error::NoSuchPage(number)),
    }
}

/// Pages beside this one that refer to the same array of annotations.
pub(super) fn shares_annotations(file: &File<'_>, page: &Page<'_>, array: Id) -> Result<bool, Error> {
    let root = file.catalog()?.direct("Pages")?.and_then(|root| root.reference()).ok_or(Error::NoPages)?;
    let mut walk = Walk { file, left: u32::MAX, seen: BTreeSet::new() };
    walk.node(root, None, DEPTH)?;
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
    fn node(&mut self, id: Id, turned: Option<i64>, depth: usize) -> Result<Option<Page<'f>>, Error> {
        let damaged = Error::Damaged("the page tree is no tree");
        if depth == 0 || !self.seen.insert(id) {
            return Err(damaged);
        }
        if self.seen.len() > self.file.limits.pages {
            return Err(Error::Limit("pages"));
        }
        let Some(entries) = self.file.object(id)?.and_then(|node| node.dictionary()) else { return Ok(None) };
        let turned = self.file.value(&entries, "Rotate")?.and_then(|r| r.integer()).or(turned);
        let kids = match self.file.value(&entries, "Kids")? {
            Some(kids) => kids.members().ok_or(damaged)?,
            None => return self.leaf(id, entries, turned),
        };
        for kid in kids {
            let kid = kid.reference().ok_or(Error::Damaged("a page is no indirect object"))?;
            if let Some(page) = self.node(kid, turned, depth - 1)? {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    fn leaf(&mut self, id: Id, entries: Dictionary<'f>, turned: Option<i64>) -> Result<Option<Page<'f>>, Error> {
        if self.file.name(&entries, "Type")?.is_some_and(|name| name == b"Pages") {
            return Ok(None); // a branch without leaves
        }
        self.left -= 1;
        let turned = turned.unwrap_or(0).rem_euclid(360) / 90 * 90;
        Ok((self.left == 0).then_some(Page { id, entries, turned }))
    }
}

/// The annotations of a page, if it has any.
pub(super) fn annotations<'f>(file: &'f File<'_>, page: &Page<'f>) -> Result<Option<Value<'f>>, Error> {
    match file.value(&page.entries, "Annots")? {
        Some(array) if array.is_array() => Ok(Some(array)),
        Some(_) => Err(Error::Damaged("/Annots is no array")),
        None => Ok(None),
    }
}
