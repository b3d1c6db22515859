//! What the gateway does, as plain structs over ports and repositories. Nothing here knows HTTP.

pub mod account;
pub mod anchors;
pub mod authority;
pub mod authorization;
pub mod clients;
pub mod credentials;
pub mod documents;
pub mod ending;
pub mod enrolment;
pub mod evidence;
pub mod housekeeping;
pub mod jobs;
pub mod login;
pub mod oauth;
pub mod one_time_codes;
pub mod passwords;
pub mod post;
pub mod prompts;
pub mod rates;
pub mod renewal;
pub mod room;
pub mod signing;
pub mod time_stamps;
pub mod tokens;
pub mod transactions;
pub mod workers;
