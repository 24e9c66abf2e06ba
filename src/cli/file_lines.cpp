#include "cli/file_lines.h"

#include "base/number.h"
#include "base/text.h"
#include "kernel/sysctl_history.h"
#include "snapshot/sysctls.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace cli {
namespace {

using findings::FileLine;
using findings::Finding;

constexpr std::string_view local_ports = "net.ipv4.ip_local_port_range";

/// The sysctls behind facts that rules judge without naming a sysctl.
constexpr auto sysctl_of_fact = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"range_low", local_ports},
    {"range_size", local_ports},
    {"range_high", local_ports},
    {"reserved", "net.ipv4.ip_local_reserved_ports"},
    {"reserved_percent", "net.ipv4.ip_local_reserved_ports"},
    {"boot_timestamps", "net.ipv4.tcp_timestamps"},
    {"tw_recycle", "net.ipv4.tcp_tw_recycle"},
    {"tw_reuse_delay", "net.ipv4.tcp_tw_reuse_delay"},
    {"max_tw_buckets", "net.ipv4.tcp_max_tw_buckets"},
});

std::string assignment(std::string_view name, std::string_view value) {
    return fmt::format("{} = {}", name, value);
}

/// One configuration, and its findings.
class Corrections {
  public:
    Corrections(const snapshot::Netns& netns, const FileTexts& texts)
        : boot_(*netns.boot_sysctls), sysctls_(netns.sysctls), label_(netns.label), texts_(texts) {}

    void correct(Finding& finding) const {
        const std::string name = subject_of(finding);
        if (!name.empty()) {
            correct_one(finding, name);
        } else if (has_evidence(finding, "boot_no_assignments")) {
            for (const std::string& origin : boot_.no_assignment_lines) {
                FileLine line = line_at(origin);
                line.corrected = mended(line.text);
                finding.lines.push_back(std::move(line));
            }
        } else if (!correct_settings(finding)) {
            correct_fact(finding);
        }
    }

  private:
    static std::string subject_of(const Finding& finding) {
        const auto found = std::find_if(finding.subject.begin(), finding.subject.end(),
                                        [](const auto& column) { return column.first == "name"; });
        return found != finding.subject.end() ? found->second : std::string();
    }

    static bool has_evidence(const Finding& finding, std::string_view name) {
        return std::any_of(
            finding.evidence.begin(), finding.evidence.end(), [&](const findings::Evidence& evidence) {
                return evidence.name == name && (evidence.text ? !evidence.text->empty() : true);
            });
    }

    FileLine line_at(const std::string& origin) const {
        const std::size_t colon = origin.rfind(':');
        FileLine line{origin.substr(0, colon), 0, "", ""};
        const auto number =
            base::parse_integer(colon == std::string::npos ? "" : std::string_view(origin).substr(colon + 1));
        line.line = static_cast<std::size_t>(std::max<std::int64_t>(number.value_or(0), 0));
        const auto text = texts_.find(line.file);
        if (text != texts_.end() && line.line > 0 && line.line <= text->second.size()) {
            line.text = text->second[line.line - 1];
            while (line.text.ends_with('\r') || line.text.ends_with(' ')) {
                line.text.pop_back();
            }
        }
        return line;
    }

    /// As a comment, in the form of the file; empty where a line cannot be left out.
    static std::string without(const FileLine& line, std::string_view name) {
        const bool is_whole = line.text.find(name.substr(name.rfind('.') + 1)) != std::string::npos;
        if (!is_whole || line.file.ends_with(".json")) {
            return {};
        }
        const std::size_t start = std::min(line.text.find_first_not_of(" \t"), line.text.size());
        return line.text.substr(0, start) + "# " + line.text.substr(start);
    }

    /// With another value, or another name, in the form of the file.
    static std::string replaced(const FileLine& line, std::string_view before, std::string_view after,
                                std::string_view otherwise) {
        const std::size_t at = before.empty() ? std::string::npos : line.text.rfind(before);
        return at == std::string::npos
                   ? std::string(otherwise)
                   : line.text.substr(0, at) + std::string(after) + line.text.substr(at + before.size());
    }

    void correct_one(Finding& finding, const std::string& name) const {
        if (const auto loser = boot_.outvoted.find(name);
            loser != boot_.outvoted.end() && has_evidence(finding, "outvoted_origin")) {
            FileLine line = line_at(loser->second.origin);
            line.corrected = without(line, name);
            finding.lines.push_back(std::move(line));
            return;
        }
        if (const auto unread = boot_.by_hand.find(name);
            unread != boot_.by_hand.end() && has_evidence(finding, "by_hand_origin")) {
            finding.lines.push_back(line_at(unread->second.origin));
            return;
        }
        const auto dead = boot_.dead.find(name);
        const auto set = boot_.values.find(name);
        if (dead == boot_.dead.end() && set == boot_.values.end()) {
            return;
        }
        const snapshot::BootValue& value = dead != boot_.dead.end() ? dead->second : set->second;
        FileLine line = line_at(value.origin);
        const snapshot::SysctlInfo* info = snapshot::find_sysctl(name);
        const auto now = sysctls_.text(name);
        if (dead != boot_.dead.end() || (!now && now.error().why == base::Why::absent)) {
            line.corrected = renamed(line, name, value.value);
        } else if (info != nullptr &&
                   (boot_.refused.contains(name) || !snapshot::as_kernel_takes(*info, value.value))) {
            const std::string better = accepted(*info, value.value);
            line.corrected = better.empty() ? without(line, name)
                                            : replaced(line, value.value, better, assignment(name, better));
        }
        finding.lines.push_back(std::move(line));
    }

    static std::string renamed(const FileLine& line, const std::string& name, const std::string& value) {
        std::string better(kernel::successor_of(name));
        if (better.empty() && name != "net.ipv4.tcp_tw_recycle") {
            std::vector<std::string> names;
            for (const auto& [directory, prefix] :
                 {std::pair{"net/ipv4", "net.ipv4."}, std::pair{"net/core", "net.core."}}) {
                for (const std::string& leaf : kernel::sysctls_in(directory, kernel::newest_release)
                                                   .value_or(std::vector<std::string>())) {
                    names.push_back(prefix + leaf);
                }
            }
            better = base::closest(name, names).value_or("");
            better = better == name ? "" : better; // of another release
        }
        return better.empty() ? without(line, name) : replaced(line, name, better, assignment(better, value));
    }

    /// What was meant, without quotes, units, dashes between numbers and comments; else the default.
    static std::string accepted(const snapshot::SysctlInfo& info, std::string_view value) {
        std::string numbers;
        for (const char c : value.substr(0, std::min(value.find('#'), value.size()))) {
            numbers += c >= '0' && c <= '9' ? c : ' ';
        }
        numbers = base::one_line(numbers);
        const bool is_list = info.kind == snapshot::SysctlInfo::Kind::ports;
        const bool fits = !is_list && snapshot::well_formed(info, numbers) &&
                          kernel::in_bounds(info, numbers, kernel::newest_release) &&
                          value.find('.') == std::string_view::npos;
        return fits ? numbers : base::one_line(info.default_value);
    }

    /// A line that is no assignment: one that lost its sign, or has a command before it.
    static std::string mended(std::string_view text) {
        std::string_view rest = base::trim(text);
        for (const std::string_view before : {"sudo ", "sysctl ", "-w ", "--write ", "export "}) {
            rest = base::trim(rest.starts_with(before) ? rest.substr(before.size()) : rest);
        }
        const std::size_t end = rest.find_first_of("= \t:");
        const std::string_view name = rest.substr(0, std::min(end, rest.size()));
        if (end != std::string_view::npos && snapshot::find_sysctl(name) != nullptr) {
            const std::size_t value = std::min(rest.find_first_not_of("= \t:", end), rest.size());
            return assignment(name, rest.substr(value));
        }
        return text.empty() ? std::string() : "# " + std::string(base::trim(text));
    }

    /// What the first remedy sets; true if there is one.
    bool correct_settings(Finding& finding) const {
        for (const findings::Remedy& remedy : finding.remedies) {
            for (const findings::Setting& setting : remedy.settings) {
                if (boot_.values.contains(setting.name) || !texts_.empty()) {
                    finding.lines.push_back(line_setting(setting.name, setting.value));
                }
            }
            if (!remedy.settings.empty()) {
                return true;
            }
        }
        return false;
    }

    FileLine line_setting(const std::string& name, const std::string& value) const {
        const auto set = boot_.values.find(name);
        if (set == boot_.values.end()) {
            const auto first = texts_.lower_bound(label_);
            const bool is_below = first != texts_.end() && first->first.starts_with(label_);
            return {is_below ? first->first : std::string(findings::drop_in_path), 0, "",
                    assignment(name, value)};
        }
        FileLine line = line_at(set->second.origin);
        line.corrected = replaced(line, set->second.value, value, assignment(name, value));
        return line;
    }

    void correct_fact(Finding& finding) const {
        for (const auto& [fact, name] : sysctl_of_fact) {
            const auto set = boot_.values.find(name);
            if (!has_evidence(finding, fact)) {
                continue;
            }
            if (set == boot_.values.end()) {
                const std::string better = better_range(false);
                if (name == local_ports && !texts_.empty() && !better.empty()) {
                    finding.lines.push_back(line_setting(std::string(name), better));
                    return;
                }
                continue;
            }
            FileLine line = line_at(set->second.origin);
            const std::string better =
                name == local_ports ? better_range(has_evidence(finding, "reserved")) : std::string();
            line.corrected = better.empty()
                                 ? without(line, name)
                                 : replaced(line, set->second.value, better, assignment(name, better));
            finding.lines.push_back(std::move(line));
            return;
        }
    }

    /// From an even port to an odd one; above the ports of services, if it is about these.
    std::string better_range(bool above_services) const {
        constexpr std::uint16_t above = 16384;
        const auto range = sysctls_.port_range();
        if (!range) {
            return {};
        }
        int low = above_services ? std::max(range->low, above) : range->low;
        int high = range->high;
        low += low % 2;
        high -= high % 2 == 0 ? 1 : 0;
        return low < high ? fmt::format("{} {}", low, high) : std::string();
    }

    const snapshot::BootSysctls& boot_;
    const snapshot::Sysctls& sysctls_;
    const std::string& label_;
    const FileTexts& texts_;
};

} // namespace

void add_file_lines(findings::Report& report, const snapshot::Host& host, const FileTexts& texts) {
    for (Finding& finding : report.findings) {
        const auto netns =
            std::find_if(host.namespaces.begin(), host.namespaces.end(),
                         [&](const snapshot::Netns& one) { return one.label == finding.netns; });
        if (netns != host.namespaces.end() && netns->boot_sysctls) {
            Corrections(*netns, texts).correct(finding);
        }
    }
}

} // namespace cli
