// Where the answer goes: standard output or a file, whole or not at all, and what kind of terminal reads it.
#pragma once

#include "base/result.h"
#include "cli/options.h"
#include "render/render.h"

#include <string>

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

} // namespace cli
