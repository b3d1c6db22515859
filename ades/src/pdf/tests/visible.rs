//! Where a signature is seen: wholly on its page, whatever that inherits and however it is turned.

use super::*;

/// What becomes of a signature here, on a page with these entries, below a node with these.
fn on(page: &str, node: &str, rectangle: [f64; 4]) -> Result<(), Error> {
    let node = format!("<</Type /Pages /Kids [3 0 R] /Count 1 {node}>>");
    let page = format!("<</Type /Page /Parent 2 0 R {page}>>");
    sign(&file(&[CATALOG, &node, &page, "[0 0 50 300]", "200"]), &seen(rectangle, &["x"])).map(drop)
}

#[test]
fn a_rectangle_has_to_lie_on_its_page() {
    let media = "/MediaBox [0 0 200 300]";
    for inside in [[0.0, 0.0, 200.0, 300.0], [10.0, 10.0, 60.0, 40.0], [60.0, 40.0, 10.0, 10.0]] {
        assert_eq!(on(media, "", inside), Ok(()), "{inside:?}");
    }
    for outside in [
        [300.0, 10.0, 350.0, 40.0],
        [-1.0, 10.0, 60.0, 40.0],
        [10.0, -1.0, 60.0, 40.0],
        [160.0, 10.0, 201.0, 40.0],
        [10.0, 280.0, 60.0, 301.0],
        [-1e9, -1e9, 1e9, 1e9],
    ] {
        assert_eq!(on(media, "", outside), Err(Error::OffPage), "{outside:?}");
    }
    // What a library rounded is on the page.
    assert_eq!(on("/MediaBox [0 0 595.2756 841.8898]", "", [0.0, 0.0, 595.28, 841.89]), Ok(()));
}

#[test]
fn boxes_are_inherited_and_the_smaller_one_counts() {
    let (low, high) = ([10.0, 10.0, 60.0, 40.0], [110.0, 210.0, 160.0, 240.0]);
    let heard = |page: &str, node: &str| [on(page, node, low), on(page, node, high)];
    let (fits, off) = (Ok(()), Err(Error::OffPage));
    assert_eq!(heard("", "/MediaBox [0 0 200 300]"), [fits.clone(), fits.clone()]);
    assert_eq!(heard("/MediaBox [0 0 100 100]", "/MediaBox [0 0 200 300]"), [fits.clone(), off.clone()]);
    assert_eq!(heard("/MediaBox [0 0 200 300]", "/CropBox [100 200 200 300]"), [off.clone(), fits.clone()]);
    assert_eq!(heard("/MediaBox [200 300 100 200]", "/CropBox [0 0 500 500]"), [off.clone(), fits.clone()]);
    assert_eq!(
        heard("/MediaBox [0 0 200 300] /CropBox null", "/CropBox [100 200 200 300]"),
        [off.clone(), fits.clone()]
    );
    // Where numbers or all of it are elsewhere.
    assert_eq!(heard("/MediaBox [0 0 5 0 R 300]", ""), [fits.clone(), fits]);
    assert_eq!(heard("/MediaBox 4 0 R", ""), [off.clone(), off]);
    // Turning a page does not move its boxes.
    assert_eq!(on("/MediaBox [0 0 200 300] /Rotate 90", "", [10.0, 260.0, 60.0, 290.0]), Ok(()));
    assert_eq!(on("/MediaBox [0 0 200 300] /Rotate 90", "", [210.0, 10.0, 260.0, 40.0]), Err(Error::OffPage));
}

#[test]
fn a_page_that_has_no_bounds_shows_nothing() {
    for media in ["", "/MediaBox 7", "/MediaBox [0 0 1]", "/MediaBox [0 0 /A 1]"] {
        let heard = on(media, "", [10.0, 10.0, 60.0, 40.0]);
        assert!(matches!(heard, Err(Error::Damaged(_))), "{media} {heard:?}");
        let file = file(&[CATALOG, PAGES, &format!("<</Type /Page /Parent 2 0 R {media}>>")]);
        assert!(sign(&file, &approval()).is_ok(), "what is not seen needs none");
    }
    // A box that is nowhere to be found.
    let circle = file(&[CATALOG, PAGES, "<</Type /Page /Parent 2 0 R /MediaBox 4 0 R>>", "4 0 R"]);
    assert!(matches!(sign(&circle, &seen([10.0, 10.0, 60.0, 40.0], &["x"])), Err(Error::Damaged(_))));
    assert!(sign(&circle, &approval()).is_ok());
}

/// Tools that list the fonts of a file look each up by its number.
#[test]
fn the_font_is_an_object_of_its_own() {
    let text = appended_by(&plain(), &seen([10.0, 10.0, 110.0, 60.0], &["x"]));
    let font = text.split("/Font <</F1 ").nth(1).unwrap().split(" R").next().unwrap();
    assert!(text.contains(&format!("{font} obj\n<</Type /Font /Subtype /Type1 /BaseFont /Helvetica")), "{text}");
}

#[test]
fn a_long_text_is_made_small_and_broken_and_then_refused() {
    let shown = |rectangle: [f64; 4], line: &str| {
        let text = sign(&plain(), &seen(rectangle, &[line])).map(|update| update.octets().to_vec())?;
        let text = String::from_utf8(text).unwrap();
        let size: f64 = text.split("/F1 ").nth(2).unwrap().split(' ').next().unwrap().parse().unwrap();
        Ok((size, text.matches("Tj").count()))
    };
    let line = "This contract was signed electronically by Maria da Conceicao de Almeida Ferreira";
    assert_eq!(shown([0.0, 0.0, 590.0, 50.0], line), Ok((12.0, 1)));
    let (size, lines) = shown([0.0, 0.0, 150.0, 50.0], line).unwrap();
    assert!(size >= 6.0 && (2..=5).contains(&lines), "{size} {lines}");
    assert_eq!(shown([0.0, 0.0, 150.0, 14.0], line), Err(Error::Text));
    assert_eq!(shown([0.0, 0.0, 60.0, 12.0], "Signed").unwrap().1, 1, "little room has a little margin");
}
