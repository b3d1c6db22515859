//! A profile out of the ready file of `rsign sandbox` (DESIGN 8).

use std::path::Path;

use serde::Deserialize;

use crate::profile::{self, Client, Credential, Login, Profile, Secret};

#[derive(Deserialize)]
struct Ready {
    csc_v1: String,
    csc_v2: String,
    tls_ca: Option<std::path::PathBuf>,
    clients: Vec<ReadyClient>,
    users: Vec<ReadyUser>,
    coded_user: Option<ReadyUser>,
    implicit_user: Option<ReadyUser>,
    codes: Option<String>,
}

#[derive(Deserialize)]
struct ReadyClient {
    client_id: String,
    client_secret: Option<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    pin_transport: String,
}

#[derive(Deserialize)]
struct ReadyUser {
    #[serde(rename = "userID")]
    id: String,
    username: String,
    password: String,
    credentials: Vec<ReadyCredential>,
}

#[derive(Deserialize)]
struct ReadyCredential {
    #[serde(rename = "credentialID")]
    id: String,
    pin: String,
}

impl Profile {
    /// Both versions, the client that may send a PIN and another one, both users, the first one's credentials.
    ///
    /// # Errors
    /// It cannot be read, or is no ready file.
    pub fn of_ready_file(file: &Path) -> Result<Self, profile::Error> {
        let text = std::fs::read(file).map_err(|error| profile::Error::Read(file.to_owned(), error))?;
        let ready = serde_json::from_slice(&text).map_err(|error| profile::Error::Json(file.to_owned(), error))?;
        Ok(Self::of_ready(ready))
    }

    fn of_ready(ready: Ready) -> Self {
        let mut clients = ready.clients.into_iter().filter_map(|client| {
            let secret = Secret::from(client.client_secret?.as_str());
            let redirect_uri = client.redirect_uris.into_iter().next();
            Some((client.pin_transport == "clear", Client { id: client.client_id, secret, redirect_uri }))
        });
        let mut own = clients.next();
        let mut other = clients.next();
        if own.as_ref().is_some_and(|(clear, _)| !clear) {
            std::mem::swap(&mut own, &mut other);
        }
        let implicit = ready.implicit_user.iter().flat_map(|user| &user.credentials).map(credential).next();
        let coded = ready.coded_user.iter().flat_map(|user| &user.credentials);
        let coded = coded.map(|known| Credential { otp_inbox: ready.codes.clone(), ..credential(known) }).collect();
        let mut users = ready.users.into_iter();
        let (user, other_user) = (users.next(), users.next());
        let login = |user: &ReadyUser| Login {
            username: user.username.clone(),
            password: Secret::from(user.password.as_str()),
        };
        let credentials = user.iter().flat_map(|user| &user.credentials).map(credential);
        Self {
            urls: vec![ready.csc_v1, ready.csc_v2],
            tls_ca: ready.tls_ca,
            client: own.map(|(_, client)| client),
            other_client: other.map(|(_, client)| client),
            login: user.as_ref().map(login),
            other_login: other_user.as_ref().map(login),
            token: None,
            user: user.as_ref().map(|user| Secret::from(user.id.as_str())),
            credentials: credentials.collect(),
            implicit,
            coded,
            lifecycle: None,
            patience: 5,
        }
    }
}

fn credential(ready: &ReadyCredential) -> Credential {
    let pin = Some(Secret::from(ready.pin.as_str()));
    Credential { id: ready.id.clone(), pin, otp_command: None, otp_inbox: None, approve_command: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_that_may_send_a_pin_comes_first() {
        let ready = serde_json::json!({
            "csc_v1": "http://127.0.0.1:1/csc/v1", "csc_v2": "http://127.0.0.1:1/csc/v2", "tls_ca": null,
            "clients": [
                { "client_id": "keyed", "client_secret": null, "pin_transport": "clear" },
                { "client_id": "sealed", "client_secret": "s", "pin_transport": "sealed", "redirect_uris": ["x"] },
                { "client_id": "clear", "client_secret": "s", "pin_transport": "clear", "redirect_uris": ["y"] },
            ],
            "users": [{ "userID": "u", "username": "ana", "password": "p",
                        "credentials": [{ "credentialID": "c", "pin": "12345678" }] },
                      { "userID": "w", "username": "rui", "password": "p", "credentials": [] }],
            "implicit_user": { "userID": "x", "username": "eva", "password": "p",
                               "credentials": [{ "credentialID": "d", "pin": "12345678" }] },
            "coded_user": { "userID": "y", "username": "dora", "password": "p",
                            "credentials": [{ "credentialID": "e", "pin": "12345678" }] },
            "codes": "http://127.0.0.1:2/codes",
        });
        let profile = Profile::of_ready(serde_json::from_value(ready).unwrap());
        assert_eq!(profile.client.unwrap().id, "clear");
        assert_eq!(profile.other_client.unwrap().id, "sealed");
        assert_eq!((profile.credentials.len(), profile.other_login.unwrap().username.as_str()), (1, "rui"));
        assert_eq!(profile.implicit.unwrap().id, "d");
        assert_eq!(profile.coded[0].otp_inbox.as_deref(), Some("http://127.0.0.1:2/codes"));
    }
}
