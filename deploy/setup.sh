#!/bin/sh
# Installs the Debian packages that rsign's demo and tests need and this machine lacks; with nothing lacking it is silent.
#
# usage: deploy/setup.sh demo|test
#
# On another system: install what it calls these packages, then set RSIGN_SKIP_PACKAGES=1.
set -eu

missing=

need() { # need PACKAGE COMMAND...: PACKAGE is missing unless COMMAND succeeds
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

command_exists() { command -v "$1"; }
installed() { dpkg-query --show --showformat='${db:Status-Status}' "$1" | grep -qx installed; }

for_demo() {
    need gcc             command_exists cc          # some crates have C parts
    need libc6-dev       installed libc6-dev
    need python3-venv    python3 -c 'import ensurepip, venv'
    need softhsm2        command_exists softhsm2-util
    need poppler-utils   command_exists pdfsig
    need libnss3-tools   command_exists certutil    # tells pdfsig whom to trust
}

for_test() {
    for_demo
    need qpdf            command_exists qpdf        # an independent judge of the structure of PDFs
    need g++             command_exists c++         # the fuzzing engine
    need openssl         command_exists openssl     # an independent verifier of signatures and certificates
    need libclang-dev    installed libclang-dev     # from here on: to build Kryoptic, the second test token
    need libssl-dev      installed libssl-dev
    need libsqlite3-dev  installed libsqlite3-dev
    need pkg-config      command_exists pkg-config
    need libcurl4        installed libcurl4         # for mongod
    need maven           command_exists mvn         # for jsign and EU DSS, and what judges jsign's work
    need openjdk-17-jdk-headless command_exists jarsigner
    need xmlsec1         command_exists xmlsec1     # an independent verifier of XML signatures
    need golang-go       command_exists go          # for an EST server, a CA of others
    need osslsigncode    command_exists osslsigncode
    need chromium        command_exists chromium    # for browser tests; what drives it: `make browser-tools`
    need fonts-dejavu-core installed fonts-dejavu-core  # one font everywhere: pages break their lines alike
}

case ${1:-} in
    demo) for_demo ;;
    test) for_test ;;
    *) echo "usage: $0 demo|test" >&2; exit 2 ;;
esac

[ -n "$missing" ] && [ -z "${RSIGN_SKIP_PACKAGES:-}" ] || exit 0

# Unquoted below on purpose: a list of package names.
install="apt-get install -y --no-install-recommends$missing"

if ! command -v apt-get >/dev/null; then
    echo "setup: missing, by their Debian names:$missing" >&2
    echo "setup: install them, then run again with RSIGN_SKIP_PACKAGES=1" >&2
    exit 1
elif [ "$(id -u)" = 0 ]; then
    as_root="env"
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    as_root="sudo env"
else
    echo "setup: missing Debian packages. Run this as root, then try again:" >&2
    echo "    apt-get update && $install" >&2
    exit 1
fi

echo "setup: installing Debian packages:$missing"
as_root="$as_root DEBIAN_FRONTEND=noninteractive"

update_lists() {
    echo "setup: fetching the package lists"
    $as_root apt-get update
}

apt-cache show $missing >/dev/null 2>&1 || update_lists
$as_root $install || {
    update_lists    # the lists may name versions that are no longer served
    $as_root $install
}
