//! The tokens the suite is mounted on.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Once;

/// A PKCS#11 library and how it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    SoftHsm2,
    Kryoptic,
    KryopticHkdf,
}

impl Kind {
    /// The library; `None` where there is no Kryoptic, which is said loudly, and which CI does not put up with.
    pub(super) fn module(self) -> Option<PathBuf> {
        static SAID: Once = Once::new();
        if self == Self::SoftHsm2 {
            let named = ["RSIGN_SOFTHSM2", "SOFTHSM2_MODULE"].into_iter().find_map(std::env::var_os);
            return Some(named.map_or_else(|| "/usr/lib/softhsm/libsofthsm2.so".into(), PathBuf::from));
        }
        let module = std::env::var_os("KRYOPTIC").map_or_else(where_make_puts_it, PathBuf::from);
        if module.exists() {
            return Some(module);
        }
        assert!(std::env::var_os("CI").is_none(), "CI tests both tokens, but there is no {}", module.display());
        // Not through eprintln!, which the test harness would keep to itself.
        SAID.call_once(|| {
            let _ = writeln!(
                std::io::stderr(),
                "\n*** KRYOPTIC IS NOT TESTED: no {}; `make kryoptic` ***\n",
                module.display()
            );
        });
        None
    }

    pub(super) const fn derive(self) -> &'static str {
        match self {
            Self::SoftHsm2 => "aes-cbc-encrypt-data",
            Self::Kryoptic => "sp800-108-hmac",
            Self::KryopticHkdf => "hkdf",
        }
    }

    pub(super) const fn wrap(self) -> &'static str {
        match self {
            Self::SoftHsm2 => "kwp-0x210a",
            Self::Kryoptic | Self::KryopticHkdf => "kwp-0x210b",
        }
    }

    /// Writes the library's own configuration; gives the environment variable that names it.
    pub(super) fn write_configuration(self, directory: &Path) -> (&'static str, PathBuf) {
        let file = directory.join("token.conf");
        let text = match self {
            Self::SoftHsm2 => {
                let tokens = directory.join("tokens");
                std::fs::create_dir(&tokens).unwrap();
                format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", tokens.display())
            }
            Self::Kryoptic | Self::KryopticHkdf => {
                let database = directory.join("token.sql");
                format!("[[slots]]\nslot = 42\ndbtype = \"sqlite\"\ndbargs = \"{}\"\n", database.display())
            }
        };
        std::fs::write(&file, text).unwrap();
        (if self == Self::SoftHsm2 { "SOFTHSM2_CONF" } else { "KRYOPTIC_CONF" }, file)
    }
}

fn where_make_puts_it() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/kryoptic/release/libkryoptic_pkcs11.so")
}
