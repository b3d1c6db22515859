//! `GET /rch/{tx}`: what a transaction is. The page shows it and computes `ctx` from it, so a gateway that tells the
//! signer otherwise opens no channel.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::channel::wire::Base64Url;
use rsign_api::signer::{EntryType, FactorKind, Operation, Registration, Subject};
use serde::Serialize;

use super::fault::{Fault, token_of};
use crate::domain::certificate::generalized_time;
use crate::domain::transaction::{Origin, Transaction};
use crate::http::reply::Reply;
use crate::http::site::Site;
use crate::service::transactions::Error;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Description<'a> {
    operation: Operation,
    tx: &'a str,
    tenant: &'a str,
    user: &'a str,
    client: &'a str,
    credential: &'a str,
    key_version: u32,
    app: App<'a>,
    certificate: Option<Certificate>,
    list: List<'a>,
    signatures: u32,
    enrol: Option<Enrolment<'a>>,
    pin: PinRules,
    factor: FactorKind,
    language: &'static str,
    r#return: Option<String>,
}

#[derive(Debug, Serialize)]
struct App<'a> {
    name: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Certificate {
    subject: String,
    issuer: String,
    valid_to: String,
    key_type: &'static str,
}

#[derive(Debug, Serialize)]
struct List<'a> {
    algorithm: Option<String>,
    entries: Vec<Entry<'a>>,
}

#[derive(Debug, Serialize)]
struct Entry<'a> {
    r#type: EntryType,
    hash: Base64Url,
    label: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Enrolment<'a> {
    key_type: &'static str,
    subject: &'a Subject,
}

/// What a new PIN may be (security.md 2.5).
#[derive(Debug, Serialize)]
struct PinRules {
    minimum: u32,
    maximum: u32,
}

const PIN: PinRules = PinRules { minimum: 6, maximum: 64 };

/// Everything that page and signer must know alike, and what the page shows beside it.
pub(super) async fn describe(
    State(site): State<Arc<Site>>,
    Path(tx): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let transaction = site.app.transactions.find(&tx, token_of(&headers)?).await?;
    let (certificate, factor) = key(&site, &transaction.registration).await?;
    let told = Reply::json(&tell(&site, &transaction, certificate, factor)).map_err(|_| Fault::Busy)?;
    Ok(told.into_response())
}

/// The certificate, and what the key needs besides its PIN; of a key to be made, what it shall need.
async fn key(site: &Site, registration: &Registration) -> Result<(Option<Certificate>, FactorKind), Fault> {
    if let Some(enrol) = &registration.enrol {
        return Ok((None, enrol.factor));
    }
    let found = site.app.transactions.credential(&registration.credential).await?;
    let Some((credential, facts)) = found else { return Ok((None, FactorKind::None)) };
    let certificate = Certificate {
        subject: facts.subject,
        issuer: facts.issuer,
        valid_to: generalized_time(facts.not_after),
        key_type: credential.key_type.name(),
    };
    Ok((Some(certificate), credential.factor))
}

fn tell<'a>(
    site: &Site,
    transaction: &'a Transaction,
    certificate: Option<Certificate>,
    factor: FactorKind,
) -> Description<'a> {
    let Registration {
        operation,
        tx,
        tenant,
        user,
        client,
        credential,
        key_version,
        signatures,
        list,
        enrol,
        label: _,
    } = &transaction.registration;
    let labels = transaction.labels.iter().map(Option::as_deref).chain(std::iter::repeat(None));
    let entry = |(entry, label): (&rsign_api::signer::Entry, _)| Entry {
        r#type: entry.r#type,
        hash: Base64Url(entry.hash.0.clone()),
        label,
    };
    let algorithm = list.first().and_then(|entry| entry.algorithm).map(HashAlgorithm::oid);
    Description {
        operation: *operation,
        tx,
        tenant,
        user,
        client,
        credential,
        key_version: *key_version,
        app: App { name: transaction.app.as_deref() },
        certificate,
        list: List {
            algorithm: algorithm.map(|oid| oid.to_string()),
            entries: list.iter().zip(labels).map(entry).collect(),
        },
        signatures: *signatures,
        enrol: enrol.as_ref().map(|enrol| Enrolment { key_type: enrol.key.name(), subject: &enrol.subject }),
        pin: PIN,
        factor,
        language: transaction.language.code(),
        r#return: match transaction.origin {
            Origin::Request { .. } | Origin::Account { .. } | Origin::Prompt { .. } => {
                Some(format!("{}/oauth2/return?tx={tx}", site.public_url))
            }
            Origin::Api => None,
        },
    }
}

impl From<rsign_storage::Error> for Fault {
    fn from(error: rsign_storage::Error) -> Self {
        Error::from(error).into()
    }
}
