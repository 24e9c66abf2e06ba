#include "cli/rules.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/trace.h"
#include "kernel/privileges.h"
#include "rules/cases.h"
#include "rules/load.h"
#include "rules/rule.h"

#include <chrono>
#include <filesystem>

#include <fmt/format.h>

namespace cli {

namespace {

constexpr std::size_t largest_file = 1 << 20;
constexpr const char* default_rules = TCPADVISOR_SYSCONFDIR "/rules.d";
constexpr const char* default_settings = TCPADVISOR_SYSCONFDIR "/tcpadvisor.toml";

/// A run with more rights than its user believes only files that nobody else could have written.
base::Result<std::string, base::Gap> read(const std::string& path) {
    auto text = kernel::is_privileged() ? base::read_trusted_file(path, largest_file)
                                        : base::read_file(path, largest_file);
    trace_file(path, text);
    return text;
}

base::Status read_drop_ins(const Options& options, RuleFiles& files) {
    const std::string directory = options.rules_dir.value_or(default_rules);
    const auto names = base::list_directory(directory, ".toml");
    trace("{}: {} files of rules", directory, names ? names->size() : 0);
    if (!names) {
        if (options.rules_dir) {
            return base::Error{"--rules " + base::complaint(names.error())};
        }
        if (names.error().why != base::Why::absent) {
            files.broken.push_back(base::complaint(names.error()));
        }
        return base::Nothing{};
    }
    for (const std::string& name : *names) {
        const std::string path = fmt::format("{}/{}", directory, name);
        if (auto text = read(path)) {
            files.inputs.drop_ins.push_back({path, std::move(*text)});
        } else {
            files.broken.push_back(base::complaint(text.error()));
        }
    }
    return base::Nothing{};
}

base::Status read_settings(const Options& options, RuleFiles& files) {
    const std::string path = options.config.value_or(default_settings);
    auto text = read(path);
    if (text) {
        files.inputs.settings = rules::TextFile{path, std::move(*text)};
    } else if (options.config && text.error().why == base::Why::absent) {
        return base::Error{"--config " + base::complaint(text.error())};
    } else if (text.error().why != base::Why::absent) {
        files.broken.push_back(base::complaint(text.error()));
    }
    return base::Nothing{};
}

std::string own_tag(Command command) {
    switch (command) {
    case Command::check:
    case Command::watch:
        return "health";
    case Command::audit:
        return "tuning";
    default:
        return {};
    }
}

} // namespace

base::Result<RuleFiles> find_rules(const Options& options) {
    RuleFiles files;
    files.inputs.shipped = rules::shipped_rules();
    if (const auto status = read_drop_ins(options, files); !status) {
        return status.error();
    }
    if (const auto status = read_settings(options, files); !status) {
        return status.error();
    }
    files.inputs.set = options.set;
    files.inputs.warning = options.warning;
    files.inputs.critical = options.critical;
    files.inputs.only = options.rule;
    files.inputs.excluded = options.exclude_rule;
    files.inputs.tags = options.tag;
    files.inputs.own_tag = own_tag(options.command);
    files.inputs.now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    return files;
}

base::Result<rules::Loaded, LoadError> load_rules(const Options& options) {
    auto files = find_rules(options);
    if (!files) {
        return LoadError{files.error().what, {}};
    }
    rules::Loaded loaded = rules::load(files->inputs);
    if (loaded.argument_errors.has_errors()) {
        LoadError error;
        for (const base::Diagnostic& diagnostic : loaded.argument_errors.sorted()) {
            const std::string line = diagnostic.position.file + ": " + diagnostic.message;
            if (error.message.empty()) {
                error.message = line;
            } else {
                error.details.push_back(line);
            }
            if (!diagnostic.advice.empty()) {
                error.details.push_back(diagnostic.advice);
            }
        }
        return error;
    }
    loaded.broken_files.insert(loaded.broken_files.end(), files->broken.begin(), files->broken.end());
    return loaded;
}

// rules list, lint and test.

namespace {

constexpr std::string_view settings_name = "tcpadvisor.toml"; // any other file holds rules

int deliver_text(const Options& options, const std::string& text, int exit_code) {
    const base::Status delivered = deliver(options, text);
    return delivered ? exit_code : fail(options, delivered.error().what);
}

std::string values_text(const rules::ListedRule& rule) {
    std::string text;
    for (const rules::ListedValue& value : rule.values) {
        text += fmt::format("    {:<18} {}{}{}  ({})\n", value.name, value.value,
                            value.unit.empty() ? "" : " " + value.unit,
                            value.standard.empty() ? "" : ", default " + value.standard,
                            value.origin.empty() ? "default" : value.origin);
    }
    return text;
}

std::string overrides_text(const rules::ListedRule& rule) {
    std::string text;
    for (const rules::ListedOverride& one : rule.overrides) {
        text += fmt::format("    {:<18} {}: {}{}: {}  ({})\n", one.expired ? "EXPIRED override" : "override",
                            base::printable(one.subject), one.effect,
                            one.expires.empty() ? "" : " until " + one.expires, base::printable(one.reason),
                            one.origin);
    }
    return text;
}

std::string thresholds_of(const rules::ListedRule& rule) {
    std::string text = rule.severity;
    for (const rules::ListedValue& value : rule.values) {
        if (value.name == "warning" || value.name == "critical") {
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", value.name == "warning" ? "W" : "C",
                                value.value);
        }
    }
    return text;
}

int list(const Options& options) {
    const auto loaded = load_rules(options);
    if (!loaded) {
        return fail(options, loaded.error().message, loaded.error().details);
    }
    std::string text;
    for (const rules::ListedRule& rule : rules::list(loaded->rules)) {
        const std::string tags = base::join(rule.tags, ",");
        text += fmt::format("{:<30} {:<18} {:<12} {}{}\n", rule.id, tags, rule.table, thresholds_of(rule),
                            rule.enabled ? "" : "  (disabled)");
        if (options.verbosity > 0) {
            text += fmt::format("    {}\n    {:<18} {}\n", rule.title, "from", rule.origin);
            text += fmt::format("    {:<18} {}\n", "judges", rule.judgement) + values_text(rule);
        }
        text += overrides_text(rule);
        text += options.verbosity > 0 ? "\n" : "";
    }
    for (const std::string& line : loaded->broken_files) {
        text += "broken: " + base::printable(line) + "\n";
    }
    return deliver_text(options, text, loaded->broken_files.empty() ? 0 : exit_failed);
}

base::Result<std::vector<rules::TextFile>> read_named(const std::vector<std::string>& paths) {
    std::vector<rules::TextFile> files;
    for (const std::string& path : paths) {
        std::vector<std::string> members = {path};
        std::error_code ignored;
        if (std::filesystem::is_directory(path, ignored)) {
            const auto names = base::list_directory(path, ".toml");
            if (!names) {
                return base::Error{base::complaint(names.error())};
            }
            members.clear();
            for (const std::string& name : *names) {
                members.push_back(fmt::format("{}{}{}", path, path.ends_with('/') ? "" : "/", name));
            }
            if (members.empty()) {
                return base::Error{path + ": no file ends with .toml there"};
            }
        }
        for (const std::string& member : members) {
            auto text = base::read_file(member, largest_file);
            if (!text) {
                return base::Error{base::complaint(text.error())};
            }
            files.push_back({member, std::move(*text)});
        }
    }
    return files;
}

int lint(const Options& options) {
    auto found = find_rules(options);
    if (!found) {
        return fail(options, found.error().what);
    }
    const std::vector<std::string> paths(options.arguments.begin() + 1, options.arguments.end());
    auto named = read_named(paths);
    if (!named) {
        return fail(options, named.error().what);
    }
    if (!paths.empty()) {
        found->inputs.drop_ins
            .clear(); // named files stand beside the shipped rules, so that a clash of ids is seen
        if (!options.config) {
            found->inputs.settings.reset();
        }
        found->broken.clear();
        for (rules::TextFile& file : *named) {
            if (file.name.ends_with(settings_name)) {
                found->inputs.settings = std::move(file);
            } else {
                found->inputs.drop_ins.push_back(std::move(file));
            }
        }
    }
    const rules::Loaded loaded = rules::load(found->inputs);
    std::string text = base::to_text(loaded.diagnostics) + base::to_text(loaded.argument_errors);
    for (const std::string& line : found->broken) {
        text += line + "\n";
    }
    const bool bad =
        loaded.diagnostics.has_errors() || loaded.argument_errors.has_errors() || !found->broken.empty();
    if (!bad && options.verbosity >= 0) {
        text += fmt::format("{} rules, no errors\n", loaded.rules.rules.size());
    }
    return deliver_text(options, text, bad ? exit_failed : 0);
}

int test(const Options& options) {
    if (options.arguments.size() < 2) {
        return fail(options, "rules test needs files of cases, or a directory of them");
    }
    const auto loaded = load_rules(options);
    if (!loaded) {
        return fail(options, loaded.error().message, loaded.error().details);
    }
    const auto files = read_named({options.arguments.begin() + 1, options.arguments.end()});
    if (!files) {
        return fail(options, files.error().what);
    }
    std::string text = base::to_text(loaded->diagnostics);
    std::size_t passed = 0;
    std::size_t wrong = loaded->diagnostics.has_errors() ? 1 : 0;
    for (const rules::TextFile& file : *files) {
        const rules::CaseRun run = rules::run_cases(loaded->rules, file);
        text += base::to_text(run.diagnostics);
        wrong += run.diagnostics.has_errors() ? 1 : 0;
        for (const rules::CaseResult& result : run.results) {
            ++(result.passed ? passed : wrong);
            if (!result.passed) {
                text += fmt::format("{}:{}: {}: {}: {}\n", result.position.file, result.position.line,
                                    result.rule, result.name, result.message);
            } else if (options.verbosity > 0) {
                text += fmt::format("ok {}: {}\n", result.rule, result.name);
            }
        }
    }
    if (passed + wrong == 0) {
        return fail(options, "no cases in these files");
    }
    text += fmt::format("{} passed, {} failed\n", passed, wrong);
    return deliver_text(options, text, wrong == 0 ? 0 : exit_failed);
}

} // namespace

int rules_command(const Options& options) {
    const std::vector<std::string> known = {"list", "lint", "test"};
    const std::string verb = options.arguments.empty() ? "list" : options.arguments.front();
    if (verb == "list") {
        return options.arguments.size() > 1 ? fail(options, "rules list takes no further argument")
                                            : list(options);
    }
    if (verb == "lint") {
        return lint(options);
    }
    if (verb == "test") {
        return test(options);
    }
    return fail(options, "unknown command 'rules " + base::printable(verb) + "'" +
                             base::did_you_mean(verb, known) + " (list, lint, test)");
}

} // namespace cli
