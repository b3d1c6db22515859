//! Octets of a document, wherever they lie: in memory where they are few, else where an adapter keeps them.
//!
//! Whoever needs them takes them piece by piece ([`Octets::each`], [`Octets::read_at`]); [`Octets::whole`] is for
//! formats that need all at once, and says how much of that they can bear.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serializer};

/// How many octets are read at once.
pub const PIECE: usize = 256 << 10;

/// Where octets lie. They do not change.
pub trait Source: std::fmt::Debug + Send + Sync {
    /// How many there are.
    fn length(&self) -> u64;

    /// Reads those from `at` on, as many as there are and fit; none at the end. Blocks where they are not in memory.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize>;

    /// All of them, if they are in memory in one piece.
    fn held(&self) -> Option<&[u8]> {
        None
    }

    /// What they are joined of, if they are.
    fn parts(&self) -> Option<&[Octets]> {
        None
    }

    /// Whether the room that they take is counted where they lie.
    fn is_counted(&self) -> bool {
        false
    }

    /// Whether they are in memory, in how many pieces ever.
    fn in_memory(&self) -> bool {
        self.parts().map_or_else(|| self.held().is_some(), |parts| parts.iter().all(Octets::in_memory))
    }
}

/// A document's octets. A copy is another handle to the same octets.
#[derive(Clone)]
pub struct Octets(Arc<dyn Source>);

/// Why they are not there as a whole.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// There are more than whoever asks can bear.
    #[error("{0} octets are too many to hold")]
    TooLong(u64),
    /// They cannot be read.
    #[error("the octets cannot be read")]
    Failed(#[from] io::Error),
}

impl Octets {
    /// Those of this source.
    #[must_use]
    pub fn over(source: impl Source + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// One after the other.
    #[must_use]
    pub fn joined(parts: Vec<Self>) -> Self {
        Self::over(Joined(parts))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.length()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, if they are in memory in one piece: then nothing here blocks.
    #[must_use]
    pub fn held(&self) -> Option<&[u8]> {
        self.0.held()
    }

    /// What they are joined of, if they are.
    #[must_use]
    pub fn parts(&self) -> Option<&[Self]> {
        self.0.parts()
    }

    /// Whether the room that they take is counted where they lie.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        self.0.is_counted()
    }

    /// Whether they are in memory, in how many pieces ever: then nothing here blocks.
    #[must_use]
    pub fn in_memory(&self) -> bool {
        self.0.in_memory()
    }

    /// Reads those from `at` on, until `into` is full or there are no more; says how many came. Blocks where they are not
    /// in memory.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(room) = into.get_mut(filled..).filter(|room| !room.is_empty()) {
            match self.0.read_at(at + filled as u64, room) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// Hands over all of them in pieces of at most [`PIECE`]. Blocks where they are not in memory.
    ///
    /// # Errors
    /// When they cannot be read, or are fewer than was said.
    pub fn each(&self, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        if let Some(octets) = self.held() {
            take(octets);
            return Ok(());
        }
        let mut piece = vec![0; PIECE.min(usize::try_from(self.len()).unwrap_or(PIECE))];
        let mut at = 0;
        while at < self.len() {
            let read = self.read_at(at, &mut piece)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            take(piece.get(..read).unwrap_or_default());
            at += read as u64;
        }
        Ok(())
    }

    /// All of them at once, if there are at most so many. Blocks where they are not in memory.
    ///
    /// # Errors
    /// See [`Unread`].
    pub fn whole(&self, most: usize) -> Result<Cow<'_, [u8]>, Unread> {
        let length = usize::try_from(self.len()).ok().filter(|length| *length <= most);
        let length = length.ok_or_else(|| Unread::TooLong(self.len()))?;
        if let Some(octets) = self.held() {
            return Ok(Cow::Borrowed(octets));
        }
        let mut octets = Vec::with_capacity(length);
        self.each(|piece| octets.extend_from_slice(piece))?;
        Ok(Cow::Owned(octets))
    }
}

impl From<Vec<u8>> for Octets {
    fn from(octets: Vec<u8>) -> Self {
        Self::over(octets)
    }
}

impl From<&[u8]> for Octets {
    fn from(octets: &[u8]) -> Self {
        octets.to_vec().into()
    }
}

impl std::fmt::Debug for Octets {
    /// How many: what they are is nobody's business.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{} octets]", self.len())
    }
}

/// By what they are. Octets that cannot be read equal none.
impl PartialEq for Octets {
    fn eq(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        let (mut at, mut same) = (0, true);
        let mut theirs = Vec::new();
        let read = self.each(|piece| {
            theirs.resize(piece.len(), 0);
            same &= matches!(other.read_at(at, &mut theirs), Ok(read) if read == piece.len()) && theirs == piece;
            at += piece.len() as u64;
        });
        same && read.is_ok()
    }
}

impl Eq for Octets {}

impl Source for Vec<u8> {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(at).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        let read = rest.len().min(into.len());
        for (to, from) in into.iter_mut().zip(rest) {
            *to = *from;
        }
        Ok(read)
    }

    fn held(&self) -> Option<&[u8]> {
        Some(self)
    }
}

/// Parts, one after the other.
#[derive(Debug)]
struct Joined(Vec<Octets>);

impl Source for Joined {
    fn length(&self) -> u64 {
        self.0.iter().map(Octets::len).sum()
    }

    fn read_at(&self, mut at: u64, into: &mut [u8]) -> io::Result<usize> {
        for part in &self.0 {
            if at < part.len() {
                return part.0.read_at(at, into);
            }
            at -= part.len();
        }
        Ok(0)
    }

    fn parts(&self) -> Option<&[Octets]> {
        Some(&self.0)
    }
}

/// Octets that travel beside the message that names them, and have not come yet.
#[derive(Debug)]
struct Promised(u64);

impl Source for Promised {
    fn length(&self) -> u64 {
        self.0
    }

    fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(io::ErrorKind::NotFound, "octets that have not come"))
    }
}

/// As their number, where they travel beside the message. What is read has to be replaced by what came: until then
/// reading it fails.
pub mod beside {
    use super::{Deserialize, Deserializer, Octets, Promised, Serializer};

    /// Writes their number.
    ///
    /// # Errors
    /// Those of the format.
    pub fn serialize<S: Serializer>(octets: &Octets, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(octets.len())
    }

    /// Reads their number.
    ///
    /// # Errors
    /// No number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Octets, D::Error> {
        u64::deserialize(deserializer).map(|length| Octets::over(Promised(length)))
    }

    /// The same of octets that need not be there.
    pub mod some {
        use super::{Deserialize, Deserializer, Octets, Promised, Serializer};

        /// Writes their number.
        ///
        /// # Errors
        /// Those of the format.
        pub fn serialize<S: Serializer>(octets: &Option<Octets>, serializer: S) -> Result<S::Ok, S::Error> {
            match octets {
                Some(octets) => serializer.serialize_some(&octets.len()),
                None => serializer.serialize_none(),
            }
        }

        /// Reads their number.
        ///
        /// # Errors
        /// No number.
        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Octets>, D::Error> {
            let length = Option::<u64>::deserialize(deserializer)?;
            Ok(length.map(|length| Octets::over(Promised(length))))
        }
    }
}

/// A list of them, each as standard Base64 (RFC 4648, 4). All of it is in memory: for what is known to be short.
pub mod base64 {
    use serde::ser::{Error as _, SerializeSeq as _};

    use super::{BASE64, Deserialize, Deserializer, Octets, Serializer};
    use crate::bytes::Bytes;

    /// Writes them.
    ///
    /// # Errors
    /// Those of the format, and octets that cannot be read.
    pub fn serialize<S: Serializer>(all: &[Octets], serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(all.len()))?;
        for octets in all {
            let octets = octets.whole(usize::MAX).map_err(S::Error::custom)?;
            list.serialize_element(&BASE64.encode(&octets))?;
        }
        list.end()
    }

    /// Reads them.
    ///
    /// # Errors
    /// What is no list of Base64.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Octets>, D::Error> {
        Ok(Vec::<Bytes>::deserialize(deserializer)?.into_iter().map(|octets| octets.0.into()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives away as little as it can at a time, as files may.
    #[derive(Debug)]
    struct Slow(Vec<u8>);

    impl Source for Slow {
        fn length(&self) -> u64 {
            self.0.length()
        }

        fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
            let most = into.len().min(3);
            self.0.read_at(at, into.get_mut(..most).unwrap_or_default())
        }
    }

    #[test]
    fn parts_are_read_as_one_from_anywhere() {
        let all = b"one, two and three".to_vec();
        let parts = [&all[..3], b"", &all[3..10], &all[10..]];
        let joined = Octets::joined(parts.iter().map(|part| Octets::over(Slow(part.to_vec()))).collect());
        assert_eq!(joined.len(), 18);
        for at in 0..=all.len() {
            for length in 0..=all.len() {
                let mut into = vec![0; length];
                let read = joined.read_at(at as u64, &mut into).unwrap();
                assert_eq!(into[..read], all[at..(at + length).min(all.len())], "{at} {length}");
            }
        }
        assert_eq!(joined.whole(18).unwrap(), all);
        assert!(matches!(joined.whole(17), Err(Unread::TooLong(18))));
        assert_eq!(joined, Octets::from(all.clone()));
        assert_ne!(joined, Octets::from(b"one, two and thre!".to_vec()));
        assert_ne!(joined, Octets::from(all[..17].to_vec()));
    }

    #[test]
    fn octets_that_are_beside_a_message_are_none_until_they_came() {
        #[derive(serde::Serialize, Deserialize)]
        struct Message(#[serde(with = "beside")] Octets);
        #[derive(serde::Serialize, Deserialize)]
        struct Some(#[serde(with = "beside::some")] Option<Octets>);
        assert_eq!(serde_json::to_string(&Some(Option::Some(vec![0; 7].into()))).unwrap(), "7");
        assert_eq!(serde_json::from_str::<Some>("7").unwrap().0.unwrap().len(), 7);
        assert!(
            serde_json::from_str::<Some>("null").unwrap().0.is_none() && serde_json::from_str::<Some>("-1").is_err()
        );
        assert_eq!(serde_json::to_string(&Message(b"four".to_vec().into())).unwrap(), "4");
        let Message(octets) = serde_json::from_str("4").unwrap();
        assert_eq!(octets.len(), 4);
        assert!(octets.whole(4).is_err() && octets.held().is_none());
        assert_ne!(octets, b"four".to_vec().into(), "what cannot be read is equal to nothing");
    }
}
