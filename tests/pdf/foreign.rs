//! Every PDF in the source packages of pyHanko, pikepdf and pypdf is signed or refused: it is never corrupted, and an
//! earlier signature is never judged worse.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use harness::{demanded, repository};
use rsign_ades::pdf::{self, Error, Kind, Limits, Permission, Place, Request, Visible};

use crate::hand::Hand;
use crate::judge::{self, Case};

/// All PDFs below a folder, sorted.
fn pdfs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(pdfs(&path)),
            false if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("pdf")) => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}

/// Where a visible signature stands.
fn visible() -> Option<Visible> {
    let place = Some(Place { page: 1, rectangle: [36.0, 36.0, 216.0, 96.0] });
    Some(Visible { place, lines: vec!["Signed by".into(), "Žofie".into()] })
}

/// Signed visibly, or invisibly where the document is certified, or its first page is too small or has no bounds.
fn simple(hand: &Hand, original: &[u8], kind: Kind) -> Result<Vec<u8>, Error> {
    let request = Request { visible: visible(), ..Request::new(kind, SystemTime::now()) };
    match hand.sign(original, &request) {
        Err(Error::Certified | Error::OffPage | Error::Damaged("a page has no /MediaBox")) => {
            hand.sign(original, &Request { visible: None, ..request })
        }
        other => other,
    }
}

/// Certified where that is possible, then signed, then with validation data and a document time-stamp.
fn stack(hand: &Hand, original: &[u8]) -> Result<(Vec<u8>, usize), Error> {
    let certification = Kind::Certification(Permission::FormFilling);
    let (first, count) = match simple(hand, original, certification) {
        Ok(file) => (file, 1),
        Err(Error::AlreadySigned) => (original.to_vec(), 0),
        Err(error) => return Err(error),
    };
    let request = Request {
        reason: Some("Why (not)".into()),
        location: Some("Łódź".into()),
        ..Request::new(Kind::Revision, SystemTime::now())
    };
    let second = hand.sign(&first, &request)?;
    let update = pdf::dss(&second, &hand.evidence(), &Limits::default())?;
    let third = [second, update].concat();
    let again = pdf::dss(&third, &hand.evidence(), &Limits::default())?;
    assert!(again.len() < 4096, "what is held already is not added again");
    Ok((hand.stamp(&third)?, count + 1))
}

#[test]
fn foreign_documents_are_signed_or_refused() {
    let Some(corpus) = demanded("RSIGN_PDFS", "target/pdfs", "signatures in PDFs of others") else { return };
    let Some(python) = demanded("RSIGN_PYTHON", "target/venv/bin/python", "pyHanko, a validator of PDFs") else {
        return;
    };
    let folder = repository("target/pdf-test/foreign");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let hand = Hand::new();
    let root = folder.join("root.pem");
    hand.write_root(&root);
    let originals = pdfs(&corpus);
    assert!(originals.len() >= 200, "{} PDFs", originals.len());

    let (mut cases, mut refused) = (Vec::new(), BTreeMap::<String, Vec<String>>::new());
    for (number, path) in originals.iter().enumerate() {
        let original = std::fs::read(path).unwrap();
        let name = path.strip_prefix(&corpus).unwrap().display().to_string();
        let simple = simple(&hand, &original, Kind::Revision);
        if let Err(error) = &simple {
            refused.entry(error.to_string()).or_default().push(name.clone());
        }
        let stacked = stack(&hand, &original);
        assert_eq!(simple.is_ok(), stacked.is_ok(), "{name}: {simple:?} {stacked:?}");
        let (Ok(simple), Ok((stacked, signatures))) = (simple, stacked) else { continue };
        for (kind, file, signatures, stamps) in [("simple", simple, 1, 0), ("stack", stacked, signatures, 1)] {
            let signed = folder.join(format!("{number:03}-{kind}.pdf"));
            std::fs::write(&signed, file).unwrap();
            cases.push(Case { original: path.clone(), signed, signatures, stamps });
        }
    }

    let verdicts = judge::ask(&python, &root, &cases);
    assert_eq!(verdicts.len(), cases.len());
    let faulty: Vec<_> = verdicts.iter().filter(|verdict| !verdict.faults.is_empty()).collect();
    let unreadable = verdicts.iter().filter(|verdict| verdict.unreadable.is_some()).count() / 2;
    let undiffable = verdicts.iter().filter(|verdict| !verdict.undiffable.is_empty()).count();
    let earlier: usize = verdicts.iter().map(|verdict| verdict.earlier).sum::<usize>() / 2;
    let pdfsig: usize = verdicts.iter().map(|verdict| verdict.pdfsig).sum();
    let ours: usize = cases.iter().map(|case| case.signatures).sum();
    let mut report = format!(
        "{} PDFs of others: {} signed ({} signatures of ours: pdfsig calls {pdfsig} valid; pyHanko all, but in {unreadable} \
         files that it cannot read even unsigned, and without comparing revisions in {undiffable}); {earlier} earlier signatures, none judged worse; {} refused\n",
        originals.len(),
        cases.len() / 2,
        ours,
        originals.len() - cases.len() / 2,
    );
    for (reason, files) in &refused {
        report.push_str(&format!("  {:3} refused: {reason}\n", files.len()));
    }
    eprintln!("{report}");
    let detail = format!(
        "{report}\n{refused:#?}\n{:#?}",
        verdicts.iter().filter(|v| v.unreadable.is_some() || !v.undiffable.is_empty()).collect::<Vec<_>>()
    );
    std::fs::write(folder.join("report.txt"), detail).unwrap();
    assert!(faulty.is_empty(), "{faulty:#?}");
    assert!(cases.len() / 2 >= 185 && unreadable <= 3 && undiffable <= 7, "{report}");
    assert_eq!(pdfsig, ours);
}
