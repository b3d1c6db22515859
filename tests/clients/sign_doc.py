"""Has files signed by signatures/signDoc (CSC 2.x), with nothing but Python's own library: an example to read.

    python3 tests/clients/sign_doc.py target/sandbox/ready.json contract.pdf order.xml data.json photo.jpg
    python3 tests/clients/sign_doc.py target/sandbox/ready.json contract.pdf --level AdES-B-LTA --seen "Signed by Ana"
    python3 tests/clients/sign_doc.py target/sandbox/ready.json photo.jpg --digest       # only its hash leaves this computer
    python3 tests/clients/sign_doc.py target/sandbox/ready.json contract.pdf --later     # operationMode A, and signPolling

All files of one call are authorized together: one SAD, which names the hash of each. PDF and XML get the signature inside,
JSON stands inside the signature, everything else is signed by a CMS beside it.
"""

import argparse
import base64
import hashlib
import json
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

SHA_256 = "2.16.840.1.101.3.4.2.1"
# What each kind of key signs with: SHA-256 with PKCS#1 v1.5, or ECDSA.
ALGORITHMS = {"RSA": "1.2.840.113549.1.1.11", "P-2": "1.2.840.10045.4.3.2"}
# By the ending: signature_format, signed_envelope_property, and what the result is called. Without an envelope, a PDF would be
# certified (Certification): who signs after that can do so only unseen, or in fields that the PDF has.
FORMS = {".pdf": ("P", "Revision", "-signed.pdf"), ".xml": ("X", "Enveloped", "-signed.xml"), ".json": ("J", "Attached", ".jws")}
BESIDE = ("C", "Detached", ".p7s")


class Service:
    """The sandbox, as its ready file describes it."""

    def __init__(self, ready: Path):
        self.ready = json.loads(ready.read_text())
        self.trust = ssl.create_default_context(cafile=self.ready["tls_ca"]) if self.ready.get("tls_ca") else None
        self.token = self._token(self.ready["clients"][0])

    def _token(self, client: dict) -> str:
        secret = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": "service"}).encode()
        answer = self._post(f"{self.ready['oauth2'].rstrip('/')}/oauth2/token", form, {"Authorization": f"Basic {secret}"})
        return answer["access_token"]

    def call(self, method: str, **body) -> dict:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return self._post(f"{self.ready['csc_v2']}/{method}", json.dumps(body).encode(), headers)

    def _post(self, url: str, body: bytes, headers: dict) -> dict:
        request = urllib.request.Request(url, body, headers)
        try:
            with urllib.request.urlopen(request, context=self.trust) as answer:
                return {"status": answer.status, **json.loads(answer.read() or b"{}")}
        except urllib.error.HTTPError as refused:
            said = json.loads(refused.read())
            # rsign_refused says which documents, and why, beside the standard's sentence.
            sys.exit(json.dumps({name: said[name] for name in said if name != "message"}, indent=2))


def sign(service: Service, files: list[Path], order: argparse.Namespace) -> list[bytes]:
    """What comes back for each file, in their order."""
    user = service.ready["users"][order.user]
    credential = next(one for one in user["credentials"] if one["key"] == order.key)
    contents = [file.read_bytes() for file in files]
    hashes = [base64.b64encode(hashlib.sha256(content).digest()).decode() for content in contents]
    sad = service.call(
        "credentials/authorize",
        credentialID=credential["credentialID"],
        numSignatures=len(files),
        hashes=hashes,
        hashAlgorithmOID=SHA_256,
        authData=[{"id": "PIN", "value": credential["pin"]}],
    )["SAD"]
    entries = [entry(file, order) for file in files]
    if order.digest:
        digests = [{"hashes": [digest], "hashAlgorithmOID": SHA_256, **entry} for digest, entry in zip(hashes, entries)]
        signed = {"documentDigests": digests}
    else:
        signed = {
            "documents": [
                {"document": base64.b64encode(content).decode(), **entry} for content, entry in zip(contents, entries)
            ]
        }
    mode = {"operationMode": "A"} if order.later else {}
    answer = service.call("signatures/signDoc", credentialID=credential["credentialID"], SAD=sad, **mode, **signed)
    if order.later:
        answer = fetch(service, user, answer["responseID"])
    # Those with the signature inside, and those that are a signature beside: each list in the order of the entries.
    inside, beside = iter(answer.get("DocumentWithSignature", [])), iter(answer.get("SignatureObject", []))
    results = (next(beside if entry["signed_envelope_property"] == "Detached" else inside) for entry in entries)
    return [base64.b64decode(result) for result in results]


def form(file: Path, order: argparse.Namespace) -> tuple[str, str, str]:
    # What a signature stands in has to be there; a digest is enough for one beside.
    return BESIDE if order.digest else FORMS.get(file.suffix.lower(), BESIDE)


def entry(file: Path, order: argparse.Namespace) -> dict:
    format, envelope, _ = form(file, order)
    said = {
        "signature_format": format,
        "signed_envelope_property": envelope,
        "conformance_level": order.level,
        "signAlgo": ALGORITHMS[order.key[:3]],
    }
    if format == "P" and order.seen:
        # Left, bottom, right and top, in units of the page (1/72 inch) from its lower left corner.
        seen = {"Page": "1", "Rect": "36 36 236 86", "Text": order.seen}
        said["signed_props"] = [{"attribute_name": name, "attribute_value": value} for name, value in seen.items()]
    return said


def fetch(service: Service, user: dict, response: str) -> dict:
    for _ in range(100):
        answer = service.call("signatures/signPolling", requestID=response, userID=user["userID"])
        if answer["status"] == 200:
            return answer
        time.sleep(0.2)
    sys.exit("it takes long; ask for it later")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ready", type=Path, metavar="READY.json")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--level", default="AdES-B-B", help="AdES-B-B, AdES-B-T, AdES-B-LT or AdES-B-LTA")
    parser.add_argument("--seen", metavar="TEXT", help="PDFs show this on their first page")
    parser.add_argument("--digest", action="store_true", help="only hashes are sent")
    parser.add_argument("--later", action="store_true", help="signatures are fetched by signPolling")
    parser.add_argument("--user", type=int, default=0)
    parser.add_argument("--key", choices=("RSA-2048", "RSA-3072", "P-256"), default="P-256")
    parser.add_argument("--out", type=Path, help="folder for the results (default: beside each file)")
    order = parser.parse_args()
    service = Service(order.ready)
    for file, signed in zip(order.files, sign(service, order.files, order)):
        _, _, ending = form(file, order)
        stem = file.stem if ending.startswith("-") else file.name
        path = (order.out or file.parent) / f"{stem}{ending}"
        path.write_bytes(signed)
        print(path)


if __name__ == "__main__":
    main()
