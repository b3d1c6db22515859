//! Before anybody approves anything: which files can never be signed, as far as this program can tell by itself.

use std::time::SystemTime;

use rsign_ades::pdf::{self, Kind, Limits, Request};
use rsign_ades::xml;
use rsign_api::objection::Reason;

use super::plan::{File, Form};
use super::terminal::step;

/// What a look at a file shows.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// Nothing is in the way.
    Fine,
    /// It cannot be signed, and why.
    Unfit(String),
    /// It could not be looked at; the service may see it otherwise.
    Unclear(String),
    /// It can be signed, but is not what its name says, and why.
    Odd(String),
}

/// Of each file that cannot be signed why not; what else there is to say of others is said.
pub(super) fn unfit(files: &[File]) -> Vec<String> {
    let mut unfit = Vec::new();
    for file in files {
        let name = file.path.display();
        match seen(file) {
            Seen::Fine => {}
            Seen::Unfit(why) => unfit.push(format!("{name} cannot be signed: {why}")),
            Seen::Unclear(why) => step(&format!("{name} could not be looked at: {why}; the service may refuse it")),
            Seen::Odd(why) => step(&format!("{name} {why}; what is signed is what stands there")),
        }
    }
    unfit
}

fn seen(file: &File) -> Seen {
    match file.form {
        // The service gets no more than its digest.
        Form::Cades => Seen::Fine,
        _ if file.content.is_empty() => Seen::Unfit("it is empty".to_owned()),
        Form::Pades => pdf(&file.content),
        Form::Xades => xml(&file.content),
        // Whatever stands there is signed; but rsign puts JSON around so much only.
        Form::Jades if file.content.len() > xml::LIMIT => judged(Some(Reason::TooLong), "it is too long"),
        Form::Jades => json(&file.content),
    }
}

fn pdf(content: &[u8]) -> Seen {
    let request = Request::new(Kind::Revision, SystemTime::now());
    match pdf::prepare(content, &request, &Limits::default()) {
        Ok(_) => Seen::Fine,
        Err(error) => judged(error.reason(), &error.to_string()),
    }
}

fn xml(content: &[u8]) -> Seen {
    match xml::Document::read(content) {
        Ok(_) => Seen::Fine,
        Err(xml::Error::Document(reason, why)) => judged(Some(reason), why),
        Err(error) => judged(None, &error.to_string()),
    }
}

/// A service signs it whatever it is: whoever cut a file short should hear so before approving it.
fn json(content: &[u8]) -> Seen {
    let Ok(text) = std::str::from_utf8(content) else { return Seen::Odd("is no JSON: it is not UTF-8".to_owned()) };
    // Nothing is kept of it, however deep it is.
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Seen::Fine,
        Err(error) => Seen::Odd(format!("is no JSON: {error}")),
    }
}

/// In words that say what to do; else in those of whoever read it.
fn judged(reason: Option<Reason>, said: &str) -> Seen {
    let why = match reason {
        // There the service may have other limits.
        Some(Reason::TooLong | Reason::TooMany | Reason::TooDeep) => return Seen::Unclear(said.to_owned()),
        Some(Reason::WrongFormat) if said.contains("PDF") => "it is no PDF, whatever its name says",
        Some(Reason::Encrypted) => "it is encrypted; save a copy without encryption and sign that",
        Some(Reason::Damaged) => {
            return Seen::Unfit(format!("{said}; open it in a program for PDFs, save it anew and sign that"));
        }
        Some(Reason::Hybrid) => {
            "it says two things, one to old and one to new programs (a hybrid-reference file); save it anew and sign that"
        }
        Some(Reason::Locked) => "an earlier signature in it locks it and allows no other",
        Some(Reason::Doctype) => "it has a document type declaration (DOCTYPE); take that out, if nothing needs it",
        _ => said,
    };
    Seen::Unfit(why.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn of(form: Form, content: &[u8]) -> Seen {
        seen(&File { form, path: "x".into(), content: content.to_vec(), output: "y".into(), label: String::new() })
    }

    /// Why not, by its first words.
    fn why(form: Form, content: &[u8]) -> String {
        let Seen::Unfit(why) = of(form, content) else { panic!("{form:?} can be signed") };
        why.split(['(', ';']).next().unwrap().trim().to_owned()
    }

    /// A PDF of one page with this in its catalog, and this in its trailer.
    fn paper(catalog: &str, trailer: &str) -> Vec<u8> {
        let objects = [
            format!("<</Type /Catalog /Pages 2 0 R {catalog}>>"),
            "<</Type /Pages /Kids [3 0 R] /Count 1>>".to_owned(),
            "<</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9]>>".to_owned(),
            "<</Type /Sig /Reference [<</TransformMethod /DocMDP /TransformParams <</P 1>>>>]>>".to_owned(),
        ];
        pdf::paper(&objects, trailer)
    }

    #[test]
    fn a_pdf_that_cannot_be_signed_is_told_why() {
        assert_eq!(of(Form::Pades, &paper("", "")), Seen::Fine);
        assert_eq!(why(Form::Pades, b""), "it is empty");
        assert_eq!(why(Form::Pades, b"no PDF"), "it is no PDF, whatever its name says");
        assert_eq!(why(Form::Pades, &paper("", "/Encrypt <</Filter /Standard>>")), "it is encrypted");
        assert_eq!(
            why(Form::Pades, &paper("/Perms <</DocMDP 4 0 R>>", "")),
            "an earlier signature in it locks it and allows no other"
        );
        let whole = paper("", "");
        assert_eq!(why(Form::Pades, &whole[..whole.len() - 40]), "the PDF is damaged: startxref is missing");
    }

    #[test]
    fn xml_that_cannot_be_signed_is_told_why() {
        assert_eq!(of(Form::Xades, b"<a/>"), Seen::Fine);
        for (content, said) in [
            (&b""[..], "it is empty"),
            (b"<!DOCTYPE a><a/>", "it has a document type declaration"),
            (b"<a>", "it is not well-formed"),
            (b"\xff\xfe<\0a\0/\0>\0", "it is not UTF-8"),
            (
                b"<a><Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/></a>",
                "it has a signature already, which another inside would break",
            ),
        ] {
            assert_eq!(why(Form::Xades, content), said);
        }
    }

    #[test]
    fn what_cannot_be_judged_here_goes_on() {
        let long = vec![b' '; xml::LIMIT + 1];
        let deep = "<a>".repeat(xml::MAX_DEPTH + 1) + &"</a>".repeat(xml::MAX_DEPTH + 1);
        for (form, content) in [(Form::Xades, &long[..]), (Form::Jades, &long), (Form::Xades, deep.as_bytes())] {
            assert!(matches!(of(form, content), Seen::Unclear(_)), "{form:?}");
        }
        assert_eq!(of(Form::Cades, b""), Seen::Fine, "its digest is all that is signed");
    }

    #[test]
    fn json_that_is_none_is_told_and_goes_on() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        for fine in [&b"{}"[..], b" [1, \"\xc3\xa9\"]\n", b"null", deep.as_bytes()] {
            assert_eq!(of(Form::Jades, fine), Seen::Fine);
        }
        for (content, said) in [
            (&b"{\"order\": 12"[..], "is no JSON: EOF while parsing an object at line 1 column 12"),
            (b"{}x", "is no JSON: trailing characters at line 1 column 3"),
            (b"\xef\xbb\xbf{}", "is no JSON: expected value at line 1 column 1"),
            (b"\"\xe9\"", "is no JSON: it is not UTF-8"),
        ] {
            assert_eq!(of(Form::Jades, content), Seen::Odd(said.to_owned()));
        }
        assert_eq!(of(Form::Cades, b"{"), Seen::Fine, "its digest is all that is signed");
    }
}
