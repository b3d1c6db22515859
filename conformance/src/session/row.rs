//! Rows of the standard's error tables, held against what a service answers.

use super::answer::Answer;
use crate::check::{Findings, Stop, Verdict, Version};

/// What a row of a table says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// HTTP statuses it may have.
    statuses: &'static [u16],
    /// `error` values it may have.
    errors: &'static [&'static str],
    /// `error_description` in either version; empty where the standard has none.
    sentences: [&'static str; 2],
}

impl Expected {
    /// HTTP 400 `invalid_request` and a sentence that is the same in both versions.
    pub(crate) const fn request(sentence: &'static str) -> Self {
        Self::differs(sentence, sentence)
    }

    /// HTTP 400 `invalid_request` and a sentence of either version.
    pub(crate) const fn differs(v1: &'static str, v2: &'static str) -> Self {
        Self { statuses: &[400], errors: &["invalid_request"], sentences: [v1, v2] }
    }

    /// The same with another `error`.
    pub(crate) const fn coded(self, errors: &'static [&'static str]) -> Self {
        Self { errors, ..self }
    }

    /// The same with other statuses.
    pub(crate) const fn status(self, statuses: &'static [u16]) -> Self {
        Self { statuses, ..self }
    }
}

/// A row that was tried.
#[derive(Debug)]
pub(crate) struct Row {
    what: &'static str,
    expected: Expected,
    answer: Answer,
}

/// A whole table.
#[derive(Debug, Default)]
pub(crate) struct Rows(Vec<Row>);

impl Rows {
    /// Adds what came of one row.
    pub(crate) fn add(&mut self, what: &'static str, expected: Expected, answer: Answer) {
        self.0.push(Row { what, expected, answer });
    }

    /// Status and `error` are as the table says.
    pub(crate) fn codes(self) -> Verdict {
        let mut findings = Findings::default();
        for Row { what, expected, answer } in self.some()? {
            let fits = expected.statuses.contains(&answer.status) && expected.errors.contains(&answer.error());
            let statuses: Vec<String> = expected.statuses.iter().map(ToString::to_string).collect();
            let (status, errors) = (statuses.join(" or "), expected.errors.join(" or "));
            findings.expect(fits, format!("{what}: expected HTTP {status} {errors}, got {}", answer.brief()));
        }
        findings.judge()
    }

    /// The sentences are those of the table. What is no error at all is not judged here.
    pub(crate) fn sentences(self, version: Version) -> Verdict {
        let mut findings = Findings::default();
        for Row { what, expected, answer } in self.some()? {
            let sentence = version.pick(expected.sentences);
            if !sentence.is_empty() && answer.is_refused() {
                let fits = answer.sentence() == sentence;
                findings.expect(fits, format!("{what}: expected \"{sentence}\", got \"{}\"", answer.sentence()));
            }
        }
        findings.judge()
    }

    fn some(self) -> Result<Vec<Row>, Stop> {
        if self.0.is_empty() {
            return Err(Stop::NotApplicable("no row of the table can be tried here".to_owned()));
        }
        Ok(self.0)
    }
}
