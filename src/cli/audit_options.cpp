#include "cli/audit_options.h"

#include "base/number.h"
#include "base/text.h"
#include "cli/publish.h"

#include <algorithm>
#include <cmath>

namespace cli {
namespace {

std::string wrong(std::string_view option, const std::string& value, std::string_view expected) {
    return "--" + std::string(option) + " '" + base::printable(value) + "': expected " + std::string(expected);
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

} // namespace

std::optional<std::string> take_report(Options& options, const std::string& value) {
    const std::size_t colon = value.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == value.size()) {
        return wrong("report", value, "FORMAT:FILE, as in junit:audit.xml");
    }
    options.reports.push_back({value.substr(0, colon), value.substr(colon + 1)});
    return std::nullopt;
}

std::optional<std::string> take_fail_on(Options& options, const std::string& value) {
    const std::vector<std::string> known = {"warning", "critical", "never"};
    const auto found = std::find(known.begin(), known.end(), value);
    if (found == known.end()) {
        return wrong("fail-on", value, "warning, critical or never") + base::did_you_mean(value, known);
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
        return wrong(name, value,
                     is_rate   ? "new connections a second, as in 500/s: a whole number up to 10000000"
                     : is_hold ? "seconds, as in 0.2: at most 10000000"
                               : "a number of destinations, at least 1");
    }
    (is_rate ? options.expected.rate : is_hold ? options.expected.hold : options.expected.destinations) = *number;
    return std::nullopt;
}

std::optional<std::string> check_expectation(const Options& options) {
    const model::Expectation& load = options.expected;
    if (!load.rate && (load.destinations || load.hold)) {
        return "--expect-destinations and --expect-hold say more about --expect-rate: give that as well";
    }
    return std::nullopt;
}

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
    if (options.all_netns && wants_format(options, drop_in_format)) {
        return "a file of sysctls is for one namespace: --all-netns has no place with 'sysctl'";
    }
    return std::nullopt;
}

} // namespace cli
