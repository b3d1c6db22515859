//! `judge.py`: what pyHanko, pdfsig and qpdf say about signed PDFs and the originals they were made from.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};

/// What was made, for the judge to look at.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) original: PathBuf,
    pub(crate) signed: PathBuf,
    /// Our signatures in it, and our document time-stamps.
    pub(crate) signatures: usize,
    pub(crate) stamps: usize,
}

/// What they say about a case.
#[derive(Debug, Deserialize)]
pub(crate) struct Verdict {
    #[expect(dead_code, reason = "shown when something is wrong")]
    pub(crate) signed: String,
    /// Why pyHanko cannot read even the original.
    pub(crate) unreadable: Option<String>,
    /// Why pyHanko cannot compare the revisions.
    pub(crate) undiffable: Vec<String>,
    /// Everything that is wrong; empty if all is well.
    pub(crate) faults: Vec<String>,
    /// Signatures that were in the original.
    pub(crate) earlier: usize,
    /// How often pdfsig calls one of our signatures valid.
    pub(crate) pdfsig: usize,
}

/// Asks about all cases at once.
pub(crate) fn ask(python: &Path, root: &Path, cases: &[Case]) -> Vec<Verdict> {
    let list: Vec<Value> = cases
        .iter()
        .map(|case| {
            json!({
                "original": case.original, "signed": case.signed,
                "signatures": case.signatures, "stamps": case.stamps,
                "signer": "Signer of the PDF tests", "time_stamped": false,
            })
        })
        .collect();
    let folder = root.parent().unwrap();
    std::fs::write(folder.join("cases.json"), serde_json::to_vec(&list).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("pdf/judge.py");
    let output =
        Command::new(python).arg(script).arg(root).arg(folder.join("cases.json")).output().expect("the judge starts");
    assert!(output.status.success(), "the judge failed: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the judge answers in JSON")
}
