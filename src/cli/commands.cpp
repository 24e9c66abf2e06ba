#include "cli/commands.h"

#include "base/number.h"
#include "base/text.h"
#include "cli/observe.h"
#include "cli/output.h"
#include "cli/trace.h"
#include "kernel/collect.h"
#include "kernel/privileges.h"
#include "kernel/sysctl_files.h"
#include "model/picture.h"
#include "model/ports_answer.h"
#include "model/wants.h"
#include "replay/mask.h"
#include "replay/recorder.h"
#include "rules/drop_in.h"
#include "rules/evaluate.h"
#include "snapshot/sysctls.h"

#include <sstream>

#include <fmt/format.h>

namespace cli {

namespace {

/// The answer is complete if no namespace lacks its sockets.
template <typename Answer>
int exit_of(const std::vector<Answer>& answers) {
    constexpr int incomplete = 3;
    for (const Answer& answer : answers) {
        if (answer.unknown) {
            return incomplete;
        }
    }
    return 0;
}

int deliver_or_fail(const Options& options, const std::string& text, int exit_code) {
    if (const base::Status delivered = deliver(options, text); !delivered) {
        return fail(options, delivered.error().what);
    }
    return exit_code;
}

/// Takes "%3" out of "[fe80::1%3]:443" or "192.0.2.1%3:443"; none if there is no '%'.
std::optional<std::string> cut_device(std::string& to) {
    const std::size_t from = to.find('%');
    if (from == std::string::npos) {
        return std::nullopt;
    }
    const std::size_t end = std::min(to.find_first_of("]:", from), to.size());
    const std::string device = to.substr(from + 1, end - from - 1);
    to.erase(from, end - from);
    return device;
}

/// The number of an interface: it may be higher than that of any port.
std::optional<std::uint32_t> device_number(std::string_view text) {
    const auto number = base::parse_unsigned(text);
    return number && *number <= UINT32_MAX ? std::optional(static_cast<std::uint32_t>(*number))
                                           : std::nullopt;
}

base::Result<model::PortsQuery> query_of(const Options& options) {
    model::PortsQuery query;
    if (options.to) {
        std::string to = *options.to;
        if (const auto device = cut_device(to); device) {
            query.device = device_number(*device);
            if (!query.device) {
                return base::Error{
                    "--to '" + base::printable(*options.to) +
                    "': expected the number of an interface after '%' (ip link shows it), or no '%'"};
            }
        }
        query.to = snapshot::parse_end_point(to);
        if (!query.to) {
            return base::Error{"--to '" + base::printable(*options.to) +
                               "': expected ADDRESS:PORT, such as 192.0.2.1:443 or [2001:db8::1]:443"};
        }
        if (query.to->address.is_wildcard()) { // connect() takes it for loopback
            query.to->address = *snapshot::Address::parse(query.to->address.is_v4() ? "127.0.0.1" : "::1");
        }
    }
    if (options.from) {
        query.from = snapshot::Address::parse(*options.from);
        if (!query.from) {
            return base::Error{"--from '" + base::printable(*options.from) + "': expected an IP address"};
        }
        if (query.from->is_wildcard()) {
            return base::Error{"--from '" + base::printable(*options.from) +
                               "': name the address, or leave --from out for the one that routing chooses"};
        }
    }
    if (query.to && query.from && query.to->address.is_v4() != query.from->is_v4()) {
        return base::Error{"--to and --from must be of one address family"};
    }
    query.top = options.top;
    query.order = options.sort == "connections" ? model::PortsQuery::Order::connections
                  : options.sort == "rate"      ? model::PortsQuery::Order::rate
                  : options.sort == "left"      ? model::PortsQuery::Order::left
                                                : model::PortsQuery::Order::used;
    return query;
}

} // namespace

int ports(const Options& options) {
    const auto query = query_of(options);
    if (!query) {
        return fail(options, query.error().what);
    }
    const auto assumed = assumptions(options);
    if (!assumed) {
        return fail(options, assumed.error().what);
    }
    model::ModelNeeds needs;
    needs.exact_ports = true;
    needs.towards = query->to;
    const auto observed = observe(options, *assumed, needs);
    if (!observed) {
        return fail(options, observed.error().what);
    }
    const model::Assumptions judged = with_default_range(observed->host, *assumed).value_or(*assumed);
    std::vector<facts::NetnsPorts> answers;
    for (std::size_t place = 0; place < observed->host.namespaces.size(); ++place) {
        const snapshot::Netns& netns = observed->host.namespaces[place];
        model::PortsQuery here = *query;
        if (here.to && !here.from) {
            here.from = observed->targets[place].machine->source_towards(here.to->address);
        }
        answers.push_back(model::ports_answer(netns, netns.sysctls.assuming(judged), here));
    }
    std::ostringstream out;
    const auto view = options.to ? render::PortsView::one : render::PortsView::table;
    format_of(options).ports(origin_of(observed->host, judged), answers, view, style_for(options), out);
    return deliver_or_fail(options, out.str(), exit_of(answers));
}

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
    return deliver_or_fail(options, out.str(), exit_of(answers));
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
    return needs;
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
    std::vector<kernel::Target> targets = traced(replay::recording(std::move(*live), capture));
    snapshot::Host host = collect(targets, {}, everything());
    for (std::size_t place = 0; place < targets.size(); ++place) {
        kernel::collect({.place = place, .owners_of_age_ms = 0}, targets, host);
    }
    kernel::give_up_capabilities();
    if (options.mask) {
        replay::mask(capture);
    }
    const base::Status saved = replay::save_capture(capture, options.arguments.front());
    return saved ? 0 : fail(options, saved.error().what);
}

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
    for (const snapshot::Netns& netns : host.namespaces) {
        for (findings::DropInLine& line : plan.lines) {
            note_what_wins(line, netns.boot_sysctls.value_or(snapshot::BootSysctls()));
        }
        if (!plan.lines.empty() && !model::is_initial(netns)) {
            plan.lines.front().notes.emplace_back(
                "This was judged in a network namespace of its own: a boot reads /etc/sysctl.d for the "
                "host's alone. "
                "Run 'sysctl -p' with this file inside it, each time it is made");
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
