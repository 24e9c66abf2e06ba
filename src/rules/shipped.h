// The rules that are compiled into the program. The sources are written by tools/embed.py.
#pragma once

#include "base/embedded.h"

#include <span>

namespace rules {

/// Every shipped file in the order of judgement.
std::span<const base::Embedded> shipped_rules();

/// The same rules in one file each without title, why, references and remedies: for a quick start.
std::span<const base::Embedded> lean_rules();

} // namespace rules
