"""audit: the file that fixes a host does, the load to come is what comes, and no sysctl.d can harm it."""
import os
import subprocess
import time

import network
from harness import Skip, scenario

SOURCE, TO = "10.9.0.1", ("10.9.0.2", 8080)
HOST_NETWORK = f"/proc/{os.getpid()}/ns/net"  # of the lab itself, before a scenario takes its own


def two_addresses():
    for address in (SOURCE, TO[0]):
        network.ip(f"addr add {address}/24 dev lo")


def audit(lab, *arguments, **options):
    return lab.tool.run("audit", *arguments, **options)


def load(path, *options):
    """sysctl(8) reads a drop-in."""
    return subprocess.run(["sysctl", *options, f"--load={path}"], capture_output=True, text=True, check=False)


@scenario("40000-40999", tcp_tw_reuse=2)
def drop_in_fixes_the_host(lab):
    """Ports run out by TIME_WAIT: the drop-in is applied here, the finding is gone, and connect() gets the ports."""
    two_addresses()
    server = lab.keep(network.listen(*TO))
    network.time_waits(server, TO, 980, source=SOURCE)
    time.sleep(1.2)
    lab.true("tw-reuse-off is found", audit(lab, "--format", "json").finding("tw-reuse-off") is not None)
    held = network.fill(TO, source=SOURCE)
    lab.equal("connects before", 20, len(held))
    network.abort(held)
    path = lab.tool.scratch / "60-tcpadvisor.conf"
    answer = audit(lab, "--format", "sysctl", "--output", str(path), "--fail-on", "never", "--rule", "tw-reuse-off")
    lab.equal("exit", 0, answer.exit)
    text = path.read_text(encoding="utf-8")
    lab.equal("settings", ["net.ipv4.tcp_tw_reuse = 1"],
              [line for line in text.splitlines() if line and not line.startswith("#")])
    lab.true("says that this is no namespace of a boot", "network namespace of its own" in text.replace("\n#            ", " "))
    lab.equal("sysctl --dry-run", 0, load(path, "--dry-run").returncode)
    lab.equal("sysctl", 0, load(path).returncode)
    lab.equal("tcp_tw_reuse", "1", network.get_sysctl("net.ipv4.tcp_tw_reuse"))
    lab.equal("the finding now", None, audit(lab, "--format", "json").finding("tw-reuse-off"))
    lab.equal("needed now", 0, len([line for line in audit(lab, "--format", "sysctl", "--rule", "tw-reuse-off").out
                                    .splitlines() if line and not line.startswith("#")]))
    lab.within("connects after", 980, 1000, len(lab.keep(network.fill(TO, source=SOURCE))))
    undo = next(line.split("undo     ")[1] for line in text.splitlines() if "  undo     " in line)
    lab.equal("undo", 0, subprocess.run(undo, shell=True, capture_output=True, check=False).returncode)
    lab.equal("tcp_tw_reuse after the undo", "2", network.get_sysctl("net.ipv4.tcp_tw_reuse"))


@scenario("40000-40099", tcp_tw_reuse=0, tcp_timestamps=0, tcp_fin_timeout=10)
def drop_in_mends_a_mistuned_host(lab):
    """All findings of a badly tuned namespace that have a sysctl are gone after its drop-in, in one step."""
    path = lab.tool.scratch / "60-tcpadvisor.conf"
    before = audit(lab, "--format", "json", "--report", f"sysctl:{path}").json
    wanted = {"port-range-narrow", "timestamps-off", "fin-timeout-misused"}
    lab.equal("found", wanted, wanted & {finding["rule"] for finding in before["findings"]})
    lab.equal("sysctl", 0, load(path).returncode)
    after = {finding["rule"] for finding in audit(lab, "--format", "json").json["findings"]}
    lab.equal("still found", set(), wanted & after)
    lab.equal("timestamps", "1", network.get_sysctl("net.ipv4.tcp_timestamps"))


@scenario("40000-40199", tcp_tw_reuse=0)
def expected_load_exhausts_ports(lab):
    """200 ports and 62 s: 3/s last and 4/s do not, says audit; births at 4/s for a minute leave no port."""
    two_addresses()
    server = lab.keep(network.listen(*TO))
    for rate, state in ((2, "OK"), (3, "WARNING"), (4, "CRITICAL")):
        found = audit(lab, "--format", "json", "--expect-rate", f"{rate}/s", "--expect-destinations", "1", "--expect-hold",
                      "0").finding("expected-ports")
        lab.equal(f"{rate}/s", state, found["state"] if found else "OK")
    network.time_waits(server, TO, 3 * 62, source=SOURCE)  # as 3/s leave after a minute: all within 186 of 200
    lab.within("connects after a minute of 3/s", 14, 14, len(lab.keep(network.fill(TO, source=SOURCE))))


def sysctl_d(lab):
    directory = lab.tool.scratch / "sysctl.d"
    directory.mkdir()
    return directory


def own_mounts(mounts, then="exec"):
    """A command that mounts {place: what} for itself alone and becomes the command behind it."""
    script = " && ".join([*(f'mount --bind "{what}" {place}' for place, what in mounts.items()), f'{then} "$@"'])
    wrapper = ["unshare", "--mount", "sh", "-c", script, "sh"]
    if subprocess.run([*wrapper, "true"], capture_output=True, check=False).returncode != 0:
        raise Skip(f"cannot mount over {', '.join(mounts)}")
    return wrapper


def on_host(mounts):
    """The same in the network namespace that a boot sets up."""
    return own_mounts(mounts, f"exec nsenter --net={HOST_NETWORK}")


def audit_with(lab, directory, *arguments):
    return audit(lab, "--format", "json", *arguments, wrapper=on_host({"/etc/sysctl.d": directory}))


def boot_files(lab):
    """{place: what to mount there}: two directories, what systemd leaves in /run, and /etc/sysctl.conf."""
    top = lab.tool.scratch
    for directory in ("etc", "usr", "run/systemd/system"):
        (top / directory).mkdir(parents=True)
    files = {
        "usr/10-a.conf": "net.ipv4.tcp_fin_timeout=20\nnet.ipv4.tcp_rfc1337=1\nnet.ipv4.tcp_syncookies=2\n",
        "etc/20-b.conf": "net.ipv4.tcp_fin_timeout = 30\nnet/ipv4/tcp_keepalive_time = 100\n-net.ipv4.tcp_nothing = 5\n"
                         "net.ipv4.tcp_keepalive_* = 77\n-net.ipv4.tcp_keepalive_probes\nnet.ipv4.tcp_retries2 = 0x10\n"
                         "net.ipv4.tcp_synack_retries = 3 # three\nnet.ipv4.ip_local_port_range = 1024-65000\n; x\n",
        "usr/30-c.conf": "net.ipv4.tcp_rfc1337 = 0\n",
        "etc/40-d.conf": "net.ipv4.tcp_orphan_retries = 4\n",
        "usr/40-d.conf": "net.ipv4.tcp_orphan_retries = 5\nnet.ipv4.tcp_syncookies = 0\n",
        "usr/99-z.conf": "net.ipv4.tcp_fin_timeout = 40\n",
        "sysctl.conf": "net.ipv4.tcp_fin_timeout = 50\nnet.ipv4.tcp_tw_reuse = 1\n",
    }
    for name, text in files.items():
        (top / name).write_text(text, encoding="ascii")
    (top / "etc/30-c.conf").symlink_to("/dev/null")
    return {"/etc/sysctl.d": top / "etc", "/usr/lib/sysctl.d": top / "usr", "/run": top / "run",
            "/etc/sysctl.conf": top / "sysctl.conf"}


OF_FILES = ("fin_timeout", "rfc1337", "syncookies", "keepalive_time", "keepalive_intvl", "keepalive_probes", "retries2",
            "synack_retries", "orphan_retries", "tw_reuse")


def values_after(program, mounts):
    """What `program` makes of these files, in the namespace of the scenario."""
    ran = subprocess.run([*own_mounts(mounts), *program], capture_output=True, text=True, check=False)
    return {name: int(network.get_sysctl(f"net.ipv4.tcp_{name}")) for name in OF_FILES}, ran


@scenario()
def sysctl_d_as_others_read_it(lab):
    """Each sysctl after a boot, and after 'sysctl --system', is what the program said: both are run here."""
    systemd = "/usr/lib/systemd/systemd-sysctl"
    if not os.path.exists(systemd):
        raise Skip(f"no {systemd}")
    mounts = boot_files(lab)
    said = {name: int(network.get_sysctl(f"net.ipv4.tcp_{name}")) for name in OF_FILES}
    for name in OF_FILES:
        text = lab.tool.run("explain", f"net.ipv4.tcp_{name}", wrapper=on_host(mounts)).out
        if "at the next boot: " in text:
            said[name] = int(text.split("at the next boot: ")[1].split()[0], 0)
    lab.equal("after a boot", said, values_after([systemd], mounts)[0])
    lab.equal("the range, as it was", "40000 40999", " ".join(network.get_sysctl("net.ipv4.ip_local_port_range").split()))
    answer = audit(lab, "--format", "json", wrapper=on_host(mounts))
    findings = answer.json["findings"]
    lab.equal("gaps", [], [gap for gap in answer.json["gaps"] if "sysctl" in gap["what"]])
    for finding in findings:
        if finding["rule"] == "sysctl-conf-not-read":
            said[finding["subject"]["name"].removeprefix("net.ipv4.tcp_")] = int(finding["evidence"]["by_hand"]["value"])
    lab.equal("after sysctl --system", said, values_after(["sysctl", "--system"], mounts)[0])
    lab.equal("refused", ["net.ipv4.ip_local_port_range"],
              [finding["subject"]["name"] for finding in findings if finding["rule"] == "sysctl-value-refused"])
    lab.true("outvoted", any("20-b.conf:1 sets net.ipv4.tcp_fin_timeout to '30', but /usr/lib/sysctl.d/99-z.conf:1" in
                             finding["summary"] for finding in findings))


@scenario()
def sysctl_d_drift(lab):
    """The line that wins at boot is named, whatever its spelling; a link to /dev/null hides a file."""
    directory = sysctl_d(lab)
    (directory / "10-a.conf").write_text("net.ipv4.tcp_fin_timeout = 33\n", encoding="ascii")
    (directory / "90-b.conf").write_text("# why\n-net/ipv4/tcp_fin_timeout=34\nnet.ipv4.tcp_tw_recycle = 1\n", encoding="ascii")
    (directory / "99-off.conf").symlink_to("/dev/null")
    answer = audit_with(lab, directory, "--rule", "sysctl-drift", "--rule", "tw-recycle-configured").json
    lab.equal("gaps", [], [gap for gap in answer["gaps"] if "sysctl" in gap["what"]])
    found = answer["findings"]
    said = {finding["rule"]: finding["summary"] for finding in found if "recycle:" not in finding["summary"]}
    lab.true(f"drift names the line: {said}", "/etc/sysctl.d/90-b.conf:2 will set 34" in str(found))
    lab.true(f"a dead key is named: {said}",
             said.get("tw-recycle-configured", "").startswith("/etc/sysctl.d/90-b.conf:3 sets tcp_tw_recycle to 1"))


@scenario()
def sysctl_d_full_of_rubbish(lab):
    """Loops, directories, FIFOs, devices, binary and enormous files: gaps within seconds, and the good line counts."""
    directory = sysctl_d(lab)
    (directory / "10-loop.conf").symlink_to("10-loop.conf")
    (directory / "11-directory.conf").mkdir()
    os.mkfifo(directory / "12-fifo.conf")
    (directory / "13-zero.conf").symlink_to("/dev/zero")
    (directory / "14-nowhere.conf").symlink_to("/nonexistent")
    (directory / "15-binary.conf").write_bytes(os.urandom(200_000))
    (directory / "16-million.conf").write_text("net.ipv4.tcp_fin_timeout = 31\n" * 1_000_000, encoding="ascii")
    (directory / "17-globs.conf").write_text("n*t*4*=1\n" * 100_000, encoding="ascii")
    (directory / "18-\x1b[31mred\nline.conf").write_text("net.ipv4.tcp_rfc1337 = \x1b[31m\n", encoding="ascii")
    (directory / "19-utf16.conf").write_text("net.ipv4.tcp_fin_timeout = 32\n", encoding="utf-16")
    (directory / "90-good.conf").write_text("net.ipv4.tcp_fin_timeout = 34\n", encoding="ascii")
    began = time.monotonic()
    answer = audit_with(lab, directory)
    lab.within("seconds", 0, 4, round(time.monotonic() - began, 1))
    lab.true("it answers", answer.exit in (0, 1, 2, 3) and answer.err == "")
    gaps = " ".join(gap["what"] for gap in answer.json["gaps"])
    for name in ("10-loop", "11-directory", "12-fifo", "13-zero", "16-million", "sysctl.d"):
        lab.true(f"a gap names {name}: {gaps}", name in gaps)
    lab.true("the good line counts", "90-good.conf:1 will set 34" in answer.out)
    lab.true("nothing hostile comes through", "\x1b" not in answer.out)
