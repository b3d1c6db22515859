//! Header parameters that a client may ask for: `signed_props` of CSC 11.11 for JSON (TS 119 182-1, 5.2), each value Base64
//! of JSON. They are read and written anew, so that nothing stands in a signature but what is understood here.

use data_encoding::BASE64;
use rsign_api::objection::{Reason, Unsayable};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::property::{offer, set};
use crate::syntax::{is_media_type, is_uri};

/// Parameters a client may give the value of, by the names of the standard.
pub const NAMES: [&str; 4] = ["srCms", "sigPl", "srAts", "cty"];

/// Longest value, in bytes of JSON.
const LONGEST: usize = 8 << 10;
/// Most members of an array.
const MOST: usize = 32;

/// What else a signature says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    #[serde(skip_serializing_if = "Option::is_none")]
    sr_cms: Option<Vec<Commitment>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sig_pl: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sr_ats: Option<Attributes>,
    /// Where it stands hangs on where the document does.
    #[serde(skip)]
    pub(super) media_type: Option<String>,
}

/// `srCms` (5.2.3): to what the signer commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Commitment {
    comm_id: Object,
}

/// `oId` (5.4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    desc: Option<String>,
}

/// `sigPl` (5.2.4): where the signer claims to have signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Place {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address_country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address_locality: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address_region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    post_office_box_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    postal_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    street_address: Option<String>,
}

/// `srAts` (5.2.5): what the signer claims to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attributes {
    claimed: Vec<Claims>,
}

/// `qArrays`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Claims {
    media_type: String,
    encoding: String,
    q_vals: Vec<String>,
}

impl Said {
    /// The names of the parameters that stand in the header by themselves: all of them have to be understood (5.1.9).
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        let names =
            [("srCms", self.sr_cms.is_some()), ("sigPl", self.sig_pl.is_some()), ("srAts", self.sr_ats.is_some())];
        names.into_iter().filter_map(|(name, there)| there.then_some(name))
    }

    /// Takes one of them in, unless it comes twice or has another value than it may have.
    fn take(&mut self, name: &str, value: &str) -> Result<(), Reason> {
        match name {
            "srCms" => {
                let good = |said: &Vec<Commitment>| few(said) && said.iter().all(|one| is_uri(&one.comm_id.id));
                set(&mut self.sr_cms, json(value).filter(good))
            }
            "sigPl" => {
                // As JSON it has a member.
                let good = |place: &Place| {
                    let json = serde_json::to_value(place).ok();
                    json.and_then(|json| json.as_object().map(|members| !members.is_empty())).unwrap_or(false)
                };
                set(&mut self.sig_pl, json(value).filter(good))
            }
            "srAts" => {
                let good = |said: &Attributes| {
                    few(&said.claimed)
                        && said.claimed.iter().all(|one| is_media_type(&one.media_type) && few(&one.q_vals))
                };
                set(&mut self.sr_ats, json(value).filter(good))
            }
            _ => set(&mut self.media_type, json(value).filter(|said: &String| is_media_type(said))),
        }
    }
}

/// What these names and values say.
///
/// # Errors
/// Those that are unknown, come twice, lack their value or have one that is not understood.
pub fn read<'a>(properties: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Result<Said, Vec<Unsayable>> {
    let mut said = Said::default();
    let invalid = offer(properties, |name, value| said.take(name, value), |name| NAMES.contains(&name));
    if invalid.is_empty() { Ok(said) } else { Err(invalid) }
}

fn json<T: DeserializeOwned>(value: &str) -> Option<T> {
    let json = BASE64.decode(value.as_bytes()).ok().filter(|json| json.len() <= LONGEST)?;
    serde_json::from_slice(&json).ok()
}

fn few<T>(all: &[T]) -> bool {
    !all.is_empty() && all.len() <= MOST
}
