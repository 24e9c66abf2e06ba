#!/usr/bin/env bash
# The releases: packaging/dist/build.sh OUTPUT_DIRECTORY ARCHITECTURE...
# One static program an architecture, and around it an archive, a .deb, a .rpm and an image. It is built in a root of its own;
# so the same sources give the same bytes. Of the working tree only what git knows is built. Needs root.
set -euo pipefail
[ $# -gt 1 ] || { echo "usage: build.sh OUTPUT_DIRECTORY ARCHITECTURE..." >&2; exit 2; }
mkdir -p "$1"
output=$(realpath "$1")
shift
cd "$(dirname "$0")/../.."
version=$(sed -n "s/^ *version: '\(.*\)',/\1/p" meson.build)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
hardened="-D_FORTIFY_SOURCE=2,-fstack-protector-strong,-fstack-clash-protection"
# shellcheck source=packaging/dist/roots.sh
. packaging/dist/roots.sh

program() { # ARCHITECTURE: compiled and laid out in $tree, as below a prefix
    make_root "$1"
    rm -rf "${root:?}/tree"
    copy_sources
    say "building for $1"
    quietly in_root meson setup /source/build /source -Dstatic=true -Db_pie=true "-Dcpp_args=$hardened" --prefix=/ --strip "${cross[@]}"
    quietly in_root ninja -C /source/build
    quietly in_root env DESTDIR=/tree meson install -C /source/build --no-rebuild
    tree=$work/tcpadvisor-$version-linux-$1
    rm -rf "$tree"
    mv "$root/tree" "$tree"
}

archive() {
    (cd "$tree" && find -- * -type f -o -type l | LC_ALL=C sort) >"$work/MANIFEST"
    cp -r "$tree" "$work/archive"
    cp -r "$work/MANIFEST" packaging/dist/install.sh packaging/dist/uninstall.sh LICENSE ./*.md docs "$work/archive"
    cp -r "$tree/share/tcpadvisor" "$work/archive/packaging" # where the pages lead
    cp packaging/README.md "$work/archive/packaging"
    tar -C "$work" --transform "s|^archive|$(basename "$tree")|;" --sort=name --owner=0 --group=0 --numeric-owner \
        --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" -c archive | gzip -9n >"$output/$(basename "$tree").tar.gz"
    rm -r "$work/archive"
}

debian_package() { # ARCHITECTURE
    local source=$work/deb/tcpadvisor-$version
    mkdir -p "$source"
    cp -r packaging/debian "$source/debian"
    cp -r "$tree" "$source/tree"
    (cd "$source" && quietly dpkg-buildpackage -us -uc -b -d "--host-arch=$1")
    ! command -v lintian >/dev/null || lintian --fail-on error,warning,info --pedantic "$work"/deb/*.changes
    mv "$work"/deb/*.deb "$output"
    rm -rf "$work/deb"
}

rpm_package() { # ARCHITECTURE
    local target
    case $1 in amd64) target=x86_64 ;; arm64) target=aarch64 ;; *) target=$1 ;; esac
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
    rm -rf "$work/layout"
    quietly buildah "${storage[@]}" push "tcpadvisor:$version" "oci:$work/layout:$version"
    quietly buildah "${storage[@]}" rmi "tcpadvisor:$version"
    (cd "$work/layout" && tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" \
        -cf "$output/tcpadvisor-$version-image-$1.tar" -- *)
}

require_known "$@"
rm -f "$output"/*tcpadvisor* "$output/SHA256SUMS"
for architecture in "$@"; do
    program "$architecture"
    archive
    debian_package "$architecture"
    rpm_package "$architecture"
    image "$architecture"
done
(cd "$output" && sha256sum -- *tcpadvisor* >SHA256SUMS && cat SHA256SUMS)
