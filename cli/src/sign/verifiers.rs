//! With what else the signed files can be verified: one line for each format.

use std::path::Path;

use super::plan::{File, Form, Level};
use super::terminal::shown;

/// Says it. `authority` is the CA that the person's certificate leads to, PEM, where that is known.
pub(super) fn say(files: &[File], level: Level, authority: Option<&Path>) {
    for form in [Form::Pades, Form::Cades, Form::Xades, Form::Jades] {
        if let Some(file) = files.iter().find(|file| file.form == form) {
            println!("verify it: {}", line(file, level, authority));
        }
    }
}

fn line(file: &File, level: Level, authority: Option<&Path>) -> String {
    let authority = quoted(authority.unwrap_or(Path::new("CA.pem")));
    let (signed, original) = (quoted(&file.output), quoted(&file.path));
    match file.form {
        Form::Pades if level == Level::Lta => {
            format!(
                "pdfsig {signed} (it does not know the document time-stamp in it, and says so of the last signature)"
            )
        }
        Form::Pades => format!("pdfsig {signed}"),
        Form::Cades => format!(
            "openssl cms -verify -binary -inform DER -in {signed} -content {original} -CAfile {authority} -purpose any \
             -out /dev/null"
        ),
        Form::Xades => format!(
            "xmlsec1 --verify --enabled-key-data x509 --trusted-pem {authority} \
             --id-attr:Id http://uri.etsi.org/01903/v1.3.2#:SignedProperties {signed}"
        ),
        // No program of the terminal knows JAdES.
        Form::Jades => format!("EU DSS, or another validator of JAdES, with {signed} and {authority}"),
    }
}

/// As a shell takes it.
fn quoted(path: &Path) -> String {
    let name = shown(&path.display().to_string());
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+".contains(letter);
    if name.chars().all(plain) { name } else { format!("'{}'", name.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_its_line() {
        let of = |form, output: &str, level| {
            let file =
                File { form, path: "a b".into(), content: Vec::new(), output: output.into(), label: String::new() };
            line(&file, level, None)
        };
        let said = |form, output| of(form, output, Level::T);
        assert_eq!(said(Form::Pades, "x.pdf"), "pdfsig x.pdf");
        assert!(
            of(Form::Pades, "x.pdf", Level::Lta).starts_with("pdfsig x.pdf (it does not know the document time-stamp")
        );
        let cms = said(Form::Cades, "it's.p7s");
        assert!(cms.contains(r"-in 'it'\''s.p7s' -content 'a b' -CAfile CA.pem"), "{cms}");
        assert!(said(Form::Xades, "x.xml").ends_with("#:SignedProperties x.xml"));
        assert!(said(Form::Jades, "x.jws").starts_with("EU DSS") && said(Form::Jades, "x.jws").contains("x.jws"));
    }
}
