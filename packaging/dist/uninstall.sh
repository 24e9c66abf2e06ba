#!/bin/sh
# Takes away what install.sh put below the directory two above this file, and what the program remembers of its runs, if no
# other tcpadvisor is installed. A file /etc/tcpadvisor/tcpadvisor.toml and rules of your own stay.
set -eu

fail() {
    echo "uninstall.sh: $*" >&2
    exit 1
}

mine=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
prefix=${mine%/share/tcpadvisor}
if [ "$prefix" = "$mine" ] || [ ! -f "$mine/MANIFEST" ] || [ ! -f "$mine/DIRECTORIES" ]; then
    fail "run the one that install.sh has put into PREFIX/share/tcpadvisor; nothing was removed"
fi
[ -w "$mine" ] || fail "cannot write to $mine: run it as the user who installed"

if [ "$(id -u)" = 0 ] && { [ "$prefix" = /usr ] || [ "$prefix" = /usr/local ]; }; then # where systemd looks for units
    systemctl --quiet disable --now tcpadvisor-prometheus.timer >/dev/null 2>&1 || true
fi
while IFS= read -r file; do rm -f "$prefix/$file"; done <"$mine/MANIFEST"

state=
if [ "$(id -u)" = 0 ]; then
    state=/var/lib/tcpadvisor
else
    case ${XDG_STATE_HOME:-} in # as the program takes it
    /*) state=$XDG_STATE_HOME/tcpadvisor ;;
    *) [ -z "${HOME:-}" ] || state=$HOME/.local/state/tcpadvisor ;;
    esac
fi
if [ -n "$state" ] && [ ! -x /usr/bin/tcpadvisor ] && [ ! -x /usr/local/bin/tcpadvisor ]; then
    rm -rf "$state"
fi

directories=$(cat "$mine/DIRECTORIES")
rm -f "$mine/MANIFEST" "$mine/DIRECTORIES" "$mine/uninstall.sh"
printf '%s\n' "$directories" | while IFS= read -r directory; do # the deepest first; others may use one of them by now
    [ -z "$directory" ] || rmdir "$directory" 2>/dev/null || true
done
echo "tcpadvisor is uninstalled from ${prefix:-/}"
