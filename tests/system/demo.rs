//! What `make demo` runs, with the programs under test: without a terminal on standard input it ends by itself.

use std::path::Path;
use std::process::{Command, Stdio};

use harness::{demanded, program, repository};

#[test]
fn the_demo_signs_a_pdf_and_says_where_it_lies() {
    let Some(python) = demanded("RSIGN_PYTHON", "target/venv/bin/python", "the demo") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(python);
    command.arg(repository("tests/clients/demo.py")).arg(program("rsign")).arg(folder.path().join("demo"));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let path = said.split_whitespace().rfind(|word| word.ends_with(".pdf")).unwrap();
    assert!(std::fs::read(Path::new(path)).unwrap().starts_with(b"%PDF-"));
    assert!(said.contains("Signature is Valid"), "{said}");
}
