"""Judges signed PDFs by pyHanko, pdfsig and qpdf, against the originals they were made from.

usage: judge.py ROOT.pem CASES.json
"""

import asyncio
import json
import logging
import re
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta, timezone

from asn1crypto import cms, core
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.ades import ades_lta_validation, simulate_future_ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec, RevinfoOnlineFetchingRule, RevocationInfoGatheringSpec, SignatureValidationSpec,
)
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

logging.disable(logging.CRITICAL)

FORBIDDEN = {
    "signing_time", "content_hint", "content_reference", "content_identifier", "signer_location",
    "1.2.840.113583.1.1.8", "0.4.0.1733.2.1",
}


def qpdf(path):
    """How bad it is (0 well, 2 wrong, 3 warnings), and how many complaints there are."""
    run = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True, errors="replace")
    complaints = [line for line in (run.stdout + run.stderr).splitlines() if "WARNING" in line or "ERROR" in line]
    return {0: 0, 3: 1, 2: 2}.get(run.returncode, 9), len(complaints), run.stderr[-300:]


def pdfsig(path, name):
    """How many signatures of this signer pdfsig calls valid."""
    run = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, errors="replace")
    parts = re.split(r"^Signature #", run.stdout, flags=re.M)
    return sum("Signature is Valid" in part and f"Common Name: {name}\n" in part for part in parts)


def earlier_signatures(path, count=None):
    """What pyHanko says about the signatures of a file, the first `count` of them."""
    found = []
    with open(path, "rb") as file:
        reader = PdfFileReader(file, strict=False)
        signatures = list(reader.embedded_signatures)
        for signature in signatures[:count]:
            try:
                stamp = str(signature.sig_object.get("/SubFilter")) == "/ETSI.RFC3161"
                judge = validate_pdf_timestamp if stamp else validate_pdf_signature
                status = judge(signature, ValidationContext(trust_roots=[], allow_fetching=False))
                level = getattr(status.modification_level, "value", None)
                found.append((status.intact, status.valid, getattr(status, "docmdp_ok", None), level))
            except Exception as error:  # whatever it is: an original that is broken stays so
                found.append((type(error).__name__,))
        return len(signatures), found


def worse(before, after):
    """Whether the judgement of an earlier signature has got worse."""
    if len(before) == 1:
        return False
    if len(after) == 1:
        return True
    allowed = max(before[3] or 0, ModificationLevel.FORM_FILLING.value)
    return (
        before[0] and not after[0] or before[1] and not after[1]
        or before[2] and not after[2] or (after[3] or 0) > allowed
    )


def is_der(octets):
    """Whether these are values of definite and shortest lengths, sorted where they are members of a SET."""
    at = 0
    while at < len(octets):
        tag, start = octets[at], at + 2
        length = octets[at + 1] if start <= len(octets) else 0x80
        if length & 0x80:
            size = length & 0x7F
            start += size
            length = int.from_bytes(octets[at + 2:start], "big")
            if size == 0 or length < 0x80 or length >> 8 * (size - 1) == 0:
                return False
        if start + length > len(octets):
            return False
        content = octets[start:start + length]
        if tag & 0x20 and not is_der(content):
            return False
        if tag == 0x31 and members_of(content) != sorted(members_of(content)):
            return False
        at = start + length
    return True


def without_padding(octets):
    """The first value, without the zeros that fill the gap."""
    size = octets[1] & 0x7F
    return octets[:2 + size + int.from_bytes(octets[2:2 + size], "big")]


def members_of(octets):
    """The values in these octets, which are DER."""
    members, at = [], 0
    while at < len(octets):
        end = at + 2
        length = octets[at + 1]
        if length & 0x80:
            end += length & 0x7F
            length = int.from_bytes(octets[at + 2:end], "big")
        members.append(octets[at:end + length])
        at = end + length
    return members


def structure(signature, case, stamp):
    """What is wrong with the profile of one of our signatures."""
    faults = []
    entries = signature.sig_object
    info = cms.ContentInfo.load(signature.pkcs7_content)
    if not is_der(without_padding(signature.pkcs7_content)):
        faults.append("the CMS is no DER")
    data = info["content"]
    if len(data["signer_infos"]) != 1:
        faults.append("not exactly one SignerInfo")
    if stamp:
        if "/M" in entries or str(entries["/Type"]) != "/DocTimeStamp":
            faults.append("the time-stamp's dictionary is wrong")
        return faults
    unsigned = data["signer_infos"][0]["unsigned_attrs"]
    unsigned = [] if isinstance(unsigned, core.Void) else [attribute["type"].native for attribute in unsigned]
    if ("signature_time_stamp_token" in unsigned) != case["time_stamped"]:
        faults.append(f"unsigned attributes: {unsigned}")
    if data["encap_content_info"]["content"].native is not None:
        faults.append("the CMS has content")
    names = [attribute["type"].native for attribute in data["signer_infos"][0]["signed_attrs"]]
    if FORBIDDEN & set(names):
        faults.append(f"forbidden attributes: {names}")
    if sorted(names) != sorted({"content_type", "message_digest", "signing_certificate_v2", *names}):
        faults.append(f"attributes are missing: {names}")
    if str(entries["/SubFilter"]) != "/ETSI.CAdES.detached" or str(entries["/Filter"]) != "/Adobe.PPKLite":
        faults.append("wrong filter")
    if not re.fullmatch(r"D:\d{14}Z", str(entries["/M"])) or "/Cert" in entries:
        faults.append("wrong /M, or a /Cert")
    return faults


def is_stamp(signature):
    """Whether a signature is a document time-stamp."""
    return str(signature.sig_object.get("/SubFilter")) == "/ETSI.RFC3161"


def lasts(signature, case, root):
    """What EN 319 102-1, 5.6.3, finds wrong with one of our signatures, with what is in the document alone: in five years,
    when no certificate is valid any more, if time-stamps show until then that it was there today; at B-LTA also now."""
    spec = PdfSignatureValidationSpec(SignatureValidationSpec(
        CertValidationPolicySpec(
            SimpleTrustManager.build([root]), CertRevTrustPolicy(RevocationCheckingPolicy.from_legacy("require"))
        ),
        RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
    ))
    later = datetime.now(timezone.utc) + timedelta(days=5 * 365)
    judged = [("in five years", simulate_future_ades_lta_validation(signature, spec, later))]
    if case["lasting"] == "LTA":
        judged.append(("now", ades_lta_validation(signature, spec)))
    faults = []
    for when, running in judged:
        try:
            status = asyncio.run(running)
        except Exception as error:
            faults.append(f"pyHanko, {when}: {type(error).__name__}: {error}")
            continue
        if status.ades_subindic.status.name != "PASSED":
            faults.append(f"pyHanko, {when}: {status.ades_subindic} {status.failure_msg}")
    return faults


def ours(path, root, case, earlier, undiffable):
    """What is wrong with our signatures; says apart where pyHanko cannot compare revisions."""
    faults = []
    context = lambda: ValidationContext(trust_roots=[root], allow_fetching=False, moment=datetime.now(timezone.utc))
    with open(path, "rb") as file:
        reader = PdfFileReader(file, strict=False)
        mine = list(reader.embedded_signatures)[earlier:]
        names = [s.field_name for s in reader.embedded_signatures]
        if len(set(names)) != len(names):
            faults.append(f"field names repeat: {names}")
        if len(mine) != case["signatures"] + case["stamps"]:
            return [f"{len(mine)} signatures of ours"]
        for number, signature in enumerate(mine):
            stamp = is_stamp(signature)
            judge = validate_pdf_timestamp if stamp else validate_pdf_signature
            try:
                status = judge(signature, context())
            except Exception as error:
                # pyHanko compares revisions object by object, and stumbles over what was broken in the original.
                undiffable.append(f"{type(error).__name__}: {error}")
                status = judge(signature, context(), skip_diff=True)
            sound = status.intact and status.valid and status.trusted and getattr(status, "docmdp_ok", None) is not False
            if not sound:
                faults.append(f"pyHanko on signature {number}: {status.summary()} {getattr(status, 'docmdp_ok', '')}")
            last = number == len(mine) - 1
            # What B-LT adds comes behind the signature.
            followed = not last or case.get("lasting") == "LT"
            wanted = [SignatureCoverageLevel.ENTIRE_REVISION if followed else SignatureCoverageLevel.ENTIRE_FILE]
            if last and followed:  # but for what the document held already
                wanted.append(SignatureCoverageLevel.ENTIRE_FILE)
            if status.coverage not in wanted:
                faults.append(f"pyHanko on signature {number}: covers {status.coverage}")
            level = status.modification_level
            most = ModificationLevel.LTA_UPDATES if last else ModificationLevel.FORM_FILLING
            if level is not None and level.value > (most.value if followed else 0):
                faults.append(f"pyHanko on signature {number}: {level}")
            faults += structure(signature, case, stamp)
            if case.get("lasting") and not stamp:
                faults += lasts(signature, case, root)
        stamps = sum(is_stamp(signature) for signature in mine)
        if stamps != case["stamps"]:
            faults.append(f"{stamps} document time-stamps")
    return faults


def judge(case):
    root = load_cert_from_pemder(sys.argv[1])
    original, signed = case["original"], case["signed"]
    verdict = {"signed": signed, "unreadable": None, "undiffable": [], "faults": [], "earlier": 0}
    before, after = qpdf(original), qpdf(signed)
    if after[:2] > before[:2]:
        verdict["faults"].append(f"qpdf: {before} became {after}")
    verdict["pdfsig"] = pdfsig(signed, case["signer"])
    try:
        verdict["earlier"], then = earlier_signatures(original)
    except Exception as error:
        verdict["unreadable"] = f"{original}: {error}"
        return verdict
    try:
        _, now = earlier_signatures(signed, verdict["earlier"])
        verdict["faults"] += [f"earlier signature: {a} became {b}" for a, b in zip(then, now, strict=True) if worse(a, b)]
        verdict["faults"] += ours(signed, root, case, verdict["earlier"], verdict["undiffable"])
    except Exception as error:
        verdict["faults"].append(f"pyHanko: {type(error).__name__} {error}")
    return verdict


if __name__ == "__main__":
    with open(sys.argv[2]) as cases, ProcessPoolExecutor() as pool:
        json.dump(list(pool.map(judge, json.load(cases))), sys.stdout)
