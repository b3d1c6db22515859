//! How a client says who it is at the OAuth endpoints (8.3.3): secret in a Basic header or in the body, a signed
//! assertion (RFC 7523), a certificate (RFC 8705), or only its name where it cannot keep a secret.

use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use rsign_api::error::oauth2 as wire;
use zeroize::Zeroizing;

use super::form::Form;
use crate::domain::client::{Client, Constraint};
use crate::domain::token::Confirmation;
use crate::http::bearer::{basic, proof};
use crate::http::error::Problem;
use crate::http::site::Site;
use crate::http::{address, peer};
use crate::service::oauth::assertions::Assertions;

/// The one type of assertions (RFC 7523, 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What was presented, not yet believed.
pub(super) struct Presented {
    id: String,
    evidence: Evidence,
    contradicts: bool,
}

/// Without `Debug`: secrets.
enum Evidence {
    Secret(Zeroizing<String>),
    Assertion(Zeroizing<String>),
    /// Perhaps a certificate.
    None,
}

impl std::fmt::Debug for Presented {
    /// Whose, and not what it is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presented").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Presented {
    /// Reads it: one way and no other (RFC 6749, 2.3). With a header or an assertion the body may repeat the
    /// client_id or leave it out (clients.md 2m, rule 7).
    pub(super) fn read(head: &Parts, form: &Form) -> Result<Self, Problem> {
        let named = form.get("client_id");
        let (secret, assertion) = (form.get("client_secret"), form.get("client_assertion"));
        let basic = if head.headers.contains_key(header::AUTHORIZATION) {
            let pair = basic(&head.headers);
            Some(pair.map_err(|_| Problem::new(StatusCode::UNAUTHORIZED, wire::HEADER))?)
        } else {
            None
        };
        let found = |id: String, evidence| {
            let contradicts = named.is_some_and(|named| named != id);
            Self { id, evidence, contradicts }
        };
        match (basic, secret, assertion) {
            (Some(basic), None, None) => {
                let (id, secret) = (unescaped(&basic.name), unescaped(&basic.password));
                Ok(found(id.to_string(), Evidence::Secret(secret)))
            }
            (None, None, Some(assertion)) => {
                if form.get("client_assertion_type") != Some(JWT_BEARER) {
                    return Err(wire::ASSERTION_TYPE.into());
                }
                let id = Assertions::claimed(assertion);
                let id = id.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, wire::ASSERTION))?;
                Ok(found(id, Evidence::Assertion(Zeroizing::new(assertion.to_owned()))))
            }
            (None, secret, None) => {
                let id = named.ok_or(wire::CLIENT_ID_MISSING)?.to_owned();
                let secret = secret.map(|secret| Evidence::Secret(Zeroizing::new(secret.to_owned())));
                Ok(found(id, secret.unwrap_or(Evidence::None)))
            }
            _ => Err(wire::CLIENT_TWICE.into()),
        }
    }

    /// The client, if it is who it says; in the order of the rows: client_id, then what proves it.
    pub(super) async fn authenticate(self, site: &Site, head: &Parts) -> Result<Client, Problem> {
        if self.contradicts {
            return Err(wire::CLIENT_ID.into());
        }
        let clients = &site.app.clients;
        match &self.evidence {
            Evidence::Secret(secret) => Ok(clients.authenticate(&self.id, secret, address::of(site, head)).await?),
            Evidence::Assertion(assertion) => {
                let client = clients.find(&self.id).await?;
                site.app.assertions.check(&client, assertion).await?;
                Ok(client)
            }
            Evidence::None => {
                let client = clients.find(&self.id).await?;
                let shown = peer::certificates(&head.extensions);
                match &client.certificate {
                    Some(rule) if site.app.certificates.fit(rule, shown) => Ok(client),
                    Some(_) if !shown.is_empty() => Err(Problem::new(StatusCode::UNAUTHORIZED, wire::CERTIFICATE)),
                    None if client.public => Ok(client),
                    _ => Err(Problem::new(StatusCode::UNAUTHORIZED, wire::CLIENT_AUTHORIZATION)),
                }
            }
        }
    }
}

/// The client a Basic header names, not yet believed.
pub(super) fn basic_name(head: &Parts) -> Option<String> {
    basic(&head.headers).ok().map(|basic| unescaped(&basic.name).to_string())
}

/// Name and secret of a Basic header are form-encoded before they are put there (RFC 6749, 2.3.1). Clients that do not
/// know that are understood too: no name and no secret of ours has a character that would be.
fn unescaped(text: &str) -> Zeroizing<String> {
    let spaced = Zeroizing::new(text.replace('+', " "));
    Zeroizing::new(percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

/// The key that tokens of this request are bound to: one that the client proves, and has to prove if it is registered
/// so (security.md 2.1).
pub(super) async fn key(site: &Site, head: &Parts, client: &Client) -> Result<Option<Confirmation>, Problem> {
    let proved = proof(site, head, None).await?.map(Confirmation::Jkt);
    match client.constraint {
        Constraint::None => Ok(proved),
        Constraint::Dpop if proved.is_some() => Ok(proved),
        Constraint::Dpop => Err(Problem::from(wire::DPOP_PROOF).with_nonce(site.app.proofs.nonce())),
        Constraint::Certificate => {
            let thumbprint = peer::thumbprint(&head.extensions);
            let missing = || Problem::new(StatusCode::UNAUTHORIZED, wire::CERTIFICATE);
            thumbprint.map(Confirmation::X5t).map(Some).ok_or_else(missing)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_33_what_a_client_shows_is_not_shown() {
        for form in ["client_id=app&client_secret=the-secret", "client_id=app"] {
            let (head, ()) = axum::http::Request::new(()).into_parts();
            let shown = format!("{:?}", Presented::read(&head, &Form::parse(form.as_bytes())).unwrap());
            assert!(shown.contains("app") && !shown.contains("the-secret"), "{shown}");
        }
    }
}
