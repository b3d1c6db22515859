"""What no schema can know: which credential there is, its PIN, and a SAD. Of the well-formed requests that Schemathesis
makes, every other one is given them, so that it gets past the first row of the error table."""

import json
import os
import random

import requests
import schemathesis

READY = json.loads(open(os.environ["RSIGN_READY"]).read())
PERSON, CLIENT = READY["users"][0], READY["clients"][0]
KEYS = {credential["key"]: credential for credential in PERSON["credentials"]}
RSA_OR_EC = {"1.2.840.113549.1.1": KEYS["RSA-2048"], "1.2.840.10045": KEYS["P-256"]}
CHANCE = random.Random(0)
HASHES = ("hash", "hashes")


def post(path: str, body: dict) -> dict:
    headers = {"Authorization": f"Bearer {os.environ['RSIGN_TOKEN']}"}
    verify = READY["tls_ca"] or True
    return requests.post(READY["oauth2"] + path, json=body, headers=headers, verify=verify, timeout=30).json()


def sad(credential: dict, hashes: list) -> str:
    ask = {"credentialID": credential["credentialID"], "numSignatures": len(hashes), "hash": hashes}
    return post("/csc/v1/credentials/authorize", ask | {"PIN": credential["pin"]}).get("SAD", "sad_none")


def hashes_of(body: dict, version: str) -> list | None:
    names = HASHES if version == "v1" else HASHES[::-1]
    return next((body[name] for name in names if body.get(name) is not None), None)


def make_right(path: str, body: dict) -> None:
    """Fills in what is true of this sandbox."""
    version, method = path.split("/")[2:4] if path.startswith("/csc/") else ("", "")
    method = path.rsplit("/", 1)[-1]
    if not version:
        # With Basic nothing else may say who the client is.
        for name in ("client_secret", "client_assertion", "client_assertion_type", "client_id"):
            body.pop(name, None)
        if method == "pushed_authorize":
            body |= {"response_type": "code", "scope": "service", "redirect_uri": CLIENT["redirect_uris"][0]}
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
    if method == "revoke":
        body["token"] = sad(credential, ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="])
    if method == "list":
        body.pop("userID", None)
        body.pop("pageToken", None)


@schemathesis.hook
def before_call(context, case, kwargs) -> None:
    well_formed = case.meta is None or case.meta.generation.mode.is_positive
    if well_formed and isinstance(case.body, dict) and CHANCE.random() < 0.5:
        make_right(case.operation.path, case.body)
