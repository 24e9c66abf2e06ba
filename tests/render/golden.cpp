#include "tests/render/golden.h"

#include "base/file.h"
#include "base/writing.h"
#include "tests/catch.h"

#include <cstdlib>

namespace test {

void check_golden(const std::string& name, const std::string& format, int exit_code,
                  const std::string& output) {
    const std::string path =
        std::string(GOLDEN_DIRECTORY) + '/' + name + '.' + format + '.' + std::to_string(exit_code);
    INFO(path);
    if (std::getenv("BLESS") != nullptr) {
        REQUIRE(base::write_atomically(path, output).has_value());
        return;
    }
    const auto expected = base::read_file(path, 1 << 20);
    REQUIRE(expected.has_value());
    CHECK(output == *expected);
}

} // namespace test
