#!/usr/bin/env bash
# Builds the Debian package and tries the RPM spec: packaging/build.sh OUTPUT_DIRECTORY. Of the working tree only what
# git knows is packaged. Nothing but the output directory is written to.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p "$1"
output=$(realpath "$1")
version=$(sed -n "s/^ *version: '\(.*\)',/\1/p" meson.build)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tcpadvisor-$version

say() { echo "package: $*" >&2; }

quietly() { # COMMAND...: its output only if it fails
    "$@" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        say "failed: $*"
        exit 1
    }
}

copy_sources() {
    mkdir "$tree"
    git ls-files -z | tar -c --null --files-from=- | tar -x -C "$tree"
}

debian_package() {
    cp -r "$tree/packaging/debian" "$tree/debian"
    (cd "$tree" && quietly dpkg-buildpackage -us -uc -b)
    lintian --fail-on error,warning,info --pedantic "$work"/tcpadvisor_*.changes
    mv "$work"/*.deb "$output"
    rm -rf "$tree/debian"
}

rpm_package() { # on Debian the macros are ours; on Fedora this is rpmbuild as it is
    local macros=()
    [ -e /usr/lib/rpm/macros.d/macros.meson ] || macros=(--nodeps --load packaging/rpm/macros.debian --define "_lib lib64" --define "optflags -O0")
    tar -czf "$work/tcpadvisor-$version.tar.gz" -C "$work" "tcpadvisor-$version"
    quietly rpmbuild -bb "${macros[@]}" --define "_topdir $work/rpm" --define "_sourcedir $work" --define "debug_package %{nil}" \
        packaging/rpm/tcpadvisor.spec
    rpmlint -c packaging/rpm/rpmlint.toml packaging/rpm/tcpadvisor.spec "$work"/rpm/RPMS/*/*.rpm
    mv "$work"/rpm/RPMS/*/*.rpm "$output"
}

copy_sources
debian_package
if command -v rpmbuild >/dev/null; then
    rpm_package
else
    say "rpmbuild is not installed: the RPM was not tried"
fi
ls -1 "$output"
