#include "rules/rule.h"

#include <algorithm>

#include <fmt/format.h>

namespace rules {

Rule* RuleSet::find(std::string_view id) {
    const auto found = std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) {
        return rule.id == id || std::find(rule.aliases.begin(), rule.aliases.end(), id) != rule.aliases.end();
    });
    return found != rules.end() ? &*found : nullptr;
}

const Rule* RuleSet::find(std::string_view id) const {
    return const_cast<RuleSet*>(this)->find(id);
}

std::string RuleSet::describe(const Origin& origin) const {
    const std::string& file = files[origin.file];
    return origin.line == 0 ? file : fmt::format("{}:{}", file, origin.line);
}

} // namespace rules
