"""Signs PDFs through a running `rsign sandbox` with pyHanko's own CSC client, then has them validated twice.

    pyhanko_sign.py READY.json --key RSA-2048 --mechanism pss --count 3 --out DIR --json

READY.json is the sandbox's ready file. pyHanko is used unmodified; what is ours is what every app must bring itself:
getting a token, and asking the user for a PIN (here it stands in the ready file). With --count N, N PDFs are signed at
once under one SAD by one signHash. Exits 0 only if every PDF was signed as asked and both validators accept it.
"""

import argparse
import asyncio
import json
import logging
import re
import ssl
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import aiohttp
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCCredentialInfo,
    CSCServiceSessionInfo,
    CSCSigner,
    fetch_certs_in_csc_credential,
)
from pyhanko.stamp import TextStampStyle

import sample_pdf
from service import Failed
from verdict import Pdfsig, PdfsigVerdict, PyHankoVerdict, Rejected, ask_pyhanko

KEYS = ("RSA-2048", "RSA-3072", "P-256", "P-384")
MECHANISMS = ("pkcs1v15", "pss", "ecdsa")


class Refused(aiohttp.ClientError):
    """The service answered with an error."""


# --- what is asked for, and with whose names ---


@dataclass(frozen=True)
class Order:
    """What to sign and how."""

    key: str
    mechanism: str
    digest: str
    count: int = 1
    api: str = "v1"
    login: bool = False

    @classmethod
    def of(cls, key: str, mechanism: str | None = None, digest: str | None = None, **rest) -> "Order":
        elliptic = key.startswith("P-")
        mechanism = mechanism or ("ecdsa" if elliptic else "pkcs1v15")
        if (mechanism == "ecdsa") != elliptic:
            raise Failed(f"an {key} key cannot sign by {mechanism}")
        return cls(key, mechanism, digest or ("sha384" if key == "P-384" else "sha256"), **rest)

    @property
    def expected_mechanism(self) -> str:
        """The name pyHanko's validator gives to a signature made as ordered."""
        return {"pkcs1v15": f"{self.digest}_rsa", "pss": "rsassa_pss", "ecdsa": f"{self.digest}_ecdsa"}[self.mechanism]


@dataclass(frozen=True)
class Sandbox:
    """A ready file, and the client and user of it that take part."""

    ready: dict
    client: dict
    user: dict

    @classmethod
    def load(cls, ready_file: Path, user: int = 0) -> "Sandbox":
        try:
            ready = json.loads(ready_file.read_text())
            clients = [c for c in ready["clients"] if (c["profile"], c["pin_transport"]) == ("legacy", "clear")]
            users = ready["users"][user:]
        except OSError as error:
            raise Failed(f"no ready file: {error}") from error
        except (ValueError, KeyError) as error:
            raise Failed(f"{ready_file} is not a ready file: {error!r}") from error
        if not clients:
            raise Failed(f"{ready_file} has no client of profile legacy with clear PIN transport")
        if not users:
            raise Failed(f"{ready_file} has no user {user}")
        return cls(ready, clients[0], users[0])

    def credential(self, key: str) -> dict:
        for credential in self.user["credentials"]:
            if credential["key"] == key:
                return credential
        raise Failed(f"user {self.user['userID']} has no {key} credential")

    def api(self, version: str) -> str:
        """The base URL of the CSC methods, such as https://host/csc/v1."""
        return self.ready[f"csc_{version}"].rstrip("/")

    @property
    def root(self) -> Path:
        return Path(self.ready["signing_ca"])

    def tls(self) -> ssl.SSLContext | bool:
        return ssl.create_default_context(cafile=self.ready["tls_ca"]) if self.ready["tls_ca"] else True


# --- talking to the service ---


class Wire:
    """An HTTP session that counts the calls made and turns an error answer into one readable line."""

    def __init__(self, sandbox: Sandbox):
        self.calls: Counter[str] = Counter()
        self.refusals: list[str] = []
        connector = aiohttp.TCPConnector(ssl=sandbox.tls())
        self.session = aiohttp.ClientSession(connector=connector, middlewares=[self._watch])

    async def __aenter__(self) -> "Wire":
        return self

    async def __aexit__(self, *_) -> None:
        await self.session.close()

    async def _watch(self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        self.calls[re.sub(r"^/csc/v\d/", "", request.url.path)] += 1
        response = await handler(request)
        if response.status >= 400:
            self.refusals.append(f"{request.url.path} answered {response.status}: {await _reason(response)}")
            raise Refused(self.refusals[-1])
        return response

    async def post(self, url: str, **request) -> dict:
        async with self.session.post(url, timeout=aiohttp.ClientTimeout(total=60), **request) as response:
            return await response.json()


async def _reason(response: aiohttp.ClientResponse) -> str:
    try:
        answer = await response.json()
        return f"{answer['error']}, {answer['error_description']}"
    except (aiohttp.ClientError, ValueError, KeyError, TypeError):
        return (await response.text())[:200].strip() or "no text"


async def get_token(wire: Wire, sandbox: Sandbox, order: Order) -> str:
    if order.login:
        answer = await wire.post(
            f"{sandbox.api(order.api)}/auth/login",
            headers=_basic(sandbox.user["username"], sandbox.user["password"]),
            json={"rememberMe": False},
        )
    else:
        answer = await wire.post(
            f"{sandbox.ready['oauth2'].rstrip('/')}/oauth2/token",
            headers=_basic(sandbox.client["client_id"], sandbox.client["client_secret"]),
            data={"grant_type": "client_credentials", "scope": "service"},
        )
    try:
        return answer["access_token"]
    except KeyError as error:
        raise Failed("the service answered without an access_token") from error


def _basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(name, secret)}


class PinAuthorization(CSCAuthorizationManager):
    """Asks for a SAD with the user's PIN, for exactly the hashes pyHanko is about to have signed."""

    def __init__(self, wire: Wire, session: CSCServiceSessionInfo, credential: CSCCredentialInfo, pin: str):
        super().__init__(session, credential)
        self._wire = wire
        self._pin = pin

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        answer = await self._wire.post(
            self.csc_session_info.endpoint_url("credentials/authorize"),
            headers=self.auth_headers,
            json=self.format_csc_auth_request(pin=self._pin, hash_b64s=hash_b64s),
        )
        return self.parse_csc_auth_response(answer)


# --- the job ---


@dataclass(frozen=True)
class SignedPdf:
    path: str
    pyhanko: PyHankoVerdict
    pdfsig: PdfsigVerdict


@dataclass(frozen=True)
class Report:
    client: str
    user: str
    credential: str
    key: str
    mechanism: str
    api: str
    calls: dict[str, int]
    files: list[SignedPdf]


async def run(sandbox: Sandbox, order: Order, out: Path, pin: str | None = None) -> Report:
    """Signs `order.count` PDFs into `out` and has each of them validated."""
    out.mkdir(parents=True, exist_ok=True)
    credential = sandbox.credential(order.key)
    async with Wire(sandbox) as wire:
        try:
            files = await _sign(wire, sandbox, order, credential, out, pin or credential["pin"])
        except (SigningError, aiohttp.ClientError, TimeoutError) as error:
            raise Failed(wire.refusals[-1] if wire.refusals else f"signing failed: {error.__cause__ or error}") from error
        calls = dict(wire.calls)
        if (calls.get("credentials/authorize"), calls.get("signatures/signHash")) != (1, 1):
            raise Failed(f"one SAD and one signHash were to do for {order.count} PDFs, but the calls were {calls}")
        signed = await _validate(wire, sandbox, order, files, out)
    return Report(
        client=sandbox.user["username"] if order.login else sandbox.client["client_id"],
        user=sandbox.user["userID"],
        credential=credential["credentialID"],
        key=order.key,
        mechanism=order.expected_mechanism,
        api=order.api,
        calls=calls,
        files=signed,
    )


async def _sign(wire: Wire, sandbox: Sandbox, order: Order, credential: dict, out: Path, pin: str) -> list[Path]:
    session = CSCServiceSessionInfo(
        service_url=sandbox.api(order.api).removesuffix(f"/csc/{order.api}"),
        credential_id=credential["credentialID"],
        oauth_token=await get_token(wire, sandbox, order),
        api_ver=order.api,
    )
    info = await fetch_certs_in_csc_credential(wire.session, session)
    if order.count > info.max_batch_size:
        raise Failed(f"the credential signs at most {info.max_batch_size} hashes at once, not {order.count}")
    signer = CSCSigner(
        wire.session,
        PinAuthorization(wire, session, info, pin),
        prefer_pss=order.mechanism == "pss",
        batch_size=order.count,
        sign_timeout=60,
    )
    names = ["signed.pdf"] if order.count == 1 else [f"signed-{n}.pdf" for n in range(1, order.count + 1)]
    files = [out / name for name in names]
    # All at once: CSCSigner waits until the batch is full, then has the whole of it signed by one call.
    await asyncio.gather(*(_sign_one(signer, sandbox, order, file) for file in files))
    return files


async def _sign_one(signer: CSCSigner, sandbox: Sandbox, order: Order, file: Path) -> None:
    unsigned = sample_pdf.page(
        "Signed through rsign",
        [
            f"{file.name}, for {sandbox.user['userID']}",
            "",
            f"The {order.key} key never left the token in a form anyone could use.",
            "It was unwrapped there, for this one hash, with its owner's PIN.",
            f"pyHanko asked for the signature through /csc/{order.api}.",
        ],
    )
    pdf_signer = PdfSigner(
        PdfSignatureMetadata(
            field_name="Signature", md_algorithm=order.digest, subfilter=SigSeedSubFilter.PADES, reason="rsign sandbox"
        ),
        signer=signer,
        stamp_style=TextStampStyle(stamp_text="Digitally signed by %(signer)s\n%(ts)s", border_width=1),
        new_field_spec=SigFieldSpec("Signature", box=sample_pdf.STAMP_BOX),
    )
    signed = await pdf_signer.async_sign_pdf(IncrementalPdfFileWriter(unsigned))
    file.write_bytes(signed.getbuffer())


async def _validate(wire: Wire, sandbox: Sandbox, order: Order, files: list[Path], out: Path) -> list[SignedPdf]:
    pdfsig = Pdfsig(sandbox.root, out / "nssdb")
    signed = []
    for file in files:
        verdict = await ask_pyhanko(file, sandbox.root, wire.session)
        if verdict.mechanism != order.expected_mechanism:
            raise Rejected(f"{file} was signed by {verdict.mechanism} instead of {order.expected_mechanism}")
        signed.append(SignedPdf(str(file), verdict, pdfsig.ask(file)))
    return signed


# --- the command ---


def quiet_pyhanko() -> None:
    """pyHanko logs a trace of what it then raises without the cause; the cause is printed here, in one line."""
    for name in ("pyhanko", "pyhanko_certvalidator"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _arguments() -> argparse.Namespace:
    summary, _, details = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("ready", type=Path, metavar="READY.json", help="the sandbox's ready file")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the signed PDFs go")
    parser.add_argument("--user", type=int, default=0, metavar="N", help="which user of the ready file (default: 0)")
    parser.add_argument("--key", choices=KEYS, default="RSA-2048", help="the key type of the credential")
    parser.add_argument("--mechanism", choices=MECHANISMS, help="default: pkcs1v15 for RSA, ecdsa for P-256 and P-384")
    parser.add_argument("--digest", choices=("sha256", "sha384", "sha512"), help="default: sha384 for P-384, else sha256")
    parser.add_argument("--count", type=int, default=1, metavar="N", help="how many PDFs, all in one batch (default: 1)")
    parser.add_argument("--api", choices=("v1", "v2"), default="v1", help="the CSC version in the URLs")
    parser.add_argument("--login", action="store_true", help="token by auth/login instead of oauth2/token")
    parser.add_argument("--pin", help="this PIN instead of the user's own")
    parser.add_argument("--json", action="store_true", help="report as one JSON object")
    arguments = parser.parse_args()
    if arguments.count < 1:
        parser.error("--count must be at least 1")
    return arguments


def main() -> int:
    arguments = _arguments()
    quiet_pyhanko()
    try:
        order = Order.of(
            arguments.key,
            arguments.mechanism,
            arguments.digest,
            count=arguments.count,
            api=arguments.api,
            login=arguments.login,
        )
        sandbox = Sandbox.load(arguments.ready, arguments.user)
        report = asyncio.run(run(sandbox, order, arguments.out, arguments.pin))
    except (Failed, Rejected, aiohttp.ClientError, OSError) as error:
        print(f"pyhanko_sign: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(asdict(report), indent=2))
    else:
        print(f"{report.client} had {len(report.files)} PDF(s) signed by {report.key}, {report.mechanism}")
        for file in report.files:
            print(f"{file.path}: pyHanko {file.pyhanko.summary}; pdfsig: {file.pdfsig.signature} {file.pdfsig.certificate}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
