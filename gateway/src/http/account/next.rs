//! Where a sign-in leads: one of our own pages, by name. No address ever comes from outside.

use secrecy::{ExposeSecret as _, SecretString};
use url::form_urlencoded;

use super::visit::Visit;

/// A page that may come after signing in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    Home,
    NewKey,
    Key(String),
    History,
    Apps,
    Me,
    /// Where codes go.
    Contact,
    /// What waits for the user.
    Waiting,
    /// One thing of it.
    Prompt(String),
    /// An authorization request.
    Approve(String),
}

impl Next {
    /// From the two words of a query string or form; home where they make no sense.
    pub(super) fn read(page: Option<&str>, id: Option<&str>) -> Self {
        let id = id.filter(|id| is_id(id)).map(str::to_owned);
        match (page, id) {
            (Some("new-key"), _) => Self::NewKey,
            (Some("history"), _) => Self::History,
            (Some("apps"), _) => Self::Apps,
            (Some("me"), _) => Self::Me,
            (Some("contact"), _) => Self::Contact,
            (Some("waiting"), None) => Self::Waiting,
            (Some("waiting"), Some(id)) => Self::Prompt(id),
            (Some("key"), Some(id)) => Self::Key(id),
            (Some("approve"), Some(id)) => Self::Approve(id),
            _ => Self::Home,
        }
    }

    /// The page of this visit, or the nearest one that can be shown again.
    pub(super) fn here(visit: &Visit) -> Self {
        let part = visit.path.trim_start_matches("/account").trim_start_matches('/').split('/').next();
        match (part, visit.path.as_str(), &visit.id) {
            (_, "/account/keys/new", _) => Self::NewKey,
            (Some("keys"), _, Some(id)) => Self::read(Some("key"), Some(id)),
            (Some("waiting"), ..) => Self::read(part, visit.id.as_deref()),
            (Some("approve"), ..) => Self::read(Some("approve"), visit.query("request")),
            (part, ..) => Self::read(part, None),
        }
    }

    /// Its two words.
    pub(super) fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Home => ("home", ""),
            Self::NewKey => ("new-key", ""),
            Self::Key(id) => ("key", id),
            Self::History => ("history", ""),
            Self::Apps => ("apps", ""),
            Self::Me => ("me", ""),
            Self::Contact => ("contact", ""),
            Self::Waiting => ("waiting", ""),
            Self::Prompt(id) => ("waiting", id),
            Self::Approve(id) => ("approve", id),
        }
    }

    /// Its address.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Home => "/account".to_owned(),
            Self::NewKey => "/account/keys/new".to_owned(),
            Self::Key(id) => format!("/account/keys/{id}"),
            Self::History => "/account/history".to_owned(),
            Self::Apps => "/account/apps".to_owned(),
            Self::Me => "/account/me".to_owned(),
            Self::Contact => "/account/contact".to_owned(),
            Self::Waiting => "/account/waiting".to_owned(),
            Self::Prompt(id) => format!("/account/waiting/{id}"),
            Self::Approve(id) => format!("/account/approve?request={id}"),
        }
    }

    /// The address of the sign-in page that leads here.
    pub(super) fn sign_in(&self, again: bool) -> String {
        self.through("/account/sign-in", again.then_some(("again", "yes")))
    }

    /// The address of the sign-up page that leads here.
    pub(super) fn sign_up(&self) -> String {
        self.through("/account/sign-up", None)
    }

    /// The same for somebody whom a provider vouches for.
    pub(super) fn introduced(&self, token: &SecretString) -> String {
        self.through("/account/sign-up", Some(("introduction", token.expose_secret())))
    }

    /// The address that begins a sign-in at a provider and leads here.
    pub(super) fn elsewhere(&self, provider: &str) -> String {
        self.through(&format!("/account/oidc/{provider}"), None)
    }

    fn through(&self, path: &str, more: Option<(&str, &str)>) -> String {
        let (page, id) = self.words();
        let mut query = form_urlencoded::Serializer::new(String::new());
        if page != "home" {
            query.append_pair("next", page);
        }
        if !id.is_empty() {
            query.append_pair("id", id);
        }
        if let Some((name, value)) = more {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

/// Ids of keys and requests: they stand in addresses as they are.
fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_out() {
        for (page, id) in [
            (Some("https://evil.example"), None),
            (Some("//evil.example"), Some("x")),
            (Some("approve"), Some("x&lang=//evil")),
            (Some("key"), Some("../../evil")),
            (Some("key"), None),
            (None, Some("x")),
        ] {
            assert_eq!(Next::read(page, id), Next::Home, "{page:?} {id:?}");
        }
        let approve = Next::read(Some("approve"), Some("ar_Ab-1"));
        assert_eq!(approve.path(), "/account/approve?request=ar_Ab-1");
        assert_eq!(approve.sign_in(false), "/account/sign-in?next=approve&id=ar_Ab-1");
        assert_eq!(Next::Home.sign_in(true), "/account/sign-in?again=yes");
    }
}
