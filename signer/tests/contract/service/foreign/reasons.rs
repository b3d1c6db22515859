//! Why a PDF is refused, in one word.

use super::*;

#[tokio::test]
async fn what_cannot_be_signed_is_refused_by_its_reason() {
    let helpers = helpers();
    let document = pdf();
    let plain = wanted(Envelope::Revision, &[]);
    let text = String::from_utf8(document.clone()).unwrap();
    for (document, reason) in [
        (&b"no PDF"[..], Reason::WrongFormat),
        (b"%PDF-1.7 but not really", Reason::Damaged),
        (text.replace("trailer\n<<", "trailer\n<</Encrypt 9 0 R").as_bytes(), Reason::Encrypted),
        (text.replace("trailer\n<<", "trailer\n<</XRefStm 9").as_bytes(), Reason::Hybrid),
        (text.replace("/Kids [3 0 R]", "/Kids []     ").as_bytes(), Reason::NoPages),
        // Far more than the limit: it is not even read.
        (&vec![b'x'; (256 << 20) + 1], Reason::TooLong),
    ] {
        assert_eq!(refused(&helpers, document, plain).await, reason);
    }
    let says = |said: &[(&str, &str)]| -> Vec<Property> {
        let one =
            |(name, value): &(&str, &str)| Property { name: (*name).to_owned(), value: Some((*value).to_owned()) };
        said.iter().map(one).collect()
    };
    for (said, reason) in [
        (&[("P", "2")][..], Reason::NotCertification),
        (&[("X", "2")], Reason::UnknownProperty),
        (&[("Field", "a.b")], Reason::FieldName),
        (&[("Field", "Other"), ("Text", "x")], Reason::NoSuchField),
        (&[("Rect", "20 20 180 80")], Reason::NoText),
        (&[("Rect", "150 20 250 80"), ("Text", "x")], Reason::OffPage),
        (&[("Rect", "20 20 180 80"), ("Page", "2"), ("Text", "x")], Reason::NoSuchPage),
        (&[("Rect", "20 20 25 80"), ("Text", "x")], Reason::TooSmall),
        (
            &[("Rect", "20 20 60 40"), ("Text", "more than there is room for in letters that can be read")],
            Reason::TextTooLong,
        ),
        (&[("Rect", "20 20 180 80"), ("Text", "\u{6f22}")], Reason::Character),
    ] {
        assert_eq!(refused(&helpers, &document, wanted(Envelope::Revision, &says(said))).await, reason, "{said:?}");
    }
}
