// What pkijs, CMS and PKI of JavaScript, says of signatures. Reads a JSON array of {cms, content, root} from standard input,
// Base64 and, of the root, DER in Base64; `content` is null where the CMS holds it. Says how many signatures are good, each
// with its chain up to the root; a bad one ends it.
import { fromBER } from "asn1js";
import { Certificate, ContentInfo, SignedData } from "pkijs";

const octets = (text) => new Uint8Array(Buffer.from(text, "base64")).buffer;

async function verify({ cms, content, root }) {
    const signed = new SignedData({ schema: ContentInfo.fromBER(octets(cms)).content });
    const trustedCerts = [new Certificate({ schema: fromBER(octets(root)).result })];
    const data = content === null ? undefined : octets(content);
    for (const signer of signed.signerInfos.keys()) {
        const said = await signed.verify({ signer, data, trustedCerts, checkChain: true, extendedMode: true });
        if (!said.signatureVerified || !said.signerCertificateVerified) throw new Error(JSON.stringify(said.message));
    }
    return signed.signerInfos.length;
}

let text = "";
for await (const part of process.stdin) text += part;
let good = 0;
for (const one of JSON.parse(text)) good += await verify(one);
console.log(good);
