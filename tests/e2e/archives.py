#!/usr/bin/env python3
"""sosreports and their kin, unpacked and packed, whole and damaged: archives.py BINARY [unittest options]"""
import ctypes.util
import io
import lzma
import os
import subprocess
import sys
import tarfile
import unittest

import command_line
from command_line import CommandLine

HEADING = "State Recv-Q Send-Q Local Address:Port Peer Address:Port\n"
ROWS = "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\nESTAB 0 0 192.0.2.1:22 198.51.100.1:50001\nTIME-WAIT 0 0 192.0.2.1:40001 198.51.100.7:443\n"
NETSTAT = """Active Internet connections (servers and established)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       User       Inode      PID/Program name     Timer
tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN      0          1          812/sshd             off (0.00/0/0)
tcp        0      0 192.0.2.1:22            198.51.100.1:50001      ESTABLISHED 0          2          900/sshd             off (0.00/0/0)
"""
SOS = {
    "sos_commands/networking/ss_-peaonmi": HEADING + ROWS,
    "sos_commands/networking/netstat_-W_-neopa": NETSTAT,
    "sos_commands/networking/netstat_-s": "Tcp:\n    5 active connection openings\n",
    "sos_commands/kernel/sysctl_-a": "net.ipv4.ip_local_port_range = 32768\t60999\n",
    "var/log/messages": "x\n" * 1000,
}
SUPPORTCONFIG = """#==[ Command ]======================================#
# /bin/netstat -nr
Kernel IP routing table
0.0.0.0         192.0.2.254     0.0.0.0         UG        0 0          0 eth0

#==[ Command ]======================================#
# /usr/bin/ss -nap
""" + HEADING + ROWS + """
#==[ Configuration File ]===========================#
# /etc/hosts
127.0.0.1 localhost
"""


class Archives(CommandLine):
    def tree(self, files, top="report"):
        for name, content in files.items():
            path = self.scratch / top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return self.scratch / top

    def archive(self, files, mode="w:xz", top="sosreport-web1/", links=()):
        path = self.scratch / f"report.{mode[2:] or 'tar'}"
        with tarfile.open(path, mode) as tar:
            for name, content in files.items():
                member = tarfile.TarInfo(top + name)
                member.size = len(content.encode())
                tar.addfile(member, io.BytesIO(content.encode()))
            for name, target in links:
                member = tarfile.TarInfo(top + name)
                member.type, member.linkname = tarfile.SYMTYPE, target
                tar.addfile(member)
        return path

    def states(self, path):
        return self.run_it("states", "--replay", path, "--format", "json")

    def counts(self, path):
        answer = self.states(path)
        self.assertIn(answer.exit, (0, 3), answer.shown)
        netns = answer.json["namespaces"][0]
        counts = netns["states"] if netns["states"]["LISTEN"] is not None else netns["at_least"]
        return [counts[state] for state in ("LISTEN", "ESTABLISHED", "TIME_WAIT")]

    def needs_library(self):
        if ctypes.util.find_library("archive") is None:
            self.skipTest("libarchive is not installed")

    def test_packed_is_as_unpacked(self):
        self.assertEqual([1, 1, 1], self.counts(self.tree(SOS)))
        self.needs_library()
        for mode in ("w:xz", "w:gz", "w:bz2", "w:"):
            self.assertEqual([1, 1, 1], self.counts(self.archive(SOS, mode)), mode)

    def test_the_directory_above_all_is_a_member_as_well(self):
        self.needs_library()
        for top in ("sosreport-web1", "./sosreport-web1/", "."):
            path = self.scratch / "top.tar"
            with tarfile.open(path, "w") as tar:
                for name in (top, *(f"{top}/{part}" for part in ("sos_commands", "sos_commands/networking"))):
                    member = tarfile.TarInfo(name)
                    member.type = tarfile.DIRTYPE
                    tar.addfile(member)
                for name, content in SOS.items():
                    member = tarfile.TarInfo(f"{top}/{name}")
                    member.size = len(content.encode())
                    tar.addfile(member, io.BytesIO(content.encode()))
            answer = self.run_it("report", "--replay", path, "-v")
            self.assertIn("a sosreport", answer.out, top)
            self.assertIn("32768", self.run_it("ports", "--replay", path).out, top)

    def test_a_packed_text_is_a_text(self):
        self.needs_library()
        path = self.scratch / "ss.xz"
        path.write_bytes(lzma.compress((HEADING + ROWS).encode()))
        self.assertEqual([1, 1, 1], self.counts(path))

    def test_a_damaged_table_hides_no_other(self):
        damaged = SOS | {"sos_commands/networking/ss_-peaonmi": (HEADING + ROWS)[:-20]}
        answer = self.states(self.tree(damaged))
        self.assertEqual(1, answer.json["namespaces"][0]["states"]["LISTEN"], answer.shown)
        self.assertIn("ss_-peaonmi", answer.out)
        binary = SOS | {"sos_commands/networking/ss_-peaonmi": "\0\1\2"}
        self.assertEqual([1, 1, 0], self.counts(self.tree(binary, "binary")))

    def test_links_lead_inside(self):
        self.needs_library()
        files = {"sos_strings/networking/ss_-peaonmi.tailed": HEADING + ROWS}
        path = self.archive(files, links=[("sos_commands/networking/ss_-peaonmi", "../../sos_strings/networking/ss_-peaonmi.tailed")])
        self.assertEqual([1, 1, 1], self.counts(path))
        secret = self.tree({"secret": HEADING + ROWS}, "outside") / "secret"
        for target in (str(secret), "../../../../.." + str(secret), "ss_-peaonmi"):
            path = self.archive({"etc/hostname": "x\n"}, links=[("sos_commands/networking/ss_-peaonmi", target)])
            self.assert_told(self.run_it("states", "--replay", path), "report.xz")

    def test_nothing_of_an_archive_is_written(self):
        self.needs_library()
        path = self.archive({"../../escaped/ss": HEADING + ROWS, "/abs/ss": HEADING, "a/ss.txt": HEADING + ROWS}, top="")
        before = sorted(self.scratch.rglob("*"))
        self.states(path)
        self.assertEqual(before, sorted(self.scratch.rglob("*")))

    def test_a_bomb_is_refused(self):
        self.needs_library()
        path = self.scratch / "bomb.xz"
        packer = lzma.LZMACompressor(preset=0)
        zeros = bytes(16 << 20)
        with path.open("wb") as file:
            for _ in range(72): # more than may be kept
                file.write(packer.compress(zeros))
            file.write(packer.flush())
        self.assert_told(self.run_it("states", "--replay", path, "--timeout", "60"), "bomb.xz")

    def test_a_cut_archive_is_no_ok(self):
        self.needs_library()
        whole = self.archive(SOS, "w:gz").read_bytes()
        path = self.scratch / "cut.tar.gz"
        for end in range(10, len(whole), max(len(whole) // 40, 1)):
            path.write_bytes(whole[:end])
            answer = self.run_it("check", "--replay", path)
            self.assertEqual(3, answer.exit, f"{end}: {answer.shown}")

    def test_supportconfig(self):
        self.assertEqual([1, 1, 1], self.counts(self.tree({"network.txt": SUPPORTCONFIG}, "scc")))
        self.assertEqual([1, 1, 1], self.counts(self.tree({"network.txt": SUPPORTCONFIG}, "scc") / "network.txt"))

    def test_flat_names_of_old_sosreports(self):
        self.assertEqual([1, 1, 0], self.counts(self.tree({"netstat": NETSTAT, "hostname": "x\n"}, "old")))

    def test_several_hosts_in_one_tree(self):
        files = {f"must-gather/quay-io/nodes/{node}/{name}": text for node in ("a", "b") for name, text in SOS.items()}
        answer = self.states(self.tree(files, "many"))
        self.assertEqual(2, len(answer.json["namespaces"]), answer.shown)
        self.assertIn("32768", self.run_it("ports", "--replay", self.scratch / "many").out) # each has its sysctls

    def test_no_host_of_a_tree_is_left_out_in_silence(self):
        files = {f"nodes/a/{name}": text for name, text in SOS.items()}
        broken = self.tree(files | {"nodes/b/sos_commands/networking/ss_-peaonmi": "\0\1\2"}, "broken")
        answer = self.run_it("check", "--replay", broken)
        self.assertEqual(3, answer.exit, answer.shown)
        self.assertIn("nodes/b", answer.out)
        deep = self.tree(files | {f"1/2/3/4/5/6/7/8/{name}": text for name, text in SOS.items()}, "deep")
        self.assertIn("eight directories deep", self.run_it("report", "--replay", deep, "-v").out)
        closed = self.tree(files | {"nodes/b/x": ""}, "closed") / "nodes/b"
        closed.chmod(0)
        as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        for directory in (self.scratch, *closed.parents[:3]):
            os.chmod(directory, 0o755)
        answer = subprocess.run([*as_nobody, command_line.BINARY, "report", "--replay", closed.parents[1], "-v"], capture_output=True, text=True, timeout=60, check=False)
        closed.chmod(0o700)
        self.assertIn("nodes/b: denied", " ".join(answer.stdout.split()))

    def test_a_link_in_a_tree_is_no_second_host(self):
        tree = self.tree({f"nodes/a/{name}": text for name, text in SOS.items()}, "linked")
        (tree / "nodes/again").symlink_to("a")
        (tree / "nodes/loop").symlink_to("..")
        self.assertEqual(1, len(self.states(tree).json["namespaces"]))


if __name__ == "__main__":
    command_line.BINARY = os.path.abspath(sys.argv.pop(1))
    unittest.main()
