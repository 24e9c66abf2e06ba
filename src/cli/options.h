// The command line as data: argv -> Options, or what is wrong with it. Pure: never prints, never exits, opens
// nothing.
#pragma once

#include "base/result.h"
#include "findings/report.h"
#include "model/expected.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

enum class Command { report, check, audit, ports, port, states, explain, rules, record, watch };

/// Under the name check_tcpadvisor the program is a plugin: always `check`, and --help exits with 3.
enum class Invocation { person, plugin };

enum class Color { automatic, always, never };

/// Of the texts of `explain`.
enum class Language { english, chinese };

/// Another output of the same run.
struct FurtherReport {
    std::string format;
    std::string file;
};

struct Options {
    Command command = Command::report;
    Invocation manners = Invocation::person;
    bool command_named = false;         // false: `command` is the default
    std::vector<std::string> arguments; // after the command

    bool help = false;
    bool version = false;
    int verbosity = 0; // -q is -1, each -v one more

    std::string format; // empty: the command's default
    std::optional<std::string> output;
    std::vector<FurtherReport> reports; // --report FORMAT:FILE
    model::Expectation expected;
    std::optional<findings::State> fail_on = findings::State::warning; // none: never
    std::vector<std::string> files;                                    // of settings, for audit
    std::optional<std::string> root;                                   // of an image
    std::string kernel; // the release that they are for; empty: as they say, or the newest
    std::optional<std::string> replay;
    std::optional<std::size_t> snapshot; // of several in one text, counted from 1; none: the last
    bool mask = false;
    std::optional<std::string> netns;
    std::optional<int> pid;
    bool all_netns = false;
    bool this_netns = false;
    std::vector<std::string> assume; // KEY=VALUE
    std::optional<std::string> state_dir;
    bool no_state = false;
    std::optional<std::string> config;
    std::optional<std::string> rules_dir;
    std::vector<std::string> rule;
    std::vector<std::string> exclude_rule;
    std::vector<std::string> tag;
    std::vector<std::string> set; // RULE.PARAMETER=VALUE
    Color color = Color::automatic;
    double timeout_s = 10;
    bool list = false;                // explain: all topics
    std::optional<Language> lang;     // none: as the locale says
    std::optional<double> interval_s; // between looks of watch and check; check: once without
    std::optional<double> wait_s;     // report: look twice, so far apart
    std::optional<std::string> warning;
    std::optional<std::string> critical;

    std::optional<std::string> to;
    std::optional<std::string> from;
    std::optional<std::string> device; // name or number of an interface
    std::size_t top = 20;
    std::string sort = "used";
};

/// What was wrong, together with as much as could be understood: who was called, and in which format to
/// complain.
struct CommandLineError {
    std::string message;
    Options understood;
};

struct CommandInfo {
    std::string_view name;
    Command command;
    std::string_view arguments; // for the usage line
    std::string_view sentence;
    std::vector<std::string_view> formats; // the first is the default
};
const std::vector<CommandInfo>& commands();
const CommandInfo& info_of(Command command);

/// An audit of files, which looks at no host.
inline bool judges_files(const Options& options) {
    return !options.files.empty() || options.root.has_value();
}

base::Result<Options, CommandLineError> parse_options(const std::vector<std::string>& argv);

} // namespace cli
