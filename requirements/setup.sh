#!/usr/bin/env bash
# Sets up Binlight in this folder: system packages that are missing, a virtual environment, the
# locked packages by hash, and the project itself. Safe to repeat; the second call takes seconds.
#
#   requirements/setup.sh run    what `make demo` needs: no compiler, no test tools, no browser
#   requirements/setup.sh edge   what a device needs: no Flask, but a compiler for evdev
#   requirements/setup.sh dev    everything: `make test`, `make check`
#   requirements/setup.sh hardware   that, and a virtual machine: `make test-hardware`
#
# VENV says where the virtual environment goes (default .venv).
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=${VENV:-.venv}
SYSTEM_PYTHON=/usr/bin/python3
POLICY=/usr/sbin/policy-rc.d
PYTHON_MIN=3.11

say() { printf 'binlight: %s\n' "$*"; }

refuse() {
    printf 'binlight: %s\n' "$*" >&2
    exit 1
}

refuse_32_bit() {
    if [ "$(getconf LONG_BIT)" != 64 ]; then
        refuse "this system is 32-bit; Binlight needs a 64-bit Debian or Raspberry Pi OS."
    fi
}

# --- system packages ---------------------------------------------------------------------------

has_command() { command -v "$1" > /dev/null || [ -x "/usr/sbin/$1" ]; }

has_file() { compgen -G "$1" > /dev/null; }

has_module() { "$SYSTEM_PYTHON" -c "import $1" 2> /dev/null; }

# Whether what a package brings is here, from Debian or from anywhere else.
is_here() {
    case $1 in
        python3) [ -x "$SYSTEM_PYTHON" ] ;;
        python3-venv) has_module ensurepip ;;
        python3-gi) has_module gi ;;
        python3-dev) has_file '/usr/include/python3.*/Python.h' ;;
        libc6-dev) has_file /usr/include/stdio.h ;;
        linux-libc-dev) has_file /usr/include/linux/input.h ;;
        postgresql) has_command postgres || has_file '/usr/lib/postgresql/*/bin/postgres' ;;
        umockdev) has_command umockdev-run ;;
        gir1.2-umockdev-1.0) has_file '/usr/lib/*/girepository-1.0/UMockdev-1.0.typelib' ;;
        nodejs) has_command node ;;
        qemu-system-x86) has_command qemu-system-x86_64 ;;
        *) has_command "$1" ;;
    esac
}

packages_for() {
    echo python3 python3-venv
    if [ "$1" != run ]; then echo gcc libc6-dev python3-dev linux-libc-dev; fi
    if [ "$1" != edge ]; then echo mosquitto; fi
    if [ "$1" = hardware ]; then echo qemu-system-x86; fi
    if [ "$1" = dev ]; then
        echo chromium postgresql tmux strace umockdev gir1.2-umockdev-1.0 python3-gi nodejs npm
    fi
}

missing_packages() {
    local package
    for package in $(packages_for "$1"); do
        is_here "$package" || echo "$package"
    done
}

# Fills the array as_root with what comes before a command that only root may run; the machine's
# owner installs by hand where there is neither root nor sudo.
become_root_or_refuse() {
    as_root=()
    if [ "$(id -u)" = 0 ]; then return; fi
    as_root=(sudo)
    if ! command -v sudo > /dev/null || ! sudo -v; then
        refuse "neither root nor sudo. As root: apt-get install --no-install-recommends $*"
    fi
}

# Debian starts a service while it installs it. Binlight runs its own broker and its tests their
# own database, so a service that only we brought stays off; one that was here is left alone.
keep_services_off() {
    if [ -e "$POLICY" ]; then return; fi
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$POLICY" > /dev/null
    "${as_root[@]}" chmod 755 "$POLICY"
    trap allow_services EXIT
}

allow_services() { "${as_root[@]}" rm -f "$POLICY"; }

disable_new_services() {
    local package
    for package in "$@"; do
        case $package in
            mosquitto | postgresql)
                if command -v systemctl > /dev/null; then
                    "${as_root[@]}" systemctl disable --quiet "$package.service" || true
                fi
                if [ -d /run/systemd/system ]; then
                    "${as_root[@]}" systemctl stop "$package.service" || true
                fi
                ;;
        esac
    done
}

# Speaks only when it fails.
apt_get() {
    local log
    log=$(mktemp)
    if "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o Dpkg::Use-Pty=0 "$@" < /dev/null > "$log" 2>&1; then
        rm -f "$log"
        return
    fi
    tail -n 20 "$log" >&2
    rm -f "$log"
    return 1
}

install_packages() {
    command -v apt-get > /dev/null ||
        refuse "no apt-get here; please install what brings: $*"
    become_root_or_refuse "$@"
    say "installing $*"
    keep_services_off
    apt_get update || say "the package lists could not be refreshed; trying on"
    apt_get install -y --no-install-recommends "$@" || refuse "apt-get could not install: $*"
    disable_new_services "$@"
    if [ -n "$(trap -p EXIT)" ]; then
        allow_services
        trap - EXIT
    fi
}

set_up_system() {
    local missing
    mapfile -t missing < <(missing_packages "$1")
    if [ ${#missing[@]} -gt 0 ]; then install_packages "${missing[@]}"; fi
}

# --- Python ------------------------------------------------------------------------------------

refuse_old_python() {
    "$SYSTEM_PYTHON" -c "import sys; sys.exit(sys.version_info < (${PYTHON_MIN/./, }))" ||
        refuse "$SYSTEM_PYTHON is older than $PYTHON_MIN; Debian 12 and later are new enough."
}

# What an environment was made from: any change in it asks for another installation.
fingerprint() {
    {
        readlink -f "$SYSTEM_PYTHON"
        pwd
        cat "requirements/$1.lock" requirements/build.lock pyproject.toml requirements/*.in requirements/setup.sh
    } | sha256sum | cut -d ' ' -f 1
}

# A development environment holds all that a demo needs.
is_installed() {
    local kind
    for kind in "$1" dev; do
        if [ "$(cat "$VENV/.binlight-$kind" 2> /dev/null)" = "$(fingerprint "$kind")" ]; then
            "$VENV/bin/python" -P -c 'import binlight' 2> /dev/null && return
        fi
    done
    return 1
}

pip_install() { "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

# The builder comes first and by hash, so that neither evdev (which has no wheel) nor the project
# fetches one of its own.
install_locked() {
    local only_wheels=()
    if [ "$1" = run ]; then only_wheels=(--only-binary ':all:'); fi
    pip_install --require-hashes --no-deps -r requirements/build.lock
    pip_install --require-hashes --no-deps --no-build-isolation "${only_wheels[@]}" \
        -r "requirements/$1.lock"
    pip_install --no-deps --no-build-isolation --no-index --editable .
}

# umockdev speaks through gi, which only Debian's own Python has.
link_gi() {
    local site
    site=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
    ln -sfn "$("$SYSTEM_PYTHON" -c 'import gi, os; print(os.path.dirname(gi.__file__))')" "$site/gi"
}

set_up_python() {
    if is_installed "$1"; then return; fi
    refuse_old_python
    say "installing Python packages into $VENV"
    if ! "$VENV/bin/python" -m pip --version > /dev/null 2>&1; then
        "$SYSTEM_PYTHON" -m venv --clear "$VENV"
    fi
    install_locked "$1"
    if [ "$1" = dev ]; then link_gi; fi
    fingerprint "$1" > "$VENV/.binlight-$1"
}

# --- JavaScript: one parser, for the check of the wire's contract ------------------------------

set_up_npm() {
    local stamp=node_modules/.binlight-lock
    if cmp -s package-lock.json "$stamp"; then return; fi
    say "installing npm packages"
    npm ci --ignore-scripts --no-audit --no-fund --loglevel error < /dev/null
    cp package-lock.json "$stamp"
}

# The virtual machine boots Debian's generic kernel for PCs, with this machine's Python in it.
set_up_virtual_machine() {
    if [ "$(uname -m)" = x86_64 ]; then
        set_up_system hardware
    else
        say "no virtual machine on a $(uname -m); what needs none runs if there is /dev/uinput"
    fi
}

main() {
    local kind=${1:-}
    case $kind in
        run | edge | dev) ;;
        hardware)
            main dev
            set_up_virtual_machine
            return
            ;;
        *) refuse "say 'run', 'edge', 'dev' or 'hardware'" ;;
    esac
    refuse_32_bit
    set_up_system "$kind"
    set_up_python "$kind"
    if [ "$kind" = dev ]; then set_up_npm; fi
}

main "$@"
