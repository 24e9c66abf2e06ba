#!/usr/bin/env python3
"""The Debian package on a clean Debian: install_test.py DIRECTORY_WITH_THE_PACKAGE. Installed with apt in a fresh root, run
as the user nagios, removed without a trace. Needs root, debootstrap and Debian's packages; else exit code 77 (skipped)."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = ["debootstrap", "unshare"]
PLUGIN = "/usr/lib/nagios/plugins/check_tcpadvisor"
# What apt and dpkg themselves write when they install anything at all, and the loader's cache.
BOOKKEEPING = re.compile(r"^(var/lib/dpkg/|var/lib/apt/|var/cache/(apt|ldconfig|debconf)/|var/log/|etc/ld\.so\.cache$|tmp/|proc/|dev/)")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, **options)
    if done.returncode != 0:
        print(done.stdout, done.stderr, sep="\n")
        sys.exit(f"failed with {done.returncode}: {' '.join(command)}")
    return done.stdout


def mirror():
    """Where this machine has its own packages from."""
    for place in ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"]:
        if os.path.exists(place):
            found = re.search(r"(?:^deb (?:\[[^]]*\] )?|^URIs: )(\S+)", open(place, encoding="utf-8").read(), re.M)
            if found:
                return found[1]
    return skip("this machine names no source of Debian packages")


def in_root(root, command):
    """In the root, with a /proc of its own kernel; nothing that starts there outlives the command."""
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc=" + root + "/proc", "chroot", root] + command


def files_of(root):
    found = {}
    for directory, names, others in os.walk(root):
        for name in names + others:
            path = os.path.join(directory, name)
            relative = os.path.relpath(path, root)
            if not BOOKKEEPING.match(relative + ("/" if name in names else "")):
                found[relative] = os.lstat(path).st_size if name in others else None
    return found


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if os.geteuid() != 0 or missing:
        skip("needs root" if os.geteuid() != 0 else "not installed: " + ", ".join(missing))
    work = tempfile.mkdtemp(prefix="tcpadvisor-package-")
    try:
        try_package(work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def try_package(work):
    packages, root = sys.argv[1], work + "/root"
    os.chmod(work, 0o755)
    [package] = [name for name in os.listdir(packages) if re.fullmatch(r"tcpadvisor_[^_]+_[^_]+\.deb", name)]
    made = subprocess.run(["debootstrap", "--variant=minbase", "bookworm", root, mirror()], capture_output=True, text=True, timeout=600, check=False)
    if made.returncode != 0:
        skip("debootstrap: " + made.stdout[-300:] + made.stderr[-300:])
    for place in ["/etc/apt/apt.conf.d", "/etc/resolv.conf", "/etc/hosts"]:
        if os.path.isdir(place):
            shutil.copytree(place, root + place, dirs_exist_ok=True)
        elif os.path.exists(place):
            shutil.copy(place, root + place)
    run(in_root(root, ["useradd", "--system", "--create-home", "nagios"]))
    run(in_root(root, ["apt-get", "-qy", "update"]))
    install(root, packages + "/" + package)


def install(root, package):
    os.makedirs(root + "/tmp/new", exist_ok=True)
    shutil.copy(package, root + "/tmp/new")
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qy", "--no-install-recommends"]
    before = files_of(root)
    run(in_root(root, apt + ["install", "/tmp/new/" + os.path.basename(package)]))
    as_nagios = subprocess.run(in_root(root, ["runuser", "-u", "nagios", "--", PLUGIN]), capture_output=True, text=True, timeout=60, check=False)
    print(as_nagios.stdout.splitlines()[0] if as_nagios.stdout else "no output", as_nagios.stderr)
    # a fresh root has the sockets of its host, so the verdict may be any but UNKNOWN
    assert as_nagios.returncode in (0, 1, 2), as_nagios
    assert re.match(r"TCP (OK|WARNING|CRITICAL): [^|]+\|ports_used_percent=\d", as_nagios.stdout), as_nagios
    assert as_nagios.stderr == "", as_nagios
    unwanted = [path for path in files_of(root) if path.startswith("etc/") and "tcpadvisor" in path]
    assert not unwanted, f"forced into /etc: {unwanted}"
    shutil.copy(os.path.join(SOURCE, "tests/package/smoke.sh"), root + "/tmp/new")
    print(run(in_root(root, ["/tmp/new/smoke.sh"])).strip())
    run(in_root(root, apt + ["purge", "--autoremove", "tcpadvisor"]))
    left = {path for path in files_of(root) if path not in before}
    assert not left, f"left behind: {sorted(left)}"
    print("1 passed, 0 failed")


main()
