#include "cli/output.h"

#include "base/file.h"
#include "base/number.h"
#include "base/text.h"
#include "cli/commands.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include <fmt/format.h>

namespace cli {

namespace {

constexpr int failed = 3;

// Made before the timer starts, because a signal handler may only write.
std::string timeout_message;
int timeout_descriptor = STDERR_FILENO;

void give_up(int) {
    const ssize_t ignored = ::write(timeout_descriptor, timeout_message.data(), timeout_message.size());
    static_cast<void>(ignored);
    ::_exit(failed);
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

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

bool locale_is_unicode() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        if (const std::string value = variable(name); !value.empty()) {
            return value.find("UTF-8") != std::string::npos || value.find("utf8") != std::string::npos;
        }
    }
    return false;
}

/// Does a monitoring system read this run? Then nothing may go to standard error.
bool is_check(const Options& options) {
    return options.command == Command::check;
}

struct Failure {
    std::string text;
    int descriptor;
};

Failure failure_text(const Options& options, const std::string& message,
                     const std::vector<std::string>& details) {
    std::ostringstream out;
    if (options.format == "json") {
        render::error_json(message, details, out);
        return {out.str(), STDOUT_FILENO};
    }
    if (options.format == "checkmk") {
        render::error_checkmk(message, out);
        return {out.str(), STDOUT_FILENO};
    }
    if (is_check(options) && options.format != "prometheus") { // a line for Nagios is no metric
        render::error_nagios(message, details, out);
        return {out.str(), STDOUT_FILENO};
    }
    out << "tcpadvisor: " << base::printable(message) << '\n';
    for (const std::string& detail : details) {
        out << detail << (detail.ends_with('\n') ? "" : "\n");
    }
    return {out.str(), STDERR_FILENO};
}

} // namespace

render::Style style_for(const Options& options) {
    return {wants_color(options), locale_is_unicode(), terminal_width(), options.verbosity};
}

render::Style style_for_file(const Options& options) {
    constexpr int usual_width = 80;
    return {options.color == Color::always, locale_is_unicode(), usual_width, options.verbosity};
}

base::Status deliver(const Options& options, const std::string& content) {
    if (options.output) {
        return base::write_atomically(*options.output, content);
    }
    const base::Status written = base::write_all(STDOUT_FILENO, content);
    return written ? written : base::Error{"cannot write to standard output: " + written.error().what};
}

base::Status deliver_reports(const Options& options, const std::vector<std::string>& contents) {
    for (std::size_t i = 0; i < contents.size(); ++i) {
        if (const base::Status written = base::write_atomically(options.reports[i].file, contents[i]);
            !written) {
            return written;
        }
    }
    return base::Nothing{};
}

int fail(const Options& options, const std::string& message, const std::vector<std::string>& details) {
    const Failure failure = failure_text(options, message, details);
    static_cast<void>(base::write_all(failure.descriptor, failure.text).has_value());
    return failed;
}

void start_timeout(const Options& options) {
    const Failure failure =
        failure_text(options, fmt::format("no answer within {:g} s (--timeout)", options.timeout_s), {});
    timeout_message = failure.text;
    timeout_descriptor = failure.descriptor;
    struct sigaction action {};
    action.sa_handler = give_up;
    ::sigaction(SIGALRM, &action, nullptr);
    itimerval timer{};
    timer.it_value.tv_sec = static_cast<time_t>(options.timeout_s);
    timer.it_value.tv_usec =
        static_cast<suseconds_t>((options.timeout_s - static_cast<double>(timer.it_value.tv_sec)) * 1e6) + 1;
    ::setitimer(ITIMER_REAL, &timer, nullptr);
}

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
