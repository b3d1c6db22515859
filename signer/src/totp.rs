//! Codes of an authenticator app (RFC 6238: SHA-1, six digits, 30 seconds), and how the app learns its secret.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qrcodegen::{QrCode, QrCodeEcc};
use rsign_api::channel::Secret;
use rsign_api::channel::body::Authenticator;
use secrecy::{ExposeSecret as _, SecretString};
use totp_rs::{Builder, Totp};
use zeroize::{Zeroize as _, Zeroizing};

/// Octets of a generator's secret: as many as SHA-1 gives (RFC 4226, 4).
pub const SECRET: usize = 20;
/// Most octets of a label and of an issuer, UTF-8.
const MAX_LABEL: usize = 64;
const MAX_ISSUER: usize = 32;
/// What needs no escaping in a URI (RFC 3986, 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A generator's secret. Wiped when dropped; kept nowhere.
pub struct Generator(Zeroizing<[u8; SECRET]>);

impl std::fmt::Debug for Generator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Generator([redacted])")
    }
}

impl Generator {
    /// From the first octets of what the HSM made; `None` when they do not suffice.
    #[must_use]
    pub fn from_octets(mut octets: Vec<u8>) -> Option<Self> {
        let mut secret = Zeroizing::new([0; SECRET]);
        let enough = octets.get(..SECRET).map(|first| secret.copy_from_slice(first));
        octets.zeroize();
        enough.map(|()| Self(secret))
    }

    /// Number of the 30 seconds that this is the code of, if it is one of the current ones or of those before or after
    /// (RFC 6238, 5.2); compared in constant time. `now` is Unix milliseconds.
    #[must_use]
    pub fn step_of(&self, code: &[u8], now: i64) -> Option<u64> {
        let code = std::str::from_utf8(code).ok().filter(|code| code.len() == 6)?;
        if !code.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        self.codes()?.check(code, u64::try_from(now / 1000).ok()?)
    }

    fn codes(&self) -> Option<Totp> {
        Builder::new().with_secret(*self.0).with_digits(6).with_step_duration(30).with_skew(1).build().ok()
    }

    /// The secret as people type it: Base32 without padding.
    #[must_use]
    pub fn base32(&self) -> SecretString {
        SecretString::from(data_encoding::BASE32_NOPAD.encode(self.0.as_slice()))
    }

    /// `otpauth://totp/…`, which apps read from a QR code. Labels are cut, and cleaned of what apps stumble over.
    #[must_use]
    pub fn uri(&self, issuer: &str, label: &str) -> SecretString {
        let (issuer, label) = (named(issuer, MAX_ISSUER), named(label, MAX_LABEL));
        let secret = self.base32();
        let parts = ["otpauth://totp/", &issuer, ":", &label, "?secret=", secret.expose_secret(), "&issuer=", &issuer];
        // Exactly as long as it gets: a string that grows or shrinks leaves itself behind.
        let mut uri = String::with_capacity(parts.iter().map(|part| part.len()).sum());
        parts.iter().for_each(|part| uri.push_str(part));
        SecretString::from(uri)
    }

    /// For the device that has to show it. `None` only if the QR code would be larger than any.
    #[must_use]
    pub fn authenticator(&self, issuer: &str, label: &str) -> Option<Authenticator> {
        let uri = self.uri(issuer, label);
        let code = qr(uri.expose_secret())?;
        Authenticator::new(Secret::new(uri.expose_secret().as_bytes().to_vec()), code).ok()
    }
}

fn named(text: &str, most: usize) -> String {
    let mut clean = String::new();
    for c in text.trim().chars().filter(|c| !c.is_control() && *c != ':') {
        if clean.len() + c.len_utf8() > most {
            break;
        }
        clean.push(c);
    }
    utf8_percent_encode(&clean, ESCAPED).to_string()
}

/// Side, then modules by rows, packed most significant bit first.
fn qr(text: &str) -> Option<Secret> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let side = u8::try_from(code.size()).ok()?;
    let bits = usize::from(side) * usize::from(side);
    let mut octets = vec![0; 1 + bits.div_ceil(8)];
    let (head, modules) = octets.split_first_mut()?;
    *head = side;
    for place in 0..bits {
        let (x, y) = (place % usize::from(side), place / usize::from(side));
        let dark = code.get_module(i32::try_from(x).ok()?, i32::try_from(y).ok()?);
        if let (true, Some(octet)) = (dark, modules.get_mut(place / 8)) {
            *octet |= 0x80 >> (place % 8);
        }
    }
    Some(Secret::new(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generator() -> Generator {
        Generator::from_octets(b"12345678901234567890".to_vec()).unwrap()
    }

    /// RFC 6238, appendix B, SHA-1; six of its eight digits.
    #[test]
    fn the_rfcs_codes() {
        let vectors = [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ];
        for (seconds, code) in vectors {
            let step = generator().step_of(&code.as_bytes()[2..], seconds * 1000);
            assert_eq!(step, u64::try_from(seconds / 30).ok(), "{seconds}");
        }
    }

    /// RFC 4226, appendix D: the codes of steps 0 to 4.
    #[test]
    fn one_step_before_and_one_after() {
        let code = |step: usize| [b"755224", b"287082", b"359152", b"969429", b"338314"][step];
        let found = |step| generator().step_of(code(step), 2 * 30_000 + 12_345);
        assert_eq!([0, 1, 2, 3, 4].map(found), [None, Some(1), Some(2), Some(3), None]);
    }

    #[test]
    fn only_six_digits_are_a_code() {
        for code in ["", "28708", "2870820", "287 082", "287-082", " 287082", "28708a", "２８７０８２"] {
            assert_eq!(generator().step_of(code.as_bytes(), 59_000), None, "{code}");
        }
        assert_eq!(generator().step_of(b"\xff87082", 59_000), None);
        assert!(Generator::from_octets(vec![1; 19]).is_none());
    }

    #[test]
    fn the_uri_is_what_apps_read() {
        let uri = generator().uri("rs:ign", " zoë:\n@example ");
        assert_eq!(
            uri.expose_secret(),
            "otpauth://totp/rsign:zo%C3%AB%40example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=rsign"
        );
        assert_eq!(format!("{:?}", generator()), "Generator([redacted])");
    }

    #[test]
    fn the_longest_uri_still_has_a_code() {
        let label = "\u{1f600}".repeat(500);
        let authenticator = generator().authenticator(&label, &label).unwrap();
        assert!(authenticator.uri().len() <= 3 * (2 * MAX_ISSUER + MAX_LABEL) + 70);
        // Its three finders: dark corners within light ones.
        let side = usize::from(authenticator.code()[0]);
        let dark = |x: usize, y: usize| {
            let place = y * side + x;
            authenticator.code()[1 + place / 8] & (0x80 >> (place % 8)) != 0
        };
        for (x, y) in [(0, 0), (side - 7, 0), (0, side - 7)] {
            assert!(dark(x, y) && dark(x + 6, y + 6) && dark(x + 3, y + 3) && !dark(x + 1, y + 1));
        }
    }
}
