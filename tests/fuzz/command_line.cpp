// The command line: an argument a line.
#include "cli/options.h"
#include "tests/fuzz/harness.h"

#include <string>
#include <vector>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text = fuzz::text_of(data, size);
    if (text.find('\0') != std::string_view::npos) {
        return 0; // no argument has one
    }
    std::vector<std::string> argv = {"tcpadvisor"};
    while (!text.empty()) {
        argv.emplace_back(fuzz::take_part(text, "\n"));
    }
    const auto options = cli::parse_options(argv);
    fuzz::require(options.has_value() || !options.error().message.empty(), "a refusal says why");
    return 0;
}
