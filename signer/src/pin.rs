//! PINs: read as they come, stretched, and turned into the 32 bytes the HSM derives a wrapping key from.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rsign_api::algorithm::KeyType;
use rsign_api::bytes::Bytes;
use rsign_api::signer::{FactorKind, Stretch};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::hsm::{MasterVersion, Opener};

/// A PIN in NFKC. Wiped when dropped; has no `Display`, and `Debug` shows nothing of it.
pub struct Pin(Zeroizing<String>);

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin([redacted])")
    }
}

/// A PIN that policy does not allow to be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PIN has 6 to 64 characters and is no sequence or repetition")]
pub struct Weak;

impl Pin {
    /// Digits of a drawn PIN.
    pub const DRAWN: usize = 8;

    /// Any string is judged: format rules hold only when a PIN is chosen.
    #[must_use]
    pub fn to_judge(text: &SecretString) -> Self {
        Self::normalised(text.expose_secret())
    }

    /// The same from the octets of a channel's record; `None` when they are no UTF-8.
    #[must_use]
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        std::str::from_utf8(octets).ok().map(Self::normalised)
    }

    /// In a buffer that has its full size from the start: one that grows leaves what it held behind, unwiped.
    fn normalised(text: &str) -> Self {
        if text.is_ascii() {
            return Self(Zeroizing::new(text.to_owned()));
        }
        let mut pin = Zeroizing::new(String::with_capacity(text.nfkc().map(char::len_utf8).sum()));
        pin.extend(text.nfkc());
        Self(pin)
    }

    /// A PIN someone chose, see [`Pin::strong`].
    ///
    /// # Errors
    /// [`Weak`].
    pub fn chosen(text: &SecretString) -> Result<Self, Weak> {
        Self::to_judge(text).strong()
    }

    /// Whether it may be chosen: 6 to 64 characters after NFKC, at most 64 bytes, no run, and nothing repeated from
    /// beginning to end.
    ///
    /// # Errors
    /// [`Weak`].
    pub fn strong(self) -> Result<Self, Weak> {
        let mut characters = Zeroizing::new(Vec::with_capacity(self.0.len()));
        characters.extend(self.0.chars().map(u32::from));
        let count = characters.len();
        let long_enough = count >= 6 && self.0.len() <= 64;
        let is_run = |step: i64| {
            characters.windows(2).all(|pair| matches!(pair, [a, b] if i64::from(*b) - i64::from(*a) == step))
        };
        let repeats = |period: usize| characters.iter().zip(characters.iter().skip(period)).all(|(a, b)| a == b);
        let weak = is_run(1) || is_run(-1) || (1..=count / 2).any(repeats);
        if long_enough && !weak { Ok(self) } else { Err(Weak) }
    }

    /// Draws eight digits from octets of the HSM's random source; `None` when they do not suffice (draw again).
    #[must_use]
    pub fn drawn(octets: &[u8]) -> Option<Self> {
        Self(digits(octets, Self::DRAWN)?).strong().ok()
    }

    /// Shows it: to its owner, once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether both are the same, in constant time.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        subtle::ConstantTimeEq::ct_eq(self.0.as_bytes(), other.0.as_bytes()).into()
    }
}

/// So many digits from random octets; `None` when the octets do not suffice.
#[must_use]
pub fn digits(octets: &[u8], count: usize) -> Option<Zeroizing<String>> {
    // 250 is the largest multiple of ten in a byte: what is above would make some digits likelier.
    let found = octets.iter().filter(|octet| **octet < 250).map(|octet| char::from(b'0' + octet % 10));
    let mut digits = Zeroizing::new(String::with_capacity(count));
    digits.extend(found.take(count));
    if digits.len() == count { Some(digits) } else { None }
}

/// How one slot's PIN is stretched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Stretching {
    /// Argon2id, RFC 9106.
    Argon2id {
        /// 16 random bytes.
        salt: Bytes,
        /// KiB of memory.
        memory: u32,
        /// Passes.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// HMAC-SHA-256(key = salt, PIN).
    Hmac {
        /// 16 random bytes.
        salt: Bytes,
    },
}

impl Stretching {
    /// The parameters for a new slot.
    #[must_use]
    pub fn new(kind: Stretch, salt: [u8; 16]) -> Self {
        let salt = Bytes(salt.to_vec());
        match kind {
            Stretch::Argon2id => Self::Argon2id { salt, memory: 19 * 1024, passes: 2, lanes: 1 },
            Stretch::Hmac => Self::Hmac { salt },
        }
    }

    /// Whether it takes memory and milliseconds, so that it must not run on a thread that serves others.
    #[must_use]
    pub const fn is_slow(&self) -> bool {
        matches!(self, Self::Argon2id { .. })
    }

    fn stretch(&self, pin: &Pin, memory: &Memory) -> Option<Zeroizing<[u8; 32]>> {
        match self {
            Self::Argon2id { salt, memory: kib, passes, lanes } => {
                let params = Params::new(*kib, *passes, *lanes, Some(32)).ok()?;
                let mut out = Zeroizing::new([0; 32]);
                let mut blocks = memory.take(params.block_count());
                let hashed = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
                    pin.0.as_bytes(),
                    salt,
                    out.as_mut_slice(),
                    &mut blocks[..],
                );
                memory.give_back(blocks);
                hashed.ok().map(|()| out)
            }
            Self::Hmac { salt } => hmac(salt, &[pin.0.as_bytes()]),
        }
    }
}

/// Argon2id's working memory, kept between uses: 19 MiB that the allocator would otherwise keep for every thread that
/// ever used them. Wiped after each use; as many as run at once are kept.
#[derive(Debug, Default)]
pub struct Memory(std::sync::Mutex<Vec<Vec<Block>>>);

impl Memory {
    fn take(&self, count: usize) -> Vec<Block> {
        let kept = self.0.lock().ok().and_then(|mut kept| kept.pop());
        let mut blocks = kept.unwrap_or_default();
        blocks.resize(count, Block::new());
        blocks
    }

    fn give_back(&self, mut blocks: Vec<Block>) {
        blocks.iter_mut().for_each(zeroize::Zeroize::zeroize);
        if let Ok(mut kept) = self.0.lock() {
            kept.push(blocks);
        }
    }
}

/// What a PIN slot belongs to; nothing else can open it.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// Tenant of the user.
    pub tenant: &'a str,
    /// The user.
    pub user: &'a str,
    /// The credential.
    pub credential: &'a str,
    /// Version of its key.
    pub key_version: u32,
    /// Kind of key.
    pub key: KeyType,
    /// Kind and salt of the second factor, where there is one: a slot made with it opens with no other, and with none
    /// neither.
    pub factor: Option<(FactorKind, &'a [u8])>,
}

impl Binding<'_> {
    /// `D = HMAC-SHA-256(stretch(PIN), info | factor)`, where the factor is 32 zero bytes: a TOTP has no secret that
    /// its owner could bring along (DESIGN 3). Its id stands in `info`. `None` only if the stored parameters are invalid.
    #[must_use]
    pub fn opener(&self, pin: &Pin, stretching: &Stretching, master: MasterVersion, memory: &Memory) -> Option<Opener> {
        let stretched = stretching.stretch(pin, memory)?;
        let mut info = b"rsign/wrap/v1\0".to_vec();
        for part in [self.tenant, self.user, self.credential] {
            put(&mut info, part)?;
        }
        info.extend(self.key_version.to_be_bytes());
        put(&mut info, self.key.name())?;
        put(&mut info, &self.factor_name())?;
        hmac(stretched.as_slice(), &[&info, &[0; 32]]).map(|octets| Opener::new(master, octets))
    }
}

impl Binding<'_> {
    fn factor_name(&self) -> String {
        let Some((kind, salt)) = self.factor else { return String::new() };
        let kind = match kind {
            FactorKind::None => "none",
            FactorKind::Totp => "totp",
            FactorKind::Online => "online",
        };
        format!("{kind}:{}", data_encoding::HEXLOWER.encode(&Sha256::digest(salt)))
    }

    /// What the secret of its second factor is made of, under a key of the token: `"rsign/totp/v1\0" | lp(tenant) |
    /// lp(user) | lp(credential) | u32 key version | salt`. `None` where there is no factor.
    #[must_use]
    pub fn factor_data(&self) -> Option<Vec<u8>> {
        let mut data = b"rsign/totp/v1\0".to_vec();
        self.put_whose(&mut data)?;
        data.extend(self.factor?.1);
        Some(data)
    }

    /// What a sent code is known by, under the same key: `"rsign/otp/v1\0" | lp(tenant) | lp(user) | lp(credential) |
    /// u32 key version | lp(salt) | lp(client) | lp(nonce) | code`. `None` where there is no factor.
    #[must_use]
    pub fn code_data(&self, client: &str, nonce: &[u8], code: &[u8]) -> Option<Vec<u8>> {
        let mut data = b"rsign/otp/v1\0".to_vec();
        self.put_whose(&mut data)?;
        for part in [self.factor?.1, client.as_bytes(), nonce] {
            data.extend(u16::try_from(part.len()).ok()?.to_be_bytes());
            data.extend(part);
        }
        data.extend(code);
        Some(data)
    }

    fn put_whose(&self, data: &mut Vec<u8>) -> Option<()> {
        for part in [self.tenant, self.user, self.credential] {
            put(data, part)?;
        }
        data.extend(self.key_version.to_be_bytes());
        Some(())
    }
}

fn put(info: &mut Vec<u8>, part: &str) -> Option<()> {
    info.extend(u16::try_from(part.len()).ok()?.to_be_bytes());
    info.extend(part.as_bytes());
    Some(())
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Option<Zeroizing<[u8; 32]>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(Zeroizing::new(mac.finalize().into_bytes().into()))
}
