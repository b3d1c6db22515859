//! What apps ask this user for out of band: the list, and one request, which its user approves or refuses.

use askama::Template;
use rsign_api::signer::Operation;

use super::approve::not_ready;
use super::failure::Failure;
use super::form::Form;
use super::frame::{Frame, Here};
use super::keys::called;
use super::page::Page;
use super::text::{Approve, Waiting, When};
use super::visit::Visit;
use super::{Answer, apps, guard, script};
use crate::domain::credential::AuthMode;
use crate::domain::history::code;
use crate::domain::plain::plain;
use crate::domain::prompt::{Progress, Prompt};
use crate::domain::session::{Notice, Session};
use crate::domain::token::Eras;
use crate::domain::transaction::Origin;
use crate::service::account::keys::Standing;
use crate::service::prompts;
use crate::service::transactions::{self, Start};

/// Path of the list.
const PATH: &str = "/account/waiting";

/// A request, in a line.
struct Line {
    id: String,
    title: String,
    when: When,
    /// What the app says it is about.
    description: Option<String>,
    code: Option<String>,
}

#[derive(Template)]
#[template(path = "waiting.html")]
struct List<'a> {
    frame: Frame<'a>,
    text: &'static Waiting,
    requests: Vec<Line>,
    script: &'static str,
}

#[derive(Template)]
#[template(path = "waiting_one.html")]
struct One<'a> {
    frame: Frame<'a>,
    text: &'static Approve,
    waiting: &'static Waiting,
    title: String,
    client: &'a str,
    when: When,
    description: Option<String>,
    documents: usize,
    code: Option<String>,
    key: String,
    /// Why it cannot go on, if so.
    cannot: Option<String>,
    id: &'a str,
    token: String,
}

#[derive(Template)]
#[template(path = "waiting_over.html")]
struct Over<'a> {
    frame: Frame<'a>,
    waiting: &'static Waiting,
    title: &'static str,
    body: &'static str,
}

/// The list.
pub(super) fn list(visit: Visit, session: Session) -> Answer {
    Box::pin(async move {
        let prompts = visit.site.app.prompts.waiting(&session.user).await?;
        let line = |prompt: Prompt| Line {
            title: title(&visit, &prompt),
            when: visit.text().moment(prompt.asked_at),
            description: described(&prompt, 120),
            code: code(&prompt.list),
            id: prompt.id,
        };
        let page = Page::show(&List {
            frame: Frame::of(&visit, Here::Keys)?,
            text: &visit.text().waiting,
            requests: prompts.into_iter().map(line).collect(),
            script: script::path(),
        })?;
        Ok(page.with_script())
    })
}

/// One request, or what became of it.
pub(super) fn show(visit: Visit, session: Session) -> Answer {
    Box::pin(async move {
        let prompt = named(&visit, &session).await?;
        let text = &visit.text().waiting;
        let (title, body) = match prompt.progress {
            Progress::Waiting => return question(&visit, &session, &prompt).await,
            Progress::Approved { .. } => (text.approved, text.approved_lead),
            Progress::Refused => (text.refused, text.refused_lead),
        };
        Page::show(&Over { frame: Frame::of(&visit, Here::Elsewhere)?, waiting: text, title, body })
    })
}

/// What the user decided: on to the signing page, or no.
pub(super) fn act(visit: Visit, session: Session, sent: Form) -> Answer {
    Box::pin(async move {
        let prompt = named(&visit, &session).await?;
        if prompt.progress != Progress::Waiting {
            return Err(Failure::RequestOver);
        }
        let app = &visit.site.app;
        match sent.get("decision") {
            Some("continue") => sign(&visit, session, &prompt).await,
            Some("block") => {
                app.prompts.block(&prompt).await?;
                app.sessions.leave(&session, Notice::AppBlocked).await?;
                Ok(Page::go("/account/apps"))
            }
            _ => {
                if !app.prompts.refuse(&prompt).await? {
                    return Err(Failure::RequestOver);
                }
                Ok(Page::go(visit.path.clone()))
            }
        }
    })
}

async fn sign(visit: &Visit, session: Session, prompt: &Prompt) -> Result<Page, Failure> {
    if visit.sign_origin().is_none() {
        return Err(Failure::NoPage);
    }
    let app = &visit.site.app;
    app.prompts.prolong(prompt).await?;
    let start = Start {
        operation: Operation::Authorise,
        eras: Eras { user: session.era, ..prompt.eras },
        user: session.user,
        client: prompt.client.clone(),
        app: Some(prompt.app.clone()),
        credential: prompt.credential.clone(),
        signatures: prompt.signatures,
        labels: vec![None; prompt.list.len()],
        list: prompt.list.clone(),
        enrol: None,
        label: None,
        mode: AuthMode::default(),
        signed: prompt.signed.clone(),
        origin: Origin::Prompt { prompt: prompt.id.clone(), session: session.digest },
        language: visit.language,
    };
    match app.transactions.register(start).await {
        Err(transactions::Error::Withdrawn) => Err(Failure::Withdrawn),
        started => Ok(Page::go(app.transactions.page(&started?)?)),
    }
}

async fn question(visit: &Visit, session: &Session, prompt: &Prompt) -> Result<Page, Failure> {
    let text = visit.text();
    let key = visit.site.app.keys.find(&session.user, &prompt.credential).await?;
    let ready = key.as_ref().is_some_and(|key| key.standing == Standing::Ready);
    let cannot = (!ready).then(|| not_ready(text, key.as_ref()));
    let page = Page::show(&One {
        frame: Frame::of(visit, Here::Elsewhere)?,
        text: &text.approve,
        waiting: &text.waiting,
        title: title(visit, prompt),
        client: &prompt.client,
        when: text.moment(prompt.asked_at),
        description: described(prompt, 500),
        documents: prompt.list.len(),
        code: code(&prompt.list),
        key: key.map(|key| called(key.credential.key_type, &key.facts)).unwrap_or_default(),
        cannot,
        id: &prompt.id,
        token: guard::token(&session.csrf, &format!("{PATH}/{}", prompt.id), "")?,
    })?;
    Ok(page.leading_to_some(visit.sign_origin()))
}

/// What the app says of it, at most so many characters.
fn described(prompt: &Prompt, most: usize) -> Option<String> {
    prompt.description.as_deref().map(|said| plain(said, most)).filter(|said| !said.is_empty())
}

fn title(visit: &Visit, prompt: &Prompt) -> String {
    let text = visit.text();
    (text.approve.sign_title)(&apps::called(text, &prompt.client, Some(&prompt.app)), prompt.signatures)
}

/// The request that the path names, if it is this user's and not over.
async fn named(visit: &Visit, session: &Session) -> Result<Prompt, Failure> {
    match visit.site.app.prompts.find(&session.user, visit.id.as_deref().unwrap_or_default()).await {
        Err(prompts::Error::Unknown) => Err(Failure::RequestOver),
        Err(prompts::Error::Withdrawn) => Err(Failure::Withdrawn),
        found => Ok(found?),
    }
}
