//! Who is let in by `[listen] gateway_certificate`, and what is said of who is not.

use crate::harness::{Kind, Served, TestToken, certify, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_named_in_the_log_and_the_trail() {
    let served = Served::start(TestToken::ready(Kind::SoftHsm2).unwrap()).await;
    // A name that would end the line and begin another, and one that would turn it round.
    certify(&served.token, "stranger", "/O=a\nWARN all is well\u{202e}/CN=stranger", "");
    assert!(served.lets_in("gateway").await);
    assert!(!served.lets_in("stranger").await);
    until("it is logged", || served.log().contains("TLS peer rejected")).await;
    let log = served.log();
    let line = log.lines().find(|line| line.contains("TLS peer rejected")).unwrap();
    for what in ["only [listen] gateway_certificate is let in", "peer=\"127.0.0.1:", "CN=stranger", "\\u{202e}"] {
        assert!(line.contains(what), "{what}: {line}");
    }
    assert!(!log.lines().any(|line| line.starts_with("WARN all is well")), "{log}");
    let trail = || served.ask(&["audit", "show"]);
    until("it is recorded", || trail().contains("peer_rejected")).await;
    let trail = trail();
    let entry = trail.lines().find(|line| line.contains("peer_rejected")).unwrap();
    assert!(entry.contains(": from 127.0.0.1:") && entry.contains("CN=stranger"), "{entry}");
}

/// A gateway's certificate is changed without a moment in which it is not let in.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_and_the_next_one_are_both_let_in_and_no_issuer_is() {
    let mut served = Served::start(TestToken::ready(Kind::SoftHsm2).unwrap()).await;
    let read = |served: &Served, name: &str| std::fs::read_to_string(served.token.path(name)).unwrap();
    certify(&served.token, "next", "/CN=gateway", "");
    assert!(!served.lets_in("next").await);
    served.stop();
    let both = [read(&served, "gateway.pem"), read(&served, "next.pem")].concat();
    std::fs::write(served.token.path("gateway.pem"), both).unwrap();
    served.again().await;
    assert!(served.lets_in("gateway").await && served.lets_in("next").await);
    certify(&served.token, "stranger", "/CN=gateway", "");
    assert!(!served.lets_in("stranger").await, "it is not the name that counts");
    served.stop();

    certify(&served.token, "leaf", "/CN=leaf", "-CA next.pem -CAkey next.key");
    let chain = [read(&served, "leaf.pem"), read(&served, "next.pem")].concat();
    std::fs::write(served.token.path("gateway.pem"), chain).unwrap();
    let said = served.command().output().unwrap();
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success() && text.contains("[listen] gateway_certificate"), "{text}");
    assert!(text.contains("its issuer's"), "{text}");
}
