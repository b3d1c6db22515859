//! `credentials/info` (11.5).

use std::sync::Arc;

use super::describe::{Current, Mode, describe};
use crate::http::dispatch::{Answer, Call};
use crate::http::reply::Reply;
use crate::http::site::Site;

/// The description of one credential.
pub(in crate::http) fn handle(site: Arc<Site>, call: Call) -> Answer {
    Box::pin(async move {
        let ask = call.content.ask()?;
        let credential = call.reach(&site, ask.credential()?).await?;
        let wanted = ask.wanted()?;
        let current = Current::of(&site, credential).await?;
        let mode = Mode::of(&site, &call.bearer).await?;
        Reply::json(&describe(&current, wanted, mode, &site.config.info.lang))
    })
}
