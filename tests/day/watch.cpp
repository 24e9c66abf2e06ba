#include "tests/day/watch.h"

#include "base/diagnostic.h"
#include "cli/judge.h"
#include "cli/observe.h"
#include "cli/rules.h"
#include "model/derive.h"
#include "rules/evaluate.h"

#include <filesystem>
#include <fstream>

namespace day {

cli::Options options_of_check(const Directory& directory) {
    cli::Options options;
    options.command = cli::Command::check;
    options.state_dir = directory.path() + "/state";
    options.rules_dir = directory.path() + "/rules.d";
    options.config = directory.path() + "/tcpadvisor.toml";
    std::filesystem::create_directory(*options.rules_dir);
    std::ofstream(*options.config) << "# no settings\n";
    return options;
}

rules::RuleSet rules_of_check(const cli::Options& options) {
    auto loaded = cli::load_rules(options);
    if (!loaded) {
        throw std::runtime_error(loaded.error().message);
    }
    if (!loaded->broken_files.empty()) {
        throw std::runtime_error(loaded->broken_files.front());
    }
    return std::move(loaded->rules);
}

Watch::Watch(const rules::RuleSet& rules)
    : rules_(rules), options_(options_of_check(directory_)),
      needs_(cli::needs_of(rules, rules::Detail::verdict)) {}

findings::Report Watch::look(const HostModel& model, double late) {
    snapshot::Host host = model.snapshot(late);
    for (int round = 0; round < 2; ++round) {
        if (const auto request = model::wants(host, {}, needs_)) {
            model.answer(*request, host);
        }
    }
    history::Past past = cli::past_of(options_, host);
    past.prove_ages(host);
    const facts::Facts facts = model::derive(host, {}, past.history());
    findings::Report report = rules::evaluate(rules_, facts, {}, past.recall());
    if (!cli::keep(past, host, facts, 0.5) || !past.remarks().empty()) {
        throw std::runtime_error("the history is not kept: " + past.remarks().front());
    }
    return report;
}

} // namespace day
