#!/bin/sh
# Installs what lies beside it: sh install.sh [--prefix DIRECTORY], /usr/local by default. Twice does no harm, over an older
# version neither. What it installed it can take away: sh PREFIX/share/tcpadvisor/uninstall.sh
set -eu

usage() {
    echo "usage: sh install.sh [--prefix DIRECTORY]"
    echo "Installs tcpadvisor below DIRECTORY (default /usr/local; \"\$HOME/.local\" needs no root)."
    echo "Uninstall: sh DIRECTORY/share/tcpadvisor/uninstall.sh"
}

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

prefix=/usr/local
while [ $# -gt 0 ]; do
    case $1 in
    --prefix) [ $# -gt 1 ] || fail "--prefix needs a directory"; prefix=$2; shift ;;
    --prefix=*) prefix=${1#--prefix=} ;;
    -h | --help) usage; exit 0 ;;
    */install.sh) fail "several versions are unpacked here: name one of them, as in sh $1" ;;
    *) usage >&2; fail "unknown argument: $1" ;;
    esac
    shift
done
case $prefix in
"" | -*) fail "--prefix needs a directory" ;;
/*) ;;
*) prefix=$(pwd)/$prefix ;;
esac
prefix=$(printf '%s/' "$prefix" | tr -s /)
prefix=${prefix%/}
case $prefix in # it stands in configurations of systemd, sudo and NRPE, which would need it quoted
*[!A-Za-z0-9/._+~@-]*) fail "a prefix has letters, digits and /._+~@- only" ;;
esac
[ ! -e "${prefix:-/}" ] || [ -d "${prefix:-/}" ] || fail "$prefix is no directory"

here=$(dirname "$0")
[ -f "$here/MANIFEST" ] || fail "MANIFEST is not beside it: unpack the whole archive"
said=$("$here/bin/tcpadvisor" --version 2>&1) ||
    fail "the program does not run here: $said (this machine is $(uname -m): is the archive for another one, or this directory on a file system that is mounted noexec?)"

mine=$prefix/share/tcpadvisor
could_not() {
    fail "cannot write below $prefix; run it as root, or with --prefix \"\$HOME/.local\""
}

missing_directories() { # of a path: those that are not there yet, the deepest first
    path=$1
    while [ ! -d "$path" ]; do
        printf '%s\n' "$path"
        path=$(dirname "$path")
    done
}

temporary=
trap '[ -z "$temporary" ] || rm -f "$temporary"' EXIT
trap 'exit 1' HUP INT TERM

text_of() { # a configuration names the paths of a package: here they are below the prefix
    case $1 in
    share/tcpadvisor/* | lib/systemd/*)
        sed -e "s|/usr/lib/nagios/plugins/check_tcpadvisor|$prefix/lib/nagios/plugins/check_tcpadvisor|g" \
            -e "s|/usr/bin/tcpadvisor|$prefix/bin/tcpadvisor|g" -e "s|/usr/share/tcpadvisor|$prefix/share/tcpadvisor|g" "$here/$1"
        ;;
    *) cat "$here/$1" ;;
    esac
}

put() { # FILE of the manifest: whole or not at all
    temporary=$prefix/$1.new.$$
    if [ -L "$here/$1" ]; then
        ln -s "$(readlink "$here/$1")" "$temporary" || could_not
    else
        text_of "$1" >"$temporary" || could_not
        if [ -x "$here/$1" ]; then chmod 755 "$temporary"; else chmod 644 "$temporary"; fi
    fi
    mv -f "$temporary" "$prefix/$1" || could_not
    temporary=
}

umask 022
old=$(cat "$mine/MANIFEST" 2>/dev/null || true)
created=$(cat "$mine/DIRECTORIES" 2>/dev/null || true
    while IFS= read -r file; do missing_directories "$(dirname "$prefix/$file")"; done <"$here/MANIFEST")
mkdir -p "$mine" 2>/dev/null || could_not

# The lists come first, so that what an interrupted run leaves can be taken away, too; last goes what only an older version had.
{ printf '%s\n' "$created" | sed '/^$/d' | sort -ru >"$mine/DIRECTORIES"; } 2>/dev/null || could_not
{ cat "$here/MANIFEST"; printf '%s\n' "$old"; } | sed '/^$/d' | sort -u >"$mine/MANIFEST"
cp "$here/uninstall.sh" "$mine/uninstall.sh" || could_not
while IFS= read -r file; do
    mkdir -p "$(dirname "$prefix/$file")" || could_not
    put "$file"
done <"$here/MANIFEST"
printf '%s\n' "$old" | while IFS= read -r file; do
    [ -z "$file" ] || grep -qxF "$file" "$here/MANIFEST" || rm -f "$prefix/$file"
done
sort "$here/MANIFEST" >"$mine/MANIFEST"

echo "installed: $("$prefix/bin/tcpadvisor" --version | head -1) in ${prefix:-/}"
case :$PATH: in
*:"$prefix/bin":*) ;;
*) echo "$prefix/bin is not in PATH: call $prefix/bin/tcpadvisor" ;;
esac
echo "uninstall: sh $mine/uninstall.sh"
