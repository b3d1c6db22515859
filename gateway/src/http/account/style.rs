//! The style sheet: named by its own digest, so that it can be kept for ever and is never stale.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("../../../assets/style.css");

/// Its path.
pub(in crate::http) fn path() -> &'static str {
    static PATH: LazyLock<String> = LazyLock::new(|| {
        let digest = Sha256::digest(STYLE);
        format!("/account/style.{}.css", HEXLOWER.encode(digest.get(..8).unwrap_or_default()))
    });
    &PATH
}

/// The sheet.
pub(super) async fn serve() -> Response {
    let fields = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (fields, STYLE).into_response()
}
