#!/bin/sh
# Builds tests/interop (EU DSS and a small program around it) into $DSS, once for each state of its sources.
set -eu

sources=$(dirname "$0")/../../tests/interop
state=$(cat "$sources/pom.xml" "$sources/src/main/java/rsign/Judge.java" | sha256sum)

[ -e "$DSS/state" ] && [ "$(cat "$DSS/state")" = "$state" ] && exit 0
echo "setup: fetching EU DSS from Maven (28 MB, for tests only)"
rm -rf "$DSS"
mkdir -p "$DSS"
mvn --quiet --batch-mode --strict-checksums --file "$sources/pom.xml" "-Dinterop.target=$(cd "$DSS" && pwd)" compile
echo "$state" > "$DSS/state"
