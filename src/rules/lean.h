// Reads the shipped rules without their prose, as tools/lean_rules.py wrote them into the program. Trusts
// them: they were made by the build.
#pragma once

#include "rules/document.h"

#include <string_view>

namespace rules {

/// The document as a tree. Nothing in it has a place in a file.
Node read_lean(std::string_view text);

} // namespace rules
