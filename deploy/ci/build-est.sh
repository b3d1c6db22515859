#!/bin/sh
# Builds the EST server that tests are run against (tests/est) as $EST, once for each state of its versions.
set -eu

sources=$(cd "$(dirname "$0")/../../tests/est" && pwd)
state=$(cat "$sources/go.mod" "$sources/go.sum" | sha256sum)

[ -x "$EST" ] && [ -e "$EST.state" ] && [ "$(cat "$EST.state")" = "$state" ] && exit 0
echo "setup: building estserver with Go (for tests only)"
mkdir -p "$(dirname "$EST")"
place=$(cd "$(dirname "$EST")" && pwd)/$(basename "$EST")
# The Go that is here, whatever a module would like better; no version control is asked for the repository around it.
(cd "$sources" && GOTOOLCHAIN=local GOFLAGS=-mod=readonly go build -buildvcs=false -o "$place" github.com/globalsign/est/cmd/estserver)
echo "$state" > "$EST.state"
