# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154
# Sourced: roots of Debian, one for each architecture that is compiled for, below $output/roots, with compilers for others and
# emulators; so nothing depends on the machine, and nothing on it changes. Debian 13 has every library as an archive. Needs root.
native=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

release=trixie
tools="g++ meson ninja-build pkg-config python3 nlohmann-json3-dev"
libraries="libtomlplusplus-dev libboost-program-options-dev libspdlog-dev libfmt-dev libmnl-dev libcap-dev libyaml-dev libarchive-dev"
# Where this machine has its own packages from; nothing: Debian's own
mapfile -t mirror < <(python3 tests/debian.py)

say() { echo "dist: $*" >&2; }

quietly() { # COMMAND...: its output only if it fails
    "$@" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        say "failed: $*"
        exit 1
    }
}

compiler_of() { # ARCHITECTURE: packages, beside the libraries
    case $1 in
    "$native") ;;
    amd64) echo g++-x86-64-linux-gnu qemu-user ;;
    arm64) echo g++-aarch64-linux-gnu qemu-user ;;
    s390x) echo g++-s390x-linux-gnu qemu-user ;;
    esac
}

require_known() { # ARCHITECTURE...: those that there is a compiler for
    local architecture
    for architecture in "$@"; do
        case $architecture in
        amd64 | arm64 | s390x) ;;
        *) say "no architecture '$architecture': amd64, arm64 or s390x" && exit 2 ;;
        esac
    done
}

make_root() { # ARCHITECTURE: sets $root and $cross
    root=$output/roots/$release-$1
    cross=()
    local packages architectures=$native library
    packages="$tools $(compiler_of "$1")"
    for library in $libraries; do packages="$packages $library:$1"; done
    if [ "$1" != "$native" ]; then
        architectures=$native,$1
        cross=(--cross-file "/source/packaging/dist/$1.cross")
    fi
    [ "$(cat "$root/packages" 2>/dev/null)" != "$packages" ] || return 0
    say "making a root of Debian $release for $1"
    rm -rf "$root"
    mkdir -p "$output/roots"
    mmdebstrap --variant=apt --architectures="$architectures" --include="$packages" "$release" "$root" "${mirror[@]}" >"$work/log" 2>&1 || {
        tail -5 "$work/log" >&2
        say "skipped: packages for $1 cannot be had here"
        exit 77
    }
    echo "$packages" >"$root/packages"
}

copy_sources() { # what git knows of the working tree, to /source of the root
    rm -rf "${root:?}/source"
    mkdir "$root/source"
    git ls-files -z | tar -c --null --files-from=- | tar -x -C "$root/source"
}

in_root() { # COMMAND...: nothing that starts there outlives the command
    unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" chroot "$root" \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}" "$@"
}
