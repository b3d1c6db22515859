"""What no schema can know: which credential there is, its PIN, a SAD, a job that is there to be fetched, a request that
waits for its user. Of the well-formed requests that Schemathesis makes, every other one is given them, so that it gets
past the first row of the error table."""

import atexit
import json
import os
import random
from base64 import b64encode
from collections import Counter, defaultdict
from hashlib import sha256
from pathlib import Path

import requests
import schemathesis

READY = json.loads(open(os.environ["RSIGN_READY"]).read())
PERSON, CLIENT = READY["users"][0], READY["clients"][0]
KEYS = {credential["key"]: credential for credential in PERSON["credentials"]}
# Its user approves in the account, so that apps bring no PIN.
IMPLICIT = READY["implicit_user"]["credentials"][0]
# Its user is sent codes.
CODED = READY["coded_user"]["credentials"][0]
TOKEN, OTHER = os.environ["RSIGN_TOKEN"], os.environ["RSIGN_OTHER_TOKEN"]
SHA256, DIGEST = "2.16.840.1.101.3.4.2.1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
RSA_OR_EC = {"1.2.840.113549.1.1": KEYS["RSA-2048"], "1.2.840.10045": KEYS["P-256"]}
CHANCE = random.Random(0)
HASHES = ("hash", "hashes")


def post(path: str, body: dict, token: str = TOKEN) -> dict:
    headers = {"Authorization": f"Bearer {token}"}
    verify = READY["tls_ca"] or True
    return requests.post(READY["oauth2"] + path, json=body, headers=headers, verify=verify, timeout=30).json()


def sad(credential: dict, hashes: list) -> str:
    ask = {"credentialID": credential["credentialID"], "numSignatures": len(hashes), "hash": hashes}
    return post("/csc/v1/credentials/authorize", ask | {"PIN": credential["pin"]}).get("SAD", "sad_none")


def job() -> str:
    """Signatures that can be fetched: the id of their request."""
    credential = KEYS["P-256"]
    ask = {"credentialID": credential["credentialID"], "SAD": sad(credential, [DIGEST]), "hashes": [DIGEST]}
    ask |= {"hashAlgorithmOID": SHA256, "signAlgo": "1.2.840.10045.4.3.2", "operationMode": "A"}
    return post("/csc/v2/signatures/signHash", ask).get("responseID", "none")


def hashes_of(body: dict, version: str) -> list | None:
    names = HASHES if version == "v1" else HASHES[::-1]
    return next((body[name] for name in names if body.get(name) is not None), None)


def handle() -> str:
    """A request that waits for its user; asked again, it is the same."""
    ask = {"credentialID": IMPLICIT["credentialID"], "numSignatures": 1, "hashes": [DIGEST], "authData": []}
    return post("/csc/v2/credentials/authorize", ask, OTHER).get("handle", "none")


def client_token() -> str:
    """A token of the client's own."""
    headers = {"Authorization": f"Basic {os.environ['RSIGN_CLIENT']}"}
    form = {"grant_type": "client_credentials"}
    verify = READY["tls_ca"] or True
    answer = requests.post(READY["oauth2"] + "/oauth2/token", data=form, headers=headers, verify=verify, timeout=30)
    return answer.json().get("access_token", "none")


def make_oauth_right(method: str, parameters: dict) -> None:
    """A request of the scope `service`, and what comes of it."""
    redirect = CLIENT["redirect_uris"][0]
    if method == "authorize":
        lang = {name: parameters[name] for name in ("lang", "state") if isinstance(parameters.get(name), str)}
        parameters.clear()
        parameters |= {"response_type": "code", "client_id": CLIENT["client_id"], "redirect_uri": redirect} | lang
        return
    # With Basic nothing else may say who the client is.
    for name in ("client_secret", "client_assertion", "client_assertion_type", "client_id"):
        parameters.pop(name, None)
    if method == "pushed_authorize":
        parameters |= {"response_type": "code", "scope": "service", "redirect_uri": redirect}
    if method == "token":
        parameters |= {"grant_type": "client_credentials"}
    if method == "revoke":
        parameters |= {"token": client_token(), "token_type_hint": "access_token"}


def sign_a_document(body: dict) -> None:
    """One document, signed at once; whatever else was asked for does not go with it."""
    credential, document = KEYS["P-256"], b"a document"
    kept = {name: body[name] for name in ("clientData",) if name in body}
    approved = [b64encode(sha256(document).digest()).decode()]
    one = {"document": b64encode(document).decode(), "signature_format": "C", "signAlgo": "1.2.840.10045.4.3.2"}
    body.clear()
    body |= {"credentialID": credential["credentialID"], "SAD": sad(credential, approved), "documents": [one]} | kept


def make_worker_right(case) -> None:
    """One hash for the sandbox's worker."""
    case.path_parameters["id"] = READY["worker"]
    sha256 = {"USING_CLIENTSUPPLIED_HASH": "true", "CLIENTSIDE_HASHDIGESTALGORITHM": "SHA-256"}
    case.body |= {"data": DIGEST, "encoding": "BASE64", "metaData": sha256}


def make_right(path: str, body: dict) -> None:
    """Fills in what is true of this sandbox."""
    version, method = path.split("/")[2:4] if path.startswith("/csc/") else ("", "")
    method = path.rsplit("/", 1)[-1]
    if not version:
        make_oauth_right(method, body)
        return
    algorithm = str(body.get("signAlgo", ""))
    credential = next((key for prefix, key in RSA_OR_EC.items() if algorithm.startswith(prefix)), KEYS["P-256"])
    if "credentialID" in body:
        body["credentialID"] = credential["credentialID"]
    hashes = hashes_of(body, version)
    if method == "authorize":
        body["PIN"] = credential["pin"]
        if hashes:
            body["numSignatures"] = len(hashes)
    if method in ("signHash", "extendTransaction") and hashes:
        body["SAD"] = sad(credential, hashes)
    if method in ("sendOTP", "getChallenge"):
        body["credentialID"] = CODED["credentialID"]
    if method == "getChallenge":
        body["authObjectID"] = "OTP"
    if method == "authorizeCheck":
        body["handle"] = handle()
    if method == "signHash":
        # No address is registered, and none shall be called.
        body.pop("response_uri", None)
        body.pop("validity_period", None)
    if method == "signDoc":
        sign_a_document(body)
    if method == "signPolling":
        body["requestID"] = job()
        body.pop("userID", None)
    if method == "timestamp":
        body |= {"hash": DIGEST, "hashAlgo": SHA256}
    if method == "login":
        body.pop("refresh_token", None)
    if method == "revoke":
        body["token"] = sad(credential, [DIGEST])
    if method == "list":
        body.pop("userID", None)
        body.pop("pageToken", None)


@schemathesis.hook
def before_call(context, case, kwargs) -> None:
    well_formed = case.meta is None or case.meta.generation.mode.is_positive
    if not well_formed or CHANCE.random() < 0.5:
        return
    if case.operation.path.startswith("/rest/v1/workers/") and isinstance(case.body, dict):
        make_worker_right(case)
    elif isinstance(case.body, dict):
        make_right(case.operation.path, case.body)
    elif case.operation.path == "/oauth2/authorize" and case.query:
        make_oauth_right("authorize", case.query)


ANSWERS = defaultdict(Counter)


@schemathesis.hook
def after_call(context, case, response) -> None:
    ANSWERS[f"{case.operation.method.upper()} {case.operation.path}"][response.status_code] += 1


@atexit.register
def tell() -> None:
    """Which statuses were heard: whoever runs this knows what was reached."""
    if ANSWERS:
        Path(os.environ["RSIGN_ANSWERS"]).write_text(json.dumps(ANSWERS))
