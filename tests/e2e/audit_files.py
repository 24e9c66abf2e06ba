#!/usr/bin/env python3
"""An audit of files, as a pipeline runs it: audit_files.py BINARY [unittest options]"""
import os
import shutil
import subprocess
import sys
import unittest

import command_line
from command_line import CommandLine

OLD = """net.ipv4.tcp_tw_recycle = 1
net.ipv4.ip_local_port_range = 1024 65000
net.ipv4.ip_conntrack_max = 65536
sysctl -w net.ipv4.tcp_tw_reuse=1
"""
MANY = """net.ipv4.ip_local_port_range = 1024 1100
net.ipv4.ip_local_reserved_ports = 1024-1090
net.ipv4.tcp_timestamps = 0
net.ipv4.tcp_tw_reuse = 1
net.ipv4.tcp_tw_recycle = 1
net.ipv4.tcp_fin_timeout = 5
net.ipv4.tcp_max_tw_buckets = 5000
net.core.somaxconn = 64
net.ipv4.tcp_syncookies = 0
net.ipv4.tcp_tw_reuse_delay = 1
net.netfilter.nf_conntrack_tcp_timeout_time_wait = 5
net.core.somaxcon = 1
net.ipv4.tcp_retries2 = 8k
net.core.somaxconn = 32
oops
"""


class Files(CommandLine):
    def write(self, name, content):
        path = self.scratch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def audit(self, *arguments):
        return self.run_it("audit", "--rules", self.rules, *arguments)

    def need_yaml(self):
        if "without libyaml" in self.audit("--files", self.write("any.yml", "a: b\n")).shown:
            self.skipTest("this build reads no YAML")

    def lines_of(self, answer):
        return {f["rule"]: [(line["line"], line["corrected"]) for line in f["lines"]] for f in answer.json["findings"]}

    def test_each_finding_has_its_line_and_what_should_stand_there(self):
        answer = self.audit("--files", self.write("sysctl.conf", OLD), "--format", "json")
        self.assertEqual(1, answer.exit, answer.shown)
        lines = self.lines_of(answer)
        self.assertEqual([(1, "# net.ipv4.tcp_tw_recycle = 1")], lines["tw-recycle-configured"])
        self.assertEqual([(3, "net.netfilter.nf_conntrack_max = 65536")], lines["sysctl-dead-key"])
        self.assertEqual([(4, "net.ipv4.tcp_tw_reuse = 1")], lines["sysctl-no-assignment"])
        self.assertEqual([(2, "net.ipv4.ip_local_port_range = 1024 64999")], lines["port-range-parity"])

    def test_no_finding_is_without_a_line(self):
        lines = self.lines_of(self.audit("--files", self.write("sysctl.conf", MANY), "--format", "json"))
        self.assertGreaterEqual(len(lines), 14)
        self.assertEqual([], [rule for rule, of_it in lines.items() if not of_it or not all(better for _, better in of_it)])

    def test_what_is_corrected_is_found_no_more(self):
        path = self.write("x.conf", "net.ipv4.ip_local_port_range = 40000-41000\nnet.ipv4.tcp_fin_timeot = 3\n"
                                    "net.ipv4.tcp_timestamps=0\nnet.ipv4.tcp_tw_reuse=1\nnet.core.somaxconn 128\n")
        for _ in range(6):
            answer = self.audit("--files", path, "--format", "json")
            text = path.read_text().split("\n")
            changes = [line for f in answer.json["findings"] for line in f["lines"] if line["line"]]
            if not changes:
                break
            text[changes[0]["line"] - 1] = changes[0]["corrected"]
            path.write_text("\n".join(text))
        self.assertEqual([], [f["rule"] for f in answer.json["findings"] if f["state"] != "INFO"], answer.shown)

    def test_the_text_shows_a_change_and_counts_what_was_not_judged(self):
        answer = self.audit("--files", self.write("sysctl.conf", OLD))
        self.assertIn("\n  - net.ipv4.ip_conntrack_max = 65536\n  + net.netfilter.nf_conntrack_max = 65536\n", answer.out)
        self.assertIn("were not judged", answer.out.replace("\n", " "))

    def test_more_paths_follow_and_each_is_a_host_of_its_own(self):
        on = self.write("a.conf", "net.ipv4.tcp_tw_reuse = 1\n")
        off = self.write("b.conf", "net.ipv4.tcp_timestamps = 0\n")
        apart = self.audit("--files", on, off, "--format", "json")
        self.assertNotIn("tw-reuse-without-timestamps", self.lines_of(apart))
        together = self.audit("--files", self.scratch, "--format", "json")
        self.assertIn("tw-reuse-without-timestamps", self.lines_of(together))

    def test_the_kernel_decides(self):
        path = self.write("a.conf", "net.ipv4.tcp_migrate_req = 1\nnet.ipv4.tcp_retries2 = 300\n")
        new = self.lines_of(self.audit("--files", path, "--format", "json"))
        old = self.lines_of(self.audit("--files", path, "--kernel", "4.18", "--format", "json"))
        self.assertIn("sysctl-value-refused", new)
        self.assertNotIn("sysctl-value-refused", old)
        self.assertIn("sysctl-dead-key", old)

    def test_sarif_has_a_place_and_a_fix(self):
        path = self.write("sysctl.conf", OLD)
        run = self.audit("--files", path, "--format", "sarif").json["runs"][0]
        self.assertTrue(run["invocations"][0]["executionSuccessful"])
        for result in run["results"]:
            self.assertEqual(result["ruleId"], run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"])
            place = result["locations"][0]["physicalLocation"]
            self.assertTrue(place["artifactLocation"]["uri"].endswith("/sysctl.conf"), place)
            self.assertGreaterEqual(place["region"]["startLine"], 1)
            replacement = result["fixes"][0]["artifactChanges"][0]["replacements"][0]
            self.assertTrue(replacement["insertedContent"]["text"])
        failed = self.audit("--files", self.scratch / "none", "--format", "sarif")
        self.assertEqual(3, failed.exit)
        self.assertFalse(failed.json["runs"][0]["invocations"][0]["executionSuccessful"])

    def test_standard_input_is_a_file(self):
        done = subprocess.run([command_line.BINARY, "audit", "--files", "-", "--format", "json"], input="kernel.osrelease = 4.18.0\n"
                              "net.ipv4.ip_local_port_range = 32768 60999\nnet.core.somaxconn = 128\n", capture_output=True, text=True, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn('"somaxconn-low"', done.stdout)

    def test_mistakes_are_told(self):
        path = self.write("a.conf", OLD)
        self.assert_told(self.audit("--files", self.scratch / "none"), "none")
        self.assert_told(self.audit("--root", self.scratch), "etc/sysctl.d")
        self.assert_told(self.audit("--files", path, "--replay", path), "--replay")
        self.assert_told(self.audit("--kernel", "5.14"), "--files")
        self.assert_told(self.audit("--files", path, "--kernel", "new"), "5.14")
        self.assert_told(self.run_it("report", "--files", path), "audit")
        self.assert_told(self.audit("--files", "/dev/zero"), "/dev/zero")

    def test_a_file_that_cannot_be_read_is_no_ok(self):
        directory = self.scratch / "sysctl.d"
        self.write("sysctl.d/a.conf", "net.core.somaxconn = 4096\n")
        os.mkfifo(directory / "b.conf")
        answer = self.audit("--files", directory)
        self.assertEqual(3, answer.exit, answer.shown)
        self.assertIn("b.conf", self.audit("--files", directory, "-v").out)
        (directory / "b.conf").unlink()
        os.mkfifo(directory / "b.yml")
        self.assertEqual(3, self.audit("--files", directory).exit)

    def test_what_a_template_leaves_open_is_told_first(self):
        path = self.write("a.conf", "net.ipv4.tcp_tw_reuse = 1\nnet/ipv4/tcp_timestamps = {{ x }}\n")
        answer = self.audit("--files", path)
        self.assertIn(f"net.ipv4.tcp_timestamps is not known: {path}:2 gives it a variable", " ".join(answer.out.split()))
        sarif = self.audit("--files", path, "--format", "sarif").json["runs"][0]["invocations"][0]
        self.assertIn("gives it a variable", str(sarif["toolExecutionNotifications"]))
        self.write("tree/a.yml", "{{- if x }}\nnet.core.somaxconn: [\n")
        answer = self.audit("--files", self.scratch / "tree")
        self.assertEqual(3, answer.exit, answer.shown)
        self.assertIn("tree/a.yml:2 names net.core.somaxconn, and the file was not read", " ".join(answer.out.split()))

    def test_what_names_sysctls_in_another_form_is_no_ok(self):
        path = self.write("Dockerfile", "FROM x\nRUN echo 'net.ipv4.tcp_tw_recycle=1' >>/etc/sysctl.conf\n")
        self.assert_told(self.audit("--files", path), "Dockerfile:2 names net.ipv4.tcp_tw_recycle in a form that is not read")
        path = self.write("tune.sh", "#!/bin/sh\nsysctl -w net.ipv4.tcp_tw_recycle=1\n")
        answer = self.audit("--files", path, "--format", "json")
        self.assertEqual([(2, "# sysctl -w net.ipv4.tcp_tw_recycle=1")], self.lines_of(answer)["tw-recycle-configured"])
        self.need_yaml()
        path = self.write("a.yml", "net.core.somaxconn: 4096\nkernel_args: sysctl.net.ipv4.tcp_timestamps=0\n")
        answer = self.audit("--files", path)
        self.assertEqual(3, answer.exit, answer.shown)
        self.assertIn(f"net.ipv4.tcp_timestamps is not known: {path}:2 names it in a form that is not read", " ".join(answer.out.split()))

    def test_a_directory_with_one_good_file_hides_no_other(self):
        self.write("repo/sysctl.conf", "net.core.somaxconn = 4096\n")
        self.write("repo/README.md", "net.ipv4.tcp_tw_recycle = 1\n")
        answer = self.audit("--files", self.scratch / "repo")
        self.assertEqual(0, answer.exit, answer.shown)
        self.assertIn("README.md:1 names net.ipv4.tcp_tw_recycle", " ".join(answer.out.split()))
        self.write("repo/Dockerfile", "FROM debian\nRUN echo net.ipv4.tcp_tw_recycle=1 >> /etc/sysctl.conf\n")
        answer = self.audit("--files", self.scratch / "repo")
        self.assertEqual(3, answer.exit, answer.shown)
        self.assertIn("repo/Dockerfile:2 names net.ipv4.tcp_tw_recycle", " ".join(answer.out.split()))

    def test_pods_of_one_file_are_judged_apart(self):
        self.need_yaml()
        pod = "spec:\n  securityContext:\n    sysctls:\n    - {name: net.ipv4.ip_local_port_range, value: \"%s\"}\n---\n"
        path = self.write("pods.yaml", pod % "60000 60100" + pod % "32768 60999")
        answer = self.audit("--files", path, "--format", "json")
        self.assertEqual([(4, '    - {name: net.ipv4.ip_local_port_range, value: "32768 60999"}')],
                         self.lines_of(answer)["port-range-narrow"])
        self.assertNotIn("sysctl-line-outvoted", self.lines_of(answer))

    def test_an_open_include_hides_nothing_that_the_profile_sets(self):
        path = self.write("web/tuned.conf", "[main]\ninclude=base\n[sysctl]\nnet.ipv4.ip_local_port_range=60000 60100\n")
        answer = self.audit("--files", path, "--format", "json")
        self.assertEqual(1, answer.exit, answer.shown)
        self.assertIn("port-range-narrow", self.lines_of(answer))

    def test_a_profile_that_includes_what_is_not_there_says_so(self):
        path = self.write("web/tuned.conf", "[main]\ninclude=base\n[sysctl]\nnet.core.somaxconn=4096\n")
        told = "the profile base is not known: included, and not read"
        self.assertIn(told, " ".join(self.audit("--files", path).out.split()))
        self.write("base/tuned.conf", "[sysctl]\nnet.ipv4.tcp_timestamps=0\n")
        answer = self.audit("--files", path, "--format", "json")
        self.assertNotIn(told, answer.out)
        self.assertIn("timestamps-off", self.lines_of(answer))

    def test_a_namespace_of_its_own_is_said(self):
        unshare = shutil.which("unshare")
        if unshare is None or subprocess.run([unshare, "-n", "true"], check=False, stderr=subprocess.DEVNULL).returncode:
            self.skipTest("no network namespace may be made here")
        answer = self.start(unshare, ["-n", command_line.BINARY, "audit", "--rules", self.rules])
        self.assertRegex(answer.out.split("\n")[1], r"^this judges a container's namespace, not the host: \d+ of \d+ rules")


if __name__ == "__main__":
    command_line.BINARY = os.path.abspath(sys.argv.pop(1))
    unittest.main()
