#!/usr/bin/env bash
# The unit tests and every capture on another processor: packaging/dist/emulate.sh OUTPUT_DIRECTORY ARCHITECTURE REFERENCE_PROGRAM.
# Compiled in a root, run under qemu-user. s390x has its bytes the other way round. Needs root.
set -euo pipefail
[ $# = 3 ] || { echo "usage: emulate.sh OUTPUT_DIRECTORY ARCHITECTURE REFERENCE_PROGRAM" >&2; exit 2; }
program=$(realpath "$3")
mkdir -p "$1"
output=$(realpath "$1")
cd "$(dirname "$0")/../.."
# shellcheck source=packaging/dist/roots.sh
. packaging/dist/roots.sh

release=bookworm # has what is needed for s390x, and a Catch2 of headers alone
tools="$tools catch2"
require_known "$2"
make_root "$2"
copy_sources
say "building the tests for $2"
quietly in_root meson setup /source/build /source -Dtests=enabled -Doptimization=0 "${cross[@]}"
quietly in_root ninja -C /source/build src/cli/tcpadvisor tests/base/base_test tests/snapshot/snapshot_test tests/findings/findings_test \
    tests/history/history_test tests/replay/replay_test tests/model/model_test tests/render/render_test tests/cli/options_test
# qemu-user has no openat2().
in_root meson test -C /source/build --no-rebuild --print-errorlogs --timeout-multiplier 20 \
    --test-args '~[exhaustive]~[openat2]' \
    base snapshot findings history replay model render options
python3 tests/package/emulated.py "$program" "$root"
