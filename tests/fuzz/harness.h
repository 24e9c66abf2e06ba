// What the harnesses share. Each of them is a file with LLVMFuzzerTestOneInput(): clang links it with
// libFuzzer
// (-Dfuzz=enabled), any other compiler with replay_main.cpp, which runs it over the files of the corpus. A
// property that does not hold ends the program, as a sanitizer does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    const void* bytes = data;
    return {static_cast<const char*>(bytes), size};
}

inline void require(bool holds, const char* promise) {
    if (!holds) {
        std::fprintf(stderr, "broken promise: %s\n", promise);
        std::abort();
    }
}

/// Bytes that `new` has given and nobody has given back: now, and the most since mark_memory().
struct Memory {
    std::size_t now = 0;
    std::size_t most = 0;
};
const Memory& memory();
void mark_memory();

/// What is made within its life takes no more than 20 times the input, and what any input takes.
class MemoryLimit {
  public:
    static constexpr std::size_t times = 20;
    static constexpr std::size_t for_any = std::size_t{64} << 10;

    explicit MemoryLimit(std::size_t input) : most_(memory().now + times * input + for_any) { mark_memory(); }
    ~MemoryLimit() { require(memory().most <= most_, "memory is at most 20 times the input"); }
    MemoryLimit(const MemoryLimit&) = delete;
    MemoryLimit& operator=(const MemoryLimit&) = delete;

  private:
    std::size_t most_;
};

/// Takes the text before the separator off; all of it if there is none.
inline std::string_view take_part(std::string_view& text, std::string_view separator) {
    const std::size_t end = text.find(separator);
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + separator.size());
    return part;
}

} // namespace fuzz
