//! Settings that cannot work: refused before anything is done, by their name, and said once.

use crate::harness::{Kind, Served, TestToken, certify};

/// What it says that does not start.
fn refused(served: &Served) -> String {
    let said = served.command().output().unwrap();
    let text = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    assert!(!said.status.success(), "{text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_work_is_refused_by_its_name() {
    let mut served = Served::start(TestToken::ready(Kind::SoftHsm2).unwrap()).await;
    let log = served.log();
    for setting in ["[listen] certificate", "[listen] gateway_certificate"] {
        assert!(log.contains(&format!("{setting} ")) && log.contains("pem expires in "), "made for two days: {log}");
    }
    served.stop();
    let trail = served.ask(&["audit", "show"]);
    let file = |name: &str| served.token.path(name).display().to_string();
    let config = std::fs::read_to_string(served.token.path("signer.toml")).unwrap();
    let write = |text: &str| std::fs::write(served.token.path("signer.toml"), text).unwrap();
    certify(&served.token, "other", "/CN=other", "");
    std::fs::write(served.token.path("officers/garbage.pem"), "garbage").unwrap();
    write(&config);
    let said = refused(&served);
    assert!(said.contains("[admin] officers: ") && said.contains("garbage.pem: holds no public key"), "{said}");
    std::fs::remove_file(served.token.path("officers/garbage.pem")).unwrap();

    let nowhere = file("nowhere");
    let changes: [(&str, String, &[&str]); 11] = [
        (
            "[ca]",
            format!("[clients]\nkeys = \"{nowhere}\"\n[ca]"),
            &["[clients] keys: the folder", "nowhere cannot be read"],
        ),
        ("[ca]", format!("[spool]\nfolder = \"{nowhere}\"\n[ca]"), &["[spool] folder", "nowhere: no file can be made"]),
        // Nobody can write there, not even root.
        ("[ca]", "[spool]\nfolder = \"/proc\"\n[ca]".to_owned(), &["[spool] folder /proc: no file can be made"]),
        ("/officers", "/nowhere".to_owned(), &["[admin] officers: the folder", "nowhere cannot be read"]),
        ("/admin.sock", "/nowhere/admin.sock".to_owned(), &["[admin] socket", "nowhere/admin.sock", "No such file"]),
        ("signer.sqlite", "mistyped.sqlite".to_owned(), &["there is no store", "mistyped.sqlite", "[store] path"]),
        ("signer.key", "other.key".to_owned(), &["other.key is not the key of the certificate in", "signer.pem"]),
        (
            "[ca]",
            "[ca]\ncrl_url = \"pki.example.org/crl\"".to_owned(),
            &["[ca] crl_url \"pki.example.org/crl\" is no http"],
        ),
        ("[hsm.environment]", "workers = 0\n[hsm.environment]".to_owned(), &["[hsm] workers must not be 0"]),
        // The library says one word for everything; what to look at is said once.
        ("token.conf", "mistyped.conf".to_owned(), &["[hsm.environment] (SOFTHSM2_CONF)", "Initialize: GeneralError"]),
        ("kwp-0x210a", "kwp-0x210b".to_owned(), &["[hsm] wrap = kwp-0x210b"]),
    ];
    for (from, to, names) in changes {
        assert!(config.contains(from), "{from}");
        write(&config.replace(from, &to));
        let said = refused(&served);
        for name in names {
            assert_eq!(said.matches(name).count(), 1, "{name}: {said}");
        }
        assert!(said.lines().filter(|line| !line.contains(" WARN ")).count() == 1, "said once: {said}");
    }
    write(&config);
    assert!(!served.token.path("mistyped.sqlite").exists());
    assert_eq!(served.ask(&["audit", "show"]), trail, "none of them has written a word");
    served.again().await;
}

#[test]
fn a_store_without_its_folder_is_named() {
    let token = TestToken::blank(Kind::SoftHsm2).unwrap();
    let config = std::fs::read_to_string(token.path("signer.toml")).unwrap();
    std::fs::write(token.path("signer.toml"), config.replace("/signer.sqlite", "/nowhere/signer.sqlite")).unwrap();
    let said = token.init(&[]);
    assert!(!said.success && said.text.contains("nowhere/signer.sqlite ([store]) does not open"), "{}", said.text);
}
