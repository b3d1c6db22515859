#!/usr/bin/env bash
# Every row of the attack table that SECURITY.md claims has a test that is named after it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
rows=$(sed -nE 's/^\| A-([0-9]{2}) .*/\1/p' SECURITY.md)
[ "$(wc -w <<<"$rows")" -ge 40 ] || { echo "abuse rows: SECURITY.md lists too few" >&2; exit 1; }
missing=0
for row in $rows; do
    grep -rqE "fn (a_[0-9]{2}_)*a_${row}_" --include='*.rs' api gateway signer tests/system && continue
    echo "abuse rows: no test is named after A-$row" >&2
    missing=1
done
exit $missing
