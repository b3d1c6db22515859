//! A visible signature looks the same on every page, however the page is turned. The pictures stay in
//! `target/pdf-test/visible`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use harness::{command, paper, repository};
use rsign_ades::pdf::{Kind, Place, Request, Visible};

use crate::hand::Hand;

/// Where the signature is seen on a page of 300 by 200: from the left, from the bottom, to the right, to the top.
const SEEN: [f64; 4] = [100.0, 110.0, 260.0, 170.0];

/// The same place in the coordinates of a page that is turned by so many degrees.
fn on_page([x1, y1, x2, y2]: [f64; 4], turned: u32) -> [f64; 4] {
    match turned {
        90 => [200.0 - y1, x1, 200.0 - y2, x2],
        180 => [300.0 - x1, 200.0 - y1, 300.0 - x2, 200.0 - y2],
        270 => [y1, 300.0 - x1, y2, 300.0 - x2],
        _ => [x1, y1, x2, y2],
    }
}

/// The pixels of a page, one octet each, 600 by 400.
fn pixels(folder: &Path, file: &str, page: usize) -> Vec<u8> {
    let name = format!("{file}-{page}");
    let number = page.to_string();
    let mut draw = Command::new("pdftoppm");
    draw.current_dir(folder).args(["-r", "144", "-gray", "-singlefile", "-f", &number, "-l", &number]);
    command(draw.args([format!("{file}.pdf"), name.clone()])).unwrap();
    let picture = std::fs::read(folder.join(format!("{name}.pgm"))).unwrap();
    assert!(picture.starts_with(b"P5\n600 400\n255\n"));
    picture[b"P5\n600 400\n255\n".len()..].to_vec()
}

/// How many pixels of the place where the signature is seen are dark.
fn dark(pixels: &[u8]) -> usize {
    dark_in(pixels, SEEN)
}

fn dark_in(pixels: &[u8], place: [f64; 4]) -> usize {
    let [left, bottom, right, top] = place.map(|corner| corner as usize * 2);
    let rows = (400 - top..400 - bottom).map(|row| &pixels[row * 600 + left..row * 600 + right]);
    rows.flatten().filter(|pixel| **pixel < 128).count()
}

/// A folder for the pictures.
fn folder() -> PathBuf {
    let folder = repository("target/pdf-test/visible");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_visible_signature_looks_the_same_on_every_page() {
    let turns = [0, 90, 180, 270];
    let folder = folder();
    let hand = Hand::new();
    let blank = paper::pdf(&turns);
    std::fs::write(folder.join("blank.pdf"), &blank).unwrap();
    let mut signed = blank;
    for (page, turned) in (1..).zip(turns) {
        let lines = ["Digitally signed by", "Zoë Müller", "2026-11-30 22:00 UTC"];
        let lines = lines.map(str::to_owned).to_vec();
        let place = Some(Place { page, rectangle: on_page(SEEN, turned) });
        let visible = Visible { place, lines };
        let request = Request { visible: Some(visible), ..Request::new(Kind::Revision, SystemTime::now()) };
        signed = hand.sign(&signed, &request).unwrap();
    }
    std::fs::write(folder.join("signed.pdf"), &signed).unwrap();
    command(Command::new("pdftoppm").current_dir(&folder).args(["-r", "144", "-png", "signed.pdf", "signed"])).unwrap();

    let pages: Vec<Vec<u8>> = (1..=turns.len()).map(|page| pixels(&folder, "signed", page)).collect();
    for (page, pixels_now) in (1..).zip(&pages) {
        assert_eq!(dark(&pixels(&folder, "blank", page)), 0);
        assert!(dark(pixels_now) > 500, "page {page}: {}", dark(pixels_now));
        let differ = pixels_now.iter().zip(&pages[0]).enumerate().filter(|(at, (a, b))| {
            let (row, column) = (at / 600, at % 600);
            (60..180).contains(&row) && (200..520).contains(&column) && a.abs_diff(**b) > 128
        });
        assert!(differ.count() < 100, "page {page} looks another way than page 1");
    }
}

/// However long the text and however small the place: what is drawn is inside, and fills some of it.
#[test]
fn text_stays_in_its_rectangle_and_is_broken_before_it_gets_small() {
    let (folder, hand) = (folder(), Hand::new());
    let long = "I have read this contract of 17 pages and I agree to all of it, signed by Maria da Conceição Ferreira";
    let cases: [(&str, [f64; 4], &[&str]); 4] = [
        ("wide", [20.0, 60.0, 280.0, 110.0], &[long]),
        ("narrow", [100.0, 40.0, 180.0, 190.0], &[long]),
        ("small", [100.0, 100.0, 170.0, 114.0], &["Signed by Ana Silva"]),
        (
            "lines",
            [60.0, 60.0, 200.0, 150.0],
            &["Signed electronically by", "Maria da Conceição Ferreira, Director", "", long],
        ),
    ];
    for (name, place, lines) in cases {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        let visible = Visible { place: Some(Place { page: 1, rectangle: place }), lines };
        let request = Request { visible: Some(visible), ..Request::new(Kind::Revision, SystemTime::now()) };
        let signed = hand.sign(&paper::pdf(&[0]), &request).unwrap();
        std::fs::write(folder.join(format!("{name}.pdf")), signed).unwrap();
        command(Command::new("pdftoppm").current_dir(&folder).args([
            "-r",
            "144",
            "-png",
            &format!("{name}.pdf"),
            name,
        ]))
        .unwrap();
        let drawn = pixels(&folder, name, 1);
        let all = dark_in(&drawn, [0.0, 0.0, 300.0, 200.0]);
        // The page itself says something at its foot.
        let foot = dark_in(&drawn, [0.0, 10.0, 100.0, 34.0]);
        let [left, bottom, right, top] = place;
        let frame = dark_in(&drawn, place);
        let text = dark_in(&drawn, [left + 1.0, bottom + 1.0, right - 1.0, top - 1.0]);
        assert_eq!(all - foot, frame, "{name}: something is drawn outside");
        assert!(text > 150, "{name}: {text}");
    }
}

/// In a field that the document has the text stands upright, too, whatever its page is turned by.
#[test]
fn a_field_of_the_document_shows_its_text_as_a_new_one_does() {
    let (folder, hand) = (folder(), Hand::new());
    let turns = [0, 90, 180, 270];
    let mut pages = Vec::new();
    for turned in turns {
        let name = format!("field-{turned}");
        let signed = hand.sign(
            &with_field(turned),
            &Request {
                field: Some("Here".to_owned()),
                visible: Some(Visible { place: None, lines: vec!["Signed by".to_owned(), "Zoë Müller".to_owned()] }),
                ..Request::new(Kind::Revision, SystemTime::now())
            },
        );
        std::fs::write(folder.join(format!("{name}.pdf")), signed.unwrap()).unwrap();
        pages.push(pixels(&folder, &name, 1));
    }
    for (turned, drawn) in turns.iter().zip(&pages) {
        assert!(dark(drawn) > 400, "{turned}: {}", dark(drawn));
        let differ = drawn.iter().zip(&pages[0]).enumerate().filter(|(at, (a, b))| {
            let (row, column) = (at / 600, at % 600);
            (60..180).contains(&row) && (200..520).contains(&column) && a.abs_diff(**b) > 128
        });
        assert!(differ.count() < 100, "turned by {turned} it looks another way");
    }
}

/// A page that is turned, with an empty signature field where a signature is seen.
fn with_field(turned: u32) -> Vec<u8> {
    let text = String::from_utf8(paper::pdf(&[turned])).unwrap();
    let page = text.split("4 0 obj\n").nth(1).unwrap().split("\nendobj").next().unwrap();
    let page = page.replace("/Parent", "/Annots [6 0 R] /Parent");
    let corners = on_page(SEEN, turned).map(|corner| corner.to_string()).join(" ");
    let field = format!("<</Type /Annot /Subtype /Widget /FT /Sig /T (Here) /F 4 /Rect [{corners}] /P 4 0 R>>");
    let catalog = "<</Type /Catalog /Pages 2 0 R /AcroForm <</Fields [6 0 R]>>>>";
    paper::edited(text.as_bytes(), &[(1, catalog), (4, &page), (6, &field)])
}
