// Whom an override means: what a person wrote, and whether a subject as facts print it is meant. Knows
// nothing of rules, TOML or sockets.
#pragma once

#include "rules/end_points.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rules {

/// The keys of an override that name a subject: columns of fact tables, and the namespace.
inline constexpr auto subject_keys =
    std::to_array<std::string_view>({"remote", "listener", "owner", "source", "name", "namespace"});

struct Subject {
    std::string key;
    std::string text;                    // in one spelling
    std::optional<EndPoints> end_points; // none: `text` is a name, in which '*' stands for any characters

    bool fits(std::string_view shown) const;
};

/// Reads the value of one of subject_keys. A source has no ports, a remote is no wildcard address, and a
/// pattern that everything fits is a mistake.
base::Result<Subject, SubjectError> parse_subject(std::string_view key, std::string_view text);

/// "remote 192.0.2.1:443, namespace web".
std::string to_text(const std::vector<Subject>& subjects);

} // namespace rules
