#!/usr/bin/env bash
# Writes the locks: Python's from the *.in files, npm's from package.json. The development lock comes first and binds the
# others, so that one version of a package is used everywhere. No lock names an address.
set -euo pipefail
cd "$(dirname "$0")"

find_uv() {
    local candidate
    for candidate in "${UV:-}" "$PWD/../.venv/bin/uv" uv; do
        if [ -n "$candidate" ] && command -v "$candidate"; then return; fi
    done
    echo "lock: needs uv; say where it is with UV=..." >&2
    return 1
}

compile_lock() {
    local lock=$1
    shift
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header --output-file "$lock" "$@"
}

# npm keeps its packages' donation pages in the lock; it installs as well without them.
lock_npm() {
    npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts \
        --no-audit --no-fund --loglevel error
    node --eval '
        const { readFileSync, writeFileSync } = require("node:fs");
        const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
        for (const entry of Object.values(lock.packages)) delete entry.funding;
        writeFileSync("package-lock.json", JSON.stringify(lock, null, 2) + "\n");
    '
}

uv=$(find_uv)
compile_lock dev.lock base.in build.in edge.in evdev.in hub.in dev.in "$@"
compile_lock build.lock build.in --constraint dev.lock
compile_lock run.lock base.in build.in edge.in hub.in --constraint dev.lock
compile_lock edge.lock base.in build.in edge.in evdev.in --constraint dev.lock
cd ..
lock_npm

if grep -n 'https\?:' -- requirements/*.lock package-lock.json; then
    echo "lock: an address slipped into a lock" >&2
    exit 1
fi
