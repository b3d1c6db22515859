//! Where `rsign-signer master` can be run, and where it cannot: without the service manager's folder, never beside a signer
//! that serves, never as another user than the store's.

use std::path::Path;

use crate::harness::{Kind, Officers, Served, TestToken};

/// Another configuration of the same signer.
fn rewrite(token: &TestToken, from: &str, to: &str) {
    let config = std::fs::read_to_string(token.path("signer.toml")).unwrap();
    assert!(config.contains(from), "{from}");
    std::fs::write(token.path("signer.toml"), config.replace(from, to)).unwrap();
}

/// systemd takes `/run/rsign-signer` away with the signer, or has not made it yet.
#[tokio::test]
async fn it_needs_no_folder_for_the_socket() {
    let token = TestToken::ready(Kind::SoftHsm2).unwrap();
    rewrite(&token, "/admin.sock", "/run/admin.sock");
    let officers = Officers::of(&token);
    officers.rotate(&token);
    assert!(!token.path("run").exists());
    // Where the folder is there, it is used, and given back.
    std::fs::create_dir(token.path("run")).unwrap();
    officers.rotate(&token);
    assert!(token.path("run/admin.sock.lock").exists() && !token.path("run/admin.sock").exists());
}

/// Neither a socket elsewhere nor another name of the store makes it another store.
#[tokio::test(flavor = "multi_thread")]
async fn a_signer_that_serves_is_found_by_its_store() {
    let mut served = Served::start(TestToken::ready(Kind::SoftHsm2).unwrap()).await;
    let Officers([ada, _]) = Officers::of(&served.token);
    ada.sign(&served.token.command(&["master", "new", "--officer", "ada"]).out);
    let is_refused = || {
        let said = ada.says_again(&served.token, &["master", "new"]);
        assert!(!said.success && said.text.contains("the signer has to be stopped"), "{}", said.text);
        assert!(said.text.contains("instance contract of the store"), "{}", said.text);
    };
    rewrite(&served.token, "/admin.sock", "/run/admin.sock");
    is_refused();
    let folder = served.token.path("elsewhere");
    std::fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(served.token.path("signer.sqlite"), folder.join("link.sqlite")).unwrap();
    rewrite(&served.token, "/signer.sqlite", "/elsewhere/link.sqlite");
    is_refused();
    rewrite(&served.token, "/run/admin.sock", "/other.sock");
    is_refused();
    let second = served.command().output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && said.contains("instance contract of the store"), "{said}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "no lock beside the other name");
    rewrite(&served.token, "/elsewhere/link.sqlite", "/signer.sqlite");
    served.stop();
    assert!(ada.says_again(&served.token, &["master", "new"]).success);
}

#[tokio::test]
async fn another_user_than_the_stores_leaves_nothing_there() {
    let token = TestToken::ready(Kind::SoftHsm2).unwrap();
    let store = token.path("signer.sqlite");
    let owner = if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&store, Some(54_321), None).unwrap();
        "54321"
    } else {
        // Only root gives files away; so it is asked about one of root's.
        rewrite(&token, store.to_str().unwrap(), "/etc/passwd");
        "root"
    };
    let files = |folder: &Path| std::fs::read_dir(folder).unwrap().count();
    let before = files(token.root());
    for words in [
        &["master", "new", "--officer", "ada"][..],
        &["master", "new", "--officer", "ada", "--signature", "/dev/null"],
        &["master", "destroy", "master-1"],
    ] {
        let said = token.command(words);
        let named = format!("([store] path) is user {owner}'s, and this is run as ");
        assert!(!said.success && said.text.contains(&named), "{}", said.text);
        assert!(said.text.contains(&format!("runuser -u {owner} -- rsign-signer")), "{}", said.text);
    }
    assert_eq!(files(token.root()), before);
}
