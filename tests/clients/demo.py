"""`make demo`: a whole rsign service on this computer, and a PDF signed through it by a client that knows only CSC.

usage: demo.py RSIGN DIR      RSIGN is the program `rsign`, DIR a folder for everything the demo makes

Every run starts afresh: new keys, new certificates, new PINs. With a terminal on standard input the service then stays
up for a person to try, until Ctrl-C.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pyhanko_sign
from pyhanko_sign import Failed, Order, Sandbox
from verdict import Rejected

START_LIMIT = 120  # seconds; a small machine makes RSA keys slowly
STOP_LIMIT = 20


class Service:
    """A running `rsign sandbox`, stopped and waited for when the block ends."""

    def __init__(self, rsign: Path, folder: Path, plain_http: bool):
        self.ready_file = folder / "ready.json"
        self.log = folder / "sandbox.log"
        self._command = [rsign, "sandbox", "--ready-file", self.ready_file, "--data-dir", folder / "data"]
        self._command += ["--listen", "127.0.0.1:0", *(["--http"] if plain_http else [])]

    def __enter__(self) -> "Service":
        with self.log.open("w") as log:
            # A session of its own: Ctrl-C reaches this script alone, which then stops the service in order.
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_) -> None:
        status = self._stop()
        if status != 0:
            raise Failed(f"the service ended with status {status}")

    def wait(self) -> None:
        """Returns when the service ends by itself."""
        self._process.wait()

    def _wait_until_ready(self) -> None:
        began = time.monotonic()
        print("Starting the service ", end="", flush=True)
        while not self.ready_file.exists():
            if (status := self._process.poll()) is not None:
                print(" failed")
                raise Failed(f"the service ended with status {status} instead of starting")
            if time.monotonic() - began > START_LIMIT:
                print(" failed")
                raise Failed(f"the service was not ready after {START_LIMIT} s")
            time.sleep(0.5)
            print(".", end="", flush=True)
        print(f" ready after {time.monotonic() - began:.1f} s")

    def _stop(self) -> int:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            raise Failed(f"the service did not stop within {STOP_LIMIT} s of SIGINT and was killed") from None


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


def clear(folder: Path) -> None:
    """Removes what an earlier run left, and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("data", "nssdb"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("ready.json", "sandbox.log", "signed.pdf"):
        (folder / name).unlink(missing_ok=True)


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
