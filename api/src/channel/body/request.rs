//! What a client asks.

use super::super::list::{List, MAX_NATIVE};
use super::super::tlv::{Fields, encode, tag};
use super::super::{Failure, Operation, Secret};
use super::{Due, MAX_PIN, Names, optional_secret, within};
use crate::algorithm::Scheme;

/// Most octets of a second factor.
const MAX_FACTOR: usize = 4096;

/// A request.
pub enum Request {
    /// Make the credential's key.
    Enrol(Enrol),
    /// Approve.
    Authorize(Authorize),
    /// Sign.
    Sign(Sign),
    /// Change the PIN.
    ChangePin(ChangePin),
    /// Give it a second factor, or another.
    Factor(Factor),
    /// End the session.
    Close,
}

/// Makes the credential's key.
pub struct Enrol {
    /// The PIN the user chose; without one the signer draws it, and the answer brings it.
    pub new_pin: Option<Secret>,
    /// A second factor, where policy has one.
    pub factor: Option<Secret>,
    /// [`super::super::context::enrol_digest`] of what the user was shown.
    pub digest: [u8; 32],
}

/// Approves signatures: the signer makes a SAD, which goes to the gateway, never into a record.
pub struct Authorize {
    /// The PIN.
    pub pin: Secret,
    /// A second factor, where policy has one.
    pub factor: Option<Secret>,
    /// [`List::digest`] of what the user was shown; none where no list is approved (SCAL 1).
    pub list_digest: Option<[u8; 32]>,
    /// Signatures the user was told of, at least 1.
    pub signatures: u32,
}

/// Signs hashes which only the two ends see (native mode).
pub struct Sign {
    /// The PIN.
    pub pin: Secret,
    /// A second factor, where policy has one.
    pub factor: Option<Secret>,
    /// The hashes, at most 100.
    pub list: List,
    /// How to sign; its hash function is the list's.
    pub scheme: Scheme,
}

/// Gives the credential another PIN.
pub struct ChangePin {
    /// The PIN so far; a wrong one counts as a try.
    pub pin: Secret,
    /// The PIN from now on.
    pub new_pin: Secret,
    /// A second factor, where policy has one.
    pub factor: Option<Secret>,
}

/// Gives the credential a second factor (RFC 6238), or another one, in two requests of one session.
pub enum Factor {
    /// Judges PIN and, where the credential has a factor, a code of that one; the answer brings the new one.
    Begin {
        /// The PIN; a wrong one counts as a try.
        pin: Secret,
        /// A code of the factor so far.
        factor: Option<Secret>,
    },
    /// The new one's first code: from now on it holds.
    Confirm {
        /// Six ASCII digits.
        factor: Secret,
    },
}

impl Request {
    /// The operation it is of.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Enrol(_) => Operation::Enrol,
            Self::Authorize(_) => Operation::Authorize,
            Self::Sign(_) => Operation::Sign,
            Self::ChangePin(_) => Operation::ChangePin,
            Self::Factor(_) => Operation::Factor,
            Self::Close => Operation::Close,
        }
    }

    /// What an answer has to bring.
    pub(in super::super) fn due(&self) -> Due {
        match self {
            Self::Enrol(enrol) => Due { pin: enrol.new_pin.is_none(), ..Due::default() },
            Self::Sign(sign) => Due { signatures: sign.list.entries().len(), ..Due::default() },
            Self::Factor(factor) => Due { factor: matches!(factor, Factor::Begin { .. }), ..Due::default() },
            _ => Due::default(),
        }
    }

    /// The body.
    ///
    /// # Errors
    /// A limit is broken, or a scheme's hash function is not the list's.
    pub fn encode(&self, names: &Names) -> Result<Secret, Failure> {
        if matches!(self, Self::Close) {
            return encode(&[]);
        }
        let version = names.key_version.to_be_bytes();
        let mut fields: Vec<(u8, &[u8])> = vec![
            (tag::CREDENTIAL, names.credential.as_bytes()),
            (tag::KEY_VERSION, &version),
            (tag::TX, names.tx.as_bytes()),
        ];
        let (list, scheme, count);
        let (pin, new_pin, factor) = self.secrets();
        put_secret(&mut fields, tag::PIN, pin, MAX_PIN)?;
        put_secret(&mut fields, tag::NEW_PIN, new_pin, MAX_PIN)?;
        put_secret(&mut fields, tag::FACTOR, factor, MAX_FACTOR)?;
        match self {
            Self::Enrol(enrol) => fields.push((tag::LIST_DIGEST, &enrol.digest)),
            Self::Authorize(authorize) => {
                count = positive(authorize.signatures)?.to_be_bytes();
                fields.extend(authorize.list_digest.iter().map(|digest| (tag::LIST_DIGEST, digest.as_slice())));
                fields.push((tag::COUNT, &count));
            }
            Self::Sign(sign) => {
                (list, scheme) = (sign.checked()?.list.encode(), scheme_octets(sign.scheme));
                fields.extend([(tag::LIST, list.as_slice()), (tag::SCHEME, scheme.as_slice())]);
            }
            Self::ChangePin(_) | Self::Factor(_) | Self::Close => {}
        }
        encode(&fields)
    }

    /// Reads the body of an operation's request. The names in it must be those of the context.
    ///
    /// # Errors
    /// Anything but exactly such a body.
    pub fn decode(operation: Operation, names: &Names, body: &[u8]) -> Result<Self, Failure> {
        let mut fields = Fields::of(body);
        if operation != Operation::Close {
            names.expect(&mut fields)?;
        }
        let request = match operation {
            Operation::Enrol => Self::Enrol(Enrol {
                new_pin: optional_secret(&mut fields, tag::NEW_PIN, MAX_PIN)?,
                factor: factor(&mut fields)?,
                digest: digest(fields.required(tag::LIST_DIGEST)?)?,
            }),
            Operation::Authorize => Self::Authorize(Authorize {
                pin: pin(&mut fields, tag::PIN)?,
                factor: factor(&mut fields)?,
                list_digest: fields.optional(tag::LIST_DIGEST)?.map(digest).transpose()?,
                signatures: positive(fields.number(tag::COUNT)?)?,
            }),
            Operation::Sign => Self::Sign(Sign::read(&mut fields)?),
            Operation::ChangePin => Self::ChangePin(ChangePin {
                pin: pin(&mut fields, tag::PIN)?,
                new_pin: pin(&mut fields, tag::NEW_PIN)?,
                factor: factor(&mut fields)?,
            }),
            Operation::Factor => Self::Factor(Factor::read(&mut fields)?),
            Operation::Close => Self::Close,
        };
        fields.end()?;
        Ok(request)
    }

    /// PIN, new PIN, factor.
    const fn secrets(&self) -> (Option<&Secret>, Option<&Secret>, Option<&Secret>) {
        match self {
            Self::Enrol(Enrol { new_pin, factor, .. }) => (None, new_pin.as_ref(), factor.as_ref()),
            Self::Authorize(Authorize { pin, factor, .. }) | Self::Sign(Sign { pin, factor, .. }) => {
                (Some(pin), None, factor.as_ref())
            }
            Self::ChangePin(ChangePin { pin, new_pin, factor }) => (Some(pin), Some(new_pin), factor.as_ref()),
            Self::Factor(Factor::Begin { pin, factor }) => (Some(pin), None, factor.as_ref()),
            Self::Factor(Factor::Confirm { factor }) => (None, None, Some(factor)),
            Self::Close => (None, None, None),
        }
    }
}

impl Factor {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Failure> {
        match (optional_secret(fields, tag::PIN, MAX_PIN)?, factor(fields)?) {
            (Some(pin), factor) => Ok(Self::Begin { pin, factor }),
            (None, Some(factor)) => Ok(Self::Confirm { factor }),
            (None, None) => Err(Failure),
        }
    }
}

impl Sign {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Failure> {
        let (pin, factor) = (pin(fields, tag::PIN)?, factor(fields)?);
        let list = List::decode(fields.required(tag::LIST)?)?;
        let scheme = read_scheme(fields.required(tag::SCHEME)?, &list)?;
        let sign = Self { pin, factor, list, scheme };
        sign.checked()?;
        Ok(sign)
    }

    fn checked(&self) -> Result<&Self, Failure> {
        let fits = self.list.entries().len() <= MAX_NATIVE && self.scheme.hash() == self.list.algorithm();
        if fits { Ok(self) } else { Err(Failure) }
    }
}

fn put_secret<'a>(
    fields: &mut Vec<(u8, &'a [u8])>,
    tag: u8,
    secret: Option<&'a Secret>,
    most: usize,
) -> Result<(), Failure> {
    if let Some(secret) = secret {
        fields.push((tag, within(secret.reveal(), most)?));
    }
    Ok(())
}

fn pin(fields: &mut Fields<'_>, tag: u8) -> Result<Secret, Failure> {
    within(fields.required(tag)?, MAX_PIN).map(|pin| Secret::new(pin.to_vec()))
}

fn factor(fields: &mut Fields<'_>) -> Result<Option<Secret>, Failure> {
    optional_secret(fields, tag::FACTOR, MAX_FACTOR)
}

fn digest(octets: &[u8]) -> Result<[u8; 32], Failure> {
    octets.try_into().map_err(|_| Failure)
}

const fn positive(count: u32) -> Result<u32, Failure> {
    if count == 0 { Err(Failure) } else { Ok(count) }
}

/// Kind and salt length; the hash function is the list's.
fn scheme_octets(scheme: Scheme) -> [u8; 5] {
    let (kind, salt) = match scheme {
        Scheme::Pkcs1 { .. } => (1, 0),
        Scheme::Pss { salt, .. } => (2, salt),
        Scheme::Ecdsa { .. } => (3, 0),
    };
    let [a, b, c, d] = u32::to_be_bytes(salt);
    [kind, a, b, c, d]
}

fn read_scheme(octets: &[u8], list: &List) -> Result<Scheme, Failure> {
    let hash = list.algorithm();
    match *octets {
        [1, 0, 0, 0, 0] => Ok(Scheme::Pkcs1 { hash }),
        [2, a, b, c, d] => Ok(Scheme::Pss { hash, salt: u32::from_be_bytes([a, b, c, d]) }),
        [3, 0, 0, 0, 0] => Ok(Scheme::Ecdsa { hash }),
        _ => Err(Failure),
    }
}
