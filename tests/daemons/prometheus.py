#!/usr/bin/env python3
"""Real node exporter, real Prometheus and a fleet of a thousand hosts: prometheus.py PROGRAM [unittest options]

What the program writes arrives number for number; the rules of packaging/prometheus rank the fleet; every query of the
dashboard has an answer. Skipped (exit 77) without prometheus, promtool and prometheus-node-exporter.
"""
import contextlib
import http.server
import json
import re
import shutil
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import stage

PROMETHEUS, PROMTOOL, EXPORTER = stage.need("prometheus", "promtool", "prometheus-node-exporter")
SHIPPED = stage.PACKAGING / "prometheus"
HOSTS, STALE = 1000, 7  # every tenth host, from this one on, looked at itself long ago
NODE = """tcpadvisor_build_info{{version="0"}} 1
tcpadvisor_last_run_timestamp_seconds {time}
tcpadvisor_destination_exhausted_in_seconds{{netns="this namespace",source="{host}",destination="10.9.0.{near}:5432"}} {left}
tcpadvisor_destination_exhausted_in_seconds{{netns="this namespace",source="{host}",destination="[2001:db8::1]:443"}} +Inf
tcpadvisor_destination_used_ratio{{netns="this namespace",source="{host}",destination="10.9.0.{near}:5432"}} 0.5
tcpadvisor_destination_load_ratio{{netns="this namespace",source="{host}",destination="10.9.0.{near}:5432"}} {load}
"""
CONFIG = """global: {{scrape_interval: 10s, scrape_timeout: 10s}}
rule_files: [{rules}/*.yml]
scrape_configs:
  - job_name: node
    file_sd_configs: [{{files: [{targets}]}}]
"""


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def samples(text):
    """{(name, labels): value} of the metrics that are ours, or that tell how node exporter liked them."""
    found = {}
    for line in text.splitlines():
        if line.startswith(("tcpadvisor_", "node_textfile_scrape_error")):
            series, value = line.rsplit(" ", 1)
            name, _, labels = series.partition("{")
            pairs = tuple(sorted(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)))
            found[name, pairs] = float(value)
    return found


class Fleet(http.server.BaseHTTPRequestHandler):
    """/17 is the textfile of host 17; /real the one that the program wrote."""

    real = ""

    def do_GET(self):
        page = self.path.strip("/")
        if page == "real":
            text = self.real
        else:
            number = int(page)
            stale = number % 10 == STALE
            left = 1 if stale else number + 1 if number % 2 == 0 else "+Inf"
            text = NODE.format(time=time.time() - (900 if stale else 5), host=f"10.0.{number // 250}.{number % 250}",
                               near=number % 100, left=left, load=2 if number % 2 == 0 else 0.5)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # Prometheus was stopped in the middle
            self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Prometheus(stage.WithWorld):
    def written(self, directory, *rules, **options):
        """The file of a run, and its exit code."""
        path = directory / "tcp.prom"
        case = stage.Case("", 0, "", **self.world.site(*rules) | {"format": "prometheus", "output": path} | options)
        answer = self.world.run(case)
        self.assertEqual(("", ""), (answer.stdout, answer.stderr))
        return path.read_text(encoding="utf-8"), answer.returncode

    def test_node_exporter_offers_what_was_written(self):
        directory = self.world.scratch / "textfiles"
        directory.mkdir()
        port = stage.free_port()
        daemon = stage.Daemon(self.world.scratch / "exporter.out", EXPORTER, f"--web.listen-address=127.0.0.1:{port}",
                              "--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={directory}")
        self.addCleanup(daemon.stop)
        stage.wait_until(lambda: get(f"http://127.0.0.1:{port}/metrics"), what="node exporter")
        for state, settings in ((0, {"site-six.warning": "100"}), (1, {}), (2, {"site-six.critical": "5"})):
            text, code = self.written(directory, "site-six", "site-process", set=settings | {"site-process.warning": "100"})
            self.assertEqual(state, code)
            seen = samples(get(f"http://127.0.0.1:{port}/metrics"))
            self.assertEqual(0, seen.pop(("node_textfile_scrape_error", ())))
            self.assertEqual(samples(text), seen)
            states = {name: seen["tcpadvisor_rule_state", (("rule", "site-six"), ("state", name), ("topic", "site"))]
                      for name in ("ok", "warning", "critical", "unknown")}
            self.assertEqual([int(code == state) for code in range(4)], list(states.values()))
            self.assertEqual(6, max(value for (name, labels), value in seen.items() if name == "tcpadvisor_destination_connections"
                                    and ("destination", f"[::1]:{self.world.six_port}") in labels))

        [unknown] = [case for case in self.world.cases() if case.name == "unknown"]
        text, code = self.written(directory, rules=unknown.options["rules"])
        self.assertEqual(3, code)
        seen = samples(get(f"http://127.0.0.1:{port}/metrics"))
        self.assertEqual(1, seen["tcpadvisor_verdict", (("state", "unknown"),)])
        self.assertEqual(samples(text), {name: value for name, value in seen.items() if name[0] != "node_textfile_scrape_error"})

    def test_the_shipped_rules(self):
        for arguments in (["check", "rules", SHIPPED / "tcpadvisor-recording.yml", SHIPPED / "tcpadvisor-alerts.yml"],
                          ["test", "rules", SHIPPED / "tcpadvisor-test.yml"]):
            answer = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, check=False)
            self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr)
            self.assertIn("SUCCESS", answer.stdout)

    def start_fleet(self):
        directory = self.world.scratch / "prometheus"
        rules = directory / "rules"
        rules.mkdir(parents=True)
        for name in ("tcpadvisor-recording.yml", "tcpadvisor-alerts.yml"):
            text = (SHIPPED / name).read_text(encoding="utf-8")
            (rules / name).write_text(text.replace("interval: 1m", "interval: 2s"), encoding="utf-8")
        Fleet.real, _ = self.written(directory, "site-six")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Fleet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        targets = [{"targets": [f"127.0.0.1:{server.server_port}"], "labels": {"__metrics_path__": f"/{page}", "instance": name}}
                   for page, name in [("real", "real"), *((number, f"host-{number}") for number in range(HOSTS))]]
        (directory / "targets.json").write_text(json.dumps(targets), encoding="utf-8")
        (directory / "prometheus.yml").write_text(CONFIG.format(rules=rules, targets=directory / "targets.json"), encoding="utf-8")
        port = stage.free_port()
        daemon = stage.Daemon(self.world.scratch / "prometheus.out", PROMETHEUS, f"--config.file={directory}/prometheus.yml",
                              f"--storage.tsdb.path={directory}/data", f"--web.listen-address=127.0.0.1:{port}")
        self.addCleanup(daemon.stop)
        self.addCleanup(shutil.rmtree, directory / "data", ignore_errors=True)
        return f"http://127.0.0.1:{port}/api/v1/query?query="

    def test_a_fleet_is_ranked(self):
        url = self.start_fleet()

        def ask(query):
            return json.loads(get(url + urllib.parse.quote(query)))["data"]["result"]

        def ranking(query, label):
            return [(one["metric"][label], float(one["value"][1])) for one in ask(f"sort({query})")]
        stage.wait_until(lambda: ask("count(tcpadvisor_build_info)")[0]["value"][1] == str(HOSTS + 1), 60, "a scrape of all hosts")
        hosts = [(f"host-{number}", number + 1) for number in range(0, 40, 2)]
        stage.wait_until(lambda: ranking("fleet:tcpadvisor_next_instances:bottomk20", "instance") == hosts, 30, "the hosts, ranked")
        places = [(f"10.9.0.{number}:5432", number + 1) for number in range(0, 40, 2)]
        self.assertEqual(places, ranking("fleet:tcpadvisor_next_destinations:bottomk20", "destination"))
        self.assertEqual([("10.9.0.4:5432", HOSTS / 100)], ranking(
            'destination:tcpadvisor_hosts_exhausting:count{destination="10.9.0.4:5432"}', "destination"))
        old = 'count(instance:tcpadvisor_run_age_seconds > 300 and on (instance) tcpadvisor_build_info{version="0"})'
        stage.wait_until(lambda: ask(old)[0]["value"][1] == str(HOSTS // 10), 30, "the hosts that look no more")
        self.check_dashboard(ask)

    def check_dashboard(self, ask):
        dashboard = json.loads((SHIPPED / "tcpadvisor-dashboard.json").read_text(encoding="utf-8"))
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreater(len(queries), 8)
        for query in queries:
            query = query.replace("$job", ".*").replace("$instance", ".*")
            if "rule_state" in query or "rate(" in query:
                ask(query)  # nothing is wrong, and one scrape is no rate: that it can be parsed must do
            else:
                self.assertTrue(ask(query), query)


stage.main()
