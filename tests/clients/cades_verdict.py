"""What pyHanko says of a CAdES signature, and what asn1crypto finds in it; one JSON object each, in an array."""

import argparse
import asyncio
import hashlib
import json
from pathlib import Path

from asn1crypto import cms, x509
from pyhanko.keys import load_cert_from_pemder
from pyhanko.sign.validation import async_validate_detached_cms
from pyhanko_certvalidator import ValidationContext


async def ask_pyhanko(signed: cms.SignedData, content: bytes, roots: list[x509.Certificate]) -> dict:
    context = lambda: ValidationContext(trust_roots=roots, allow_fetching=False)
    status = await async_validate_detached_cms(
        content, signed, signer_validation_context=context(), ts_validation_context=context()
    )
    stamp = status.timestamp_validity
    return {
        "intact": status.intact,
        "valid": status.valid,
        "trusted": status.trusted,
        "mechanism": status.pkcs7_signature_mechanism,
        "time_stamped": bool(stamp and stamp.intact and stamp.valid and stamp.trusted),
    }


def is_der(octets: bytes) -> bool:
    """Whether every length is definite and as short as can be, at every depth."""
    while octets:
        if octets[0] & 0x1F == 0x1F or len(octets) < 2:
            return False
        length, start = octets[1], 2
        if length > 0x80:
            start += length - 0x80
            length = int.from_bytes(octets[2:start], "big")
            if length < 0x80 or octets[2] == 0:
                return False
        elif length == 0x80:
            return False
        end = start + length
        if end > len(octets) or (octets[0] & 0x20 and not is_der(octets[start:end])):
            return False
        octets = octets[end:]
    return True


def is_sorted(attributes: cms.CMSAttributes) -> bool:
    """DER wants the members of a SET OF in the order of their encodings."""
    encoded = [attribute.dump() for attribute in attributes] if attributes else []
    return encoded == sorted(encoded)


def look(octets: bytes) -> dict:
    info = cms.ContentInfo.load(octets, strict=True)
    signed = info["content"]
    signer, = signed["signer_infos"]
    certificate = signed["certificates"][0].chosen
    for choice in signed["certificates"]:
        if choice.chosen.serial_number == signer["sid"].chosen["serial_number"].native:
            certificate = choice.chosen
    names = lambda attributes: sorted(attribute["type"].native for attribute in attributes)
    ess = [
        attribute["values"][0]["certs"][0]
        for attribute in signer["signed_attrs"]
        if attribute["type"].native == "signing_certificate_v2"
    ]
    hash_name = ess[0]["hash_algorithm"]["algorithm"].native
    return {
        "signer_infos": len(signed["signer_infos"]),
        "der": is_der(octets) and all(is_sorted(signer[name]) for name in ("signed_attrs", "unsigned_attrs")),
        "version": signed["version"].native,
        "content_type": signed["encap_content_info"]["content_type"].native,
        "certificates": len(signed["certificates"]),
        "revocations": len(signed["crls"] or []),
        "signed": names(signer["signed_attrs"]),
        "unsigned": names(signer["unsigned_attrs"]) if signer["unsigned_attrs"] else [],
        "ess_matches": ess[0]["cert_hash"].native == hashlib.new(hash_name, certificate.dump()).digest(),
    }


def judge(octets: bytes, content: bytes, roots: list[x509.Certificate]) -> dict:
    signed = cms.ContentInfo.load(octets)["content"]
    embedded = signed["encap_content_info"]["content"].native
    if embedded is not None:
        # pyHanko's function for whole signatures is about detached ones: the content is taken out and given beside.
        assert embedded == content, "the content is another"
        signed = signed.copy()
        signed["encap_content_info"] = {"content_type": signed["encap_content_info"]["content_type"].native}
    verdict = asyncio.run(ask_pyhanko(signed, content, roots))
    return verdict | {"attached": embedded is not None} | look(octets)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path, help="JSON: an array of [signature, document], files")
    parser.add_argument("--root", type=Path, required=True)
    options = parser.parse_args()
    roots = [load_cert_from_pemder(str(options.root))]
    pairs = json.loads(options.pairs.read_bytes())
    print(json.dumps([judge(Path(signed).read_bytes(), Path(content).read_bytes(), roots) for signed, content in pairs]))


if __name__ == "__main__":
    main()
