//! Against a listener that reads what comes; the whole way is in `tests/system/`.

use std::io::{Read as _, Write as _};

use super::*;
use crate::domain::language::Language;
use crate::domain::notice::{About, Code};
use crate::port::clock::SystemClock;
use crate::port::random::SystemSource;

fn client(url: &str, loopback: bool, key: &[u8]) -> (tempfile::NamedTempFile, WebhookClient) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("whsec_{}", BASE64.encode(key))).unwrap();
    let config =
        WebhookConfig { url: url.to_owned(), key_file: file.path().to_owned(), ca: None, loopback, timeout_seconds: 5 };
    let client = WebhookClient::new(&config, Arc::new(SystemClock), Arc::new(SystemSource::default())).unwrap();
    (file, client)
}

fn notice() -> Notice {
    let code = Code { digits: "271828".into(), seconds: 300 };
    Notice {
        about: About::Signature { code, app: "Contracts".to_owned() },
        service: "rsign".to_owned(),
        language: Language::En,
    }
}

/// The example of the specification (Standard Webhooks, `spec/standard-webhooks.md`).
#[test]
fn it_is_signed_as_the_specification_says() {
    let key = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let (_file, client) = client("https://sms.example/", false, &key);
    let signature = client.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
    assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
}

#[tokio::test]
async fn a_27_nothing_inside_is_called() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254"] {
        let (_file, client) = client(&format!("https://{host}:{port}/send"), false, &[7; 32]);
        let error = client.deliver("+351912345678", &notice()).await.unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, "the address is not a public one", "{host}");
    }
    assert!(listener.accept().is_err(), "nobody was connected to");
}

/// What a service would answer, and whether that counts as delivered.
#[tokio::test(flavor = "multi_thread")]
async fn only_success_is_delivery_and_redirects_are_not_followed() {
    for (status, delivered) in [("204 No Content", true), ("500 Oops", false), ("307 Elsewhere", false)] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = std::thread::spawn(move || {
            let (mut peer, _) = listener.accept().unwrap();
            let mut heard = Vec::new();
            let mut buffer = [0; 4096];
            while !String::from_utf8_lossy(&heard).contains("\"lang\":\"en\"}") {
                let read = peer.read(&mut buffer).unwrap();
                assert!(read > 0, "{}", String::from_utf8_lossy(&heard));
                heard.extend_from_slice(&buffer[..read]);
            }
            let answer =
                format!("HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:{port}/\r\ncontent-length: 0\r\n\r\n");
            peer.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(heard).unwrap()
        });
        let (_file, client) = client(&format!("http://127.0.0.1:{port}/send"), true, &[7; 32]);
        assert_eq!(client.deliver("+351912345678", &notice()).await.is_ok(), delivered, "{status}");
        let heard = heard.join().unwrap();
        let (head, body) = heard.split_once("\r\n\r\n").unwrap();
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            line.unwrap_or_else(|| panic!("{name}: {head}")).to_owned()
        };
        let expected = client.sign(&header("webhook-id"), &header("webhook-timestamp"), body.as_bytes());
        assert_eq!(expected, Some(header("webhook-signature")));
        assert!(body.contains("\"to\":\"+351912345678\",\"code\":\"271828\",\"expires_in\":300"), "{body}");
    }
}
