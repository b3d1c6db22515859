//! Where the browser comes back to: a port of this computer that takes one answer (RFC 8252, 7.3).

use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use url::Url;

use super::farewell;

/// Octets of a request's head that are read.
const LONGEST: u64 = 16 << 10;

/// Query parameters of the redirect.
#[derive(Debug)]
pub(super) struct Answer(Vec<(String, String)>);

impl Answer {
    /// The first of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Waits for the browser. Whatever else asks on this port (an icon, a scanner, a page that guesses the port) is told so
/// and changes nothing: only who has the `state` can answer.
pub(super) async fn answer(listener: &TcpListener, state: &str) -> Answer {
    loop {
        // A connection that broke before it was taken is nothing to us.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let mut stream = BufReader::new(stream.take(LONGEST));
        let head = tokio::time::timeout(Duration::from_secs(5), head(&mut stream)).await.ok().flatten();
        let found =
            head.ok_or("408 Request Timeout").and_then(|head| Ok((callback(&head.line, state)?, head.languages)));
        let (status, body) = match &found {
            Ok((answer, languages)) => ("200 OK", farewell::page(languages, answer.get("error").is_some())),
            Err(status) => (*status, String::new()),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
             content-security-policy: default-src 'none'\r\ncache-control: no-store\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let stream = stream.get_mut().get_mut();
        let _ = stream.write_all(head.as_bytes()).await;
        let _ = stream.shutdown().await;
        if let Ok((answer, _)) = found {
            return answer;
        }
    }
}

/// What a browser says before its request's body.
#[derive(Debug)]
struct Head {
    line: String,
    /// `Accept-Language`.
    languages: String,
}

async fn head(stream: &mut (impl AsyncBufRead + Unpin)) -> Option<Head> {
    let mut head = Head { line: String::new(), languages: String::new() };
    stream.read_line(&mut head.line).await.ok()?;
    loop {
        let mut field = String::new();
        stream.read_line(&mut field).await.ok()?;
        match field.trim().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("accept-language") => {
                value.trim().clone_into(&mut head.languages)
            }
            Some(_) => {}
            None => return Some(head),
        }
    }
}

/// The answer to the request of this state, or the HTTP status of what is none.
fn callback(line: &str, state: &str) -> Result<Answer, &'static str> {
    let target = line.strip_prefix("GET ").and_then(|rest| rest.split(' ').next());
    let target = target.filter(|target| target.starts_with('/')).ok_or("400 Bad Request")?;
    let url = Url::parse(&format!("http://127.0.0.1{target}")).map_err(|_| "400 Bad Request")?;
    if url.path() != "/callback" {
        return Err("404 Not Found");
    }
    let answer = Answer(url.query_pairs().into_owned().collect());
    let says_something = answer.get("code").is_some() || answer.get("error").is_some();
    if says_something && answer.get("state") == Some(state) { Ok(answer) } else { Err("400 Bad Request") }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn only_the_callback_is_an_answer() {
        let answer = callback("GET /callback?code=a%2Bb&state=s&iss=https%3A%2F%2Fx HTTP/1.1\r\n", "s").unwrap();
        assert_eq!((answer.get("code"), answer.get("iss")), (Some("a+b"), Some("https://x")));
        assert!(callback("GET /callback?error=access_denied&state=s HTTP/1.1\r\n", "s").is_ok());
        for (other, status) in [
            ("GET /favicon.ico HTTP/1.1", "404"),
            ("GET /callback HTTP/1.1", "400"),
            ("GET /callback?state=s HTTP/1.1", "400"),
            ("GET /callback?code=a HTTP/1.1", "400"),
            ("GET /callback?code=a&state=x HTTP/1.1", "400"),
            ("POST /callback?code=a&state=s HTTP/1.1", "400"),
            ("GET http://elsewhere/callback?code=a&state=s HTTP/1.1", "400"),
            ("", "400"),
        ] {
            assert!(callback(other, "s").unwrap_err().starts_with(status), "{other}");
        }
    }

    #[tokio::test]
    async fn a_stray_request_does_not_end_the_wait() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = tokio::spawn(async move { answer(&listener, "s").await });
        for (target, status) in [
            ("/callback?code=a&state=guessed", "400"),
            ("/callback?error=x", "400"),
            ("/", "404"),
            ("/callback?code=right&state=s", "200"),
        ] {
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            stream.write_all(format!("GET {target} HTTP/1.1\r\n\r\n").as_bytes()).await.unwrap();
            let mut heard = String::new();
            BufReader::new(stream).read_line(&mut heard).await.unwrap();
            assert!(heard.starts_with(&format!("HTTP/1.1 {status}")), "{target}: {heard}");
        }
        assert_eq!(waiting.await.unwrap().get("code"), Some("right"));
    }
}
