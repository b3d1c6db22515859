//! Unix seconds to the two time types of X.509 and back.

use std::time::Duration;

use der::DateTime;
use x509_cert::time::{Time, Validity as X509Validity};

use super::Error;

/// From when until when a certificate is valid, both inclusive, in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First second.
    pub not_before: i64,
    /// Last second.
    pub not_after: i64,
}

impl Validity {
    /// The period in X.509's own type; refused where it is empty.
    pub(super) fn encode(self) -> Result<X509Validity, Error> {
        if self.not_before > self.not_after {
            return Err(Error::Time);
        }
        Ok(X509Validity::new(encode(self.not_before)?, encode(self.not_after)?))
    }

    /// What X.509 says, in Unix seconds.
    pub(crate) fn decode(period: &X509Validity) -> Result<Self, Error> {
        Ok(Self { not_before: decode(period.not_before)?, not_after: decode(period.not_after)? })
    }

    /// Whether the whole of `inner` lies in this period.
    pub(super) const fn contains(self, inner: Self) -> bool {
        self.not_before <= inner.not_before && inner.not_after <= self.not_after
    }
}

/// UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280, 4.1.2.5): what x509-cert's conversion from
/// `DateTime` does.
pub(super) fn encode(seconds: i64) -> Result<Time, Error> {
    let seconds = u64::try_from(seconds).map_err(|_| Error::Time)?;
    let date = DateTime::from_unix_duration(Duration::from_secs(seconds)).map_err(|_| Error::Time)?;
    Ok(Time::from(date))
}

fn decode(time: Time) -> Result<i64, Error> {
    i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| Error::Time)
}
