//! Nothing here: this crate only names the Kryoptic release the tests load as `libkryoptic_pkcs11.so`.
