//! Until when certificates are good: said before a day comes on which nobody gets in any more.

use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_cert::der::Decode as _;

use crate::certificate::Validity;

const DAY: i64 = 86_400;
/// Days before its end on which a certificate is spoken of.
const NOTICE: i64 = 30;

/// A certificate that serves, and the setting that names it.
#[derive(Debug, Clone)]
pub struct Dated {
    setting: &'static str,
    file: PathBuf,
    validity: Validity,
}

impl Dated {
    pub(super) fn new(setting: &'static str, file: &Path, validity: Validity) -> Self {
        Self { setting, file: file.to_owned(), validity }
    }

    /// The first of a chain; none when its dates cannot be read, which is for those to say who look at the rest of it.
    pub(in super::super) fn of_chain(
        setting: &'static str,
        file: &Path,
        chain: &[CertificateDer<'static>],
    ) -> Option<Self> {
        let certificate = x509_cert::Certificate::from_der(chain.first()?).ok()?;
        Some(Self::new(setting, file, Validity::decode(certificate.tbs_certificate().validity()).ok()?))
    }

    /// What an operator has to know of it at this time, Unix seconds.
    #[must_use]
    pub fn notice(&self, now: i64) -> Option<String> {
        let Validity { not_before, not_after } = self.validity;
        let (setting, file) = (self.setting, self.file.display());
        let day = |seconds| OffsetDateTime::from_unix_timestamp(seconds).map(|time| time.date().to_string());
        let day = |seconds| day(seconds).unwrap_or_default();
        if now > not_after {
            Some(format!("{setting} {file} has expired, on {}: no connection is made with it", day(not_after)))
        } else if now < not_before {
            Some(format!("{setting} {file} is not valid before {}: no connection is made with it", day(not_before)))
        } else if not_after - now < NOTICE * DAY {
            Some(format!("{setting} {file} expires in {} days, on {}", (not_after - now) / DAY, day(not_after)))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_announced_thirty_days_before() {
        let validity = Validity { not_before: 1_700_000_000, not_after: 1_800_000_000 };
        let dated = Dated::new("[listen] certificate", Path::new("/a.pem"), validity);
        assert_eq!(dated.notice(1_800_000_000 - 30 * DAY), None);
        let said = |now| dated.notice(now).unwrap();
        assert_eq!(said(1_800_000_001 - 30 * DAY), "[listen] certificate /a.pem expires in 29 days, on 2027-01-15");
        assert!(said(1_800_000_000).contains("expires in 0 days"));
        assert!(said(1_800_000_001).contains("has expired, on 2027-01-15"));
        assert!(said(1_699_999_999).contains("is not valid before 2023-11-14"));
    }
}
