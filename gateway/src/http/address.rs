//! Where a call comes from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;

use super::site::Site;

/// From the field a reverse proxy writes, if there is one, else from the connection.
pub(super) fn of(site: &Site, head: &Parts) -> Option<IpAddr> {
    match &site.config.account.address_field {
        Some(field) => {
            // The last one is the proxy's own; what stands before it the caller may have made up.
            let value = head.headers.get_all(field.as_str()).iter().next_back()?.to_str().ok()?;
            value.rsplit(',').next()?.trim().parse().ok()
        }
        None => head.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip()),
    }
}
