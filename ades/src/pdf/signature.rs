//! A signature's update: its dictionary, its field, and what in the document leads to them (EN 319 142-1, 6.3;
//! ISO 32000-2, 12.7.5.5 and 12.8.1).

use super::file::File;
use super::form::{Field, Form};
use super::pages::{self, Page};
use super::revision::Revision;
use super::value::{Dictionary, Id, Value};
use super::{Error, Kind, Limits, Request, Update, Visible, appearance, permission, seed, text};

/// Most octets that may be reserved for a CMS.
const MOST: usize = 1 << 20;

/// Refuses to reserve nothing, or too much.
pub(super) fn may_reserve(octets: usize) -> Result<(), Error> {
    if (1..=MOST).contains(&octets) {
        return Ok(());
    }
    Err(Error::Wish("the room reserved for the signature must be between 1 octet and 1 MiB"))
}

/// Forms the update that adds this signature to the file.
///
/// The original is not changed. Refused are files that are encrypted, damaged, hybrid, without pages or over the
/// limits, signatures that an earlier one forbids, and fields that cannot be signed.
pub fn prepare(original: &[u8], request: &Request, limits: &Limits) -> Result<Update, Error> {
    may_reserve(request.reserve)?;
    let file = File::open(original, limits)?;
    let form = Form::read(&file)?;
    if matches!(request.kind, Kind::Certification(_)) {
        permission::may_certify(&file, &form)?;
    }
    let field = match &request.field {
        Some(name) => existing(&file, &form, name)?,
        None => None,
    };
    // Who names a field where others are empty means one of them: a name that none has is a slip, unless its place is given.
    let placed = request.visible.as_ref().is_some_and(|visible| visible.place.is_some());
    if field.is_none() && request.field.is_some() && !placed && form.has_empty(&file)? {
        return Err(Error::NoField);
    }
    let name = request.field.clone().unwrap_or_else(|| form.free_name());
    permission::may_sign(&file, &form, &name)?;
    if field.is_none() && request.visible.is_some() {
        permission::may_show(&file)?;
    }
    let mut revision = Revision::of(&file).beside(&form);
    let signature = revision.number();
    let (before, after) = entries(&file, request, field)?;
    revision.add_gapped(signature, before, after, request.reserve);
    match field {
        Some(field) => fill_in(&file, &mut revision, &form, field, signature, request)?,
        None => add_field(&file, &mut revision, &form, &name, signature, request)?,
    }
    if matches!(request.kind, Kind::Certification(_)) {
        permit(&file, &mut revision, signature)?;
    }
    revision.finish_with_gap()
}

/// The empty signature field of this name; none if a new one can have it.
fn existing<'f, 's>(file: &'f File<'_>, form: &'s Form<'f>, name: &str) -> Result<Option<&'s Field<'f>>, Error> {
    if let Some(field) = form.fields.iter().find(|field| field.name == name) {
        if !field.is_signature {
            return Err(Error::NotSignature);
        }
        if file.value(&field.entries, "V")?.is_some() {
            return Err(Error::Taken);
        }
        return Ok(Some(field));
    }
    if form.has(name) {
        return Err(Error::FieldName("other fields are below it"));
    }
    if name.is_empty() || name.contains('.') {
        return Err(Error::FieldName("it is empty or has a full stop"));
    }
    Ok(None)
}

/// Entries of the signature dictionary, before and behind `/Contents` and `/ByteRange`.
fn entries(file: &File<'_>, request: &Request, field: Option<&Field<'_>>) -> Result<(String, String), Error> {
    let before = String::from("/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached ");
    let mut after = format!(" /M {}", text::date(request.time)?);
    let texts = [
        ("Name", &request.name),
        ("Location", &request.location),
        ("Reason", &request.reason),
        ("ContactInfo", &request.contact),
    ];
    for (key, value) in texts.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?))) {
        after.push_str(&format!(" /{key} {}", text::string(value)));
    }
    let mut references = String::new();
    if let Kind::Certification(permission) = request.kind {
        let parameters = format!("/Type /TransformParams /V /1.2 /P {}", permission.number());
        references = format!("<</Type /SigRef /TransformMethod /DocMDP /TransformParams <<{parameters}>>>>");
    }
    if let Some(field) = field {
        seed::obey(file, field, request)?;
        references.push_str(&seed::lock(file, field)?.unwrap_or_default());
    }
    if !references.is_empty() {
        after.push_str(&format!(" /Reference [{references}]"));
    }
    Ok((before, after))
}

/// Puts the signature into an existing field.
fn fill_in<'f>(
    file: &'f File<'_>,
    revision: &mut Revision<'f, '_>,
    form: &Form<'f>,
    field: &Field<'f>,
    signature: Id,
    request: &Request,
) -> Result<(), Error> {
    revision.set(&field.entries, "V", &reference(signature))?;
    if let Some(visible) = &request.visible {
        let rectangle = appearance::rectangle(file, &field.widget)?.ok_or(Error::Unseen)?;
        if visible.place.is_some() {
            return Err(Error::Placed);
        }
        let turned = appearance::turned(file, &field.widget)?;
        let shown = appearance::add(revision, rectangle, turned, &visible.lines)?;
        revision.set(&field.widget, "AP", &format!("<</N {}>>", reference(shown)))?;
    }
    let entries = form.entries.as_ref().ok_or(Error::Damaged("a field without a form"))?;
    flag(file, revision, entries)
}

/// Adds a field that holds the signature and is its own widget.
pub(super) fn add_field<'f>(
    file: &'f File<'_>,
    revision: &mut Revision<'f, '_>,
    form: &Form<'f>,
    name: &str,
    signature: Id,
    request: &Request,
) -> Result<(), Error> {
    let seen = match &request.visible {
        Some(Visible { place: Some(place), lines }) => Some((place, lines)),
        // Only a field that is there has a place by itself.
        Some(Visible { place: None, .. }) => return Err(Error::NoField),
        None => None,
    };
    let page = pages::page(file, seen.map_or(1, |(place, _)| place.page))?;
    let field = revision.number();
    let mut body = format!(
        "<</Type /Annot /Subtype /Widget /FT /Sig /T {} /V {} /F 132 /P {}",
        text::string(name),
        reference(signature),
        reference(page.id)
    );
    match seen {
        Some((place, lines)) => {
            let rectangle = appearance::check(place.rectangle, pages::bounds(file, &page)?)?;
            let shown = appearance::add(revision, rectangle, page.turned, lines)?;
            let corners = rectangle.map(text::number).join(" ");
            body.push_str(&format!(" /Rect [{corners}] /AP <</N {}>>", reference(shown)));
        }
        None => body.push_str(" /Rect [0 0 0 0]"),
    }
    revision.add(field, body + ">>");
    let annotations = annotate(file, revision, &page, field)?;
    enter(file, revision, form, field, annotations)
}

/// Adds the widget to its page; says where the array stands that it was added to.
fn annotate<'f>(
    file: &'f File<'_>,
    revision: &mut Revision<'f, '_>,
    page: &Page<'f>,
    widget: Id,
) -> Result<Option<Value<'f>>, Error> {
    let Some(array) = pages::annotations(file, page)? else {
        revision.set(&page.entries, "Annots", &format!("[{}]", reference(widget)))?;
        return Ok(None);
    };
    if array.owner != page.id && pages::shares_annotations(file, page, array.owner)? {
        let members = array.text().strip_suffix(b"]").unwrap_or_default();
        let copy = std::str::from_utf8(members).map_err(|_| Error::Damaged("/Annots is no array of references"))?;
        revision.set(&page.entries, "Annots", &format!("{copy} {}]", reference(widget)))?;
        return Ok(None);
    }
    revision.push(&array, &reference(widget))?;
    Ok(Some(array))
}

/// Enters the field in the form, which is made if there is none.
fn enter<'f>(
    file: &'f File<'_>,
    revision: &mut Revision<'f, '_>,
    form: &Form<'f>,
    field: Id,
    annotations: Option<Value<'f>>,
) -> Result<(), Error> {
    let Some(entries) = &form.entries else {
        let form = revision.number();
        revision.add(form, format!("<</Fields [{}] /SigFlags 3>>", reference(field)));
        return revision.set(&file.catalog()?, "AcroForm", &reference(form));
    };
    match file.value(entries, "Fields")? {
        Some(fields) if annotations.is_some_and(|array| array.is_at(&fields)) => {} // one array serves as both
        Some(fields) => revision.push(&fields, &reference(field))?,
        None => revision.set(entries, "Fields", &format!("[{}]", reference(field)))?,
    }
    flag(file, revision, entries)
}

/// Says that the document has signatures and must only be appended to.
fn flag<'f>(file: &'f File<'_>, revision: &mut Revision<'f, '_>, form: &Dictionary<'f>) -> Result<(), Error> {
    let flags = file.value(form, "SigFlags")?.and_then(|flags| flags.integer()).unwrap_or(0);
    if flags & 3 == 3 {
        return Ok(());
    }
    revision.set(form, "SigFlags", &(flags | 3).to_string())
}

/// Names the certifying signature in the catalog.
fn permit<'f>(file: &'f File<'_>, revision: &mut Revision<'f, '_>, signature: Id) -> Result<(), Error> {
    let catalog = file.catalog()?;
    match file.dictionary(&catalog, "Perms")? {
        Some(permissions) => revision.set(&permissions, "DocMDP", &reference(signature)),
        None => revision.set(&catalog, "Perms", &format!("<</DocMDP {}>>", reference(signature))),
    }
}

/// `12 0 R`.
pub(super) fn reference(id: Id) -> String {
    format!("{} {} R", id.0, id.1)
}
