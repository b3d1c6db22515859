//! For programs: the whole report as one JSON object.

use super::Report;

/// The report.
#[must_use]
pub fn write(report: &Report) -> String {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    value["exit_code"] = report.exit_code().into();
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{broken, sample, wrong};

    #[test]
    fn it_has_what_a_program_wants_to_know() {
        let text = super::write(&sample(&[("info.answers", Ok(())), ("info.logo", wrong()), ("info.lang", broken())]));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["exit_code"], 3);
        let [passed, failed, broken] = &json["services"][0]["findings"].as_array().unwrap()[..] else {
            panic!("three")
        };
        assert_eq!((&passed["id"], &passed["outcome"]), (&"info.answers".into(), &"passed".into()));
        assert_eq!((&failed["severity"], &failed["clause"]), (&"should".into(), &"11.1".into()));
        assert_eq!(broken["outcome"], "could_not_run");
        assert_eq!(failed["why"], "one <thing>\nanother");
        assert_eq!(failed["seen"][0]["status"], 200);
    }
}
