#!/usr/bin/env python3
"""The releases of `./dev dist`: dist_test.py DIRECTORY_WITH_THE_TARBALLS [REFERENCE_PROGRAM]. Each is unpacked, installed and
uninstalled where people are: Debian 11, 12 and 13, an empty chroot, a private prefix, a read-only place, a root of rpm's, an
image; and answers for each capture what the reference program answers. Needs root; what is not installed here is skipped and said."""
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "captures")]
from debian import mirror  # noqa: E402
from unpacked import unpack  # noqa: E402

DIST, REFERENCE = "", ""  # set by main
NOBODY = 65534
EMULATORS = {"arm64": ["qemu-aarch64-static", "qemu-aarch64"], "amd64": ["qemu-x86_64-static", "qemu-x86_64"]}
NATIVE = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
SKIPPED = 77
PLUGIN = "/usr/lib/nagios/plugins/check_tcpadvisor"
# What apt and dpkg themselves write when they install anything at all, and the loader's cache.
BOOKKEEPING = re.compile(r"^(var/lib/(dpkg|apt|systemd)/|var/cache/(apt|ldconfig|debconf)/|var/log/|etc/ld\.so\.cache$|tmp/|proc/|dev/)")
VERDICT = r"TCP (OK|WARNING|CRITICAL): [^|]+\|ports_used_percent=\d"


def in_root(root, command):
    """In the root, with a /proc of its own kernel; nothing that starts there outlives the command."""
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc=" + root + "/proc", "chroot", root] + command


def files_of(root):
    """{path: size, or none for a directory} of all that is there."""
    found = {}
    for directory, names, others in os.walk(root):
        for name in names + others:
            path = os.path.join(directory, name)
            relative = os.path.relpath(path, root)
            if not BOOKKEEPING.match(relative + ("/" if name in names else "")):
                found[relative] = os.lstat(path).st_size if name in others else None
    return found


def tarball(architecture):
    found = glob.glob(f"{DIST}/tcpadvisor-*-linux-{architecture}.tar.gz")
    return found[0] if found else None


def unpacked(directory, architecture=NATIVE):
    """Where the archive lies, unpacked in that directory."""
    os.chmod(directory, 0o755)
    subprocess.run(["tar", "-xzf", tarball(architecture), "-C", directory], check=True)
    return glob.glob(directory + "/tcpadvisor-*")[0]


def sh(command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, **options)


def as_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def three_lines_of_the_readme():
    """From the archive to the first answer, for this machine."""
    with open(os.path.dirname(os.path.dirname(HERE)) + "/README.md", encoding="utf-8") as page:
        block = re.search(r"^```sh\n(tar -xzf .*?)^```", page.read(), re.S | re.M)[1]
    lines = [re.sub(r" +#.*", "", line) for line in block.replace("amd64", NATIVE).splitlines()]
    assert len(lines) == 3, lines
    return "; ".join(lines)


class Release(unittest.TestCase):
    """What every test has: a directory of its own, with the release unpacked."""

    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="tcpadvisor-dist-")
        self.addCleanup(place.cleanup)
        self.work = place.name
        self.tree = unpacked(self.work)

    def install(self, *arguments, **options):
        return sh(["sh", self.tree + "/install.sh", *arguments], **options)


class TheArchive(Release):
    def test_links_of_its_pages_lead_somewhere(self):
        pages = [path for pattern in ("*.md", "docs/*.md", "packaging/*.md") for path in glob.glob(f"{self.tree}/{pattern}")]
        self.assertGreater(len(pages), 10)
        for page in pages:
            with open(page, encoding="utf-8") as file:
                for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read()):
                    self.assertTrue(os.path.exists(os.path.join(os.path.dirname(page), target)), f"{page}: {target}")
        self.assertTrue(os.path.isfile(self.tree + "/packaging/kubernetes/pods/kustomization.yaml"))

    def test_its_sum_is_in_the_list(self):
        for path in glob.glob(DIST + "/tcpadvisor-*.tar.gz"):
            with open(path, "rb") as file:
                line = f"{hashlib.sha256(file.read()).hexdigest()}  {os.path.basename(path)}\n"
            with open(DIST + "/SHA256SUMS", encoding="utf-8") as sums:
                self.assertIn(line, sums.readlines())

    def test_the_program_needs_nothing_in_an_empty_chroot_but_proc(self):
        root = self.work + "/root"
        os.makedirs(root + "/proc")
        shutil.copy(self.tree + "/bin/tcpadvisor", root + "/tcpadvisor")
        for user in ("0:0", f"{NOBODY}:{NOBODY}"):
            done = sh(["unshare", "--mount", "--net", "--pid", "--fork", f"--mount-proc={root}/proc", "chroot", f"--userspec={user}", root, "/tcpadvisor", "check", "--this-netns"])
            self.assertEqual(done.returncode, 0, done)
            self.assertRegex(done.stdout, VERDICT)

    def test_without_proc_it_says_so_and_is_unknown(self):
        root = self.work + "/root"
        os.mkdir(root)
        shutil.copy(self.tree + "/bin/tcpadvisor", root + "/tcpadvisor")
        done = sh(["chroot", root, "/tcpadvisor", "check"])
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("/proc", done.stdout.splitlines()[0])

    def test_a_packed_sosreport_is_read_without_any_library(self):
        report = self.work + "/sosreport-db1"
        os.makedirs(report + "/sos_commands/networking")
        with open(report + "/sos_commands/networking/ss_-peaonmi", "w", encoding="utf-8") as file:
            file.write("Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n"
                       "tcp ESTAB 0 0 192.0.2.1:40000 192.0.2.2:5432\n")
        for packer in ("gz", "xz", "zst", "bz2"):
            with self.subTest(packer):
                subprocess.run(["tar", "-caf", f"{report}.tar.{packer}", "-C", self.work, "sosreport-db1"], check=True)
                done = sh([self.tree + "/bin/tcpadvisor", "states", "--replay", f"{report}.tar.{packer}"])
                self.assertRegex(done.stdout, r"ESTABLISHED +1\b", done)


class Installed(Release):
    """install.sh and uninstall.sh, in a prefix of nobody's or root's."""

    def setUp(self):
        super().setUp()
        self.prefix = self.work + "/own"
        self.home = self.work + "/home"
        os.mkdir(self.home)
        os.chown(self.home, NOBODY, NOBODY)

    def uninstall(self, script=None, environment=(), **options):
        """Root has a /var/lib of its own there, in which a run has left something: it is the host's that must not go."""
        script = script or self.prefix + "/share/tcpadvisor/uninstall.sh"
        command = ["sh", script]
        if "preexec_fn" not in options:
            own = 'mount -t tmpfs none /var/lib && mkdir /var/lib/tcpadvisor && sh "$1" && [ ! -e /var/lib/tcpadvisor ]'
            command = ["unshare", "--mount", "sh", "-c", own, "sh", script]
        return sh(command, env={**os.environ, "HOME": self.home, **dict(environment)}, **options)

    def assert_nothing_is_left(self):
        self.assertFalse(os.path.lexists(self.prefix), [path for path, *_ in os.walk(self.prefix)])

    def test_nobody_installs_into_a_prefix_of_his_own_and_takes_it_away(self):
        self.prefix = self.home + "/.local"
        done = self.install("--prefix", self.prefix, preexec_fn=as_nobody)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f"{self.prefix}/bin is not in PATH", done.stdout)
        check = sh([self.prefix + "/lib/nagios/plugins/check_tcpadvisor", "--this-netns"], preexec_fn=as_nobody, env={**os.environ, "HOME": self.home})
        self.assertRegex(check.stdout, r"^TCP ")
        self.assertEqual(self.uninstall(preexec_fn=as_nobody).returncode, 0)
        self.assertEqual([path for path, _, files in os.walk(self.home) if files or path.endswith("tcpadvisor")], [])

    def test_paths_in_configurations_are_those_of_the_prefix(self):
        self.assertEqual(self.install("--prefix", self.prefix).returncode, 0)
        for path in files_of(self.prefix):
            if path.startswith(("share/tcpadvisor/", "lib/systemd/")) and not path.endswith("/uninstall.sh") and os.path.isfile(f"{self.prefix}/{path}"):
                with open(f"{self.prefix}/{path}", encoding="utf-8") as file:
                    named = re.findall(r"(\S*)/usr/(?:bin/tcpadvisor|lib/nagios/plugins/check_tcpadvisor)", file.read())
                self.assertEqual(named, [], path)
        self.assertTrue(os.access(self.prefix + "/share/tcpadvisor/checkmk/tcpadvisor", os.X_OK))

    def test_a_prefix_that_cannot_stand_in_configurations_is_refused(self):
        for prefix, said in (("", "needs a directory"), ("--help", "needs a directory"), ("a b", "letters, digits"), ("a&b", "letters, digits"), ("a\nb", "letters, digits"),
                             ("$x", "letters, digits"), (self.tree + "/README.md", "is no directory")):
            with self.subTest(prefix):
                done = self.install("--prefix", prefix, cwd=self.home)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn(said, done.stderr)
        self.assertEqual(os.listdir(self.home), [])

    def test_slashes_and_places_are_one_prefix(self):
        self.assertEqual(self.install("--prefix", "own//.//", cwd=self.work).returncode, 0)
        self.assertEqual(self.uninstall().returncode, 0)
        self.assert_nothing_is_left()

    def test_what_was_not_installed_is_not_uninstalled(self):
        before = files_of(self.work)
        done = self.uninstall(self.tree + "/uninstall.sh")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nothing was removed", done.stderr)
        self.assertEqual(files_of(self.work), before)

    def test_only_what_the_program_remembers_goes_with_it(self):
        self.install("--prefix", self.home + "/.local", preexec_fn=as_nobody)
        self.prefix = self.home + "/.local"
        strangers = self.home + "/states/tcpadvisor"
        subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "mkdir", "-p", strangers], check=True)
        done = self.uninstall(environment={"XDG_STATE_HOME": "states", "HOME": ""}, cwd=self.home, preexec_fn=as_nobody)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(os.path.isdir(strangers))
        self.assertFalse(os.path.exists(self.prefix))

    def test_of_two_versions_one_must_be_named(self):
        shutil.copytree(self.tree, self.tree + "-older", symlinks=True)
        done = sh(["sh", "-c", "sh tcpadvisor-*/install.sh"], cwd=self.work)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("several versions are unpacked here", done.stderr)

    def test_twice_is_as_once(self):
        self.install("--prefix", self.prefix)
        once = files_of(self.prefix)
        self.assertEqual(self.install("--prefix", self.prefix).returncode, 0)
        self.assertEqual(files_of(self.prefix), once)
        self.assertEqual(self.uninstall().returncode, 0)
        self.assert_nothing_is_left()

    def test_over_an_older_version_what_only_that_had_goes(self):
        self.install("--prefix", self.prefix)
        with open(self.prefix + "/share/tcpadvisor/MANIFEST", "a", encoding="utf-8") as manifest:
            manifest.write("share/tcpadvisor/gone.txt\n")
        with open(self.prefix + "/share/tcpadvisor/gone.txt", "w", encoding="utf-8") as file:
            file.write("of an older version\n")
        self.assertEqual(self.install("--prefix", self.prefix).returncode, 0)
        self.assertFalse(os.path.exists(self.prefix + "/share/tcpadvisor/gone.txt"))
        self.assertEqual(self.uninstall().returncode, 0)
        self.assert_nothing_is_left()

    def test_files_of_others_stay(self):
        os.makedirs(self.prefix + "/bin")
        with open(self.prefix + "/bin/other", "w", encoding="utf-8") as file:
            file.write("of somebody else\n")
        self.install("--prefix", self.prefix)
        self.uninstall()
        self.assertEqual(list(files_of(self.prefix)), ["bin", "bin/other"])

    def test_interrupted_at_any_time_it_can_be_repeated_and_taken_away(self):
        for delay in (0.01, 0.03, 0.06, 0.1, 0.2):
            with self.subTest(delay=delay), subprocess.Popen(["sh", self.tree + "/install.sh", "--prefix", self.prefix], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
                time.sleep(delay)
                running.send_signal(signal.SIGTERM)
                running.wait(60)
                self.assertEqual([path for path in files_of(self.prefix) if ".new." in path] if os.path.isdir(self.prefix) else [], [])
                self.assertEqual(self.install("--prefix", self.prefix).returncode, 0)
                self.assertEqual(self.uninstall().returncode, 0)
                self.assert_nothing_is_left()

    def test_without_permission_it_says_what_to_do_and_leaves_nothing(self):
        place = self.work + "/of-root"
        os.mkdir(place)
        done = self.install("--prefix", place + "/local", preexec_fn=as_nobody)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, f'install.sh: cannot write below {place}/local; run it as root, or with --prefix "$HOME/.local"\n')
        self.assertEqual(os.listdir(place), [])

    def test_on_a_read_only_file_system_it_says_so(self):
        place = self.work + "/read-only"
        os.mkdir(place)
        script = f'mount -t tmpfs -o ro none "{place}" && sh "{self.tree}/install.sh" --prefix "{place}"'
        done = sh(["unshare", "--mount", "sh", "-c", script])
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("cannot write below", done.stderr)

    def test_the_archive_of_another_machine_is_refused(self):
        # Of a machine that no emulator registered here can stand in for: e_machine 1 is the AT&T WE 32100.
        elsewhere = self.work + "/other"
        os.mkdir(elsewhere)
        tree = unpacked(elsewhere, NATIVE)
        with open(tree + "/bin/tcpadvisor", "r+b") as program:
            program.seek(18)
            program.write(b"\1\0")
        done = sh(["sh", tree + "/install.sh", "--prefix", self.prefix])
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("the program does not run here", done.stderr)
        self.assertIn("is the archive for another one", done.stderr)
        self.assert_nothing_is_left()


class OnDebian(Release):
    """The three lines of the README, then the .deb, in a fresh root of each release."""

    def make_root(self, release):
        root = self.work + "/root"
        made = sh(["mmdebstrap", "--quiet", "--variant=apt", "--include=passwd", release, root, *filter(None, [mirror()])])
        if made.returncode != 0:
            self.skipTest(made.stderr[-300:])
        for place in ("/etc/apt/apt.conf.d", "/etc/resolv.conf", "/etc/hosts"):
            (shutil.copytree if os.path.isdir(place) else shutil.copy)(place, root + place, **({"dirs_exist_ok": True} if os.path.isdir(place) else {}))
        shutil.copy(tarball(NATIVE), root + "/tmp")
        shutil.copy(glob.glob(f"{DIST}/tcpadvisor_*_{NATIVE}.deb")[0], root + "/tmp")
        shutil.copy(HERE + "/smoke.sh", root + "/tmp")
        subprocess.run(in_root(root, ["useradd", "--system", "--create-home", "nagios"]), check=True)
        return root

    def run_there(self, root, script):
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        done = sh(in_root(root, ["env", "-i", path, "HOME=/root", "DEBIAN_FRONTEND=noninteractive", "sh", "-ec", script]))
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def on(self, release):
        root = self.make_root(release)
        before = files_of(root)
        with self.subTest("archive"):
            answer = self.run_there(root, f"cd /tmp; {three_lines_of_the_readme()} || [ $? -le 2 ]; sh /usr/local/share/tcpadvisor/uninstall.sh")
            self.assertRegex(answer, "installed: tcpadvisor [^\n]*\nuninstall: [^\n]*\n" + VERDICT)
            self.assertEqual(set(files_of(root)) - set(before), set())
        with self.subTest("package"):
            apt = "apt-get -qy --no-install-recommends"
            self.run_there(root, f"{apt} install /tmp/tcpadvisor_*.deb")
            self.assertEqual([path for path in files_of(root) if path.startswith("etc/") and "tcpadvisor" in path], [])
            # a fresh root has the sockets of its host, so the verdict may be any but UNKNOWN
            self.assertRegex(self.run_there(root, f"setpriv --reuid=nagios --clear-groups --regid=nagios env HOME=/home/nagios {PLUGIN} || [ $? -le 2 ]"), "^" + VERDICT)
            self.assertIn("passed", self.run_there(root, "sh /tmp/smoke.sh"))
            self.run_there(root, f"{apt} purge --autoremove tcpadvisor")
            self.assertEqual(set(files_of(root)) - set(before), set())

    def test_11(self):
        self.on("bullseye")

    def test_12(self):
        self.on("bookworm")

    def test_13(self):
        self.on("trixie")


class Rpm(Release):
    def test_it_is_installed_into_an_empty_root_and_removed(self):
        [package] = glob.glob(f"{DIST}/tcpadvisor-*.{os.uname().machine}.rpm")
        [plugin] = glob.glob(f"{DIST}/nagios-plugins-tcpadvisor-*.{os.uname().machine}.rpm")
        root = self.work + "/root"
        rpm = ["rpm", "--root", root, "--nodeps", "--noscripts"]
        os.makedirs(root + "/proc")
        self.assertEqual(sh([*rpm, "--install", package, plugin]).returncode, 0)
        done = sh(in_root(root, ["/usr/lib64/nagios/plugins/check_tcpadvisor", "--no-state"]))
        self.assertRegex(done.stdout, "^" + VERDICT, done)
        self.assertEqual(sh([*rpm, "--erase", "tcpadvisor", "nagios-plugins-tcpadvisor"]).returncode, 0)
        self.assertEqual([path for path in files_of(root) if "tcpadvisor" in path], [])

    def test_it_needs_no_library(self):
        for package in glob.glob(DIST + "/*.rpm"):
            needs = sh(["rpm", "-qp", "--requires", package]).stdout
            self.assertNotRegex(needs, r"lib\w+\.so", package)


class Image(Release):
    """The archive of the image, by its own description: its layers are unpacked and its program is run."""

    def unpacked_image(self, architecture):
        [path] = glob.glob(f"{DIST}/tcpadvisor-*-image-{architecture}.tar")
        layout, root = self.work + "/layout", self.work + "/root"
        os.mkdir(layout)
        os.makedirs(root + "/proc")
        subprocess.run(["tar", "-xf", path, "-C", layout], check=True)

        def blob(descriptor):
            path = layout + "/blobs/" + descriptor["digest"].replace(":", "/")
            with open(path, "rb") as file:
                content = file.read()
            self.assertEqual((len(content), "sha256:" + hashlib.sha256(content).hexdigest()), (descriptor["size"], descriptor["digest"]))
            return path, content

        with open(layout + "/index.json", encoding="utf-8") as file:
            [manifest] = json.load(file)["manifests"]
        manifest = json.loads(blob(manifest)[1])
        for layer in manifest["layers"]:
            subprocess.run(["tar", "-xf", blob(layer)[0], "-C", root], check=True)
        return root, json.loads(blob(manifest["config"])[1])

    def test_it_holds_one_file_and_runs_it_as_nobody(self):
        root, config = self.unpacked_image(NATIVE)
        self.assertEqual((config["os"], config["architecture"]), ("linux", NATIVE))
        self.assertEqual([path for path, size in files_of(root).items() if size is not None], ["usr/bin/tcpadvisor"])
        user, entry = config["config"]["User"], config["config"]["Entrypoint"]
        inside = ["unshare", "--mount", "--net", "--pid", "--fork", f"--mount-proc={root}/proc", "chroot", f"--userspec={user}", root, *entry]
        self.assertRegex(sh([*inside, "check"]).stdout, "^" + VERDICT)

    def test_without_proc_it_is_unknown(self):
        root, config = self.unpacked_image(NATIVE)
        done = sh(["chroot", root, *config["config"]["Entrypoint"], "check"])
        self.assertEqual(done.returncode, 3, done)

    def test_another_architecture_says_which_it_is(self):
        other = "arm64" if NATIVE == "amd64" else "amd64"
        if not tarball(other):
            self.skipTest("it was not built")
        self.assertEqual(self.unpacked_image(other)[1]["architecture"], other)


class Answers(Release):
    """Every capture, as the reference program answers it."""

    def compare(self, program):
        captures = self.work + "/captures"
        os.makedirs(captures, exist_ok=True)
        unpack(captures)
        for capture in sorted(glob.glob(captures + "/*")):
            for form in ("json", "text"):
                with self.subTest(os.path.basename(capture), form=form):
                    arguments = ["report", "--replay", capture, "--format", form]
                    mine, wanted = sh([*program, *arguments]), sh([REFERENCE, *arguments])
                    self.assertEqual((mine.returncode, mine.stdout), (wanted.returncode, wanted.stdout))

    def setUp(self):
        super().setUp()
        if not REFERENCE:
            self.skipTest("no reference program was named")

    def test_here(self):
        self.compare([self.tree + "/bin/tcpadvisor"])

    def test_emulated(self):
        for architecture, emulators in EMULATORS.items():
            emulator = next(filter(None, map(shutil.which, emulators)), None)
            if architecture == NATIVE or not tarball(architecture):
                continue
            if emulator is None:
                self.skipTest("not installed: " + " or ".join(emulators))
            elsewhere = self.work + "/" + architecture
            os.mkdir(elsewhere)
            self.compare([emulator, unpacked(elsewhere, architecture) + "/bin/tcpadvisor"])


def main():
    global DIST, REFERENCE
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if os.geteuid() != 0:
        print("skipped: needs root")
        sys.exit(SKIPPED)
    DIST = os.path.abspath(sys.argv.pop(1))
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.access(sys.argv[1], os.X_OK):
        REFERENCE = os.path.abspath(sys.argv.pop(1))
    result = unittest.main(exit=False).result
    for test, reason in result.skipped:
        print(f"skipped: {test}: {reason}")
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
