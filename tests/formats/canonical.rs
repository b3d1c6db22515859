//! The canonical form of documents, compared with libxml2's (through lxml) on odd input.

use data_encoding::{BASE64, HEXLOWER};
use rsign_ades::xml::Document;
use rsign_api::algorithm::HashAlgorithm;

use crate::json::{python, run};

/// Well-formed, and odd in one way each.
pub(crate) const ODD: [&str; 25] = [
    "<a/>",
    "<a />",
    "<a\n\t/>",
    "<a></a >",
    "\u{feff}<a>b</a>",
    "<?xml version=\"1.0\" encoding=\"utf-8\" standalone='yes'?>\r\n<a>\r\n b\rc</a>\r\n",
    "<?p q?><!--c--><a><!--d-->e<?f   g ?></a><!--h--><?i?>",
    "<a>&lt;&amp;&gt;&quot;&apos;&#13;&#10;&#9;&#x20AC;\u{1F600}</a>",
    "<a b='&lt;&amp;>\"&apos;&#13;&#10;&#9; \t\n\r\n x'/>",
    "<a><![CDATA[<b>&amp;]]]]><![CDATA[>]]></a>",
    "<a xmlns='urn:x'><b xmlns=''><c xmlns='urn:x'/></b></a>",
    "<p:a xmlns:p='urn:p' xmlns:q='urn:q' xmlns:unused='urn:u'><p:b q:c='1' p:c='2' c='3'/></p:a>",
    "<a xmlns:p='urn:p'><p:b xmlns:p='urn:p'><p:c xmlns:p='urn:other'/></p:b></a>",
    "<a xml:lang='de' xml:space='preserve' xml:base='http://x/'> <b xml:id='i'/> </a>",
    "<z:a xmlns:z='urn:1' xmlns:a='urn:2' z:z='1' a:a='2' b='3' a='4'/>",
    "<a xmlns:b='urn:b' xmlns:c='urn:b' b:x='1' c:y='2'/>",
    "<\u{e4}\u{f6} \u{fc}='\u{df}'>\u{4e2d}\u{6587}</\u{e4}\u{f6}>",
    "<a><b/><b></b><b />text<b/>]]&gt;</a>",
    "<a xmlns:x='urn:x' t='x:y'>x:z</a>",
    "<a xmlns='urn:x' xmlns:p='urn:x'><p:b/><b p:q='1'/></a>",
    "<a><b xmlns:s='http://www.w3.org/2001/XMLSchema' s:t='1'><c><d s:e=''/></c></b></a>",
    "<a b=\"'\" c='\"'>a<!-- - -->b</a>\n\n",
    "<a>\u{a0}\u{85}\u{2028}\u{7f}</a>",
    "<a xmlns='urn:x' xmlns:p='urn:p'><p:b xmlns=''><c/><p:d xmlns='urn:x' q='1'><e/></p:d></p:b></a>",
    "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'><b xml:lang=''/></a>",
];

const LXML: &str = r#"
import base64, hashlib, json, sys
from lxml import etree
for document in json.load(sys.stdin):
    parser = etree.XMLParser(resolve_entities=False, strip_cdata=False, no_network=True)
    tree = etree.fromstring(base64.b64decode(document), parser).getroottree()
    print(hashlib.sha256(etree.tostring(tree, method="c14n", exclusive=False, with_comments=False)).hexdigest())
"#;

#[test]
fn libxml2_finds_the_same_canonical_form() {
    let Some(python) = python("lxml") else { return };
    let documents: Vec<_> = ODD.iter().map(|one| BASE64.encode(one.as_bytes())).collect();
    let said = run(&python, LXML, &serde_json::to_vec(&documents).unwrap());
    assert_eq!(said.lines().count(), ODD.len());
    for (document, theirs) in ODD.iter().zip(said.lines()) {
        let ours = Document::read(document.as_bytes()).unwrap().digest(HashAlgorithm::Sha256).unwrap();
        assert_eq!(HEXLOWER.encode(&ours), theirs, "{document}");
    }
}
