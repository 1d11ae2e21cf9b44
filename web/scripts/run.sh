#!/bin/sh
# Run a script of package.json with whatever Node there is: the machine's, else the wheel's in .venv.
set -eu
cd "$(dirname "$0")/.."
if ! command -v npm >/dev/null 2>&1; then
    PATH="$(cd .. && pwd)/.venv/bin:$PATH"
    export PATH
fi
if ! command -v npm >/dev/null 2>&1; then
    echo "Node 20 or later is needed: install it, or run .venv/bin/pip install -r requirements/node.txt" >&2
    exit 1
fi
if [ ! -d node_modules/eslint ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
fi
exec npm run --silent "$@"
