// What `rules list` shows, with the origin of every value. Plain data for the caller to print.
#pragma once

#include "rules/rule.h"

#include <string>
#include <vector>

namespace rules {

struct ListedValue {
    std::string name; // "warning", "critical", "enabled" or a parameter
    std::string value;
    std::string standard; // of a parameter that was changed; else empty
    std::string unit;
    std::string help; // of a parameter
    std::string
        origin; // "ports.toml:12", "/etc/tcpadvisor/tcpadvisor.toml:3", "--set"; empty for what nobody wrote
};

struct ListedOverride {
    std::string subject; // "remote 192.0.2.1:443, namespace web"
    std::string effect;  // "ignored", or "judged by warning 80, critical 95"
    std::string reason;
    std::string expires; // empty: never
    bool expired = false;
    std::string origin;
};

struct ListedRule {
    std::string id;
    std::string title;
    std::vector<std::string> aliases;
    std::vector<std::string> tags;
    std::string table; // as for_each writes it
    bool enabled = true;
    bool active = true;    // enabled and chosen by the options
    std::string judgement; // the value or condition as written
    std::string severity;  // of a condition; else empty
    std::string unit;
    std::string origin;
    std::vector<ListedValue> values; // enabled, warning, critical as far as they are given, then parameters
    std::vector<ListedOverride> overrides;
};

/// Every rule in the order of judgement, active or not.
std::vector<ListedRule> list(const RuleSet& rules);

} // namespace rules
