//! The form: existing fields, their names and what they ask.

use super::*;

/// A file with one field that has these entries, its widget on the page or not.
fn field(entries: &str) -> Vec<u8> {
    let field = format!("<</T (Empty) /FT /Sig /Subtype /Widget /Rect [0 0 0 0] {entries}>>");
    with("/AcroForm <</Fields [4 0 R] /DA (/Helv 0 Tf)>>", &[&field])
}

fn named(name: &str) -> Request {
    Request { field: Some(name.to_owned()), ..approval() }
}

#[test]
fn an_empty_field_is_filled_in_and_nothing_else_changes() {
    let text = appended_by(&field(""), &named("Empty"));
    assert!(
        text.contains("4 0 obj\n<</T (Empty) /FT /Sig /Subtype /Widget /Rect [0 0 0 0]  /V 5 0 R>>\nendobj"),
        "{text}"
    );
    assert!(text.contains("/DA (/Helv 0 Tf) /SigFlags 3>>"), "{text}");
    assert!(!text.contains("3 0 obj"), "the page stays as it was");
    let null = appended_by(&field("/V null"), &named("Empty"));
    assert!(null.contains("/V  5 0 R "), "{null}");
}

/// A slip in the name of a field must not make another that nobody sees.
#[test]
fn a_name_that_no_field_has_is_refused_where_others_are_empty() {
    for wanted in ["Emty", "empty"] {
        refuses(&field(""), &named(wanted), &Error::NoField);
        refuses(&field("/V null"), &named(wanted), &Error::NoField);
        // Its place says that a new one is meant.
        let place = Some(Place { page: 1, rectangle: [10.0, 10.0, 110.0, 60.0] });
        let visible = Some(Visible { place, lines: vec!["x".to_owned()] });
        let text = appended_by(&field(""), &Request { visible, ..named(wanted) });
        assert!(text.contains(&format!("/T ({wanted})")), "{text}");
    }
    // Without a name it gets one, and where none is empty it gets the one that is said.
    assert!(appended_by(&field(""), &approval()).contains("/T (Signature1)"));
    assert!(appended_by(&plain(), &named("Emty")).contains("/T (Emty)"));
    let of_text = with("/AcroForm <</Fields [4 0 R]>>", &["<</T (Empty) /FT /Tx>>"]);
    assert!(appended_by(&of_text, &named("Emty")).contains("/T (Emty)"));
    let taken = signed(&field(""), &named("Empty"));
    assert!(sign(&taken, &named("Emty")).is_ok());
}

#[test]
fn an_existing_field_is_shown_where_it_stands() {
    let seen = field("").to_vec();
    let seen = String::from_utf8(seen).unwrap().replace("/Rect [0 0 0 0]", "/Rect [0 0 9e 0]");
    assert!(sign(seen.as_bytes(), &named("Empty")).is_err());
    let wide = with(
        "/AcroForm <</Fields [4 0 R]>>",
        &["<</T (Empty) /FT /Sig /Kids [5 0 R]>>", "<</Subtype /Widget /Rect [10 10 110 60]>>"],
    );
    let visible = |place| Some(Visible { place, lines: vec!["x".to_owned()] });
    let text = appended_by(&wide, &Request { visible: visible(None), ..named("Empty") });
    assert!(text.contains("5 0 obj\n<</Subtype /Widget /Rect [10 10 110 60] /AP <</N 7 0 R>>>>"), "{text}");
    assert!(text.contains("/BBox [0 0 100 50]"));
    // It keeps its place, and what has none gets none.
    let place = Some(Place { page: 1, rectangle: [10.0, 10.0, 110.0, 60.0] });
    refuses(&wide, &Request { visible: visible(place), ..named("Empty") }, &Error::Placed);
    for place in [None, place] {
        refuses(&field(""), &Request { visible: visible(place), ..named("Empty") }, &Error::Unseen);
    }
    refuses(&wide, &Request { visible: visible(None), ..named("Other") }, &Error::NoField);
    refuses(&wide, &Request { visible: visible(None), ..approval() }, &Error::NoField);
    let small = String::from_utf8(wide).unwrap().replace("[10 10 110 60]", "[10 10 110 16]");
    refuses(small.as_bytes(), &Request { visible: visible(None), ..named("Empty") }, &Error::Text);
}

/// As its widget says, or else its page.
#[test]
fn what_an_existing_field_shows_stands_upright() {
    let matrix = |page: &str, pages: &str, widget: &str| {
        let page = PAGE.replace("/MediaBox", &format!("{page} /MediaBox"));
        let pages = PAGES.replace("/Count", &format!("{pages} /Count"));
        let widget = format!("<</T (Empty) /FT /Sig /Subtype /Widget /Rect [10 10 110 60] {widget}>>");
        let catalog = "<</Type /Catalog /Pages 2 0 R /AcroForm <</Fields [4 0 R]>>>>";
        let visible = Some(Visible { place: None, lines: vec!["x".to_owned()] });
        let text = appended_by(&file(&[catalog, &pages, &page, &widget]), &Request { visible, ..named("Empty") });
        text.split("/Matrix [").nth(1).unwrap().split(']').next().unwrap().to_owned()
    };
    let (upright, quarter) = ("1 0 0 1 0 0", "0 1 -1 0 100 0");
    assert_eq!(matrix("", "", ""), upright);
    assert_eq!(matrix("/Rotate 90", "", "/P 3 0 R"), quarter);
    assert_eq!(matrix("", "/Rotate 450", "/P 3 0 R"), quarter);
    assert_eq!(matrix("/Rotate 90", "", "/P 3 0 R /MK <</R 0>>"), upright);
    assert_eq!(matrix("", "", "/MK <</R 90>>"), quarter);
}

#[test]
fn a_new_field_has_a_name_of_its_own() {
    let taken = "<</T (Signature1) /FT /Tx>>";
    let file = with("/AcroForm 5 0 R", &[taken, "<</Fields 6 0 R /SigFlags 1>>", "[4 0 R]"]);
    let text = appended(&file);
    assert!(text.contains("/T (Signature2)") && text.contains("6 0 obj\n[4 0 R 8 0 R]"), "{text}");
    assert!(text.contains("/SigFlags  3 "), "{text}");
    assert!(appended_by(&file, &named("Łódź")).contains("/T <FEFF014100F30064017A>"));
    refuses(&file, &named("Signature1"), &Error::NotSignature);
    for name in ["", "a.b"] {
        assert!(matches!(sign(&file, &named(name)), Err(Error::FieldName(_))), "{name}");
    }
    refuses(&signed(&field(""), &named("Empty")), &named("Empty"), &Error::Taken);
}

#[test]
fn fields_below_others_have_full_names() {
    let nested = with(
        "/AcroForm <</Fields [4 0 R]>>",
        &["<</T (a) /FT /Sig /Kids [5 0 R]>>", "<</T (b) /Parent 4 0 R /Subtype /Widget /Rect [0 0 0 0]>>"],
    );
    assert!(appended_by(&nested, &named("a.b")).contains("5 0 obj\n<</T (b)"), "the type is inherited");
    refuses(&nested, &named("a"), &Error::FieldName("other fields are below it"));
    let circle = with("/AcroForm <</Fields [4 0 R]>>", &["<</T (a) /Kids [4 0 R]>>"]);
    refuses(&circle, &approval(), &Error::Damaged("the fields of the form are no tree"));
}

/// What is appended must not become a field that the form names and does not have.
#[test]
fn fields_that_are_not_there_stay_so() {
    let last = |extra: &str| with(&format!("/AcroForm <</Fields [{extra}]>>"), &["<</T (a) /Kids [6 0 R 5 0 R]>>"]);
    for fields in ["5 0 R", "6 0 R 5 0 R 7 0 R", "4 0 R", "4 0 R 9 0 R 4000000000 0 R"] {
        let once = signed(&last(fields), &approval());
        signed(&once, &approval());
        refuses(&once, &certification(Permission::FormFilling), &Error::AlreadySigned);
    }
}

#[test]
fn seed_values_are_obeyed_or_refused() {
    let ask = |seed: &str, request: &Request| sign(&field(&format!("/SV <<{seed}>>")), request).map(drop);
    let plain = named("Empty");
    let because = Request { reason: Some("Because".to_owned()), ..plain.clone() };
    for fine in [
        "",
        "/Filter /Other",
        "/Ff 1 /Filter /Adobe.PPKLite",
        "/Ff 2 /SubFilter [/x /ETSI.CAdES.detached]",
        "/Ff 8 /Reasons [(.)]",
        "/MDP <</P 0>>",
        "/Cert <</Ff 0>>",
    ] {
        assert_eq!(ask(fine, &plain), Ok(()), "{fine}");
    }
    for bad in [
        "/Ff 1 /Filter /Other",
        "/Ff 2 /SubFilter [/adbe.pkcs7.detached]",
        "/Ff 8 /Reasons [(a)]",
        "/Ff 4 /V 3",
        "/Ff 64",
        "/MDP <</P 2>>",
        "/Cert <</Ff 1>>",
        "/TimeStamp <</Ff 1>>",
    ] {
        assert!(matches!(ask(bad, &plain), Err(Error::Seed(_))), "{bad}");
    }
    assert_eq!(ask("/Ff 8 /Reasons [(a) (Because)]", &because), Ok(()));
    let certify = Request { kind: Kind::Certification(Permission::FormFilling), ..plain };
    assert_eq!(ask("/MDP <</P 2>>", &certify), Ok(()));
    assert!(matches!(ask("/MDP <</P 1>>", &certify), Err(Error::Seed(_))));
}

#[test]
fn a_lock_becomes_part_of_the_signature_and_holds() {
    let text = appended_by(&field("/Lock <</Action /Include /Fields [(Signature1) (x)]>>"), &named("Empty"));
    let locks = "/TransformMethod /FieldMDP /Data 1 0 R /TransformParams <</Type /TransformParams /V /1.2 \
                 /Action /Include /Fields [(Signature1)(x)]>>";
    assert!(text.contains(locks), "{text}");
    let locked = signed(&field("/Lock <</Action /Include /Fields [(x)]>>"), &named("Empty"));
    assert!(sign(&locked, &approval()).is_ok());
    refuses(&locked, &named("x"), &Error::Locked);
    refuses(&signed(&field("/Lock <</Action /All>>"), &named("Empty")), &approval(), &Error::Locked);
    let but = signed(&field("/Lock <</Action /Exclude /Fields [(y)]>>"), &named("Empty"));
    assert!(sign(&but, &named("y")).is_ok());
    refuses(&but, &named("z"), &Error::Locked);
    assert!(matches!(sign(&field("/Lock <</Action /All /P 1>>"), &named("Empty")), Err(Error::Seed(_))));
}
