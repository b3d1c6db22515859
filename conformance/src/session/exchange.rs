//! What was asked and answered, with secrets masked.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded;

/// Members and parameters whose values nobody shall see.
const SECRET: [&str; 13] = [
    "SAD",
    "PIN",
    "OTP",
    "access_token",
    "refresh_token",
    "token",
    "client_secret",
    "password",
    "code",
    "code_verifier",
    "client_assertion",
    "account_token",
    "value",
];

/// Longest body a report shows, in characters.
const LONGEST: usize = 2000;

/// Most elements of an array that it shows.
const MOST: usize = 40;

/// One request and its answer, as a report shows them.
#[derive(Debug, Clone, Serialize)]
pub struct Exchange {
    /// `POST https://…`.
    pub request: String,
    /// Its header fields that matter.
    pub request_headers: Vec<String>,
    /// Its body.
    pub request_body: String,
    /// HTTP status; 0 where there was no answer.
    pub status: u16,
    /// The answer's header fields that matter.
    pub headers: Vec<String>,
    /// The answer's body, or why there is none.
    pub body: String,
}

/// Secrets met so far; their values are masked wherever they turn up.
#[derive(Debug, Default)]
pub(crate) struct Mask(Mutex<BTreeSet<String>>);

impl Mask {
    /// From now on this is hidden.
    pub(crate) fn learn(&self, secret: &str) {
        // What is shorter would hide half the report.
        if secret.len() >= 4
            && let Ok(mut known) = self.0.lock()
        {
            known.insert(secret.to_owned());
        }
    }

    /// JSON or any other text, without secrets and not too long.
    pub(crate) fn body(&self, body: &[u8]) -> String {
        match serde_json::from_slice::<Value>(body) {
            Ok(mut value) if value.is_object() || value.is_array() => {
                self.hide(&mut value);
                shorten(&self.text(&value.to_string()), body.len())
            }
            _ => match std::str::from_utf8(body) {
                // Of a huge one nobody reads the rest, and masking takes time.
                Ok(text) => shorten(&self.text(&text.chars().take(2 * LONGEST).collect::<String>()), body.len()),
                Err(_) => format!("({} octets)", body.len()),
            },
        }
    }

    /// A form, without secrets.
    pub(crate) fn form(&self, body: &str) -> String {
        let mut masked = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(body.as_bytes()) {
            if SECRET.contains(&name.as_ref()) {
                self.learn(&value);
                masked.append_pair(&name, &stars(&value));
            } else {
                masked.append_pair(&name, &value);
            }
        }
        shorten(&self.text(&masked.finish()), body.len())
    }

    /// Any text, with known secrets hidden.
    pub(crate) fn text(&self, text: &str) -> String {
        let Ok(known) = self.0.lock() else { return String::new() };
        let mut found: Vec<&String> = known.iter().filter(|secret| text.contains(secret.as_str())).collect();
        // Longer ones first: a short one inside a long one would leave the rest of it.
        found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        found.into_iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), &stars(secret)))
    }

    fn hide(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match member {
                        Value::String(text) if SECRET.contains(&name.as_str()) => {
                            self.learn(text);
                            *text = stars(text);
                        }
                        other => self.hide(other),
                    }
                }
            }
            Value::Array(items) => {
                items.truncate(MOST);
                items.iter_mut().for_each(|item| self.hide(item));
            }
            Value::String(text) => *text = shorten(text, text.len()),
            _ => {}
        }
    }
}

/// `abcd…` of a long one, and nothing of a short one.
fn stars(secret: &str) -> String {
    match secret.char_indices().nth(4) {
        Some((end, _)) if secret.len() >= 24 => format!("{}…", &secret[..end]),
        _ => "…".to_owned(),
    }
}

/// The beginning of a text, and how long the whole is.
fn shorten(text: &str, octets: usize) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({octets} octets)", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let mask = Mask::default();
        let shown =
            mask.body(br#"{"SAD":"sad_0123456789abcdef0123456789","authData":[{"id":"PIN","value":"12345678"}]}"#);
        assert_eq!(shown, r#"{"SAD":"sad_…","authData":[{"id":"PIN","value":"…"}]}"#);
        assert_eq!(mask.text("Bearer sad_0123456789abcdef0123456789, PIN 12345678"), "Bearer sad_…, PIN …");
        assert_eq!(mask.form("grant_type=x&client_secret=secret%20thing"), "grant_type=x&client_secret=%E2%80%A6");
        assert_eq!(mask.text("secret thing"), "…");
    }

    #[test]
    fn long_bodies_are_cut() {
        let shown = Mask::default().body(&vec![b'x'; 5000]);
        assert!(shown.ends_with("… (5000 octets)") && shown.chars().count() < 2100);
        assert_eq!(Mask::default().body(b"\x89PNG\xff"), "(5 octets)");
    }
}
