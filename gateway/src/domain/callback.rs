//! Where an app may be called back: addresses anybody on the Internet has, and nothing inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why a URI cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a response URI is https, without user, password and fragment")]
pub struct Unfit;

/// Whether a URI may be registered.
///
/// # Errors
/// [`Unfit`].
pub fn check(uri: &str) -> Result<(), Unfit> {
    let parsed = url::Url::parse(uri).map_err(|_| Unfit)?;
    let whole = parsed.fragment().is_none() && parsed.username().is_empty() && parsed.password().is_none();
    let plain = uri.len() <= 2000 && uri.bytes().all(|c| c.is_ascii_graphic());
    if parsed.scheme() == "https" && parsed.has_host() && whole && plain { Ok(()) } else { Err(Unfit) }
}

/// Whether an address is one of the public Internet: not this machine's, not a private network's, not a link's (where
/// clouds keep their metadata), not one that stands for another.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Networks that are not the Internet's (IANA's special-purpose registry), by first address and length.
const CLOSED_V4: [([u8; 4], u32); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    !CLOSED_V4.iter().any(|(network, length)| (bits ^ u32::from(Ipv4Addr::from(*network))) >> (32 - length) == 0)
}

/// Networks of 2000::/3 that are not the Internet's: protocol assignments with Teredo, documentation, 6to4.
const CLOSED_V6: [([u16; 8], u32); 4] = [
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// Only 2000::/3 is given to the public; ULA, link-local, IPv4-mapped and NAT64 addresses lie outside.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let bits = u128::from(address);
    let within =
        |(network, length): &([u16; 8], u32)| (bits ^ u128::from(Ipv6Addr::from(*network))) >> (128 - length) == 0;
    within(&([0x2000, 0, 0, 0, 0, 0, 0, 0], 3)) && !CLOSED_V6.iter().any(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_27_only_public_addresses_are_called() {
        for closed in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(closed.parse().unwrap()), "{closed}");
        }
        for open in [
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2a00:1450::1",
        ] {
            assert!(is_public(open.parse().unwrap()), "{open}");
        }
    }

    #[test]
    fn only_https_is_registered() {
        assert!(check("https://app.example/done?x=1").is_ok() && check("https://127.0.0.1:8443/done").is_ok());
        for bad in
            ["http://app.example/", "https://u:p@app.example/", "https://app.example/#x", "app.example", "file:///x"]
        {
            assert_eq!(check(bad), Err(Unfit), "{bad}");
        }
    }
}
