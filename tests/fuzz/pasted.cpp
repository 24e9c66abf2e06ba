// Any text that somebody pasted: the reader finds out whose it is, and undoes what tools did to its lines.
#include "replay/replay.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/table_promises.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    [[maybe_unused]] const auto replay =
        replay::replay_of(std::string(fuzz::text_of(data, size))); // of several hosts, too
    fuzz::check_table(fuzz::text_of(data, size), [](std::string_view text) {
        return replay::read_text(std::string(text), std::nullopt);
    });
    return 0;
}
