#include "cli/file_lines.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace cli {
namespace {

using findings::Finding;
using replay::CorrectedLine;
using replay::Corrections;

constexpr auto fact_table = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"range_low", replay::local_ports},
    {"range_size", replay::local_ports},
    {"range_high", replay::local_ports},
    {"reserved", "net.ipv4.ip_local_reserved_ports"},
    {"reserved_percent", "net.ipv4.ip_local_reserved_ports"},
    {"boot_timestamps", "net.ipv4.tcp_timestamps"},
    {"tw_recycle", "net.ipv4.tcp_tw_recycle"},
    {"tw_reuse_delay", "net.ipv4.tcp_tw_reuse_delay"},
    {"max_tw_buckets", "net.ipv4.tcp_max_tw_buckets"},
});

std::string subject_of(const Finding& finding) {
    const auto found = std::find_if(finding.subject.begin(), finding.subject.end(),
                                    [](const auto& column) { return column.first == "name"; });
    return found != finding.subject.end() ? found->second : std::string();
}

bool has_evidence(const Finding& finding, std::string_view name) {
    return std::any_of(finding.evidence.begin(), finding.evidence.end(),
                       [&](const findings::Evidence& evidence) {
                           return evidence.name == name && (evidence.text ? !evidence.text->empty() : true);
                       });
}

void add(Finding& finding, std::optional<CorrectedLine> line) {
    if (line) {
        finding.lines.push_back(
            {std::move(line->file), line->line, std::move(line->text), std::move(line->corrected)});
    }
}

/// About one sysctl by its name.
void correct_one(Finding& finding, const Corrections& corrections, const std::string& name) {
    auto line = has_evidence(finding, "outvoted_origin")  ? corrections.outvoted(name)
                : has_evidence(finding, "by_hand_origin") ? corrections.by_hand(name)
                : has_evidence(finding, "too_low")        ? corrections.left_out(name)
                                                          : std::nullopt;
    add(finding, line ? std::move(line) : corrections.refused(name));
}

/// What the first remedy sets; true if there is one.
bool correct_settings(Finding& finding, const Corrections& corrections) {
    for (const findings::Remedy& remedy : finding.remedies) {
        for (const findings::Setting& setting : remedy.settings) {
            if (corrections.sets(setting.name) || corrections.has_texts()) {
                add(finding, corrections.with_value(setting.name, setting.value));
            }
        }
        if (!remedy.settings.empty()) {
            return true;
        }
    }
    return false;
}

std::optional<CorrectedLine> corrected_fact(const Finding& finding, const Corrections& corrections,
                                            const std::string& name) {
    const bool is_range = name == replay::local_ports;
    const bool is_set = corrections.sets(name);
    const bool above_services = is_set && has_evidence(finding, "reserved");
    const std::string better = is_range ? corrections.better_range(above_services) : std::string();
    return better.empty()                      ? corrections.left_out(name)
           : is_set || corrections.has_texts() ? std::optional(corrections.with_value(name, better))
                                               : std::nullopt;
}

void correct_fact(Finding& finding, const Corrections& corrections) {
    for (const auto& [fact, name] : fact_table) {
        if (!has_evidence(finding, fact)) {
            continue;
        }
        if (auto line = corrected_fact(finding, corrections, std::string(name))) {
            add(finding, std::move(line));
            return;
        }
    }
}

void correct(Finding& finding, const Corrections& corrections) {
    if (const std::string name = subject_of(finding); !name.empty()) {
        correct_one(finding, corrections, name);
    } else if (has_evidence(finding, "boot_no_assignments")) {
        for (CorrectedLine& line : corrections.no_assignments()) {
            add(finding, std::move(line));
        }
    } else if (!correct_settings(finding, corrections)) {
        correct_fact(finding, corrections);
    }
}

} // namespace

std::span<const std::pair<std::string_view, std::string_view>> sysctls_of_facts() {
    return fact_table;
}

void add_file_lines(findings::Report& report, const snapshot::Host& host, const replay::FileTexts& texts) {
    for (Finding& finding : report.findings) {
        const auto netns =
            std::find_if(host.namespaces.begin(), host.namespaces.end(),
                         [&](const snapshot::Netns& one) { return one.label == finding.netns; });
        if (netns != host.namespaces.end() && netns->boot_sysctls) {
            correct(finding, Corrections(*netns, texts, findings::drop_in_path));
        }
    }
}

} // namespace cli
