#!/bin/sh
# Feeds anything to what parses foreign documents, SECONDS for each format, on stable Rust: the flags are those of
# cargo-fuzz without a sanitizer. Findings are left in $FUZZ.
set -eu

cd "$(dirname "$0")/../../fuzz"
target=$(rustc -vV | sed -n 's/^host: //p')
flags="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1"
mkdir -p "$FUZZ"
# With --target the flags are not those of build scripts.
RUSTFLAGS="$flags" cargo build --release --locked --target "$target" --target-dir "$FUZZ/build"
for file in targets/*.rs; do
    name=$(basename "$file" .rs)
    mkdir -p "$FUZZ/corpus/$name"
    echo "fuzz: $name, $SECONDS_EACH s"
    "$FUZZ/build/$target/release/$name" -max_total_time="$SECONDS_EACH" -max_len=65536 -timeout=10 -rss_limit_mb=2048 \
        -verbosity=0 -print_final_stats=1 -artifact_prefix="$FUZZ/finding-$name-" "$FUZZ/corpus/$name" "seeds/$name"
done
