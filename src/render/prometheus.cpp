// The text format of Prometheus, version 0.0.4, as node exporter reads files of it: one block a metric, no
// time stamps, none of OpenMetrics' types.
#include "base/number.h"
#include "base/text.h"
#include "render/formats.h"
#include "render/words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace render {

namespace {

using facts::Destination;
using facts::NetnsPicture;
using findings::Report;

enum class MetricType { gauge, counter };

/// Names and values, in order of output. Foreign text is made printable here; an empty value leaves its label
/// out.
using Labels = std::vector<std::pair<std::string_view, std::string>>;

/// One metric with its series. Of two samples with the same labels the first one stays, because a file with
/// both is ambiguous.
class Metric {
  public:
    Metric(std::string_view name, MetricType type, std::string_view help);

    /// No value, no line: missing is not zero. Infinity is a value.
    void add(const Labels& labels, std::optional<double> value);

    /// Nothing at all for a metric without samples.
    void write(std::ostream& out) const;

  private:
    std::string_view name_;
    MetricType type_;
    std::string_view help_;
    std::vector<std::string> lines_;
    std::set<std::string> series_;
};

constexpr int metric_decimals = 6;

std::string escaped_value(std::string_view text) {
    std::string safe;
    for (const char c : safe_line(text)) {
        safe += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    }
    return safe;
}

std::string labels_text(const Labels& labels) {
    std::string text;
    for (const auto& [name, value] : labels) {
        if (!value.empty()) {
            text += fmt::format(R"({}{}="{}")", text.empty() ? "" : ",", name, escaped_value(value));
        }
    }
    return text.empty() ? text : '{' + text + '}';
}

std::string number_text(double value) {
    if (std::isinf(value)) {
        return value > 0 ? "+Inf" : "-Inf";
    }
    return base::to_text(value, metric_decimals);
}

Metric::Metric(std::string_view name, MetricType type, std::string_view help)
    : name_(name), type_(type), help_(help) {}

void Metric::add(const Labels& labels, std::optional<double> value) {
    if (!value || std::isnan(*value)) {
        return;
    }
    const std::string series = labels_text(labels);
    if (series_.insert(series).second) {
        lines_.push_back(fmt::format("{}{} {}", name_, series, number_text(*value)));
    }
}

void Metric::write(std::ostream& out) const {
    if (lines_.empty()) {
        return;
    }
    out << fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help_, name_,
                       type_ == MetricType::counter ? "counter" : "gauge");
    for (const std::string& line : lines_) {
        out << line << '\n';
    }
}

// Metrics by Prometheus' conventions: base units, shares from 0 to 1, "_total" only on counters. The number
// of series is bounded: the picture holds the busiest destinations, owners and queues of each namespace. The
// label is "netns" because "namespace" is Kubernetes' own, and what node exporter has already is left to it.

constexpr auto gauge = MetricType::gauge;
constexpr auto counter = MetricType::counter;

/// A label of the performance data that is a number of the whole report.
struct Figure {
    std::string_view label;
    std::string_view metric;
    MetricType type;
    double scale; // percents become shares
    std::string_view help;
};

constexpr auto figures = std::to_array<Figure>({
    {"ports_used_percent", "tcpadvisor_ports_used_ratio", gauge, 0.01,
     "Share of the local ports in use towards the destination that has fewest left."},
    {"ports_load_percent", "tcpadvisor_ports_load_ratio", gauge, 0.01,
     "Highest rate of new connections to a destination, as a share of the rate that its ports can bear for "
     "ever."},
    {"close_wait_leaked", "tcpadvisor_close_wait_leaked", gauge, 1,
     "CLOSE_WAIT sockets whose end of file was read, older than 60 s."},
    {"orphans", "tcpadvisor_orphans", gauge, 1, "TCP sockets that no process holds any more."},
    {"accept_queue_percent", "tcpadvisor_accept_queue_ratio", gauge, 0.01,
     "Fullest accept queue as a share of its backlog."},
    {"tcp_memory_percent", "tcpadvisor_tcp_memory_ratio", gauge, 0.01, "TCP memory as a share of its limit."},
    {"conntrack_percent", "tcpadvisor_conntrack_ratio", gauge, 0.01,
     "Conntrack entries as a share of their limit."},
    {"listen_overflows", "tcpadvisor_listen_overflows_total", counter, 1,
     "Connections refused by a full accept queue."},
    {"time_wait_overflows", "tcpadvisor_time_wait_overflows_total", counter, 1,
     "TIME_WAIT sockets not made because of tcp_max_tw_buckets."},
    {"rules_alerting", "tcpadvisor_rules_alerting", gauge, 1, "Rules in WARNING or CRITICAL."},
});

void write_one(std::ostream& out, std::string_view name, std::string_view help, std::optional<double> value,
               const Labels& labels = {}) {
    Metric metric(name, gauge, help);
    metric.add(labels, value);
    metric.write(out);
}

/// A series for each state, by exit code: as one number UNKNOWN would hide CRITICAL in a maximum.
void add_state(Metric& metric, const Labels& labels, findings::State state) {
    constexpr std::array<const char*, 4> names = {"ok", "warning", "critical", "unknown"};
    const auto exit_code = static_cast<std::size_t>(findings::exit_code(state));
    for (std::size_t code = 0; code < names.size(); ++code) {
        Labels of_state = labels;
        of_state.emplace_back("state", names[code]);
        metric.add(of_state, code == exit_code ? 1 : 0);
    }
}

void write_run(const Report& report, std::ostream& out) {
    write_one(out, "tcpadvisor_build_info", "The program that wrote this file.", 1,
              {{"version", report.version.empty() ? "unknown" : report.version}});
    write_one(out, "tcpadvisor_last_run_timestamp_seconds", "When the host was looked at.", report.time);
    Metric verdict("tcpadvisor_verdict", gauge, "1 for the worst state of all rules, 0 for the others.");
    add_state(verdict, {}, report.worst());
    verdict.write(out);
    write_one(out, "tcpadvisor_broken_files", "Files of rules and settings that could not be used.",
              static_cast<double>(report.broken_files.size()));
    write_one(
        out, "tcpadvisor_gaps", "What this run could not read.",
        static_cast<double>(std::count_if(report.gaps.begin(), report.gaps.end(), [](const base::Gap& gap) {
            return gap.why != base::Why::absent;
        })));
}

void write_rules(const Report& report, std::ostream& out) {
    Metric state("tcpadvisor_rule_state", gauge,
                 "1 for the state that a rule is in, 0 for the others. A skipped rule has none.");
    Metric subjects("tcpadvisor_rule_findings", gauge, "Subjects of a rule that are in WARNING or CRITICAL.");
    for (const findings::RuleOutcome& rule : report.rules) {
        if (!rule.state) {
            continue;
        }
        const Labels labels = {{"rule", rule.id}, {"topic", rule.topic}};
        add_state(state, labels, *rule.state);
        subjects.add(labels, static_cast<double>(std::count_if(
                                 report.findings.begin(), report.findings.end(), [&](const auto& finding) {
                                     return finding.rule == rule.id &&
                                            finding.state > findings::State::unknown;
                                 })));
    }
    state.write(out);
    subjects.write(out);
}

void write_figures(const Report& report, std::ostream& out) {
    for (const Figure& figure : figures) {
        const auto datum = std::find_if(
            report.perfdata.begin(), report.perfdata.end(),
            [&](const findings::Perfdatum& candidate) { return candidate.label == figure.label; });
        if (datum != report.perfdata.end() && datum->value) {
            Metric metric(figure.metric, figure.type, figure.help);
            metric.add({}, *datum->value * figure.scale);
            metric.write(out);
        }
    }
}

bool is_idle(const NetnsPicture& netns) {
    const auto& states = netns.states.states;
    return !netns.states.unknown && std::all_of(states.begin(), states.end(), [](const auto& state) {
        return state.ipv4.value_or(0) == 0 && state.ipv6.value_or(0) == 0;
    });
}

/// Beside others a namespace without sockets has no series: hosts have hundreds of those.
void write_sockets(const facts::Picture& picture, std::ostream& out) {
    Metric sockets("tcpadvisor_sockets", gauge, "Sockets by state, as netstat counts them.");
    const auto add = [&](const std::string& netns, std::string_view state, const char* family,
                         std::optional<std::uint64_t> count) {
        if (count) {
            sockets.add({{"netns", netns}, {"state", base::lower_ascii(state)}, {"family", family}},
                        static_cast<double>(*count));
        }
    };
    for (const NetnsPicture& netns : picture.namespaces) {
        if (picture.namespaces.size() > 1 && is_idle(netns)) {
            continue;
        }
        for (const facts::StateCount& state : known_states(netns.states)) {
            add(netns.states.label, state.name, "ipv4", state.ipv4);
            add(netns.states.label, state.name, "ipv6", state.ipv6);
        }
    }
    sockets.write(out);
}

/// One number of a destination; none if it is not known.
struct Measure {
    std::string_view metric;
    std::string_view help;
    std::optional<double> (*value)(const Destination&);
};

std::optional<double> timed(const Destination& destination, double value) {
    return destination.no_timers ? std::nullopt : std::optional(value);
}

constexpr auto measures = std::to_array<Measure>({
    {"tcpadvisor_destination_connections", "Connections to a destination, in any state.",
     [](const Destination& d) { return std::optional<double>(d.connections); }},
    {"tcpadvisor_destination_ports_usable", "Local ports that could be used towards a destination.",
     [](const Destination& d) { return std::optional<double>(d.usable); }},
    {"tcpadvisor_destination_ports_free", "Local ports that are left towards a destination.",
     [](const Destination& d) { return std::optional<double>(d.free); }},
    {"tcpadvisor_destination_used_ratio", "Share of the usable local ports that is not free.",
     [](const Destination& d) { return std::optional<double>(d.used_percent / 100); }},
    {"tcpadvisor_destination_connects_per_second",
     "Rate of new connections that ended in TIME_WAIT, over 60 s.",
     [](const Destination& d) { return timed(d, d.entries_60s); }},
    {"tcpadvisor_destination_load_ratio",
     "Rate of new connections as a share of the rate that the ports can bear for ever.",
     [](const Destination& d) { return timed(d, d.load_percent / 100); }},
    {"tcpadvisor_destination_exhausted_in_seconds",
     "When the ports run out at the present rate; +Inf if that rate can last for ever.",
     [](const Destination& d) {
         return timed(d, d.exhausted_in.value_or(std::numeric_limits<double>::infinity()));
     }},
});

std::string end_point_of(const Destination& destination) {
    const bool six = destination.remote.find(':') != std::string::npos;
    return fmt::format("{}{}{}:{}", six ? "[" : "", destination.remote, six ? "]" : "",
                       destination.remote_port);
}

void write_destinations(const facts::Picture& picture, std::ostream& out) {
    for (const Measure& measure : measures) {
        Metric metric(measure.metric, gauge, measure.help);
        for (const NetnsPicture& netns : picture.namespaces) {
            if (netns.ports.unknown) {
                continue;
            }
            for (const Destination& destination : netns.ports.destinations) {
                metric.add({{"netns", netns.ports.label},
                            {"source", destination.local.value_or("")},
                            {"destination", end_point_of(destination)},
                            {"device", destination.device == 0 ? "" : std::to_string(destination.device)}},
                           measure.value(destination));
            }
        }
        metric.write(out);
    }
}

/// Several end points may belong to one name.
void write_close_wait(const facts::Picture& picture, std::ostream& out) {
    Metric metric(
        "tcpadvisor_close_wait", gauge,
        "CLOSE_WAIT sockets by owner and kind: the end of file read, not read, the connection never "
        "accepted, or legitimately half closed.");
    for (const NetnsPicture& netns : picture.namespaces) {
        std::map<std::pair<std::string, std::string_view>, double> counts;
        for (const facts::WaitingOwner& owner : netns.close_wait) {
            counts[{owner.owner, "leaked"}] += owner.leaked;
            counts[{owner.owner, "unread"}] += owner.unread;
            counts[{owner.owner, "unaccepted"}] += owner.unaccepted;
            counts[{owner.owner, "half_closed"}] += owner.half_closed;
        }
        for (const auto& [key, count] : counts) {
            metric.add(
                {{"netns", netns.states.label}, {"owner", key.first}, {"kind", std::string(key.second)}},
                count);
        }
    }
    metric.write(out);
}

/// Sockets that share an address and port are one listener here; the longest queue comes first and stays.
void write_queues(const facts::Picture& picture, std::ostream& out) {
    Metric waiting("tcpadvisor_accept_queue", gauge,
                   "Connections that wait for accept(), of listeners where any does.");
    Metric limit("tcpadvisor_accept_queue_limit", gauge, "How many may wait there.");
    for (const NetnsPicture& netns : picture.namespaces) {
        for (const facts::ListenerQueue& queue : netns.queues) {
            const Labels labels = {{"netns", netns.states.label}, {"listener", queue.listener}};
            waiting.add(labels, queue.queue);
            limit.add(labels, queue.limit ? std::optional<double>(*queue.limit) : std::nullopt);
        }
    }
    waiting.write(out);
    limit.write(out);
}

} // namespace

void report_prometheus(const Report& report, const facts::Picture* picture, const Style&, std::ostream& out) {
    write_run(report, out);
    write_rules(report, out);
    write_figures(report, out);
    if (picture != nullptr) {
        write_sockets(*picture, out);
        write_destinations(*picture, out);
        write_close_wait(*picture, out);
        write_queues(*picture, out);
    }
}

} // namespace render
