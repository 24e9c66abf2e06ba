// A number that stands for a text, the same in every build and on every machine (FNV-1a, 64 bits): for files
// that outlive the program. No defence against texts that were made to collide.
#pragma once

#include <cstdint>
#include <string_view>

namespace base {

class Fingerprint {
  public:
    /// Adds a text and its end, so that "ab" "c" differs from "a" "bc".
    Fingerprint& add(std::string_view text) {
        for (const char c : text) {
            mix(static_cast<unsigned char>(c));
        }
        mix(256);
        return *this;
    }
    std::uint64_t value() const { return value_; }

  private:
    void mix(std::uint64_t byte) { value_ = (value_ ^ byte) * 0x100000001b3; }

    std::uint64_t value_ = 0xcbf29ce484222325;
};

inline std::uint64_t fingerprint(std::string_view text) {
    return Fingerprint().add(text).value();
}

} // namespace base
