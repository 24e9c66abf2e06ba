"""A stand-in for a Kubernetes node: a network namespace with pods linked to it, and containers that runc starts as a kubelet
would: the same namespaces, mounts, user, capabilities, read-only root and the default seccomp profile of the container tools.
What is not here: a kubelet, an API server, AppArmor."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine)
PROFILE = pathlib.Path("/usr/share/containers/seccomp.json")
UNIFIED = next((line.split()[1] for line in open("/proc/self/mounts", encoding="utf-8") if line.split()[2] == "cgroup2"), None)
MASKED = ["/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/scsi", "/sys/firmware"]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def missing():
    """Why a container cannot be started here; empty if it can."""
    if os.geteuid() != 0:
        return "needs root"
    return next((f"{tool} is not installed" for tool in ("runc", "unshare", "nsenter", "ip") if not shutil.which(tool)), "")


def seccomp(capabilities):
    """The default profile, as a runtime reads it for a container with these capabilities."""
    profile = json.loads(PROFILE.read_text(encoding="utf-8"))
    rules = []
    for rule in profile["syscalls"]:
        wanted, refused = rule.get("includes") or {}, rule.get("excludes") or {}
        fits = set(wanted.get("caps", [])) <= set(capabilities) and not set(refused.get("caps", [])) & set(capabilities)
        if fits and ARCHITECTURE in wanted.get("arches", [ARCHITECTURE]) and ARCHITECTURE not in refused.get("arches", []):
            rules.append({"names": rule["names"], "action": rule["action"], "args": rule.get("args") or [],
                          **({"errnoRet": rule["errnoRet"]} if "errnoRet" in rule else {})})
    return {"defaultAction": profile["defaultAction"], "defaultErrnoRet": profile.get("defaultErrnoRet", 1),
            "architectures": [f"SCMP_ARCH_{os.uname().machine.upper()}"],
            "syscalls": rules}


class Process:
    """A process in a network namespace of its own, which ends with `end`."""

    def __init__(self, *command, **options):
        self.running = subprocess.Popen(["unshare", "--net", *command], stdout=subprocess.PIPE, text=True, **options)
        self.pid = self.running.pid
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.pid}/ns/net") == own:
            time.sleep(0.01)
        self.sh("ip link set lo up")

    def sh(self, script):
        subprocess.run(["nsenter", "--net", "--target", str(self.pid), "sh", "-ec", script], check=True)

    def end(self):
        self.running.kill()
        self.running.wait()
        for stream in (self.running.stdin, self.running.stdout):
            if stream:
                stream.close()


class Node:
    """A root file system with the program as an image has it, a file tree of the host, a namespace of the node."""

    def __init__(self, work, program):
        self.work = pathlib.Path(work)
        self.host = self.work / "host"
        self.image = self.work / "image"
        self.host.mkdir()
        for place in ("usr/bin", "proc", "sys", "dev"):
            (self.image / place).mkdir(parents=True)
        shutil.copy(program, self.image / "usr/bin/tcpadvisor")
        libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
        for library in re.findall(r"(?:^|\s)(/\S+) \(0x", libraries): # of a program that is not static
            (self.image / library[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, self.image / library[1:])
        self.net = Process("sleep", "600")
        self.started = 0

    def end(self):
        self.net.end()

    def bundle(self, args, *, user=65534, add=(), pid=True, net=True, mounts=(), filtered=True):
        """A directory for runc. `mounts`: (source, place, read_only)."""
        self.started += 1
        bundle = self.work / f"bundle{self.started}"
        bundle.mkdir()
        held = ["CAP_" + name.removeprefix("CAP_") for name in add]
        effective = held if user == 0 else []
        namespaces = [{"type": kind} for kind in ("mount", "ipc", "uts")]
        namespaces += [] if pid else [{"type": "pid"}]
        namespaces += [{"type": "network", "path": f"/proc/{self.net.pid}/ns/net"} if net else {"type": "network"}]
        usual = [{"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
                 {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=64k"]},
                 {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]}]
        own = [{"destination": place, "type": "bind", "source": str(source), "options": ["rbind", "ro" if read_only else "rw"]} for source, place, read_only in mounts]
        config = {
            "ociVersion": "1.0.2", "hostname": "node1", "root": {"path": str(self.image), "readonly": True},
            "process": {"terminal": False, "user": {"uid": user, "gid": user}, "cwd": "/", "args": ["/usr/bin/tcpadvisor", *args],
                        "env": ["PATH=/usr/bin"], "noNewPrivileges": "CAP_SYS_ADMIN" not in held,
                        "capabilities": {"bounding": held, "effective": effective, "permitted": effective, "inheritable": [], "ambient": []}},
            "mounts": usual + own,
            "linux": {"namespaces": namespaces, "maskedPaths": MASKED, "readonlyPaths": READ_ONLY},
        }
        if filtered and PROFILE.exists():
            config["linux"]["seccomp"] = seccomp(held)
        (bundle / "config.json").write_text(json.dumps(config), encoding="utf-8")
        return bundle

    def command(self, bundle):
        return ["runc", "run", "--bundle", str(bundle), f"tcpadvisor-test-{os.getpid()}-{bundle.name}"]

    def run(self, args, **options):
        """What a container says that ends by itself."""
        return subprocess.run(self.command(self.bundle(args, **options)), capture_output=True, text=True, timeout=60, check=False)

    def run_until(self, done, args, **options):
        """Runs one that never ends by itself until `done()`, then ends it as a kubelet does: its exit code and standard error."""
        with subprocess.Popen(self.command(self.bundle(args, **options)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            end = time.monotonic() + 30
            while not done() and running.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
            running.send_signal(signal.SIGTERM)
            _, said = running.communicate(timeout=30)
            return running.returncode, said
