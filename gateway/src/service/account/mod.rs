//! People: sessions, sign-in and sign-up, what they approved, which apps they let in.

pub mod apps;
pub mod contacts;
pub mod external;
pub mod history;
pub mod keys;
pub mod people;
pub mod sessions;
pub mod throttle;
