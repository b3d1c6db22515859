//! What the gateway talks about. The store keeps these as they stand here.

pub mod account;
pub mod authorization_request;
pub mod callback;
pub mod certificate;
pub mod client;
pub mod code;
pub mod contact;
pub mod credential;
pub mod external;
pub mod history;
pub mod job;
pub mod jwt;
pub mod language;
pub mod notice;
pub mod password;
pub mod pkce;
pub mod plain;
pub mod prompt;
pub mod redirect;
pub mod seal;
pub mod session;
pub mod token;
pub mod transaction;
pub mod user;
