#!/bin/sh
# Sees to it that nginx and Caddy are here, or fails: in CI their tests must not be skipped.
set -eu

PY=${PY:-.venv/bin/python}

missing() {
    "$PY" -m tests.proxies.programs
}

if [ -z "$(missing)" ]; then
    exit 0
fi
echo "Installing $(missing | tr '\n' ' ')for their tests ..."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
case "$(missing)" in
*nginx*)
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        export DEBIAN_FRONTEND=noninteractive
        { apt-get update && apt-get install -y --no-install-recommends nginx; } >>"$log" 2>&1 || true
    fi
    ;;
esac
case "$(missing)" in
*caddy*)
    "$PY" -m pip install --disable-pip-version-check --require-hashes \
        -r tests/proxies/requirements.txt >>"$log" 2>&1 || true
    ;;
esac
if [ -n "$(missing)" ]; then
    cat "$log" >&2
    echo "Not on the PATH, and could not be installed: $(missing | tr '\n' ' '); CI needs both." >&2
    exit 1
fi
