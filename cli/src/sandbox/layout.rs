//! Which file of a sandbox lies where.

use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The folder of one sandbox.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    folder: PathBuf,
}

/// Says that a folder is a sandbox's, so that nothing else is ever cleared.
const MARK: &str = "rsign-sandbox";

impl Layout {
    /// Opens or creates the folder; refuses one that holds anything else.
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        let show = || folder.display().to_string();
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(show)?;
        let folder = folder.canonicalize().with_context(show)?;
        let layout = Self { folder };
        if !layout.file(MARK).exists() {
            let empty = std::fs::read_dir(&layout.folder)?.next().is_none();
            anyhow::ensure!(empty, "{} is neither empty nor a sandbox's folder", layout.folder.display());
            std::fs::write(layout.file(MARK), "Everything in this folder belongs to `rsign sandbox`.\n")?;
        }
        Ok(layout)
    }

    /// Makes sure that no other sandbox uses the folder, for as long as the file is held.
    pub(super) fn lock(&self) -> anyhow::Result<std::fs::File> {
        let file = std::fs::File::create(self.file("lock"))?;
        file.try_lock().map_err(|_| anyhow::anyhow!("another sandbox runs in {}", self.folder.display()))?;
        Ok(file)
    }

    /// Whether it was seeded to the end.
    pub(super) fn is_complete(&self) -> bool {
        self.seed_file().exists()
    }

    /// Clears what an interrupted start has left.
    pub(super) fn start_afresh(&self) -> anyhow::Result<()> {
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            if [MARK, "lock"].iter().any(|kept| entry.file_name() == *kept) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                std::fs::remove_dir_all(entry.path())?
            } else {
                std::fs::remove_file(entry.path())?
            }
        }
        std::fs::DirBuilder::new().mode(0o700).create(self.file("tokens"))?;
        Ok(())
    }

    /// A file by name.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn signer_config(&self) -> PathBuf {
        self.file("signer.toml")
    }

    pub(crate) fn gateway_config(&self) -> PathBuf {
        self.file("gateway.toml")
    }

    pub(super) fn seed_file(&self) -> PathBuf {
        self.file("seed.json")
    }
}

/// Writes a file whole and readable by its owner only: temporary name, then rename.
pub(super) fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    let draft = PathBuf::from(draft);
    let _ = std::fs::remove_file(&draft);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .with_context(|| draft.display().to_string())?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&draft, path).with_context(|| path.display().to_string())
}
