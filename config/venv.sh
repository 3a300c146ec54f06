#!/bin/sh
# Makes .venv with a Python >= 3.11 and installs the requirements files it is given; locks by their
# hashes.
# PYTHON=/path/to/python3 chooses one. On a terminal with a bar; else quiet unless something fails.
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

log=.venv/install.log
failed=.venv/.install-failed

install() {
    # A pipe tells nothing of how its first part ended.
    PYTHONUNBUFFERED=1 .venv/bin/python -m pip install --disable-pip-version-check --no-input "$@" \
        2>&1 || : >"$failed"
}

# Writes pip's lines to the log, and for a person one line with a bar, over and over.
show_bar() {
    done=0
    while IFS= read -r line; do
        echo "$line" >&3
        case $line in
            Collecting*|Processing*|Ignoring*|"Requirement already"*) done=$((done + 1)) ;;
            *Downloading*|*cached*) ;;
            Installing*) line="unpacking them all; this takes a moment" done=$total ;;
            *) continue ;;
        esac
        [ "$done" -le "$total" ] || done=$total
        bar=$(printf '%*s' $((done * 30 / total)) '' | tr ' ' '#')
        printf '\r\033[K[%-30s] %d of %d  %.36s' "$bar" "$done" "$total" "${line#"${line%%[! ]*}"}"
    done 3>"$log"
    printf '\r\033[K'
}

echo "Installing $* into .venv (once) ..."
total=$(cat "$@" | grep -c '==')
case $* in
    *.txt*) hashes= ;;
    *) hashes=--require-hashes ;; # locks: nothing is installed that is not the file that was pinned
esac
set -- $hashes $(printf -- '-r %s ' "$@")
rm -f "$failed"
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
    install "$@" | show_bar
else
    install "$@" >"$log"
fi
if [ -e "$failed" ]; then
    cat "$log" >&2
    exit 1
fi
