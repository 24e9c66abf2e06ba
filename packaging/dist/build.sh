#!/usr/bin/env bash
# The releases: packaging/dist/build.sh OUTPUT_DIRECTORY ARCHITECTURE...
# One static program an architecture, and around it an archive, a .deb, a .rpm and an image. It is built in a root of Debian 13,
# which has every library as an archive, whatever this machine is; so the same sources give the same bytes. Of the working
# tree only what git knows is built. The roots stay below the output directory for the next time. Needs root.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p "$1"
output=$(realpath "$1")
shift
version=$(sed -n "s/^ *version: '\(.*\)',/\1/p" meson.build)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
native=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

release=trixie
tools="g++ meson ninja-build pkg-config python3 nlohmann-json3-dev"
libraries="libtomlplusplus-dev libboost-program-options-dev libspdlog-dev libfmt-dev libmnl-dev libcap-dev libyaml-dev libarchive-dev"
hardened="-D_FORTIFY_SOURCE=2,-fstack-protector-strong,-fstack-clash-protection"
# Where this machine has its own packages from; nothing: Debian's own
mapfile -t mirror < <(sed -n 's/^URIs: *\([^ ]*debian\/*\)$/\1/p; s/^deb \(\[[^]]*\] \)\?\([^ ]*debian\/*\) .*/\2/p' \
    /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | head -1)

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
    *) say "not known: $1" && exit 1 ;;
    esac
}

make_root() { # ARCHITECTURE
    root=$output/roots/$1
    local packages architectures=$native library
    packages="$tools $(compiler_of "$1")"
    for library in $libraries; do packages="$packages $library:$1"; done
    [ "$1" = "$native" ] || architectures=$native,$1
    [ "$(cat "$root/packages" 2>/dev/null)" != "$packages" ] || return 0
    say "making a root of Debian $release for $1"
    rm -rf "$root"
    mkdir -p "$output/roots"
    quietly mmdebstrap --variant=apt --architectures="$architectures" --include="$packages" "$release" "$root" "${mirror[@]}"
    echo "$packages" >"$root/packages"
}

in_root() { # COMMAND...: nothing that starts there outlives the command
    unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" chroot "$root" \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" "$@"
}

program() { # ARCHITECTURE: compiled and laid out in $tree, as below a prefix
    local cross=()
    make_root "$1"
    [ "$1" = "$native" ] || cross=(--cross-file "/work/packaging/dist/$1.cross")
    rm -rf "${root:?}/work" "${root:?}/tree"
    mkdir "$root/work"
    git ls-files -z | tar -c --null --files-from=- | tar -x -C "$root/work"
    say "building for $1"
    quietly in_root meson setup /work/b /work -Dstatic=true -Db_pie=true "-Dcpp_args=$hardened" --prefix=/ --strip "${cross[@]}"
    quietly in_root ninja -C /work/b
    quietly in_root env DESTDIR=/tree meson install -C /work/b --no-rebuild
    tree=$work/tcpadvisor-$version-linux-$1
    rm -rf "$tree"
    mv "$root/tree" "$tree"
}

archive() {
    (cd "$tree" && find -- * -type f -o -type l | LC_ALL=C sort) >"$work/MANIFEST"
    cp -r "$tree" "$work/archive"
    cp -r "$work/MANIFEST" packaging/dist/install.sh packaging/dist/uninstall.sh LICENSE README.md CHANGELOG.md docs "$work/archive"
    tar -C "$work" --transform "s|^archive|$(basename "$tree")|;" --sort=name --owner=0 --group=0 --numeric-owner \
        --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" -c archive | gzip -9n >"$output/$(basename "$tree").tar.gz"
    rm -r "$work/archive"
}

debian_package() { # ARCHITECTURE
    local source=$work/deb/tcpadvisor-$version
    mkdir -p "$source"
    cp -r packaging/debian "$source/debian"
    cp -r "$tree" "$source/tree"
    (cd "$source" && quietly env DEB_BUILD_OPTIONS=nostrip dpkg-buildpackage -us -uc -b -d "--host-arch=$1")
    ! command -v lintian >/dev/null || lintian --fail-on error,warning,info --pedantic "$work"/deb/*.changes
    mv "$work"/deb/*.deb "$output"
    rm -rf "$work/deb"
}

rpm_package() { # ARCHITECTURE
    local target=x86_64
    [ "$1" = amd64 ] || target=aarch64
    quietly rpmbuild -bb --target "$target-linux" --define "_topdir $work/rpm" --define "tree $tree" --define "sources $PWD" --define "_lib lib64" \
        --define "source_date_epoch_from_changelog 0" --define "use_source_date_epoch_as_buildtime 1" --define "_buildhost localhost" \
        --define "clamp_mtime_to_source_date_epoch 1" packaging/rpm/tcpadvisor.spec
    ! command -v rpmlint >/dev/null || rpmlint -c packaging/rpm/rpmlint.toml packaging/rpm/tcpadvisor.spec "$work"/rpm/RPMS/*/*.rpm
    mv "$work"/rpm/RPMS/*/*.rpm "$output"
}

image() { # ARCHITECTURE: an archive in OCI's layout, made without a daemon
    local storage=(--root "$work/images" --runroot "$work/run" --storage-driver vfs)
    quietly buildah "${storage[@]}" build --isolation chroot --timestamp "$SOURCE_DATE_EPOCH" --platform "linux/$1" \
        -f packaging/container/Containerfile -t "tcpadvisor:$version" "$tree"
    rm -f "$output/tcpadvisor-$version-image-$1.tar"
    quietly buildah "${storage[@]}" push "tcpadvisor:$version" "oci-archive:$output/tcpadvisor-$version-image-$1.tar:$version"
    quietly buildah "${storage[@]}" rmi "tcpadvisor:$version"
}

rm -f "$output"/tcpadvisor* "$output/SHA256SUMS"
for architecture in "$@"; do
    program "$architecture"
    archive
    debian_package "$architecture"
    rpm_package "$architecture"
    image "$architecture"
done
(cd "$output" && sha256sum -- *tcpadvisor* >SHA256SUMS && cat SHA256SUMS)
