//! `rsign sandbox` as DESIGN 8 promises it to people who build CSC apps.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use harness::{Algorithm, Folder, Hash, Sandbox, Service, Watchdog, alive, blank, kill, seeded, send};
use rustix::process::Signal;
use serde_json::json;

use crate::common::{until, without_pids};

/// Processes that have to do with this folder: by their command line, or (HSM workers) by their environment.
fn processes(folder: &Path) -> Vec<u32> {
    let (folder, own) = (folder.display().to_string(), std::process::id());
    let pids =
        std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let names = |pid: &u32| {
        let read = |file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let named = [read("cmdline"), read("environ")].concat();
        *pid != own && alive(*pid) && String::from_utf8_lossy(&named).contains(&folder)
    };
    pids.filter(names).collect()
}

async fn signs(sandbox: &Sandbox) {
    let user = &sandbox.ready.users[1];
    let (session, credential) = (sandbox.api().login(user).await, user.credential("P-256"));
    let (hash, algorithm) = ([Hash::of("sandbox")], Algorithm::usual("P-256"));
    let key = harness::verify::PublicKey::of("P-256", &session.certificate(credential).await);
    let sad = session.authorize(credential, &hash).await;
    assert!(key.verifies(&algorithm, &hash[0], &session.sign(credential, &sad, &algorithm, &hash).await[0]));
}

#[tokio::test]
async fn the_ready_file_names_what_an_app_author_needs() {
    let ready = &harness::shared().ready;
    for profile in ["legacy", "hardened"] {
        for transport in ["clear", "sealed"] {
            let client = ready.client(profile, transport);
            assert_eq!(client.redirect_uris, ["http://127.0.0.1/callback"]);
            let keyed = client.client_key.as_ref().is_some_and(|key| Path::new(key).exists());
            assert_eq!((keyed, client.client_secret.is_some()), (profile == "hardened", profile == "legacy"));
        }
    }
    let [first, second, carol] = &ready.users[..] else { panic!("not three users") };
    for user in [first, second] {
        assert_eq!((user.credentials.len(), &user.totp_secret), (4, &None));
        for key in ["RSA-2048", "RSA-3072", "P-256", "P-384"] {
            let credential = user.credential(key);
            assert_eq!(credential.scal, "2");
            assert!(credential.pin.len() == 8 && credential.pin.bytes().all(|digit| digit.is_ascii_digit()));
        }
    }
    assert_eq!((carol.username.as_str(), carol.credentials.len()), ("carol", 1));
    assert_eq!((carol.credentials[0].key.as_str(), carol.credentials[0].scal.as_str()), ("P-256", "2"));
    assert!(carol.totp_secret.as_ref().is_some_and(|secret| secret.len() == 32));
    let eva = ready.implicit_user.as_ref().unwrap();
    let session = harness::shared().api().login(eva).await;
    let info = session.call("v1/credentials/info", json!({ "credentialID": eva.credentials[0].id })).await.ok();
    assert_eq!((&info["authMode"], eva.credentials.len()), (&json!("implicit"), 1));
    assert!(Path::new(ready.tls_ca.as_ref().unwrap()).exists() && Path::new(&ready.signing_ca).exists());
    for url in [&ready.csc_v1, &ready.csc_v2, &ready.oauth2] {
        assert!(url.starts_with("https://127.0.0.1:") && !url.ends_with('/'), "{url}");
    }
}

#[tokio::test]
async fn a_second_start_takes_no_time_and_knows_everything() {
    let first = Sandbox::own();
    let (users, took) = (first.ready.users.clone(), first.service.took);
    println!("initialised, it served after {took:?}");
    let (oauth2, sign) = (first.ready.oauth2.clone(), first.ready.sign.clone());
    let folder = first.stop(Signal::INT);
    let is_free = |url: &str| std::net::TcpListener::bind(url.split("://").nth(1).unwrap()).is_ok();
    let free = is_free(&oauth2);
    let second = Sandbox::start(folder, &[]);
    // The better of two starts, for whatever else is under way; where making the keys took longer, less than that.
    let (took, made) = (took.min(second.service.took), harness::seeding_took());
    assert!(took < made.max(Duration::from_secs(10)), "{took:?}, where all keys were made in {made:?}");
    assert_eq!(format!("{users:?}"), format!("{:?}", second.ready.users));
    // What was told of it holds, unless another program has taken the port meanwhile.
    assert!(!free || second.ready.oauth2 == oauth2, "{} was {oauth2}", second.ready.oauth2);
    assert!(second.ready.sign == sign || !free, "{:?} was {sign:?}", second.ready.sign);
    signs(&second).await;
    let _ = second.stop(Signal::TERM);
}

#[tokio::test]
async fn the_pids_are_those_of_the_service() {
    let sandbox = Sandbox::own();
    let pids = &sandbox.ready.pids;
    assert!(pids.contains_key("gateway") && pids.contains_key("signer") && pids.len() >= 3, "{pids:?}");
    for (name, pid) in pids {
        let line = String::from_utf8(std::fs::read(format!("/proc/{pid}/cmdline")).unwrap()).unwrap();
        let program = if name == "gateway" { "rsign-gateway" } else { "rsign-signer" };
        assert!(line.contains(program), "{name} is {line}");
    }
    // And it names all there are.
    let named: Vec<u32> = pids.values().copied().collect();
    let others = processes(&sandbox.folder.data()).into_iter().filter(|pid| *pid != sandbox.service.pid());
    assert!(others.clone().all(|pid| named.contains(&pid)), "{named:?} {:?}", others.collect::<Vec<_>>());
    let folder = sandbox.stop(Signal::TERM);
    assert!(processes(&folder.data()).is_empty());
}

#[tokio::test]
async fn it_stops_at_once_while_apps_hold_connections() {
    let sandbox = Sandbox::own();
    signs(&sandbox).await;
    let address = sandbox.ready.oauth2.strip_prefix("https://").unwrap();
    let idle: Vec<_> = (0..20).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
    let _ = sandbox.stop(Signal::INT);
    drop(idle);
}

#[tokio::test]
async fn plain_http_on_loopback() {
    let sandbox = Sandbox::start(seeded(), &["--http"]);
    assert!(sandbox.ready.tls_ca.is_none());
    for url in [&sandbox.ready.csc_v1, &sandbox.ready.csc_v2, &sandbox.ready.oauth2] {
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    }
    signs(&sandbox).await;
    let _ = sandbox.stop(Signal::INT);
}

#[tokio::test]
async fn without_a_ready_file_it_is_in_the_folder() {
    let folder = seeded();
    let mut command = std::process::Command::new(harness::program("rsign"));
    command.arg("sandbox").arg("--data-dir").arg(folder.data());
    let ready = folder.file("ready.json");
    let mut service = Service::start(&mut command, &ready, &folder.beside("log"));
    let told = harness::Ready::read(&ready);
    let (account, openapi) = (format!("{}/account", told.oauth2), format!("{}/openapi", told.oauth2));
    // The file is written first, and then told of.
    for named in [told.csc_v1, told.csc_v2, account, openapi, ready.display().to_string()] {
        until(&format!("{named} is in the log"), || service.said().contains(&named));
    }
    assert!(service.end(Signal::INT).0.success() && !ready.exists());
}

#[test]
fn a_ready_file_that_has_no_folder_is_told_at_once() {
    let folder = blank();
    let mut command = std::process::Command::new(harness::program("rsign"));
    command.arg("sandbox").arg("--data-dir").arg(folder.data());
    let output = command.arg("--ready-file").arg(folder.beside("nowhere/ready.json")).output().unwrap();
    assert!(refused(&output).contains("there is no folder"));
    assert!(!folder.data().exists());
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn plain_http_is_for_loopback_only() {
    let folder = blank();
    let output = Sandbox::command(&folder).args(["--http", "--listen", "0.0.0.0:0"]).output().unwrap();
    assert!(refused(&output).contains("loopback"));
    assert!(!folder.data().exists());
}

#[test]
fn a_folder_of_somebody_elses_is_left_alone() {
    let folder = blank();
    std::fs::create_dir(folder.data()).unwrap();
    std::fs::write(folder.file("thesis.txt"), "years of work").unwrap();
    let output = Sandbox::command(&folder).output().unwrap();
    assert!(refused(&output).contains("neither empty nor a sandbox's"));
    assert_eq!(std::fs::read_dir(folder.data()).unwrap().count(), 1);
    assert_eq!(std::fs::read_to_string(folder.file("thesis.txt")).unwrap(), "years of work");
}

#[tokio::test]
async fn two_sandboxes_do_not_share_a_folder() {
    let first = Sandbox::own();
    let output = Sandbox::command(&first.folder).output().unwrap();
    assert!(refused(&output).contains("another sandbox runs in"));
    signs(&first).await;
    assert!(first.ready_file().exists());
    let _ = first.stop(Signal::INT);
}

#[tokio::test]
async fn when_a_part_dies_all_end_and_it_says_so() {
    let mut sandbox = Sandbox::own();
    kill(sandbox.ready.pids["signer"]);
    let (status, took) = sandbox.service.end(Signal::CONT);
    assert!(!status.success() && took < Duration::from_secs(10));
    assert!(sandbox.service.said().contains("the signer ended by itself"), "{}", sandbox.service.said());
    until("all have ended", || sandbox.ready.pids.values().all(|pid| !alive(*pid)));
    assert!(!sandbox.ready_file().exists());
    // What the dead part left does not stop the next start.
    let again = Sandbox::start(sandbox.folder, &[]);
    signs(&again).await;
    let _ = again.stop(Signal::INT);
}

/// Starts one in a blank folder and ends it before it is ready.
async fn interrupt(folder: &Folder, pause: u64) {
    let mut command = Sandbox::command(folder);
    let log = std::fs::File::create(folder.beside("interrupted.log")).unwrap();
    let mut child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
    Watchdog::watch(child.id());
    tokio::time::sleep(Duration::from_millis(pause)).await;
    send(child.id(), Signal::TERM);
    let asked = Instant::now();
    assert!(!child.wait().unwrap().success(), "it was ready sooner than this test thinks");
    Watchdog::forget(child.id());
    assert!(asked.elapsed() < Duration::from_secs(10));
    assert!(!folder.beside("ready.json").exists());
}

#[tokio::test]
async fn a_first_start_that_was_interrupted_is_made_up_for() {
    let folder = blank();
    for pause in [300, 1200] {
        interrupt(&folder, pause).await;
        until("nothing is left running", || processes(&folder.data()).is_empty());
    }
    let sandbox = Sandbox::start(folder, &[]);
    assert_eq!(sandbox.ready.users.iter().map(|user| user.credentials.len()).sum::<usize>(), 9);
    signs(&sandbox).await;
    let _ = sandbox.stop(Signal::INT);
}

#[tokio::test]
async fn a_first_start_that_is_interrupted_leaves_nobody_behind() {
    for pause in [150, 300, 600, 1200] {
        let folder = blank();
        interrupt(&folder, pause).await;
        let left = processes(&folder.data());
        assert!(left.is_empty(), "interrupted after {pause} ms, it left {left:?} running");
    }
}

#[tokio::test]
async fn without_a_data_dir_nothing_is_left() {
    let folder = blank();
    let mut command = std::process::Command::new(harness::program("rsign"));
    command.env("TMPDIR", folder.beside("")).arg("sandbox").arg("--ready-file").arg(folder.beside("ready.json"));
    let mut service = Service::start(&mut command, &folder.beside("ready.json"), &folder.beside("log"));
    let (status, _) = service.end(Signal::INT);
    assert!(status.success());
    let left: Vec<_> = std::fs::read_dir(folder.beside("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["log"]);
}

/// What carol's key is for: an app author sees the wrong code, the right one, and the same one again.
#[tokio::test]
async fn carols_key_signs_with_pin_and_code() {
    let sandbox = Sandbox::own();
    let carol = &sandbox.ready.users[2];
    let (credential, secret) = (&carol.credentials[0], carol.totp_secret.as_deref().unwrap());
    let session = sandbox.api().login(carol).await;
    let info =
        session.call("v1/credentials/info", json!({ "credentialID": credential.id, "authInfo": true })).await.ok();
    assert_eq!((&info["OTP"]["presence"], &info["OTP"]["provider"]), (&json!("true"), &json!("totp")));
    let hash = [Hash::of("with a code")];
    let ask = |code: Option<&str>| {
        let mut ask = harness::api::authorize(credential, &credential.pin, &hash);
        if let Some(code) = code {
            ask["OTP"] = json!(code);
        }
        ask
    };
    let (old, good) = (harness::totp::code(secret, -9), harness::totp::code(secret, 0));
    for wrong in [None, Some(old.as_str())] {
        let heard = session.call("v1/credentials/authorize", ask(wrong)).await;
        assert_eq!((heard.status, &heard.json["error"]), (400, &json!("invalid_otp")), "{wrong:?}");
        assert_eq!(heard.json["error_description"], "The OTP is invalid");
    }
    let sad = session.call("v1/credentials/authorize", ask(Some(&good))).await.ok()["SAD"].as_str().unwrap().to_owned();
    let algorithm = Algorithm::usual("P-256");
    let key = harness::verify::PublicKey::of("P-256", &session.certificate(credential).await);
    assert!(key.verifies(&algorithm, &hash[0], &session.sign(credential, &sad, &algorithm, &hash).await[0]));
    let again = session.call("v1/credentials/authorize", ask(Some(&good))).await;
    assert_eq!(again.json["error"], "invalid_otp");
    let next = harness::totp::code(secret, 1);
    assert_eq!(session.call("v1/credentials/authorize", ask(Some(&next))).await.status, 200);

    // neither secret nor codes are told anywhere but in the ready file.
    let told = [without_pids(&sandbox.service.said()), sandbox.trail().text].concat();
    let stored = ["gateway.sqlite", "gateway.sqlite-wal", "signer.sqlite", "signer.sqlite-wal"]
        .map(|file| std::fs::read(sandbox.folder.file(file)).unwrap())
        .concat();
    assert!(!told.contains("otpauth") && memchr::memmem::find(&stored, b"otpauth").is_none());
    let raw = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    for form in [secret.as_bytes().to_vec(), raw.clone(), data_encoding::BASE64.encode(&raw).into_bytes()] {
        assert!(
            memchr::memmem::find(&stored, &form).is_none() && memchr::memmem::find(told.as_bytes(), &form).is_none()
        );
    }
    for code in [&good, &next, &old] {
        let quoted = [format!("\"{code}\""), format!("={code}"), format!(" {code} ")];
        for form in quoted {
            assert!(!told.contains(&form) && memchr::memmem::find(&stored, form.as_bytes()).is_none(), "{form}");
        }
    }
    let _ = sandbox.stop(Signal::TERM);
}
