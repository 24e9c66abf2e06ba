// --timeout: until when this run collects and judges, so that what was seen by then is still told, and the
// end of a run that answers nothing. Knows nothing of what is collected.
#pragma once

#include "cli/options.h"
#include "kernel/live.h"
#include "rules/effect.h"

#include <chrono>

namespace cli {

/// Ends the process with exit code 3 and a message when `options.timeout_s` have passed, whatever it waits
/// for.
void start_timeout(const Options& options);

/// Nothing is collected after that: the rest of the time is for judging what was.
kernel::Deadline end_of_collecting(const Options& options);

/// No row is judged after that: the rest of the time is for writing the answer, which takes up to two passes
/// over the snapshot that take so long each.
rules::Stop end_of_judging(const Options& options, std::chrono::duration<double> pass);

/// Seconds that a run may wait for others with its answer ready: half a second, if twice that is left.
double patience_of(const Options& options);

} // namespace cli
