// One picture of `tcpadvisor watch`. Knows no terminal: the lines are for whoever shows them.
#pragma once

#include "facts/answers.h"
#include "findings/report.h"
#include "render/formats.h"

#include <set>
#include <string>
#include <vector>

namespace render {

struct Watched {
    const findings::Report& report;
    const facts::Look& look;
    const facts::Look* before;           // null at the first look
    const std::set<std::string>& is_new; // keys of findings that the last look did not have
};

/// What tells one finding from another.
std::string key_of(const findings::Finding& finding);

/// Lines of at most `style.width` columns, the most important first: the verdict, findings, destinations,
/// states, counters. `height`: how many there is room for.
std::vector<std::string> watch_picture(const Watched& watched, const Style& style, std::size_t height);

/// The same in one line, for a log: time, verdict, worst finding.
std::string watch_line(const Watched& watched);

} // namespace render
