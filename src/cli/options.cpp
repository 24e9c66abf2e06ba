#include "cli/options.h"

#include "base/number.h"
#include "base/text.h"
#include "cli/help.h"
#include "cli/output.h"
#include "kernel/sysctl_history.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <boost/program_options.hpp>

namespace cli {

namespace {

namespace po = boost::program_options;
using Values = std::vector<std::string>;

constexpr std::string_view plugin_name = "check_tcpadvisor";

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

po::options_description described() {
    po::options_description description;
    for (const OptionInfo& option : option_table()) {
        std::string names(option.name);
        if (option.letter != 0) {
            names += ',';
            names += option.letter;
        }
        if (option.argument.empty()) {
            description.add_options()(names.c_str(), "");
        } else {
            description.add_options()(names.c_str(), po::value<Values>(), "");
        }
    }
    description.add_options()("words", po::value<Values>(), "");
    return description;
}

const OptionInfo* find_option(std::string_view name) {
    const auto table = option_table();
    const auto found =
        std::find_if(table.begin(), table.end(), [&](const OptionInfo& o) { return o.name == name; });
    return found != table.end() ? &*found : nullptr;
}

std::vector<std::string> option_names(Commands taken_by) {
    std::vector<std::string> names;
    for (const OptionInfo& option : option_table()) {
        if ((option.commands & taken_by) != 0) {
            names.push_back("--" + std::string(option.name));
        }
    }
    return names;
}

std::string names_of(Commands wanted) {
    std::vector<std::string> names;
    for (const CommandInfo& info : commands()) {
        if ((bit(info.command) & wanted) != 0) {
            names.emplace_back(info.name);
        }
    }
    return base::join(names, ", ");
}

/// Everything that was given, by long option name, in order; `words` are the arguments that are no options.
struct Given {
    std::vector<std::pair<std::string, std::string>> options;
    std::vector<std::string> words;
};

std::string with_suggestion(const std::string& token) {
    const std::string name = token.substr(0, token.find('='));
    const std::vector<std::string> all = option_names(every);
    return "unknown option '" + base::printable(name) + "'" + base::did_you_mean(name, all);
}

base::Result<Given> tokenize(const std::vector<std::string>& argv) {
    const po::options_description description = described();
    po::positional_options_description positional;
    positional.add("words", -1);
    Given given;
    try {
        const auto style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
        const std::vector<std::string> tokens(argv.begin() + (argv.empty() ? 0 : 1), argv.end());
        const auto parsed =
            po::command_line_parser(tokens).options(description).positional(positional).style(style).run();
        for (const auto& option : parsed.options) {
            const OptionInfo* info = find_option(option.string_key);
            if (info == nullptr) {
                given.words.insert(given.words.end(), option.value.begin(), option.value.end());
            } else {
                given.options.emplace_back(option.string_key,
                                           option.value.empty() ? "" : option.value.front());
            }
        }
    } catch (const po::unknown_option& error) {
        return base::Error{with_suggestion(error.get_option_name())};
    } catch (const po::error_with_option_name& error) {
        const std::string name = error.get_option_name();
        if (dynamic_cast<const po::invalid_command_line_syntax*>(&error) != nullptr) {
            const std::size_t start = name.find_first_not_of('-');
            if (start == std::string::npos) {
                return base::Error{"an option without a name"};
            }
            const OptionInfo* info = find_option(name.substr(start));
            if (info != nullptr && info->argument.empty()) {
                return base::Error{"option '" + name + "' takes no value"};
            }
            return base::Error{"option '" + base::printable(name) + "' needs a value" +
                               (info != nullptr ? ": " + name + " " + std::string(info->argument) : "")};
        }
        return base::Error{base::printable(error.what())};
    } catch (const po::error& error) {
        return base::Error{base::printable(error.what())};
    }
    return given;
}

std::string mistake_in(std::string_view option, const std::string& value, std::string_view expected) {
    return "--" + std::string(option) + " '" + base::printable(value) + "': expected " +
           std::string(expected);
}

std::optional<std::string> take_report(Options& options, const std::string& value) {
    const std::size_t colon = value.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == value.size()) {
        return mistake_in("report", value, "FORMAT:FILE, as in junit:audit.xml");
    }
    options.reports.push_back({value.substr(0, colon), value.substr(colon + 1)});
    return std::nullopt;
}

std::optional<std::string> take_fail_on(Options& options, const std::string& value) {
    const std::vector<std::string> known = {"warning", "critical", "never"};
    const auto found = std::find(known.begin(), known.end(), value);
    if (found == known.end()) {
        return mistake_in("fail-on", value, "warning, critical or never") + base::did_you_mean(value, known);
    }
    using findings::State;
    options.fail_on = value == "warning"    ? std::optional(State::warning)
                      : value == "critical" ? std::optional(State::critical)
                                            : std::nullopt;
    return std::nullopt;
}

std::optional<std::string> take_expectation(Options& options, const std::string& name,
                                            const std::string& value) {
    constexpr double most = 1e7;
    const bool is_hold = name == "expect-hold";
    const bool is_rate = name == "expect-rate";
    std::string_view digits = value;
    if (is_rate && digits.ends_with("/s")) {
        digits.remove_suffix(2);
    } else if (is_hold && digits.ends_with('s')) {
        digits.remove_suffix(1);
    }
    const auto number = base::parse_decimal(base::trim(digits));
    const bool whole = number && std::trunc(*number) == *number;
    if (!number || *number > most || *number < (is_hold ? 0 : 1) || (!is_hold && !whole)) {
        return mistake_in(name, value,
                          is_rate   ? "new connections a second, as in 500/s: a whole number up to 10000000"
                          : is_hold ? "seconds, as in 0.2: at most 10000000"
                                    : "a number of destinations, at least 1");
    }
    (is_rate   ? options.expected.rate
     : is_hold ? options.expected.hold
               : options.expected.destinations) = *number;
    return std::nullopt;
}

/// Fills what the text of one option means; an error text otherwise.
std::optional<std::string> take(Options& options, const std::string& name, const std::string& value) {
    const auto wrong = [&](std::string_view expected) { return mistake_in(name, value, expected); };
    if (name == "format") {
        options.format = value;
    } else if (name == "output") {
        options.output = value;
    } else if (name == "report") {
        return take_report(options, value);
    } else if (name == "fail-on") {
        return take_fail_on(options, value);
    } else if (name.starts_with("expect-")) {
        return take_expectation(options, name, value);
    } else if (name == "files") {
        options.files.push_back(value);
    } else if (name == "root") {
        options.root = value;
    } else if (name == "kernel") {
        if (!kernel::parse_release(value)) {
            return wrong("a release of Linux, as in 5.14");
        }
        options.kernel = value;
    } else if (name == "replay") {
        options.replay = value;
    } else if (name == "snapshot") {
        const auto number = base::parse_integer(value);
        if (!number || *number < 1) {
            return wrong("the number of a snapshot, counted from 1");
        }
        options.snapshot = static_cast<std::size_t>(*number);
    } else if (name == "mask") {
        options.mask = true;
    } else if (name == "netns") {
        options.netns = value;
    } else if (name == "pid") {
        const auto pid = base::parse_integer(value);
        if (!pid || *pid < 1 || *pid > 0x7FFFFFFF) {
            return wrong("the number of a process");
        }
        options.pid = static_cast<int>(*pid);
    } else if (name == "all-netns") {
        options.all_netns = true;
    } else if (name == "this-netns") {
        options.this_netns = true;
    } else if (name == "state-dir") {
        if (value.empty()) {
            return wrong("a directory");
        }
        options.state_dir = value;
    } else if (name == "no-state") {
        options.no_state = true;
    } else if (name == "assume") {
        options.assume.push_back(value);
    } else if (name == "config") {
        options.config = value;
    } else if (name == "rules") {
        options.rules_dir = value;
    } else if (name == "rule") {
        options.rule.push_back(value);
    } else if (name == "exclude-rule") {
        options.exclude_rule.push_back(value);
    } else if (name == "tag") {
        options.tag.push_back(value);
    } else if (name == "set") {
        options.set.push_back(value);
    } else if (name == "color") {
        const std::vector<std::string> known = {"auto", "always", "never"};
        const auto found = std::find(known.begin(), known.end(), value);
        if (found == known.end()) {
            return wrong("auto, always or never") + base::did_you_mean(value, known);
        }
        options.color = static_cast<Color>(found - known.begin());
    } else if (name == "timeout") {
        const auto seconds = base::parse_decimal(value);
        if (!seconds || *seconds <= 0 || *seconds > 3600) {
            return wrong("seconds, above 0 and at most 3600");
        }
        options.timeout_s = *seconds;
    } else if (name == "lang") {
        const std::vector<std::string> known = {"en", "zh"};
        if (std::find(known.begin(), known.end(), value) == known.end()) {
            return wrong("en or zh") + base::did_you_mean(value, known);
        }
        options.lang = value == "zh" ? Language::chinese : Language::english;
    } else if (name == "list") {
        options.list = true;
    } else if (name == "interval") {
        const auto seconds = base::parse_decimal(value);
        if (!seconds || *seconds < 0.1 || *seconds > 86400) {
            return wrong("seconds, at least 0.1");
        }
        options.interval_s = *seconds;
    } else if (name == "wait") {
        const auto seconds = base::parse_decimal(value);
        if (!seconds || *seconds < 1 || *seconds > 3600) {
            return wrong("seconds, 1 to 3600");
        }
        options.wait_s = *seconds;
    } else if (name == "warning") {
        options.warning = value;
    } else if (name == "critical") {
        options.critical = value;
    } else if (name == "to") {
        options.to = value;
    } else if (name == "from") {
        options.from = value;
    } else if (name == "device") {
        options.device = value;
    } else if (name == "top") {
        const auto top = base::parse_integer(value);
        if (!top || *top < 1 || *top > 1'000'000) {
            return wrong("a number of destinations, at least 1");
        }
        options.top = static_cast<std::size_t>(*top);
    } else if (name == "sort") {
        const std::vector<std::string> known = {"used", "connections", "rate", "left"};
        if (std::find(known.begin(), known.end(), value) == known.end()) {
            return wrong("used, connections, rate or left") + base::did_you_mean(value, known);
        }
        options.sort = value;
    } else if (name == "verbose") {
        ++options.verbosity;
    } else if (name == "quiet") {
        options.verbosity = -1;
    } else if (name == "help") {
        options.help = true;
    } else if (name == "version") {
        options.version = true;
    }
    return std::nullopt;
}

/// Of a command line that could not be parsed: what its reader expects; empty if that is not known.
std::string asked_format(const std::vector<std::string>& argv, const CommandInfo& command) {
    for (const std::string_view format : command.formats) {
        const auto apart = std::find(argv.begin(), argv.end(), "--format");
        if (std::find(argv.begin(), argv.end(), "--format=" + std::string(format)) != argv.end() ||
            (apart != argv.end() && std::next(apart) != argv.end() && *std::next(apart) == format)) {
            return std::string(format);
        }
    }
    return {};
}

std::optional<std::string> take_command(Options& options, std::vector<std::string> words) {
    if (options.manners == Invocation::plugin) {
        options.command_named = true;
        options.arguments = std::move(words);
    } else if (!words.empty()) {
        std::vector<std::string> names;
        for (const CommandInfo& info : commands()) {
            names.emplace_back(info.name);
        }
        const auto found = std::find(names.begin(), names.end(), words.front());
        if (found == names.end()) {
            return "unknown command '" + base::printable(words.front()) + "'" +
                   base::did_you_mean(words.front(), names) + " (commands: " + base::join(names, ", ") + ")";
        }
        options.command = commands()[static_cast<std::size_t>(found - names.begin())].command;
        options.command_named = true;
        options.arguments.assign(words.begin() + 1, words.end());
    }
    if (options.command == Command::audit && !options.files.empty()) { // --files A B C
        std::ranges::move(options.arguments, std::back_inserter(options.files));
        options.arguments.clear();
    }
    if (!options.arguments.empty() && info_of(options.command).arguments.empty()) {
        return "unexpected argument '" + base::printable(options.arguments.front()) + "': '" +
               std::string(info_of(options.command).name) + "' takes none";
    }
    return std::nullopt;
}

std::optional<std::string> check_format(std::string_view option, const std::string& format,
                                        const CommandInfo& info) {
    if (std::find(info.formats.begin(), info.formats.end(), format) != info.formats.end()) {
        return std::nullopt;
    }
    const std::vector<std::string> known(info.formats.begin(), info.formats.end());
    return "--" + std::string(option) + " '" + base::printable(format) + "': '" + std::string(info.name) +
           "' has " + base::join(known, ", ") + base::did_you_mean(format, known);
}

std::optional<std::string> check_wait(const Options& options) {
    if (options.wait_s && options.replay) {
        return "--wait takes two looks at this host, and --replay has one look at another";
    }
    if (options.command == Command::check && options.interval_s && options.replay) {
        return "--interval looks at this host again and again, and --replay is one look";
    }
    return std::nullopt;
}

std::optional<std::string> check_expectation(const Options& options) {
    const model::Expectation& load = options.expected;
    if (!load.rate && (load.destinations || load.hold)) {
        return "--expect-destinations and --expect-hold say more about --expect-rate: give that as well";
    }
    return std::nullopt;
}

std::optional<std::string> check_files(const Options& options) {
    const bool elsewhere =
        options.replay || options.netns || options.pid || options.all_netns || options.this_netns;
    if (judges_files(options) && elsewhere) {
        return "--files and --root judge files and no host: --replay, --netns, --pid, --all-netns and "
               "--this-netns have no place there";
    }
    if (!options.kernel.empty() && !judges_files(options)) {
        return "--kernel says for which kernel the files are that --files or --root names";
    }
    return std::nullopt;
}

/// --format and each --report: does the command have this format? And no file is written twice.
std::optional<std::string> check_formats(const Options& options) {
    const CommandInfo& info = info_of(options.command);
    std::vector<std::string> files;
    if (options.output) {
        files.push_back(*options.output);
    }
    if (!options.format.empty()) {
        if (auto mistake = check_format("format", options.format, info)) {
            return mistake;
        }
    }
    for (const FurtherReport& report : options.reports) {
        if (auto mistake = check_format("report", report.format, info)) {
            return mistake;
        }
        if (std::find(files.begin(), files.end(), report.file) != files.end()) {
            return "two outputs of one run would go to '" + base::printable(report.file) + "'";
        }
        files.push_back(report.file);
    }
    if (options.all_netns && shows(options, &render::Shows::drop_in)) {
        return "a file of sysctls is for one namespace: --all-netns has no place with 'sysctl'";
    }
    return std::nullopt;
}

std::optional<std::string> check_together(const Options& options) {
    const int places = (options.netns ? 1 : 0) + (options.pid ? 1 : 0) + (options.all_netns ? 1 : 0) +
                       (options.this_netns ? 1 : 0);
    if (places > 1) {
        return "--netns, --pid, --all-netns and --this-netns exclude each other";
    }
    if (options.replay && (options.netns || options.pid || options.this_netns)) {
        return "--replay reads what was kept, all namespaces in it: --netns, --pid and --this-netns have no "
               "place "
               "there";
    }
    if (options.snapshot && !options.replay) {
        return "--snapshot chooses one of several in the text that --replay names";
    }
    if (options.no_state && options.state_dir) {
        return "--no-state and --state-dir exclude each other";
    }
    if (auto mistake = check_expectation(options)) {
        return mistake;
    }
    if (auto mistake = check_files(options)) {
        return mistake;
    }
    if (auto mistake = check_wait(options)) {
        return mistake;
    }
    return check_formats(options);
}

} // namespace

const std::vector<CommandInfo>& commands() {
    static const std::vector<CommandInfo> list = {
        {"report",
         Command::report,
         "",
         "what is wrong on this host, worst first (default)",
         {"text", "json", "html", "junit", "tap", "prometheus"}},
        {"check",
         Command::check,
         "",
         "the same verdict for a monitoring system",
         {"nagios", "json", "text", "junit", "tap", "prometheus", "checkmk"}},
        {"audit",
         Command::audit,
         "",
         "is the configuration right?",
         {"text", "json", "junit", "tap", "sarif", "sysctl"}},
        {"ports", Command::ports, "", "free local ports towards each destination", {"text", "json"}},
        {"port",
         Command::port,
         "N",
         "who holds this local port, and may a program have it",
         {"text", "json"}},
        {"states", Command::states, "", "connections by state", {"text", "json"}},
        {"watch", Command::watch, "", "the same again every few seconds, until q is pressed", {}},
        {"explain",
         Command::explain,
         "[TOPIC|MESSAGE]",
         "a rule, a TCP state, a sysctl, a fact, or an error message",
         {}},
        {"rules",
         Command::rules,
         "list|lint|test [FILE...]",
         "the rules in force; validate; run rule tests",
         {}},
        {"record", Command::record, "FILE", "write a capture that --replay can judge", {}},
    };
    return list;
}

const CommandInfo& info_of(Command command) {
    return *std::find_if(commands().begin(), commands().end(),
                         [&](const CommandInfo& info) { return info.command == command; });
}

base::Result<Options, CommandLineError> parse_options(const std::vector<std::string>& argv) {
    Options options;
    if (!argv.empty() && base_name(argv.front()) == plugin_name) {
        options.manners = Invocation::plugin;
        options.command = Command::check;
    }
    // So that a mistake is told in the manner of the command that was meant.
    for (const CommandInfo& info : commands()) {
        if (options.manners == Invocation::person && argv.size() > 1 && argv[1] == info.name) {
            options.command = info.command;
        }
    }
    const auto mistake = [&](std::string message) { return CommandLineError{std::move(message), options}; };
    const auto given = tokenize(argv);
    if (!given) {
        options.format = asked_format(argv, info_of(options.command));
        return mistake(given.error().what);
    }
    std::optional<std::string> first_wrong;
    for (const auto& [name, value] : given->options) {
        const auto same = [&, wanted = name](const auto& option) { return option.first == wanted; };
        const bool twice = std::count_if(given->options.begin(), given->options.end(), same) > 1;
        auto wrong = take(options, name, value);
        if (!wrong && twice && !find_option(name)->repeatable) {
            wrong = "--" + name + " is given twice";
        }
        if (!first_wrong) {
            first_wrong = wrong;
        }
    }
    if (const auto wrong = take_command(options, given->words); wrong && !options.help && !options.version) {
        return mistake(*wrong);
    }
    for (const auto& [name, value] : given->options) {
        const Commands taken_by = find_option(name)->commands;
        if (!first_wrong && (taken_by & bit(options.command)) == 0) {
            first_wrong = "'" + std::string(info_of(options.command).name) + "' has no option --" + name +
                          " (it belongs to " + names_of(taken_by) + ")";
        }
    }
    if (!first_wrong) {
        first_wrong = check_together(options);
    }
    if (first_wrong && !options.help && !options.version) {
        return mistake(*first_wrong);
    }
    return options;
}

} // namespace cli
