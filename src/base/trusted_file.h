// Reading files that a program with more rights than its user may believe.
#pragma once

#include "base/gap.h"
#include "base/result.h"

#include <cstddef>
#include <string>

namespace base {

/// Like read_file, but refused (`failed`) if somebody else than root and this user could have written the
/// file, or could have put it there: its owner, its mode, and those of its directory.
Result<std::string, Gap> read_trusted_file(const std::string& path, std::size_t limit);

} // namespace base
