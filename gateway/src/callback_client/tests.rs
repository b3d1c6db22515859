use super::*;

fn client(loopback: bool) -> CallbackClient {
    let config = AsynchronousConfig { loopback_responses: loopback, ..AsynchronousConfig::default() };
    CallbackClient::new(&config).unwrap()
}

#[tokio::test]
async fn a_27_names_and_addresses_inside_are_not_called() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let strict = client(false);
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        // What URL parsers make of it is 127.0.0.1 too.
        "0x7f.1",
        "2130706433",
        "10.0.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
    ] {
        let told = strict.tell(&format!("https://{host}:{port}/done"), "x").await;
        assert!(matches!(told, Err(Error::Forbidden)), "{host}: {told:?}");
    }
    assert!(listener.accept().is_err(), "nobody was connected to");
    // With the switch for tests it is tried: the listener speaks no TLS.
    let told = client(true).tell(&format!("https://localhost:{port}/done"), "x").await;
    assert!(matches!(told, Err(Error::Unreached(_))), "{told:?}");
    assert!(listener.accept().is_ok());
}

#[tokio::test]
async fn a_27_only_https() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/done", listener.local_addr().unwrap());
    assert!(client(true).tell(&url, "x").await.is_err());
    assert!(listener.accept().is_err(), "nobody was connected to");
}
