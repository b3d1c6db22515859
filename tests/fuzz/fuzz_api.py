"""Schemathesis against a running sandbox, with the OpenAPI documents that the service itself serves.

usage: fuzz_api.py READY [--examples N] [--seconds S]
       fuzz_api.py --start RSIGN DIR [--examples N] [--seconds S]

READY is a sandbox's ready file; with --start a sandbox of its own is started, with everything it makes in DIR. N bounds
the requests made for each operation and way of making them; with S each document is tried for so long.
"""

import argparse
import json
import os
import subprocess
import sys
import urllib.request
from base64 import b64encode
from pathlib import Path
from ssl import create_default_context

HERE = Path(__file__).resolve().parent
DOCUMENTS = ("csc-v1", "csc-v2")


def basic(name: str, secret: str) -> str:
    return b64encode(f"{name}:{secret}".encode()).decode()


def service_token(ready: dict, user: str) -> str:
    """A service token of this user, by auth/login."""
    url = f"{ready['csc_v1']}/auth/login"
    request = urllib.request.Request(url, data=b"{}", headers={"Authorization": f"Basic {user}"})
    context = create_default_context(cafile=ready["tls_ca"]) if ready["tls_ca"] else None
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), *([urllib.request.HTTPSHandler(context=context)] if context else [])
    )
    with opener.open(request) as answer:
        return json.load(answer)["access_token"]


def token_of(ready: dict, user: dict) -> str:
    return service_token(ready, basic(user["username"], user["password"]))


def fuzz(ready_file: Path, examples: int, seconds: int | None) -> int:
    """Tries each document; the number of those in which something was found."""
    ready = json.loads(ready_file.read_text())
    person, client = ready["users"][0], ready["clients"][0]
    user = basic(person["username"], person["password"])
    # Secrets go by the environment: command lines are everybody's.
    environment = os.environ | {
        "RSIGN_READY": str(ready_file.resolve()),
        "RSIGN_USER": user,
        "RSIGN_CLIENT": basic(client["client_id"], client["client_secret"]),
        "RSIGN_TOKEN": service_token(ready, user),
        # A worker's user is a credential, the password its PIN.
        "RSIGN_WORKER": basic(person["credentials"][0]["credentialID"], person["credentials"][0]["pin"]),
        # Of the one who is sent codes.
        "RSIGN_CODED_TOKEN": token_of(ready, ready["coded_user"]),
        # Of the one whose apps wait for an approval.
        "RSIGN_OTHER_TOKEN": token_of(ready, ready["implicit_user"]),
        "PYTHONPATH": str(HERE),
        "NO_PROXY": "127.0.0.1,localhost",
    }
    found = 0
    for document in DOCUMENTS:
        command = [str(Path(sys.executable).parent / "schemathesis"), "--no-color"]
        command += ["--config-file", str(HERE / "fuzz_api.toml"), "run", f"{ready['oauth2']}/openapi/{document}.yaml"]
        command += ["--url", ready["oauth2"], "--continue-on-failure", "--max-examples", str(examples)]
        command += ["--tls-verify", ready["tls_ca"]] if ready["tls_ca"] else []
        # The bounded run is the same every time.
        command += ["--max-time", str(seconds)] if seconds else ["--seed", "0"]
        answers = ready_file.parent / f"{document}.answers.json"
        answers.unlink(missing_ok=True)
        environment["RSIGN_ANSWERS"] = str(answers.resolve())
        found += subprocess.run(command, env=environment, cwd=ready_file.parent).returncode != 0
        found += not went_well(document, answers)
    return found


# Keys are made and ended only by tokens that a person gave in a browser for just that.
NEVER_WELL = {
    "POST /csc/v2/credentials/create",
    "POST /csc/v2/credentials/delete",
}


def went_well(document: str, answers: Path) -> bool:
    """Whether every operation was reached: what only ever hears an error was hardly tried."""
    heard = json.loads(answers.read_text())
    never = [name for name, statuses in heard.items() if not any(status < "400" for status in statuses)]
    missed = sorted(set(never) - NEVER_WELL)
    print(f"{document}: {len(heard)} operations, {sum(map(lambda it: sum(it.values()), heard.values()))} answers", flush=True)
    if missed:
        print(f"{document}: never answered but by an error: {', '.join(missed)}", flush=True)
    return not missed


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("ready", type=Path, nargs="?")
    parser.add_argument("--start", type=Path, nargs=2, metavar=("RSIGN", "DIR"))
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--seconds", type=int)
    options = parser.parse_args()
    if (options.ready is None) == (options.start is None):
        parser.error("a ready file, or --start")
    if options.ready:
        return fuzz(options.ready, options.examples, options.seconds)
    sys.path.append(str(HERE.parent / "clients"))
    from service import Service, clear

    rsign, folder = options.start
    clear(folder)
    with Service(rsign.resolve(), folder.resolve(), plain_http=False) as service:
        return fuzz(service.ready_file, options.examples, options.seconds)


if __name__ == "__main__":
    sys.exit(main())
