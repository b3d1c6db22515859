//! Dates. No page knows its reader's time zone, so all are in UTC and say so.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Text;

/// A moment, for people and for machines.
#[derive(Debug, Clone)]
pub(in crate::http::account) struct When {
    /// `24 Nov 2026, 13:47 UTC`.
    pub(in crate::http::account) text: String,
    /// RFC 3339.
    pub(in crate::http::account) machine: String,
}

impl Text {
    /// Day and minute of Unix milliseconds.
    pub(in crate::http::account) fn moment(&self, at: i64) -> When {
        let time = of(at);
        let text = format!("{}, {:02}:{:02} UTC", self.day(time), time.hour(), time.minute());
        When { text, machine: machine(time) }
    }

    /// The day of Unix milliseconds.
    pub(in crate::http::account) fn date(&self, at: i64) -> When {
        let time = of(at);
        When { text: self.day(time), machine: machine(time) }
    }

    fn day(&self, time: OffsetDateTime) -> String {
        let month = self.months.get(usize::from(u8::from(time.month())) - 1).copied().unwrap_or_default();
        format!("{} {month} {}", time.day(), time.year())
    }
}

fn of(at: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn machine(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;

    #[test]
    fn moments_are_read_by_people_and_machines() {
        let at = 1_700_000_000_000;
        let when = Text::of(Language::En).moment(at);
        assert_eq!((when.text.as_str(), when.machine.as_str()), ("14 Nov 2023, 22:13 UTC", "2023-11-14T22:13:20Z"));
        assert_eq!(Text::of(Language::Pt).date(at).text, "14 nov. 2023");
    }
}
