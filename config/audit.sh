#!/bin/sh
# audit: the known holes of what requirements.lock installs. sbom: its bill of materials, CycloneDX.
# Where the package index or the list of holes cannot be reached, both say so and are skipped;
# with CI set that is a failure.
set -eu

tools=.venv/tools
log=.venv/audit.log
known_holes=https://pypi.org/pypi/pip/json # where pip-audit asks

skip() {
    echo "SKIPPED: $1" >&2
    [ -z "${CI:-}" ] || exit 1
    exit 0
}

stamp=$tools/.of-$(cksum <requirements-audit.lock | cut -d ' ' -f 1)
if [ ! -e "$stamp" ]; then
    echo "Installing requirements-audit.lock into $tools (once) ..."
    rm -rf "$tools"
    .venv/bin/python -m venv "$tools"
    "$tools/bin/python" -m pip install --disable-pip-version-check --no-input --require-hashes \
        -r requirements-audit.lock >"$log" 2>&1 ||
        skip "pip-audit and cyclonedx-bom cannot be installed (no network? $log has pip's words)"
    : >"$stamp"
fi

case ${1:-} in
    audit)
        "$tools/bin/python" - "$known_holes" <<'PYTHON' >"$log" 2>&1 ||
import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=20).close()
PYTHON
            skip "$known_holes cannot be reached: nobody knows whether there are holes ($log)"
        found=0
        "$tools/bin/pip-audit" --require-hashes --disable-pip --progress-spinner off \
            -r requirements.lock >"$log" 2>&1 || found=$?
        unknown=$(grep -c 'could not be audited' "$log" || :)
        [ "$found" -ne 0 ] || [ "$unknown" -eq 0 ] ||
            skip "$unknown packages could not be audited ($log names them)"
        cat "$log"
        exit "$found"
        ;;
    sbom)
        "$tools/bin/cyclonedx-py" requirements --output-format JSON --output-file sbom.cdx.json \
            requirements.lock
        echo "sbom.cdx.json"
        ;;
    *)
        echo "usage: sh config/audit.sh audit | sbom" >&2
        exit 2
        ;;
esac
