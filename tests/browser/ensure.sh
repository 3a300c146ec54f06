#!/bin/sh
# Sees to it that a Chromium is here, or fails: in CI its tests must not be skipped.
set -eu

PY=${PY:-.venv/bin/python}

present() {
    "$PY" -m tests.browser.chromium >/dev/null 2>&1
}

if present; then
    exit 0
fi
echo "Installing Chromium for its tests ..."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
as_root=
if [ "$(id -u)" = 0 ]; then
    as_root=yes
fi
if [ -n "$as_root" ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    # Ubuntu's package of this name only points to a snap, which is why `present` looks again.
    { apt-get update && apt-get install -y --no-install-recommends chromium; } >>"$log" 2>&1 || true
fi
if ! present; then
    "$PY" -m playwright install ${as_root:+--with-deps} chromium >>"$log" 2>&1 || true
fi
if ! present; then
    cat "$log" >&2
    echo "No Chromium on the PATH that starts, and none could be installed; CI needs one." >&2
    exit 1
fi
