//! Finds the token by its label, logs in, finds its keys, reads their templates back, opens the canary.

use std::collections::BTreeMap;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use super::{Master, Token, TokenError, TokenKeys, TokenSettings, ffi, template};
use crate::hsm::{MasterVersion, Masters, TokenKey};

/// Labels of the token's objects.
pub(super) mod label {
    use crate::hsm::{MasterVersion, TokenKey};

    pub(in super::super) const MAC: &str = "rsign/header-mac/v1";
    pub(in super::super) const FACTOR: &str = "rsign/factor/v1";

    pub(in super::super) fn master(version: MasterVersion) -> String {
        format!("rsign/master/v{}", version.number())
    }

    pub(in super::super) const fn of(key: TokenKey) -> &'static str {
        match key {
            TokenKey::Identity => "rsign/identity/v1",
            TokenKey::Audit => "rsign/audit/v1",
            TokenKey::Authority => "rsign/authority/v1",
        }
    }
}

impl Token {
    /// Opens and checks the token.
    ///
    /// # Errors
    /// When the module, token or a key is missing, the login fails, a template is not the ceremony's, or the canary
    /// of a K_MK does not open: then this is another token, or its derivation has changed.
    pub fn open(settings: &TokenSettings, masters: &Masters) -> Result<Self, TokenError> {
        Self::open_earlier(settings, masters)?.with_factor()
    }

    /// The same for who found everything there before. An earlier K_MK that is gone from the token was destroyed since:
    /// nothing is left under it, and what asked for it would be told.
    ///
    /// # Errors
    /// See [`Token::open`].
    pub fn open_again(settings: &TokenSettings, masters: &Masters) -> Result<Self, TokenError> {
        Self::opened(settings, masters, Gone::Earlier)?.with_factor()
    }

    fn with_factor(self) -> Result<Self, TokenError> {
        match self.keys.factor {
            Some(_) => Ok(self),
            None => Err(TokenError::misconfigured(format!(
                "0 keys on the token are labelled {}, not 1: `rsign-signer init` makes it",
                label::FACTOR
            ))),
        }
    }

    /// The same for the token of a ceremony that may have been before there were second factors.
    pub(super) fn open_earlier(settings: &TokenSettings, masters: &Masters) -> Result<Self, TokenError> {
        Self::opened(settings, masters, Gone::None)
    }

    fn opened(settings: &TokenSettings, masters: &Masters, gone: Gone) -> Result<Self, TokenError> {
        let (library, slot) = find(settings)?;
        let login = log_in(&library, slot, settings)?;
        let keys = find_keys(&login)?;
        let token = Self {
            raw: ffi::KeyWrap::load(&settings.module)?,
            library,
            slot,
            keys,
            masters: find_masters(&login, settings, masters, gone)?,
            current: masters.current,
            derive: settings.derive,
            wrap: settings.wrap,
            _login: std::sync::Mutex::new(login),
        };
        // Not lost but wrong: opened again it would be the same.
        token.check_canaries().map_err(|error| {
            TokenError::misconfigured(format!(
                "{error}: [hsm] token is not the token of this store's ceremony, or [hsm] derive = {} is not as it was",
                settings.derive.name()
            ))
        })?;
        token.rehearse()?;
        Ok(token)
    }
}

/// A module, loaded and initialised. Finalised when dropped: a module may stay in the process (Kryoptic does), and
/// none is initialised twice. What belongs to its sessions must be dropped before.
#[derive(Debug)]
pub(super) struct Library(Pkcs11);

impl std::ops::Deref for Library {
    type Target = Pkcs11;

    fn deref(&self) -> &Pkcs11 {
        &self.0
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        let _ = self.0.clone().finalize();
    }
}

/// Loads the module.
pub(super) fn load(settings: &TokenSettings) -> Result<Library, TokenError> {
    let module = settings.module.display();
    let library = Pkcs11::new(&settings.module)
        .map_err(|error| TokenError::misconfigured(format!("[hsm] module {module}: {error}")))?;
    // What is wrong with a library's own configuration it says with one code for everything.
    library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).map_err(|error| {
        // Names alone: a value may be a secret.
        let names: Vec<&str> = settings.environment.keys().map(String::as_str).collect();
        let names = names.join(", ");
        TokenError::from(error)
            .at(format!("[hsm] module {module} does not initialise; look at what [hsm.environment] ({names}) names"))
    })?;
    Ok(Library(library))
}

fn find(settings: &TokenSettings) -> Result<(Library, Slot), TokenError> {
    let library = load(settings)?;
    let mut found = Vec::new();
    for slot in library.get_slots_with_initialized_token()? {
        if library.get_token_info(slot)?.label() == settings.label {
            found.push(slot);
        }
    }
    match found[..] {
        [slot] => Ok((library, slot)),
        [] => Err(TokenError::Lost(format!("no token is labelled {} ([hsm] token)", settings.label))),
        _ => Err(TokenError::misconfigured(format!(
            "{} tokens are labelled {} ([hsm] token)",
            found.len(),
            settings.label
        ))),
    }
}

pub(super) fn log_in(library: &Pkcs11, slot: Slot, settings: &TokenSettings) -> Result<Session, TokenError> {
    let session = library.open_rw_session(slot)?;
    session.login(UserType::User, Some(&read_pin(settings)?))?;
    Ok(session)
}

pub(super) fn read_pin(settings: &TokenSettings) -> Result<AuthPin, TokenError> {
    let text = std::fs::read_to_string(&settings.pin_file).map_err(|error| {
        TokenError::misconfigured(format!("[hsm] pin_file {}: {error}", settings.pin_file.display()))
    })?;
    let text = zeroize::Zeroizing::new(text);
    Ok(AuthPin::from(text.trim_end().to_owned()))
}

/// Which K_MK may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gone {
    None,
    Earlier,
}

fn find_masters(
    session: &Session,
    settings: &TokenSettings,
    masters: &Masters,
    gone: Gone,
) -> Result<BTreeMap<MasterVersion, Master>, TokenError> {
    let mut found = BTreeMap::new();
    for (version, canary) in &masters.canaries {
        let label = label::master(*version);
        let may_be_gone = gone == Gone::Earlier && *version != masters.current;
        if may_be_gone && candidates(session, &label)?.is_empty() {
            continue;
        }
        let key = find_key(session, &label, &template::master_key(settings.derive))?;
        found.insert(*version, Master { key, canary: canary.clone() });
    }
    Ok(found)
}

fn find_keys(session: &Session) -> Result<TokenKeys, TokenError> {
    use TokenKey::{Audit, Authority, Identity};
    let signing = template::token_signing_key();
    Ok(TokenKeys {
        mac: find_key(session, label::MAC, &template::mac_key())?,
        factor: match candidates(session, label::FACTOR)?[..] {
            [] => None,
            _ => Some(find_key(session, label::FACTOR, &template::mac_key())?),
        },
        identity: find_key(session, label::of(Identity), &signing)?,
        audit: find_key(session, label::of(Audit), &signing)?,
        authority: find_key(session, label::of(Authority), &signing)?,
    })
}

/// The one key of this label, its template as the ceremony set it; made here, and never out.
pub(super) fn find_key(session: &Session, label: &str, template: &[Attribute]) -> Result<ObjectHandle, TokenError> {
    let found = candidates(session, label)?;
    let [key] = found[..] else {
        return Err(TokenError::misconfigured(format!(
            "{} keys on the token are labelled {label}, not 1",
            found.len()
        )));
    };
    read_back(session, key, label, template)?;
    let history = [Attribute::Local(true), Attribute::AlwaysSensitive(true), Attribute::NeverExtractable(true)];
    read_back(session, key, label, &history)?;
    Ok(key)
}

/// Secret and private keys of this label.
pub(super) fn candidates(session: &Session, label: &str) -> Result<Vec<ObjectHandle>, TokenError> {
    let mut found = Vec::new();
    for class in [ObjectClass::SECRET_KEY, ObjectClass::PRIVATE_KEY] {
        let wanted = [Attribute::Class(class), Attribute::Token(true), Attribute::Label(label.as_bytes().to_vec())];
        found.extend(session.find_objects(&wanted)?);
    }
    Ok(found)
}

/// Compares the attributes with the template.
pub(super) fn read_back(
    session: &Session,
    key: ObjectHandle,
    label: &str,
    template: &[Attribute],
) -> Result<(), TokenError> {
    for wanted in template {
        let kind: AttributeType = wanted.attribute_type();
        let read = session.get_attributes(key, &[kind]).unwrap_or_default();
        match read.first() {
            Some(read) if read == wanted => {}
            None if is_optional(kind) && !keeps(session, kind)? => {}
            read => {
                return Err(TokenError::misconfigured(format!("{label}: {kind} is {read:?}, not {wanted:?}")));
            }
        }
    }
    Ok(())
}

const fn is_optional(kind: AttributeType) -> bool {
    matches!(kind, AttributeType::Copyable | AttributeType::AllowedMechanisms)
}

/// Whether the token keeps such an attribute of any key of ours. One that does not cannot hold more than the rest of
/// the template says.
fn keeps(session: &Session, kind: AttributeType) -> Result<bool, TokenError> {
    let mut keys = candidates(session, &label::master(MasterVersion::FIRST))?;
    keys.extend(candidates(session, label::MAC)?);
    keys.extend(candidates(session, label::FACTOR)?);
    for key in [TokenKey::Identity, TokenKey::Audit, TokenKey::Authority] {
        keys.extend(candidates(session, label::of(key))?);
    }
    Ok(keys.into_iter().any(|key| session.get_attributes(key, &[kind]).is_ok_and(|read| !read.is_empty())))
}
