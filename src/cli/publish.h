// The end of a judging run: the report in every form that was asked for, and the exit code.
#pragma once

#include "cli/judgement.h"
#include "cli/options.h"

#include <string>
#include <string_view>

namespace cli {

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
