"""What two independent validators say about a signed PDF: pyHanko and poppler's pdfsig."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.fetchers.aiohttp_fetchers import AIOHttpFetcherBackend


class Rejected(Exception):
    """A validator does not accept the signature."""


@dataclass(frozen=True)
class PyHankoVerdict:
    summary: str
    signer: str
    mechanism: str
    revocation: str


@dataclass(frozen=True)
class PdfsigVerdict:
    signature: str
    certificate: str


async def ask_pyhanko(pdf: Path, root: Path, session: aiohttp.ClientSession) -> PyHankoVerdict:
    """Validates the only signature of a PDF: sound, over the whole file, chain up to `root`, nobody revoked.

    Every certificate that names a CRL or an OCSP responder must pass there; `session` fetches them.
    """
    context = ValidationContext(
        trust_roots=[load_cert_from_pemder(str(root))],
        allow_fetching=True,
        fetcher_backend=AIOHttpFetcherBackend(session),
        revocation_mode="hard-fail",
    )
    with pdf.open("rb") as file:
        signature, = PdfFileReader(file).embedded_signatures
        status = await async_validate_pdf_signature(signature, context)

    if not status.bottom_line:
        raise Rejected(f"pyHanko rejects {pdf}: {status.summary()} {status.trust_problem_indic or ''}")
    if status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        raise Rejected(f"pyHanko: the signature does not cover the whole of {pdf}")
    cert = status.signing_cert
    sources = [name for name, named in (("CRL", cert.crl_distribution_points), ("OCSP", cert.ocsp_urls)) if named]
    return PyHankoVerdict(
        summary=status.summary(),
        signer=cert.subject.human_friendly,
        mechanism=status.pkcs7_signature_mechanism,
        revocation=f"checked by {' or '.join(sources)}" if sources else "not checked: the certificate names no source",
    )


class Pdfsig:
    """poppler's pdfsig, trusting one root through an NSS database of its own."""

    def __init__(self, root: Path, database: Path):
        self.database = f"sql:{database}"
        if not (database / "cert9.db").exists():
            database.mkdir(parents=True, exist_ok=True)
            _run("certutil", "-N", "-d", self.database, "--empty-password")
        # ",C,": trusted to issue certificates of people who sign; importing the same root again is no error.
        _run("certutil", "-A", "-d", self.database, "-n", "signing CA", "-t", ",C,", "-i", str(root))

    def ask(self, pdf: Path) -> PdfsigVerdict:
        said = {}
        for line in _run("pdfsig", "-nssdir", self.database, str(pdf)).splitlines():
            name, _, value = line.strip(" -").partition(": ")
            said[name] = value
        verdict = PdfsigVerdict(
            signature=said.get("Signature Validation", "no signature found"),
            certificate=said.get("Certificate Validation", "nothing said"),
        )
        if verdict != PdfsigVerdict("Signature is Valid.", "Certificate is Trusted."):
            raise Rejected(f"pdfsig rejects {pdf}: {verdict.signature} {verdict.certificate}")
        return verdict


def _run(*command: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, env={**os.environ, "LC_ALL": "C.UTF-8"}
        )
    except FileNotFoundError as missing:
        raise Rejected(f"{command[0]} is not installed; `make setup` installs it") from missing
    if done.returncode != 0:
        raise Rejected(f"{command[0]} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout
