"""`make demo`: a whole rsign service on this computer, and a PDF signed through it by a client that knows only CSC.

usage: demo.py RSIGN DIR      RSIGN is the program `rsign`, DIR a folder for everything the demo makes

Every run starts afresh: new keys, new certificates, new PINs. With a terminal on standard input the service then stays
up for a person to try, until Ctrl-C.
"""

import asyncio
import signal
import sys
from importlib.metadata import version
from pathlib import Path

import pyhanko_sign
from pyhanko_sign import Order, Sandbox
from service import Failed, Service, clear
from verdict import Rejected


def sign_one_pdf(service: Service, folder: Path) -> None:
    sandbox = Sandbox.load(service.ready_file)
    order = Order.of("RSA-2048")
    report = asyncio.run(pyhanko_sign.run(sandbox, order, folder))
    signed, = report.files
    credential = sandbox.credential(order.key)
    say("service", f"{sandbox.api('v1')}, processes: {', '.join(sandbox.ready['pids'])}")
    say("app", f"pyHanko {version('pyHanko')}, its CSCSigner, unmodified, as client {report.client}")
    say("token", "the app got one by oauth2/token, grant client_credentials")
    say("person", f"{report.user}, credential {report.credential} ({report.key}, SCAL {credential['scal']})")
    say("PIN", "the person's PIN authorised this one hash (credentials/authorize)")
    say("signature", f"the key was unwrapped and used inside the HSM token (signatures/signHash, {report.mechanism})")
    say("signer", signed.pyhanko.signer)
    say("pyHanko", f"Valid: {signed.pyhanko.summary}, revocation {signed.pyhanko.revocation}")
    say("pdfsig", f"{signed.pdfsig.signature} {signed.pdfsig.certificate}")


def stay(service: Service, folder: Path) -> None:
    """Keeps the service up until Ctrl-C."""
    account = Sandbox.load(service.ready_file).ready["account"]
    print(f"""The signed PDF: {path_without_spaces(folder / 'signed.pdf')}

The service stays up. Open this in a browser on this computer, make an account and a key, and try it all:

    {account}

Seeded users with their passwords and PINs, clients and all addresses: {path_without_spaces(service.ready_file)}
Ctrl-C stops it.""", flush=True)
    try:
        service.wait()
    except KeyboardInterrupt:
        print("\nStopping the service.", flush=True)


def say(what: str, how: str) -> None:
    print(f"  {what:<10} {how}", flush=True)


def path_without_spaces(path: Path) -> Path:
    """The absolute path, or the one from the working directory if the absolute one has spaces in it."""
    absolute = path.resolve()
    return path if " " in str(absolute) else absolute


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    rsign, folder = Path(sys.argv[1]), Path(sys.argv[2])
    pyhanko_sign.quiet_pyhanko()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    clear(folder)
    # A browser would warn of the sandbox's own TLS root at every step, so for a person there is none: loopback only.
    person = sys.stdin.isatty()
    service = Service(rsign.resolve(), folder.resolve(), plain_http=person)
    try:
        with service:
            sign_one_pdf(service, folder)
            if person:
                stay(service, folder)
    except KeyboardInterrupt:
        print("\ndemo: interrupted, the service is stopped", file=sys.stderr)
        return 130
    except (Failed, Rejected, OSError) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        print_tail(service.log)
        return 1
    print(f"The service is stopped. The signed PDF: {path_without_spaces(folder / 'signed.pdf')}")
    return 0


def print_tail(log: Path, lines: int = 40) -> None:
    if log.exists():
        print(f"The last lines of {log}:", file=sys.stderr)
        for line in log.read_text(errors="replace").splitlines()[-lines:]:
            print(f"  {line}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
