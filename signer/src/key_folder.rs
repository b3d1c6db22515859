//! A folder of public keys, `NAME.pem` each: how an operator tells the signer whom it may believe.

use std::io;
use std::path::Path;

use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;

use crate::certificate::spki;

/// Longest name.
const LONGEST: usize = 64;

/// Whether a name can be that of a file in such a folder: letters, digits, `-`, `_`, `.`, no leading dot.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.');
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('.')
}

/// What is wrong with such a folder, of which more follows than that a name has no key: it is not there, or a file in it
/// is nobody's or holds no key. Who believes to have put a key there would be believed less than that.
#[must_use]
pub fn faults(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let files = match files {
        Ok(files) => files,
        Err(error) => return vec![format!("the folder {} cannot be read: {error}", folder.display())],
    };
    let of = |path: &Path| fault(path).map(|fault| format!("{}: {fault}", path.display()));
    let mut faults: Vec<String> = files.iter().filter_map(|file| of(&file.path())).collect();
    faults.sort_unstable();
    faults
}

/// What is wrong with a file of the folder. One that is no `.pem` at all (a note, a copy) says nothing.
fn fault(path: &Path) -> Option<String> {
    let extension = path.extension()?.to_str()?;
    if !extension.eq_ignore_ascii_case("pem") {
        return None;
    }
    let is_named = path.file_stem().and_then(|stem| stem.to_str()).is_some_and(is_name);
    if extension != "pem" || !is_named {
        return Some("no name is looked for in it: NAME.pem, of letters, digits, - _ and ., at most 64".to_owned());
    }
    let pem = match std::fs::read(path) {
        Ok(pem) => pem,
        Err(error) => return Some(error.to_string()),
    };
    let Ok(key) = SubjectPublicKeyInfoDer::from_pem_slice(&pem) else {
        return Some("holds no public key in PEM (\"BEGIN PUBLIC KEY\")".to_owned());
    };
    spki::key_type(&key).is_err().then(|| "its key is of no kind that is known here".to_owned())
}

/// The key of this name (`SubjectPublicKeyInfo`, DER); none for a name that has no file or can have none. The folder is
/// looked into anew each time.
///
/// # Errors
/// When there is a file that cannot be read, or holds no key: then nothing is known, and nothing follows.
pub async fn read(folder: &Path, name: &str) -> io::Result<Option<Vec<u8>>> {
    if !is_name(name) {
        return Ok(None);
    }
    let pem = match tokio::fs::read(folder.join(format!("{name}.pem"))).await {
        Ok(pem) => pem,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let key = SubjectPublicKeyInfoDer::from_pem_slice(&pem).map_err(io::Error::other)?;
    Ok(Some(key.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P-256, made for this test.
    const KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEs/9DiO6rtB3nfwXwBWkdbbkfchBW
8ZYCMRkJwnystSaMc9HMLA6Pe6FEnJgzvJ3Xu3B6UQoukJABd6dxN8HtgQ==
-----END PUBLIC KEY-----
";

    #[test]
    fn a_file_that_could_not_be_believed_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
        write("app-1.pem", KEY);
        write("README", "whose they are");
        assert_eq!(faults(folder.path()), Vec::<String>::new());

        write("garbage.pem", "garbage");
        write("private.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
        write("unknown.pem", "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n");
        write("two words.pem", KEY);
        write("APP.PEM", KEY);
        let found = faults(folder.path());
        let expected = [
            ("APP.PEM", "no name"),
            ("garbage.pem", "no public key"),
            ("private.pem", "no public key"),
            ("two words.pem", "no name"),
            ("unknown.pem", "no kind"),
        ];
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (fault, (file, why)) in found.iter().zip(expected) {
            assert!(fault.contains(file) && fault.contains(why), "{fault}");
        }
        let nowhere = folder.path().join("nowhere");
        assert!(faults(&nowhere)[0].contains("nowhere cannot be read"), "{:?}", faults(&nowhere));
    }
}
