//! Where clouds answer their machines: with credentials, often, and to whoever asks from there. Never called, whatever else
//! may be. Those of IPv4 are link addresses nearly all (169.254.0.0/16), those of IPv6 look like a private network's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks of IPv4, by first address and length.
const V4: [([u8; 4], u32); 3] = [
    // A link's: most clouds.
    ([169, 254, 0, 0], 16),
    // Alibaba's, in the addresses of carriers.
    ([100, 100, 100, 200], 32),
    // Azure's, which looks like anybody's.
    ([168, 63, 129, 16], 32),
];

/// Networks of IPv6.
const V6: [([u16; 8], u32); 6] = [
    // A link's.
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),
    // Amazon's: metadata, roles of containers, names, time.
    ([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32),
    // Google's.
    ([0xfd20, 0xce, 0, 0, 0, 0, 0, 0], 32),
    // Oracle's.
    ([0xfd00, 0xc1, 0, 0, 0, 0, 0, 0], 32),
    // Scaleway's.
    ([0xfd00, 0x42, 0, 0, 0, 0, 0, 0], 32),
    // Addresses of IPv4 in another form.
    ([0, 0, 0, 0, 0, 0xffff, 0, 0], 96),
];

/// Whether a cloud may answer there.
pub(super) fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let bits = u32::from(address);
            V4.iter().any(|(network, length)| (bits ^ u32::from(Ipv4Addr::from(*network))) >> (32 - length) == 0)
        }
        IpAddr::V6(address) => {
            let bits = u128::from(address);
            V6.iter().any(|(network, length)| (bits ^ u128::from(Ipv6Addr::from(*network))) >> (128 - length) == 0)
        }
    }
}
