// The story of a run for the person who asks for it (-vvv): on standard error, a line a step. Costs one
// comparison where nobody asks. The only place that knows spdlog.
#pragma once

#include "kernel/machine.h"
#include "snapshot/counters.h"
#include "snapshot/host.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace cli {

/// From now on the story is told.
void start_trace();

bool is_tracing();

/// One line of it. Bytes that are not safe to print become '?'.
void tell(std::string_view line);

/// The same from its parts, which are put together only if the story is told.
template <typename... Parts>
void trace(fmt::format_string<Parts...> format, Parts&&... parts) {
    if (is_tracing()) {
        tell(fmt::format(format, std::forward<Parts>(parts)...));
    }
}

/// A file that was read, or why it was not.
void trace_file(std::string_view path, const snapshot::Reading<std::string>& content);

/// What is going to be collected beyond the base pass of the network namespace with this label, and why.
void trace_request(const snapshot::Request& request, const std::string& label);

/// The same targets; if the story is told, each question that is put to their machines is told with its
/// answer.
std::vector<kernel::Target> traced(std::vector<kernel::Target> targets);

} // namespace cli
