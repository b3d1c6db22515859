//! What every token must do: written once, mounted once per token by `main.rs`.

mod ceremony;
mod masters;
mod objects;
mod pool;
mod refused;
mod rewrap;
mod signatures;
mod templates;
mod token_keys;

use super::TOKEN;
