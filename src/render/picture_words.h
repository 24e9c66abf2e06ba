// What the pictures for people and the page have in common: which namespaces are shown, and how bins and
// steps are called. Not yet safe for any reader.
#pragma once

#include "facts/picture.h"
#include "findings/report.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace render {

/// Those with findings; all of them if none has any, or if there is only one.
std::vector<const facts::NamespacePicture*> namespaces_with_findings(const facts::Picture& picture,
                                                                     const findings::Report& report);

/// "0-5 s"; the last one is "60-62 s", the slack of the timers.
std::string age_bin_name(std::size_t bin);

/// "5 min": a step of facts::waiting_steps_s.
std::string step_name(std::uint32_t seconds);

/// All bins together.
std::uint32_t time_wait_count(const facts::NamespacePicture& picture);

/// "72 %"; "unknown" without a limit.
std::string queue_share(const facts::ListenerQueue& queue);

/// "all 12 accept queues are empty".
std::string empty_queues_text(const facts::NamespacePicture& picture);

} // namespace render
