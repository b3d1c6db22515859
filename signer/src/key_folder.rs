//! A folder of public keys, `NAME.pem` each: how an operator tells the signer whom it may believe.

use std::io;
use std::path::Path;

use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;

/// Longest name.
const LONGEST: usize = 64;

/// Whether a name can be that of a file in such a folder: letters, digits, `-`, `_`, `.`, no leading dot.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.');
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('.')
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
