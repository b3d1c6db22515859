//! Secrets in processes: their arguments, their environment, their memory.

use super::*;

#[tokio::test]
async fn a_16_a_33_processes_show_no_secret_in_their_arguments_or_environment() {
    let pieces = Pieces::running();
    let seeded = &pieces.users[0];
    let session = pieces.api().login(seeded).await;
    let (credential, hash) = (seeded.credential("P-256"), [Hash::of("processes")]);
    session.authorize(credential, &hash).await;
    let hsm_pin = std::fs::read_to_string(pieces.folder.file("hsm-pin")).unwrap();
    let secrets = [
        Secret(credential.pin.clone(), "a PIN"),
        Secret(seeded.password.clone(), "a password"),
        Secret(session.token.clone(), "a token"),
        Secret(hsm_pin.trim().to_owned(), "the HSM's PIN"),
    ];
    let services = [&pieces.signer, &pieces.gateway].map(|service| service.as_ref().unwrap().pid());
    for pid in services.into_iter().chain(pieces.workers()) {
        for file in ["cmdline", "environ"] {
            holds_none(&format!("{file} of {pid}"), &std::fs::read(format!("/proc/{pid}/{file}")).unwrap(), &secrets);
        }
    }
}

/// How often the secret stands in the writable memory of a process; `None` where nobody may look.
fn times_in_memory(pid: u32, secret: &str) -> Option<usize> {
    use std::os::unix::fs::FileExt as _;
    let (maps, memory) = (
        std::fs::read_to_string(format!("/proc/{pid}/maps")).ok()?,
        std::fs::File::open(format!("/proc/{pid}/mem")).ok()?,
    );
    let mut times = 0;
    for line in maps.lines() {
        let mut words = line.split(' ');
        let (from, to) = words.next()?.split_once('-')?;
        if !words.next()?.starts_with("rw") {
            continue;
        }
        let (from, to) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
        let mut content = vec![0; usize::try_from(to - from).ok()?];
        if memory.read_exact_at(&mut content, from).is_ok() {
            times += content.windows(secret.len()).filter(|window| *window == secret.as_bytes()).count();
        }
    }
    Some(times)
}

#[tokio::test]
#[ignore = "signer/src/http/router.rs:Message leaves the body, PIN and all, in hyper's buffer (A-33, DESIGN 1)"]
async fn a_33_the_signer_forgets_the_pin_after_the_call() {
    let pieces = Pieces::running();
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "forgotten", Wanted::QUICK).await;
    for _ in 0..5 {
        who.can_sign().await;
    }
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let signer = pieces.signer.as_ref().unwrap().pid();
    // The search works: what the signer must hold is there.
    let Some(own) = times_in_memory(signer, &pieces.folder.data().display().to_string()) else {
        return println!("this user may not read the memory of the signer, which is what A-33 asks for too");
    };
    assert!(own > 0);
    for pid in pieces.workers().into_iter().chain([signer]) {
        let times = times_in_memory(pid, &who.credential.pin);
        assert_eq!(times, Some(0), "the PIN is in the memory of {pid}, of which {signer} is the signer");
    }
}
