#include "cli/publish.h"

#include "cli/drop_in.h"
#include "cli/output.h"

#include <algorithm>
#include <sstream>

namespace cli {
namespace {

constexpr std::string_view drop_in_format = "sysctl";

/// A drop-in is proven to say what was judged.
base::Result<std::string> rendered(const std::string& format, const findings::Report& report,
                                   const render::Style& style) {
    std::ostringstream out;
    render::find_format(format)->render(report, style, out);
    if (format == drop_in_format && report.drop_in) {
        if (const base::Status same = read_back(out.str(), *report.drop_in); !same) {
            return same.error();
        }
    }
    return out.str();
}

} // namespace

std::string format_of(const Options& options) {
    return options.format.empty() ? std::string(info_of(options.command).formats.front()) : options.format;
}

bool wants_drop_in(const Options& options) {
    return format_of(options) == drop_in_format ||
           std::any_of(options.reports.begin(), options.reports.end(),
                       [](const FurtherReport& further) { return further.format == drop_in_format; });
}

int publish(const Options& options, const findings::Report& report) {
    const auto answer = rendered(format_of(options), report, style_for(options));
    if (!answer) {
        return fail(options, answer.error().what);
    }
    std::vector<std::string> contents;
    for (const FurtherReport& further : options.reports) {
        const auto content = rendered(further.format, report, style_for_file(options));
        if (!content) {
            return fail(options, content.error().what);
        }
        contents.push_back(*content);
    }
    if (const base::Status delivered = deliver_reports(options, contents); !delivered) {
        return fail(options, delivered.error().what);
    }
    if (const base::Status delivered = deliver(options, *answer); !delivered) {
        return fail(options, delivered.error().what);
    }
    return findings::exit_code(report);
}

} // namespace cli
