// Where the answer goes: standard output or a file, whole or not at all, and what kind of terminal reads it.
#pragma once

#include "base/result.h"
#include "cli/judge.h"
#include "cli/options.h"
#include "render/formats.h"

#include <string>
#include <string_view>

namespace cli {

/// Colour, width and character set for this run: from the options, the environment and the terminal.
render::Style style_for(const Options& options);

/// For a file of --report: 80 columns, and coloured only if that was asked for.
render::Style style_for_file(const Options& options);

/// Writes to standard output, or in place of the file that --output names.
base::Status deliver(const Options& options, const std::string& content);

/// Writes each file of --report in place of what was there, in order, up to the first that cannot be written;
/// `contents` are in the order of `options.reports`.
base::Status deliver_reports(const Options& options, const std::vector<std::string>& contents);

/// A failed run in the manner of the command: one line for a monitoring system, JSON, or a message on
/// standard error. Returns the exit code 3.
int fail(const Options& options, const std::string& message, const std::vector<std::string>& details = {});

/// Ends the process with exit code 3 and such a message when `options.timeout_s` have passed.
void start_timeout(const Options& options);

// The end of a judging run: the report in every form that was asked for, and the exit code.

/// The format of the answer: that of --format, else the first one of the command; empty if it has none.
std::string format_of(const Options& options);

/// The format whose output is a drop-in for sysctl.d.
inline constexpr std::string_view drop_in_format = "sysctl";

/// Is one of the outputs of this format?
bool wants_format(const Options& options, std::string_view format);

/// Everything is made before anything is written, and the files of --report are written before the answer:
/// who reads that can rely on them. The first that cannot be written ends the run with 3.
int publish(const Options& options, const Judgement& judgement);

} // namespace cli
