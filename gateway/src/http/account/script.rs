//! The one script of these pages: named by its own digest, as the style sheet is.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

const SCRIPT: &str = include_str!("../../../assets/waiting.js");

/// Its path.
pub(super) fn path() -> &'static str {
    static PATH: LazyLock<String> = LazyLock::new(|| {
        let digest = Sha256::digest(SCRIPT);
        format!("/account/waiting.{}.js", HEXLOWER.encode(digest.get(..8).unwrap_or_default()))
    });
    &PATH
}

/// The script.
pub(super) async fn serve() -> Response {
    let fields = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (fields, SCRIPT).into_response()
}
