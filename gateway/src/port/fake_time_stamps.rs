//! A time-stamping authority that stamps whatever it is asked, unsigned.

use async_trait::async_trait;
use der::asn1::{Any, GeneralizedTime, ObjectIdentifier, OctetString};
use der::{Decode as _, Encode as _, Tag};
use rsign_api::timestamp::{Query, SIGNED_DATA, TST_INFO};

use super::time_stamps::{TimeStamps, Unavailable};

/// The authority.
#[derive(Debug)]
pub(crate) struct FakeStamps;

/// `SEQUENCE`, or what the tag says, of these parts.
fn constructed(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let body = parts.concat();
    let length = match body.len() {
        length @ 0..=127 => vec![length as u8],
        length @ 128..=255 => vec![0x81, length as u8],
        length => vec![0x82, (length >> 8) as u8, length as u8],
    };
    [vec![tag], length, body].concat()
}

#[async_trait]
impl TimeStamps for FakeStamps {
    async fn ask(&self, query: Vec<u8>) -> Result<Vec<u8>, Unavailable> {
        let query = Query::from_der(&query).unwrap();
        let time = GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(1_800_000_000)).unwrap();
        let info = constructed(
            0x30,
            &[
                1_u8.to_der().unwrap(),
                ObjectIdentifier::new_unwrap("1.2.3").to_der().unwrap(),
                query.message_imprint.to_der().unwrap(),
                7_u8.to_der().unwrap(),
                time.to_der().unwrap(),
                query.nonce.to_der().unwrap(),
            ],
        );
        let content = constructed(0xa0, &[OctetString::new(info).unwrap().to_der().unwrap()]);
        let content = constructed(0x30, &[TST_INFO.to_der().unwrap(), content]);
        let algorithms = Any::new(Tag::Set, []).unwrap().to_der().unwrap();
        let signed = constructed(0x30, &[3_u8.to_der().unwrap(), algorithms, content]);
        let token = constructed(0x30, &[SIGNED_DATA.to_der().unwrap(), constructed(0xa0, &[signed])]);
        Ok(constructed(0x30, &[constructed(0x30, &[0_u8.to_der().unwrap()]), token]))
    }
}
