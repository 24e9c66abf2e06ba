#include "render/json.h"
#include "render/reports.h"
#include "render/wording.h"

namespace render {
namespace {

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

Json finding_json(const findings::Finding& finding) {
    Json item = Json::object();
    item["rule"] = finding.rule;
    item["state"] = findings::name(finding.state);
    item["namespace"] = finding.network_namespace;
    item["subject"] = Json::object();
    for (const auto& [column, value] : finding.subject) {
        item["subject"][column] = value;
    }
    item["summary"] = finding.summary;
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
    return item;
}

Json findings_json(const findings::Report& report) {
    Json list = Json::array();
    for (const findings::Finding& finding : report.findings) {
        list.push_back(finding_json(finding));
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
    notes.insert(notes.end(), report.remarks.begin(), report.remarks.end());
    return notes;
}

} // namespace

void report_json(const findings::Report& report, const facts::Picture* picture, const Style&,
                 std::ostream& out) {
    const findings::State worst = report.worst();
    Json answer = json_answer();
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
