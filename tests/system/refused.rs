//! Documents that cannot be signed, through the whole service: the answer names each by its place and says why, in words that
//! are the service's own, and nothing is spent.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use data_encoding::BASE64;
use harness::dss::{self, Job};
use harness::{Algorithm, Answer, Hash, Wanted, command, paper, shared};
use rsign_api::algorithm::HashAlgorithm;
use serde_json::{Value, json};

use crate::common::Outsider;
use crate::sign_doc::{entry_of, objects, openssl, sign_doc};

const DOCUMENTS: (u16, &str, &str) = (400, "invalid_request", "Invalid array parameter documents");

/// What is refused: place, word, and the property it is about.
pub(crate) fn refused(heard: &Answer) -> Vec<(u64, &str, &str)> {
    let one = |said: &'_ Value| {
        assert_eq!(said["array"], "documents", "{said}");
        assert!(said["explanation"].as_str().is_some_and(|sentence| sentence.ends_with('.')), "{said}");
        said["index"].as_u64().unwrap()
    };
    let all = heard.json["rsign_refused"].as_array().unwrap_or_else(|| panic!("nothing is said in {}", heard.json));
    all.iter()
        .map(|said| (one(said), said["reason"].as_str().unwrap(), said["property"].as_str().unwrap_or_default()))
        .collect()
}

fn entry(format: &str, envelope: &str, document: &[u8]) -> Value {
    let content = json!({ "document": BASE64.encode(document), "signed_envelope_property": envelope });
    entry_of(format, &Algorithm::usual("P-256"), "AdES-B-B", content)
}

fn saying(mut entry: Value, said: &[(&str, &str)]) -> Value {
    let one = |(name, value): &(&str, &str)| json!({ "attribute_name": name, "attribute_value": value });
    entry["signed_props"] = said.iter().map(one).collect();
    entry
}

/// As somebody with a password makes it.
fn encrypted(document: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plain.pdf"), document).unwrap();
    let mut qpdf = Command::new("qpdf");
    let line = ["--encrypt", "user", "owner", "256", "--", "plain.pdf", "encrypted.pdf"];
    command(qpdf.current_dir(folder.path()).args(line)).unwrap();
    std::fs::read(folder.path().join("encrypted.pdf")).unwrap()
}

/// Authorizes these documents.
async fn authorize(who: &Outsider, documents: &[&[u8]]) -> String {
    let hashes: Vec<Hash> = documents.iter().map(Hash::of).collect();
    who.session.authorize(&who.credential, &hashes).await
}

/// Signs one.
async fn signed(who: &Outsider, document: &[u8], entry: Value) -> Vec<u8> {
    let sad = authorize(who, &[document]).await;
    let answer = sign_doc(who, &sad, json!({ "documents": [entry] })).await.ok();
    objects(&answer, "DocumentWithSignature").remove(0)
}

#[tokio::test]
async fn every_refused_document_of_a_call_is_named_with_its_reason() {
    let who = Outsider::enrol("refused", Wanted::QUICK).await;
    let plain = paper::pdf(&[0]);
    let text = String::from_utf8(plain.clone()).unwrap();
    let locked = signed(&who, &plain, saying(entry("P", "Certification", &plain), &[("P", "1")])).await;
    let (encrypted, damaged) = (encrypted(&plain), text.replace("startxref\n", "startxref\n7"));
    let hybrid = text.replace("trailer\n<<", "trailer\n<</XRefStm 9 ");
    let deep = ["<a>".repeat(300), "</a>".repeat(300)].concat();
    let doctype = b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>";
    let signed_xml = b"<a><s:Signature xmlns:s='http://www.w3.org/2000/09/xmldsig#'/></a>";
    let cases: [(&str, &str, &[u8], &str); 14] = [
        ("C", "Attached", b"fine", ""),
        ("P", "Revision", &encrypted, "encrypted"),
        ("P", "Revision", damaged.as_bytes(), "damaged"),
        ("P", "Revision", hybrid.as_bytes(), "hybrid"),
        ("P", "Revision", &locked, "locked"),
        ("P", "Revision", b"no PDF", "wrong_format"),
        ("X", "Enveloped", doctype, "doctype"),
        ("X", "Enveloped", deep.as_bytes(), "too_deep"),
        ("X", "Enveloped", signed_xml, "signed"),
        ("X", "Enveloped", b"\xff\xfe<\0a\0/\0>\0", "encoding"),
        ("C", "Parallel", b"no CMS", "wrong_format"),
        ("J", "Parallel", b"YQ..YQ", "no_content"),
        ("J", "Parallel", b"{\"a\":1}", "wrong_format"),
        ("X", "Enveloped", b"<a><b></a>", "not_well_formed"),
    ];
    let documents: Vec<&[u8]> = cases.iter().map(|(_, _, document, _)| *document).collect();
    let sad = authorize(&who, &documents).await;
    // The fine one and the encrypted one once more.
    let entries: Vec<Value> =
        cases.iter().chain(&cases[..2]).map(|(f, e, document, _)| entry(f, e, document)).collect();
    let heard = sign_doc(&who, &sad, json!({ "documents": entries })).await;
    assert_eq!(heard.error(), DOCUMENTS);
    let all = (0..).zip(cases.iter().chain(&cases[..2])).filter(|(_, (.., reason))| !reason.is_empty());
    let expected: Vec<_> = all.map(|(at, (.., reason))| (at, *reason, "")).collect();
    assert_eq!(refused(&heard), expected);
    // Who asks for them later hears the same, at once or by polling.
    let mut later = sign_doc(&who, &sad, json!({ "documents": entries, "operationMode": "A" })).await;
    if let Some(id) = later.json["responseID"].as_str().map(str::to_owned) {
        let poll = || who.session.call("v2/signatures/signPolling", json!({ "requestID": id }));
        later = poll().await;
        while later.status == 202 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            later = poll().await;
        }
    }
    assert_eq!((later.error(), refused(&later)), (DOCUMENTS, expected));
    // Nothing of it was signed: what is fine is, with the same authorization.
    let answer = sign_doc(&who, &sad, json!({ "documents": [entries[0]] })).await.ok();
    openssl(&objects(&answer, "DocumentWithSignature")[0], "fine", true);
    // A certification has to come first: its sentence is another, and beside it the same is said.
    let sad = authorize(&who, &[&locked]).await;
    let heard = sign_doc(&who, &sad, json!({ "documents": [entry("P", "Certification", &locked)] })).await;
    assert_eq!(heard.error(), (400, "invalid_request", "Invalid parameter signed_envelope_property"));
    assert_eq!(refused(&heard), [(0, "not_first", "")]);
}

/// CSC 11.11 wants the Base64 of a document, which that of no octets is. CMS can hold none; what needs something to stand in
/// cannot.
#[tokio::test]
async fn an_empty_document_is_signed_where_the_signature_needs_none_of_it() {
    let who = Outsider::enrol("empty", Wanted::QUICK).await;
    for (format, envelope) in [("P", "Revision"), ("X", "Enveloped"), ("J", "Attached"), ("C", "Parallel")] {
        let sad = authorize(&who, &[b""]).await;
        let heard = sign_doc(&who, &sad, json!({ "documents": [entry(format, envelope, b"")] })).await;
        assert_eq!((heard.error(), refused(&heard)), (DOCUMENTS, vec![(0, "empty", "")]), "{format}");
    }
    for (level, list, envelope) in [
        ("AdES-B-B", "DocumentWithSignature", "Attached"),
        ("AdES-B-LTA", "DocumentWithSignature", "Attached"),
        ("AdES-B-LTA", "SignatureObject", "Detached"),
    ] {
        let sad = authorize(&who, &[b""]).await;
        let mut entry = entry("C", envelope, b"");
        entry["conformance_level"] = level.into();
        let answer = sign_doc(&who, &sad, json!({ "documents": [entry] })).await.ok();
        openssl(&objects(&answer, list)[0], "", envelope == "Attached");
    }
    let (folder, root) = (tempfile::tempdir().unwrap(), Path::new(&shared().ready.signing_ca));
    let nothing = folder.path().join("nothing");
    std::fs::write(&nothing, b"").unwrap();
    let mut jobs = Vec::new();
    for (format, envelope) in [("C", "Attached"), ("X", "Enveloping"), ("X", "Detached"), ("J", "Detached")] {
        let sad = authorize(&who, &[b""]).await;
        let answer = sign_doc(&who, &sad, json!({ "documents": [entry(format, envelope, b"")] })).await.ok();
        let list = if envelope == "Detached" { "SignatureObject" } else { "DocumentWithSignature" };
        let file = folder.path().join(format!("{format}-{envelope}"));
        std::fs::write(&file, &objects(&answer, list)[0]).unwrap();
        let job = Job::new(&file, root).without_revocation();
        let name = rsign_ades::name(HashAlgorithm::Sha256, &Hash::of(b"").digest);
        jobs.push(if envelope == "Detached" { job.detached(&nothing, &name) } else { job });
    }
    let said = dss::judge(&jobs).into_iter().flatten();
    for (verdicts, format) in said.zip(["CAdES", "XAdES", "XAdES", "JAdES"]) {
        verdicts.unwrap()[0].passes_as(&format!("{format}-BASELINE-B"));
    }
}

#[tokio::test]
async fn what_is_to_be_seen_is_checked_against_its_page() {
    let who = Outsider::enrol("refused-visible", Wanted::QUICK).await;
    let plain = paper::pdf(&[0, 90]);
    let sad = authorize(&who, &[&plain]).await;
    let heard = async |said: &[(&str, &str)]| {
        let entry = saying(entry("P", "Revision", &plain), said);
        sign_doc(&who, &sad, json!({ "documents": [entry] })).await
    };
    let long = "word ".repeat(90);
    // The pages have 300 by 200, and 200 by 300 units that are shown turned.
    for (said, property, reason) in [
        (&[("Rect", "200 20 360 80"), ("Text", "x")][..], "Rect", "off_page"),
        (&[("Rect", "20 20 250 80"), ("Page", "2"), ("Text", "x")], "Rect", "off_page"),
        (&[("Rect", "20 20 180 80"), ("Page", "3"), ("Text", "x")], "Page", "no_such_page"),
        (&[("Rect", "20 20 25 80"), ("Text", "x")], "Rect", "too_small"),
        (&[("Rect", "20 20 180 80")], "Text", "no_text"),
        (&[("Rect", "20 20 120 60"), ("Text", &long)], "Text", "text_too_long"),
        (&[("Rect", "20 20 180 80"), ("Text", "\u{6f22}")], "Text", "character"),
        (&[("Text", "Signed")], "Text", "no_place"),
        (&[("Field", "None"), ("Text", "Signed")], "Field", "no_such_field"),
        (&[("Field", "a.b")], "Field", "field_name"),
        (&[("P", "2")], "P", "not_certification"),
        (&[("Colour", "red")], "Colour", "unknown_property"),
    ] {
        let heard = heard(said).await;
        let sentence = match reason {
            "not_certification" => "Invalid parameter signed_envelope_property".to_owned(),
            _ => format!("Invalid parameter signed_props ({property})"),
        };
        assert_eq!(heard.error(), (400, "invalid_request", sentence.as_str()), "{said:?}");
        assert_eq!(refused(&heard), [(0, reason, property)], "{said:?}");
    }
    // Any two corners of the rectangle, and lines as any system ends them.
    let text = "Signed by somebody whose\r\n\tname is rather long";
    let fine = heard(&[("Rect", "180 80 20 20"), ("Page", "2"), ("Text", text)]).await.ok();
    let signed = objects(&fine, "DocumentWithSignature").remove(0);
    let appended = String::from_utf8_lossy(&signed[plain.len()..]).into_owned();
    assert!(appended.contains("/Rect [20 20 180 80]") && appended.contains("<206E616D65"), "{appended}");
    // Those who list fonts find this one.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signed.pdf");
    std::fs::write(&file, &signed).unwrap();
    let fonts = Command::new("pdffonts").arg(&file).output().unwrap();
    assert!(fonts.stderr.is_empty(), "{}", String::from_utf8_lossy(&fonts.stderr));
    assert!(fonts.stdout.windows(9).filter(|name| *name == b"Helvetica").count() >= 2, "{fonts:?}");
}

/// One approval, one signature: what is asked for a second time in another form is told from what nobody approved.
#[tokio::test]
async fn what_the_authorization_does_not_cover_is_named() {
    let who = Outsider::enrol("refused-spent", Wanted::QUICK).await;
    let plain = paper::pdf(&[0]);
    let sad = authorize(&who, &[&plain, b"other"]).await;
    let document = entry("P", "Revision", &plain);
    let first = sign_doc(&who, &sad, json!({ "documents": [document] })).await.ok();
    for other in [
        entry("P", "Certification", &plain),
        entry("C", "Detached", &plain),
        saying(document.clone(), &[("Reason", "I agree")]),
    ] {
        let heard = sign_doc(&who, &sad, json!({ "documents": [entry("C", "Attached", b"other"), other] })).await;
        let sentence = "documentDigests or documents are not authorized by the SAD";
        assert_eq!(heard.error(), (400, "invalid_request", sentence));
        assert_eq!(refused(&heard), [(1, "spent", "")]);
    }
    let heard = sign_doc(&who, &sad, json!({ "documents": [entry("C", "Attached", b"stranger")] })).await;
    assert_eq!(heard.error().1, "invalid_hash");
    assert_eq!(refused(&heard), [(0, "not_approved", "")]);
    // The same call again gives the same signature, as the sentence says, and a higher level too.
    let again = sign_doc(&who, &sad, json!({ "documents": [document] })).await.ok();
    assert_eq!(objects(&again, "DocumentWithSignature"), objects(&first, "DocumentWithSignature"));
    let mut higher = document;
    higher["conformance_level"] = "AdES-B-T".into();
    let _ = sign_doc(&who, &sad, json!({ "documents": [higher] })).await.ok();
}

/// A field that an author put there: text goes where it stands, and nobody moves it.
#[tokio::test]
async fn a_field_of_the_document_keeps_its_place() {
    let who = Outsider::enrol("refused-field", Wanted::QUICK).await;
    let file = paper::edited(
        &paper::pdf(&[0]),
        &[
            (1, "<</Type /Catalog /Pages 2 0 R /AcroForm <</Fields [6 0 R]>>>>"),
            (
                4,
                "<</Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 5 0 R /Annots [6 0 R] \
                 /Resources <</Font <</F1 3 0 R>>>>>>",
            ),
            (6, "<</Type /Annot /Subtype /Widget /FT /Sig /T (Here) /F 4 /Rect [40 40 200 100] /P 4 0 R>>"),
        ],
    );
    let sad = authorize(&who, &[&file]).await;
    let heard = async |said: &[(&str, &str)]| {
        let entry = saying(entry("P", "Revision", &file), said);
        sign_doc(&who, &sad, json!({ "documents": [entry] })).await
    };
    let moved = heard(&[("Field", "Here"), ("Rect", "10 10 200 100"), ("Text", "Signed")]).await;
    assert_eq!(moved.error().2, "Invalid parameter signed_props (Rect)");
    assert_eq!(refused(&moved), [(0, "field_placed", "Rect")]);
    // A slip in its name makes no other field.
    let slip = heard(&[("Field", "here")]).await;
    assert_eq!(slip.error().2, "Invalid parameter signed_props (Field)");
    assert_eq!(refused(&slip), [(0, "no_such_field", "Field")]);
    let answer = heard(&[("Field", "Here"), ("Text", "Signed")]).await.ok();
    let signed = objects(&answer, "DocumentWithSignature").remove(0);
    let appended = String::from_utf8_lossy(&signed[file.len()..]).into_owned();
    assert!(appended.contains("/Rect [40 40 200 100]") && appended.contains("/BBox [0 0 160 60]"), "{appended}");
    let sad = authorize(&who, &[&signed]).await;
    let entry = saying(entry("P", "Revision", &signed), &[("Field", "Here")]);
    let again = sign_doc(&who, &sad, json!({ "documents": [entry] })).await;
    assert_eq!(refused(&again), [(0, "field_taken", "Field")]);
}
