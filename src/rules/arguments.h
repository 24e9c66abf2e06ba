// What is wrong with an option that names rules, shown with its place in the argument. Knows none of the
// options.
#pragma once

#include "base/diagnostic.h"
#include "rules/rule.h"
#include "rules/settings.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rules {

class ArgumentMistakes {
  public:
    /// `broken` are ids of rules that could not be read: naming them is no further mistake.
    ArgumentMistakes(RuleSet& rules, const std::vector<std::string>& broken, base::Diagnostics& mistakes)
        : rules_(rules), broken_(broken), mistakes_(mistakes) {}

    bool any() const { return mistakes_.has_errors(); }

    /// `offset` and `length` are those of the wrong part of `argument`, in bytes.
    void add(std::string_view option, std::string_view argument, std::size_t offset, std::size_t length,
             std::string message, std::string advice);

    /// The rule that `argument` begins with; null, and a mistake, if there is none.
    Rule* find(std::string_view option, std::string_view argument, std::string_view id);

  private:
    RuleSet& rules_;
    const std::vector<std::string>& broken_;
    base::Diagnostics& mistakes_;
};

// Which rules a run judges: --rule, --exclude-rule and --tag, and the tag of the command itself.

/// Decides which rules are active. A rule that is named is chosen whatever its tags. Else it must have one of
/// the topics that are asked for, if any are, and serve the purpose: "health" or "tuning", as asked for or as
/// the command has it. What is wrong is added to `mistakes`.
void select_rules(RuleSet& rules, const Arguments& arguments, const std::vector<std::string>& broken,
                  base::Diagnostics& mistakes);

} // namespace rules
