//! Whose the store is: who else serves or changes it leaves files there that keep its owner out. That is root's trap.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, ensure};

/// Refuses a file that is another user's than this process.
pub(super) fn is_own(path: &Path) -> anyhow::Result<()> {
    is_of(path, rustix::process::geteuid().as_raw())
}

fn is_of(path: &Path, user: u32) -> anyhow::Result<()> {
    let owner = std::fs::metadata(path).with_context(|| path.display().to_string())?.uid();
    let (own, other) = (name(owner), name(user));
    ensure!(
        owner == user,
        "{} ([store] path) is user {own}'s, and this is run as {other}, whose files beside it would keep the signer from \
         starting: run it as {own} (runuser -u {own} -- rsign-signer ...)",
        path.display()
    );
    Ok(())
}

/// The name that the host has for a user; the number where it has none in its file.
fn name(user: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(user)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| user.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_is_let_in_and_the_others_hear_who_that_is() {
        let folder = tempfile::tempdir().unwrap();
        let (store, link) = (folder.path().join("signer.sqlite"), folder.path().join("link"));
        std::fs::write(&store, "").unwrap();
        std::os::unix::fs::symlink(&store, &link).unwrap();
        let me = rustix::process::geteuid().as_raw();
        is_own(&store).unwrap();
        is_of(&link, me).unwrap();
        let said = is_of(&store, me + 123_456).unwrap_err().to_string();
        assert!(said.contains("signer.sqlite ([store] path) is user "), "{said}");
        assert!(said.contains(&format!("run as {}", me + 123_456)), "{said}");
        assert!(said.contains(&format!("runuser -u {} ", name(me))), "{said}");
        assert!(is_own(&folder.path().join("nowhere")).is_err());
        assert_eq!((name(0), name(4_000_000_000)), ("root".to_owned(), "4000000000".to_owned()));
    }
}
