#!/usr/bin/env python3
"""packaging/kubernetes and the one-liners of docs/kubernetes.md and README.md: kubernetes.py PROGRAM VERSION BUILD_DIRECTORY

The files agree with each other, kubectl builds them, they obey the schemas that Kubernetes publishes, and what they and the
one-liners start does its work in a container of runc with the same user, capabilities, mounts and filter. What is not
installed here (python3-yaml, kubectl, npm, runc, root) skips its tests; exit code 77 if all are skipped.
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import yaml
except ImportError:
    print("skipped: python3-yaml is not installed")
    sys.exit(77)

import node

ROOT = pathlib.Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "packaging/kubernetes"
PAGE = ROOT / "docs/kubernetes.md"
README = ROOT / "README.md"
PROGRAM, VERSION, BUILD = "", "", ""  # set by main
# The validators let unknown fields pass, but never look at them: what nobody has read is unknown.
CHECKER = """
const documents = JSON.parse(require("fs").readFileSync(0, "utf8"));
const watched = (value, path, unread) => {
    if (value === null || typeof value !== "object") return value;
    const copy = Array.isArray(value) ? [] : {};
    for (const key of Object.keys(value)) {
        const place = path + "." + key;
        unread.add(place);
        Object.defineProperty(copy, key, {enumerable: true, get: ((inner) => () => { unread.delete(place); return inner; })(watched(value[key], place, unread))});
    }
    return copy;
};
(async () => {
    const schemas = {Namespace: "CoreV1Namespace", ConfigMap: "CoreV1ConfigMap", DaemonSet: "AppsV1DaemonSet", Pod: "CoreV1Pod"};
    for (const document of documents) {
        const {validate} = await import(`kubernetes-models/_schemas/IoK8sApi${schemas[document.kind]}`);
        const unread = new Set();
        const valid = validate(watched(document, document.kind, unread));
        console.log(valid && unread.size === 0 ? "valid" : JSON.stringify([validate.errors, ...unread]));
    }
})();
"""
POD_UID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
# Holds 95 of its 100 local ports towards one server.
EXHAUSTED = """
import socket, sys, time
server = socket.create_server(("127.0.0.1", 8080), backlog=200)
clients = [socket.create_connection(("127.0.0.1", 8080)) for _ in range(95)]
print("up", flush=True)
time.sleep(600)
"""


def read(path):
    return [document for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document]


def merged(old, new):
    """As kustomize merges a patch: lists of things that have names by their names."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {key: merged(old[key], new[key]) if key in old and key in new else new.get(key, old.get(key)) for key in {**old, **new}}
    if isinstance(old, list) and isinstance(new, list) and all(isinstance(item, dict) and "name" in item for item in old + new):
        by_name = {item["name"]: item for item in old}
        return list({**by_name, **{item["name"]: merged(by_name.get(item["name"], {}), item) for item in new}}.values())
    return new


def daemonset(variant):
    [document] = read(KUBERNETES / "node/daemonset.yaml")
    if variant == "pods":
        [patch] = read(KUBERNETES / "pods/pods.yaml")
        document = merged(document, patch)
        [kustomization] = read(KUBERNETES / "pods/kustomization.yaml")
        [added] = yaml.safe_load(kustomization["patches"][1]["patch"])
        document["spec"]["template"]["spec"]["containers"][0]["args"].append(added["value"])
    return document


def debugged():
    """What kubectl makes of the profile `general` for a node and of debug.yaml."""
    [custom] = read(KUBERNETES / "debug.yaml")
    container = {"name": "debugger", "image": "tcpadvisor", **custom}
    container["volumeMounts"] = [{"name": "host-root", "mountPath": "/host"}, *custom["volumeMounts"]]
    return {"hostNetwork": True, "hostPID": True, "hostIPC": True, "volumes": [{"name": "host-root", "hostPath": {"path": "/"}}], "containers": [container]}


def built(variant):
    done = subprocess.run(["kubectl", "kustomize", str(KUBERNETES / variant)], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return list(yaml.safe_load_all(done.stdout))


class Files(unittest.TestCase):
    def test_the_kustomizations_list_what_is_there(self):
        for variant in ("node", "pods"):
            [kustomization] = read(KUBERNETES / variant / "kustomization.yaml")
            named = kustomization["resources"] + [patch["path"] for patch in kustomization.get("patches", []) if "path" in patch]
            named += [file for generator in kustomization.get("configMapGenerator", []) for file in generator["files"]]
            there = {path.name for path in (KUBERNETES / variant).iterdir()} - {"kustomization.yaml"}
            self.assertEqual(there, {name for name in named if not name.startswith("../")}, variant)

    def test_the_image_is_of_this_version(self):
        [kustomization] = read(KUBERNETES / "node/kustomization.yaml")
        [image] = kustomization["images"]
        self.assertEqual(VERSION, image["newTag"])
        self.assertEqual(image["name"], daemonset("node")["spec"]["template"]["spec"]["containers"][0]["image"])
        for tag in re.findall(r"tcpadvisor:(\d[\w.]*)", PAGE.read_text(encoding="utf-8") + README.read_text(encoding="utf-8")):
            self.assertEqual(VERSION, tag)

    def test_every_volume_is_mounted_once(self):
        for variant in ("node", "pods"):
            pod = daemonset(variant)["spec"]["template"]["spec"]
            self.assertEqual(sorted(volume["name"] for volume in pod["volumes"]), sorted(mount["name"] for mount in pod["containers"][0]["volumeMounts"]))

    def test_the_selector_finds_the_pods(self):
        spec = daemonset("node")["spec"]
        self.assertEqual(spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"])

    def test_the_time_to_end_is_enough(self):
        self.assertGreater(daemonset("node")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"], 10)  # --timeout

    @unittest.skipUnless(shutil.which("kubectl"), "kubectl is not installed")
    def test_kubectl_builds_what_is_tested_here(self):
        for variant in ("node", "pods"):
            [document] = [document for document in built(variant) if document["kind"] == "DaemonSet"]
            mine = daemonset(variant)["spec"]["template"]["spec"]
            its = document["spec"]["template"]["spec"]
            self.assertEqual(its["containers"][0]["securityContext"], mine["containers"][0]["securityContext"])
            self.assertEqual(its["containers"][0]["args"], mine["containers"][0]["args"])
            self.assertEqual({mount["mountPath"] for mount in its["containers"][0]["volumeMounts"]}, {mount["mountPath"] for mount in mine["containers"][0]["volumeMounts"]})
            self.assertEqual("registry.example.org/tcpadvisor:" + VERSION, its["containers"][0]["image"])

    def test_what_is_applied_is_there(self):
        for page, place in ((README, ROOT), (PAGE, KUBERNETES)):
            named = re.findall(r"kubectl apply -k (\S+?)[`\s]", page.read_text(encoding="utf-8"))
            self.assertTrue(named)
            for directory in named:
                self.assertTrue((place / directory / "kustomization.yaml").is_file(), directory)

    @unittest.skipUnless(shutil.which("kubectl"), "kubectl is not installed")
    def test_kubectl_has_the_options_of_the_page(self):
        known = subprocess.run(["kubectl", "debug", "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
        lines = re.findall(r"kubectl debug [^\n]*", PAGE.read_text(encoding="utf-8").replace("\\\n", " "))
        self.assertGreater(len(lines), 1)
        for line in lines:
            for option in re.findall(r"(--?[a-z-]+)", line.partition(" -- ")[0].partition("kubectl debug node/NODE")[2]):
                self.assertRegex(known, rf"(?m)^ +(-\w, )?{option}=" if option.startswith("--") else r"-i, |-t, ", option)
            self.assertTrue((KUBERNETES / re.search(r"--custom=(\S+)", line)[1]).is_file())

    @unittest.skipUnless(shutil.which("kubectl") and shutil.which("npm"), "kubectl or npm is not installed")
    def test_they_obey_the_published_schemas(self):
        place = pathlib.Path(BUILD, "kubernetes-models")
        if not (place / "node_modules/kubernetes-models").is_dir():
            place.mkdir(exist_ok=True)
            npm = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--ignore-scripts", "--prefix", str(place), "kubernetes-models@5.1.0"]
            try:
                if subprocess.run(npm, capture_output=True, timeout=120, check=False).returncode != 0:
                    self.skipTest("kubernetes-models cannot be installed by npm")
            except subprocess.TimeoutExpired:
                self.skipTest("npm takes too long")
        documents = built("node") + [{"apiVersion": "v1", "kind": "Pod", "spec": debugged()}] + built("pods")
        broken = json.loads(json.dumps(documents[-1]))
        broken["spec"]["template"]["spec"]["containers"][0]["securityContext"]["readOnlyRootFileSystem"] = True
        done = subprocess.run(["node", "-e", CHECKER], input=json.dumps(documents + [broken]), capture_output=True, text=True, timeout=120, check=True, cwd=place)
        answers = done.stdout.splitlines()
        self.assertEqual(["valid"] * len(documents), answers[:-1])
        self.assertIn("readOnlyRootFileSystem", answers[-1])


@unittest.skipIf(node.missing(), "containers: " + node.missing())
class Containers(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="tcpadvisor-node-")
        self.addCleanup(place.cleanup)
        self.node = node.Node(place.name, PROGRAM)
        self.addCleanup(self.node.end)
        self.cgroup = None
        self.addCleanup(self.remove_cgroup)

    def pod(self):
        """A pod with a destination that is exhausted, linked to the node, of another user."""
        (self.node.host / f"var/log/pods/shop_cart-7d9f_{POD_UID}").mkdir(parents=True)
        pod = node.Process("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "sh", "-c", "read line; exec python3 -c \"$0\"", EXHAUSTED, stdin=subprocess.PIPE)
        self.addCleanup(pod.end)
        pod.sh("sysctl -qw net.ipv4.ip_local_port_range='40000 40099'")
        self.node.net.sh(f"ip link add veth0 type veth peer name eth0 netns {pod.pid}")
        if node.UNIFIED:
            self.cgroup = pathlib.Path(node.UNIFIED, "kubepods-tcpadvisor-test.slice", f"pod{POD_UID}")
            try:
                self.cgroup.mkdir(parents=True)
                (self.cgroup / "cgroup.procs").write_text(str(pod.pid), encoding="utf-8")
            except OSError:
                self.cgroup = None
        pod.running.stdin.write("go\n")
        pod.running.stdin.flush()
        pod.running.stdout.readline()
        return pod

    def remove_cgroup(self):
        for path in (self.cgroup, self.cgroup.parent) if self.cgroup else ():
            for _ in range(100):
                try:
                    path.rmdir()
                    break
                except OSError:  # its process is about to end
                    time.sleep(0.05)

    def options_of(self, pod):
        """What a kubelet hands to the runtime, of the fields that the manifests have."""
        [container] = pod["containers"]
        context = container["securityContext"]
        self.assertTrue(context["readOnlyRootFilesystem"] and context["capabilities"]["drop"] == ["ALL"] and context["seccompProfile"]["type"] == "RuntimeDefault")
        volumes, mounts = {volume["name"]: volume for volume in pod["volumes"]}, []
        for mount in container["volumeMounts"]:
            volume = volumes[mount["name"]]
            if "configMap" in volume:
                source = self.node.host / "settings" / mount["subPath"]
                source.parent.mkdir(exist_ok=True)
                shutil.copy(KUBERNETES / "node" / mount["subPath"], source)
            else:
                path = os.path.join(volume["hostPath"]["path"], mount.get("subPath", "")).rstrip("/")
                source = path if path == "/sys/fs/cgroup" else self.node.host / path.lstrip("/")
                if volume["hostPath"].get("type") == "DirectoryOrCreate":
                    source.mkdir(parents=True, exist_ok=True)
            mounts.append((source, mount["mountPath"], mount.get("readOnly", False)))
        return {"user": context["runAsUser"], "add": context["capabilities"].get("add", []), "pid": pod["hostPID"], "net": pod["hostNetwork"], "mounts": mounts}

    def metrics_of(self, variant):
        """What the DaemonSet leaves for the node exporter, and how it ends."""
        pod = daemonset(variant)["spec"]["template"]["spec"]
        file = self.node.host / "var/lib/node_exporter/textfile_collector/tcpadvisor.prom"
        args = [argument.replace("--interval=60", "--interval=0.5") for argument in pod["containers"][0]["args"]]
        first = []

        def written_twice():
            if file.exists() and not first:
                first.append(file.stat().st_ino)
            return first and file.exists() and file.stat().st_ino != first[0]

        code, said = self.node.run_until(written_twice, args, **self.options_of(pod))
        self.assertEqual((0, ""), (code, said))
        self.assertEqual(0o644, file.stat().st_mode & 0o777)
        self.assertTrue(list((self.node.host / "var/lib/tcpadvisor-daemonset").iterdir()))
        return file.read_text(encoding="utf-8")

    def test_the_daemonset_of_the_node(self):
        self.assertRegex(self.metrics_of("node"), r'(?m)^tcpadvisor_verdict\{state="ok"\} 1$')

    def test_the_daemonset_of_the_pods_sees_into_a_pod(self):
        self.pod()
        text = self.metrics_of("pods")
        self.assertRegex(text, r'shop/cart-7d9f' if self.cgroup else r"40000|127\.0\.0\.1:8080")

    def verdict(self, *args, **options):
        done = self.node.run(["check", "--no-state", "--format", "json", *args], **options)
        return json.loads(done.stdout)

    def test_what_each_capability_buys(self):
        self.pod()
        # What is missing is said, and the verdict is no OK.
        for add, missing in (((), "CAP_SYS_PTRACE"), (("SYS_PTRACE",), "CAP_SYS_ADMIN"), (("SYS_ADMIN",), "CAP_SYS_PTRACE"),
                             (("SYS_ADMIN", "SYS_PTRACE"), "CAP_DAC_READ_SEARCH"), (("SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH"), "")):
            with self.subTest(add=add):
                answer = self.verdict("--all-netns", user=0, add=add)
                needs = json.dumps(answer["gaps"])
                self.assertEqual("SYS_ADMIN" in add and "SYS_PTRACE" in add, "127.0.0.1:8080" in json.dumps(answer["findings"]))
                (self.assertIn if missing else self.assertNotIn)(missing or "needs CAP_", needs)

    def test_without_capabilities_the_node_is_judged_by_anybody(self):
        for user in (0, 65534):
            self.assertEqual("OK", self.verdict(user=user)["state"])

    def test_capabilities_of_another_user_than_root_are_of_no_use_and_said(self):
        answer = self.verdict("--all-netns", user=65534, add=("SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH"))
        self.assertEqual("UNKNOWN", answer["state"])

    def test_what_kubectl_debug_starts_names_the_pod(self):
        self.pod()
        pod = debugged()
        done = self.node.run([], **self.options_of(pod))
        self.assertEqual(2, done.returncode, done.stderr)
        self.assertIn("127.0.0.1:8080", done.stdout)
        if self.cgroup:
            self.assertIn("shop/cart-7d9f", done.stdout)

    def test_without_names_of_pods_their_uid_is_told(self):
        self.pod()
        if not self.cgroup:
            self.skipTest("no cgroup2")
        done = self.node.run(["check", "--all-netns", "--no-state"], user=0, add=("SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH"))
        self.assertIn("pod " + POD_UID, done.stdout)

    def test_without_the_network_of_the_host_the_container_judges_itself(self):
        self.assertEqual(["OK", 1], [self.verdict(net=False)["state"], len(self.verdict(net=False)["namespaces"])])

    def test_without_the_processes_of_the_host_a_look_at_all_is_unknown(self):
        answer = self.verdict("--all-netns", user=0, add=("SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH"), pid=False)
        self.assertEqual("UNKNOWN", answer["state"])
        self.assertIn("PID namespace", json.dumps(answer["gaps"]))

    def test_the_lines_of_docker(self):
        page = (PAGE.read_text(encoding="utf-8") + README.read_text(encoding="utf-8")).replace("\\\n", " ")
        lines = [shlex.split(line, comments=True) for line in re.findall(r"docker run [^\n]*", page)]
        self.assertGreater(len(lines), 1)
        self.pod()
        for line in lines:
            options, args = self.options_of_docker(line[2:])
            done = self.node.run(args, **options)
            with self.subTest(line=line):
                self.assertIn(done.returncode, (0, 2), done.stdout + done.stderr)
                self.assertRegex(done.stdout, r"\A(OK|INFO|WARNING|CRITICAL|TCP|this namespace|connect)", done.stderr)
                if "--all-netns" in args or options["add"]:
                    self.assertIn("127.0.0.1:8080", done.stdout)

    def options_of_docker(self, words):
        options = {"user": 65534, "add": [], "pid": False, "net": False}
        flags = iter(words)
        for word in flags:
            if not word.startswith("-"):
                break
            name, equals, value = word.partition("=")
            if name in ("--rm", "--read-only", "-i", "-t", "-it"):
                continue
            value = value if equals else next(flags)
            if name == "--cap-add":
                options["add"].append(value)
            elif name in ("--network", "--pid"):
                self.assertEqual("host", value)
                options["net" if name == "--network" else "pid"] = True
            elif name == "--user":
                options["user"] = int(value)
            else:
                self.assertIn((name, value), (("--cap-drop", "ALL"), ("--security-opt", "apparmor=unconfined")))
        return options, list(flags)


def main():
    global PROGRAM, VERSION, BUILD
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    PROGRAM, VERSION, BUILD = (os.path.abspath(sys.argv[1]), sys.argv[2], os.path.abspath(sys.argv[3]))
    result = unittest.main(argv=sys.argv[:1] + sys.argv[4:], exit=False).result
    for test, why in result.skipped:
        print(f"skipped: {test}: {why}")
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
