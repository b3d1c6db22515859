//! Certificates of our own that end: said at the start, and from a month before each day.

use std::path::{Path, PathBuf};

use rustls_pki_types::{CertificateDer, pem::PemObject as _};

use crate::config::Config;
use crate::domain::certificate::Facts;

const DAY: i64 = 24 * 3600;
/// From when on it is said, seconds before.
const MONTH: i64 = 30 * DAY;

/// A certificate that is shown, and the setting that names it.
#[derive(Debug)]
pub(super) struct Shown {
    setting: &'static str,
    path: PathBuf,
    not_after: i64,
}

/// Those of the configuration, as they are now. What cannot be read is left to who uses it.
pub(super) fn shown(config: &Config) -> Vec<Shown> {
    let listen = config.listen.certificate.as_deref().map(|path| ("[listen] certificate", path));
    let all = listen.into_iter().chain([("[signer] certificate", config.signer.certificate.as_path())]);
    all.filter_map(|(setting, path)| Shown::read(setting, path)).collect()
}

impl Shown {
    fn read(setting: &'static str, path: &Path) -> Option<Self> {
        let first = CertificateDer::from_pem_file(path).ok()?;
        let not_after = Facts::read(&first).ok()?.not_after;
        Some(Self { setting, path: path.to_owned(), not_after })
    }

    /// Warns, where there is something to say at this Unix second.
    pub(super) fn warn(&self, now: i64) {
        let Self { setting, path, not_after } = self;
        let path = path.display();
        if *not_after <= now {
            tracing::warn!(setting, %path, "the certificate has expired; it takes another one and a restart");
        } else if *not_after <= now + MONTH {
            let days = (not_after - now) / DAY;
            tracing::warn!(setting, %path, days, "the certificate expires soon; it takes another one and a restart");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(octets)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_certificate_that_ends_is_told_of_a_month_before_and_after() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
        params.not_after = rcgen::date_time_ymd(2030, 1, 1);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), params.self_signed(&key).unwrap().pem()).unwrap();
        let certificate = Shown::read("[listen] certificate", file.path()).unwrap();
        let end = params.not_after.unix_timestamp();
        for (now, expected) in [
            (end - MONTH - 1, None),
            (end - MONTH, Some("days=30")),
            (end - DAY, Some("days=1")),
            (end, Some("the certificate has expired")),
        ] {
            let log = Log::default();
            let kept = log.clone();
            let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || kept.clone()).finish();
            tracing::subscriber::with_default(subscriber, || certificate.warn(now));
            let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
            match expected {
                None => assert!(said.is_empty(), "{said}"),
                Some(words) => assert!(said.contains("WARN") && said.contains(words), "{said}"),
            }
        }
    }
}
