//! Running the openssl command line on files in a directory that goes away.

use std::path::PathBuf;
use std::process::Command;

use der::pem::LineEnding;
use tempfile::TempDir;

/// A directory with files for openssl.
pub(super) struct Openssl {
    directory: TempDir,
}

/// What a call said, both streams, and whether it was content.
pub(super) struct Said {
    pub(super) success: bool,
    pub(super) text: String,
}

impl Openssl {
    /// `None` where there is no openssl, which CI does not put up with.
    pub(super) fn find() -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_ok() {
            return Some(Self { directory: TempDir::new().unwrap() });
        }
        assert!(std::env::var_os("CI").is_none(), "CI needs the openssl command line");
        eprintln!("skipped: there is no openssl command line");
        None
    }

    /// Writes octets as they are.
    pub(super) fn file(&self, name: &str, octets: &[u8]) {
        std::fs::write(self.path(name), octets).unwrap();
    }

    /// Writes DER as PEM.
    pub(super) fn pem(&self, name: &str, label: &str, der: &[u8]) {
        let pem = der::pem::encode_string(label, LineEnding::LF, der).unwrap();
        self.file(name, pem.as_bytes());
    }

    pub(super) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Runs a command line, its words separated by spaces, in the directory.
    pub(super) fn run(&self, line: &str) -> Said {
        let output = Command::new("openssl").args(line.split(' ')).current_dir(&self.directory).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        Said { success: output.status.success(), text: String::from_utf8_lossy(&text).into_owned() }
    }

    /// Runs what must succeed and gives what it said.
    pub(super) fn must(&self, line: &str) -> String {
        let said = self.run(line);
        assert!(said.success, "openssl {line}: {}", said.text);
        said.text
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}
