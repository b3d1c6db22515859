// What jose, a JWS library of JavaScript, says of signatures in any serialisation. Reads a JSON array of {jws, certificates,
// detached} from standard input, one certificate (PEM) for each signature, and says how many are good; a bad one ends it.
import { compactVerify, flattenedVerify, generalVerify, importX509 } from "jose";

// What `crit` names has to be understood. jose does not: the test that calls this has JAdES judged by others.
const crit = { sigD: true, "x5t#o": true, srCms: true, sigPl: true, srAts: true };

/** With `b64` false nothing is signed but the header. */
function whole(jws, detached) {
  return detached ? { ...jws, payload: "" } : jws;
}

async function verify({ jws, certificates, detached }) {
  const key = (at) => (header) => importX509(certificates[at], header.alg);
  if (!jws.startsWith("{")) {
    await compactVerify(jws, key(0), { crit });
    return 1;
  }
  const json = JSON.parse(jws);
  if (!json.signatures) {
    await flattenedVerify(whole(json, detached), key(0), { crit });
    return 1;
  }
  for (const [at, signature] of json.signatures.entries()) {
    await generalVerify({ payload: json.payload, signatures: [signature] }, key(at), { crit });
  }
  return json.signatures.length;
}

let text = "";
for await (const part of process.stdin) text += part;
let good = 0;
for (const one of JSON.parse(text)) good += await verify(one);
console.log(good);
