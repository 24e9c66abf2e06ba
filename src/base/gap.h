// Something that was not seen, and why. A gap travels from the kernel's answer to the report, so that missing
// data is never mistaken for zero. Knows nothing of TCP.
#pragma once

#include <string>
#include <string_view>

namespace base {

/// Why a value is not there. Only `absent` is harmless: the host has no such thing by design.
enum class Why { absent, denied, failed, truncated, not_collected };

struct Gap {
    std::string what; // the thing itself: "net.ipv4.tcp_mem", "the socket table"
    Why why = Why::failed;
    std::string detail; // what the kernel said, or what would help; may be empty

    bool operator==(const Gap&) const = default;
};

/// By the system error of a file or directory. ENOTDIR is `failed`: something else is in the way.
Why why_of(int error);

/// What the system calls an error: "Permission denied". For threads, too, unlike std::strerror.
std::string error_text(int error);

/// The word used in output: "absent", "denied", "failed", "truncated", "not collected".
std::string_view name(Why why);

/// One line for people: "net.ipv4.tcp_mem: denied (Permission denied)".
std::string to_text(const Gap& gap);

/// One line for the person who named the thing: "my.toml: No such file or directory".
std::string complaint(const Gap& gap);

} // namespace base
