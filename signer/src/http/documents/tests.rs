//! The message and what follows it, in pieces of every length; and what is no such message.

use axum::body::Body;
use rsign_api::signer::SignDocuments;
use rsign_spool::Bounds;
use serde_json::{Value, json};

use super::*;

const LONG: usize = 300_000;

fn spool() -> Spool {
    Spool::new(
        std::env::temp_dir(),
        Bounds { document: 400_000, request: 500_000, client: 700_000, all: 700_000, memory: 100_000 },
    )
}

/// With documents of so many octets.
fn message(lengths: &[Value]) -> Vec<u8> {
    let document = |length: &Value| {
        json!({
            "format": "C", "envelope": "Detached", "scheme": { "scheme": "ecdsa", "hash": "sha256" },
            "subject": { "document": length },
        })
    };
    let documents: Vec<Value> = lengths.iter().map(document).collect();
    let message = json!({
        "credential": "c", "client": "app", "sad": "sad_x", "key": "AQID", "chain": ["MIIB"], "documents": documents,
    });
    serde_json::to_vec(&message).unwrap()
}

fn framed(message: &[u8], octets: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&length.to_be_bytes()[..], message, octets].concat()
}

async fn read_in_pieces(
    spool: &Spool,
    body: &[u8],
    piece: usize,
    framed: bool,
) -> std::result::Result<SignDocuments, Stop> {
    let pieces: Vec<_> =
        body.chunks(piece).map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece))).collect();
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    let mut incoming = Incoming { body: body.into_data_stream(), rest: Bytes::new() };
    let Arrived { asked, hashed } = read::<SignDocuments>(&mut incoming, spool, framed).await?;
    // What was hashed is what is there.
    let hashed: Vec<_> = hashed.into_iter().map(Hasher::finish).collect();
    let functions = asked.functions().into_iter();
    let there: Vec<_> = asked
        .octets()
        .into_iter()
        .zip(functions)
        .map(|(octets, function)| Hasher::over(function, octets).unwrap().finish())
        .collect();
    assert_eq!(hashed, there);
    Ok(asked)
}

#[tokio::test]
async fn documents_come_behind_the_message() {
    let octets: Vec<u8> = (0..LONG + 5).map(|at| (at / 3).to_le_bytes()[0]).collect();
    let body = framed(&message(&[json!(5), json!(0), json!(LONG)]), &octets);
    let spool = spool();
    for piece in [1 << 20, 65_536, 1000, 7] {
        let asked = read_in_pieces(&spool, &body, piece, true).await.unwrap_or_else(|_| panic!("{piece}"));
        let read: Vec<_> = asked.octets().into_iter().cloned().collect();
        assert_eq!(read, [octets[..5].into(), Octets::from(vec![]), octets[5..].into()], "{piece}");
        assert_eq!(read[2].held(), None, "it is in the file");
        assert!(spool.kept() >= LONG as u64);
        drop((asked, read));
        assert_eq!(spool.kept(), 0);
    }
}

#[tokio::test]
async fn a_message_without_documents_is_json() {
    let with_digest = json!({ "digest": "AQID" });
    let mut message: Value = serde_json::from_slice(&message(&[json!(1)])).unwrap();
    message["documents"][0]["subject"] = with_digest;
    let body = serde_json::to_vec(&message).unwrap();
    for piece in [1 << 20, 7] {
        let asked = read_in_pieces(&spool(), &body, piece, false).await.unwrap_or_else(|_| panic!("{piece}"));
        assert_eq!((asked.documents.len(), asked.octets().len()), (1, 0));
        assert!(read_in_pieces(&spool(), &framed(&body, b""), piece, true).await.is_ok(), "nothing has to follow");
    }
}

#[tokio::test]
async fn what_is_no_such_message_is_refused() {
    let one = message(&[json!(5)]);
    let malformed = [
        (vec![], true),
        (vec![0, 0], true),
        (framed(&one, b"four")[..20].to_vec(), true),
        (framed(&one, b"four"), true),
        (framed(&one, b"sixsix"), true),
        (framed(b"{}", b""), true),
        (framed(&message(&[json!(-1)]), b""), true),
        (framed(&message(&[json!("AQID")]), b""), true),
        // Octets that nobody sends.
        (one.clone(), false),
        (framed(&one, b"fives"), false),
    ];
    for (body, framed) in malformed {
        let heard = read_in_pieces(&spool(), &body, 3, framed).await;
        assert!(matches!(heard, Err(Stop::Malformed)), "{}", String::from_utf8_lossy(&body));
    }
    let too_long = [
        vec![0xff, 0xff, 0xff, 0xff],
        framed(&message(&[json!(400_001)]), b""),
        framed(&message(&[json!(300_000), json!(200_001)]), b""),
        framed(&message(&[json!(u64::MAX), json!(u64::MAX)]), b""),
    ];
    for body in too_long {
        let heard = read_in_pieces(&spool(), &body, 1000, true).await;
        assert!(matches!(heard, Err(Stop::TooLong)), "{}", body.len());
    }
    let spool = spool();
    let _others =
        (spool.intake("other").take(&[0; LONG]).unwrap().1, spool.intake("other").take(&[0; LONG]).unwrap().1);
    assert!(read_in_pieces(&spool, &framed(&one, b"fives"), 1000, true).await.is_ok());
    let long = framed(&message(&[json!(LONG)]), &[0; LONG]);
    assert!(matches!(read_in_pieces(&spool, &long, 1000, true).await, Err(Stop::Documents(Error::Full))));
}
