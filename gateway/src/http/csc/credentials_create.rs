//! `credentials/create` (2.2, 11.4).
//!
//! The key is there already: its owner agreed, chose a PIN on the signing page, and the signer made it, before the token
//! was given. So no PIN passes here, and the key needs nothing more. This tells the app which it is.

use std::sync::Arc;

use axum::http::StatusCode;
use rsign_api::csc::authorization::Errand;
use rsign_api::csc::credentials::Described;
use rsign_api::csc::errands::Created;
use rsign_api::error as wire;

use super::describe::{Current, Mode, describe};
use crate::http::bearer::of_another_kind;
use crate::http::dispatch::{Answer, Commissioned};
use crate::http::reply::Reply;
use crate::http::site::Site;

/// The same answer as often as it is asked for while the token lives.
pub(in crate::http) fn handle(site: Arc<Site>, call: Commissioned) -> Answer {
    Box::pin(async move {
        let Errand::Create { policy } = &call.commission.errand else { return Err(of_another_kind()) };
        let ask = call.content.ask()?;
        // What the user agreed to, or less.
        if ask.creation()?.is_some_and(|asked| policy.as_deref() != Some(asked)) {
            return Err(wire::CREATION.into());
        }
        let wanted = ask.wanted()?;
        let credential = site.app.credentials.reach(&call.bearer, &call.commission.credential).await?;
        let id = credential.id.clone();
        if !ask.credential_info() {
            return Ok(Reply::json(&Created { id })?.with_status(StatusCode::CREATED));
        }
        let current = Current::of(&site, credential).await?;
        let mode = Mode::of(&site, &call.bearer).await?;
        let description = describe(&current, wanted, mode, &site.config.info.lang);
        Ok(Reply::json(&Described { id, description })?.with_status(StatusCode::CREATED))
    })
}
