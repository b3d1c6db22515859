"""A sandbox of one's own: started, waited for, stopped. Needs nothing but Python."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

START_LIMIT = 120  # seconds; a small machine makes RSA keys slowly
STOP_LIMIT = 20


class Failed(Exception):
    """The run did not do what was asked; the message is the one line to print."""


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


def clear(folder: Path) -> None:
    """Removes what an earlier run left, and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("data", "nssdb"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("ready.json", "sandbox.log", "signed.pdf"):
        (folder / name).unlink(missing_ok=True)
