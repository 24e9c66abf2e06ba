#!/bin/sh
# Takes away what install.sh put below the directory two above this file, and what the program remembers of its runs.
# A file /etc/tcpadvisor/tcpadvisor.toml and rules of your own stay.
set -eu
mine=$(cd "$(dirname "$0")" && pwd)
prefix=${mine%/share/tcpadvisor}
if [ ! -w "$mine" ]; then
    echo "uninstall.sh: cannot write to $mine: run it as the user who installed" >&2
    exit 1
fi

while IFS= read -r file; do rm -f "$prefix/$file"; done <"$mine/MANIFEST"
if [ "$(id -u)" = 0 ]; then
    rm -rf /var/lib/tcpadvisor
else
    rm -rf "${XDG_STATE_HOME:-$HOME/.local/state}/tcpadvisor"
fi
directories=$(cat "$mine/DIRECTORIES")
rm -f "$mine/MANIFEST" "$mine/DIRECTORIES" "$mine/uninstall.sh"
printf '%s\n' "$directories" | while IFS= read -r directory; do # the deepest first; others may use one of them by now
    [ -z "$directory" ] || rmdir "$directory" 2>/dev/null || true
done
echo "tcpadvisor is uninstalled from ${prefix:-/}"
