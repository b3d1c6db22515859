//! The CSC methods, one file each, for every version. A handler asks its body and the services in the order of the
//! rows of the standard's error table.

pub(super) mod auth_login;
pub(super) mod auth_revoke;
pub(super) mod authorize;
pub(super) mod authorize_check;
pub(super) mod credentials_create;
pub(super) mod credentials_delete;
pub(super) mod credentials_info;
pub(super) mod credentials_list;
mod describe;
pub(super) mod extend_transaction;
pub(super) mod get_challenge;
pub(super) mod info;
pub(super) mod send_otp;
pub(super) mod sign_doc;
pub(super) mod sign_hash;
pub(super) mod sign_polling;
pub(super) mod timestamp;
