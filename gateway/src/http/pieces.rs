//! Long answers of `signDoc`: JSON whose documents are read and written as Base64 while they are sent.

use std::io;

use axum::body::Bytes;
use base64_simd::STANDARD;
use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use rsign_api::csc::documents::SignedDocuments;
use rsign_api::octets::Octets;

/// Octets that are read at once: a multiple of three, so that their Base64 needs no padding inside.
const PIECE: usize = 192 << 10;

/// A JSON text, of which the most is yet to be read.
#[derive(Debug)]
pub(super) struct Pieces(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Text(Bytes),
    /// Base64 of these.
    Document(Octets),
}

impl Pieces {
    /// The same text as serde makes of it.
    pub(super) fn of(mut answer: SignedDocuments) -> Result<Self, serde_json::Error> {
        let lists = [
            ("DocumentWithSignature", std::mem::take(&mut answer.with_signature)),
            ("SignatureObject", std::mem::take(&mut answer.objects)),
        ];
        let rest = serde_json::to_string(&answer)?;
        let rest = rest.strip_prefix('{').unwrap_or_default();
        let mut pieces = Vec::new();
        let mut before = String::from("{");
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            before.push_str(&format!("\"{name}\":["));
            for (place, octets) in list.into_iter().enumerate() {
                before.push_str(if place == 0 { "\"" } else { "\",\"" });
                pieces.push(Piece::Text(std::mem::take(&mut before).into()));
                pieces.push(Piece::Document(octets));
            }
            before.push_str("\"],");
        }
        if rest == "}" && !pieces.is_empty() {
            before.pop();
        }
        pieces.push(Piece::Text((before + rest).into()));
        Ok(Self(pieces))
    }

    /// Octets of the text.
    pub(super) fn length(&self) -> u64 {
        let length = |piece: &Piece| match piece {
            Piece::Text(text) => text.len() as u64,
            Piece::Document(octets) => octets.len().div_ceil(3) * 4,
        };
        self.0.iter().map(length).sum()
    }

    /// The text, piece by piece.
    pub(super) fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        stream::iter(self.0).flat_map(|piece| match piece {
            Piece::Text(text) => stream::iter([Ok(text)]).left_stream(),
            Piece::Document(octets) => {
                let letters = |piece: Bytes| Bytes::from(STANDARD.encode_to_string(&piece));
                rsign_spool::pieces(octets, PIECE).map_ok(letters).right_stream()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use rsign_api::bytes::Bytes as Octet;
    use rsign_api::csc::documents::ValidationInfo;

    use super::*;

    #[tokio::test]
    async fn the_text_is_that_of_serde() {
        let octets = |length: usize| -> Octets {
            let all: Vec<u8> = (0..length).map(|at| (at * 7 + at / 255).to_le_bytes()[0]).collect();
            let (first, second) = all.split_at(length / 2);
            Octets::joined(vec![first.into(), second.into()])
        };
        let lengths = [0, 1, 2, 3, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 5];
        for with_signature in [vec![], vec![octets(5)], lengths.map(octets).to_vec()] {
            for objects in [vec![], vec![vec![1, 2].into(), vec![3].into()]] {
                for validation in [None, Some(ValidationInfo { crl: vec![Octet(vec![4])], ..Default::default() })] {
                    let answer = SignedDocuments {
                        with_signature: with_signature.clone(),
                        objects: objects.clone(),
                        validation,
                    };
                    let whole = serde_json::to_string(&answer).unwrap();
                    let pieces = Pieces::of(answer).unwrap();
                    assert_eq!(pieces.length(), whole.len() as u64);
                    let text: Vec<Bytes> = pieces.stream().try_collect().await.unwrap();
                    assert!(text.concat() == whole.as_bytes());
                }
            }
        }
    }
}
