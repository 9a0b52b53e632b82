#!/usr/bin/env bash
# Lets the hub, or a device, start with this machine. Needs root or sudo. Safe to repeat.
#
#   requirements/service.sh hub [--listen ADDRESS] [--port PORT] [--site NAME] [--data FOLDER]
#   requirements/service.sh edge --config FILE [--headless] [--data FOLDER]
#   requirements/service.sh remove hub|edge      the books and waiting events stay where they are
#
# `.venv/bin/binlight hub-service …` (edge-service …) prints the unit without changing anything.
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=${VENV:-.venv}
OWNER=binlight
UNITS=/etc/systemd/system

say() { printf 'binlight: %s\n' "$*"; }

refuse() {
    printf 'binlight: %s\n' "$*" >&2
    exit 1
}

usage() {
    sed -n '1d; /^set /q; s/^# \{0,3\}//p' requirements/service.sh
    exit 2
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo > /dev/null; then
        sudo "$@"
    else
        refuse "this needs root: $*"
    fi
}

refuse_unfit() {
    if [ ! -d /run/systemd/system ]; then
        refuse "this machine is not run by systemd; '$VENV/bin/binlight $1-service' prints the unit:" \
            "let whatever starts your programs run its ExecStart line."
    fi
    case $PWD/ in
        /root/*) refuse "the user $OWNER cannot read $PWD: put this folder into /opt first." ;;
    esac
}

# The folder that the unit may write, made for its user.
data_of() { sed -n 's/^ReadWritePaths=//p' "$1" | tr -d '"' | sed 's/%%/%/g'; }

# Everything in the folder becomes the user's: so it is new, or what a hub or a device made.
refuse_foreign() {
    local file
    for file in hub.db outbox.sqlite identity.json; do
        if as_root test -e "$1/$file"; then return; fi
    done
    if as_root test -e "$1" && [ -n "$(as_root find "$1" -mindepth 1 -print -quit)" ]; then
        refuse "$1 holds things that are not Binlight's: name an empty or a new folder with --data."
    fi
}

install_unit() {
    local unit=$1 text data
    text=$(mktemp)
    "$VENV/bin/binlight" "$unit-service" "${@:2}" > "$text"
    data=$(data_of "$text")
    refuse_foreign "$data"
    id "$OWNER" > /dev/null 2>&1 ||
        as_root useradd --system --home-dir "$data" --shell /usr/sbin/nologin "$OWNER"
    as_root install --directory --mode=0700 --owner="$OWNER" --group="$OWNER" "$data"
    as_root chown --recursive "$OWNER:" "$data"
    as_root install --mode=0644 "$text" "$UNITS/binlight-$unit.service"
    rm "$text"
    as_root systemctl daemon-reload
    as_root systemctl enable --now "binlight-$unit.service"
    say "it runs, and starts with the machine. Its words: journalctl -u binlight-$unit"
}

remove_unit() {
    as_root systemctl disable --now "binlight-$1.service"
    as_root rm -f "$UNITS/binlight-$1.service"
    as_root systemctl daemon-reload
    say "it starts with the machine no more; what it keeps stays where it is."
}

case ${1:-} in
    hub | edge)
        refuse_unfit "$1"
        requirements/setup.sh "$([ "$1" = hub ] && echo run || echo edge)"
        install_unit "$@"
        ;;
    remove)
        [ -n "${2:-}" ] || usage
        remove_unit "$2"
        ;;
    *) usage ;;
esac
