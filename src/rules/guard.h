// Looks at a TOML text before the parser does, and refuses what could exhaust time or stack. Knows quotes,
// comments and brackets, nothing else.
#pragma once

#include "rules/source.h"

namespace rules {

/// False, and an error, if the text is binary, too large or too deeply nested.
bool fit_to_parse(Reporter& reporter);

} // namespace rules
