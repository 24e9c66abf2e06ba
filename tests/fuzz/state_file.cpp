// What a run leaves for the next: the lines behind the heading, to which the harness adds the checksum that
// every change would break.
#include "history/state_file.h"

#include "base/text.h"
#include "tests/fuzz/harness.h"
#include "tests/history/states.h"

#include <string>

#include <fmt/format.h>

namespace {

std::string sealed(std::string body) {
    body += fmt::format("end {:x}\n", base::fingerprint(body));
    return body;
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const history::StateKey key = tests::some_key();
    const std::string_view lines = fuzz::text_of(data, size);
    (void)history::decode(key, lines);
    const std::string text = sealed("tcpadvisor history 3\nboot " + key.boot_id + "\nnamespace " + key.netns +
                                    "\n" + std::string(lines));
    const auto state = [&] {
        const fuzz::MemoryLimit limit(text.size());
        return history::decode(key, text);
    }();
    if (!state) {
        fuzz::require(!state.error().what.empty(), "a refusal says why");
        return 0;
    }
    const std::string written = history::encode(key, *state);
    const auto again = history::decode(key, written);
    fuzz::require(again.has_value(), "what is written can be read");
    fuzz::require(history::encode(key, *again) == written, "what is written reads the same");
    return 0;
}
