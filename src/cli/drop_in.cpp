#include "cli/drop_in.h"

#include "base/text.h"
#include "kernel/sysctl_files.h"
#include "rules/drop_in.h"
#include "rules/evaluate.h"
#include "snapshot/sysctls.h"

#include <fmt/format.h>

namespace cli {
namespace {

bool is_malformed(const std::pair<const std::string, std::string>& change) {
    const snapshot::SysctlInfo* info = snapshot::find_sysctl(change.first);
    return info != nullptr && !snapshot::well_formed(*info, change.second);
}

rules::Trial try_out(const rules::Changes& changes, const rules::RuleSet& rules,
                     const rules::WhatIf& what_if) {
    if (std::any_of(changes.begin(), changes.end(), is_malformed)) {
        return {rules::Trial::Kind::malformed, {}};
    }
    const auto facts = what_if(changes);
    if (facts == nullptr) {
        return {rules::Trial::Kind::unchecked, {}};
    }
    return {rules::Trial::Kind::judged, rules::evaluate(rules, *facts)};
}

std::string_view file_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

/// The file of "FILE:LINE".
std::string_view file_of(std::string_view origin) {
    return origin.substr(0, origin.rfind(':'));
}

/// Files are read by their names, whatever their directory; /etc/sysctl.conf comes last.
bool is_read_later(std::string_view path) {
    return path == "/etc/sysctl.conf" || file_name(path) > file_name(findings::drop_in_path);
}

void note_what_wins(findings::DropInLine& line, const snapshot::BootSysctls& boot) {
    const auto found = boot.values.find(line.setting.name);
    if (found == boot.values.end() || base::words(found->second.value) == base::words(line.setting.value) ||
        !is_read_later(file_of(found->second.origin))) {
        return;
    }
    line.notes.push_back(fmt::format("{} sets {} and is read later: change it there, or the next boot undoes "
                                     "this line",
                                     found->second.origin, found->second.value));
}

} // namespace

findings::DropIn drop_in_for(const findings::Report& report, const rules::RuleSet& rules,
                             const rules::WhatIf& what_if, const snapshot::Host& host) {
    findings::DropIn plan = rules::plan_drop_in(
        report, [&](const rules::Changes& changes) { return try_out(changes, rules, what_if); });
    for (const snapshot::Namespace& space : host.namespaces) {
        for (findings::DropInLine& line : plan.lines) {
            note_what_wins(line, space.boot_sysctls.value_or(snapshot::BootSysctls()));
        }
    }
    return plan;
}

base::Status read_back(const std::string& file, const findings::DropIn& plan) {
    kernel::BootAssignments assignments;
    assignments.add_file(file, "the drop-in");
    const snapshot::BootValues read = assignments.result().values;
    std::size_t known = 0;
    for (const findings::DropInLine& line : plan.lines) {
        if (snapshot::find_sysctl(line.setting.name) == nullptr) {
            continue;
        }
        ++known;
        const auto found = read.find(line.setting.name);
        if (found == read.end() || found->second.value != line.setting.value) {
            return base::Error{"internal error: the drop-in does not read back: " + line.setting.name};
        }
    }
    return read.size() == known ? base::Status(base::Nothing{})
                                : base::Error{"internal error: the drop-in sets what it should not"};
}

} // namespace cli
