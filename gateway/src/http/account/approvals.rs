//! The history: what was approved, when, for which app, with which key.

use std::collections::HashMap;

use askama::Template;

use super::Answer;
use super::failure::Failure;
use super::frame::{Frame, Here};
use super::keys::called;
use super::page::Page;
use super::text::{Approvals, When};
use super::visit::Visit;
use crate::domain::history::{Entry, Way};
use crate::domain::session::Session;

/// Approvals on one page.
const PAGE: usize = 25;

/// Labels of one approval that are shown.
const LABELS: usize = 5;

/// An approval, in words.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) when: When,
    pub(super) app: String,
    pub(super) signatures: String,
    pub(super) labels: Vec<String>,
    /// How many documents are not named.
    pub(super) more: Option<String>,
    pub(super) code: Option<String>,
    pub(super) key: String,
    pub(super) clear: bool,
}

impl Told {
    /// On a page that is about its key anyway.
    pub(super) fn of_one_key(self) -> Self {
        Self { key: String::new(), ..self }
    }
}

#[derive(Template)]
#[template(path = "history.html")]
struct Shown<'a> {
    frame: Frame<'a>,
    text: &'static Approvals,
    /// The key, if only its history is shown: its id.
    key: Option<&'a str>,
    entries: Vec<Told>,
    older: Option<String>,
    is_first: bool,
}

/// The page.
pub(super) fn show(visit: Visit, session: Session) -> Answer {
    Box::pin(async move {
        let (key, after) = (visit.query("key"), visit.query("after"));
        let read = visit.site.app.history.read(&session.user, key, after, PAGE).await?;
        let entries = told(&visit, read.entries).await?;
        Page::show(&Shown {
            frame: Frame::of(&visit, Here::History)?,
            text: &visit.text().approvals,
            key,
            entries,
            older: read.next,
            is_first: after.is_none(),
        })
    })
}

/// Approvals, in words.
pub(super) async fn told(visit: &Visit, entries: Vec<Entry>) -> Result<Vec<Told>, Failure> {
    let mut keys: HashMap<String, String> = HashMap::new();
    let mut all = Vec::with_capacity(entries.len());
    for entry in entries {
        let id = &entry.approval.credential;
        let key = match keys.get(id) {
            Some(known) => known.clone(),
            None => {
                let known = visit.site.app.keys.recall(id).await?;
                let name = known.map_or_else(|| id.clone(), |(kind, facts)| called(kind, &facts));
                keys.entry(id.clone()).or_insert(name).clone()
            }
        };
        all.push(tell(visit, entry, key));
    }
    Ok(all)
}

fn tell(visit: &Visit, entry: Entry, key: String) -> Told {
    let text = visit.text();
    let approval = entry.approval;
    let count = usize::try_from(approval.signatures).unwrap_or(usize::MAX);
    let labels: Vec<_> = approval.labels.into_iter().filter(|label| !label.is_empty()).take(LABELS).collect();
    let more = count.saturating_sub(labels.len());
    Told {
        when: text.moment(entry.at),
        app: super::apps::called(text, &approval.client, Some(&approval.app)),
        signatures: (text.approvals.signatures)(approval.signatures),
        more: (more > 0 && !labels.is_empty()).then(|| (text.approvals.and_more)(more)),
        labels,
        code: approval.code,
        key,
        clear: approval.way == Way::Clear,
    }
}
