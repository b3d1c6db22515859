//! Where programs are, and what to do about those that are missing.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A program of the workspace, beside this test's target folder.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).expect("the test lies in target/PROFILE/deps");
    let path = folder.join(name);
    assert!(path.exists(), "{} is missing: run `cargo build --workspace --all-targets` first", path.display());
    path
}

/// A file of the repository.
#[must_use]
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository").join(path)
}

/// SoftHSM2's library, where `make` says or where Debian puts it.
#[must_use]
pub fn softhsm2() -> PathBuf {
    std::env::var_os("SOFTHSM2_MODULE").map_or_else(|| "/usr/lib/softhsm/libsofthsm2.so".into(), PathBuf::from)
}

/// What `make test` names in this variable, or what it would have made; `None`, said loudly, where there is none.
///
/// # Panics
/// When it is missing and `CI` is set: there nothing is skipped.
#[must_use]
pub fn demanded(variable: &str, usual: &str, what: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map_or_else(|| repository(usual), PathBuf::from);
    if path.exists() {
        return Some(path);
    }
    skip(what, &format!("{variable} names no file and there is no {}; `make test` makes it", path.display()));
    None
}

/// Says that something is not tested.
///
/// # Panics
/// When `CI` is set.
pub fn skip(what: &str, why: &str) {
    let ci = std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false");
    assert!(!ci, "{what}: {why}; where CI is set nothing is skipped");
    // Past the test runner, which would keep it to itself while the tests pass.
    let _ = writeln!(std::io::stderr(), "\n*** NOT TESTED: {what}. {why} ***\n");
}
