//! How a serving signer and its workers end, and how they do not: as systemd, a terminal and an operator would have it.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use rsign_api::signer::{CreatedCredential, path};

use crate::harness::{Kind, SIGNER, Served, TestToken, key_of_ann, until};

async fn serve() -> Served {
    Served::start(TestToken::ready(Kind::SoftHsm2).unwrap()).await
}

/// A key is made: by a worker.
async fn is_served(served: &Served) -> bool {
    served.post::<CreatedCredential>(path::CREATE, &key_of_ann()).await.is_ok()
}

fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args([format!("-{name}"), pid.to_string()]).output().unwrap();
    assert!(sent.status.success(), "{name} to {pid}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_ends_nothing_even_when_nobody_reads_the_log() {
    let mut served = serve().await;
    served.signal("HUP");
    until("it is said", || served.log().contains("SIGHUP: there is no reloading")).await;
    assert!(is_served(&served).await);
    served.stop();

    // A terminal that is gone takes standard output and error along.
    let mut command = served.command();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    served.is_ready().await;
    drop((child.stdout.take(), child.stderr.take()));
    signal("HUP", child.id());
    assert!(is_served(&served).await);
    signal("TERM", child.id());
    assert!(child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tells_all_processes_to_end_loses_no_call() {
    let served = Arc::new(serve().await);
    let workers = served.token.workers().pids();
    for name in ["TERM", "INT", "HUP"] {
        served.token.workers().signal_all(name);
    }
    let calls = (0..24).map(|_| {
        let served = Arc::clone(&served);
        tokio::spawn(async move { is_served(&served).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert!(call.await.unwrap());
    }
    assert_eq!(served.token.workers().pids(), workers, "the same workers");
    assert!(!served.log().contains("HSM worker lost"), "{}", served.log());
    let mut served = Arc::into_inner(served).unwrap();
    served.stop();
    assert!(served.token.workers().pids().is_empty(), "they end with their signer");
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_do_not_outlive_a_signer_that_is_killed() {
    let mut served = serve().await;
    assert!(!served.token.workers().pids().is_empty());
    served.kill();
    until("no worker is left", || served.token.workers().pids().is_empty()).await;
    // What it left behind keeps nobody from starting.
    assert!(served.token.path("admin.sock").exists());
    served.again().await;
    assert!(is_served(&served).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_helper_stays_until_its_socket_closes() {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut command = Command::new(SIGNER);
    command.args(["document-helper", "--memory", "1073741824", "--warm"]).process_group(0);
    let mut child = command.stdin(std::os::fd::OwnedFd::from(theirs)).spawn().unwrap();
    // The command holds its end of the socket, too.
    drop(command);
    let status = format!("/proc/{}/status", child.id());
    let confined = || std::fs::read_to_string(&status).unwrap().contains("\nSeccomp:\t2");
    until("it is confined", confined).await;
    for name in ["TERM", "INT", "HUP"] {
        signal(name, child.id());
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(child.try_wait().unwrap().is_none());
    drop(ours);
    until("it ends with its socket", || child.try_wait().unwrap().is_some()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signer_of_one_configuration_does_not_start() {
    let mut served = serve().await;
    let said = served.command().output().unwrap();
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(!said.status.success() && text.contains("[admin] socket") && text.contains("another process"), "{text}");
    // The first one still has its socket, and its chain has no second beginning.
    let pin = served.ask(&["credential", "pin", "nobody"]);
    assert!(pin.contains("[admin] pin_command = false"), "{pin}");
    assert_eq!(served.ask(&["audit", "show"]).matches("\"event\":\"started\"").count(), 1);
    served.stop();
    assert!(!served.token.path("admin.sock").exists());
}

/// Beside a socket that a third one left behind, which both of them would clear: the kernel says who may.
#[tokio::test(flavor = "multi_thread")]
async fn of_signers_that_start_at_once_one_serves() {
    let mut served = serve().await;
    served.kill();
    for round in 0..6 {
        assert!(served.token.path("admin.sock").exists(), "round {round}");
        let start = || served.command().stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut both = [start(), start()];
        let mut ended = None;
        until("one of them has ended", || {
            ended = both.iter_mut().position(|child| child.try_wait().unwrap().is_some());
            ended.is_some()
        })
        .await;
        let (refused, serving) = if ended == Some(0) { (0, 1) } else { (1, 0) };
        let mut said = String::new();
        std::io::Read::read_to_string(&mut both[refused].stderr.take().unwrap(), &mut said).unwrap();
        let named = format!("another process ({})", both[serving].id());
        assert!(said.contains("[admin] socket") && said.contains("admin.sock.lock"), "{said}");
        assert!(said.contains(&named) || said.contains("another process has"), "{said}");
        served.is_ready().await;
        assert!(is_served(&served).await);
        // The other one is not in its way, and what it leaves behind is in nobody's.
        assert!(both[serving].try_wait().unwrap().is_none());
        both[serving].kill().unwrap();
        both[serving].wait().unwrap();
    }
    let trail = served.ask(&["audit", "verify"]);
    assert!(trail.contains("unbroken"), "{trail}");
}

/// Another configuration, with a socket of its own, that names the same store as the same instance.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_signer_of_one_instance_does_not_start() {
    let served = serve().await;
    let config = std::fs::read_to_string(served.token.path("signer.toml")).unwrap();
    let other = config.replace("/admin.sock", "/other.sock");
    std::fs::write(served.token.path("other.toml"), &other).unwrap();
    let start = || {
        let mut command = Command::new(SIGNER);
        command.arg("--config").arg(served.token.path("other.toml")).arg("serve");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let said = start().wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("instance contract of the store") && said.contains("another process ("), "{said}");
    assert_eq!(served.ask(&["audit", "show"]).matches("\"event\":\"started\"").count(), 1);
    // One of another name has a chain of its own.
    let other = other.replace("instance = \"contract\"", "instance = \"another\"");
    std::fs::write(served.token.path("other.toml"), other).unwrap();
    let mut another = start();
    until("it serves too", || served.ask(&["audit", "show"]).matches("\"event\":\"started\"").count() == 2).await;
    signal("TERM", another.id());
    assert!(another.wait().unwrap().success());
}
