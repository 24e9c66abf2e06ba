#include "cli/judge.h"

#include "base/number.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/file_lines.h"
#include "cli/observe.h"
#include "cli/output.h"
#include "cli/rules.h"
#include "cli/time_limit.h"
#include "cli/trace.h"
#include "kernel/privileges.h"
#include "kernel/sysctl_history.h"
#include "model/derive.h"
#include "model/picture.h"
#include "model/rates.h"
#include "replay/settings_machine.h"
#include "rules/arithmetic.h"
#include "rules/evaluate.h"
#include "rules/perfdata.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace cli {

namespace {

/// A replay, or files, know nothing of this machine's past, unless it is told where one is.
std::string no_past_because(const Options& options) {
    const bool elsewhere = options.replay || judges_files(options);
    return options.no_state                  ? "--no-state"
           : !elsewhere || options.state_dir ? ""
           : options.replay                  ? "a replay has none"
                                             : "files have none";
}

void tell_known(const history::Past& past, const snapshot::Host& host) {
    trace("earlier runs: directory {}", past.directory().empty() ? "none" : past.directory());
    for (std::size_t i = 0; i < past.history().namespaces.size(); ++i) {
        const history::NetnsHistory& known = past.history().namespaces[i];
        const history::Memory& alerts = past.memories()[i];
        trace("earlier runs of {}: {} samples, {} CLOSE_WAIT sockets, {} alerts of {} rules",
              host.namespaces[i].label, known.samples.size(),
              known.waiting ? known.waiting->sockets.size() : 0, alerts.entries.size(), alerts.judged.size());
    }
}

} // namespace

history::Past past_of(const Options& options, const snapshot::Host& host) {
    const bool writes = options.command == Command::check && options.assume.empty();
    history::Past past({options.state_dir, writes, no_past_because(options)}, host);
    tell_known(past, host);
    return past;
}

bool keep(history::Past& past, const snapshot::Host& host, const facts::Facts& facts, double patience) {
    return past.keep(
        host,
        [&](std::size_t place) {
            return model::sample_of(host.namespaces[place], facts.namespaces[place], past.history().uptime);
        },
        patience);
}

// report, check and audit: the one pipeline of the program.

namespace {

/// Of a table that is not there as a whole they are so many at least.
std::string socket_counts(const snapshot::Host& host, const findings::Report& report) {
    const auto count = [&](snapshot::TcpState state) {
        std::uint64_t sum = 0;
        for (const snapshot::Netns& netns : host.namespaces) {
            sum += netns.sockets.count(state) + netns.provenance.named[static_cast<std::size_t>(state)];
        }
        return sum;
    };
    const bool all =
        std::none_of(host.namespaces.begin(), host.namespaces.end(),
                     [](const snapshot::Netns& netns) { return netns.incomplete_sockets().has_value(); });
    const auto used =
        std::find_if(report.perfdata.begin(), report.perfdata.end(),
                     [](const findings::Perfdatum& p) { return p.label == "ports_used_percent"; });
    std::string text =
        fmt::format("{}{} ESTABLISHED, {} TIME_WAIT, {} CLOSE_WAIT", all ? "" : "at least ",
                    count(snapshot::TcpState::established), count(snapshot::TcpState::time_wait),
                    count(snapshot::TcpState::close_wait));
    if (used != report.perfdata.end() && used->value) {
        text +=
            fmt::format(", at most {} % of the ports to a destination in use", base::to_text(*used->value));
    }
    return text;
}

/// A service of one topic says nothing of others.
bool is_topical(const Options& options) {
    return options.command == Command::check && !options.tag.empty();
}

std::ptrdiff_t skipped_rules(const findings::Report& report) {
    return std::count_if(report.rules.begin(), report.rules.end(),
                         [](const findings::RuleOutcome& rule) { return !rule.state.has_value(); });
}

/// An OK of a source that is no kernel is one about the rules that it could feed.
std::string as_far_as_told(const std::string& source, const findings::Report& report) {
    const std::ptrdiff_t skipped = skipped_rules(report);
    return fmt::format("as far as {} tells: {} rules judged, {} not", source,
                       static_cast<std::ptrdiff_t>(report.rules.size()) - skipped, skipped);
}

/// Ports and TIME_WAIT are worked out as newer kernels do it. Files name a kernel that is yet to boot, and
/// are judged for it.
void say_old_kernel(const Options& options, const snapshot::Host& host, findings::Report& report) {
    const auto release = kernel::parse_release(host.kernel);
    if (release && *release < kernel::oldest_release && !judges_files(options)) {
        report.notices.push_back(fmt::format(
            "Linux {} is older than {}.{}, the oldest that this program is meant for: numbers "
            "may be wrong",
            base::printable(host.kernel), kernel::oldest_release.first, kernel::oldest_release.second));
    }
}

/// What a person wants to know when nothing is wrong: how much was looked at.
std::string when_ok(const Options& options, const snapshot::Host& host, const findings::Report& report) {
    const bool all_skipped = skipped_rules(report) == static_cast<std::ptrdiff_t>(report.rules.size());
    if (all_skipped && !report.rules.empty()) {
        return "nothing to judge: " + report.rules.front().id + " is skipped, " + report.rules.front().reason;
    }
    if (options.command == Command::audit) {
        const auto passed =
            std::count_if(report.rules.begin(), report.rules.end(), [](const findings::RuleOutcome& rule) {
                return rule.state == findings::State::ok;
            });
        return fmt::format("{} nothing wrong with the configuration",
                           passed == 1 ? "1 rule finds" : fmt::format("{} rules find", passed));
    }
    if (is_topical(options)) {
        return rules::in_words(report.perfdata);
    }
    return socket_counts(host, report);
}

/// The same snapshot under the sysctls that a remedy would set, on top of what is assumed already.
rules::WhatIf what_if(const snapshot::Host& host, const model::Assumptions& assumed,
                      const history::History& history, const model::Expectation& expected) {
    return [&, expected](const rules::Changes& changes) -> std::shared_ptr<const facts::Facts> {
        model::Assumptions changed = assumed;
        for (const auto& [name, value] : changes) {
            const snapshot::SysctlInfo* info = snapshot::find_sysctl(name);
            if (info == nullptr || !snapshot::well_formed(*info, value)) {
                return nullptr;
            }
            changed[name] = value;
        }
        return std::make_shared<const facts::Facts>(model::derive(host, changed, history, expected));
    };
}

/// A container has its own sysctls, and lacks those of the host.
std::string scope_of(const Options& options, const snapshot::Host& host, const findings::Report& report) {
    const bool inside =
        std::any_of(host.namespaces.begin(), host.namespaces.end(), [](const snapshot::Netns& netns) {
            return !netns.provenance.is_foreign() && !model::is_initial(netns);
        });
    if (options.command != Command::audit || options.replay || !inside) {
        return {};
    }
    return fmt::format("this judges a container's namespace, not the host: {} of {} rules are skipped",
                       skipped_rules(report), report.rules.size());
}

/// What a file gives no value yet, or belongs to it and was not read.
void say_open_settings(findings::Report& report, const snapshot::Host& host) {
    std::vector<const base::Gap*> open;
    for (const snapshot::Netns& netns : host.namespaces) {
        for (const base::Gap& gap : netns.provenance.gaps) {
            open.push_back(&gap);
        }
    }
    if (!open.empty()) {
        const std::string more = open.size() > 1 ? fmt::format(", and {} more", open.size() - 1) : "";
        report.notes.push_back(
            fmt::format("{} is not known: {}{}", open.front()->what, open.front()->detail, more));
    }
}

/// Of what files alone do not tell nothing is said to be well.
void say_files(findings::Report& report, const snapshot::Host& host) {
    const auto is_untold = [](const base::Gap& gap) { return gap.detail == replay::untold_by_settings; };
    const auto skipped =
        std::count_if(report.rules.begin(), report.rules.end(), [&](const findings::RuleOutcome& rule) {
            return !rule.state && rule.lacks && is_untold(*rule.lacks);
        });
    report.notes.push_back(fmt::format("{} need a running host and were not judged",
                                       skipped == 1 ? "1 rule" : fmt::format("{} rules", skipped)));
    say_open_settings(report, host);
    for (const snapshot::Netns& netns : host.namespaces) {
        if (netns.provenance.name == replay::settings_source) {
            report.remarks.push_back("what no line sets is taken as Linux " + host.kernel +
                                     " begins with it");
            break;
        }
    }
    std::erase_if(report.gaps, [&](const base::Gap& gap) {
        return is_untold(gap) && snapshot::find_sysctl(gap.what) == nullptr;
    });
}

/// Whatever was found elsewhere, the first line names this.
std::string blindness(const snapshot::Host& host) {
    const auto lost =
        std::find_if(host.namespaces.begin(), host.namespaces.end(),
                     [](const snapshot::Netns& netns) { return netns.lost_sockets.has_value(); });
    if (lost == host.namespaces.end()) {
        return {};
    }
    const std::string place = host.namespaces.size() > 1 ? " of " + lost->label : "";
    return fmt::format("sockets{} not seen: {}", place, base::complaint(*lost->lost_sockets));
}

void say_where_from(const Options& options, findings::Report& report, const snapshot::Host& host) {
    report.version = TCPADVISOR_VERSION;
    report.host = host.name;
    report.kernel = host.kernel;
    report.time = host.time;
    report.when_ok = when_ok(options, host, report);
    report.scope = scope_of(options, host, report);
    if (judges_files(options)) {
        say_files(report, host);
        return;
    }
    report.blind = blindness(host);
    const bool is_fine = report.worst() <= findings::State::info;
    for (const snapshot::Netns& netns : host.namespaces) {
        if (netns.provenance.is_foreign() && is_fine) {
            report.when_ok = as_far_as_told(netns.provenance.name, report) + ", " + report.when_ok;
            break; // one count for all of them
        }
        if (netns.provenance.is_foreign()) {
            const std::string note = "from " + netns.provenance.name + ", which does not tell all";
            if (std::find(report.notes.begin(), report.notes.end(), note) == report.notes.end()) {
                report.notes.push_back(note); // once for all places of one text
            }
        } else if (netns.source == snapshot::SocketSource::proc) {
            report.notes.push_back("sockets read from procfs because sock_diag is not usable");
            break;
        }
    }
}

/// The options by which another command looks at the same sockets. Of several namespaces each finding has
/// its own.
std::string place_of(const Options& options) {
    std::string files;
    for (const std::string& path : options.files) {
        files += " --files " + base::shell_word(path);
    }
    if (judges_files(options)) {
        return base::one_line(
            (options.root ? "--root " + base::shell_word(*options.root) : "") + files +
            (options.kernel.empty() ? "" : " --kernel " + base::shell_word(options.kernel)));
    }
    return options.replay       ? "--replay " + base::shell_word(*options.replay)
           : options.netns      ? "--netns " + base::shell_word(*options.netns)
           : options.pid        ? fmt::format("--pid {}", *options.pid)
           : options.this_netns ? "--this-netns"
                                : "";
}

/// The command that shows this report to a person.
std::string again_of(const Options& options) {
    std::string command = options.command == Command::audit ? "tcpadvisor audit" : "tcpadvisor";
    const std::string place = place_of(options);
    command += place.empty() ? "" : " " + place;
    for (const std::string& assumption : options.assume) {
        command += " --assume " + base::shell_word(assumption);
    }
    return command;
}

/// Only `check` comes every minute and on a loaded host; these formats say what was found, not why.
rules::Detail detail_of(const Options& options) {
    const bool bare = options.command == Command::check && !format_of(options).shows.advice;
    return bare ? rules::Detail::verdict : rules::Detail::advice;
}

/// A timer may end a little early by the clock of /proc/uptime, which counts hundredths.
constexpr double seconds_between_looks = 0.95;

/// A look, and then the time that was asked for.
std::vector<history::Sample> look_and_wait(const Options& options, const model::Assumptions& assumed,
                                           const snapshot::Host& host) {
    const facts::Facts facts = model::derive(host, assumed, {}, options.expected);
    std::vector<history::Sample> samples;
    for (std::size_t i = 0; i < host.namespaces.size(); ++i) {
        samples.push_back(model::sample_of(host.namespaces[i], facts.namespaces[i], host.uptime.value_or(0)));
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(*options.wait_s));
    return samples;
}

/// The verdict without the range and the one with the kernel's default: what alerts by the default is said,
/// what is OK only by it stays unknown.
void merge(findings::Report& report, findings::Report by_default) {
    const auto alerts = [&](const std::string& rule) {
        return std::any_of(by_default.rules.begin(), by_default.rules.end(),
                           [&](const findings::RuleOutcome& other) {
                               return other.id == rule &&
                                      other.state.value_or(findings::State::ok) >= findings::State::warning;
                           });
    };
    std::erase_if(report.findings, [&](const findings::Finding& finding) { return alerts(finding.rule); });
    for (findings::Finding& finding : by_default.findings) {
        if (alerts(finding.rule)) {
            finding.inferred = true;
            report.findings.push_back(std::move(finding));
        }
    }
    for (std::size_t i = 0; i < report.rules.size() && i < by_default.rules.size(); ++i) {
        findings::RuleOutcome& other = by_default.rules[i];
        const bool fine = other.state && *other.state <= findings::State::info;
        if (alerts(report.rules[i].id)) {
            report.rules[i] = std::move(other);
        } else if (report.rules[i].state == findings::State::unknown && fine) {
            report.rules[i].reason += "; OK if it is the kernel's default";
        }
    }
    findings::sort_findings(report);
    report.assumed = std::move(by_default.assumed);
    report.notes.push_back(note_of_default_range());
}

} // namespace

Judgement judge_host(const Options& options, const rules::Loaded& loaded, const model::Assumptions& assumed,
                     snapshot::Host& host, rules::Detail detail, std::vector<history::Sample> first_look) {
    history::Past past = past_of(options, host);
    if (!first_look.empty()) {
        past.add_look(std::move(first_look), seconds_between_looks * *options.wait_s);
    }
    past.prove_ages(host);
    const auto begin = std::chrono::steady_clock::now();
    facts::Facts facts = model::derive(host, assumed, past.history(), options.expected);
    const rules::Stop stop = end_of_judging(options, std::chrono::steady_clock::now() - begin);
    const rules::WhatIf changed = detail == rules::Detail::verdict
                                      ? rules::WhatIf()
                                      : what_if(host, assumed, past.history(), options.expected);
    findings::Report report = rules::evaluate(loaded.rules, facts, changed, past.recall(), stop);
    const bool lasts =
        report.worst() > findings::State::unknown && stop(); // to judge again could only lose it
    if (!keep(past, host, facts, patience_of(options)) && !lasts) {
        facts = model::derive(host, assumed, past.history(), options.expected);
        report = rules::evaluate(loaded.rules, facts, changed, past.recall(), stop);
    }
    if (is_topical(options)) {
        rules::keep_topics(options.tag, report.perfdata);
    }
    report.remarks = past.remarks();
    report.notices = past.notices();
    say_old_kernel(options, host, report);
    report.broken_files = loaded.broken_files;
    say_where_from(options, report, host);
    report.of_files = judges_files(options);
    report.place = report.of_files ? "" : place_of(options);
    report.replayed = options.replay.has_value();
    report.again = again_of(options);
    report.assumed = texts_of(assumed);
    report.fail_on = options.fail_on;
    if (shows(options, &render::Shows::drop_in)) {
        report.drop_in = drop_in_for(report, loaded.rules, changed, stop, host);
    }
    if (options.command != Command::report && !shows(options, &render::Shows::picture)) {
        return {std::move(report), std::nullopt};
    }
    if (options.verbosity > 0 || shows(options, &render::Shows::live_numbers)) {
        rules::add_live_numbers(report, loaded.rules, facts);
    }
    return {std::move(report), model::picture_of(host, assumed)};
}

namespace {

/// The setting holds where the options say nothing else, and one namespace is not all that the output can be
/// about.
bool wants_all_netns(const Options& options, const rules::RuleSet& rules) {
    const bool names_one = options.netns || options.pid || options.this_netns || options.replay;
    return options.all_netns || (rules.all_netns && !names_one && options.command != Command::audit);
}

/// So that nobody takes an OK for one about sockets that nobody looked at.
void say_others(const Options& options, std::size_t count, findings::Report& report) {
    if (count == 0) {
        return;
    }
    const std::string others = count == 1
                                   ? "1 other network namespace with TCP sockets was not looked at"
                                   : fmt::format("{} other network namespaces with TCP sockets were not "
                                                 "looked at",
                                                 count);
    if (options.command == Command::report) {
        report.notes.push_back(others + ": run tcpadvisor as root");
    } else {
        report.remarks.push_back(others + ": run it as root with --all-netns, or with all_netns = true in " +
                                 TCPADVISOR_SYSCONFDIR "/tcpadvisor.toml");
    }
}

/// What an audit of a directory did not judge, though it names sysctls or may.
void say_left_out(const std::vector<std::string>& left_out, findings::Report& report) {
    if (left_out.empty()) {
        return;
    }
    const std::string more = left_out.size() > 1 ? fmt::format(", and {} more", left_out.size() - 1) : "";
    report.notes.push_back(
        fmt::format("left out (documentation, copies, large files): {}{}", left_out.front(), more));
    for (const std::string& one : left_out) {
        report.remarks.push_back("left out: " + one);
    }
}

} // namespace

int judge(const Options& given) {
    const auto loaded = load_rules(given);
    if (!loaded) {
        return fail(given, loaded.error().message, loaded.error().details);
    }
    Options options = given;
    options.all_netns = wants_all_netns(options, loaded->rules);
    const auto assumed = assumptions(options);
    if (!assumed) {
        return fail(options, assumed.error().what);
    }
    const rules::Detail detail = detail_of(options);
    model::ModelNeeds needs = needs_of(loaded->rules, detail);
    needs.effects = detail == rules::Detail::advice;
    needs.boot_sysctls = needs.boot_sysctls || shows(options, &render::Shows::drop_in);
    needs.holders = options.command == Command::report;
    needs.bound_count = options.command == Command::report; // a state of the picture
    needs.report = options.command == Command::report || !options.rule.empty();
    auto observed = observe(options, *assumed, needs);
    if (!observed) {
        return fail(options, observed.error().what);
    }
    std::vector<history::Sample> first_look;
    if (options.wait_s) {
        first_look = look_and_wait(options, *assumed, observed->host);
        observed->host = collect(observed->targets, *assumed, needs);
        kernel::give_up_capabilities();
    }
    Judgement judgement =
        judge_host(options, *loaded, *assumed, observed->host, detail, std::move(first_look));
    if (const auto usual = with_default_range(observed->host, *assumed)) {
        Judgement by_default = judge_host(options, *loaded, *usual, observed->host, detail);
        merge(judgement.report, std::move(by_default.report));
        judgement.picture = std::move(by_default.picture);
    }
    if (options.command == Command::audit) {
        add_file_lines(judgement.report, observed->host, observed->file_lines);
        say_left_out(observed->left_out, judgement.report);
    }
    say_others(options, observed->not_looked_at, judgement.report);
    return publish(options, judgement);
}

} // namespace cli
