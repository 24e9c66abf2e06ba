#!/usr/bin/env bash
# The releases: packaging/dist/build.sh OUTPUT_DIRECTORY ARCHITECTURE...
# Each is built statically in a root of Debian 13, which has every library as an archive, whatever this machine is; so the
# same sources give the same bytes. Of the working tree only what git knows is built. The roots stay below the output
# directory for the next time. Needs root and mmdebstrap.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p "$1"
output=$(realpath "$1")
shift
version=$(sed -n "s/^ *version: '\(.*\)',/\1/p" meson.build)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
native=$(dpkg --print-architecture)

release=trixie
tools="g++ meson ninja-build pkg-config python3 mandoc nlohmann-json3-dev"
libraries="libtomlplusplus-dev libboost-program-options-dev libspdlog-dev libfmt-dev libmnl-dev libcap-dev libyaml-dev libarchive-dev"

say() { echo "dist: $*" >&2; }

compiler_of() { # ARCHITECTURE: packages, beside the libraries
    case $1 in
    "$native") ;;
    amd64) echo g++-x86-64-linux-gnu qemu-user ;;
    arm64) echo g++-aarch64-linux-gnu qemu-user ;;
    *) say "not known: $1" && exit 1 ;;
    esac
}

# Where this machine has its own packages from; nothing: Debian's own
mapfile -t mirror < <(sed -n 's/^URIs: *\([^ ]*debian\/*\)$/\1/p; s/^deb \(\[[^]]*\] \)\?\([^ ]*debian\/*\) .*/\2/p' \
        /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | head -1)

make_root() { # ARCHITECTURE: prints where it is
    local root=$output/roots/$1 packages architectures=$native library
    packages="$tools $(compiler_of "$1")"
    for library in $libraries; do packages="$packages $library:$1"; done
    [ "$1" = "$native" ] || architectures=$native,$1
    if [ "$(cat "$root/packages" 2>/dev/null)" != "$packages" ]; then
        say "making a root of Debian $release for $1"
        rm -rf "$root"
        mkdir -p "$output/roots"
        mmdebstrap --quiet --variant=apt --architectures="$architectures" --include="$packages" "$release" "$root" "${mirror[@]}" >&2
        echo "$packages" >"$root/packages"
    fi
    echo "$root"
}

in_root() { # ROOT COMMAND...: nothing that starts there outlives the command
    local root=$1
    shift
    unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" chroot "$root" \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" "$@"
}

build() { # ARCHITECTURE
    local root name=tcpadvisor-$version-linux-$1 cross=()
    root=$(make_root "$1")
    rm -rf "${root:?}/work" "${root:?}/$name"
    mkdir "$root/work"
    git ls-files -z | tar -c --null --files-from=- | tar -x -C "$root/work"
    [ "$1" = "$native" ] || cross=(--cross-file "/work/packaging/dist/$1.cross")
    say "building for $1"
    in_root "$root" meson setup /work/b /work -Dstatic=true --prefix=/ --strip "${cross[@]}" >"$output/log"
    in_root "$root" ninja -C /work/b >>"$output/log"
    in_root "$root" env DESTDIR="/$name" meson install -C /work/b --no-rebuild >>"$output/log"
    (cd "$root/$name" && find -- * -type f -o -type l | LC_ALL=C sort >"$root/MANIFEST")
    mv "$root/MANIFEST" "$root/$name"
    cp packaging/dist/install.sh packaging/dist/uninstall.sh LICENSE README.md "$root/$name"
    pack "$root" "$name"
}

pack() { # ROOT NAME: the same bytes from the same files
    tar -C "$1" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -c "$2" | gzip -9n >"$output/$2.tar.gz"
    rm -rf "${1:?}/$2"
}

for architecture in "$@"; do build "$architecture"; done
(cd "$output" && sha256sum tcpadvisor-"$version"-linux-*.tar.gz >SHA256SUMS)
ls -1 "$output"/*.tar.gz "$output/SHA256SUMS"
