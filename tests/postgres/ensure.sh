#!/bin/sh
# Sees to it that PostgreSQL's programs are here, or fails: in CI its tests must not be skipped.
set -eu

present() {
    for folder in $(printf '%s' "$PATH" | tr ':' ' ') /usr/lib/postgresql/*/bin; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
            return 0
        fi
    done
    return 1
}

if present; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing PostgreSQL for its tests ..."
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    if ! { apt-get update && apt-get install -y --no-install-recommends postgresql; } >"$log" 2>&1; then
        cat "$log" >&2
    fi
    rm -f "$log"
fi
if ! present; then
    echo "No initdb and postgres on the PATH or in /usr/lib/postgresql/*/bin; CI needs both." >&2
    exit 1
fi
