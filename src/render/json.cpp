#include "render/json.h"

#include "base/text.h"
#include "render/formats.h"
#include "render/json_parts.h"
#include "render/report_words.h"
#include "render/words.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>

namespace render {

/// {"schema": 1}: what every answer begins with.
Json json_answer() {
    Json answer = Json::object();
    answer["schema"] = 1;
    return answer;
}

/// Null for an empty text.
Json json_text(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

/// {"name", "kernel", "time"}; the time as RFC 3339 in UTC.
Json json_host(const std::string& name, const std::string& kernel, double time) {
    Json host = Json::object();
    host["name"] = json_text(name);
    host["kernel"] = json_text(kernel);
    const auto text = rfc3339(time);
    host["time"] = text ? Json(*text) : Json();
    return host;
}

/// Integers without a fraction; null for none and for what is not finite.
Json json_number(std::optional<double> value) {
    constexpr double exact_integers = 9007199254740992.0; // 2^53
    if (!value || !std::isfinite(*value)) {
        return {};
    }
    if (std::trunc(*value) == *value && std::abs(*value) <= exact_integers) {
        return static_cast<std::int64_t>(*value);
    }
    constexpr double places = 1e6; // what lies behind is noise of binary fractions
    return std::abs(*value) < exact_integers / places ? std::round(*value * places) / places : *value;
}

/// [{"what", "why", "detail"}].
Json json_gaps(const std::vector<base::Gap>& gaps) {
    Json list = Json::array();
    for (const base::Gap& gap : gaps) {
        Json item = Json::object();
        item["what"] = gap.what;
        item["why"] = base::name(gap.why);
        item["detail"] = json_text(gap.detail);
        list.push_back(std::move(item));
    }
    return list;
}

/// Indented, with a newline; invalid UTF-8 becomes U+FFFD.
void write_json(const Json& json, std::ostream& out) {
    out << base::json_printable(json.dump(2, ' ', false, Json::error_handler_t::replace)) << '\n';
}

namespace {

using facts::NetnsPicture;
using facts::StateCount;

Json count_json(std::optional<std::uint64_t> count) {
    return count ? Json(*count) : Json();
}

/// Adds "states", "families" and "sockstat".
void add_counts(Json& json, const std::vector<StateCount>& states, const facts::Sockstat& sockstat) {
    Json both = Json::object();
    Json ipv4 = Json::object();
    Json ipv6 = Json::object();
    for (const StateCount& state : states) {
        const std::string name(state.name);
        both[name] = count_json(sum(state.ipv4, state.ipv6));
        ipv4[name] = count_json(state.ipv4);
        ipv6[name] = count_json(state.ipv6);
    }
    json["states"] = std::move(both);
    json["families"] = Json::object();
    json["families"]["ipv4"] = std::move(ipv4);
    json["families"]["ipv6"] = std::move(ipv6);
    Json& summary = json["sockstat"] = Json::object();
    summary["in_use"] = count_json(sockstat.in_use);
    summary["in_use6"] = count_json(sockstat.in_use6);
    summary["orphan"] = count_json(sockstat.orphan);
    summary["time_wait"] = count_json(sockstat.time_wait);
    summary["allocated"] = count_json(sockstat.allocated);
    summary["memory"] = count_json(sockstat.memory);
}

/// What `ss -s` prints, by its names; null where nothing is known of it.
Json summary_json(const facts::NetnsStates& netns) {
    const facts::SocketSummary& summary = netns.summary;
    if (summary.transports.empty()) {
        return nullptr;
    }
    const auto number = [](const auto& value) { return value ? Json(*value) : Json(); };
    Json item = Json::object();
    item["total"] = number(summary.total);
    Json& tcp = item["tcp"] = Json::object();
    tcp["total"] = number(summary.tcp);
    tcp["estab"] = number(summary.established);
    tcp["closed"] = number(summary.closed);
    tcp["orphaned"] = number(netns.sockstat.orphan);
    tcp["timewait"] = number(netns.sockstat.time_wait);
    for (const facts::SocketSummary::Transport& transport : summary.transports) {
        Json& row = item["transports"][std::string(transport.name)] = Json::object();
        row["total"] = number(sum(transport.ip, transport.ipv6));
        row["ip"] = number(transport.ip);
        row["ipv6"] = number(transport.ipv6);
    }
    return item;
}

/// What was counted of a table that is not whole; null for one that is.
Json at_least_json(const facts::NetnsStates& netns) {
    const bool one_family =
        std::any_of(netns.states.begin(), netns.states.end(),
                    [](const StateCount& state) { return state.named > 0 || (state.ipv4 && !state.ipv6); });
    if (netns.unknown ? !is_lower_bound(netns) : !one_family) {
        return nullptr;
    }
    Json counts = Json::object();
    for (const StateCount& state : netns.states) {
        counts[std::string(state.name)] = at_least(state);
    }
    return counts;
}

Json ages_json(const NetnsPicture& picture) {
    Json list = Json::array();
    for (std::size_t bin = 0; bin < picture.time_wait_ages.size(); ++bin) {
        Json item = Json::object();
        item["from_seconds"] = bin * facts::age_bin_seconds;
        item["sockets"] = picture.time_wait_ages[bin];
        list.push_back(std::move(item));
    }
    return list;
}

Json owner_json(const facts::WaitingOwner& owner) {
    Json item = Json::object();
    item["owner"] = owner.owner;
    item["process"] = json_text(owner.process);
    item["end_point"] = owner.end_point;
    item["total"] = owner.total;
    item["leaked"] = owner.leaked;
    item["unread"] = owner.unread;
    item["unaccepted"] = owner.unaccepted;
    item["half_closed"] = owner.half_closed;
    Json& ages = item["at_least"] = Json::array();
    for (std::size_t step = 0; step < facts::waiting_steps_s.size(); ++step) {
        Json age = Json::object();
        age["seconds"] = facts::waiting_steps_s[step];
        age["sockets"] = owner.older ? Json((*owner.older)[step]) : Json();
        ages.push_back(std::move(age));
    }
    item["oldest_seconds"] = json_number(owner.oldest);
    return item;
}

Json queue_json(const facts::ListenerQueue& queue) {
    Json item = Json::object();
    item["listener"] = queue.listener;
    item["holder"] = json_text(queue.holder);
    item["waiting"] = queue.queue;
    item["backlog"] = queue.limit ? Json(*queue.limit) : Json();
    item["established"] = queue.established;
    item["syn_recv"] = queue.syn_recv;
    return item;
}

Json netns_json(const NetnsPicture& picture) {
    Json item = Json::object();
    item["namespace"] = picture.states.label;
    item["id"] = picture.states.id;
    add_counts(item, known_states(picture.states), picture.states.sockstat);
    item["destinations"] = destinations_json(picture.ports);
    item["time_wait_ages"] = ages_json(picture);
    Json& owners = item["close_wait"] = Json::array();
    for (const facts::WaitingOwner& owner : picture.close_wait) {
        owners.push_back(owner_json(owner));
    }
    Json& queues = item["accept_queues"] = Json::array();
    for (const facts::ListenerQueue& queue : picture.queues) {
        queues.push_back(queue_json(queue));
    }
    item["listeners"] = picture.listeners;
    return item;
}

/// [{"namespace", "id", ...}], one for each namespace.
Json picture_json(const facts::Picture& picture) {
    Json list = Json::array();
    for (const NetnsPicture& netns : picture.namespaces) {
        list.push_back(netns_json(netns));
    }
    return list;
}

Json evidence_json(const findings::Finding& finding) {
    Json all = Json::object();
    for (const findings::Evidence& evidence : finding.evidence) {
        Json item = Json::object();
        if (evidence.text) {
            item["value"] = *evidence.text;
        } else if (evidence.truth) {
            item["value"] = *evidence.truth;
        } else {
            item["value"] = json_number(evidence.number);
        }
        item["unit"] = evidence.unit;
        const bool known = !item["value"].is_null();
        item["confidence"] = known ? Json(evidence.inferred ? "inferred" : "measured") : Json();
        all[evidence.name] = std::move(item);
    }
    return all;
}

Json remedies_json(const findings::Finding& finding) {
    Json list = Json::array();
    for (const findings::Remedy& remedy : finding.remedies) {
        Json item = Json::object();
        item["text"] = remedy.text;
        item["command"] = json_text(remedy.command);
        item["undo"] = json_text(remedy.undo);
        item["outside"] = json_text(remedy.outside);
        item["on_node"] = json_text(remedy.on_node);
        item["risk"] = json_text(remedy.risk);
        item["effect"] = json_text(remedy.effect);
        list.push_back(std::move(item));
    }
    return list;
}

Json myths_json(const findings::Finding& finding) {
    Json list = Json::array();
    for (const findings::Myth& myth : finding.myths) {
        Json item = Json::object();
        item["change"] = myth.change;
        item["text"] = myth.text;
        item["effect"] = json_text(myth.effect);
        list.push_back(std::move(item));
    }
    return list;
}

Json lines_json(const findings::Finding& finding) {
    Json list = Json::array();
    for (const findings::FileLine& line : finding.lines) {
        Json item = Json::object();
        item["file"] = line.file;
        item["line"] = line.line > 0 ? Json(line.line) : Json();
        item["text"] = json_text(line.text);
        item["corrected"] = json_text(line.corrected);
        list.push_back(std::move(item));
    }
    return list;
}

Json finding_json(const findings::Report& report, const findings::Finding& finding) {
    Json item = Json::object();
    item["rule"] = finding.rule;
    item["state"] = findings::name(finding.state);
    item["namespace"] = finding.netns;
    item["subject"] = Json::object();
    for (const auto& [column, value] : finding.subject) {
        item["subject"][column] = value;
    }
    item["summary"] = finding.summary;
    item["impact"] = json_text(finding.impact);
    item["explained_by"] = finding.explained_by ? Json(report.findings[*finding.explained_by].rule) : Json();
    item["value"] = json_number(finding.value);
    item["unit"] = finding.unit;
    item["warning"] = json_text(finding.warning);
    item["critical"] = json_text(finding.critical);
    item["confidence"] = finding.inferred ? "inferred" : "measured";
    const auto since = finding.since ? rfc3339(*finding.since) : std::nullopt;
    item["since"] = since ? Json(*since) : Json();
    item["evidence"] = evidence_json(finding);
    item["why"] = finding.why;
    item["remedies"] = remedies_json(finding);
    item["myths"] = myths_json(finding);
    item["lines"] = lines_json(finding);
    return item;
}

Json findings_json(const findings::Report& report) {
    Json list = Json::array();
    for (const findings::Finding& finding : report.findings) {
        list.push_back(finding_json(report, finding));
    }
    return list;
}

std::string_view kind_name(findings::OverrideNote::Kind kind) {
    using Kind = findings::OverrideNote::Kind;
    return kind == Kind::ignored ? "ignored" : kind == Kind::eased ? "eased" : "expired";
}

Json overrides_json(const findings::RuleOutcome& rule) {
    Json list = Json::array();
    for (const findings::OverrideNote& note : rule.overrides) {
        Json item = Json::object();
        item["kind"] = kind_name(note.kind);
        item["subject"] = note.subject;
        item["effect"] = note.effect;
        item["reason"] = note.reason;
        item["expires"] = json_text(note.expires);
        item["origin"] = note.origin;
        item["hidden"] = note.subjects > 0 ? Json(findings::name(note.hidden)) : Json();
        item["example"] = json_text(note.example);
        item["subjects"] = note.subjects;
        list.push_back(std::move(item));
    }
    return list;
}

Json rules_json(const findings::Report& report) {
    Json list = Json::array();
    for (const findings::RuleOutcome& rule : report.rules) {
        Json item = Json::object();
        item["id"] = rule.id;
        item["state"] = rule.state ? findings::name(*rule.state) : "SKIPPED";
        item["reason"] = json_text(rule.reason);
        item["waiting"] = rule.waiting;
        item["numbers"] = json_text(rule.numbers);
        item["overrides"] = overrides_json(rule);
        list.push_back(std::move(item));
    }
    return list;
}

Json perfdata_json(const findings::Report& report) {
    Json list = Json::array();
    for (const findings::Perfdatum& datum : report.perfdata) {
        Json item = Json::object();
        item["label"] = datum.label;
        item["value"] = json_number(datum.value);
        item["unit"] = datum.unit;
        item["warning"] = json_text(datum.warning);
        item["critical"] = json_text(datum.critical);
        item["min"] = json_number(datum.low);
        item["max"] = json_number(datum.high);
        list.push_back(std::move(item));
    }
    return list;
}

/// A broken file hides rules, as an unreadable file of the kernel hides facts.
std::vector<base::Gap> gaps_of(const findings::Report& report) {
    std::vector<base::Gap> gaps = report.gaps;
    for (const std::string& file : report.broken_files) {
        gaps.push_back({"a rules or settings file", base::Why::failed, file});
    }
    return gaps;
}

std::vector<std::string> notes_of(const findings::Report& report) {
    std::vector<std::string> notes = report.notes;
    if (!report.scope.empty()) {
        notes.push_back(report.scope);
    }
    std::ranges::move(notices_and_remarks(report), std::back_inserter(notes));
    return notes;
}

} // namespace

std::string json_quoted(std::string_view text) {
    return Json(text).dump(-1, ' ', true);
}

void error_json(const Failure& failure, std::ostream& out) {
    Json answer = json_answer();
    answer["error"] = Json::object();
    answer["error"]["message"] = failure.message;
    answer["error"]["diagnostics"] = failure.details;
    write_json(answer, out);
}

void states_json(const Origin& origin, const std::vector<facts::NetnsStates>& namespaces, const Style&,
                 std::ostream& out) {
    Json answer = json_answer();
    answer["version"] = json_text(origin.version);
    answer["host"] = json_host(origin.host, origin.kernel, origin.time);
    add_counts(answer, sum_states(namespaces), sum_sockstat(namespaces));
    Json list = Json::array();
    std::vector<base::Gap> all_gaps;
    for (const facts::NetnsStates& netns : namespaces) {
        const auto gaps = gaps_of(netns);
        Json item = Json::object();
        item["id"] = netns.id;
        item["label"] = netns.label;
        item["source"] = json_text(netns.source);
        add_counts(item, known_states(netns), netns.sockstat);
        item["summary"] = summary_json(netns);
        if (Json counts = at_least_json(netns); !counts.is_null()) {
            item["at_least"] = std::move(counts);
        }
        item["gaps"] = json_gaps(gaps);
        list.push_back(std::move(item));
        all_gaps.insert(all_gaps.end(), gaps.begin(), gaps.end());
    }
    answer["namespaces"] = std::move(list);
    answer["gaps"] = json_gaps(all_gaps);
    answer["assumed"] = origin.assumed;
    write_json(answer, out);
}

void report_json(const findings::Report& report, const facts::Picture* picture, const Style&,
                 std::ostream& out) {
    const findings::State worst = report.worst();
    Json answer = json_answer();
    answer["version"] = json_text(report.version);
    answer["state"] = findings::name(worst);
    answer["exit_code"] = findings::exit_code(report);
    answer["host"] = json_host(report.host, report.kernel, report.time);
    answer["namespaces"] = report.namespaces;
    answer["findings"] = findings_json(report);
    answer["rules"] = rules_json(report);
    answer["perfdata"] = perfdata_json(report);
    answer["picture"] = picture != nullptr ? picture_json(*picture) : Json();
    answer["assumed"] = report.assumed;
    answer["notes"] = notes_of(report);
    answer["gaps"] = json_gaps(gaps_of(report));
    write_json(answer, out);
}

} // namespace render
