//! What went wrong on the way to the service, in a sentence that says what to do.

use std::error::Error;
use std::io;

use rustls::CertificateError as Certificate;

/// Why this address gave no answer.
pub(super) fn unreached(address: &str, error: &reqwest::Error) -> anyhow::Error {
    anyhow::Error::msg(format!("{address} {}", why(error)))
}

fn why(error: &reqwest::Error) -> String {
    if let Some(fault) = find::<rustls::Error>(error) {
        return certificate(fault);
    }
    if error.is_timeout() {
        return "did not answer in time; try again in a moment, and look at the address".to_owned();
    }
    let refused = find::<io::Error>(error).map(io::Error::kind);
    match refused {
        Some(io::ErrorKind::ConnectionRefused) => {
            "does not answer: no program listens there; look at the address, and whether the service runs".to_owned()
        }
        _ if says(error, "dns error") => {
            "does not answer: nobody knows a host of this name; look at the address".to_owned()
        }
        _ => format!("does not answer ({}); look at the address and at your connection", innermost(error)),
    }
}

fn certificate(fault: &rustls::Error) -> String {
    match fault {
        rustls::Error::InvalidCertificate(Certificate::UnknownIssuer) => {
            "has a TLS certificate of a CA that this computer does not know; if it is the right service, name a file with \
             that CA's certificate: --ca FILE"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(Certificate::NotValidForName | Certificate::NotValidForNameContext { .. }) => {
            "has a TLS certificate for another name; look at the address".to_owned()
        }
        rustls::Error::InvalidCertificate(
            Certificate::Expired
            | Certificate::ExpiredContext { .. }
            | Certificate::NotValidYet
            | Certificate::NotValidYetContext { .. },
        ) => "has a TLS certificate that is not valid today; look at the clock of this computer, else tell whoever runs the service"
            .to_owned(),
        other => format!("does not speak TLS as it should ({other}); look at the address"),
    }
}

/// The first cause of this type. What an `io::Error` was made of is not among its causes.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut cause = Some(error);
    while let Some(this) = cause {
        if let Some(found) = this.downcast_ref::<T>() {
            return Some(found);
        }
        if let Some(inner) = this.downcast_ref::<io::Error>().and_then(io::Error::get_ref)
            && let Some(found) = find::<T>(inner)
        {
            return Some(found);
        }
        cause = this.source();
    }
    None
}

fn says(error: &dyn Error, words: &str) -> bool {
    error.to_string().contains(words) || error.source().is_some_and(|cause| says(cause, words))
}

fn innermost(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}
