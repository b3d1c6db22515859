//! An answer, and the questions checks ask it.

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;

use crate::check::{Stop, Verdict, ensure};

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// What was asked, for whoever reads the verdict: `POST credentials/list`.
    pub(crate) asked: String,
    /// HTTP status.
    pub(crate) status: u16,
    /// Header fields.
    pub(crate) headers: HeaderMap,
    /// Body.
    pub(crate) body: Vec<u8>,
    /// The same as JSON; null if it is none.
    pub(crate) json: Value,
}

impl Answer {
    /// A header field; empty if absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Whether the body is said to be JSON.
    pub(crate) fn is_json(&self) -> bool {
        let kind = self.header(CONTENT_TYPE.as_str());
        kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
    }

    /// 200 and a JSON object.
    pub(crate) fn ok(&self) -> Result<&Value, Stop> {
        ensure(self.status == 200, format!("{}: expected HTTP 200, got {}", self.asked, self.brief()))?;
        ensure(self.json.is_object(), format!("{}: the body of HTTP 200 is no JSON object", self.asked))?;
        Ok(&self.json)
    }

    /// 200 and a member that is a text, and not an empty one.
    pub(crate) fn text(&self, member: &str) -> Result<String, Stop> {
        let text = self.ok()?[member].as_str().filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| Stop::Wrong(format!("{}: no string {member} in the answer", self.asked)))?;
        Ok(text.to_owned())
    }

    /// 200 and a member that is an array.
    pub(crate) fn array(&self, member: &str) -> Result<&Vec<Value>, Stop> {
        let array = self.ok()?[member].as_array();
        array.ok_or_else(|| Stop::Wrong(format!("{}: no array {member} in the answer", self.asked)))
    }

    /// 204 and nothing else.
    pub(crate) fn nothing(&self) -> Verdict {
        ensure(self.status == 204, format!("{}: expected HTTP 204, got {}", self.asked, self.brief()))?;
        ensure(self.body.is_empty(), format!("{}: HTTP 204 with a body", self.asked))
    }

    /// The member `error`.
    pub(crate) fn error(&self) -> &str {
        self.json["error"].as_str().unwrap_or_default()
    }

    /// The member `error_description`.
    pub(crate) fn sentence(&self) -> &str {
        self.json["error_description"].as_str().unwrap_or_default()
    }

    /// Refused as the caller's fault: any 4xx.
    pub(crate) fn is_refused(&self) -> bool {
        (400..500).contains(&self.status)
    }

    /// Refused, in the form of clause 10.1.
    pub(crate) fn refused(&self, why: &str) -> Verdict {
        ensure(self.is_refused(), format!("{why}: it should be refused, got {}", self.brief()))?;
        ensure(!self.error().is_empty(), format!("{why}: HTTP {} without a member error", self.status))
    }

    /// Status and error, for a sentence.
    pub(crate) fn brief(&self) -> String {
        match (self.error(), self.sentence()) {
            ("", _) => format!("HTTP {}", self.status),
            (error, "") => format!("HTTP {} {error}", self.status),
            (error, sentence) => format!("HTTP {} {error} \"{sentence}\"", self.status),
        }
    }
}
