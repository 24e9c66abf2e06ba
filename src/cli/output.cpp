#include "cli/output.h"

#include "base/number.h"
#include "base/text.h"
#include "base/writing.h"
#include "cli/commands.h"
#include "cli/language.h"
#include "cli/surroundings.h"

#include <algorithm>
#include <sstream>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace cli {

namespace {

constexpr std::string_view text_format = "text"; // of commands that have no others

bool wants_color(const Options& options) {
    if (options.color != Color::automatic) {
        return options.color == Color::always;
    }
    return !options.output && variable("NO_COLOR").empty() && variable("TERM") != "dumb" &&
           ::isatty(STDOUT_FILENO) == 1;
}

int terminal_width() {
    constexpr std::int64_t narrowest = 20;
    constexpr std::int64_t widest = 400;
    std::int64_t width = 80;
    winsize size{};
    if (const auto columns = base::parse_integer(variable("COLUMNS"))) {
        width = *columns;
    } else if (::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
               size.ws_col > 0) {
        width = size.ws_col;
    }
    return static_cast<int>(std::clamp(width, narrowest, widest));
}

std::string rendered(const render::Format& format, const render::Failure& failure) {
    std::ostringstream out;
    format.error(failure, out);
    return out.str();
}

} // namespace

Message message_of(const Options& options, const render::Failure& failure) {
    const render::Format& format = format_of(options);
    // A monitoring system reads standard output, or both as one.
    const bool in_answer =
        format.error_place == render::ErrorPlace::answer ||
        (format.error_place == render::ErrorPlace::message_of_people && options.command == Command::check);
    return {rendered(format, failure), in_answer ? STDOUT_FILENO : STDERR_FILENO};
}

namespace {

int tell_failure(const Options& options, const render::Failure& failure) {
    const Message message = message_of(options, failure);
    if (!base::write_all(message.descriptor, message.text)) { // rather in the wrong place than mute
        const int other = message.descriptor == STDOUT_FILENO ? STDERR_FILENO : STDOUT_FILENO;
        static_cast<void>(base::write_all(other, message.text).has_value());
    }
    return exit_failed;
}

/// Whoever reads the file of a format that can tell errors is told there as well.
void tell_in_reports(const Options& options, const render::Failure& failure) {
    for (const FurtherReport& further : options.reports) {
        const render::Format* format = render::find_format(further.format);
        if (format != nullptr && format->error_place == render::ErrorPlace::answer) {
            static_cast<void>(base::write_atomically(further.file, rendered(*format, failure)).has_value());
        }
    }
}

/// For a file of --report: 80 columns, and coloured only if that was asked for.
render::Style style_for_file(const Options& options) {
    constexpr int usual_width = 80;
    return {options.color == Color::always, locale_is_unicode(), usual_width, options.verbosity};
}

/// A drop-in is proven to say what was judged.
base::Result<std::string> rendered(const render::Format& format, const Judgement& judgement,
                                   const render::Style& style) {
    const findings::Report& report = judgement.report;
    std::ostringstream out;
    format.render(report, judgement.picture ? &*judgement.picture : nullptr, style, out);
    if (format.shows.drop_in && report.drop_in) {
        if (const base::Status same = read_back(out.str(), *report.drop_in); !same) {
            return same.error();
        }
    }
    return out.str();
}

/// Each file of --report in place of what was there, in order, up to the first that cannot be written.
base::Status deliver_reports(const Options& options, const std::vector<std::string>& contents) {
    for (std::size_t i = 0; i < contents.size(); ++i) {
        if (base::Status written = base::write_atomically(options.reports[i].file, contents[i]); !written) {
            return written;
        }
    }
    return base::Nothing{};
}

} // namespace

render::Style style_for(const Options& options) {
    const bool is_terminal = !options.output && ::isatty(STDOUT_FILENO) == 1;
    return {wants_color(options), locale_is_unicode(), terminal_width(), options.verbosity, is_terminal};
}

base::Status deliver(const Options& options, const std::string& content) {
    if (options.output) {
        return base::write_atomically(*options.output, content);
    }
    const base::Status written = base::write_all(STDOUT_FILENO, content);
    return written ? written : base::Error{"cannot write to standard output: " + written.error().what};
}

int deliver_or_fail(const Options& options, const std::string& content, int exit_code) {
    const base::Status delivered = deliver(options, content);
    return delivered ? exit_code : fail(options, delivered.error().what);
}

int fail(const Options& options, const std::string& message, const std::vector<std::string>& details) {
    tell_in_reports(options, {message, details});
    return tell_failure(options, {message, details});
}

const render::Format& format_of(const Options& options) {
    const auto& own = info_of(options.command).formats;
    const bool has_it = own.empty() || std::find(own.begin(), own.end(), options.format) != own.end();
    const render::Format* asked = has_it ? render::find_format(options.format) : nullptr;
    return asked != nullptr ? *asked : *render::find_format(own.empty() ? text_format : own.front());
}

bool shows(const Options& options, bool render::Shows::*what) {
    return format_of(options).shows.*what ||
           std::any_of(options.reports.begin(), options.reports.end(), [&](const FurtherReport& further) {
               return render::find_format(further.format)->shows.*what;
           });
}

int publish(const Options& options, const Judgement& judgement) {
    const auto answer = rendered(format_of(options), judgement, style_for(options));
    if (!answer) {
        return fail(options, answer.error().what);
    }
    std::vector<std::string> contents;
    for (const FurtherReport& further : options.reports) {
        const auto content =
            rendered(*render::find_format(further.format), judgement, style_for_file(options));
        if (!content) {
            return fail(options, content.error().what);
        }
        contents.push_back(*content);
    }
    // From here on a failure leaves the reports that were written as they are.
    if (const base::Status delivered = deliver_reports(options, contents); !delivered) {
        return tell_failure(options, {delivered.error().what});
    }
    if (const base::Status delivered = deliver(options, *answer); !delivered) {
        return tell_failure(options, {delivered.error().what});
    }
    return findings::exit_code(judgement.report);
}

} // namespace cli
