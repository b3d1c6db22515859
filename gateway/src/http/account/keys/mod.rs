//! Keys: the list, one of them, a new one, the end of one.

pub(super) mod delete;
mod elsewhere;
pub(super) mod factor;
pub(super) mod list;
pub(super) mod new;
pub(super) mod one;
pub(super) mod pin;

use rsign_api::algorithm::KeyType;

use super::failure::Failure;
use super::text::Text;
use super::visit::Visit;
use crate::domain::certificate::Facts;
use crate::domain::plain::plain;
use crate::domain::session::Session;
use crate::service::account::keys::{Key, Standing};

/// How a key stands, in words.
#[derive(Debug)]
pub(super) struct Told {
    /// One or two words.
    pub(super) word: &'static str,
    /// Colour of the word.
    pub(super) tone: &'static str,
    /// What to do, unless all is well.
    pub(super) help: Option<String>,
}

impl Told {
    /// In this language.
    pub(super) fn of(text: &Text, standing: Standing) -> Self {
        let said = &text.standing;
        let (word, tone, help) = match standing {
            Standing::Ready => (said.ready, "good", None),
            Standing::Unfinished => (said.unfinished, "warn", Some(said.unfinished_help.to_owned())),
            Standing::Locked(until) => {
                (said.locked, "warn", Some((said.locked_help)(&text.moment(until.saturating_mul(1000)).text)))
            }
            Standing::Blocked => (said.blocked, "bad", Some(said.blocked_help.to_owned())),
            Standing::Suspended => (said.suspended, "warn", Some(said.suspended_help.to_owned())),
            Standing::Expired | Standing::Destroyed => (said.expired, "bad", Some(said.expired_help.to_owned())),
            Standing::Unknown => (said.unknown, "warn", Some(said.unknown_help.to_owned())),
        };
        Self { word, tone, help }
    }
}

/// What a key is called on pages: its type, and the name in its certificate.
fn title(key: &Key) -> String {
    called(key.credential.key_type, &key.facts)
}

/// The same of a key that may be gone.
pub(super) fn called(kind: KeyType, facts: &Facts) -> String {
    format!("{} · {}", kind.name(), plain(&facts.common_name, 80))
}

/// A distinguished name (RFC 4514) without its grammar: the values that tell one from another.
pub(super) fn readable(name: &str) -> String {
    let mut values: Vec<String> = vec![String::new()];
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(value) = values.last_mut() else { break };
        match (c, chars.peek()) {
            ('\\', Some(_)) => value.extend(chars.next()),
            (',' | '+', _) => values.push(String::new()),
            (c, _) => value.push(c),
        }
    }
    // The common name says these already.
    let told = values.iter().filter(|value| !value.starts_with("SURNAME=") && !value.starts_with("GIVENNAME="));
    let told: Vec<_> = told.filter_map(|value| value.split_once('=')).map(|(_, value)| plain(value, 120)).collect();
    told.join(" · ")
}

/// The key that the path names.
async fn named(visit: &Visit, session: &Session) -> Result<Key, Failure> {
    let id = visit.id.as_deref().unwrap_or_default();
    visit.site.app.keys.find(&session.user, id).await?.ok_or(Failure::Missing)
}

/// What a type of key is good for.
fn advice(text: &Text, key: KeyType) -> &'static str {
    let said = &text.new_key;
    match key {
        KeyType::Rsa2048 => said.rsa2048,
        KeyType::Rsa3072 => said.rsa3072,
        KeyType::Rsa4096 => said.rsa4096,
        KeyType::P256 => said.p256,
        KeyType::P384 => said.p384,
        KeyType::P521 => said.p521,
    }
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn a_name_is_read_without_its_grammar() {
        let name = "CN=Ana Sousa,SERIALNUMBER=RS:PT-1,SURNAME=Sousa,GIVENNAME=Ana,O=Sousa\\, Lda \\+ Filhos,C=PT";
        assert_eq!(readable(name), "Ana Sousa · RS:PT-1 · Sousa, Lda + Filhos · PT");
        assert_eq!(readable(""), "");
    }
}
