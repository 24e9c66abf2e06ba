// Runs a harness over files without libFuzzer: `HARNESS FILE...`. With --cost it prints the processor time of
// each.
#include "tests/fuzz/harness.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

#include <time.h>

namespace {

std::vector<std::uint8_t> bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void run(const std::vector<std::uint8_t>& bytes) {
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

/// The processor time of one run in nanoseconds: the least of three.
std::int64_t cost_of(const std::vector<std::uint8_t>& bytes) {
    const auto now = [] {
        timespec time{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
    };
    std::int64_t least = INT64_MAX;
    for (int i = 0; i < 3; ++i) {
        const std::int64_t start = now();
        run(bytes);
        least = std::min(least, now() - start);
    }
    return least;
}

} // namespace

int main(int count, char** arguments) {
    const bool measures = count > 1 && std::string_view(arguments[1]) == "--cost";
    const std::vector<std::filesystem::path> files{arguments + (measures ? 2 : 1), arguments + count};
    for (const std::filesystem::path& path : files) {
        std::fprintf(stderr, "%s\n", path.c_str()); // the last one is the culprit
        if (measures) {
            std::printf("%lld\n", static_cast<long long>(cost_of(bytes_of(path))));
        } else {
            run(bytes_of(path));
        }
    }
    return files.empty() ? 1 : 0;
}
