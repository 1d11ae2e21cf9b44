#!/bin/sh
# Write requirements/*.txt from pyproject.toml: pinned, hashed, for every platform, without any address.
# With --check nothing is written: it fails when pyproject.toml asks for what the lists do not hold.
# New releases are taken only a week after they appear, so that a hijacked one is noticed first (COOL_DOWN).
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
target=requirements
if [ "${1:-}" = "--check" ]; then
    target=$(mktemp -d)
    trap 'rm -rf "$target"' EXIT
    cp requirements/*.txt "$target"
fi
compile() {
    name="$1"; shift
    "$python" -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
        --no-emit-index-url --no-annotate "$@" pyproject.toml -o "$target/$name.txt"
}
compile dev --extra embedded --extra dev ${UPGRADE:+--upgrade --exclude-newer "$(date -u -d '7 days ago' +%Y-%m-%d)"}
compile embedded --extra embedded -c "$target/dev.txt"
compile runtime -c "$target/dev.txt"
if [ "${1:-}" = "--check" ]; then
    for name in dev embedded runtime; do
        diff -u "requirements/$name.txt" "$target/$name.txt" >/dev/null || {
            echo "requirements/$name.txt is not in step with pyproject.toml: run make lock" >&2
            exit 1
        }
    done
fi
