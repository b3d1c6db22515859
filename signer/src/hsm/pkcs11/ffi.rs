//! C_WrapKey and C_UnwrapKey with any mechanism number: `cryptoki` 0.12 cannot name CKM_AES_KEY_WRAP_KWP (0x210B).
//!
//! The library is already loaded by `cryptoki`; loading it again gives the same instance and its function list.

use std::path::Path;

use cryptoki::context::Function;
use cryptoki::error::{Error, Rv};
use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::Session;
use cryptoki_sys::{CK_ATTRIBUTE, CK_FUNCTION_LIST, CK_MECHANISM};

use super::TokenError;

/// Longest wrapped key: an RSA-4096 PKCS#8 is 2.4 kB.
const MAX_WRAPPED: usize = 4096;

/// The two functions of one loaded library.
pub(super) struct KeyWrap {
    functions: CK_FUNCTION_LIST,
    /// Keeps the library loaded as long as its functions may be called.
    _library: cryptoki_sys::Pkcs11,
}

impl std::fmt::Debug for KeyWrap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyWrap")
    }
}

impl KeyWrap {
    pub(super) fn load(module: &Path) -> Result<Self, TokenError> {
        let mut list = std::ptr::null_mut();
        // SAFETY: the library's initialisers ran when cryptoki loaded it; C_GetFunctionList only writes the pointer,
        // and a conforming library returns one to a table that lives as long as the library.
        let (library, functions) = unsafe {
            let library = cryptoki_sys::Pkcs11::new(module).map_err(Error::LibraryLoading)?;
            Rv::from(library.C_GetFunctionList(&mut list)).into_result(Function::GetFunctionList)?;
            if list.is_null() {
                return Err(TokenError::misconfigured("the module has no function list"));
            }
            (library, *list)
        };
        Ok(Self { functions, _library: library })
    }

    /// `key` under `wrapping_key`.
    pub(super) fn wrap(
        &self,
        session: &Session,
        mechanism: u64,
        wrapping_key: ObjectHandle,
        key: ObjectHandle,
    ) -> Result<Vec<u8>, TokenError> {
        let call = self.functions.C_WrapKey.ok_or(Error::NullFunctionPointer)?;
        let mut mechanism = plain(mechanism);
        let mut wrapped = vec![0; MAX_WRAPPED];
        let mut length = MAX_WRAPPED as u64;
        // SAFETY: all pointers are to live locals; the length says how much room `wrapped` has.
        let code = unsafe {
            call(
                session.handle(),
                &mut mechanism,
                wrapping_key.handle(),
                key.handle(),
                wrapped.as_mut_ptr(),
                &mut length,
            )
        };
        Rv::from(code).into_result(Function::WrapKey)?;
        wrapped.truncate(usize::try_from(length).unwrap_or(MAX_WRAPPED));
        Ok(wrapped)
    }

    /// The key that `wrapped` holds, as a session object of this template.
    pub(super) fn unwrap(
        &self,
        session: &Session,
        mechanism: u64,
        unwrapping_key: ObjectHandle,
        wrapped: &[u8],
        template: &[Attribute],
    ) -> Result<ObjectHandle, Error> {
        let call = self.functions.C_UnwrapKey.ok_or(Error::NullFunctionPointer)?;
        let mut mechanism = plain(mechanism);
        let mut wrapped = wrapped.to_vec();
        let mut template: Vec<CK_ATTRIBUTE> = template.iter().map(CK_ATTRIBUTE::from).collect();
        let mut handle = 0;
        // SAFETY: all pointers are to live locals with the lengths given; the attributes borrow from `template`'s
        // argument, which outlives the call; the handle is only used when the call succeeded.
        unsafe {
            let code = call(
                session.handle(),
                &mut mechanism,
                unwrapping_key.handle(),
                wrapped.as_mut_ptr(),
                wrapped.len() as u64,
                template.as_mut_ptr(),
                template.len() as u64,
                &mut handle,
            );
            Rv::from(code).into_result(Function::UnwrapKey)?;
            Ok(ObjectHandle::new_from_raw(handle))
        }
    }
}

/// A mechanism without parameter.
fn plain(number: u64) -> CK_MECHANISM {
    CK_MECHANISM { mechanism: number, pParameter: std::ptr::null_mut(), ulParameterLen: 0 }
}
