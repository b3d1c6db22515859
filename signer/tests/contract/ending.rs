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
