#!/bin/sh
# Makes .venv with a Python >= 3.11 and installs the requirements files it is given.
# PYTHON=/path/to/python3 chooses one. Quiet unless something fails.
set -eu

new_enough='import sys; sys.exit(sys.version_info < (3, 11))'

usable() { "$1" -c "$new_enough" >/dev/null 2>&1; }

if ! usable .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if usable "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "StoryClip needs Python 3.11 or newer; found: $(${PYTHON:-python3} --version 2>&1 || true)" >&2
        echo "Install one, or name it: make PYTHON=/path/to/python3 ..." >&2
        exit 1
    fi
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        echo "$python has no venv module. On Debian or Ubuntu: apt-get install python3-venv" >&2
        exit 1
    fi
    echo "Making .venv with $("$python" --version) ..."
    rm -rf .venv
    "$python" -m venv .venv
fi

echo "Installing $* into .venv (once) ..."
set -- $(printf -- '-r %s ' "$@")
if ! .venv/bin/python -m pip install --disable-pip-version-check --no-input "$@" \
    >.venv/install.log 2>&1; then
    cat .venv/install.log >&2
    exit 1
fi
