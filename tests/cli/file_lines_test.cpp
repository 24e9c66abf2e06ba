#include "cli/file_lines.h"
#include "facts/schema.h"
#include "snapshot/sysctls.h"
#include "tests/catch.h"

#include <algorithm>

TEST_CASE("every fact whose sysctl is known to the audit is a fact, and the sysctl one of the program") {
    for (const auto& [fact, sysctl] : cli::sysctls_of_facts()) {
        CAPTURE(fact);
        const auto schemas = facts::schemas();
        CHECK(std::any_of(schemas.begin(), schemas.end(), [&](const facts::Schema& schema) {
            return std::any_of(schema.columns.begin(), schema.columns.end(),
                               [&](const auto& column) { return column.name == fact; });
        }));
        CHECK(snapshot::find_sysctl(sysctl) != nullptr);
    }
}
