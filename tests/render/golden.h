// Expected outputs in tests/golden/, one file each, named CASE.FORMAT.EXIT. Run the tests with BLESS=1 in the
// environment to write them anew, then read the difference before committing it.
#pragma once

#include <string>

namespace test {

/// Checks `output` against its file; the exit code is part of the file's name, so a changed code is a missing
/// file.
void check_golden(const std::string& name, const std::string& format, int exit_code,
                  const std::string& output);

} // namespace test
