//! Canonical forms of the W3C's own examples, what documents are refused, and what stands in a signature.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rsign_api::algorithm::{HashAlgorithm, Scheme};

use super::*;
use crate::evidence::Evidence;
use crate::{digest, jws};

fn inclusive(document: &str) -> String {
    let tree = roxmltree::Document::parse(document).unwrap();
    let mut octets = Vec::new();
    canonical::document(&tree, &mut octets);
    String::from_utf8(octets).unwrap()
}

fn exclusive(document: &str, name: &str) -> String {
    String::from_utf8(document::canonical(document, name).unwrap()).unwrap()
}

#[test]
fn w3c_3_1_instructions_comments_and_outside_of_the_element() {
    let document = concat!(
        "<?xml version=\"1.0\"?>\n\n<?xml-stylesheet   href=\"doc.xsl\"\n   type=\"text/xsl\"   ?>\n\n",
        "<doc>Hello, world!<!-- Comment 1 --></doc>\n\n",
        "<?pi-without-data     ?>\n\n<!-- Comment 2 -->\n\n<!-- Comment 3 -->",
    );
    assert_eq!(
        inclusive(document),
        "<?xml-stylesheet href=\"doc.xsl\"\n   type=\"text/xsl\"   ?>\n<doc>Hello, world!</doc>\n<?pi-without-data?>"
    );
}

#[test]
fn w3c_3_2_white_space() {
    let document = "<doc>\n   <clean>   </clean>\n   <dirty>   A   B   </dirty>\n   <mixed>\n      A\n      \
                    <clean>   </clean>\n      B\n      <dirty>   A   B   </dirty>\n      C\n   </mixed>\n</doc>";
    assert_eq!(inclusive(document), document);
}

/// Without the attribute that only its document type declares.
#[test]
fn w3c_3_3_start_and_end_tags() {
    let document = r#"<doc>
   <e1   />
   <e2   ></e2>
   <e3   name = "elem3"   id="elem3"   />
   <e4   name="elem4"   id="elem4"   ></e4>
   <e5 a:attr="out" b:attr="sorted" attr2="all" attr="I'm"
      xmlns:b="http://www.ietf.org"
      xmlns:a="http://www.w3.org"
      xmlns="http://example.org"/>
   <e6 xmlns="" xmlns:a="http://www.w3.org">
      <e7 xmlns="http://www.ietf.org">
         <e8 xmlns="" xmlns:a="http://www.w3.org">
            <e9 xmlns="" xmlns:a="http://www.ietf.org"/>
         </e8>
      </e7>
   </e6>
</doc>"#;
    let canonical = r#"<doc>
   <e1></e1>
   <e2></e2>
   <e3 id="elem3" name="elem3"></e3>
   <e4 id="elem4" name="elem4"></e4>
   <e5 xmlns="http://example.org" xmlns:a="http://www.w3.org" xmlns:b="http://www.ietf.org" attr="I'm" attr2="all" b:attr="sorted" a:attr="out"></e5>
   <e6 xmlns:a="http://www.w3.org">
      <e7 xmlns="http://www.ietf.org">
         <e8 xmlns="">
            <e9 xmlns:a="http://www.ietf.org"></e9>
         </e8>
      </e7>
   </e6>
</doc>"#;
    assert_eq!(inclusive(document), canonical);
}

/// Without the two attributes whose type its document type declares.
#[test]
fn w3c_3_4_character_references() {
    let document = r#"<doc>
   <text>First line&#x0d;&#10;Second line</text>
   <value>&#x32;</value>
   <compute><![CDATA[value>"0" && value<"10" ?"valid":"error"]]></compute>
   <compute expr='value>"0" &amp;&amp; value&lt;"10" ?"valid":"error"'>valid</compute>
   <norm attr=' &apos;   &#x20;&#13;&#xa;&#9;   &apos; '/>
</doc>"#;
    let canonical = r#"<doc>
   <text>First line&#xD;
Second line</text>
   <value>2</value>
   <compute>value&gt;"0" &amp;&amp; value&lt;"10" ?"valid":"error"</compute>
   <compute expr="value>&quot;0&quot; &amp;&amp; value&lt;&quot;10&quot; ?&quot;valid&quot;:&quot;error&quot;">valid</compute>
   <norm attr=" '    &#xD;&#xA;&#x9;   ' "></norm>
</doc>"#;
    assert_eq!(inclusive(document), canonical);
}

#[test]
fn w3c_3_6_characters_beyond_ascii() {
    assert_eq!(inclusive("<doc>&#169;</doc>"), "<doc>\u{a9}</doc>");
}

/// Exclusive XML Canonicalization 1.0, 2.2: the same element in two documents.
#[test]
fn w3c_exclusive_2_2_context_does_not_matter() {
    let elements = [
        "<n0:pdu xmlns:n0='http://a.example'><n1:elem1 xmlns:n1='http://b.example'>content</n1:elem1></n0:pdu>",
        "<n1:elem1 xmlns:n1=\"http://b.example\">content</n1:elem1>",
        "<n2:pdu xmlns:n1='http://b.example' xmlns:n2='http://foo.example' xml:lang='fr' xml:space='retain'>\
         <n1:elem1>content</n1:elem1></n2:pdu>",
    ];
    for element in elements {
        assert_eq!(exclusive(element, "elem1"), elements[1]);
    }
    let around = "<n0:local xmlns:n0='http://x' xmlns:n3='ftp://example.org'>\
                  <n1:elem2 xmlns:n1='http://example.net' xml:lang='en'><n3:stuff xmlns:n3='ftp://example.org'/></n1:elem2>\
                  </n0:local>";
    assert_eq!(
        exclusive(around, "elem2"),
        "<n1:elem2 xmlns:n1=\"http://example.net\" xml:lang=\"en\">\
         <n3:stuff xmlns:n3=\"ftp://example.org\"></n3:stuff></n1:elem2>"
    );
}

#[test]
fn what_no_signature_goes_into_is_refused() {
    let depth = |count| ["<a>".repeat(count), "</a>".repeat(count)].concat();
    let attributes = |count| format!("<a{}/>", (0..count).map(|at| format!(" a{at}=''")).collect::<String>());
    let namespaces = |count| {
        let one = |at| format!("<a xmlns:p{at}=''/>");
        format!("<a>{}</a>", (0..count).map(one).collect::<String>())
    };
    let looked_up = |prefixes, count| {
        let declared = (0..prefixes).map(|at| format!(" xmlns:p{at}='u'")).collect::<String>();
        format!("<a{declared}>{}</a>", "<b/>".repeat(count))
    };
    let refused = [
        ("<!DOCTYPE a><a/>", ""),
        ("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>", ""),
        ("<!DOCTYPE a [<!ENTITY e 'ha'><!ENTITY f '&e;&e;'>]><a>&f;</a>", ""),
        ("<a>&e;</a>", ""),
        ("<?xml version='1.1'?><a/>", "XML 1.0"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "encoding"),
        ("<?xml version='1.0' encoding = \"utf-16\"?><a/>", "encoding"),
        ("<?xml version='1.0' encoding='US-ASCII'?><a>\u{e9}</a>", "encoding"),
        ("\u{feff}<?xml version='1.0' encoding='us-ascii'?><a/>", "encoding"),
        ("", ""),
        ("a", ""),
        ("<a>", ""),
        ("<a/><a/>", ""),
        ("<a></b>", ""),
        ("<p:a/>", ""),
        ("<a b='1' b='2'/>", ""),
        ("<a><ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/></a>", "signature"),
        (&depth(MAX_DEPTH + 1), "deep"),
        (&depth(1_000_000), "deep"),
        (&attributes(1001), "attributes"),
        (&namespaces(2001), "namespaces"),
        (&looked_up(900, 500_000), "namespaces"),
    ];
    for (document, why) in refused {
        let said = Document::read(document.as_bytes()).map(drop).unwrap_err().to_string();
        assert!(said.contains(why), "{said}: {:.80}", document);
    }
    assert!(Document::read(b"<a>\xff</a>").is_err());
    assert!(Document::read(&vec![b' '; LIMIT + 1]).is_err());
    for document in [
        &depth(MAX_DEPTH)[..],
        &attributes(1000),
        &looked_up(100, 100_000),
        "<?xml version=\"1.0\" encoding='Utf-8' ?><a>\u{e9}</a>",
        "<?xml version=\"1.0\" encoding='US-ascii'?><a>&#233;</a>",
    ] {
        Document::read(document.as_bytes()).unwrap();
    }
    // What looks like a tag is none in comments, instructions and CDATA.
    let looks = format!("<a><!--<b {0}--><?p <b {0}?><![CDATA[<b {0}]]></a>", "a=".repeat(2000));
    Document::read(looks.as_bytes()).unwrap();
}

/// The whole of a document made to take long is read and hashed in a few seconds, unoptimised.
#[test]
fn a_document_made_to_take_long_does_not() {
    let started = std::time::Instant::now();
    for document in [
        format!("<a>{}</a>", "<b/>".repeat(LIMIT / 32)),
        format!("<a>{}</a>", "&amp;".repeat(LIMIT / 20)),
        format!("<a>{}</a>", "\r".repeat(LIMIT / 4)),
        format!(
            "<a{}>{}</a>",
            (0..900).map(|at| format!(" xmlns:p{at}='u'")).collect::<String>(),
            "<b/>".repeat(100_000)
        ),
    ] {
        Document::read(document.as_bytes()).unwrap().digest(HashAlgorithm::Sha256).unwrap();
    }
    assert!(started.elapsed() < Duration::from_mins(2), "{:?}", started.elapsed());
}

fn signatory(scheme: Scheme) -> Signatory {
    // Any octets will do where no key is looked for.
    Signatory { chain: vec![b"certificate".to_vec()], scheme }
}

const RSA: Scheme = Scheme::Pkcs1 { hash: HashAlgorithm::Sha256 };

#[test]
fn foreign_words_stay_words() {
    let hash = digest(HashAlgorithm::Sha256, b"document");
    let name = "x\"/><ds:Object a='&\u{1}";
    let content = Content::Detached { name, digest: &hash, media_type: "a/b</xades:QualifyingProperties>" };
    let unfinished = prepare(&content, &Said::default(), SystemTime::now(), &signatory(RSA)).unwrap();
    let signed =
        finish(&unfinished, &signatory(RSA), b"value", &[Addition::Stamp(b"stamp".to_vec())], Place::Detached).unwrap();
    let signed = String::from_utf8(signed).unwrap();
    let tree = roxmltree::Document::parse(&signed).unwrap();
    let reference = tree.descendants().find(|node| node.tag_name().name() == "Reference").unwrap();
    assert_eq!(reference.attribute("URI"), Some(&*name.replace('\u{1}', "\u{fffd}")));
    assert_eq!(tree.descendants().filter(|node| node.tag_name().name() == "Object").count(), 1);
    let media_type = tree.descendants().find(|node| node.tag_name().name() == "MimeType").unwrap();
    assert_eq!(media_type.text(), Some("a/b</xades:QualifyingProperties>"));
}

/// What is digested of the properties is what a verifier finds in the finished document.
#[test]
fn digests_are_of_what_stands_in_the_document() {
    let foreign =
        "<a xmlns='urn:x' xmlns:ds='urn:other' xmlns:xades='urn:third' xml:lang='de' xml:space='preserve'>\r\n</a>";
    let document = Document::read(foreign.as_bytes()).unwrap();
    let hash = document.digest(HashAlgorithm::Sha256).unwrap();
    let content = Content::Enveloped { digest: &hash };
    let unfinished =
        prepare(&content, &Said::default(), UNIX_EPOCH + Duration::from_secs(1_800_000_000), &signatory(RSA)).unwrap();
    // As it is stored between the steps.
    let stored = stored(document.spot(), &unfinished);
    let (spot, restored) = restored(&stored).unwrap();
    assert_eq!((spot.as_ref(), restored), (Some(document.spot()), &*unfinished));
    let place = Place::Within { document: foreign.as_bytes(), spot: &spot.unwrap() };
    let signed = finish(restored, &signatory(RSA), b"value", &[], place).unwrap();
    let signed = std::str::from_utf8(&signed).unwrap();
    assert!(signed.contains("<xades:SigningTime>2027-01-15T08:00:00Z</xades:SigningTime>"));
    let properties = digest(HashAlgorithm::Sha256, &document::canonical(signed, "SignedProperties").unwrap());
    let tree = roxmltree::Document::parse(signed).unwrap();
    let values: Vec<_> = tree
        .descendants()
        .filter(|node| node.tag_name().name() == "DigestValue")
        .filter_map(|node| node.text())
        .collect();
    assert_eq!(values[..2], [hash, properties].map(|digest| data_encoding::BASE64.encode(&digest)));
    assert_eq!(document::canonical(signed, "SignedInfo").unwrap(), to_be_signed(&unfinished).unwrap());
    assert_eq!(
        document::canonical(signed, "SignatureValue").unwrap(),
        to_be_stamped(&unfinished, &signatory(RSA), b"value").unwrap()
    );
}

#[test]
fn what_cannot_be_said_is_refused() {
    let hash = digest(HashAlgorithm::Sha256, b"document");
    let content = Content::Enveloped { digest: &hash };
    let now = SystemTime::now();
    let salt = Scheme::Pss { hash: HashAlgorithm::Sha256, salt: 20 };
    assert!(matches!(prepare(&content, &Said::default(), now, &signatory(salt)), Err(Error::NoName(_))));
    let other = Scheme::Pkcs1 { hash: HashAlgorithm::Sha512 };
    assert!(matches!(prepare(&content, &Said::default(), now, &signatory(other)), Err(Error::Digest)));
    let nobody = Signatory { chain: Vec::new(), scheme: RSA };
    assert!(matches!(prepare(&content, &Said::default(), now, &nobody), Err(Error::NoCertificate)));
    for text in ["", "<a/>", "<a>", "</ds:SignatureValue></ds:SignatureValue>"] {
        assert!(finish(text, &signatory(RSA), b"", &[], Place::Detached).is_err(), "{text}");
    }
    let document = Document::read(b"<a/>").unwrap();
    let unfinished = prepare(&content, &Said::default(), now, &signatory(RSA)).unwrap();
    for other in [&b"<a>"[..], b"<ab/>", b"", b"<a></a>"] {
        let place = Place::Within { document: other, spot: document.spot() };
        assert!(finish(&unfinished, &signatory(RSA), b"", &[], place).is_err(), "another document");
    }
    for text in ["", "1", "1\n", " x\n<a/>"] {
        assert!(restored(text).is_err(), "{text}");
    }
    for text in ["", "<a/>", "<a><SignedInfo/><SignedInfo/></a>"] {
        assert!(to_be_signed(text).is_err(), "{text}");
    }
    // The salt is refused by JSON, too.
    let attached = jws::Content::Attached { document: b"", media_type: None };
    assert!(matches!(
        jws::prepare(&attached, &jws::Said::default(), now, &signatory(salt)),
        Err(jws::Error::NoName(_))
    ));
}

#[test]
fn what_is_added_stands_in_order_and_is_stamped_in_order() {
    let hash = digest(HashAlgorithm::Sha256, b"document");
    let content = Content::Enveloping { digest: &hash, media_type: "a/b" };
    let (who, place) = (signatory(RSA), Place::Around(b"document"));
    let unfinished = prepare(&content, &Said::default(), UNIX_EPOCH, &who).unwrap();
    let data = Evidence { certificates: vec![b"c".to_vec()], crls: Vec::new(), ocsp: vec![b"o".to_vec()] };
    let additions = [
        Addition::Stamp(b"1".to_vec()),
        Addition::Evidence(data.clone()),
        Addition::Archive(b"2".to_vec()),
        Addition::StampEvidence(data),
    ];
    let signed = String::from_utf8(finish(&unfinished, &who, b"value", &additions, place).unwrap()).unwrap();
    let tree = roxmltree::Document::parse(&signed).unwrap();
    let properties = document::only(&tree, "UnsignedSignatureProperties").unwrap();
    let names: Vec<_> = properties.children().map(|one| one.tag_name().name()).collect();
    let expected =
        ["SignatureTimeStamp", "CertificateValues", "RevocationValues", "ArchiveTimeStamp", "TimeStampValidationData"];
    assert_eq!(names, expected);
    assert!(!signed.contains("CRLValues"), "nothing is said of what is not there");
    // EN 319 132-1, 5.5.2.2, put together by hand of what stands in the signature.
    let mut over = b"document".to_vec();
    for name in [&["SignedProperties", "SignedInfo", "SignatureValue", "KeyInfo"][..], &expected[..3]].concat() {
        let node = properties.children().find(|one| one.tag_name().name() == name);
        canonical::element(
            node.unwrap_or_else(|| tree.descendants().find(|one| one.tag_name().name() == name).unwrap()),
            &mut over,
        );
    }
    let object = tree.descendants().find(|one| one.attribute("MimeType") == Some("a/b")).unwrap();
    canonical::element(object, &mut over);
    let imprint = archive_imprint(&unfinished, &who, b"value", &additions[..2], place, b"").unwrap();
    assert_eq!(imprint, digest(HashAlgorithm::Sha256, &over));
    assert_ne!(imprint, archive_imprint(&unfinished, &who, b"value", &additions, place, b"").unwrap());
}

#[test]
fn a_refusal_quotes_nothing_of_the_document() {
    let long = format!("<{}/>", "a".repeat(8 << 20));
    for (document, why) in [
        ("<r><Patient-Anna-Silva></x></r>", "it is not well-formed"),
        ("<a>\n<secret:b/></a>", "it is not well-formed"),
        ("<a b=\"&secret;\"/>", "it is not well-formed"),
        ("<!DOCTYPE secret><a/>", "it has a document type declaration"),
        (&long, "the name of its element is too long"),
    ] {
        let refused = Document::read(document.as_bytes()).unwrap_err().to_string();
        assert_eq!(refused, format!("this XML cannot be signed: {why}"));
    }
    // It is kept only where the element has no end tag of its own.
    let name = "a".repeat(1025);
    assert!(Document::read(format!("<{name}/>").as_bytes()).is_err());
    assert!(Document::read(format!("<{}/>", &name[1..]).as_bytes()).is_ok());
    assert!(Document::read(format!("<{name}></{name}>").as_bytes()).is_ok());
}
