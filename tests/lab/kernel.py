#!/usr/bin/env python3
"""The lab on another kernel: boots one of Debian's kernels in qemu, without installing it, and runs lab.py in there. They come
from the suites of SUITES, whatever this machine installs from; "newest" is the newest of them.

Exit code: that of lab.py; also 1 when the guest died or took too long, 2 for a kernel that Debian does not have, and
77 skipped, with the reason.
"""
import argparse
import lzma
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from debian import mirror  # noqa: E402

SKIPPED = 77
TIME_LIMIT = 3000  # seconds for all of it
PATIENCE = "5"  # an emulated processor is some ten times slower, and few scenarios are that near to their limit
TIMED_OUT = 124  # what timeout(1) exits with
KNOWN = ("5.10", "6.1", "6.12", "6.18", "newest")
SUITES = ("bullseye", "bookworm", "trixie", "trixie-backports")
LISTS_LAST = 86400  # seconds
PYTHON = "/usr/bin/python3"  # the distribution's: its libraries lie where the loader looks without being told
NEEDED = ("qemu-system-x86_64", "busybox", "cpio", "apt-get", "apt-cache", "dpkg-deb", "timeout", PYTHON)
TOOLS = ("ip", "ss", "netstat", "unshare")  # those that are missing here are missing in the guest
MODULES = ("inet_diag", "tcp_diag", "veth")  # in the order of loading
WITHOUT = ("config-*", "test", "tests", "idlelib", "lib2to3", "pydoc_data", "distutils", "ensurepip", "tkinter")
# A big hash table, because it limits the number of TIME_WAITs; from log level 3 on the kernel tells of odd port ranges; a
# loaded machine is too late for the timer that old kernels wait for.
COMMAND_LINE = "console=ttyS0 loglevel=3 panic=1 oops=panic thash_entries=262144 no_timer_check"
EXIT_MARK = "lab.py exited with "
INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir /dev/shm
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
export PATH=/usr/bin:/bin HOME=/tmp
ulimit -n "$(cat /proc/sys/fs/nr_open)"
for module in {modules}; do insmod "/modules/$module.ko"; done
python3 /lab/lab.py /tcpadvisor {arguments}
echo "{mark}$?"
sleep 0.5  # until the line is out
poweroff -f
"""


class Unavailable(Exception):
    """This machine lacks what it takes."""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path, help="the directory that keeps the kernels")
    parser.add_argument("binary", help="the program under test")
    parser.add_argument("version", help=f"of the kernel: {', '.join(KNOWN)}")
    parser.add_argument("lab", nargs=argparse.REMAINDER, help="arguments for lab.py")
    return parser.parse_args()


def require_tools():
    if platform.machine() != "x86_64":
        raise Unavailable("the guest is an x86_64 machine, this one is not")
    missing = [tool for tool in NEEDED if not shutil.which(tool)]
    if missing:
        raise Unavailable(f"needs {', '.join(missing)}")


def output_of(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout


class Packages:
    """Debian's packages of the suites, asked without touching what this machine's own apt knows."""

    def __init__(self, cache):
        self.state = (cache / "apt").resolve()
        (self.state / "lists/partial").mkdir(parents=True, exist_ok=True)
        (self.state / "archives/partial").mkdir(parents=True, exist_ok=True)
        keys = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
        source = mirror()
        if source is None:
            raise Unavailable("this machine names no source of Debian packages")
        lines = [f"deb {keys} {source} {suite} main" for suite in SUITES]
        (self.state / "sources.list").write_text("\n".join(lines) + "\n", encoding="utf-8")
        stamp = self.state / "updated"
        if not stamp.exists() or time.time() - stamp.stat().st_mtime > LISTS_LAST:
            if subprocess.run([*self.command("apt-get"), "-qq", "update"], check=False).returncode != 0:
                raise Unavailable("Debian's lists of packages cannot be had")
            stamp.touch()

    def command(self, name):
        settings = {"Dir::Etc::sourcelist": self.state / "sources.list", "Dir::Etc::sourceparts": "-", "Dir::Cache": self.state,
                    "Dir::State::lists": self.state / "lists", "APT::Sandbox::User": "root"}
        return [name, *(part for key, value in settings.items() for part in ("-o", f"{key}={value}"))]

    def kernels(self):
        """{series: the newest release of it}, such as "6.1": "6.1.0-50"."""
        newest = {}
        listed = output_of(*self.command("apt-cache"), "pkgnames", "linux-image-")
        for release in re.findall(r"^linux-image-(\d+\.\d+\.\S+)-cloud-amd64$", listed, re.MULTILINE):
            numbers = [int(number) for number in re.findall(r"\d+", release)]
            series = f"{numbers[0]}.{numbers[1]}"
            newest[series] = max(newest.get(series, ([], "")), (numbers, release))
        return {series: release for series, (_, release) in newest.items()}

    def parts_of(self, image):
        """Newer kernels come in several packages, and this one is empty."""
        needed = output_of(*self.command("apt-cache"), "depends", "--important", image)
        return [image, *re.findall(r"Depends: (linux-(?:binary|modules)-\S+)", needed)]

    def download(self, packages, directory):
        done = subprocess.run([*self.command("apt-get"), "-qq", "download", *packages], cwd=directory, check=False)
        if done.returncode != 0:
            raise Unavailable(f"cannot download {' and '.join(packages)}")


def image_of(version, packages):
    """The newest kernel package of this version, by name."""
    kernels = packages.kernels()
    series = sorted(kernels, key=lambda name: [int(number) for number in name.split(".")])
    wanted = series[-1] if version == "newest" and series else version
    if wanted in kernels:
        return f"linux-image-{kernels[wanted]}-cloud-amd64"
    if version in KNOWN:
        raise Unavailable(f"Debian has no kernel {version}")
    print(f"kernel.py: no kernel {version}; there are {', '.join(series)}", file=sys.stderr)
    sys.exit(2)


def fetch(version, cache):
    """The directory with the unpacked kernel, which is downloaded only once."""
    packages = Packages(cache)
    image = image_of(version, packages)
    unpacked = cache / image
    if unpacked.exists():
        return unpacked
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        packages.download(packages.parts_of(image), scratch)
        for archive in Path(scratch).glob("*.deb"):
            subprocess.run(["dpkg-deb", "--extract", archive, f"{scratch}/unpacked"], check=True)
        Path(scratch, "unpacked").rename(unpacked)
    return unpacked


def libraries(files):
    """The shared libraries that these programs and libraries load at their start."""
    return set(re.findall(r"(/\S+) \(0x", output_of("ldd", *files)))


def copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def unpacked_module(path):
    content = path.read_bytes()
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dc"], input=content, stdout=subprocess.PIPE, check=True).stdout
    return lzma.decompress(content) if path.suffix == ".xz" else content


def populate(root, binary, kernel, lab_arguments):
    """Lays out the guest's file system below `root`."""
    for directory in ("proc", "sys", "dev", "tmp"):
        (root / directory).mkdir(parents=True)
    here = Path(__file__).resolve().parent
    shutil.copytree(here, root / "lab", ignore=shutil.ignore_patterns("__pycache__"))
    copy(shutil.which("busybox"), root / "bin/busybox")
    copy(binary, root / "tcpadvisor")
    subprocess.run(["strip", root / "tcpadvisor"], check=False)  # debugging information only costs time here

    library = output_of(PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))").strip()
    shutil.copytree(library, root / library.lstrip("/"), ignore=shutil.ignore_patterns(*WITHOUT),
                    ignore_dangling_symlinks=True)
    tools = [PYTHON, *filter(None, map(shutil.which, TOOLS))]
    for tool in tools:
        copy(tool, root / "usr/bin" / Path(tool).name)
    for file in libraries([binary, *tools, *Path(library).glob("lib-dynload/*.so")]):
        copy(file, root / file.lstrip("/"))

    (root / "modules").mkdir()
    for name in MODULES:
        (module,) = kernel.rglob(f"{name}.ko*")
        (root / f"modules/{name}.ko").write_bytes(unpacked_module(module))
    init = INIT.format(modules=" ".join(MODULES), arguments=shlex.join(["--patience", PATIENCE, *lab_arguments]), mark=EXIT_MARK)
    (root / "init").write_text(init, encoding="utf-8")
    (root / "init").chmod(0o755)


def pack(root, initramfs):
    names = "\n".join(str(path.relative_to(root)) for path in [root, *sorted(root.rglob("*"))])
    with open(initramfs, "wb") as output:
        subprocess.run(["cpio", "--quiet", "--create", "--format=newc", "--owner=0:0"], cwd=root, input=names.encode(),
                       stdout=output, check=True)


def run_guest(kernel, initramfs):
    """Shows what the guest prints and returns lab.py's exit code, or 1 if the guest did not get that far."""
    (image,) = kernel.rglob("vmlinuz*")
    command = ["timeout", "--kill-after=5", str(TIME_LIMIT),
               "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", "2048", "-nodefaults",
               "-display", "none", "-serial", "stdio", "-no-reboot",
               "-kernel", image, "-initrd", initramfs, "-append", COMMAND_LINE]
    code = None
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          errors="replace") as guest:
        try:
            for line in guest.stdout:
                if found := re.search(EXIT_MARK + r"(\d+)", line):
                    code = int(found[1])
                elif code is None:
                    print(line.rstrip(), flush=True)
            late = guest.wait() == TIMED_OUT
        finally:
            guest.terminate()  # when interrupted; timeout(1) passes it on to qemu
    if code is None:
        print(f"kernel.py: the guest {f'took more than {TIME_LIMIT} s' if late else 'died'}", file=sys.stderr)
    return 1 if code is None else code


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the guest is stopped
    try:
        require_tools()
        kernel = fetch(options.version, options.cache)
    except Unavailable as reason:
        print(f"SKIPPED: {reason}")
        return SKIPPED
    with tempfile.TemporaryDirectory(dir=options.cache) as scratch:
        initramfs = Path(scratch, "initramfs")
        populate(Path(scratch, "root"), options.binary, kernel, options.lab)
        pack(Path(scratch, "root"), initramfs)
        return run_guest(kernel, initramfs)


if __name__ == "__main__":
    sys.exit(main())
