#include "cli/commands.h"

#include "base/text.h"
#include "cli/observe.h"
#include "cli/output.h"
#include "cli/trace.h"
#include "findings/place.h"
#include "kernel/collect.h"
#include "kernel/privileges.h"
#include "kernel/sysctl_files.h"
#include "model/picture.h"
#include "model/wants.h"
#include "replay/mask.h"
#include "replay/recorder.h"
#include "rules/drop_in.h"
#include "rules/evaluate.h"
#include "snapshot/sysctls.h"

#include <sstream>

#include <fmt/format.h>

namespace cli {

int states(const Options& options) {
    const auto assumed = assumptions(options); // no sysctl changes a count, but a mistake is a mistake
    if (!assumed) {
        return fail(options, assumed.error().what);
    }
    model::ModelNeeds needs;
    needs.bound_count = true;
    const auto observed = observe(options, *assumed, needs);
    if (!observed) {
        return fail(options, observed.error().what);
    }
    std::vector<facts::NetnsStates> answers;
    for (const snapshot::Netns& netns : observed->host.namespaces) {
        answers.push_back(model::states_answer(netns));
    }
    std::ostringstream out;
    format_of(options).states(origin_of(observed->host, *assumed), answers, style_for(options), out);
    return deliver_or_fail(options, out.str(), exit_of_answers(answers));
}

// record: everything that any other command could ask, into one file.

namespace {

model::ModelNeeds everything() {
    model::ModelNeeds needs;
    needs.ports = true;
    needs.fixed_listeners = true;
    needs.exact_ports = true;
    needs.boot_sysctls = true;
    needs.bound_count = true;
    needs.effects = true;
    needs.holders = true;
    needs.waits = true;
    needs.acceptors = true;
    needs.idle = true;
    needs.nat = true;
    needs.report = true;
    return needs;
}

/// Who holds the listeners: a replay may be asked about any of their ports. The recorder takes the answer
/// down.
void ask_for_listeners(kernel::Machine& machine, const snapshot::Netns& netns) {
    std::vector<snapshot::WantedSocket> wanted;
    std::vector<std::uint64_t> cgroups;
    for (const snapshot::Listener& listener : netns.sockets.listeners()) {
        wanted.push_back({listener.inode, listener.uid});
        if (listener.cgroup && *listener.cgroup > snapshot::root_cgroup) {
            cgroups.push_back(*listener.cgroup);
        }
    }
    if (!wanted.empty()) {
        static_cast<void>(machine.holders(wanted));
        static_cast<void>(machine.cgroup_paths(cgroups));
    }
}

std::vector<std::string> lost_sockets_of(const snapshot::Host& host) {
    std::vector<std::string> lost;
    for (const snapshot::Netns& netns : host.namespaces) {
        if (const auto& gap = netns.incomplete_sockets()) {
            lost.push_back(netns.label + ": " + base::to_text(*gap));
        }
    }
    return lost;
}

} // namespace

int record(const Options& options) {
    if (options.arguments.size() != 1) {
        return fail(options, "record needs one argument: the FILE to write");
    }
    auto live = open_live(options);
    if (!live) {
        return fail(options, live.error().what);
    }
    replay::Capture capture;
    std::vector<kernel::Target> targets = traced(replay::recording(std::move(live->targets), capture));
    snapshot::Host host = collect(targets, {}, everything());
    for (std::size_t place = 0; place < targets.size(); ++place) {
        kernel::collect({.place = place, .owners_of_age_ms = 0}, targets, host);
        ask_for_listeners(*targets[place].machine, host.namespaces[place]);
    }
    kernel::give_up_capabilities();
    if (options.mask) {
        replay::mask(capture);
    }
    const std::string& file = options.arguments.front();
    if (const base::Status saved = replay::save_capture(capture, file); !saved) {
        return fail(options, saved.error().what);
    }
    const std::vector<std::string> lost = lost_sockets_of(host);
    return lost.empty() ? 0 : fail(options, file + " is written, but not all sockets are in it", lost);
}

namespace {

bool is_malformed(const std::pair<const std::string, std::string>& change) {
    const snapshot::SysctlInfo* info = snapshot::find_sysctl(change.first);
    return info != nullptr && !snapshot::well_formed(*info, change.second);
}

rules::Trial try_out(const rules::Changes& changes, const rules::RuleSet& rules, const rules::WhatIf& what_if,
                     const rules::Stop& stop) {
    if (std::any_of(changes.begin(), changes.end(), is_malformed)) {
        return {rules::Trial::Kind::malformed, {}};
    }
    const auto facts = stop() ? nullptr : what_if(changes);
    if (facts == nullptr) {
        return {rules::Trial::Kind::unchecked, {}};
    }
    findings::Report report = rules::evaluate(rules, *facts, {}, nullptr, stop);
    return stop() ? rules::Trial{rules::Trial::Kind::unchecked, {}} // perhaps it was cut
                  : rules::Trial{rules::Trial::Kind::judged, std::move(report)};
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

findings::Assignments assignments_of(const findings::DropIn& plan) {
    findings::Assignments assignments;
    for (const findings::DropInLine& line : plan.lines) {
        assignments.emplace_back(line.setting.name, line.setting.value);
    }
    return assignments;
}

} // namespace

findings::DropIn drop_in_for(const findings::Report& report, const rules::RuleSet& rules,
                             const rules::WhatIf& what_if, const rules::Stop& stop,
                             const snapshot::Host& host) {
    findings::DropIn plan = rules::plan_drop_in(
        report, [&](const rules::Changes& changes) { return try_out(changes, rules, what_if, stop); });
    for (const snapshot::Netns& netns : host.namespaces) {
        plan.netns_path = netns.path;
        for (findings::DropInLine& line : plan.lines) {
            note_what_wins(line, netns.boot_sysctls.value_or(snapshot::BootSysctls()));
        }
        if (!plan.lines.empty() && !model::is_initial(netns)) {
            plan.lines.front().notes.emplace_back(
                "This was judged in a network namespace of its own: a boot reads /etc/sysctl.d for the "
                "host's alone. "
                "Run 'sysctl -p' with this file inside it, each time it is made");
        }
        if (!plan.lines.empty() && host.sysctls_are_read_only) {
            plan.lines.front().notes.push_back("In this container /proc/sys is read-only: 'sysctl -p' cannot "
                                               "set it. From outside, " +
                                               findings::from_outside(assignments_of(plan)));
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
