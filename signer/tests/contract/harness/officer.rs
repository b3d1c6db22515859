//! Officers, and openssl that signs for them, as it would on their own machines.

use std::path::Path;

use super::Openssl;
use super::token::{Said, TestToken};

pub(crate) const EC: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
pub(crate) const RSA: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";

/// An officer: name and private key.
pub(crate) struct Officer(pub(crate) &'static str, pub(crate) Openssl);

impl Officer {
    /// Their public key lies in this folder of the signer's.
    pub(crate) fn sworn_in(folder: &Path, name: &'static str, kind: &str) -> Self {
        let openssl = Openssl::new();
        openssl.run(&format!("genpkey {kind} -out key.pem")).unwrap();
        let public = openssl.run("pkey -in key.pem -pubout").unwrap();
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join(format!("{name}.pem")), public).unwrap();
        Self(name, openssl)
    }

    pub(crate) fn sign(&self, statement: &str) -> Vec<u8> {
        self.1.file("statement", statement.as_bytes());
        self.1.run("dgst -sha256 -sign key.pem -out signature statement").unwrap();
        self.1.read("signature")
    }

    /// Has a command of the signer's host say what is to be signed, signs that, and gives it to the command.
    pub(crate) fn says_yes(&self, token: &TestToken, words: &[&str]) -> Said {
        let asked = token.command(&[words, &["--officer", self.0]].concat());
        if !asked.success {
            return asked;
        }
        self.sign(&asked.out);
        self.says_again(token, words)
    }

    /// Gives the command the file that was signed last.
    pub(crate) fn says_again(&self, token: &TestToken, words: &[&str]) -> Said {
        let signature = token.path("signature");
        std::fs::write(&signature, self.1.read("signature")).unwrap();
        let signed = ["--officer", self.0, "--signature", signature.to_str().unwrap()];
        token.command(&[words, &signed].concat())
    }
}

/// Two of them.
pub(crate) struct Officers(pub(crate) [Officer; 2]);

impl Officers {
    pub(crate) fn of(token: &TestToken) -> Self {
        let folder = token.path("officers");
        Self([Officer::sworn_in(&folder, "ada", EC), Officer::sworn_in(&folder, "bob", RSA)])
    }

    /// Both say yes; what the command said to the second.
    pub(crate) fn agree(&self, token: &TestToken, words: &[&str]) -> Said {
        let [ada, bob] = &self.0;
        let said = ada.says_yes(token, words);
        assert!(said.success && said.text.contains("another officer has to agree"), "{}", said.text);
        bob.says_yes(token, words)
    }

    /// The next K_MK.
    pub(crate) fn rotate(&self, token: &TestToken) {
        let said = self.agree(token, &["master", "new"]);
        assert!(said.success && said.text.contains("is made"), "{}", said.text);
    }
}
