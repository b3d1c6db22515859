//! What the signer answers.

use super::super::list::MAX_NATIVE;
use super::super::octets::{Octets, put_prefixed};
use super::super::tlv::{Fields, encode, tag};
use super::super::{Failure, Operation, Secret};
use super::{Authenticator, Due, MAX_PIN, Names, Reason, optional_secret, within};

const DONE: u16 = 0;
/// Most octets of a signature.
const MAX_SIGNATURE: usize = 1024;

/// An answer. A grant (SAD, code) is never in it: it stands beside the record, for the gateway (DESIGN 4).
pub enum Answer {
    /// Authorize, change PIN, confirm a factor: done.
    Done,
    /// Enrol: the key is made. Until its owner closes the session, which acknowledges the PIN, it is not active.
    Enrolled {
        /// The PIN, where the request had none.
        pin: Option<Secret>,
        /// The second factor, where the credential has one: to be confirmed before the session is closed.
        factor: Option<Authenticator>,
    },
    /// Factor: begun. It holds when it is confirmed, in the same session.
    Begun(Authenticator),
    /// Sign: done. In the order of the list: RSA as long as the modulus, ECDSA as DER `ECDSA-Sig-Value`.
    Signatures(Vec<Vec<u8>>),
    /// Not done. The session goes on, after a close that was refused as well.
    Refused(Reason),
    /// The session is over.
    Closed,
}

impl Answer {
    /// The body of the answer to an operation.
    ///
    /// # Errors
    /// It is no answer to this operation, or a limit is broken.
    pub fn encode(&self, operation: Operation, names: &Names) -> Result<Secret, Failure> {
        let (mut pin, mut reason, mut signatures, mut factor) = (None, None, None, None);
        match (self, operation) {
            (Self::Closed, Operation::Close) => return encode(&[]),
            (Self::Done, Operation::Authorize | Operation::ChangePin | Operation::Factor) => {}
            (Self::Enrolled { pin: drawn, factor: new }, Operation::Enrol) => {
                (pin, factor) = (drawn.as_ref(), new.as_ref());
            }
            (Self::Begun(new), Operation::Factor) => factor = Some(new),
            (Self::Signatures(made), Operation::Sign) => signatures = Some(signature_octets(made)?),
            (Self::Refused(why), _) => reason = Some(*why),
            _ => return Err(Failure),
        }
        let version = names.key_version.to_be_bytes();
        let code = reason.map_or(DONE, Reason::code).to_be_bytes();
        let retry_after = reason.and_then(Reason::retry_after).map(u32::to_be_bytes);
        let tries_left = reason.and_then(Reason::tries_left).map(u32::to_be_bytes);
        let mut fields: Vec<(u8, &[u8])> = vec![
            (tag::CREDENTIAL, names.credential.as_bytes()),
            (tag::KEY_VERSION, &version),
            (tag::TX, names.tx.as_bytes()),
        ];
        if let Some(pin) = pin {
            fields.push((tag::PIN, within(pin.reveal(), MAX_PIN)?));
        }
        fields.push((tag::RESULT, &code));
        fields.extend(retry_after.iter().map(|seconds| (tag::RETRY_AFTER, seconds.as_slice())));
        fields.extend(signatures.iter().map(|octets| (tag::SIGNATURES, octets.as_slice())));
        fields.extend(tries_left.iter().map(|tries| (tag::TRIES_LEFT, tries.as_slice())));
        fields.extend(factor.iter().flat_map(|new| [(tag::OTPAUTH, new.uri()), (tag::QR, new.code())]));
        encode(&fields)
    }

    /// Reads the body of the answer to an operation. The names in it must be those of the context.
    ///
    /// # Errors
    /// Anything but exactly such a body.
    pub fn decode(operation: Operation, names: &Names, body: &[u8]) -> Result<Self, Failure> {
        if operation == Operation::Close && body.is_empty() {
            return Ok(Self::Closed);
        }
        let mut fields = Fields::of(body);
        names.expect(&mut fields)?;
        let pin = optional_secret(&mut fields, tag::PIN, MAX_PIN)?;
        let code = fields.required(tag::RESULT)?.try_into().map(u16::from_be_bytes).map_err(|_| Failure)?;
        let retry_after = fields.optional_number(tag::RETRY_AFTER)?;
        let signatures = fields.optional(tag::SIGNATURES)?;
        let tries_left = fields.optional_number(tag::TRIES_LEFT)?;
        let factor = authenticator(&mut fields)?;
        fields.end()?;
        if code != DONE {
            let reason = Reason::read(code, retry_after, tries_left)?;
            let bare = pin.is_none() && signatures.is_none() && factor.is_none();
            return if bare { Ok(Self::Refused(reason)) } else { Err(Failure) };
        }
        if retry_after.is_some() || tries_left.is_some() {
            return Err(Failure);
        }
        match (operation, pin, signatures, factor) {
            (Operation::Enrol, pin, None, factor) => Ok(Self::Enrolled { pin, factor }),
            (Operation::Factor, None, None, Some(factor)) => Ok(Self::Begun(factor)),
            (Operation::Authorize | Operation::ChangePin | Operation::Factor, None, None, None) => Ok(Self::Done),
            (Operation::Sign, None, Some(signatures), None) => read_signatures(signatures),
            _ => Err(Failure),
        }
    }

    /// Whether it brings what its request is due.
    pub(in super::super) fn brings(&self, due: Due) -> bool {
        match self {
            Self::Enrolled { pin, .. } => pin.is_some() == due.pin,
            Self::Begun(_) => due.factor,
            Self::Done => !due.factor,
            Self::Signatures(signatures) => signatures.len() == due.signatures,
            _ => true,
        }
    }
}

/// Both tags or none.
fn authenticator(fields: &mut Fields<'_>) -> Result<Option<Authenticator>, Failure> {
    let secret = |octets: &[u8]| Secret::new(octets.to_vec());
    match fields.optional(tag::OTPAUTH)? {
        None => Ok(None),
        Some(uri) => Authenticator::new(secret(uri), secret(fields.required(tag::QR)?)).map(Some),
    }
}

/// u16 count, then each signature as lp.
fn signature_octets(signatures: &[Vec<u8>]) -> Result<Vec<u8>, Failure> {
    if !(1..=MAX_NATIVE).contains(&signatures.len()) {
        return Err(Failure);
    }
    let count = u16::try_from(signatures.len()).map_err(|_| Failure)?;
    let mut octets = count.to_be_bytes().to_vec();
    for signature in signatures {
        put_prefixed(&mut octets, within(signature, MAX_SIGNATURE)?)?;
    }
    Ok(octets)
}

fn read_signatures(octets: &[u8]) -> Result<Answer, Failure> {
    let mut octets = Octets(octets);
    let count = usize::from(octets.u16()?);
    if !(1..=MAX_NATIVE).contains(&count) {
        return Err(Failure);
    }
    let mut next = || within(octets.prefixed()?, MAX_SIGNATURE).map(<[u8]>::to_vec);
    let signatures = (0..count).map(|_| next()).collect::<Result<_, _>>()?;
    octets.end()?;
    Ok(Answer::Signatures(signatures))
}
