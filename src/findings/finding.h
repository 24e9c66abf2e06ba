// What a rule found: plain data, made by rules/ and shown by render/. Texts are made for people and not yet
// safe for any one output: each renderer escapes for its own reader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace findings {

/// In the order of gravity: the worst wins, and a gap never hides a warning.
enum class State { ok, info, unknown, warning, critical };

/// "OK", "INFO", "UNKNOWN", "WARNING", "CRITICAL".
std::string_view name(State state);

/// The same in lower case, as rules, cases and style sheets write it.
std::string_view word(State state);

/// Plugin exit code: 0 for OK and INFO, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
int exit_code(State state);

/// A named value that a finding stands on. Exactly one of `number`, `text` and `truth`, or none if it is
/// unknown.
struct Evidence {
    std::string name;
    std::optional<double> number;
    std::optional<std::string> text;
    std::optional<bool> truth;
    std::string unit;
    bool inferred = false;
};

/// A sysctl that a remedy sets.
struct Setting {
    std::string name; // "net.ipv4.tcp_tw_reuse"
    std::string value;
    std::optional<std::string> now; // none if it is not known
};

struct Remedy {
    std::string text;
    std::string command; // to copy; empty if there is none
    std::string undo;
    std::string risk;
    std::string effect;                 // computed before -> after; empty until it is known
    std::vector<Setting> settings = {}; // what `command` sets; empty if it is something else
    bool effect_is_stated = false;      // by the rule: it shows only later, or not in this snapshot
};

/// A change that people try and that does nothing here.
struct Myth {
    std::string change; // "net.ipv4.tcp_fin_timeout=15"
    std::string text;   // why not
    std::string effect; // computed before -> after
};

struct Finding {
    std::string rule;
    std::string title;
    State state = State::ok;
    std::string network_namespace;
    std::vector<std::pair<std::string, std::string>> subject; // column, value
    std::string summary;
    std::optional<double> value;
    std::string unit;
    std::string warning; // the range as written; empty if the rule has none
    std::string critical;
    bool inferred = false;       // the value stands on an inferred fact
    std::optional<double> since; // seconds since the epoch
    std::vector<Evidence> evidence;
    std::string why;
    std::vector<Remedy> remedies;
    std::vector<Myth> myths;
    std::vector<std::string> see;
};

} // namespace findings
