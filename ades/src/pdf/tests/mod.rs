//! What is refused and what is appended, on small documents made here. Real ones and real validators: `tests/pdf/`.

use std::time::{Duration, SystemTime};

use super::{
    Error, Kind, Limits, Newest, Permission, Place, Prepared, Request, Update, Visible, document_time_stamp, dss,
    newest, prepare,
};

mod fields;
mod refused;
mod store;
mod structure;
mod visible;

const CATALOG: &str = "<</Type /Catalog /Pages 2 0 R>>";
const PAGES: &str = "<</Type /Pages /Kids [3 0 R] /Count 1>>";
const PAGE: &str = "<</Type /Page /Parent 2 0 R /MediaBox [0 0 595.2755905511812 842]>>";

/// A file of these objects, numbered from 1; the first is the catalog.
fn file(objects: &[&str]) -> Vec<u8> {
    file_with(objects, "")
}

/// The same with further entries in the trailer.
fn file_with(objects: &[&str], trailer: &str) -> Vec<u8> {
    super::paper(objects, trailer)
}

/// The smallest file with a page.
fn plain() -> Vec<u8> {
    file(&[CATALOG, PAGES, PAGE])
}

/// The same, its catalog with these entries, and these further objects, numbered from 4.
fn with(catalog: &str, objects: &[&str]) -> Vec<u8> {
    let catalog = format!("<</Type /Catalog /Pages 2 0 R {catalog}>>");
    file(&[&[catalog.as_str(), PAGES, PAGE], objects].concat())
}

fn request(kind: Kind) -> Request {
    Request { reserve: 16, ..Request::new(kind, SystemTime::UNIX_EPOCH + Duration::from_secs(86_400)) }
}

fn approval() -> Request {
    request(Kind::Revision)
}

fn certification(permission: Permission) -> Request {
    request(Kind::Certification(permission))
}

fn sign(file: &[u8], request: &Request) -> Result<Update, Error> {
    prepare(file, request, &Limits::default())
}

/// The file with its update, the gap filled with something.
fn signed(file: &[u8], request: &Request) -> Vec<u8> {
    let update = sign(file, request).unwrap().fill(b"\x30\x00").unwrap();
    [file, &update].concat()
}

/// What an approval signature appends.
fn appended(file: &[u8]) -> String {
    appended_by(file, &approval())
}

fn appended_by(file: &[u8], request: &Request) -> String {
    String::from_utf8_lossy(sign(file, request).unwrap().octets()).into_owned()
}

/// A signature that is seen there, on the first page, and says this.
fn seen(rectangle: [f64; 4], lines: &[&str]) -> Request {
    let place = Some(Place { page: 1, rectangle });
    let visible = Visible { place, lines: lines.iter().map(|line| (*line).to_owned()).collect() };
    Request { visible: Some(visible), ..approval() }
}

#[track_caller]
fn refuses(file: &[u8], request: &Request, error: &Error) {
    assert_eq!(sign(file, request).as_ref(), Err(error));
}
