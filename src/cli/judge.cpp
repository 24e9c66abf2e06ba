#include "cli/judge.h"

#include "base/number.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/observe.h"
#include "cli/output.h"
#include "cli/rules.h"
#include "model/derive.h"
#include "model/picture.h"
#include "model/rates.h"
#include "rules/arithmetic.h"
#include "rules/evaluate.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unistd.h>

#include <fmt/format.h>

namespace cli {

namespace {

using Candidate = history::Keeper::Candidate;
using base::PrivateDirectory;

/// Not from an environment that somebody else may have made for a privileged program.
std::string variable(const char* name) {
    const char* value = ::secure_getenv(name);
    return value != nullptr ? value : "";
}

/// systemd gives a private directory, behind a link where the user is dynamic; of several the first.
std::string directory_of_service() {
    const std::string given = variable("STATE_DIRECTORY");
    const std::string first = given.substr(0, given.find(':'));
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(first.c_str(), nullptr), std::free);
    return real ? real.get() : first;
}

std::vector<Candidate> candidates(const Options& options, bool writes) {
    const auto create = [&](PrivateDirectory::Create how) {
        return writes ? how : PrivateDirectory::Create::no;
    };
    if (options.state_dir) {
        return {{*options.state_dir, create(PrivateDirectory::Create::last)}};
    }
    if (const std::string given = directory_of_service(); given.starts_with('/')) {
        return {{given, create(PrivateDirectory::Create::last)}};
    }
    if (::geteuid() == 0) {
        return {{"/var/lib/tcpadvisor", create(PrivateDirectory::Create::last)}};
    }
    std::vector<Candidate> all;
    if (const std::string states = variable("XDG_STATE_HOME"); states.starts_with('/')) {
        all.push_back({states + "/tcpadvisor", create(PrivateDirectory::Create::with_parents)});
    } else if (const std::string home = variable("HOME"); home.starts_with('/')) {
        all.push_back({home + "/.local/state/tcpadvisor", create(PrivateDirectory::Create::with_parents)});
    }
    all.push_back(
        {fmt::format("/var/tmp/tcpadvisor-{}", ::geteuid()), create(PrivateDirectory::Create::last)});
    return all;
}

/// Without a number of its own a namespace has no past.
history::Key key_of(const snapshot::Host& host, const snapshot::Namespace& space) {
    if (!space.cookie && space.id == 0) {
        return {host.boot_id, ""};
    }
    return {host.boot_id,
            space.cookie ? fmt::format("cookie {}", *space.cookie) : fmt::format("inode {}", space.id)};
}

/// A replay knows nothing of this machine's past, unless it is told where one is.
bool wants_history(const Options& options) {
    return !options.no_state && (!options.replay || options.state_dir);
}

} // namespace

Past::Past(const Options& options, const snapshot::Host& host) : time_(host.time) {
    history_.uptime = host.uptime.value_or(0);
    keeps_time_ = host.uptime && !host.boot_id.empty();
    if (!wants_history(options)) {
        history_.unusable_because = options.no_state ? "--no-state" : "a replay has none";
        return;
    }
    if (!keeps_time_) {
        give_up("nothing is known of the boot: /proc/uptime or boot_id cannot be read");
        return;
    }
    writes_ = options.command == Command::check && options.assume.empty();
    auto keeper = history::Keeper::open(candidates(options, writes_));
    if (!keeper) {
        if (writes_ || keeper.error().why != base::Why::absent) {
            give_up(base::complaint(keeper.error()));
        }
        return;
    }
    keeper_.emplace(std::move(*keeper));
    for (const snapshot::Namespace& space : host.namespaces) {
        keys_.push_back(key_of(host, space));
    }
    load();
    if (const base::Status writable = keeper_->writable(); writes_ && !writable) {
        writes_ = false;
        remarks_.push_back("this run is not kept: " + writable.error().what);
    }
}

void Past::load() {
    for (const history::Key& key : keys_) {
        auto state = key.space.empty() ? base::Result<history::State, base::Gap>(history::State())
                                       : keeper_->load(key);
        if (!state && state.error().why != base::Why::absent) {
            remarks_.push_back("earlier runs are not used: " + base::complaint(state.error()));
        }
        history::State known = state ? std::move(*state) : history::State();
        history_.spaces.push_back(std::move(known.space));
        memories_.push_back(std::move(known.memory));
    }
}

void Past::give_up(const std::string& why) {
    writes_ = false;
    history_.unusable_because = "no history: " + why;
    remarks_.push_back(history_.unusable_because);
}

void Past::prove_ages(snapshot::Host& host) const {
    for (std::size_t i = 0; i < history_.spaces.size(); ++i) {
        if (const auto& waiting = history_.spaces[i].waiting) {
            host.namespaces[i].sockets.prove_ages(*waiting, history_.uptime);
        }
    }
}

rules::Recall* Past::recall() {
    if (!keeper_) {
        return nullptr;
    }
    const bool first = !recall_;
    recall_.emplace(memories_, history_.uptime, time_,
                    writes_ && first ? rules::Remembers::yes : rules::Remembers::no);
    return &*recall_;
}

bool Past::keep(const snapshot::Host& host, const facts::Facts& facts) {
    if (!writes_ || !recall_) {
        return true;
    }
    std::vector<history::Update> updates;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        const snapshot::Namespace& space = host.namespaces[i];
        if (keys_[i].space.empty()) {
            continue;
        }
        updates.push_back({keys_[i], model::sample_of(space, facts.namespaces[i], history_.uptime),
                           space.sockets.waiting(history_.uptime), recall_->updates()[i]});
        updates.back().waiting.complete &= !space.lost_sockets.has_value();
    }
    const base::Status saved = keeper_->save(updates);
    if (!saved) {
        writes_ = false;
        remarks_.push_back("this run is not kept: " + saved.error().what);
    }
    return saved.has_value();
}

// report, check and audit: the one pipeline of the program.

namespace {

/// What a person wants to know when nothing is wrong: how much was looked at.
std::string when_ok(const Options& options, const snapshot::Host& host, const findings::Report& report) {
    const bool all_skipped =
        std::none_of(report.rules.begin(), report.rules.end(),
                     [](const findings::RuleOutcome& rule) { return rule.state.has_value(); });
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

void say_where_from(const Options& options, findings::Report& report, const snapshot::Host& host) {
    report.version = TCPADVISOR_VERSION;
    report.host = host.name;
    report.kernel = host.kernel;
    report.time = host.time;
    report.when_ok = when_ok(options, host, report);
    for (const snapshot::Namespace& space : host.namespaces) {
        if (space.provenance.is_foreign()) {
            report.notes.push_back("from " + space.provenance.name + ", which does not tell all");
        } else if (space.source == snapshot::SocketSource::proc) {
            report.notes.push_back("sockets read from procfs because sock_diag is not usable");
            break;
        }
    }
}

/// One word for the shell.
std::string quoted(const std::string& text) {
    const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("._-,:/+@").find(static_cast<char>(c)) != std::string_view::npos;
    });
    std::string word = "'";
    for (const char c : text) {
        word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return plain ? text : word + "'";
}

/// The options by which another command looks at the same sockets.
std::string place_of(const Options& options) {
    return options.replay      ? "--replay " + quoted(*options.replay)
           : options.netns     ? "--netns " + quoted(*options.netns)
           : options.pid       ? fmt::format("--pid {}", *options.pid)
           : options.all_netns ? "--all-netns"
                               : "";
}

/// Only `check` comes every minute and on a loaded host; these formats say what was found, not why.
rules::Detail detail_of(const Options& options) {
    const std::string format = format_of(options);
    const bool bare = format == "nagios" || format == "prometheus" || format == "checkmk";
    return options.command == Command::check && bare ? rules::Detail::verdict : rules::Detail::advice;
}

} // namespace

Judgement judge_host(const Options& options, const rules::Loaded& loaded, const model::Assumptions& assumed,
                     snapshot::Host& host, rules::Detail detail) {
    Past past(options, host);
    past.prove_ages(host);
    const facts::Facts facts = model::derive(host, assumed, past.history(), options.expected);
    const rules::WhatIf changed = detail == rules::Detail::verdict
                                      ? rules::WhatIf()
                                      : what_if(host, assumed, past.history(), options.expected);
    findings::Report report = rules::evaluate(loaded.rules, facts, changed, past.recall());
    if (!past.keep(host, facts)) {
        report = rules::evaluate(loaded.rules, facts, changed, past.recall());
    }
    report.remarks = past.remarks();
    report.broken_files = loaded.broken_files;
    say_where_from(options, report, host);
    report.place = place_of(options);
    report.assumed = texts_of(assumed);
    report.fail_on = options.fail_on;
    if (wants_format(options, drop_in_format)) {
        report.drop_in = drop_in_for(report, loaded.rules, changed, host);
    }
    if (options.command != Command::report && !wants_format(options, "prometheus")) {
        return {std::move(report), std::nullopt};
    }
    if (options.verbosity > 0 || wants_format(options, "html")) {
        rules::add_live_numbers(report, loaded.rules, facts);
    }
    return {std::move(report), model::picture_of(host, assumed)};
}

int judge(const Options& options) {
    const auto loaded = load_rules(options);
    if (!loaded) {
        return fail(options, loaded.error().message, loaded.error().details);
    }
    const auto assumed = assumptions(options);
    if (!assumed) {
        return fail(options, assumed.error().what);
    }
    const rules::Detail detail = detail_of(options);
    model::Needs needs = needs_of(loaded->rules, detail);
    needs.effects = detail == rules::Detail::advice;
    needs.boot_sysctls = needs.boot_sysctls || wants_format(options, drop_in_format);
    needs.holders = options.command == Command::report;
    needs.bound_count = options.command == Command::report; // a state of the picture
    auto observed = observe(options, *assumed, needs);
    if (!observed) {
        return fail(options, observed.error().what);
    }
    return publish(options, judge_host(options, *loaded, *assumed, observed->host, detail));
}

} // namespace cli
