#include "tests/render/reports.h"

namespace test {
namespace {

using findings::Finding;
using findings::Report;
using findings::State;

Finding close_wait_finding() {
    Finding finding;
    finding.rule = "close-wait-leak";
    finding.title = "A program does not close connections that the other end has closed";
    finding.state = State::warning;
    finding.netns = "this namespace";
    finding.subject = {{"owner", "java.service"}, {"uid", "998"}};
    finding.summary = "java.service: 42 connections read to the end but not closed, 42 older than 300 s";
    finding.value = 42;
    finding.unit = "sockets";
    finding.warning = "20";
    finding.critical = "200";
    finding.since = 1772329505;
    finding.evidence = {{"leaked_300s", 42, {}, {}, "sockets", false},
                        {"nofile", 1024, {}, {}, "files", false}};
    finding.why =
        "The other end has closed, this program has read the end of file, and still holds the socket. "
        "Nothing but the program can end CLOSE_WAIT: no sysctl shortens it.";
    finding.remedies = {{"Restart the program to get the descriptors back", "systemctl restart java.service",
                         "", "interrupts the service", ""},
                        {"Then fix the program: close the socket when read() returns 0", "", "", "", ""}};
    finding.see = {"explain:CLOSE_WAIT"};
    return finding;
}

Finding advice() {
    Finding finding;
    finding.rule = "tw-reuse-off";
    finding.title = "Outgoing connections cannot reuse TIME_WAIT ports";
    finding.state = State::info;
    finding.netns = "this namespace";
    finding.subject = {{"sysctl", "net.ipv4.tcp_tw_reuse"}};
    finding.summary = "net.ipv4.tcp_tw_reuse is 0, no destination needs it now";
    finding.value = 0;
    finding.why =
        "With timestamps on both ends a new connection may take over a port in TIME_WAIT after one second.";
    finding.remedies = {{"Let outgoing connections reuse TIME_WAIT ports",
                         "sysctl -w net.ipv4.tcp_tw_reuse=1", "sysctl -w net.ipv4.tcp_tw_reuse=0", "",
                         "ports used: 12 % to 3 %"}};
    finding.myths = {{"net.ipv4.tcp_fin_timeout=15",
                      "It bounds connections in FIN_WAIT2 that no process holds, and TIME_WAIT lasts 60 "
                      "seconds whatever it is",
                      "91.2 % -> 91.2 %, no change"}};
    return finding;
}

Report info_report() {
    Report report = ok_report();
    report.findings = {advice()};
    report.rules[2].state = State::info;
    report.assumed = {"net.ipv4.tcp_fin_timeout=15"};
    return report;
}

Report warning_report() {
    Report report = ok_report();
    report.findings = {close_wait_finding(), advice()};
    report.rules[1].state = State::warning;
    report.rules[2].state = State::info;
    return report;
}

Report critical_report() {
    Report report = warning_report();
    report.namespaces = {"this namespace", "web"};
    report.findings.insert(report.findings.begin(), port_finding());
    report.findings.front().netns = "web";
    report.rules[0].state = State::critical;
    return report;
}

Report unknown_report() {
    Report report = ok_report();
    report.when_ok = "3 rules, the socket table could not be read";
    report.rules[0].state = State::unknown;
    report.rules[0].reason = "the socket table: denied (Permission denied)";
    report.rules[1].state = State::unknown;
    report.rules[1].reason = "the socket table: denied (Permission denied)";
    report.gaps = {{"the socket table", base::Why::denied, "Permission denied"},
                   {"net.netfilter.nf_conntrack_max", base::Why::absent, ""}};
    report.perfdata[0].value.reset();
    report.perfdata[1].value.reset();
    return report;
}

Report broken_report(Report report) {
    report.broken_files = {
        "/etc/tcpadvisor/rules.d/local.toml:12:9: unknown fact 'fre', did you mean 'free'?",
        "/etc/tcpadvisor/tcpadvisor.toml:3:1: unknown key 'warnin'"};
    return report;
}

Report hostile_report() {
    Report report = warning_report();
    Finding& finding = report.findings.front();
    finding.subject = {{"owner", hostile_text()}};
    finding.summary = hostile_text() + ": 42 connections not closed";
    finding.why = hostile_text();
    finding.evidence = {{"owner", {}, hostile_text(), {}, "", false}};
    finding.remedies = {{hostile_text(), hostile_text(), hostile_text(), hostile_text(), hostile_text()}};
    finding.myths = {{hostile_text(), hostile_text(), hostile_text()}};
    finding.netns = hostile_text();
    report.namespaces.push_back(hostile_text());
    report.host = hostile_text();
    report.kernel = hostile_text();
    report.gaps = {{hostile_text(), base::Why::failed, hostile_text()}};
    report.rules[3].reason = hostile_text();
    report.broken_files = {hostile_text()};
    return report;
}

Report long_report() {
    Report report = critical_report();
    std::string name;
    for (int i = 0; i < 300; ++i) {
        name += "\u00e9\u20ac"; // no cut may fall inside a character
    }
    report.findings.front().summary = name + " is long";
    report.findings.front().subject = {{"remote", name}};
    report.broken_files = {"/etc/" + name};
    return report;
}

Report many_report() {
    Report report = critical_report();
    const Finding first = report.findings.front();
    report.findings.clear();
    for (int i = 0; i < 100; ++i) {
        report.findings.push_back(first);
        report.findings.back().summary = "192.0.2." + std::to_string(i) +
                                         ":443: 47 of 1000 ports free, 940 held by "
                                         "TIME_WAIT, and a sentence that is long enough to fill the space";
    }
    report.rules[1].state = State::unknown;
    report.rules[1].reason = "tcp_info: denied (Operation not permitted)";
    return report;
}

/// As much performance data as 16 labels with long values and ranges can make.
Report long_perfdata_report() {
    Report report = critical_report();
    for (findings::Perfdatum& datum : report.perfdata) {
        datum.value = 1234567890123.456;
        datum.warning = "100000000";
        datum.critical = "200000000";
        datum.low = 0;
    }
    return report;
}

} // namespace

std::vector<findings::Perfdatum> usual_perfdata() {
    return {{"ports_used_percent", 95.25, "%", "70", "0:90", 0, 100},
            {"ports_load_percent", 120.5, "%", "70", "100", 0, {}},
            {"established", 412, "", "", "", 0, {}},
            {"time_wait", 940, "", "", "", 0, {}},
            {"close_wait", 42, "", "", "", 0, {}},
            {"close_wait_leaked", 42, "", "20", "200", 0, {}},
            {"syn_sent", 0, "", "", "", 0, {}},
            {"syn_recv", 0, "", "", "", 0, {}},
            {"fin_wait", 3, "", "", "", 0, {}},
            {"orphans", 0, "", "", "", 0, {}},
            {"accept_queue_percent", 12.5, "%", "", "", 0, {}},
            {"tcp_memory_percent", 1.125, "%", "", "", 0, {}},
            {"conntrack_percent", {}, "%", "75", "90", 0, 100},
            {"listen_overflows", 7, "c", "", "", 0, {}},
            {"time_wait_overflows", 0, "c", "", "", 0, {}},
            {"rules_alerting", 2, "", "", "", 0, {}}};
}

Report ok_report() {
    Report report;
    report.version = "0.1.0";
    report.host = "db1";
    report.kernel = "6.1.0-18-amd64";
    report.time = 1772330405;
    report.namespaces = {"this namespace"};
    report.rules = {{"ephemeral-port-exhaustion", State::ok, "", 12},
                    {"close-wait-leak", State::ok, "", 3},
                    {"tw-reuse-off", State::ok, "", 1},
                    {"conntrack-pressure", {}, "nf_conntrack is not loaded", 0}};
    report.perfdata = usual_perfdata();
    report.when_ok = "1397 connections to 12 destinations, busiest 192.0.2.7:443 with 12 % of its ports";
    return report;
}

Report drop_in_report() {
    Report report = critical_report();
    findings::DropIn plan;
    plan.lines = {
        {{"net.ipv4.tcp_tw_reuse", "1", "2"},
         {"[CRITICAL] ephemeral-port-exhaustion: 192.0.2.7:443: 90 of 1000 ports free, 880 held by TIME_WAIT",
          "[INFO] tw-reuse-off: net.ipv4.tcp_tw_reuse is 2, no destination needs it now"},
         "Let connect() take ports in TIME_WAIT again after one second",
         "91 % -> 3 %, CRITICAL -> OK (inferred)",
         "Low: timestamps keep old segments apart",
         {}},
        {{"net.ipv4.ip_local_port_range", "16384 60999", "40000 40999"},
         {"[WARNING] port-range-narrow: 1000 ephemeral ports, 40000 to 40999, where the default has 28232"},
         "Give the range its default size back",
         "1000 -> 44616, WARNING -> OK",
         "A service that listens inside the range may fail to start",
         {"One value for 32768 60999 and 16384 50000",
          "/etc/sysctl.d/99-x.conf:3 sets 40000 40999 and is read later: change it there, or the next boot "
          "undoes this line"}}};
    plan.left_out = {"net.ipv4.tcp_fin_timeout = 30, for fin-wait2-pileup: would change nothing"};
    plan.remaining = {
        "[WARNING] close-wait-leak: java.service: 42 connections read to the end but not closed"};
    plan.settled = 3;
    report.drop_in = plan;
    return report;
}

Report overrides_report() {
    using Kind = findings::OverrideNote::Kind;
    Report report = warning_report();
    report.rules[0].overrides = {{Kind::ignored, "remote 10.0.0.0/8:443,8443", "ignored",
                                  "batch hosts, they retry by themselves", "2027-01-31",
                                  "/etc/tcpadvisor/tcpadvisor.toml:7", State::critical,
                                  "source 10.0.0.1, remote 10.1.2.3:443", 3},
                                 {Kind::expired, "remote 192.0.2.7:5432", "ignored", hostile_text(),
                                  "2026-01-31", "/etc/tcpadvisor/tcpadvisor.toml:14", State::ok, "", 0}};
    report.rules[1].overrides = {
        {Kind::eased, "owner java *, namespace web-*", "judged by warning 100, critical 500", "ticket 4711",
         "", "/etc/tcpadvisor/tcpadvisor.toml:21", State::warning, "owner java (pid 4711)", 1}};
    return report;
}

Finding port_finding() {
    Finding finding;
    finding.rule = "ephemeral-port-exhaustion";
    finding.title = "Outgoing connections to one destination are running out of local ports";
    finding.state = State::critical;
    finding.netns = "this namespace";
    finding.subject = {{"source", "192.0.2.1"}, {"remote", "192.0.2.7:443"}};
    finding.summary = "192.0.2.7:443: 47 of 1000 ports free, 940 held by TIME_WAIT";
    finding.value = 95.3;
    finding.unit = "%";
    finding.warning = "70";
    finding.critical = "90";
    finding.inferred = true;
    finding.evidence = {{"free", 47, {}, {}, "ports", true},
                        {"usable", 1000, {}, {}, "ports", false},
                        {"reuse_applies", {}, {}, false, "", false},
                        {"exhausted_in", {}, {}, {}, "s", false}};
    finding.why =
        "A connection needs a local port that no other connection to the same address and port holds.\n\n"
        "When none is free, connect() fails with EADDRNOTAVAIL; long before that it becomes slow, because "
        "the kernel searches for a free port.";
    finding.remedies = {
        {"Reuse connections: keep-alive or a pool on the client", "", "", "", ""},
        {"Let outgoing connections reuse TIME_WAIT ports", "sysctl -w net.ipv4.tcp_tw_reuse=1",
         "sysctl -w net.ipv4.tcp_tw_reuse=2",
         "the other end must use timestamps too, behind some NAT it does not", "ports used: 95 % to 11 %"},
        {"Widen the range of local ports", "sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"",
         "sysctl -w net.ipv4.ip_local_port_range=\"40000 40999\"", "", ""}};
    finding.see = {"ip(7)", "explain:TIME_WAIT"};
    return finding;
}

std::string hostile_text() {
    return "ev\nil|x=1;2\r\x1b[31m`id`$(id)&<b>'q'\"\xff\xc3 \xe2\x80\xae"
           "gnp\xc2\x9b"
           "1m ~h";
}

namespace {

Finding line_finding(const char* rule, State state, std::vector<findings::FileLine> lines) {
    Finding finding;
    finding.rule = rule;
    finding.title = "A title of the rule";
    finding.state = state;
    finding.netns = "roles";
    finding.summary = std::string("what is wrong, by ") + rule;
    finding.why = "Why it hurts.";
    finding.lines = std::move(lines);
    return finding;
}

Report files_report() {
    Report report;
    report.version = "0.1.0";
    report.kernel = "5.14";
    report.namespaces = {"roles"};
    report.of_files = true;
    report.again = "tcpadvisor audit --files roles --kernel 5.14";
    report.when_ok = "18 rules find nothing wrong with the configuration";
    report.notes = {"7 rules need a running host and were not judged"};
    report.remarks = {"what no line sets is taken as Linux 5.14 begins with it"};
    report.findings = {
        line_finding(
            "fin-timeout-misused", State::warning,
            {{"roles/a b.conf", 3, "net.ipv4.tcp_fin_timeout = 3", "net.ipv4.tcp_fin_timeout = 60"}}),
        line_finding("sysctl-no-assignment", State::info,
                     {{"./x.conf", 1, "a note", "# a note"}, {"./x.conf", 9, hostile_text(), ""}}),
        line_finding("somaxconn-low", State::info, {{"/etc/x.conf", 0, "", "net.core.somaxconn = 4096"}}),
        line_finding("sysctl-drift", State::critical, {})};
    for (const Finding& finding : report.findings) {
        report.rules.push_back({finding.rule, finding.state, "", 1});
    }
    findings::sort_findings(report);
    return report;
}

} // namespace

std::vector<ReportCase> report_cases() {
    return {{"ok", ok_report()},
            {"info", info_report()},
            {"warning", warning_report()},
            {"critical", critical_report()},
            {"unknown", unknown_report()},
            {"broken", broken_report(ok_report())},
            {"broken-critical", broken_report(critical_report())},
            {"hostile", hostile_report()},
            {"long", long_report()},
            {"many", many_report()},
            {"long-perfdata", long_perfdata_report()},
            {"empty", Report{}},
            {"overrides", overrides_report()},
            {"files", files_report()}};
}

} // namespace test
