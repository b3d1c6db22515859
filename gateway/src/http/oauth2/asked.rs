//! Reads an authorization request (8.3.2 / 8.4.2). Its redirect URI comes first: only then is there somebody to tell of
//! what else is wrong.

use rsign_api::csc::Limits;
use rsign_api::csc::authorization::{Dialect, Parameters, Scope};
use rsign_api::error::{Fault, MALFORMED, oauth2 as wire};
use secrecy::SecretString;

use crate::domain::authorization_request::{AnswerTo, is_state};
use crate::domain::client::Client;
use crate::domain::pkce::Challenge;
use crate::domain::redirect::is_registered;
use crate::service::oauth::requests::Asked;

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// With a user's browser.
    Browser,
    /// From the client itself.
    Pushed,
}

/// Longest `clientData`.
const LONGEST_DATA: usize = 4096;

/// Longest `lang`: language tags are shorter by far (RFC 5646, 4.4.1).
const LONGEST_LANG: usize = 64;

/// Characters of a key's thumbprint (RFC 7638 with SHA-256).
const THUMBPRINT: usize = 43;

/// Where the answer goes. Without `redirect_uri` it is the one that is registered, if there is one.
pub(super) fn answer(form: &impl Parameters, client: &Client) -> Result<AnswerTo, Fault> {
    if form.repeats("redirect_uri") {
        return Err(wire::REDIRECT);
    }
    // A state that cannot be given back as it came is not given back at all.
    let state = form.get("state").filter(|state| is_state(state)).map(str::to_owned);
    match (form.get("redirect_uri"), client.redirect_uris.as_slice()) {
        (Some(uri), registered) if is_registered(registered, uri) => {
            Ok(AnswerTo { redirect_uri: uri.to_owned(), named: true, state })
        }
        (Some(_), _) => Err(wire::REDIRECT),
        (None, [only]) => Ok(AnswerTo { redirect_uri: only.clone(), named: false, state }),
        (None, _) => Err(wire::REDIRECT_MISSING),
    }
}

/// Everything else.
pub(super) fn rest(form: &impl Parameters, answer: AnswerTo, how: Way, limits: Limits) -> Result<Asked, Fault> {
    if !form.is_clear() {
        return Err(MALFORMED);
    }
    if form.get("state").is_some() && answer.state.is_none() {
        return Err(wire::STATE);
    }
    match form.get("response_type") {
        None => return Err(wire::RESPONSE_TYPE_MISSING),
        Some("code") => {}
        Some(_) => return Err(wire::RESPONSE_TYPE),
    }
    if form.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(wire::RESPONSE_MODE);
    }
    let plain = |name, longest, fault: Fault| match form.get(name) {
        Some(text) if text.len() > longest || text.contains(char::is_control) => Err(fault),
        found => Ok(found),
    };
    plain("clientData", LONGEST_DATA, wire::CLIENT_DATA)?;
    let key = plain("dpop_jkt", THUMBPRINT, wire::DPOP_PROOF)?.map(str::to_owned);
    let lang = plain("lang", LONGEST_LANG, wire::LANG)?.map(str::to_owned);
    Ok(Asked {
        answer,
        challenge: Challenge::read(form.get("code_challenge"), form.get("code_challenge_method"))?,
        scope: Scope::read(form, limits)?,
        dialect: Dialect::of(form, how == Way::Pushed),
        account_token: form.get("account_token").map(SecretString::from),
        lang,
        key,
        signed: None,
        // As OpenID Connect has it: words with spaces between them.
        sign_in: form.get("prompt").is_some_and(|prompt| prompt.split(' ').any(|word| word == "login")),
        address: None,
    })
}
