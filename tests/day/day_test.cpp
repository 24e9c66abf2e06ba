// A day in the life of five hosts, looked at every minute as a monitoring system does; then again with an
// incident in it. Prints a table of the alarms, and fails unless a healthy day has none and each incident
// exactly one: seen in time, without a gap, and over soon after its end.
//
//   day_test [--brief] [NAME]    --brief: a third of it, for slow machines
//                                NAME: only the days that have it in their name
#include "tests/day/alarms.h"
#include "tests/day/incidents.h"
#include "tests/day/watch.h"

#include <cstdio>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace {

using namespace day;

constexpr double first_look = moment(1, 0, 17);
constexpr double last_look = moment(25, 0, 0);
constexpr double warm_up = 3600;          // seconds before the first look, for the connections
constexpr double longest_close = 16 * 60; // seconds after the end of an incident
constexpr const char* row = "{:15}  {:47}  {:>4}  {:>6}  {:>5}  {:>6}  {:>6}  {:8}  {}\n";

enum class Length { full, brief };

struct Seen {
    Alarms alarms;
    std::optional<double> harm; // when it came
};

/// Runs a check every minute from `from` to `to`.
Seen watch(HostModel host, const rules::RuleSet& rules, double from, double to, const Incident* incident) {
    Seen seen;
    Watch check(rules);
    Random lateness(7);
    Counted before;
    for (double when = from; when < to; when += minute) {
        while (host.kernel.now < when) {
            host.run_to(host.kernel.now + 1);
            if (incident == nullptr || seen.harm) {
                continue;
            }
            if (host.kernel.now < incident->begin) {
                before = host.kernel.counted;
            } else if (incident->harms(host, before)) {
                seen.harm = host.kernel.now;
            }
        }
        const double late = 0.7 * lateness.unit();
        seen.alarms.add(when + late, check.look(host, late));
    }
    return seen;
}

/// Puts the incident on the timetable of the host.
void put(HostModel& host, const Incident& incident) {
    host.at(incident.begin, [&incident](HostModel& model) {
        if (incident.begins) {
            incident.begins(model);
        }
        if (incident.every_second) {
            model.every_second = [usual = model.every_second, &incident](HostModel& each) {
                usual(each);
                incident.every_second(each);
            };
        }
    });
    host.at(incident.end, [usual = host.every_second, &incident](HostModel& model) {
        model.every_second = usual;
        if (incident.ends) {
            incident.ends(model);
        }
    });
}

std::string clock(double when) {
    const int seconds = static_cast<int>(when) % 86'400;
    return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/// What went wrong, for the reader of a failure.
void print_alarms(const Alarms& alarms) {
    for (const Alarm& alarm : alarms.all()) {
        fmt::print("    {} to {}: {}\n", clock(alarm.begin), clock(alarm.end), alarm.summary);
    }
}

bool healthy_day(const Kind& kind, const rules::RuleSet& rules, Length length) {
    const double to = length == Length::full ? last_look : first_look + 6 * hour;
    const Seen seen = watch(kind.make(first_look - warm_up), rules, first_look, to, nullptr);
    const Alarms& alarms = seen.alarms;
    fmt::print(row, kind.name, "healthy", alarms.runs(), alarms.all().size(), "", "", "",
               findings::name(alarms.worst()), "");
    fmt::print(
        "    at most {:.0f} ESTABLISHED, {:.0f} TIME_WAIT, {:.0f} CLOSE_WAIT, {:.0f} % of the ports, accept "
        "queue {:.0f} %\n",
        alarms.peak("established"), alarms.peak("time_wait"), alarms.peak("close_wait"),
        alarms.peak("ports_used_percent"), alarms.peak("accept_queue_percent"));
    fmt::print("    waited and then said nothing: {}\n",
               alarms.waited().empty() ? "none" : names(alarms.waited()));
    if (!alarms.all().empty()) {
        fmt::print("FAILED  {}, healthy\n", kind.name);
        print_alarms(alarms);
    }
    return alarms.all().empty();
}

bool incident_day(const Incident& incident, const rules::RuleSet& rules, Length length) {
    const double margin = length == Length::full ? 1.5 * hour : longest_close + 3 * minute;
    const double from = first_look + minute * std::floor((incident.begin - margin - first_look) / minute);
    HostModel host = incident.host(from - warm_up);
    put(host, incident);
    const std::string name = host.name();
    const Seen seen = watch(std::move(host), rules, from, incident.end + margin, &incident);
    const auto& all = seen.alarms.all();
    const std::optional<double> after =
        all.empty() || !seen.harm ? std::nullopt : std::optional(all.front().begin - *seen.harm);
    const std::optional<double> closed =
        all.empty() ? std::nullopt : std::optional(all.back().end - incident.end);
    const auto minutes = [](const std::optional<double>& time) {
        return time ? fmt::format("{:+.1f}", *time / minute) : "-";
    };
    fmt::print(row, name, incident.name, seen.alarms.runs(), all.size(), all.empty() ? 0 : all.size() - 1,
               minutes(after), minutes(closed), findings::name(seen.alarms.worst()),
               names(seen.alarms.rules()));
    if (!incident.because.empty()) {
        fmt::print("    may take {:.0f} minutes: {}\n", incident.bound / minute, incident.because);
    }
    const bool good = all.size() == 1 && all.front().begin >= incident.begin && after &&
                      *after <= incident.bound && !seen.alarms.open() && *closed <= longest_close;
    if (!good) {
        fmt::print("FAILED  {}, {}: {} alarms, seen {} (at most {:+.1f}), closed {} (at most {:+.1f})\n",
                   name, incident.name, all.size(), minutes(after), incident.bound / minute, minutes(closed),
                   longest_close / minute);
        print_alarms(seen.alarms);
    }
    return good;
}

} // namespace

int main(int argc, char** argv) {
    const std::string first = argc > 1 ? argv[1] : "";
    const Length length = first == "--brief" ? Length::brief : Length::full;
    const std::string wanted = argc > 2 ? argv[2] : length == Length::brief ? "" : first;
    const Directory directory;
    const rules::RuleSet rules = rules_of_check(options_of_check(directory));
    int passed = 0;
    int failed = 0;
    const auto run = [&](std::string_view name, const auto& day) {
        if (name.find(wanted) != std::string_view::npos) {
            ++(day() ? passed : failed);
            std::fflush(stdout);
        }
    };
    fmt::print(row, "host", "day", "runs", "alarms", "flaps", "seen", "closed", "worst", "rules that spoke");
    for (const Kind& kind : kinds) {
        run(kind.name, [&] { return healthy_day(kind, rules, length); });
    }
    for (const Incident& incident : incidents()) {
        run(incident.name, [&] { return incident_day(incident, rules, length); });
    }
    fmt::print("seen: minutes from the harm to the first alarm; closed: minutes from the end to the last "
               "alarm's end\n"
               "{} passed, {} failed\n",
               passed, failed);
    return failed == 0 ? 0 : 1;
}
