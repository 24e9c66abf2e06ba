// What /proc says in text that several ask about: lines of mountinfo, links of descriptors, names of
// processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kernel {

/// Fields of a line of mountinfo; those behind the " - " (type, source, options) begin at `tail`.
struct MountLine {
    std::vector<std::string_view> fields;
    std::size_t tail = 0;

    std::string_view root() const { return fields[3]; }
    std::string_view point() const { return fields[4]; }
    std::string_view type() const { return fields[tail]; }
};

/// None if it is no such line.
std::optional<MountLine> mount_line(std::string_view line);

/// mountinfo writes blanks and backslashes in paths as \040.
std::string without_octal_escapes(std::string_view text);

/// The number in "socket:[12345]" or "net:[4026531833]"; none if the link is of another kind.
std::optional<std::uint64_t> number_in_link(std::string_view link, std::string_view kind);

/// The number of a process or thread from its name in /proc; none if it is another file.
std::optional<std::uint32_t> pid_in(std::string_view name);

} // namespace kernel
