#include "cli/rule_files.h"

#include "base/file.h"
#include "base/text.h"
#include "base/trusted_file.h"
#include "kernel/privileges.h"
#include "rules/shipped.h"

#include <chrono>

namespace cli {
namespace {

constexpr std::size_t largest_file = 1 << 20;
constexpr const char* default_rules = TCPADVISOR_SYSCONFDIR "/rules.d";
constexpr const char* default_settings = TCPADVISOR_SYSCONFDIR "/tcpadvisor.toml";

/// A run with more rights than its user believes only files that nobody else could have written.
base::Result<std::string, base::Gap> read(const std::string& path) {
    return kernel::is_privileged() ? base::read_trusted_file(path, largest_file)
                                   : base::read_file(path, largest_file);
}

base::Status read_drop_ins(const Options& options, RuleFiles& files) {
    const std::string directory = options.rules_dir.value_or(default_rules);
    const auto names = base::list_directory(directory, ".toml");
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
        const std::string path = directory + "/" + name;
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

base::Result<RuleFiles> find_rules(const Options& options, Prose prose) {
    RuleFiles files;
    files.inputs.form = prose == Prose::with ? rules::Form::full : rules::Form::lean;
    for (const base::Embedded& file : prose == Prose::with ? rules::shipped_rules() : rules::lean_rules()) {
        files.inputs.shipped.push_back({"shipped:" + std::string(file.name), std::string(file.text)});
    }
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

base::Result<rules::Loaded, LoadError> load_rules(const Options& options, Prose prose) {
    auto files = find_rules(options, prose);
    if (!files) {
        return LoadError{files.error().what, {}};
    }
    rules::Loaded loaded = rules::load(files->inputs);
    if (loaded.argument_errors.has_errors()) {
        LoadError error;
        for (const base::Diagnostic& diagnostic : loaded.argument_errors.sorted()) {
            const std::string line = diagnostic.place.file + ": " + diagnostic.message;
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

} // namespace cli
