#include "cli/audit_options.h"

#include "base/text.h"

#include <algorithm>

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
    return std::nullopt;
}

} // namespace cli
