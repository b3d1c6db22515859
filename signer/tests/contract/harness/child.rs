//! What needs a PKCS#11 library in the process, done in a child: this test binary, started once more for one task.
//!
//! The library's state is the process's own, and it reads its configuration from the environment. The child looks at
//! the token past `rsign_signer::hsm`, with `cryptoki` itself: to forge keys, and to count what is left lying about.

mod churn;
mod forge;

use std::process::Command;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use rsign_signer::hsm::Masters;
use rsign_signer::hsm::pkcs11::TokenSettings;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub(crate) use churn::Counts;
pub(crate) use forge::{Flaw, Forged};

use super::TestToken;

const TASK: &str = "RSIGN_CONTRACT_TASK";

#[derive(Debug, Serialize, Deserialize)]
enum Task {
    /// Makes a key anew, with a flaw.
    Forge(Forged, Flaw),
    /// Does jobs, good ones and such as fail, and counts objects and sessions.
    Churn { masters: Masters, rounds: u32 },
}

/// Replaces a key of the token by one with a flaw.
pub(crate) fn forge(token: &TestToken, key: Forged, flaw: Flaw) {
    run(token, &Task::Forge(key, flaw))
}

/// Objects and sessions before and after so many rounds of jobs.
pub(crate) fn churn(token: &TestToken, masters: &Masters, rounds: u32) -> (Counts, Counts) {
    run(token, &Task::Churn { masters: masters.clone(), rounds })
}

fn run<T: DeserializeOwned>(token: &TestToken, task: &Task) -> T {
    let file = token.path("task.json");
    std::fs::write(&file, serde_json::to_vec(&(token.settings(), task)).unwrap()).unwrap();
    // Not `current_exe`: a name may have been given to a newer build meanwhile.
    let output = Command::new("/proc/self/exe")
        .args(["--exact", "--ignored", "harness::child::child"])
        .env(TASK, &file)
        .envs(&token.settings().environment)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
    serde_json::from_slice(&std::fs::read(token.path("task.answer")).unwrap()).unwrap()
}

#[test]
#[ignore = "only as a child of the other tests"]
fn child() {
    let Some(file) = std::env::var_os(TASK).map(std::path::PathBuf::from) else { return };
    let (settings, task): (TokenSettings, Task) = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let answer = match task {
        Task::Forge(key, flaw) => serde_json::to_vec(&forge::forge(&settings, key, flaw)),
        Task::Churn { masters, rounds } => serde_json::to_vec(&churn::churn(&settings, &masters, rounds)),
    };
    std::fs::write(file.with_extension("answer"), answer.unwrap()).unwrap();
}

fn load(settings: &TokenSettings) -> Pkcs11 {
    Pkcs11::new(&settings.module).unwrap()
}

fn initialize(library: &Pkcs11) {
    library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
}

fn slot(library: &Pkcs11, settings: &TokenSettings) -> Slot {
    let slots = library.get_slots_with_initialized_token().unwrap();
    slots.into_iter().find(|slot| library.get_token_info(*slot).unwrap().label() == settings.label).unwrap()
}

fn log_in(library: &Pkcs11, settings: &TokenSettings) -> Session {
    let session = library.open_rw_session(slot(library, settings)).unwrap();
    let pin = std::fs::read_to_string(&settings.pin_file).unwrap();
    session.login(UserType::User, Some(&AuthPin::from(pin))).unwrap();
    session
}
