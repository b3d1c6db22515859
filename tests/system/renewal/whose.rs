//! `renew` on files of others, in folders that take nothing, and for listeners that leave.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::{Child, Command, Output, Stdio};

use harness::{Wanted, program, shared};

use super::{TEXT, outcomes, run, signed};
use crate::common::Outsider;

/// The program as root without some of what root may do; none where these tests do not run as root.
fn without(capabilities: &str) -> Option<Command> {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        eprintln!("NOT TESTED: renew by who may not give files away, since only root has such files");
        return None;
    }
    let mut command = Command::new("setpriv");
    command.arg(format!("--bounding-set={capabilities}")).arg("--").arg(program("rsign-gateway"));
    Some(command)
}

/// Runs while nobody reads what it prints, as behind a `head` that has what it wants.
fn unheard(mut command: Command) -> Output {
    let mut child: Child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    child.wait_with_output().unwrap()
}

#[tokio::test]
async fn a_file_that_would_change_hands_is_left_alone_and_a_listener_that_leaves_stops_nothing() {
    let who = Outsider::enrol("renew-whose", Wanted::QUICK).await;
    let folder = tempfile::tempdir().unwrap();
    let config = shared().folder.file("gateway.toml");
    let file = |name: &str| folder.path().join(name);
    let names = ["a.p7m", "b.p7m", "c.p7m"];
    for name in names {
        std::fs::write(file(name), signed(&who, "C", "AdES-B-LTA", "Attached", TEXT).await).unwrap();
    }
    let read = || names.map(|name| std::fs::read(file(name)).unwrap());
    let whose = || names.map(|name| std::fs::metadata(file(name)).unwrap()).map(|it| (it.uid(), it.gid(), it.mode()));
    let before = read();
    if let Some(command) = without("-chown") {
        std::os::unix::fs::chown(file("b.p7m"), Some(12_345), None).unwrap();
        std::os::unix::fs::chown(file("c.p7m"), None, Some(54_321)).unwrap();
        let owners = whose();
        let (good, lines) = run(command, &config, &["--always"], &[folder.path()]);
        assert!(!good);
        assert_eq!(outcomes(&lines), ["renewed", "failed", "failed"], "{lines:?}");
        for (line, whose) in lines[1..].iter().zip(["(12345:0)", "(0:54321)"]) {
            let reason = line["reason"].as_str().unwrap();
            assert!(reason.contains(whose) && reason.contains("run this as the owner, or give it CAP_CHOWN"), "{line}");
        }
        assert!(read()[1..] == before[1..] && whose() == owners);
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
        let before = read();
        let command = without("-dac_override,-dac_read_search").unwrap();
        let (good, lines) = run(command, &config, &["--always"], &[&file("a.p7m")]);
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let reason = lines[0]["reason"].as_str().unwrap();
        assert!(!good && reason.starts_with("no newer one can be written into its folder: "), "{reason}");
        assert!(read() == before);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), names.len(), "no drafts are left");
    // Behind `head`: whoever listened has gone, and the rest is renewed all the same.
    let before = read();
    let mut command = Command::new(program("rsign-gateway"));
    command.arg("--config").arg(&config).args(["renew", "--always"]).arg(folder.path());
    let output = unheard(command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(before.iter().zip(read()).all(|(before, after)| *before != after), "each is renewed");
    let mut command = Command::new(program("rsign-gateway"));
    command.arg("--config").arg(&config).args(["credential", "list"]);
    let output = unheard(command);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
