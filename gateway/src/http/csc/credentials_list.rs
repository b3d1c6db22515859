//! `credentials/list` (11.4): v1 in pages, v2 with descriptions; either version takes both.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use rsign_api::csc::Ask;
use rsign_api::csc::credentials::{Described, List};
use rsign_api::error::PAGE_TOKEN;

use super::describe::{Current, Mode, describe};
use crate::domain::credential::Credential;
use crate::domain::token::Bearer;
use crate::http::dispatch::{Answer, Call};
use crate::http::error::Problem;
use crate::http::reply::Reply;
use crate::http::site::Site;

/// The ids of a user's credentials.
pub(in crate::http) fn handle(site: Arc<Site>, call: Call) -> Answer {
    Box::pin(async move {
        let ask = call.content.ask()?;
        let after = ask.page_token()?.map(read_page_token).transpose()?;
        let user = site.app.credentials.user(&call.bearer, ask.user()?).await?;
        ask.wanted()?;
        let most = ask.max_results(site.config.limits.page);
        // One more than wanted tells whether there is another page.
        let mut page = site.app.credentials.of_user(&user, after.as_deref(), most + 1).await?;
        let more = page.len() > most;
        page.truncate(most);
        let next_page = page.last().filter(|_| more).map(|last| page_token(&last.id));
        let (ids, infos) = tell(&site, &call.bearer, &ask, page).await?;
        Reply::json(&List { ids, infos, next_page, only_valid: ask.only_valid().then_some(true) })
    })
}

/// Ids, and descriptions where they are wanted. Certificates and states are only looked up where the answer needs them.
async fn tell(
    site: &Site,
    bearer: &Bearer,
    ask: &Ask<'_>,
    page: Vec<Credential>,
) -> Result<(Vec<String>, Option<Vec<Described>>), Problem> {
    if !ask.credential_info() && !ask.only_valid() {
        return Ok((page.into_iter().map(|credential| credential.id).collect(), None));
    }
    let (wanted, lang) = (ask.wanted()?, site.config.info.lang.as_str());
    let mode = Mode::of(site, bearer).await?;
    let (mut ids, mut infos) = (Vec::new(), Vec::new());
    for credential in page {
        let current = Current::of(site, credential).await?;
        if !ask.only_valid() || current.is_valid() {
            ids.push(current.credential.id.clone());
            infos.push(Described {
                id: current.credential.id.clone(),
                description: describe(&current, wanted, mode, lang),
            });
        }
    }
    Ok((ids, ask.credential_info().then_some(infos)))
}

fn page_token(last: &str) -> String {
    BASE64URL_NOPAD.encode(last.as_bytes())
}

fn read_page_token(token: &str) -> Result<String, Problem> {
    let decoded = BASE64URL_NOPAD.decode(token.as_bytes()).ok().and_then(|id| String::from_utf8(id).ok());
    let is_id = |id: &String| id.len() == 32 && id.bytes().all(|c| c.is_ascii_hexdigit());
    decoded.filter(is_id).ok_or_else(|| PAGE_TOKEN.into())
}
