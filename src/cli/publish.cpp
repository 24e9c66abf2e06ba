#include "cli/publish.h"

#include "cli/drop_in.h"
#include "cli/output.h"

#include <algorithm>
#include <sstream>

namespace cli {
namespace {

/// A drop-in is proven to say what was judged.
base::Result<std::string> rendered(const std::string& format, const Judgement& judgement,
                                   const render::Style& style) {
    const findings::Report& report = judgement.report;
    std::ostringstream out;
    render::find_format(format)->render(report, judgement.picture ? &*judgement.picture : nullptr, style,
                                        out);
    if (format == drop_in_format && report.drop_in) {
        if (const base::Status same = read_back(out.str(), *report.drop_in); !same) {
            return same.error();
        }
    }
    return out.str();
}

} // namespace

std::string format_of(const Options& options) {
    const auto& formats = info_of(options.command).formats; // watch has none
    return options.format.empty() && !formats.empty() ? std::string(formats.front()) : options.format;
}

bool wants_format(const Options& options, std::string_view format) {
    return format_of(options) == format ||
           std::any_of(options.reports.begin(), options.reports.end(),
                       [&](const FurtherReport& further) { return further.format == format; });
}

int publish(const Options& options, const Judgement& judgement) {
    const auto answer = rendered(format_of(options), judgement, style_for(options));
    if (!answer) {
        return fail(options, answer.error().what);
    }
    std::vector<std::string> contents;
    for (const FurtherReport& further : options.reports) {
        const auto content = rendered(further.format, judgement, style_for_file(options));
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
    return findings::exit_code(judgement.report);
}

} // namespace cli
