// Small operations on text: splitting, the closest match for "did you mean", making foreign bytes safe to
// print or to paste into a shell, and numbers that stand for texts.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace base {

/// `text` without spaces, tabs and line ends at both sides.
std::string_view trim(std::string_view text);

/// The parts between separators; empty parts are kept.
std::vector<std::string_view> split(std::string_view text, char separator);

/// The words between runs of spaces and tabs; no empty ones.
std::vector<std::string_view> words(std::string_view text);

/// `text` with every run of spaces, tabs and line ends as one space, none at the ends. Not yet safe for any
/// reader.
std::string one_line(std::string_view text);

/// With the letters A to Z small, whatever the locale.
std::string lower_ascii(std::string_view text);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// The candidate nearest to `word` by edit distance, if it is near enough to be a typing mistake.
std::optional<std::string> closest(std::string_view word, std::span<const std::string> candidates);

/// ", did you mean 'x'?" or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

/// Length in bytes of the valid UTF-8 sequence at the start of a text that is not empty; 0 if it is invalid
/// (RFC 3629).
std::size_t utf8_length(std::string_view text);

/// The code point of one valid UTF-8 sequence.
char32_t code_point(std::string_view sequence);

/// The first sequence of it, or the one byte that is none; empty if it is empty.
std::string_view first_character(std::string_view text);

/// Safe for a terminal and for whoever reads it: '?' stands for control characters, escapes, what is
/// invisible or turns the direction of text, and invalid UTF-8.
std::string printable(std::string_view text);

/// A JSON document of valid UTF-8 with escapes in place of the same characters: it means what it meant.
std::string json_printable(std::string_view json);

/// Safe on a line of plugin output: printable, without '|', which would begin performance data, and without
/// ';'.
std::string plugin_safe(std::string_view text);

/// The same, and without the characters that Nagios strips from notifications.
std::string nagios_safe(std::string_view text);

/// Letters, digits, a few signs and spaces: a shell finds no meaning in it, within quotes and without.
bool is_plain_in_shell(std::string_view text);

/// `text` as one word for a POSIX shell, which it reads back unchanged and runs nothing of: as it is if it is
/// plain, else in quotes. For everything that a command to paste takes from elsewhere.
std::string shell_word(std::string_view text);

/// The same, always in quotes: double ones around plain words and spaces, else single ones.
std::string shell_quoted(std::string_view text);

/// Code points of UTF-8 `text`: what editors, and formats that machines read, count in a line.
std::size_t code_points(std::string_view text);

/// Columns that valid UTF-8 `text` takes on a terminal: two for a wide character of East Asia and for an
/// emoji, else one, whatever the locale.
std::size_t display_width(std::string_view text);

/// `text` broken at spaces and beside wide characters into lines of at most `width` columns; longer words
/// stay whole.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// A number that stands for a text, the same in every build and on every machine (FNV-1a, 64 bits): for files
/// that outlive the program. No defence against texts that were made to collide.
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

/// A text file that was compiled into the program (tools/embed.py writes the source).
struct Embedded {
    std::string_view name;
    std::string_view text;
};

} // namespace base
