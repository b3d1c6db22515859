//! What holds a secret cannot be shown, copied or serialised: this file does not compile otherwise.

use super::super::{Ephemeral, Secret, body, client, schedule, server};

/// If the type had one of the traits, two implementations would apply and the compiler could not choose.
macro_rules! lacks_all {
    ($($type:ty),+) => {
        $(const _: fn() = || {
            trait Ambiguous<Marker> {
                fn chosen() {}
            }
            struct Shown;
            struct Copied;
            struct Serialised;
            impl<T: ?Sized> Ambiguous<()> for T {}
            impl<T: ?Sized + std::fmt::Debug> Ambiguous<Shown> for T {}
            impl<T: ?Sized + Clone> Ambiguous<Copied> for T {}
            impl<T: ?Sized + serde::Serialize> Ambiguous<Serialised> for T {}
            <$type as Ambiguous<_>>::chosen()
        };)+
    };
}

lacks_all!(Secret, Ephemeral, schedule::Keys, schedule::Traffic);
lacks_all!(body::Request, body::Answer, body::Enrol, body::Authorize, body::Sign, body::ChangePin, body::Factor);
lacks_all!(body::Authenticator);
lacks_all!(client::Greeting, client::Ready, client::Waiting);
lacks_all!(server::Offer, server::Greeting, server::Offered, server::Ready, server::Working, server::Session);
