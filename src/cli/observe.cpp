#include "cli/observe.h"

#include "base/text.h"
#include "cli/time_limit.h"
#include "cli/trace.h"
#include "facts/schema.h"
#include "kernel/collect.h"
#include "kernel/privileges.h"
#include "replay/settings.h"
#include "rules/rule.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace cli {
namespace {

kernel::NetnsChoice where_of(const Options& options) {
    kernel::NetnsChoice where;
    if (options.netns) {
        where.kind = kernel::NetnsChoice::Kind::named;
        where.name = *options.netns;
    } else if (options.pid) {
        where.kind = kernel::NetnsChoice::Kind::process;
        where.pid = *options.pid;
    } else if (options.all_netns) {
        where.kind = kernel::NetnsChoice::Kind::all;
    } else if (options.command == Command::report && !options.this_netns) {
        where.kind = kernel::NetnsChoice::Kind::busy;
    }
    return where;
}

/// How many namespaces beside the own one it would take to see every TCP socket.
std::size_t count_others(const Options& options, kernel::Deadline deadline) {
    const bool wants = options.command == Command::check && options.verbosity > 0 && !options.netns &&
                       !options.pid && !options.all_netns && !options.this_netns;
    const auto all = wants ? kernel::open_targets({kernel::NetnsChoice::Kind::busy, "", 0}, deadline)
                           : base::Result<kernel::Opened>(kernel::Opened());
    return all && !all->targets.empty() ? all->targets.size() - 1 + all->not_looked_at : 0;
}

base::Result<Observation> open(const Options& options) {
    Observation observation;
    if (judges_files(options)) {
        auto settings = replay::open_settings(options.files, options.root, options.kernel);
        if (!settings) {
            return settings.error();
        }
        observation.file_lines = std::move(settings->lines);
        observation.left_out = std::move(settings->left_out);
        observation.targets = traced(std::move(settings->targets));
        return observation;
    }
    if (options.replay) {
        auto replay = replay::open_replay(*options.replay, options.snapshot);
        if (!replay) {
            return replay.error();
        }
        observation.capture = std::move(replay->capture);
        trace("{}: {}", *options.replay, observation.capture ? "a capture" : "no capture of this program");
        observation.targets = traced(std::move(replay->targets));
        return observation;
    }
    auto targets = open_live(options);
    if (!targets) {
        return targets.error();
    }
    std::ranges::move(targets->targets, std::back_inserter(observation.targets));
    observation.not_looked_at = targets->not_looked_at + count_others(options, end_of_collecting(options));
    observation.targets = traced(std::move(observation.targets));
    return observation;
}

void add(facts::Collection collection, model::ModelNeeds& needs) {
    switch (collection) {
    case facts::Collection::usual:
        break;
    case facts::Collection::fixed_listeners:
        needs.fixed_listeners = true;
        break;
    case facts::Collection::bound_sockets:
        needs.bound_count = true;
        break;
    case facts::Collection::boot_sysctls:
        needs.boot_sysctls = true;
        break;
    case facts::Collection::owners:
        needs.owners = true;
        break;
    case facts::Collection::waits:
        needs.waits = true;
        break;
    case facts::Collection::acceptors:
        needs.acceptors = true;
        break;
    case facts::Collection::idle:
        needs.idle = true;
        break;
    case facts::Collection::nat:
        needs.nat = true;
        break;
    }
}

/// "somaxconn" -> "net.core.somaxconn"; as it is, if that is no end of a known name.
std::string full_name(const std::string& key) {
    for (const char* prefix : {"net.ipv4.", "net.core.", "net.netfilter."}) {
        if (snapshot::find_sysctl(prefix + key) != nullptr) {
            return prefix + key;
        }
    }
    return key;
}

} // namespace

base::Result<kernel::Opened> open_live(const Options& options) {
    return kernel::open_targets(where_of(options), end_of_collecting(options));
}

snapshot::Host collect(std::vector<kernel::Target>& targets, const model::Assumptions& assumed,
                       const model::ModelNeeds& needs) {
    return kernel::collect(targets, [&](const snapshot::Host& host, std::size_t place) {
        auto request = model::wants(host, place, assumed, needs);
        if (request) {
            trace_request(*request, targets[place].label);
        }
        return request;
    });
}

base::Result<Observation> observe(const Options& options, const model::Assumptions& assumed,
                                  const model::ModelNeeds& needs) {
    auto observation = open(options);
    if (observation) {
        observation->host = collect(observation->targets, assumed, needs);
        if (options.command != Command::watch && !options.wait_s) { // they look again
            kernel::give_up_capabilities();
        }
    }
    return observation;
}

namespace {

constexpr std::string_view range_name = "net.ipv4.ip_local_port_range";

std::string default_range() {
    return base::one_line(snapshot::find_sysctl(range_name)->default_value);
}

} // namespace

std::optional<model::Assumptions> with_default_range(const snapshot::Host& host,
                                                     const model::Assumptions& assumed) {
    const bool lacking =
        std::any_of(host.namespaces.begin(), host.namespaces.end(), [](const snapshot::Netns& netns) {
            return netns.provenance.is_foreign() && !netns.sysctls.port_range();
        });
    if (!lacking || assumed.contains(std::string(range_name))) {
        return std::nullopt;
    }
    model::Assumptions usual = assumed;
    usual[std::string(range_name)] = default_range();
    return usual;
}

std::string note_of_default_range() {
    return "the port range is assumed";
}

base::Result<model::Assumptions> assumptions(const Options& options) {
    model::Assumptions assumed;
    for (const std::string& given : options.assume) {
        const std::size_t equals = given.find('=');
        if (equals == std::string::npos) {
            return base::Error{"--assume '" + base::printable(given) + "': expected KEY=VALUE"};
        }
        const std::string key = full_name(given.substr(0, equals));
        const snapshot::SysctlInfo* info = snapshot::find_sysctl(key);
        if (info == nullptr) {
            std::vector<std::string> names;
            for (const snapshot::SysctlInfo& known : snapshot::known_sysctls()) {
                names.emplace_back(known.name);
                names.emplace_back(known.name.substr(known.name.rfind('.') + 1));
            }
            return base::Error{"--assume: unknown sysctl '" + base::printable(key) + "'" +
                               base::did_you_mean(key, names)};
        }
        const std::string value = given.substr(equals + 1);
        if (!snapshot::well_formed(*info, value)) {
            return base::Error{"--assume " + key + ": '" + base::printable(value) +
                               "' is not a value it can have"};
        }
        assumed[std::string(info->name)] = value;
    }
    return assumed;
}

model::ModelNeeds needs_of(const rules::RuleSet& rules, rules::Detail detail) {
    model::ModelNeeds needs;
    needs.ports = true; // performance data shows the worst destination
    for (const facts::Collection collection : rules::collections(rules::needs(rules, detail))) {
        add(collection, needs);
    }
    return needs;
}

model::ModelNeeds needs_of(facts::TableId table) {
    model::ModelNeeds needs;
    needs.ports = true;
    needs.report = true; // whoever asks for a table reads it
    const facts::Schema& schema = facts::schema(table);
    add(schema.needs, needs);
    for (const facts::Column& column : schema.columns) {
        add(column.needs, needs);
    }
    return needs;
}

std::vector<std::string> texts_of(const model::Assumptions& assumed) {
    std::vector<std::string> texts;
    texts.reserve(assumed.size());
    for (const auto& [sysctl, value] : assumed) {
        texts.push_back(fmt::format("{}={}", sysctl, value));
    }
    return texts;
}

render::Origin origin_of(const snapshot::Host& host, const model::Assumptions& assumed) {
    return {host.name, host.kernel, host.time, texts_of(assumed), TCPADVISOR_VERSION};
}

} // namespace cli
