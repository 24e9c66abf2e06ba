// report, check and audit: the one pipeline of the program.
#include "cli/commands.h"

#include "base/number.h"
#include "base/text.h"
#include "cli/observe.h"
#include "cli/output.h"
#include "cli/rule_files.h"
#include "model/derive.h"
#include "rules/evaluate.h"
#include "rules/needs.h"

#include <sstream>

#include <fmt/format.h>

namespace cli {
namespace {

std::string format_of(const Options& options) {
    return options.format.empty() ? std::string(info_of(options.command).formats.front()) : options.format;
}

/// The fact that needs another walk is asked for only if a rule reads it.
model::Needs needs_of(const rules::RuleSet& rules) {
    model::Needs needs;
    needs.ports = true; // performance data shows the worst destination
    const rules::Needs read = rules::needs(rules);
    needs.fixed_listeners = read.has(facts::TableId::listener, "fixed");
    needs.boot_sysctls =
        read.has(facts::TableId::sysctl, "boot") || read.has(facts::TableId::sysctl, "drifted");
    needs.owners = read.has(facts::TableId::close_wait);
    return needs;
}

/// What a person wants to know when nothing is wrong: how much was looked at.
std::string when_ok(const snapshot::Host& host, const findings::Report& report) {
    const bool all_skipped =
        std::none_of(report.rules.begin(), report.rules.end(),
                     [](const findings::RuleOutcome& rule) { return rule.state.has_value(); });
    if (all_skipped && !report.rules.empty()) {
        return "nothing to judge: " + report.rules.front().id + " is skipped, " + report.rules.front().reason;
    }
    std::uint64_t established = 0;
    std::uint64_t time_wait = 0;
    std::uint64_t close_wait = 0;
    for (const snapshot::Namespace& space : host.namespaces) {
        established += space.sockets.count(snapshot::State::established);
        time_wait += space.sockets.count(snapshot::State::time_wait);
        close_wait += space.sockets.count(snapshot::State::close_wait);
    }
    const auto used =
        std::find_if(report.perfdata.begin(), report.perfdata.end(),
                     [](const findings::Perfdatum& p) { return p.label == "ports_used_percent"; });
    std::string text =
        fmt::format("{} ESTABLISHED, {} TIME_WAIT, {} CLOSE_WAIT", established, time_wait, close_wait);
    if (used != report.perfdata.end() && used->value) {
        text +=
            fmt::format(", at most {} % of the ports to a destination in use", base::to_text(*used->value));
    }
    return text;
}

void say_where_from(findings::Report& report, const snapshot::Host& host) {
    report.host = host.name;
    report.kernel = host.kernel;
    report.time = host.time;
    report.when_ok = when_ok(host, report);
    for (const snapshot::Namespace& space : host.namespaces) {
        if (space.source == snapshot::SocketSource::proc) {
            report.notes.push_back("sockets read from procfs because sock_diag is not usable");
            break;
        }
    }
}

} // namespace

int judge(const Options& options) {
    const std::string format = format_of(options);
    const bool lean = options.command == Command::check && format == "nagios";
    const auto loaded = load_rules(options, lean ? Prose::without : Prose::with);
    if (!loaded) {
        return fail(options, loaded.error().message, loaded.error().details);
    }
    const auto assumed = assumptions(options);
    if (!assumed) {
        return fail(options, assumed.error().what);
    }
    const auto observed = observe(options, *assumed, needs_of(loaded->rules));
    if (!observed) {
        return fail(options, observed.error().what);
    }
    const facts::Facts facts = model::derive(observed->host, *assumed, {});
    findings::Report report = rules::evaluate(loaded->rules, facts);
    report.broken_files = loaded->broken_files;
    say_where_from(report, observed->host);
    for (const auto& [sysctl, value] : *assumed) {
        report.assumed.push_back(sysctl + "=" + value);
    }

    std::ostringstream out;
    render::find_format(format)->render(report, style_for(options), out);
    if (const base::Status delivered = deliver(options, out.str()); !delivered) {
        return fail(options, delivered.error().what);
    }
    return findings::exit_code(report.worst());
}

} // namespace cli
