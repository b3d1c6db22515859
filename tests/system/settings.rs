//! Settings that cannot work are refused when the gateway starts, with their name; what an operator types is judged as what
//! anybody types.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use harness::{Pieces, command, program};
use toml::{Table, Value};

/// What `serve` says that does not begin to serve with this change of its configuration.
fn refused(pieces: &Pieces, change: impl FnOnce(&mut Table)) -> String {
    let config = pieces.folder.file("changed.toml");
    std::fs::copy(pieces.folder.file("gateway.toml"), &config).unwrap();
    pieces.configure("changed.toml", change);
    let mut serve = Command::new(program("rsign-gateway"));
    let said = command(serve.arg("--config").arg(&config).arg("serve"));
    said.expect_err("it serves")
}

/// What the signer says whose store is this file.
fn signer_refuses(pieces: &Pieces, command_name: &str, store: &Path) -> String {
    let config = pieces.folder.file("changed-signer.toml");
    std::fs::copy(pieces.folder.file("signer.toml"), &config).unwrap();
    let path = store.display().to_string();
    pieces.configure("changed-signer.toml", |config| {
        drop(section(config, "store").insert("path".to_owned(), path.into()))
    });
    let mut signer = Command::new(program("rsign-signer"));
    command(signer.arg("--config").arg(&config).arg(command_name)).expect_err("it takes it")
}

fn section<'a>(config: &'a mut Table, name: &str) -> &'a mut Table {
    config.entry(name).or_insert_with(|| Table::new().into()).as_table_mut().unwrap()
}

/// The tables of a file.
fn tables(file: &Path) -> String {
    let octets = std::fs::read(file).unwrap();
    String::from_utf8_lossy(&octets).matches("CREATE TABLE").count().to_string()
}

#[tokio::test]
async fn a_store_folder_tenant_or_key_that_is_not_the_one_is_refused_at_the_start() {
    let mut pieces = Pieces::running();
    pieces.stop_gateway();
    pieces.stop_signer();
    // The signer's store, in which nothing is written.
    let store = pieces.folder.file("signer.sqlite");
    let before = tables(&store);
    let path = store.display().to_string();
    let said = refused(&pieces, |config| drop(section(config, "store").insert("path".to_owned(), path.into())));
    assert!(said.contains("[store] ") && said.contains(" is the store of rsign-signer"), "{said}");
    assert_eq!(tables(&store), before);
    // And the other way round.
    let store = pieces.folder.file("gateway.sqlite");
    let before = tables(&store);
    for command in ["serve", "init"] {
        let said = signer_refuses(&pieces, command, &store);
        assert!(said.contains(&format!("[store] {} is the store of rsign-gateway", store.display())), "{said}");
        assert_eq!(tables(&store), before);
    }
    let said = refused(&pieces, |config| {
        section(config, "spool").insert("folder".to_owned(), "/nonexistent/spool".into());
    });
    assert!(said.contains("[spool] folder /nonexistent/spool: no file can be made there"), "{said}");
    let said = refused(&pieces, |config| drop(config.insert("tenant".to_owned(), "another".into())));
    assert!(said.contains("bound to the tenant \"") && said.contains("tenant is \"another\""), "{said}");
    // An app whose secret is sealed, and another key; once it has a new secret all is well.
    let key = pieces.folder.file("another-key");
    std::fs::write(&key, "5a".repeat(32)).unwrap();
    let sealed = pieces.operator().add_client_with("sealed", &["--account-tokens"]);
    let path = Value::from(key.display().to_string());
    let change = |config: &mut Table| {
        section(config, "auth").insert("configuration_key_file".to_owned(), path.clone());
    };
    let said = refused(&pieces, change);
    let expected = format!("the secrets of {} were sealed under", sealed.client_id);
    assert!(said.contains("[auth] configuration_key_file holds another key") && said.contains(&expected), "{said}");
    pieces.configure("gateway.toml", change);
    let mut renew = Command::new(program("rsign-gateway"));
    renew.arg("--config").arg(pieces.folder.file("gateway.toml")).args(["client", "secret", "--id", &sealed.client_id]);
    command(&mut renew).unwrap_or_else(|said| panic!("{said}"));
    pieces.start_gateway();
    // It serves without the signer, and the log says what is wrong with the way there.
    let gateway = pieces.gateway.as_ref().unwrap();
    while !gateway.said().contains("the signer gives no CRL; [signer] says where it is") {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let said = gateway.said();
    let line = said.lines().find(|line| line.contains("the signer gives no CRL")).unwrap();
    assert!(line.contains("Connection refused"), "{line}");
}

/// `user add` with this password on standard input.
fn add(pieces: &Pieces, username: &str, given_name: &str, password: &str) -> Output {
    let mut command = Command::new(program("rsign-gateway"));
    command.arg("--config").arg(pieces.folder.file("gateway.toml")).args(["user", "add", "--password-file", "-"]);
    command.args(["--username", username, "--given-name", given_name, "--surname", "Lee"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn what_an_operator_types_is_judged_as_what_anybody_types() {
    let pieces = Pieces::seeded();
    let good = "a horse in a battery";
    for (username, given_name, password, fault) in [
        ("bad name@", "Ann", good, "--username has characters that cannot stand there"),
        ("ann", "", good, "--given-name is empty"),
        ("ann", "Ann", "x\n", "the password has fewer than twelve characters"),
        ("ann", "Ann", "password1234", "the password is one that is tried first"),
    ] {
        let output = add(&pieces, username, given_name, password);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(fault), "{said}");
    }
    let output = add(&pieces, "ann.lee@example.org", "Ann", good);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let client = |words: &[&str]| {
        let mut add = Command::new(program("rsign-gateway"));
        add.arg("--config").arg(pieces.folder.file("gateway.toml")).args(["client", "add", "--id", "typed"]);
        command(add.args(["--pin-transport", "sealed", "--profile"]).args(words)).unwrap_err()
    };
    assert!(client(&["legacy", "--certificate-subject", "CN=app"]).contains("needs [mutual_tls] ca"));
    assert!(client(&["hardened", "--client-key", "/nonexistent"]).contains("cannot read /nonexistent"));
    assert!(client(&["hardened"]).contains("add --no-secret"));
}
