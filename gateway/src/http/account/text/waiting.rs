//! What is said of requests that wait for their user.

/// What apps ask for out of band.
pub(in crate::http::account) struct Waiting {
    pub(in crate::http::account) title: &'static str,
    pub(in crate::http::account) lead: &'static str,
    pub(in crate::http::account) none: &'static str,
    pub(in crate::http::account) count: fn(usize) -> String,
    pub(in crate::http::account) asked: &'static str,
    pub(in crate::http::account) look: &'static str,
    pub(in crate::http::account) again: &'static str,
    pub(in crate::http::account) news: &'static str,
    pub(in crate::http::account) sign_lead: &'static str,
    pub(in crate::http::account) code_hint: &'static str,
    pub(in crate::http::account) refuse: &'static str,
    pub(in crate::http::account) block: &'static str,
    pub(in crate::http::account) block_hint: &'static str,
    pub(in crate::http::account) approved: &'static str,
    pub(in crate::http::account) approved_lead: &'static str,
    pub(in crate::http::account) refused: &'static str,
    pub(in crate::http::account) refused_lead: &'static str,
}
