//! A visible signature looks the same on every page, however the page is turned. The pictures stay in
//! `target/pdf-test/visible`.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use harness::{command, paper, repository};
use rsign_ades::pdf::{Kind, Request, Visible};

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
    let [left, bottom, right, top] = SEEN.map(|corner| corner as usize * 2);
    let rows = (400 - top..400 - bottom).map(|row| &pixels[row * 600 + left..row * 600 + right]);
    rows.flatten().filter(|pixel| **pixel < 128).count()
}

#[test]
fn a_visible_signature_looks_the_same_on_every_page() {
    let turns = [0, 90, 180, 270];
    let folder = repository("target/pdf-test/visible");
    std::fs::create_dir_all(&folder).unwrap();
    let hand = Hand::new();
    let blank = paper::pdf(&turns);
    std::fs::write(folder.join("blank.pdf"), &blank).unwrap();
    let mut signed = blank;
    for (page, turned) in (1..).zip(turns) {
        let lines = ["Digitally signed by", "Zoë Müller", "2026-11-30 22:00 UTC"];
        let lines = lines.map(str::to_owned).to_vec();
        let visible = Visible { page, rectangle: on_page(SEEN, turned), lines };
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
